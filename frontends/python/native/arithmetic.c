/* arithmetic.c: Python's operators on tensors. The operators' names come from deepseek/sugar.py. */
#include "native.h"

const char* const native_slot_names[SLOT_COUNT] = {"add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul",
                                                   "and", "or",  "xor", "lshift",  "rshift",   "lt",  "le",  "eq",
                                                   "ne",  "gt",  "ge",  "neg",     "pos",      "abs"};

static PyObject* unavailable(int slot) {
  return PyErr_Format(PyExc_TypeError, "no operator for '%s' is installed", native_slot_names[slot]);
}

static int is_bool(const ds_value* value) {
  ds_spec spec;
  if (value->tag != DS_HANDLE) return value->tag == DS_FLAG;
  return ds_tensor_spec(native.context, value->u.h, &spec) == DS_OK && spec.dtype == DS_BOOL;
}

static PyObject* record(int slot, const ds_value* inputs, uint32_t count) {
  ds_operator_id op = native.slots[slot];
  if (native.bool_slots[slot] && is_bool(&inputs[0]) && is_bool(&inputs[1])) op = native.bool_slots[slot];
  if (!op) return unavailable(slot);
  ds_handle out = 0;
  uint32_t outputs = 1;
  native_drain_if_full();
  int32_t status = ds_call(native.context, op, inputs, count, NULL, 0, native_location(), &out, &outputs);
  return status == DS_OK ? native_new(out) : native_raise(status);
}

static PyObject* not_implemented(void) {
  Py_INCREF(Py_NotImplemented);
  return Py_NotImplemented;
}

static PyObject* binary(int slot, PyObject* a, PyObject* b) {
  ds_value inputs[2];
  PyObject *keep_a, *keep_b = NULL;
  int known = native_input(a, &inputs[0], &keep_a);
  if (known > 0) known = native_input(b, &inputs[1], &keep_b);
  PyObject* result = known > 0 ? record(slot, inputs, 2) : known == 0 ? not_implemented() : NULL;
  Py_XDECREF(keep_a);
  Py_XDECREF(keep_b);
  return result;
}

static PyObject* unary(int slot, PyObject* a) {
  ds_value input = {DS_HANDLE, 0, {.h = TENSOR(a)->handle}};
  return record(slot, &input, 1);
}

/* NumPy's same_kind: bool < int < float < complex. */
static int kind_of(ds_dtype dtype) {
  switch (DS_DTYPE_CODE(dtype)) {
    case DS_CODE_BOOL:
      return 0;
    case DS_CODE_INT:
    case DS_CODE_UINT:
      return 1;
    case DS_CODE_COMPLEX:
      return 3;
    default:
      return 2;
  }
}

/* a op= b writes through a's storage: views and arrays that share it see it. */
static PyObject* in_place(int slot, PyObject* a, PyObject* b) {
  PyObject* result = binary(slot, a, b);
  if (!result || !native_is_tensor(result)) return result;
  ds_spec from, to;
  int bad = native_spec(result, &from) < 0 || native_spec(a, &to) < 0;
  if (!bad && from.dtype != to.dtype && kind_of(from.dtype) > kind_of(to.dtype)) {
    PyObject* x = PyObject_GetAttrString(result, "dtype");
    PyObject* y = PyObject_GetAttrString(a, "dtype");
    if (x && y)
      PyErr_Format(native.cast_error, "in-place '%s' makes %S, which does not cast to %S; write x = x op y instead",
                   native_slot_names[slot], x, y);
    Py_XDECREF(x);
    Py_XDECREF(y);
    bad = 1;
  }
  if (!bad) {
    ds_value value = {DS_HANDLE, 0, {.h = TENSOR(result)->handle}};
    bad = native_check(ds_assign(native.context, TENSOR(a)->handle, &value, native_location())) < 0;
  }
  Py_DECREF(result);
  if (bad) return NULL;
  Py_INCREF(a);
  return a;
}

/* -1, 0 or 1: a Python int is below, within or above what a dtype of integers holds; bools count as int64. */
static int beyond(ds_dtype dtype, PyObject* number) {
  int over = 0;
  long long value = PyLong_AsLongLongAndOverflow(number, &over);
  int bits = DS_DTYPE_CODE(dtype) == DS_CODE_BOOL ? 64 : (int)DS_DTYPE_BITS(dtype);
  if (DS_DTYPE_CODE(dtype) != DS_CODE_UINT) {
    int64_t most = INT64_MAX >> (64 - bits);
    return over ? over : value > most ? 1 : value < -most - 1 ? -1 : 0;
  }
  if (over < 0 || (!over && value < 0)) return -1;
  if (bits < 64) return over || value >> bits;
  if (!over) return 0;
  PyLong_AsUnsignedLongLong(number);
  if (!PyErr_Occurred()) return 0;
  PyErr_Clear();
  return 1;
}

