/* operator.c: an operator as a Python callable. Its schema, parsed once in Python, says how arguments become values. */
#include <string.h>

#include "native.h"

#define LOCAL_INPUTS 16
#define MAX_ATTRIBUTES 32
#define POOL_WORDS 128
#define MAX_VARIADIC 4096

typedef struct {
  PyObject* name;
  char kind; /* input: '1' required, '?' optional, '*' variadic; attribute: i f b s I F d y */
  char required;
} parameter;

typedef struct {
  PyObject head;
  ds_operator_id id;
  PyObject* name;
  parameter* inputs;
  parameter* attributes;
  Py_ssize_t input_count, attribute_count;
  long outputs; /* -1: variadic */
} operator_object;

/* One call in the making. Temporaries and lists live here until it returns. */
typedef struct {
  ds_value local[LOCAL_INPUTS];
  ds_value* inputs;
  Py_ssize_t count, room;
  ds_value attributes[MAX_ATTRIBUTES];
  int64_t pool[POOL_WORDS];
  size_t pooled;
  void* spills[MAX_ATTRIBUTES];
  int spilled;
  PyObject* keep;
} call_frame;

static int is_list(PyObject* object) { return PyList_Check(object) || PyTuple_Check(object); }

static Py_ssize_t list_size(PyObject* list) { return PyList_Check(list) ? PyList_Size(list) : PyTuple_Size(list); }

static PyObject* list_at(PyObject* list, Py_ssize_t i) {
  return PyList_Check(list) ? PyList_GetItem(list, i) : PyTuple_GetItem(list, i);
}

static int add_input(operator_object* op, call_frame* f, const parameter* p, PyObject* object) {
  if (f->count == f->room) {
    Py_ssize_t room = f->room * 4;
    ds_value* bigger = PyMem_Malloc((size_t)room * sizeof *bigger);
    if (!bigger) {
      PyErr_NoMemory();
      return -1;
    }
    memcpy(bigger, f->inputs, (size_t)f->count * sizeof *bigger);
    if (f->inputs != f->local) PyMem_Free(f->inputs);
    f->inputs = bigger;
    f->room = room;
  }
  ds_value* value = &f->inputs[f->count++];
  if (!object || object == Py_None) {
    *value = (ds_value){DS_NONE, 0, {0}};
    if (p->kind == '?') return 0;
    PyErr_Format(PyExc_TypeError, "%U: input '%U' is missing", op->name, p->name);
    return -1;
  }
  PyObject* keep;
  int known = native_input(object, value, &keep);
  if (known == 0)
    PyErr_Format(PyExc_TypeError, "%U: input '%U' cannot be made a tensor: %R", op->name, p->name,
                 (PyObject*)Py_TYPE(object));
  if (known <= 0) return -1;
  if (!keep) return 0;
  if (!f->keep) f->keep = PyList_New(0);
  int bad = !f->keep || PyList_Append(f->keep, keep) < 0;
  Py_DECREF(keep);
  return bad ? -1 : 0;
}

static void* take_words(call_frame* f, Py_ssize_t count) {
  if (f->pooled + (size_t)count <= POOL_WORDS) {
    void* words = f->pool + f->pooled;
    f->pooled += (size_t)count;
    return words;
  }
  void* words = PyMem_Malloc((size_t)count * sizeof(int64_t));
  if (!words)
    PyErr_NoMemory();
  else
    f->spills[f->spilled++] = words;
  return words;
}

static int64_t as_int(PyObject* object) {
  PyObject* index = PyNumber_Index(object);
  int64_t value = index ? PyLong_AsLongLong(index) : -1;
  Py_XDECREF(index);
  return value;
}

