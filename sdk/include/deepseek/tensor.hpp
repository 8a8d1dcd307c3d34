// tensor.hpp: reading and writing the memory of a cpu ds_tensor of any strides.
#pragma once
#include "deepseek/shape.hpp"

namespace ds {

inline ds_dtype dtype_of(const ds_tensor& t) { return from_dl(t.dl.dtype); }
inline Shape shape_of(const ds_tensor& t) { return {t.dl.shape, t.dl.ndim}; }
inline Shape strides_of(const ds_tensor& t) { return {t.dl.strides, t.dl.ndim}; }
inline char* memory_of(const ds_tensor& t) { return static_cast<char*>(t.dl.data) + t.dl.byte_offset; }

// Runs an index through a shape in C order and keeps, for each of n operands, where its element lies.
//   for (Walk walk(shape, {a_strides, b_strides}); walk; ++walk) out[walk[0]] = in[walk[1]];
template <int n>
class Walk {
 public:
  Walk(const Shape& shape, const Shape (&strides)[n]) : shape_(shape), left_(element_count(shape)) {
    for (int k = 0; k < n; ++k) {
      strides_[k] = strides[k];
      at_[k] = 0;
    }
    index_ = Shape::filled(shape.rank(), 0);
  }
  explicit operator bool() const { return left_ > 0; }
  int64_t operator[](int operand) const { return at_[operand]; }
  const Shape& index() const { return index_; }
  void operator++() {
    --left_;
    for (int64_t axis = shape_.rank() - 1; axis >= 0; --axis) {
      for (int k = 0; k < n; ++k) at_[k] += strides_[k][axis];
      if (++index_[axis] < shape_[axis]) return;
      for (int k = 0; k < n; ++k) at_[k] -= strides_[k][axis] * shape_[axis];
      index_[axis] = 0;
    }
  }

 private:
  Shape shape_, strides_[n], index_;
  int64_t at_[n];
  int64_t left_;
};
template <int n>
Walk(const Shape&, const Shape (&)[n]) -> Walk<n>;

// Elements of type T at any strides.
template <class T>
class View {
 public:
  View(T* data, const Shape& shape, const Shape& strides)
      : data_(data), shape_(shape), strides_(strides), size_(element_count(shape)) {}
  explicit View(const ds_tensor& t) : View(reinterpret_cast<T*>(memory_of(t)), shape_of(t), strides_of(t)) {}

  T* data() const { return data_; }
  int64_t rank() const { return shape_.rank(); }
  int64_t size() const { return size_; }
  const Shape& shape() const { return shape_; }
  const Shape& strides() const { return strides_; }
  int64_t shape(int64_t axis) const { return shape_[axis]; }

  // v(i, j, k): as many indices as axes.
  template <class... I>
  T& operator()(I... index) const {
    int64_t offset = 0, axis = 0;
    ((offset += int64_t(index) * strides_[axis++]), ...);
    return data_[offset];
  }
  T& at(const Shape& index) const {
    int64_t offset = 0;
    for (int64_t axis = 0; axis < index.rank(); ++axis) offset += index[axis] * strides_[axis];
    return data_[offset];
  }
  // The element of that number in C order.
  T& operator[](int64_t number) const {
    int64_t offset = 0;
    for (int64_t axis = rank() - 1; axis >= 0; --axis) {
      offset += number % shape_[axis] * strides_[axis];
      number /= shape_[axis];
    }
    return data_[offset];
  }
  // The last `axes` axes at that place of the leading ones, counted in C order.
  View tail(int64_t number, int64_t axes) const {
    int64_t offset = 0, lead = rank() - axes;
    for (int64_t axis = lead - 1; axis >= 0; --axis) {
      offset += number % shape_[axis] * strides_[axis];
      number /= shape_[axis];
    }
    return View(data_ + offset, shape_.slice(lead, rank()), strides_.slice(lead, rank()));
  }
  // Read as a larger shape, NumPy's broadcasting.
  View broadcast(const Shape& wide) const { return View(data_, wide, broadcast_strides(shape_, strides_, wide)); }
  // The axis comes last; the others keep their order.
  View last(int64_t axis) const {
    Shape shape = shape_, strides = strides_;
    shape.erase(axis);
    strides.erase(axis);
    shape.push_back(shape_[axis]);
    strides.push_back(strides_[axis]);
    return View(data_, shape, strides);
  }

 private:
  T* data_;
  Shape shape_, strides_;
  int64_t size_;
};

}  // namespace ds
