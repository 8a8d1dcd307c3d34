/* tensor.c: the Tensor object: one handle. deepseek.Tensor derives from it and adds everything that need not be fast.
 */
#include <stddef.h>

#include "native.h"

PyObject* native_new(ds_handle handle) {
  PyTypeObject* type = native.tensor;
  PyObject* self = PyType_GenericAlloc(type, 0);
  if (!self) {
    native_queue(handle);
    return NULL;
  }
  TENSOR(self)->handle = handle;
  return self;
}

static void tensor_dealloc(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  if (TENSOR(self)->weak) PyObject_ClearWeakRefs(self);
  if (TENSOR(self)->handle) native_queue(TENSOR(self)->handle);
  ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
  Py_DECREF(type);
}

int native_spec(PyObject* tensor, ds_spec* spec) {
  return native_check(ds_tensor_spec(native.context, TENSOR(tensor)->handle, spec));
}

static PyObject* tuple_of(const int64_t* values, int32_t count, int64_t scale) {
  PyObject* tuple = PyTuple_New(count);
  for (int32_t i = 0; tuple && i < count; ++i) {
    PyObject* value = PyLong_FromLongLong(values[i] * scale);
    if (!value || PyTuple_SetItem(tuple, i, value) < 0) Py_CLEAR(tuple);
  }
  return tuple;
}

static int64_t element_count(const ds_spec* spec) {
  int64_t count = 1;
  for (int32_t i = 0; i < spec->rank; ++i) count *= spec->shape[i];
  return count;
}

static int64_t item_bytes(ds_dtype dtype) { return (DS_DTYPE_BITS(dtype) * (dtype >> 16) + 7) / 8; }

static PyObject* get_handle(PyObject* self, void* unused) {
  (void)unused;
  return PyLong_FromUnsignedLongLong(TENSOR(self)->handle);
}

static PyObject* get_shape(PyObject* self, void* unused) {
  (void)unused;
  ds_spec spec;
  return native_spec(self, &spec) < 0 ? NULL : tuple_of(spec.shape, spec.rank, 1);
}

static PyObject* get_dtype(PyObject* self, void* unused) {
  (void)unused;
  ds_spec spec;
  if (native_spec(self, &spec) < 0) return NULL;
  PyObject* key = PyLong_FromUnsignedLong(spec.dtype);
  PyObject* dtype = key && native.dtypes ? PyDict_GetItemWithError(native.dtypes, key) : NULL;
  if (dtype) {
    Py_INCREF(dtype);
  } else if (!PyErr_Occurred()) {
    PyErr_Format(PyExc_TypeError, "dtype 0x%x has no name here", (unsigned)spec.dtype);
  }
  Py_XDECREF(key);
  return dtype;
}

/* ndim, size, nbytes and itemsize differ only in what they read of the spec. */
static PyObject* get_number(PyObject* self, void* what) {
  ds_spec spec;
  if (native_spec(self, &spec) < 0) return NULL;
  switch ((intptr_t)what) {
    case 0:
      return PyLong_FromLong(spec.rank);
    case 1:
      return PyLong_FromLongLong(element_count(&spec));
    case 2:
      return PyLong_FromLongLong(element_count(&spec) * item_bytes(spec.dtype));
    default:
      return PyLong_FromLongLong(item_bytes(spec.dtype));
  }
}

static PyObject* get_strides(PyObject* self, void* unused) {
  (void)unused;
  ds_view_spec layout;
  if (native_check(ds_tensor_layout(native.context, TENSOR(self)->handle, &layout)) < 0) return NULL;
  return tuple_of(layout.strides, layout.rank, item_bytes(layout.dtype));
}

static PyObject* get_device(PyObject* self, void* unused) {
  (void)unused;
  ds_spec spec;
  if (native_spec(self, &spec) < 0) return NULL;
  if (spec.device.type == DS_DEVICE_CPU) return PyUnicode_FromString("cpu");
  PyObject* key = Py_BuildValue("(ii)", (int)spec.device.type, (int)spec.device.index);
  PyObject* name = key && native.devices ? PyDict_GetItemWithError(native.devices, key) : NULL;
  Py_XDECREF(key);
  if (name) {
    Py_INCREF(name);
    return name;
  }
  return PyErr_Occurred() ? NULL : PyUnicode_FromFormat("device%d:%d", (int)spec.device.type, (int)spec.device.index);
}