/* Bools of a's shape, all the same. */
static PyObject* everywhere(PyObject* a, int answer) {
  ds_value twice[2] = {{DS_HANDLE, 0, {.h = TENSOR(a)->handle}}, {DS_HANDLE, 0, {.h = TENSOR(a)->handle}}};
  PyObject* no = record(SLOT_LT, twice, 2); /* x < x, false of NaN too */
  if (!no || !answer) return no;
  twice[0].u.h = twice[1].u.h = TENSOR(no)->handle;
  PyObject* yes = record(SLOT_EQ, twice, 2);
  Py_DECREF(no);
  return yes;
}

/* With a Python number that has a dtype of its own. */
static PyObject* compare_in(ds_dtype dtype, int slot, PyObject* a, PyObject* number) {
  ds_value value;
  PyObject* keep;
  ds_handle out = 0;
  if (native_input(number, &value, &keep) < 0) return NULL; /* never anything to keep */
  int32_t status = ds_tensor_scalar(native.context, &value, dtype, &out);
  PyObject* b = status == DS_OK ? native_new(out) : native_raise(status);
  PyObject* result = b ? binary(slot, a, b) : NULL;
  Py_XDECREF(b);
  return result;
}

/* As NumPy 2: a Python int that the dtype of a does not hold is compared exactly, integers and a float in float64. */
PyObject* native_compare(PyObject* a, PyObject* b, int operation) {
  static const int slots[] = {SLOT_LT, SLOT_LE, SLOT_EQ, SLOT_NE, SLOT_GT, SLOT_GE};
  int slot = slots[operation], is_int = PyLong_CheckExact(b);
  if (b != Py_None && !is_int && !PyFloat_CheckExact(b)) return binary(slot, a, b);
  ds_spec spec;
  if (native_spec(a, &spec) < 0) return NULL;
  int kind = kind_of(spec.dtype);
  if (b == Py_None && (kind == 3 || (operation != Py_EQ && operation != Py_NE))) return not_implemented();
  if (b == Py_None) return everywhere(a, operation == Py_NE);
  int cpu = spec.device.type == DS_DEVICE_CPU; /* where a tensor of ours can take part */
  if (is_int && kind <= 1) {
    int side = beyond(spec.dtype, b);
    if (side) return everywhere(a, operation == Py_NE || (side > 0 ? operation <= Py_LE : operation >= Py_GT));
    if (spec.dtype == DS_U64 && cpu && beyond(DS_I64, b)) return compare_in(DS_U64, slot, a, b);
  } else if (!is_int && kind == 1 && cpu) {
    return compare_in(DS_F64, slot, a, b);
  } else if (is_int && beyond(DS_I64, b)) {
    PyObject* number = PyNumber_Float(b);
    PyObject* result = number ? binary(slot, a, number) : NULL;
    Py_XDECREF(number);
    return result;
  }
  return binary(slot, a, b);
}

#define BINARY(name, slot)                                                       \
  static PyObject* name(PyObject* a, PyObject* b) { return binary(slot, a, b); } \
  static PyObject* inplace_##name(PyObject* a, PyObject* b) { return in_place(slot, a, b); }
BINARY(add, SLOT_ADD)
BINARY(subtract, SLOT_SUBTRACT)
BINARY(multiply, SLOT_MULTIPLY)
BINARY(true_divide, SLOT_TRUE_DIVIDE)
BINARY(floor_divide, SLOT_FLOOR_DIVIDE)
BINARY(remainder_, SLOT_REMAINDER)
BINARY(and_, SLOT_AND)
BINARY(or_, SLOT_OR)
BINARY(xor_, SLOT_XOR)
BINARY(lshift, SLOT_LSHIFT)
BINARY(rshift, SLOT_RSHIFT)
BINARY(matmul, SLOT_MATMUL)

/* As NumPy: integers to a negative Python int. 1: fine; 0: an error is set. */
static int power_fits(PyObject* a, PyObject* b) {
  int over = 0;
  if (!native_is_tensor(a) || !PyLong_CheckExact(b)) return 1;
  long long exponent = PyLong_AsLongLongAndOverflow(b, &over);
  if (over > 0 || (!over && exponent >= 0)) return 1;
  ds_spec spec;
  if (native_spec(a, &spec) < 0) return 0;
  if (kind_of(spec.dtype) > 1) return 1;
  native_refuse(DS_INVALID_ARGUMENT, "integers to negative integer powers are not allowed");
  return 0;
}

