/* module.c: PyInit__native: cffi's `ffi` and `lib`, the types of this folder, and the wiring the Python side does. */
#include <string.h>

#include "native.h"

native_state native;

PyObject* ds_native_cffi_init(void);

/* start(context, package_folder): the one context of the process, where frames are not the user's. */
static PyObject* start(PyObject* module, PyObject* args) {
  (void)module;
  unsigned long long context;
  PyObject* folder;
  if (!PyArg_ParseTuple(args, "KU", &context, &folder)) return NULL;
  native.context = context;
  if (native_set_package(folder) < 0) return NULL;
  if (native_check(ds_set_location_resolver(native.context, native_resolve_location, NULL)) < 0) return NULL;
  Py_RETURN_NONE;
}

/* configure(name=object ..): what C asks Python for. */
static PyObject* configure(PyObject* module, PyObject* args, PyObject* kwargs) {
  (void)module;
  (void)args;
  const struct {
    const char* name;
    PyObject** place;
  } known[] = {{"convert", &native.convert},       {"index_get", &native.index_get},
               {"index_set", &native.index_set},   {"resolve", &native.resolve},
               {"dtype_code", &native.dtype_code}, {"dtypes", &native.dtypes},
               {"devices", &native.devices},       {"errors", &native.errors},
               {"cast_error", &native.cast_error}, {"tensor", (PyObject**)&native.tensor}};
  PyObject *key, *value;
  Py_ssize_t position = 0;
  while (kwargs && PyDict_Next(kwargs, &position, &key, &value)) {
    PyObject** place = NULL;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; ++i)
      if (PyUnicode_CompareWithASCIIString(key, known[i].name) == 0) place = known[i].place;
    if (!place) return PyErr_Format(PyExc_TypeError, "nothing here is called %R", key);
    PyObject* old = *place;
    Py_INCREF(value);
    *place = value;
    if (place != (PyObject**)&native.tensor || old != (PyObject*)native.base) Py_XDECREF(old);
  }
  Py_RETURN_NONE;
}

/* set_slot("and", operator id, operator id for bools = 0) */
static PyObject* set_slot(PyObject* module, PyObject* args) {
  (void)module;
  const char* name;
  unsigned long long id, bools = 0;
  if (!PyArg_ParseTuple(args, "sK|K", &name, &id, &bools)) return NULL;
  for (int i = 0; i < SLOT_COUNT; ++i) {
    if (strcmp(native_slot_names[i], name) != 0) continue;
    native.slots[i] = id;
    native.bool_slots[i] = bools;
    Py_RETURN_NONE;
  }
  return PyErr_Format(PyExc_KeyError, "no slot %s", name);
}

/* wrap_handle(handle, type=None) -> Tensor that owns it */
static PyObject* wrap_handle(PyObject* module, PyObject* args) {
  (void)module;
  unsigned long long handle;
  PyObject* type = NULL;
  if (!PyArg_ParseTuple(args, "K|O", &handle, &type)) return NULL;
  if (!type) return native_new(handle);
  if (!PyType_Check(type) || !PyType_IsSubtype((PyTypeObject*)type, native.base)) {
    PyErr_SetString(PyExc_TypeError, "a subclass of Tensor is needed");
    return NULL;
  }
  PyObject* self = PyType_GenericAlloc((PyTypeObject*)type, 0);
  if (self)
    TENSOR(self)->handle = handle;
  else
    native_queue(handle);
  return self;
}

/* exchange(a, b): each tensor holds what the other one held. */
static PyObject* exchange(PyObject* module, PyObject* args) {
  (void)module;
  PyObject *a, *b;
  if (!PyArg_ParseTuple(args, "OO", &a, &b)) return NULL;
  if (!native_is_tensor(a) || !native_is_tensor(b)) {
    PyErr_SetString(PyExc_TypeError, "two tensors are needed");
    return NULL;
  }
  ds_handle handle = TENSOR(a)->handle;
  TENSOR(a)->handle = TENSOR(b)->handle;
  TENSOR(b)->handle = handle;
  Py_RETURN_NONE;
}

