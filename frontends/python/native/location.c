/* location.c: where the user called from, kept as code object and bytecode offset; the line is found when asked for.
 * Frames of the package itself are skipped. Code objects that recorded something stay alive: there are few of them. */
#include <string.h>

#include "native.h"

typedef struct {
  PyObject* code;
  uint32_t index;
  int internal;
} code_entry;

static code_entry* table; /* open addressing by pointer, capacity a power of two */
static uint32_t capacity, used;
static PyObject** codes; /* index - 1 -> code */
static code_entry last;
static PyObject *package, *str_lasti, *str_back, *str_filename;

int native_set_package(PyObject* folder) {
  Py_INCREF(folder);
  Py_XDECREF(package);
  package = folder;
  if (!str_lasti) str_lasti = PyUnicode_InternFromString("f_lasti");
  if (!str_back) str_back = PyUnicode_InternFromString("f_back");
  if (!str_filename) str_filename = PyUnicode_InternFromString("co_filename");
  return str_lasti && str_back && str_filename ? 0 : -1;
}

static uint32_t slot_of(PyObject* code, const code_entry* in, uint32_t size) {
  uint32_t i = (uint32_t)((uintptr_t)code >> 5) * 2654435761u & (size - 1);
  while (in[i].code && in[i].code != code) i = (i + 1) & (size - 1);
  return i;
}

static int grow(void) {
  uint32_t size = capacity ? capacity * 2 : 256;
  code_entry* bigger = PyMem_Calloc(size, sizeof *bigger);
  PyObject** list = bigger ? PyMem_Realloc(codes, size * sizeof *list) : NULL;
  if (!list) {
    PyMem_Free(bigger);
    return -1;
  }
  for (uint32_t i = 0; i < capacity; ++i)
    if (table[i].code) bigger[slot_of(table[i].code, bigger, size)] = table[i];
  PyMem_Free(table);
  table = bigger;
  codes = list;
  capacity = size;
  return 0;
}

static int is_internal(PyObject* code) {
  PyObject* name = PyObject_GetAttr(code, str_filename);
  Py_ssize_t found = name && package ? PyUnicode_Tailmatch(name, package, 0, PyUnicode_GetLength(name), -1) : 0;
  Py_XDECREF(name);
  PyErr_Clear();
  return found == 1;
}

static const code_entry* intern(PyObject* code) {
  if (last.code == code) return &last;
  if (used * 2 >= capacity && grow() < 0) return NULL;
  uint32_t i = slot_of(code, table, capacity);
  if (!table[i].code) {
    Py_INCREF(code);
    codes[used] = code;
    table[i] = (code_entry){code, ++used, is_internal(code)};
  }
  last = table[i];
  return &last;
}

static uint64_t here(PyObject* frame, int* internal) {
  PyObject* code = (PyObject*)PyFrame_GetCode((PyFrameObject*)frame);
  const code_entry* entry = intern(code);
  Py_DECREF(code);
  if (!entry) return 0;
  *internal = entry->internal;
  uint64_t index = entry->index;
  if (entry->internal) return index << 32;
  PyObject* offset = PyObject_GetAttr(frame, str_lasti);
  long value = offset ? PyLong_AsLong(offset) : -1;
  Py_XDECREF(offset);
  return index << 32 | (uint32_t)(value < 0 ? 0 : value);
}

uint64_t native_location(void) {
  PyObject* frame = (PyObject*)PyEval_GetFrame();
  if (!frame) return 0;
  int internal = 0;
  uint64_t location = here(frame, &internal);
  if (!internal) return location;
  Py_INCREF(frame);
  while (internal) {
    PyObject* back = PyObject_GetAttr(frame, str_back);
    Py_DECREF(frame);
    frame = back;
    if (!frame || frame == Py_None) break;
    location = here(frame, &internal);
  }
  Py_XDECREF(frame);
  PyErr_Clear();
  return internal ? 0 : location;
}

int32_t native_resolve_location(void* user, uint64_t location, ds_text_sink sink, void* sink_user) {
  (void)user;
  if (!Py_IsInitialized()) return DS_UNSUPPORTED;
  PyGILState_STATE state = PyGILState_Ensure();
  PyObject *type, *value, *trace;
  PyErr_Fetch(&type, &value, &trace);
  int32_t status = DS_NOT_FOUND;
  uint32_t index = (uint32_t)(location >> 32);
  if (native.resolve && index && index <= used) {
    PyObject* text = PyObject_CallFunction(native.resolve, "Oi", codes[index - 1], (int)(uint32_t)location);
    Py_ssize_t size = 0;
    const char* data = text && PyUnicode_Check(text) ? PyUnicode_AsUTF8AndSize(text, &size) : NULL;
    if (data) status = sink(sink_user, data, (uint64_t)size);
    Py_XDECREF(text);
    PyErr_Clear();
  }
  PyErr_Restore(type, value, trace);
  PyGILState_Release(state);
  return status;
}