static PyObject* power(PyObject* a, PyObject* b, PyObject* modulus) {
  if (modulus != Py_None) return not_implemented();
  return power_fits(a, b) ? binary(SLOT_POWER, a, b) : NULL;
}
static PyObject* inplace_power(PyObject* a, PyObject* b, PyObject* modulus) {
  if (modulus != Py_None) return not_implemented();
  return power_fits(a, b) ? in_place(SLOT_POWER, a, b) : NULL;
}
static PyObject* negative(PyObject* a) { return unary(SLOT_NEGATIVE, a); }
PyObject* native_copy(PyObject* a) { return unary(SLOT_POSITIVE, a); }
static PyObject* absolute(PyObject* a) { return unary(SLOT_ABSOLUTE, a); }

static int item(PyObject* self, ds_value* value) {
  int32_t status;
  uint64_t location = native_location();
  ds_handle handle = TENSOR(self)->handle;
  NATIVE_EVALUATE(status, ds_tensor_item(native.context, handle, location, value));
  return native_check(status);
}

static int elements(PyObject* self, int64_t* count, ds_spec* spec) {
  if (native_spec(self, spec) < 0) return -1;
  *count = 1;
  for (int32_t i = 0; i < spec->rank; ++i) *count *= spec->shape[i];
  return 0;
}

static int truth(PyObject* self) {
  ds_spec spec;
  int64_t count;
  ds_value value;
  if (elements(self, &count, &spec) < 0) return -1;
  if (count != 1) {
    PyErr_Format(PyExc_ValueError, "the truth value of a tensor with %lld elements is ambiguous; use any() or all()",
                 (long long)count);
    return -1;
  }
  if (item(self, &value) < 0) return -1;
  if (value.tag == DS_FLOAT) return value.u.f != 0;
  if (value.tag == DS_FLOATS) return value.u.fs[0] != 0 || value.u.fs[1] != 0;
  return value.u.i != 0;
}

/* float(x), int(x): tensors of one element, as NumPy arrays. */
static PyObject* scalar_of(PyObject* self, const char* what) {
  ds_spec spec;
  int64_t count;
  ds_value value;
  if (elements(self, &count, &spec) < 0) return NULL;
  if (count != 1)
    return PyErr_Format(PyExc_TypeError, "only tensors with one element convert to %s, this one has %lld", what,
                        (long long)count);
  return item(self, &value) < 0 ? NULL : native_scalar(&value);
}

static PyObject* to_float(PyObject* self) {
  PyObject* number = scalar_of(self, "float");
  PyObject* result = number ? PyNumber_Float(number) : NULL;
  Py_XDECREF(number);
  return result;
}

static PyObject* to_int(PyObject* self) {
  PyObject* number = scalar_of(self, "int");
  PyObject* result = number ? PyNumber_Long(number) : NULL;
  Py_XDECREF(number);
  return result;
}

static PyObject* to_index(PyObject* self) {
  ds_spec spec;
  if (native_spec(self, &spec) < 0) return NULL;
  uint32_t code = DS_DTYPE_CODE(spec.dtype);
  if (spec.rank != 0 || (code != DS_CODE_INT && code != DS_CODE_UINT)) {
    PyErr_SetString(PyExc_TypeError, "only 0-d integer tensors can be used as an index");
    return NULL;
  }
  return to_int(self);
}

PyType_Slot native_number_slots[] = {{Py_nb_add, add},
                                     {Py_nb_inplace_add, inplace_add},
                                     {Py_nb_subtract, subtract},
                                     {Py_nb_inplace_subtract, inplace_subtract},
                                     {Py_nb_multiply, multiply},
                                     {Py_nb_inplace_multiply, inplace_multiply},
                                     {Py_nb_true_divide, true_divide},
                                     {Py_nb_inplace_true_divide, inplace_true_divide},
                                     {Py_nb_floor_divide, floor_divide},
                                     {Py_nb_inplace_floor_divide, inplace_floor_divide},
                                     {Py_nb_remainder, remainder_},
                                     {Py_nb_inplace_remainder, inplace_remainder_},
                                     {Py_nb_power, power},
                                     {Py_nb_inplace_power, inplace_power},
                                     {Py_nb_and, and_},
                                     {Py_nb_inplace_and, inplace_and_},
                                     {Py_nb_or, or_},
                                     {Py_nb_inplace_or, inplace_or_},
                                     {Py_nb_xor, xor_},
                                     {Py_nb_inplace_xor, inplace_xor_},
                                     {Py_nb_lshift, lshift},
                                     {Py_nb_inplace_lshift, inplace_lshift},
                                     {Py_nb_rshift, rshift},
                                     {Py_nb_inplace_rshift, inplace_rshift},
                                     {Py_nb_matrix_multiply, matmul},
                                     {Py_nb_inplace_matrix_multiply, inplace_matmul},
                                     {Py_nb_negative, negative},
                                     {Py_nb_positive, native_copy},
                                     {Py_nb_absolute, absolute},
                                     {Py_nb_bool, truth},
                                     {Py_nb_float, to_float},
                                     {Py_nb_int, to_int},
                                     {Py_nb_index, to_index},
                                     {0, NULL}};
