/* value.c: Python objects as packed values and back. */
#include "native.h"

int native_input(PyObject* object, ds_value* value, PyObject** keep) {
  *keep = NULL;
  value->count = 0;
  if (native_is_tensor(object)) {
    value->tag = DS_HANDLE;
    value->u.h = TENSOR(object)->handle;
    return 1;
  }
  if (PyFloat_CheckExact(object)) {
    value->tag = DS_FLOAT;
    value->u.f = PyFloat_AsDouble(object);
    return 1;
  }
  if (PyBool_Check(object)) {
    value->tag = DS_FLAG;
    value->u.i = object == Py_True;
    return 1;
  }
  if (PyLong_CheckExact(object)) {
    int beyond = 0;
    value->tag = DS_INT;
    value->u.i = PyLong_AsLongLongAndOverflow(object, &beyond);
    if (!beyond) return value->u.i == -1 && PyErr_Occurred() ? -1 : 1;
    unsigned long long large = beyond > 0 ? PyLong_AsUnsignedLongLong(object) : 0;
    if (beyond < 0 || PyErr_Occurred()) {
      PyErr_Clear();
      return PyErr_Format(PyExc_OverflowError, "%S is beyond 64 bits", object), -1;
    }
    value->count = DS_UNSIGNED;
    value->u.i = (int64_t)large;
    return 1;
  }
  if (!native.convert) return 0;
  PyObject* tensor = PyObject_CallFunctionObjArgs(native.convert, object, NULL);
  if (!tensor) return -1;
  if (!native_is_tensor(tensor)) {
    Py_DECREF(tensor);
    return 0;
  }
  value->tag = DS_HANDLE;
  value->u.h = TENSOR(tensor)->handle;
  *keep = tensor;
  return 1;
}

PyObject* native_scalar(const ds_value* value) {
  switch (value->tag) {
    case DS_INT:
      return value->count == DS_UNSIGNED ? PyLong_FromUnsignedLongLong((uint64_t)value->u.i)
                                         : PyLong_FromLongLong(value->u.i);
    case DS_FLOAT:
      return PyFloat_FromDouble(value->u.f);
    case DS_FLAG:
      return PyBool_FromLong(value->u.i != 0);
    case DS_FLOATS:
      if (value->count == 2) return PyComplex_FromDoubles(value->u.fs[0], value->u.fs[1]);
  }
  PyErr_SetString(PyExc_TypeError, "the element has no Python scalar type");
  return NULL;
}
