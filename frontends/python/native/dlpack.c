/* dlpack.c: DLPack capsules in and out, zero-copy. The structs are DLPack's own (0.x unversioned, 1.x versioned). */
#include <stdlib.h>
#include <string.h>

#include "native.h"

typedef struct managed {
  ds_dl_tensor tensor;
  void* manager;
  void (*deleter)(struct managed*);
} managed;

typedef struct managed_versioned {
  uint32_t major, minor;
  void* manager;
  void (*deleter)(struct managed_versioned*);
  uint64_t flags; /* bit 0: read-only, bit 1: copied */
  ds_dl_tensor tensor;
} managed_versioned;

#define FLAG_READ_ONLY 1u
#define FLAG_COPIED 2u

/* ---- out: a consumer may free it from any thread without the GIL; ds_export_release allows that. ----------------- */
static void release_export(const void* exported) { ds_export_release(native.context, exported); }

static void delete_managed(managed* self) {
  release_export(self->manager);
  free(self);
}

static void delete_versioned(managed_versioned* self) {
  release_export(self->manager);
  free(self);
}

static void unused_capsule(PyObject* capsule) {
  if (!PyCapsule_IsValid(capsule, "dltensor")) return;
  managed* m = PyCapsule_GetPointer(capsule, "dltensor");
  if (m) m->deleter(m);
}

static void unused_versioned(PyObject* capsule) {
  if (!PyCapsule_IsValid(capsule, "dltensor_versioned")) return;
  managed_versioned* m = PyCapsule_GetPointer(capsule, "dltensor_versioned");
  if (m) m->deleter(m);
}

/* to_dlpack(tensor, versioned, writable, copied) -> capsule */
PyObject* native_to_dlpack(PyObject* module, PyObject* args) {
  (void)module;
  PyObject* source;
  int versioned, writable, copied;
  if (!PyArg_ParseTuple(args, "O!ppp", native.base, &source, &versioned, &writable, &copied)) return NULL;
  uint64_t location = native_location();
  ds_handle handle = TENSOR(source)->handle;
  const ds_tensor* exported = NULL;
  int32_t status;
  NATIVE_EVALUATE(status, ds_tensor_export(native.context, handle, writable, location, &exported));
  if (status != DS_OK) return native_raise(status);
  PyObject* capsule = NULL;
  if (versioned) {
    managed_versioned* m = calloc(1, sizeof *m);
    if (m) {
      *m = (managed_versioned){1, 0, (void*)exported, delete_versioned, 0, exported->dl};
      m->flags = (exported->flags & DS_TENSOR_READ_ONLY ? FLAG_READ_ONLY : 0) | (copied ? FLAG_COPIED : 0);
      capsule = PyCapsule_New(m, "dltensor_versioned", unused_versioned);
    }
    if (!capsule) free(m);
  } else {
    managed* m = calloc(1, sizeof *m);
    if (m) {
      *m = (managed){exported->dl, (void*)exported, delete_managed};
      capsule = PyCapsule_New(m, "dltensor", unused_capsule);
    }
    if (!capsule) free(m);
  }
  if (!capsule) {
    ds_export_release(native.context, exported);
    if (!PyErr_Occurred()) PyErr_NoMemory();
  }
  return capsule;
}

/* ---- in: the core lets go from any thread; the producer's deleter runs at the next drain, with the GIL. -----------
 */
static void run_managed(void* m) { ((managed*)m)->deleter(m); }
static void run_versioned(void* m) { ((managed_versioned*)m)->deleter(m); }
static void later_managed(void* user) {
  if (((managed*)user)->deleter) native_call_later(run_managed, user);
}
static void later_versioned(void* user) {
  if (((managed_versioned*)user)->deleter) native_call_later(run_versioned, user);
}

static int describe(ds_tensor* t, int64_t* strides, const ds_dl_tensor* dl, int read_only) {
  memset(t, 0, sizeof *t);
  t->dl = *dl;
  t->size = sizeof *t;
  t->flags = read_only ? DS_TENSOR_READ_ONLY : 0;
  if (dl->ndim > DS_MAX_RANK) {
    PyErr_Format(PyExc_BufferError, "the DLPack tensor has %d axes, at most %d are possible", (int)dl->ndim,
                 DS_MAX_RANK);
    return -1;
  }
  if (dl->device.type != DS_DEVICE_CPU || dl->dtype.lanes != 1) {
    PyErr_Format(PyExc_BufferError, "only DLPack tensors on cpu without vector lanes can be shared (device type %d)",
                 (int)dl->device.type);
    return -1;
  }
  int64_t step = 1, bytes = (dl->dtype.bits + 7) / 8, span = 1;
  for (int32_t i = dl->ndim - 1; i >= 0; --i) {
    strides[i] = dl->strides ? dl->strides[i] : step;
    step *= dl->shape[i];
    span += (dl->shape[i] - 1) * (strides[i] < 0 ? -strides[i] : strides[i]);
  }
  t->dl.strides = strides;
  t->nbytes = step ? (uint64_t)(span * bytes) : 0;
  return 0;
}

/* from_dlpack(capsule) -> Tensor that shares its memory */
PyObject* native_from_dlpack(PyObject* module, PyObject* args) {
  (void)module;
  PyObject* capsule;
  if (!PyArg_ParseTuple(args, "O", &capsule)) return NULL;
  int versioned = PyCapsule_IsValid(capsule, "dltensor_versioned");
  if (!versioned && !PyCapsule_IsValid(capsule, "dltensor")) {
    PyErr_SetString(PyExc_BufferError, "not a DLPack capsule, or one that was consumed already");
    return NULL;
  }
  void* m = PyCapsule_GetPointer(capsule, versioned ? "dltensor_versioned" : "dltensor");
  if (!m) return NULL;
  if (versioned && ((managed_versioned*)m)->major > 1) {
    PyErr_Format(PyExc_BufferError, "DLPack %u is newer than 1", ((managed_versioned*)m)->major);
    return NULL;
  }
  const ds_dl_tensor* dl = versioned ? &((managed_versioned*)m)->tensor : &((managed*)m)->tensor;
  ds_tensor t;
  int64_t strides[DS_MAX_RANK];
  if (describe(&t, strides, dl, versioned && ((managed_versioned*)m)->flags & FLAG_READ_ONLY) < 0) return NULL;
  ds_handle out = 0;
  int32_t status = ds_tensor_wrap(native.context, &t, versioned ? later_versioned : later_managed, m, &out);
  if (status != DS_OK) return native_raise(status);
  PyCapsule_SetName(capsule, versioned ? "used_dltensor_versioned" : "used_dltensor");
  return native_new(out);
}