/* ints: an int or any sequence of ints; floats likewise. */
static int add_list(call_frame* f, ds_value* value, PyObject* object, char kind) {
  PyObject* list = NULL;
  int scalar = !is_list(object) &&
               (PyLong_Check(object) || PyFloat_Check(object) || !PySequence_Check(object) || native_is_tensor(object));
  if (!scalar) {
    list = is_list(object) ? object : PySequence_List(object);
    if (!list) return -1;
    if (list == object) Py_INCREF(list);
  }
  Py_ssize_t count = scalar ? 1 : list_size(list);
  int64_t* words = take_words(f, count);
  if (!words) {
    Py_XDECREF(list);
    return -1;
  }
  for (Py_ssize_t i = 0; i < count && !PyErr_Occurred(); ++i) {
    PyObject* element = scalar ? object : list_at(list, i);
    if (kind == 'I') {
      words[i] = as_int(element);
    } else {
      double number = PyFloat_AsDouble(element);
      memcpy(&words[i], &number, sizeof number);
    }
  }
  Py_XDECREF(list);
  value->tag = kind == 'I' ? DS_INTS : DS_FLOATS;
  value->count = (uint32_t)count;
  value->u.is = words;
  return PyErr_Occurred() ? -1 : 0;
}

static int add_attribute(call_frame* f, ds_value* value, PyObject* object, char kind) {
  Py_ssize_t size = 0;
  switch (kind) {
    case 'i':
      value->tag = DS_INT;
      value->u.i = as_int(object);
      break;
    case 'f':
      value->tag = DS_FLOAT;
      value->u.f = PyFloat_AsDouble(object);
      break;
    case 'b':
      value->tag = DS_FLAG;
      value->u.i = PyObject_IsTrue(object);
      break;
    case 's':
      value->tag = DS_STRING;
      value->u.s = PyUnicode_AsUTF8AndSize(object, &size);
      value->count = (uint32_t)size;
      break;
    case 'y': {
      char* bytes = NULL;
      value->tag = DS_BYTES;
      if (PyBytes_AsStringAndSize(object, &bytes, &size) < 0) return -1;
      value->u.p = bytes;
      value->count = (uint32_t)size;
      break;
    }
    case 'd': {
      PyObject* code = PyObject_CallFunctionObjArgs(native.dtype_code, object, NULL);
      value->tag = DS_TYPE;
      value->u.i = code ? PyLong_AsLongLong(code) : -1;
      Py_XDECREF(code);
      break;
    }
    default:
      return add_list(f, value, object, kind);
  }
  return PyErr_Occurred() ? -1 : 0;
}

static int unknown_keyword(operator_object* op, PyObject* given) {
  PyObject* names = PyList_New(0);
  for (Py_ssize_t i = 0; names && i < op->input_count; ++i) PyList_Append(names, op->inputs[i].name);
  for (Py_ssize_t i = 0; names && i < op->attribute_count; ++i) PyList_Append(names, op->attributes[i].name);
  if (names) PyErr_Format(PyExc_TypeError, "%U has no argument '%U'; it takes %R", op->name, given, names);
  Py_XDECREF(names);
  return -1;
}

/* The value of a parameter: the next positional one, else the keyword; NULL when absent. */
static PyObject* argument(operator_object* op, PyObject* name, PyObject* args, PyObject* kwargs, Py_ssize_t* next,
                          Py_ssize_t* keywords) {
  PyObject* keyword = kwargs ? PyDict_GetItemWithError(kwargs, name) : NULL;
  if (*next < PyTuple_Size(args)) {
    if (keyword) {
      PyErr_Format(PyExc_TypeError, "%U got '%U' twice", op->name, name);
      return NULL;
    }
    return PyTuple_GetItem(args, (*next)++);
  }
  if (keyword) ++*keywords;
  return keyword;
}

/* A variadic input: one list, or all remaining positional arguments. */
static int gather_variadic(operator_object* op, call_frame* f, const parameter* p, PyObject* args, PyObject* kwargs,
                           Py_ssize_t* next, Py_ssize_t* keywords) {
  Py_ssize_t given = PyTuple_Size(args);
  if (*next < given && !is_list(PyTuple_GetItem(args, *next))) {
    while (*next < given && !is_list(PyTuple_GetItem(args, *next)))
      if (add_input(op, f, p, PyTuple_GetItem(args, (*next)++)) < 0) return -1;
    return 0;
  }
  PyObject* list = argument(op, p->name, args, kwargs, next, keywords);
  if (!list) return PyErr_Occurred() ? -1 : 0;
  if (!is_list(list)) return add_input(op, f, p, list);
  for (Py_ssize_t i = 0; i < list_size(list); ++i)
    if (add_input(op, f, p, list_at(list, i)) < 0) return -1;
  return 0;
}

