// shape.hpp: extents and strides of fixed capacity, broadcasting, axes.
#pragma once
#include <algorithm>
#include <initializer_list>

#include "deepseek/dtype.hpp"

namespace ds {

// Up to DS_MAX_RANK numbers: a shape, strides or a list of axes. Negative indices count from the end.
class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<int64_t> dims) { assign(dims.begin(), dims.size()); }
  explicit Shape(std::span<const int64_t> dims) { assign(dims.data(), dims.size()); }
  Shape(const int64_t* dims, int64_t rank) { assign(dims, size_t(rank)); }
  explicit Shape(const ds_spec& spec) { assign(spec.shape, size_t(spec.rank)); }
  explicit Shape(const ds_tensor& t) { assign(t.dl.shape, size_t(t.dl.ndim)); }
  static Shape filled(int64_t rank, int64_t value) {
    Shape s;
    for (int64_t i = 0; i < rank; ++i) s.push_back(value);
    return s;
  }

  int64_t rank() const { return rank_; }
  bool empty() const { return rank_ == 0; }
  int64_t* data() { return dims_; }
  const int64_t* data() const { return dims_; }
  int64_t* begin() { return dims_; }
  int64_t* end() { return dims_ + rank_; }
  const int64_t* begin() const { return dims_; }
  const int64_t* end() const { return dims_ + rank_; }
  int64_t& operator[](int64_t i) { return dims_[i < 0 ? i + rank_ : i]; }
  int64_t operator[](int64_t i) const { return dims_[i < 0 ? i + rank_ : i]; }
  operator std::span<const int64_t>() const { return {dims_, size_t(rank_)}; }
  bool operator==(const Shape& other) const { return std::equal(begin(), end(), other.begin(), other.end()); }

  // Fails: DS_INVALID_ARGUMENT above DS_MAX_RANK.
  void push_back(int64_t dim) {
    DS_REQUIRE_AS(DS_INVALID_ARGUMENT, rank_ < DS_MAX_RANK, "more than ", DS_MAX_RANK, " dimensions");
    dims_[rank_++] = dim;
  }
  void insert(int64_t at, int64_t dim) {
    push_back(dim);
    std::rotate(begin() + at, end() - 1, end());
  }
  void erase(int64_t at) {
    std::copy(begin() + at + 1, end(), begin() + at);
    --rank_;
  }
  // Dims [from, to).
  Shape slice(int64_t from, int64_t to) const { return {dims_ + from, to - from}; }
  Shape operator+(const Shape& tail) const {
    Shape joined = *this;
    for (int64_t dim : tail) joined.push_back(dim);
    return joined;
  }
  bool contains(int64_t dim) const { return std::find(begin(), end(), dim) != end(); }

 private:
  void assign(const int64_t* dims, size_t rank) {
    DS_REQUIRE_AS(DS_INVALID_ARGUMENT, rank <= DS_MAX_RANK, "more than ", DS_MAX_RANK, " dimensions");
    std::copy(dims, dims + rank, dims_);
    rank_ = int64_t(rank);
  }
  int64_t dims_[DS_MAX_RANK];
  int64_t rank_ = 0;
};

inline void append(std::string& to, const Shape& shape) { append(to, std::span<const int64_t>(shape)); }
inline void append(std::string& to, const ds_spec& spec) {
  to += dtype_name(spec.dtype);
  append(to, std::span<const int64_t>(spec.shape, size_t(spec.rank)));
}

// Number of elements. Fails: DS_OVERFLOW above 63 bits.
inline int64_t element_count(std::span<const int64_t> shape) {
  int64_t count = 1;
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  for (int64_t dim : shape)
    DS_REQUIRE_AS(DS_OVERFLOW, !__builtin_mul_overflow(count, dim, &count), "the size of ", shape, " overflows");
  return count;
}

inline Shape dense_strides(std::span<const int64_t> shape) {
  Shape strides = Shape::filled(int64_t(shape.size()), 0);
  int64_t step = 1;
  for (int64_t i = strides.rank() - 1; i >= 0; --i) {
    strides[i] = step;
    step *= std::max<int64_t>(shape[size_t(i)], 1);
  }
  return strides;
}

// NumPy's broadcasting; false when the shapes do not fit.
inline bool broadcasts(const Shape& a, const Shape& b, Shape* result) {
  Shape grown = a.rank() >= b.rank() ? a : b;
  const Shape& other = a.rank() >= b.rank() ? b : a;
  for (int64_t i = 1; i <= other.rank(); ++i) {
    if (grown[-i] == 1)
      grown[-i] = other[-i];
    else if (other[-i] != 1 && other[-i] != grown[-i])
      return false;
  }
  *result = grown;
  return true;
}
inline Shape broadcast_shapes(const Shape& a, const Shape& b) {
  Shape result;
  DS_REQUIRE(broadcasts(a, b, &result), "shapes do not broadcast: ", a, ", ", b);
  return result;
}

// Strides with which elements of `shape` are read as `wide`: 0 on broadcast axes.
inline Shape broadcast_strides(std::span<const int64_t> shape, std::span<const int64_t> strides, const Shape& wide) {
  Shape result = Shape::filled(wide.rank(), 0);
  int64_t lead = wide.rank() - int64_t(shape.size());
  for (size_t i = 0; i < shape.size(); ++i)
    if (shape[i] != 1) result[lead + int64_t(i)] = strides[i];
  return result;
}

// Counts negative axes from the end. Fails: DS_OUT_OF_RANGE.
inline int64_t normalize_axis(int64_t axis, int64_t rank) {
  DS_REQUIRE_AS(DS_OUT_OF_RANGE, axis >= -rank && axis < rank, "axis ", axis, " is out of range for rank ", rank);
  return axis < 0 ? axis + rank : axis;
}
// The same for a list; twice the same axis is DS_INVALID_ARGUMENT. The order stays.
inline Shape normalize_axes(std::span<const int64_t> axes, int64_t rank) {
  Shape result;
  for (int64_t axis : axes) {
    int64_t a = normalize_axis(axis, rank);
    DS_REQUIRE_AS(DS_INVALID_ARGUMENT, !result.contains(a), "axis ", axis, " appears twice in ", axes);
    result.push_back(a);
  }
  return result;
}

}  // namespace ds