static PyObject* get_requires_grad(PyObject* self, void* what) {
  int32_t requires = 0, leaf = 0;
  if (native_check(ds_requires_grad(native.context, TENSOR(self)->handle, &requires, &leaf)) < 0) return NULL;
  return PyBool_FromLong(what ? leaf : requires);
}

static int set_requires_grad(PyObject* self, PyObject* value, void* unused) {
  (void)unused;
  int on = value ? PyObject_IsTrue(value) : 0;
  return on < 0 ? -1 : native_check(ds_set_requires_grad(native.context, TENSOR(self)->handle, on));
}

static PyGetSetDef getset[] = {
    {"_handle", get_handle, NULL, "The core's number for this tensor.", NULL},
    {"shape", get_shape, NULL, "Extents, a tuple of ints.", NULL},
    {"dtype", get_dtype, NULL, "Element type, such as deepseek.float32.", NULL},
    {"ndim", get_number, NULL, "Number of axes.", (void*)0},
    {"size", get_number, NULL, "Number of elements.", (void*)1},
    {"nbytes", get_number, NULL, "Bytes of the elements.", (void*)2},
    {"itemsize", get_number, NULL, "Bytes of one element.", (void*)3},
    {"strides", get_strides, NULL, "Bytes from one element to the next along each axis.", NULL},
    {"device", get_device, NULL, "Where the elements live: 'cpu', 'cuda:0' ..", NULL},
    {"requires_grad", get_requires_grad, set_requires_grad, "Whether gradients reach this tensor.", (void*)0},
    {"is_leaf", get_requires_grad, NULL, "Whether the user made it: no operator computed it under gradients.",
     (void*)1},
    {NULL, NULL, NULL, NULL, NULL}};

static Py_ssize_t tensor_length(PyObject* self) {
  ds_spec spec;
  if (native_spec(self, &spec) < 0) return -1;
  if (spec.rank == 0) {
    PyErr_SetString(PyExc_TypeError, "len() of a 0-d tensor");
    return -1;
  }
  return (Py_ssize_t)spec.shape[0];
}

static PyObject* tensor_iter(PyObject* self) {
  ds_spec spec;
  if (native_spec(self, &spec) < 0) return NULL;
  if (spec.rank == 0) {
    PyErr_SetString(PyExc_TypeError, "iteration over a 0-d tensor");
    return NULL;
  }
  return PySeqIter_New(self);
}

static Py_hash_t tensor_hash(PyObject* self) { return (Py_hash_t)((uintptr_t)self >> 4); }

static PyMemberDef members[] = {{"__weaklistoffset__", T_PYSSIZET, offsetof(tensor_object, weak), READONLY, NULL},
                                {NULL, 0, 0, 0, NULL}};

int native_tensor_ready(PyObject* module) {
  PyType_Slot slots[64] = {{Py_tp_dealloc, tensor_dealloc},
                           {Py_tp_getset, getset},
                           {Py_tp_members, members},
                           {Py_tp_richcompare, native_compare},
                           {Py_tp_hash, tensor_hash},
                           {Py_tp_iter, tensor_iter},
                           {Py_sq_item, native_item_at},
                           {Py_mp_length, tensor_length},
                           {Py_mp_subscript, native_subscript},
                           {Py_mp_ass_subscript, native_assign_subscript},
                           {Py_tp_doc, "A handle of a tensor of the core; see deepseek.Tensor."}};
  int count = 11;
  for (const PyType_Slot* slot = native_number_slots; slot->slot; ++slot) slots[count++] = *slot;
  slots[count] = (PyType_Slot){0, NULL};
  PyType_Spec spec = {"deepseek._native.Tensor", sizeof(tensor_object), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
                      slots};
  PyObject* type = PyType_FromSpec(&spec);
  if (!type) return -1;
  native.base = (PyTypeObject*)type;
  native.tensor = (PyTypeObject*)type;
  return PyModule_AddObjectRef(module, "Tensor", type);
}