static PyObject* raise_status(PyObject* module, PyObject* args) {
  (void)module;
  int status;
  return PyArg_ParseTuple(args, "i", &status) ? native_raise(status) : NULL;
}

static PyObject* location(PyObject* module, PyObject* args) {
  (void)module;
  (void)args;
  return PyLong_FromUnsignedLongLong(native_location());
}

static PyObject* drain(PyObject* module, PyObject* args) {
  (void)module;
  (void)args;
  native_drain();
  Py_RETURN_NONE;
}

static PyObject* item(PyObject* module, PyObject* tensor) {
  (void)module;
  if (!native_is_tensor(tensor)) {
    PyErr_SetString(PyExc_TypeError, "a Tensor is needed");
    return NULL;
  }
  ds_value value;
  int32_t status;
  uint64_t where = native_location();
  ds_handle handle = TENSOR(tensor)->handle;
  NATIVE_EVALUATE(status, ds_tensor_item(native.context, handle, where, &value));
  return status == DS_OK ? native_scalar(&value) : native_raise(status);
}

/* scalar(number, dtype code or 0) -> 0-d Tensor */
static PyObject* scalar(PyObject* module, PyObject* args) {
  (void)module;
  PyObject* number;
  unsigned int dtype;
  ds_value value;
  PyObject* keep;
  if (!PyArg_ParseTuple(args, "OI", &number, &dtype)) return NULL;
  int known = native_is_tensor(number) ? 0 : native_input(number, &value, &keep);
  if (known < 0) return NULL;
  if (!known || keep) {
    PyErr_SetString(PyExc_TypeError, "a bool, int or float is needed");
    return NULL;
  }
  ds_handle out = 0;
  int32_t status = ds_tensor_scalar(native.context, &value, dtype, &out);
  return status == DS_OK ? native_new(out) : native_raise(status);
}

/* grad_mode(enabled) -> what it was, for this thread */
static PyObject* grad_mode(PyObject* module, PyObject* args) {
  (void)module;
  int enabled;
  int32_t previous = 0;
  if (!PyArg_ParseTuple(args, "p", &enabled)) return NULL;
  if (native_check(ds_set_grad_enabled(native.context, enabled, &previous)) < 0) return NULL;
  return PyBool_FromLong(previous);
}

static PyMethodDef methods[] = {
    {"start", start, METH_VARARGS, NULL},
    {"configure", (PyCFunction)(void (*)(void))configure, METH_VARARGS | METH_KEYWORDS, NULL},
    {"set_slot", set_slot, METH_VARARGS, NULL},
    {"wrap_handle", wrap_handle, METH_VARARGS, NULL},
    {"exchange", exchange, METH_VARARGS, NULL},
    {"raise_status", raise_status, METH_VARARGS, NULL},
    {"location", location, METH_NOARGS, NULL},
    {"drain", drain, METH_NOARGS, NULL},
    {"item", item, METH_O, NULL},
    {"scalar", scalar, METH_VARARGS, NULL},
    {"grad_mode", grad_mode, METH_VARARGS, NULL},
    {"assign", native_assign, METH_VARARGS, NULL},
    {"strided", native_strided, METH_VARARGS, NULL},
    {"wrap", native_wrap, METH_VARARGS, NULL},
    {"to_dlpack", native_to_dlpack, METH_VARARGS, NULL},
    {"from_dlpack", native_from_dlpack, METH_VARARGS, NULL},
    {"texts", native_texts, METH_VARARGS, NULL},
    {"invoke", native_invoke, METH_VARARGS, NULL},
    {"counters", native_counters, METH_NOARGS, NULL},
    {"set_option", native_set_option, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL}};

PyMODINIT_FUNC PyInit__native(void) {
  PyObject* module = ds_native_cffi_init();
  if (!module) return NULL;
  if (native.base) return module;
  if (PyModule_AddFunctions(module, methods) < 0 || native_tensor_ready(module) < 0 ||
      native_operator_ready(module) < 0 || native_export_ready(module) < 0) {
    Py_DECREF(module);
    return NULL;
  }
  return module;
}
