// view_spec.h: what read_view, write_view and add_view share: the elements offset + sum(index * stride) of dense
// memory.
#pragma once
#include <deepseek/operator.hpp>

namespace ds {

struct ViewSpec {
  int64_t offset;
  Shape shape, strides;

  explicit ViewSpec(const Attributes& call)
      : offset(call.attr<int64_t>("offset")), shape(call.attr<Shape>("shape")), strides(call.attr<Shape>("strides")) {
    // An axis of size 1 has no stride.
    for (int64_t i = 0; i < std::min(shape.rank(), strides.rank()); ++i)
      if (shape[i] == 1) strides[i] = 0;
  }

  // Fails: DS_OUT_OF_RANGE when an element lies outside of `count` elements.
  void check(int64_t count) const {
    DS_REQUIRE_AS(DS_INVALID_ARGUMENT, shape.rank() == strides.rank(), "view shape ", shape, " and strides ", strides,
                  " differ in rank");
    for (int64_t dim : shape) DS_REQUIRE_AS(DS_INVALID_ARGUMENT, dim >= 0, "view shape ", shape, " is negative");
    if (element_count(shape) == 0) return;
    int64_t low = offset, high = offset, reach;
    bool fits = true;
    for (int64_t i = 0; i < shape.rank(); ++i)
      fits = fits && !__builtin_mul_overflow(shape[i] - 1, strides[i], &reach) &&
             !__builtin_add_overflow(reach < 0 ? low : high, reach, reach < 0 ? &low : &high);
    DS_REQUIRE_AS(DS_OUT_OF_RANGE, fits && low >= 0 && high < count, "a view of shape ", shape, ", strides ", strides,
                  " and offset ", offset, " leaves ", count, " elements");
  }

  // Axes by the length of their strides, longest first.
  Shape by_stride() const {
    Shape axes;
    for (int64_t i = 0; i < shape.rank(); ++i) axes.push_back(i);
    std::stable_sort(axes.begin(), axes.end(),
                     [&](int64_t a, int64_t b) { return std::abs(strides[a]) > std::abs(strides[b]); });
    return axes;
  }
  // No element twice: every stride is longer than all shorter ones reach. False may also mean unknown.
  bool injective() const {
    int64_t reach = 0;
    Shape axes = by_stride();
    for (int64_t i = axes.rank(); i-- > 0;) {
      int64_t axis = axes[i];
      if (shape[axis] == 1) continue;
      if (std::abs(strides[axis]) <= reach) return false;
      reach += (shape[axis] - 1) * std::abs(strides[axis]);
    }
    return true;
  }
};

// Elements of a tensor by their number in C order.
template <class T>
class Flat {
 public:
  explicit Flat(const ds_tensor& t) : view_(t), dense_(t.flags & DS_TENSOR_DENSE) {}
  T& operator[](int64_t number) const { return dense_ ? view_.data()[number] : view_[number]; }
  int64_t size() const { return view_.size(); }

 private:
  View<T> view_;
  bool dense_;
};

inline Node read_view(const Node& x, int64_t offset, const Shape& shape, const Shape& strides) {
  return x.builder().call("@read_view", {x}, {{"offset", offset}, {"shape", shape}, {"strides", strides}});
}
inline Node write_view(const Node& x, const Node& value, const ViewSpec& v) {
  return x.builder().call("@write_view", {x, value},
                          {{"offset", v.offset}, {"shape", v.shape}, {"strides", v.strides}});
}

}  // namespace ds
