/* errors.c: a failed status becomes the exception class the Python side registered for it. */
#include "native.h"

/* Borrowed; NULL with an error set only if the table cannot be read. */
static PyObject* class_of(int32_t status) {
  PyObject* key = PyLong_FromLong(status);
  PyObject* type = key && native.errors ? PyDict_GetItemWithError(native.errors, key) : NULL;
  Py_XDECREF(key);
  return type || PyErr_Occurred() ? type : PyExc_RuntimeError;
}

int native_refuse(int32_t status, const char* text) {
  PyObject* type = class_of(status);
  if (type) PyErr_SetString(type, text);
  return -1;
}

int native_fail(int32_t status) {
  int32_t code = status;
  ds_text text = {NULL, 0};
  uint64_t location = 0;
  if (ds_error(native.context, &code, &text, &location) != DS_OK || code != status) text.size = 0;
  PyObject* type = class_of(status);
  if (!type) return -1;
  PyObject* message = text.size ? PyUnicode_DecodeUTF8(text.data, (Py_ssize_t)text.size, "replace")
                                : PyUnicode_FromString(ds_status_name(status));
  if (!message) return -1;
  PyErr_SetObject(type, message);
  Py_DECREF(message);
  return -1;
}

PyObject* native_raise(int32_t status) {
  native_fail(status);
  return NULL;
}
