/* memory.c: foreign memory comes in (shared or copied), a tensor's own memory goes out. */
#include <string.h>

#include "native.h"

static int fill_tensor(ds_tensor* t, int64_t* shape, int64_t* strides, PyObject* shape_tuple, PyObject* stride_tuple,
                       ds_dtype dtype, void* data, int read_only) {
  Py_ssize_t rank = PyTuple_Size(shape_tuple);
  if (rank > DS_MAX_RANK || rank != PyTuple_Size(stride_tuple)) {
    PyErr_Format(PyExc_ValueError, "a tensor has at most %d axes and one stride each", DS_MAX_RANK);
    return -1;
  }
  memset(t, 0, sizeof *t);
  int64_t bytes = (DS_DTYPE_BITS(dtype) + 7) / 8, span = bytes;
  int empty = 0;
  for (Py_ssize_t i = 0; i < rank; ++i) {
    shape[i] = PyLong_AsLongLong(PyTuple_GetItem(shape_tuple, i));
    strides[i] = PyLong_AsLongLong(PyTuple_GetItem(stride_tuple, i));
    empty |= shape[i] == 0;
    span += (shape[i] - 1) * (strides[i] < 0 ? -strides[i] : strides[i]) * bytes;
  }
  if (PyErr_Occurred()) return -1;
  t->dl.data = data;
  t->dl.device.type = DS_DEVICE_CPU;
  t->dl.ndim = (int32_t)rank;
  t->dl.dtype.code = (uint8_t)DS_DTYPE_CODE(dtype);
  t->dl.dtype.bits = (uint8_t)DS_DTYPE_BITS(dtype);
  t->dl.dtype.lanes = 1;
  t->dl.shape = shape;
  t->dl.strides = strides;
  t->size = sizeof *t;
  t->nbytes = empty ? 0 : (uint64_t)span;
  t->flags = read_only ? DS_TENSOR_READ_ONLY : 0;
  return 0;
}

/* wrap(owner, address, dtype, shape, strides in elements, read_only, share) -> Tensor */
PyObject* native_wrap(PyObject* module, PyObject* args) {
  (void)module;
  PyObject *owner, *shape_tuple, *stride_tuple;
  unsigned long long address;
  unsigned int dtype;
  int read_only, share;
  if (!PyArg_ParseTuple(args, "OKIO!O!pp", &owner, &address, &dtype, &PyTuple_Type, &shape_tuple, &PyTuple_Type,
                        &stride_tuple, &read_only, &share))
    return NULL;
  ds_tensor t;
  int64_t shape[DS_MAX_RANK], strides[DS_MAX_RANK];
  if (fill_tensor(&t, shape, strides, shape_tuple, stride_tuple, dtype, (void*)(uintptr_t)address, read_only) < 0)
    return NULL;
  ds_handle out = 0;
  native_drain_if_full();
  if (!share) {
    int32_t status = ds_tensor_copy_in(native.context, &t, &out);
    return status == DS_OK ? native_new(out) : native_raise(status);
  }
  Py_INCREF(owner);
  int32_t status = ds_tensor_wrap(native.context, &t, native_drop_later, owner, &out);
  if (status == DS_OK) return native_new(out);
  Py_DECREF(owner);
  return native_raise(status);
}

/* ---- Export: evaluated memory lent to NumPy; gone when the object is. ------------------------------------------- */
typedef struct {
  PyObject head;
  const ds_tensor* tensor;
} export_object;

static void export_dealloc(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  const ds_tensor* tensor = ((export_object*)self)->tensor;
  if (tensor) ds_export_release(native.context, tensor);
  ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
  Py_DECREF(type);
}

/* Export(tensor, writable) */
static PyObject* export_new(PyTypeObject* type, PyObject* args, PyObject* kwargs) {
  (void)kwargs;
  PyObject* source;
  int writable;
  if (!PyArg_ParseTuple(args, "O!p", native.base, &source, &writable)) return NULL;
  PyObject* self = PyType_GenericAlloc(type, 0);
  if (!self) return NULL;
  uint64_t location = native_location();
  ds_handle handle = TENSOR(source)->handle;
  const ds_tensor* exported = NULL;
  int32_t status;
  NATIVE_EVALUATE(status, ds_tensor_export(native.context, handle, writable, location, &exported));
  if (status != DS_OK) {
    Py_DECREF(self);
    return native_raise(status);
  }
  ((export_object*)self)->tensor = exported;
  return self;
}

static PyObject* array_interface(PyObject* self, void* unused) {
  (void)unused;
  static const char kinds[] = {'i', 'u', 'f', '?', 'V', 'c', 'b'};
  const ds_tensor* t = ((export_object*)self)->tensor;
  int64_t bytes = (t->dl.dtype.bits + 7) / 8;
  char kind = t->dl.dtype.code < sizeof kinds ? kinds[t->dl.dtype.code] : 'V';
  if (t->dl.dtype.code == DS_CODE_BFLOAT) kind = 'u';
  PyObject* shape = PyTuple_New(t->dl.ndim);
  PyObject* strides = PyTuple_New(t->dl.ndim);
  for (int32_t i = 0; shape && strides && i < t->dl.ndim; ++i) {
    PyTuple_SetItem(shape, i, PyLong_FromLongLong(t->dl.shape[i]));
    PyTuple_SetItem(strides, i, PyLong_FromLongLong(t->dl.strides[i] * bytes));
  }
  PyObject* typestr = PyUnicode_FromFormat("%s%c%d", bytes == 1 ? "|" : "<", kind, (int)bytes);
  PyObject* read_only = (t->flags & DS_TENSOR_READ_ONLY) ? Py_True : Py_False;
  PyObject* interface = NULL;
  if (shape && strides && typestr && !PyErr_Occurred())
    interface =
        Py_BuildValue("{s(KO)sOsOsOsi}", "data", (unsigned long long)((uintptr_t)t->dl.data + t->dl.byte_offset),
                      read_only, "shape", shape, "strides", strides, "typestr", typestr, "version", 3);
  Py_XDECREF(shape);
  Py_XDECREF(strides);
  Py_XDECREF(typestr);
  return interface;
}

int native_export_ready(PyObject* module) {
  static PyGetSetDef getset[] = {
      {"__array_interface__", array_interface, NULL, "NumPy's array interface, version 3.", NULL},
      {NULL, NULL, NULL, NULL, NULL}};
  PyType_Slot slots[] = {{Py_tp_new, export_new}, {Py_tp_dealloc, export_dealloc}, {Py_tp_getset, getset}, {0, NULL}};
  PyType_Spec spec = {"deepseek._native.Export", sizeof(export_object), 0, Py_TPFLAGS_DEFAULT, slots};
  PyObject* type = PyType_FromSpec(&spec);
  if (!type) return -1;
  int bad = PyModule_AddObjectRef(module, "Export", type);
  Py_DECREF(type);
  return bad;
}
