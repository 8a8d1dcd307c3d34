/* service.c: listings, options and services. These calls keep the GIL: their callbacks come while the core is locked,
 * and a thread that waits for the core may hold the GIL. */
#include <string.h>

#include "native.h"

static int32_t take_text(void* user, const char* text, uint64_t length) {
  PyObject* string = PyUnicode_DecodeUTF8(text, (Py_ssize_t)length, "replace");
  int bad = !string || PyList_Append((PyObject*)user, string) < 0;
  Py_XDECREF(string);
  return bad ? DS_OUT_OF_MEMORY : DS_OK;
}

static PyObject* finish(PyObject* rows, int32_t status) {
  if (status == DS_OK && !PyErr_Occurred()) return rows;
  Py_XDECREF(rows);
  return PyErr_Occurred() ? NULL : native_raise(status);
}

/* texts("operators"), ("plugins"), ("devices"), ("services", kind), ("info", operator, what), ("explain", tensor),
 * ("graph", [tensors]) -> list of str */
PyObject* native_texts(PyObject* module, PyObject* args) {
  (void)module;
  PyObject* first = PyTuple_Size(args) ? PyTuple_GetItem(args, 0) : NULL;
  const char* what = first && PyUnicode_Check(first) ? PyUnicode_AsUTF8AndSize(first, NULL) : NULL;
  if (!what) return PyErr_Occurred() ? NULL : PyErr_Format(PyExc_TypeError, "what is to be listed?");
  ds_handle c = native.context;
  const char* text = NULL;
  Py_ssize_t length = 0;
  PyObject* rows = PyList_New(0);
  if (!rows) return NULL;
  if (!strcmp(what, "operators")) return finish(rows, ds_operators(c, take_text, rows));
  if (!strcmp(what, "plugins")) return finish(rows, ds_plugins(c, take_text, rows));
  if (!strcmp(what, "devices")) return finish(rows, ds_devices(c, take_text, rows));
  if (!strcmp(what, "services") && PyArg_ParseTuple(args, "ss#", &what, &text, &length))
    return finish(rows, ds_services(c, text, (uint64_t)length, take_text, rows));
  unsigned long long id;
  if (!strcmp(what, "info") && PyArg_ParseTuple(args, "sKs#", &what, &id, &text, &length))
    return finish(rows, ds_operator_info(c, id, text, (uint64_t)length, take_text, rows));
  PyObject* object;
  if (!strcmp(what, "explain") && PyArg_ParseTuple(args, "sO!", &what, native.base, &object))
    return finish(rows, ds_explain(c, TENSOR(object)->handle, take_text, rows));
  if (!strcmp(what, "graph") && PyArg_ParseTuple(args, "sO!", &what, &PyList_Type, &object)) {
    ds_handle handles[64];
    Py_ssize_t count = PyList_Size(object);
    for (Py_ssize_t i = 0; i < count && i < 64; ++i) {
      PyObject* tensor = PyList_GetItem(object, i);
      handles[i] = native_is_tensor(tensor) ? TENSOR(tensor)->handle : 0;
    }
    return finish(rows, ds_graph_text(c, handles, (uint32_t)(count < 64 ? count : 64), take_text, rows));
  }
  Py_DECREF(rows);
  return PyErr_Occurred() ? NULL : PyErr_Format(PyExc_ValueError, "nothing is listed as '%s'", what);
}

/* ---- packed values ----------------------------------------------------------------------------------------------- */
static PyObject* unpack(const ds_value* value);

static PyObject* unpack_list(const ds_value* values, uint32_t count) {
  PyObject* list = PyList_New((Py_ssize_t)count);
  for (uint32_t i = 0; list && i < count; ++i) {
    PyObject* entry = unpack(&values[i]);
    if (!entry || PyList_SetItem(list, i, entry) < 0) Py_CLEAR(list);
  }
  return list;
}

static PyObject* unpack_numbers(const ds_value* value) {
  PyObject* list = PyList_New((Py_ssize_t)value->count);
  for (uint32_t i = 0; list && i < value->count; ++i) {
    PyObject* entry = value->tag == DS_INTS ? PyLong_FromLongLong(value->u.is[i]) : PyFloat_FromDouble(value->u.fs[i]);
    if (!entry || PyList_SetItem(list, i, entry) < 0) Py_CLEAR(list);
  }
  return list;
}

static PyObject* unpack(const ds_value* value) {
  switch (value->tag) {
    case DS_INT:
    case DS_TYPE:
      return PyLong_FromLongLong(value->u.i);
    case DS_FLOAT:
      return PyFloat_FromDouble(value->u.f);
    case DS_FLAG:
      return PyBool_FromLong(value->u.i != 0);
    case DS_STRING:
      return PyUnicode_DecodeUTF8(value->u.s, value->count, "replace");
    case DS_BYTES:
      return PyBytes_FromStringAndSize(value->u.p, value->count);
    case DS_INTS:
    case DS_FLOATS:
      return unpack_numbers(value);
    case DS_HANDLE:
      return native_new(value->u.h);
    case DS_POINTER:
      return PyLong_FromVoidPtr((void*)value->u.p);
    case DS_VALUES:
      return unpack_list(value->u.vs, value->count);
    default:
      Py_RETURN_NONE;
  }
}

