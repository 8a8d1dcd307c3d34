/* indexing.c: basic indexing (ints, slices, None, Ellipsis) is one strided view, an element by ints a copy; arrays and
 * masks go to Python. */
#include "native.h"

typedef struct {
  ds_view_spec from, to;
  int axis; /* of from, next to be used */
} view_builder;

static int too_many(view_builder* b, Py_ssize_t given) {
  PyErr_Format(PyExc_IndexError, "too many indices: the tensor is %d-dimensional, but %zd were indexed",
               (int)b->from.rank, given);
  return -1;
}

static int push(view_builder* b, int64_t extent, int64_t stride) {
  if (b->to.rank == DS_MAX_RANK) {
    PyErr_Format(PyExc_IndexError, "a tensor has at most %d axes", DS_MAX_RANK);
    return -1;
  }
  b->to.shape[b->to.rank] = extent;
  b->to.strides[b->to.rank++] = stride;
  return 0;
}

static int take_int(view_builder* b, int64_t index) {
  int64_t extent = b->from.shape[b->axis];
  if (index < -extent || index >= extent) {
    PyErr_Format(PyExc_IndexError, "index %lld is out of bounds for axis %d with size %lld", (long long)index, b->axis,
                 (long long)extent);
    return -1;
  }
  b->to.offset += (index < 0 ? index + extent : index) * b->from.strides[b->axis];
  ++b->axis;
  return 0;
}

static int take_slice(view_builder* b, PyObject* slice) {
  Py_ssize_t start, stop, step;
  if (PySlice_Unpack(slice, &start, &stop, &step) < 0) return -1;
  int64_t stride = b->from.strides[b->axis];
  Py_ssize_t count = PySlice_AdjustIndices((Py_ssize_t)b->from.shape[b->axis], &start, &stop, step);
  if (count > 0) b->to.offset += start * stride;
  ++b->axis;
  return push(b, count, count > 1 ? stride * step : stride);
}

static int take_rest(view_builder* b, int until) {
  for (; b->axis < until; ++b->axis)
    if (push(b, b->from.shape[b->axis], b->from.strides[b->axis]) < 0) return -1;
  return 0;
}

static int is_int(PyObject* key) { return PyLong_Check(key) && !PyBool_Check(key); }

static int is_basic(PyObject* key) { return is_int(key) || PySlice_Check(key) || key == Py_None || key == Py_Ellipsis; }

/* 1: *view is what the key selects; 0: not a basic key; -1: error. */
static int basic_view(PyObject* self, PyObject* key, ds_view_spec* view) {
  int tuple = PyTuple_Check(key);
  Py_ssize_t count = tuple ? PyTuple_Size(key) : 1, used = 0, dots = 0;
  for (Py_ssize_t i = 0; i < count; ++i) {
    PyObject* part = tuple ? PyTuple_GetItem(key, i) : key;
    if (!is_basic(part)) return 0;
    dots += part == Py_Ellipsis;
    used += part != Py_None && part != Py_Ellipsis;
  }
  if (dots > 1) {
    PyErr_SetString(PyExc_IndexError, "an index can only have a single ellipsis ('...')");
    return -1;
  }
  view_builder b = {.axis = 0};
  if (native_check(ds_tensor_layout(native.context, TENSOR(self)->handle, &b.from)) < 0) return -1;
  if (used > b.from.rank) return too_many(&b, used);
  b.to.offset = b.from.offset;
  b.to.dtype = b.from.dtype;
  for (Py_ssize_t i = 0; i < count; ++i) {
    PyObject* part = tuple ? PyTuple_GetItem(key, i) : key;
    int bad = 0;
    if (part == Py_None) {
      bad = push(&b, 1, 0);
    } else if (part == Py_Ellipsis) {
      bad = take_rest(&b, b.axis + b.from.rank - (int)used);
    } else if (PySlice_Check(part)) {
      bad = take_slice(&b, part);
    } else {
      long long index = PyLong_AsLongLong(part);
      if (index == -1 && PyErr_Occurred()) {
        PyErr_Clear();
        PyErr_Format(PyExc_IndexError, "index %S is out of bounds for axis %d with size %lld", part, b.axis,
                     (long long)b.from.shape[b.axis]);
        return -1;
      }
      bad = take_int(&b, index);
    }
    if (bad < 0) return -1;
  }
  if (take_rest(&b, b.from.rank) < 0) return -1;
  *view = b.to;
  return 1;
}

static int32_t record_view(PyObject* self, const ds_view_spec* view, ds_handle* out) {
  return ds_tensor_as_strided(native.context, TENSOR(self)->handle, view->offset, view->rank, view->shape,
                              view->strides, native_location(), out);
}

static int has_ellipsis(PyObject* key) {
  if (!PyTuple_Check(key)) return key == Py_Ellipsis;
  int found = 0;
  for (Py_ssize_t i = 0; i < PyTuple_Size(key); ++i) found |= PyTuple_GetItem(key, i) == Py_Ellipsis;
  return found;
}

