/* errors.c: a failed status becomes the exception class the Python side registered for it. */
#include "native.h"

int native_fail(int32_t status) {
  int32_t code = status;
  ds_text text = {NULL, 0};
  uint64_t location = 0;
  if (ds_error(native.context, &code, &text, &location) != DS_OK || code != status) text.size = 0;
  PyObject* key = PyLong_FromLong(status);
  PyObject* type = key && native.errors ? PyDict_GetItemWithError(native.errors, key) : NULL;
  Py_XDECREF(key);
  if (PyErr_Occurred()) return -1;
  if (!type) type = PyExc_RuntimeError;
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
