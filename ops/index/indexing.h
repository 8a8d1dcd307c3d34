// indexing.h: integer tensors as indices: read in any integer dtype, negative ones counted from the end, checked.
#pragma once
#include <deepseek/operator.hpp>

namespace ds {

// Element number k (C order) of an integer tensor. Fails: DS_OUT_OF_RANGE naming the index and the extent.
class IndexReader {
 public:
  explicit IndexReader(const ds_tensor& t)
      : memory_(memory_of(t)), type_(expr_type(dtype_of(t))), size_(byte_size(dtype_of(t))) {}
  // offset: in elements.
  int64_t operator()(int64_t offset, int64_t extent, int64_t axis) const {
    int64_t index = expr::load(memory_ + offset * size_, type_).i;
    DS_REQUIRE_AS(DS_OUT_OF_RANGE, index >= -extent && index < extent, "index ", index, " is out of bounds for axis ",
                  axis, " with size ", extent);
    return index < 0 ? index + extent : index;
  }

 private:
  const char* memory_;
  uint8_t type_;
  int64_t size_;
};

// x[indices] over `axes` (NumPy's advanced indexing): the index tensors broadcast together; their shape stands where
// the axes were if these are neighbours in order, else in front of all others.
struct Advanced {
  Shape axes, others, index;  // others: axes of x that stay whole; index: the broadcast shape
  int64_t place = 0;          // of the index axes in the result

  // first: number of the first index among the inputs. shapes: of x and of each index.
  Advanced(const Shape& x, const Shape& asked, const std::vector<Shape>& shapes) {
    DS_REQUIRE_AS(DS_INVALID_ARGUMENT, !shapes.empty() && asked.rank() == int64_t(shapes.size()), "axes ", asked,
                  " for ", shapes.size(), " index tensors");
    axes = normalize_axes(asked, x.rank());
    bool together = true;
    for (int64_t i = 1; i < axes.rank(); ++i) together = together && axes[i] == axes[i - 1] + 1;
    for (const Shape& shape : shapes) index = broadcast_shapes(index, shape);
    for (int64_t i = 0; i < x.rank(); ++i)
      if (!axes.contains(i)) others.push_back(i);
    place = together ? axes[0] : 0;
  }

  // Something per axis of x (extents or strides) with `middle` for the index axes, in the order of the result.
  Shape arrange(const Shape& per_axis, const Shape& middle) const {
    Shape result;
    for (int64_t k = 0; k <= others.rank(); ++k) {
      if (k == place) result = result + middle;
      if (k < others.rank()) result.push_back(per_axis[others[k]]);
    }
    return result;
  }
  Shape result_shape(const Shape& x) const { return arrange(x, index); }
};

// Where the elements of the result of an advanced indexing lie in x: calls f(offset in x, walk's other operand).
template <class F>
void each_indexed(const Advanced& a, const ds_tensor& x, std::span<const ds_tensor* const> indices,
                  const Shape& other_strides, F&& f) {
  Shape extents = shape_of(x), strides = strides_of(x), dense = dense_strides(a.index);
  // The index part of the offset, once per element of the broadcast indices.
  std::vector<int64_t> offsets(size_t(element_count(a.index)), 0);
  for (size_t i = 0; i < indices.size(); ++i) {
    IndexReader read(*indices[i]);
    int64_t axis = a.axes[int64_t(i)], k = 0;
    for (Walk at(a.index, {broadcast_strides(shape_of(*indices[i]), strides_of(*indices[i]), a.index)}); at; ++at)
      offsets[size_t(k++)] += read(at[0], extents[axis], axis) * strides[axis];
  }
  Shape none = Shape::filled(a.index.rank(), 0);
  Shape zeros = Shape::filled(extents.rank(), 0);
  for (Walk at(a.result_shape(extents), {a.arrange(strides, none), a.arrange(zeros, dense), other_strides}); at; ++at)
    f(at[0] + offsets[size_t(at[1])], at[2]);
}

template <class Call>  // Infer or Run
std::vector<Shape> index_shapes(const Call& call, uint32_t first) {
  std::vector<Shape> shapes;
  for (uint32_t k = first; k < call.inputs(); ++k) shapes.push_back(call.shape(k));
  return shapes;
}

// The axis of take_along_axis and scatter_add, whose tensors must have one rank.
inline int64_t along_axis(const Shape& x, const Shape& index, int64_t axis) {
  DS_REQUIRE(x.rank() == index.rank(), "index ", index, " and x ", x, " differ in rank");
  return normalize_axis(axis, x.rank());
}

}  // namespace ds
