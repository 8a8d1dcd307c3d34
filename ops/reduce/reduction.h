// reduction.h: what the operators of this folder share: axes, shapes, and the walk over what is reduced.
#pragma once
#include <deepseek/operator.hpp>

namespace ds {

// Which axes go: the attribute `axis`, where [] means all.
inline Shape reduced_axes(const Attributes& call, int64_t rank) {
  Shape axes = normalize_axes(call.attr<Shape>("axis"), rank);
  if (axes.empty())
    for (int64_t i = 0; i < rank; ++i) axes.push_back(i);
  return axes;
}

inline Shape reduced_shape(const Shape& shape, const Shape& axes, bool keepdims) {
  Shape result;
  for (int64_t i = 0; i < shape.rank(); ++i) {
    if (!axes.contains(i))
      result.push_back(shape[i]);
    else if (keepdims)
      result.push_back(1);
  }
  return result;
}

// The number of elements that become one.
inline int64_t reduced_count(const Shape& shape, const Shape& axes) {
  int64_t count = 1;
  for (int64_t axis : axes) count *= shape[axis];
  return count;
}

inline void infer_reduction(Infer& i, ds_dtype dtype = 0) {
  i.output(0, reduced_shape(i.shape(), reduced_axes(i, i.rank()), i.attr<bool>("keepdims")), dtype);
}

// For reductions without an identity. Fails: DS_INVALID_ARGUMENT when an element would be made of nothing.
inline void require_elements(Infer& i, const Shape& axes) {
  Shape kept = reduced_shape(i.shape(), axes, false);
  DS_REQUIRE_AS(DS_INVALID_ARGUMENT, reduced_count(i.shape(), axes) > 0 || element_count(kept) == 0, i.schema().name,
                " of no elements: shape ", i.shape(), ", axes ", axes);
}

// NumPy's dtype of a sum: i64 of bools and signed, u64 of unsigned integers; floats stay.
inline ds_dtype sum_dtype(ds_dtype d) {
  if (is_bool(d)) return DS_I64;
  return !is_integer(d) ? d : is_unsigned(d) ? DS_U64 : DS_I64;
}

// Calls f(k, walk, data) for output k in C order: data[walk[0]] are the elements it is made of, in C order.
template <class T, class F>
void each_reduction(const ds_tensor& x, const Shape& axes, F&& f) {
  View<const T> v(x);
  Shape outer, outer_strides, inner, inner_strides;
  for (int64_t i = 0; i < v.rank(); ++i) {
    (axes.contains(i) ? inner : outer).push_back(v.shape(i));
    (axes.contains(i) ? inner_strides : outer_strides).push_back(v.strides()[i]);
  }
  int64_t k = 0;
  for (Walk at(outer, {outer_strides}); at; ++at) {
    Walk<1> walk(inner, {inner_strides});
    f(k++, walk, v.data() + at[0]);
  }
}

// Kahan-Babuska-Neumaier: the error of a double sum does not grow with the number of terms.
class ExactSum {
 public:
  void operator+=(double x) {
    double sum = sum_ + x;
    if (std::isfinite(sum)) rest_ += std::fabs(sum_) >= std::fabs(x) ? (sum_ - sum) + x : (x - sum) + sum_;
    sum_ = sum;
  }
  operator double() const { return sum_ + rest_; }

 private:
  double sum_ = 0, rest_ = 0;
};
template <class T>
using sum_of = std::conditional_t<is_float_v<T>, ExactSum, uint64_t>;  // integers wrap

// A gradient that has the reduced shape, made broadcastable against the input.
inline Node with_kept_axes(Gradient& g, const Node& reduced) {
  if (g.attr<bool>("keepdims")) return reduced;
  Shape shape = g.input(0).shape();
  return reshape(reduced, reduced_shape(shape, reduced_axes(g, shape.rank()), true));
}

// The attribute `axis` of argmax and argmin as a list; none = all.
inline Shape one_axis(const Attributes& call, int64_t rank) {
  Shape axes;
  if (call.has("axis")) return {normalize_axis(call.attr<int64_t>("axis"), rank)};
  for (int64_t i = 0; i < rank; ++i) axes.push_back(i);
  return axes;
}

// Gradient of max and min: dy in equal parts to all elements that equal the result.
inline void spread_over_equal(Gradient& g) {
  Node x = g.input(0), y = with_kept_axes(g, g.output()), dy = with_kept_axes(g, g.dy());
  Node hits = cast(g.call("equal", {x, y}), x.dtype());
  Node count = sum(hits, reduced_axes(g, x.rank()), true);
  g.set(0, g.map({hits, count, dy}, [](Expr hits, Expr count, Expr dy) { return hits * (dy / count); }));
}

}  // namespace ds