static int32_t take_row(void* user, const ds_value* values, uint32_t count) {
  PyObject* row = unpack_list(values, count);
  int bad = !row || PyList_Append((PyObject*)user, row) < 0;
  Py_XDECREF(row);
  return bad ? DS_OUT_OF_MEMORY : DS_OK;
}

/* Strings and lists of numbers are borrowed from the objects, nested lists live in blocks (capsules). */
static int pack(PyObject* object, ds_value* value, PyObject* blocks);

static void free_block(PyObject* capsule) { PyMem_Free(PyCapsule_GetPointer(capsule, NULL)); }

static int pack_list(PyObject* object, ds_value* value, PyObject* blocks) {
  PyObject* list = PySequence_List(object);
  if (!list || PyList_Append(blocks, list) < 0) {
    Py_XDECREF(list);
    return -1;
  }
  Py_DECREF(list);
  Py_ssize_t count = PyList_Size(list);
  ds_value* values = PyMem_Calloc((size_t)count + 1, sizeof *values);
  PyObject* block = values ? PyCapsule_New(values, NULL, free_block) : PyErr_NoMemory();
  if (!block) {
    PyMem_Free(values);
    return -1;
  }
  int bad = PyList_Append(blocks, block) < 0;
  Py_DECREF(block);
  for (Py_ssize_t i = 0; !bad && i < count; ++i) bad = pack(PyList_GetItem(list, i), &values[i], blocks) < 0;
  *value = (ds_value){DS_VALUES, (uint32_t)count, {.vs = values}};
  return bad ? -1 : 0;
}

static int pack(PyObject* object, ds_value* value, PyObject* blocks) {
  Py_ssize_t size = 0;
  *value = (ds_value){DS_NONE, 0, {0}};
  if (object == Py_None) return 0;
  if (native_is_tensor(object)) {
    *value = (ds_value){DS_HANDLE, 0, {.h = TENSOR(object)->handle}};
  } else if (PyBool_Check(object)) {
    *value = (ds_value){DS_FLAG, 0, {.i = object == Py_True}};
  } else if (PyLong_Check(object)) {
    *value = (ds_value){DS_INT, 0, {.i = PyLong_AsLongLong(object)}};
  } else if (PyFloat_Check(object)) {
    *value = (ds_value){DS_FLOAT, 0, {.f = PyFloat_AsDouble(object)}};
  } else if (PyUnicode_Check(object)) {
    const char* text = PyUnicode_AsUTF8AndSize(object, &size);
    *value = (ds_value){DS_STRING, (uint32_t)size, {.s = text}};
  } else if (PyBytes_Check(object)) {
    char* bytes = NULL;
    if (PyBytes_AsStringAndSize(object, &bytes, &size) < 0) return -1;
    *value = (ds_value){DS_BYTES, (uint32_t)size, {.p = bytes}};
  } else if (PyList_Check(object) || PyTuple_Check(object)) {
    return pack_list(object, value, blocks);
  } else {
    PyObject* code = PyObject_CallFunctionObjArgs(native.dtype_code, object, NULL);
    *value = (ds_value){DS_TYPE, 0, {.i = code ? PyLong_AsLongLong(code) : 0}};
    Py_XDECREF(code);
  }
  return PyErr_Occurred() ? -1 : 0;
}

/* invoke(kind, name, method, arguments) -> rows, each a list */
PyObject* native_invoke(PyObject* module, PyObject* args) {
  (void)module;
  const char *kind, *name, *method;
  Py_ssize_t kind_size, name_size, method_size;
  PyObject* list;
  if (!PyArg_ParseTuple(args, "s#s#s#O", &kind, &kind_size, &name, &name_size, &method, &method_size, &list))
    return NULL;
  ds_value values;
  PyObject* blocks = PyList_New(0);
  PyObject* rows = PyList_New(0);
  if (blocks && rows && pack_list(list, &values, blocks) == 0) {
    native_drain();
    int32_t status = ds_invoke(native.context, kind, (uint64_t)kind_size, name, (uint64_t)name_size, method,
                               (uint64_t)method_size, values.u.vs, values.count, take_row, rows);
    rows = finish(rows, status);
  } else {
    Py_CLEAR(rows);
  }
  Py_XDECREF(blocks);
  return rows;
}

PyObject* native_counters(PyObject* module, PyObject* args) {
  (void)module;
  (void)args;
  PyObject* rows = PyList_New(0);
  return rows ? finish(rows, ds_counters(native.context, take_row, rows)) : NULL;
}

/* set_option(name, value) */
PyObject* native_set_option(PyObject* module, PyObject* args) {
  (void)module;
  const char* name;
  Py_ssize_t size;
  PyObject* object;
  if (!PyArg_ParseTuple(args, "s#O", &name, &size, &object)) return NULL;
  ds_value value;
  PyObject* blocks = PyList_New(0);
  int bad = !blocks || pack(object, &value, blocks) < 0;
  if (!bad) bad = native_check(ds_set_option(native.context, name, (uint64_t)size, &value)) < 0;
  Py_XDECREF(blocks);
  if (bad) return NULL;
  Py_RETURN_NONE;
}