/* One element selected by integers only is a copy, as NumPy's scalars are; everything else is a view. */
PyObject* native_subscript(PyObject* self, PyObject* key) {
  ds_view_spec view;
  int basic = basic_view(self, key, &view);
  if (basic < 0) return NULL;
  if (!basic) return PyObject_CallFunctionObjArgs(native.index_get, self, key, NULL);
  ds_handle out = 0;
  native_drain_if_full();
  int32_t status = record_view(self, &view, &out);
  PyObject* part = status == DS_OK ? native_new(out) : native_raise(status);
  if (!part || view.rank > 0 || has_ellipsis(key)) return part;
  PyObject* element = native_copy(part);
  Py_DECREF(part);
  return element;
}

/* x[i] for iteration; the index is never negative here. */
PyObject* native_item_at(PyObject* self, Py_ssize_t index) {
  PyObject* key = PyLong_FromSsize_t(index);
  PyObject* result = key ? native_subscript(self, key) : NULL;
  Py_XDECREF(key);
  return result;
}

/* A float that an integer target cannot hold: -1 with an error set. */
static int check_float(ds_handle target, const ds_value* value) {
  ds_spec spec;
  if (value->tag != DS_FLOAT) return 0;
  if (native_check(ds_tensor_spec(native.context, target, &spec)) < 0) return -1;
  int bits = (int)DS_DTYPE_BITS(spec.dtype), is_signed = DS_DTYPE_CODE(spec.dtype) == DS_CODE_INT;
  if (!is_signed && DS_DTYPE_CODE(spec.dtype) != DS_CODE_UINT) return 0;
  double x = value->u.f, half = (double)(UINT64_C(1) << (bits - 1));
  double low = is_signed ? -half : 0, high = is_signed ? half : 2 * half;
  if (x != x) return native_refuse(DS_INVALID_ARGUMENT, "NaN is no integer");
  if (x >= high || (bits < 64 || !is_signed ? x <= low - 1 : x < low))
    return native_refuse(DS_OVERFLOW, "a float does not fit in the integers it is written to");
  return 0;
}

static int assign_value(ds_handle target, PyObject* value) {
  ds_value packed;
  PyObject* keep;
  int known = native_input(value, &packed, &keep);
  if (known == 0) PyErr_Format(PyExc_TypeError, "cannot write %R into a tensor", value);
  if (known <= 0) return -1;
  native_drain_if_full();
  int status = check_float(target, &packed);
  if (status == 0) status = native_check(ds_assign(native.context, target, &packed, native_location()));
  Py_XDECREF(keep);
  return status;
}

int native_assign_subscript(PyObject* self, PyObject* key, PyObject* value) {
  if (!value) {
    PyErr_SetString(PyExc_TypeError, "elements of a tensor cannot be deleted");
    return -1;
  }
  ds_view_spec view;
  int basic = basic_view(self, key, &view);
  if (basic < 0) return -1;
  if (!basic) {
    PyObject* done = PyObject_CallFunctionObjArgs(native.index_set, self, key, value, NULL);
    Py_XDECREF(done);
    return done ? 0 : -1;
  }
  ds_handle target = 0;
  if (native_check(record_view(self, &view, &target)) < 0) return -1;
  int status = assign_value(target, value);
  native_queue(target);
  return status;
}

/* assign(tensor, value): writes through the storage. */
PyObject* native_assign(PyObject* module, PyObject* args) {
  (void)module;
  PyObject *target, *value;
  if (!PyArg_ParseTuple(args, "O!O", native.base, &target, &value)) return NULL;
  if (assign_value(TENSOR(target)->handle, value) < 0) return NULL;
  Py_RETURN_NONE;
}

/* strided(tensor, offset, shape, strides), in elements of the storage. */
PyObject* native_strided(PyObject* module, PyObject* args) {
  (void)module;
  PyObject *self, *shape, *strides;
  ds_view_spec view = {.rank = 0};
  long long offset;
  if (!PyArg_ParseTuple(args, "O!LO!O!", native.base, &self, &offset, &PyTuple_Type, &shape, &PyTuple_Type, &strides))
    return NULL;
  Py_ssize_t rank = PyTuple_Size(shape);
  if (rank != PyTuple_Size(strides) || rank > DS_MAX_RANK) {
    PyErr_SetString(PyExc_ValueError, "shape and strides need the same number of axes, at most 16");
    return NULL;
  }
  view.offset = offset;
  view.rank = (int32_t)rank;
  for (Py_ssize_t i = 0; i < rank; ++i) {
    view.shape[i] = PyLong_AsLongLong(PyTuple_GetItem(shape, i));
    view.strides[i] = PyLong_AsLongLong(PyTuple_GetItem(strides, i));
  }
  if (PyErr_Occurred()) return NULL;
  ds_handle out = 0;
  int32_t status = record_view(self, &view, &out);
  return status == DS_OK ? native_new(out) : native_raise(status);
}