static int gather(operator_object* op, call_frame* f, PyObject* args, PyObject* kwargs) {
  Py_ssize_t next = 0, keywords = 0;
  for (Py_ssize_t i = 0; i < op->input_count; ++i) {
    const parameter* p = &op->inputs[i];
    if (p->kind == '*') {
      if (gather_variadic(op, f, p, args, kwargs, &next, &keywords) < 0) return -1;
      continue;
    }
    PyObject* object = argument(op, p->name, args, kwargs, &next, &keywords);
    if ((!object && PyErr_Occurred()) || add_input(op, f, p, object) < 0) return -1;
  }
  for (Py_ssize_t i = 0; i < op->attribute_count; ++i) {
    const parameter* p = &op->attributes[i];
    PyObject* object = argument(op, p->name, args, kwargs, &next, &keywords);
    f->attributes[i] = (ds_value){DS_NONE, 0, {0}};
    if (!object && PyErr_Occurred()) return -1;
    if (!object && p->required) {
      PyErr_Format(PyExc_TypeError, "%U: argument '%U' is missing", op->name, p->name);
      return -1;
    }
    if (object && object != Py_None && add_attribute(f, &f->attributes[i], object, p->kind) < 0) {
      if (PyErr_ExceptionMatches(PyExc_TypeError))
        PyErr_Format(PyExc_TypeError, "%U: argument '%U' cannot be %R", op->name, p->name, object);
      return -1;
    }
  }
  if (next < PyTuple_Size(args)) {
    PyErr_Format(PyExc_TypeError, "%U takes %zd arguments, got %zd", op->name, op->input_count + op->attribute_count,
                 PyTuple_Size(args));
    return -1;
  }
  if (kwargs && keywords < PyDict_Size(kwargs)) {
    PyObject *key, *value;
    Py_ssize_t position = 0;
    while (PyDict_Next(kwargs, &position, &key, &value)) {
      int known = 0;
      for (Py_ssize_t i = 0; i < op->input_count; ++i) known |= PyUnicode_Compare(key, op->inputs[i].name) == 0;
      for (Py_ssize_t i = 0; i < op->attribute_count; ++i) known |= PyUnicode_Compare(key, op->attributes[i].name) == 0;
      if (!known) return unknown_keyword(op, key);
    }
  }
  return 0;
}

static PyObject* results_of(const operator_object* op, const ds_handle* out, uint32_t count) {
  if (op->outputs == 1 && count == 1) return native_new(out[0]);
  PyObject* tuple = PyTuple_New((Py_ssize_t)count);
  for (uint32_t i = 0; i < count; ++i) {
    PyObject* tensor = tuple ? native_new(out[i]) : NULL;
    if (!tuple) native_queue(out[i]);
    if (tuple && (!tensor || PyTuple_SetItem(tuple, i, tensor) < 0)) Py_CLEAR(tuple);
  }
  return tuple;
}

static PyObject* record(operator_object* op, call_frame* f) {
  ds_handle local[LOCAL_INPUTS];
  ds_handle* out = local;
  uint32_t count = LOCAL_INPUTS;
  if (op->outputs < 0) {
    count = MAX_VARIADIC;
    out = PyMem_Malloc(count * sizeof *out);
    if (!out) return PyErr_NoMemory();
  }
  native_drain_if_full();
  int32_t status = ds_call(native.context, op->id, f->inputs, (uint32_t)f->count, f->attributes,
                           (uint32_t)op->attribute_count, native_location(), out, &count);
  PyObject* result = status == DS_OK ? results_of(op, out, count) : native_raise(status);
  if (out != local) PyMem_Free(out);
  return result;
}

static PyObject* operator_call(PyObject* self, PyObject* args, PyObject* kwargs) {
  operator_object* op = (operator_object*)self;
  call_frame frame;
  frame.inputs = frame.local;
  frame.count = 0;
  frame.room = LOCAL_INPUTS;
  frame.pooled = 0;
  frame.spilled = 0;
  frame.keep = NULL;
  PyObject* result = gather(op, &frame, args, kwargs) < 0 ? NULL : record(op, &frame);
  if (frame.inputs != frame.local) PyMem_Free(frame.inputs);
  while (frame.spilled) PyMem_Free(frame.spills[--frame.spilled]);
  Py_XDECREF(frame.keep);
  return result;
}

static void free_parameters(parameter* list, Py_ssize_t count) {
  for (Py_ssize_t i = 0; list && i < count; ++i) Py_XDECREF(list[i].name);
  PyMem_Free(list);
}

static void operator_dealloc(PyObject* self) {
  operator_object* op = (operator_object*)self;
  PyTypeObject* type = Py_TYPE(self);
  Py_XDECREF(op->name);
  free_parameters(op->inputs, op->input_count);
  free_parameters(op->attributes, op->attribute_count);
  ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
  Py_DECREF(type);
}

/* list: tuple of (name, kind, required). */
static parameter* parse_parameters(PyObject* list, Py_ssize_t* count) {
  *count = PyTuple_Size(list);
  parameter* parameters = PyMem_Calloc((size_t)*count + 1, sizeof *parameters);
  for (Py_ssize_t i = 0; parameters && i < *count; ++i) {
    int kind, required;
    if (!PyArg_ParseTuple(PyTuple_GetItem(list, i), "UCp", &parameters[i].name, &kind, &required)) {
      parameters[i].name = NULL;
      free_parameters(parameters, i);
      return NULL;
    }
    Py_INCREF(parameters[i].name);
    PyUnicode_InternInPlace(&parameters[i].name);
    parameters[i].kind = (char)kind;
    parameters[i].required = (char)required;
  }
  return parameters;
}

static PyObject* operator_new(PyTypeObject* type, PyObject* args, PyObject* kwargs) {
  (void)kwargs;
  unsigned long long id;
  long outputs;
  PyObject *name, *inputs, *attributes;
  if (!PyArg_ParseTuple(args, "KUO!O!l", &id, &name, &PyTuple_Type, &inputs, &PyTuple_Type, &attributes, &outputs))
    return NULL;
  if (PyTuple_Size(attributes) > MAX_ATTRIBUTES) {
    PyErr_Format(PyExc_ValueError, "%U has more than %d attributes", name, MAX_ATTRIBUTES);
    return NULL;
  }
  PyObject* self = PyType_GenericAlloc(type, 0);
  if (!self) return NULL;
  operator_object* op = (operator_object*)self;
  Py_INCREF(name);
  op->id = id;
  op->name = name;
  op->outputs = outputs;
  op->inputs = parse_parameters(inputs, &op->input_count);
  if (op->inputs) op->attributes = parse_parameters(attributes, &op->attribute_count);
  if (!op->inputs || !op->attributes) {
    op->input_count = op->inputs ? op->input_count : 0;
    op->attribute_count = 0;
    if (!PyErr_Occurred()) PyErr_NoMemory();
    Py_DECREF(self);
    return NULL;
  }
  return self;
}

static PyObject* get_id(PyObject* self, void* unused) {
  (void)unused;
  return PyLong_FromUnsignedLongLong(((operator_object*)self)->id);
}

static PyObject* get_name(PyObject* self, void* unused) {
  (void)unused;
  Py_INCREF(((operator_object*)self)->name);
  return ((operator_object*)self)->name;
}

int native_operator_ready(PyObject* module) {
  static PyGetSetDef getset[] = {{"id", get_id, NULL, "The context's number for it.", NULL},
                                 {"name", get_name, NULL, "As in its schema.", NULL},
                                 {NULL, NULL, NULL, NULL, NULL}};
  PyType_Slot slots[] = {{Py_tp_new, operator_new},
                         {Py_tp_dealloc, operator_dealloc},
                         {Py_tp_call, operator_call},
                         {Py_tp_getset, getset},
                         {0, NULL}};
  PyType_Spec spec = {"deepseek._native.Operator", sizeof(operator_object), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
                      slots};
  PyObject* type = PyType_FromSpec(&spec);
  if (!type) return -1;
  int bad = PyModule_AddObjectRef(module, "Operator", type);
  Py_DECREF(type);
  return bad;
}
