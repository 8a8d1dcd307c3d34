// window.h: how a window slides over the last two axes of an image batch [n, channels, height, width].
#pragma once
#include <deepseek/operator.hpp>
#include <vector>

namespace ds::conv {

struct Axis {
  int64_t size, kernel, stride, begin, end, dilation;  // begin, end: padding
  int64_t reach() const { return dilation * (kernel - 1) + 1; }
  int64_t padded() const { return size + begin + end; }
  // Positions of the window; with ceil one more that hangs over the end, if it begins inside.
  int64_t positions(bool ceil = false) const {
    const int64_t room = padded() - reach();
    int64_t count = (ceil ? room + stride - 1 : room) / stride + 1;
    if (ceil && (count - 1) * stride >= size + begin) --count;
    return count;
  }
  // Input coordinate of tap k of the window at position i; outside of [0, size) it is padding.
  int64_t at(int64_t i, int64_t k) const { return i * stride - begin + k * dilation; }
  bool inside(int64_t coordinate) const { return coordinate >= 0 && coordinate < size; }
};

// Two values from an attribute of one, two or no value (then the fallback).
inline Shape pair_of(const Attributes& a, std::string_view name, const Shape& fallback) {
  const Shape given = a.attr<Shape>(name);
  DS_REQUIRE_AS(DS_INVALID_ARGUMENT, given.rank() <= 2, name, " takes one or two values, got ", given);
  return given.empty() ? fallback : given.rank() == 1 ? Shape{given[0], given[0]} : given;
}

struct Window {
  Axis y, x;

  // padding: one value, [height, width], or [top, left, bottom, right].
  Window(const Attributes& a, const Shape& image, const Shape& kernel, const Shape& stride, const Shape& dilation) {
    Shape padding = a.attr<Shape>("padding");
    if (padding.rank() <= 2) {
      padding = pair_of(a, "padding", {0, 0});
      padding = padding + padding;
    }
    DS_REQUIRE_AS(DS_INVALID_ARGUMENT, padding.rank() == 4, "padding takes one, two or four values, got ", padding);
    for (int64_t value : padding) DS_REQUIRE_AS(DS_INVALID_ARGUMENT, value >= 0, "padding is negative: ", padding);
    for (const auto& [values, name] : {std::pair(&kernel, "kernel"), {&stride, "stride"}, {&dilation, "dilation"}})
      DS_REQUIRE_AS(DS_INVALID_ARGUMENT, (*values)[0] > 0 && (*values)[1] > 0, name, " is not positive: ", *values);
    y = {image[0], kernel[0], stride[0], padding[0], padding[2], dilation[0]};
    x = {image[1], kernel[1], stride[1], padding[1], padding[3], dilation[1]};
  }

  // Of filters [out, in, height, width], with the attributes of conv2d.
  static Window of_filters(const Attributes& a, const Shape& image, const Shape& w) {
    return {a, image, {w[2], w[3]}, pair_of(a, "stride", {1, 1}), pair_of(a, "dilation", {1, 1})};
  }
  // With the attributes of a pool.
  static Window of_pool(const Attributes& a, const Shape& image, bool dilated) {
    const Shape kernel = pair_of(a, "kernel_size", {});
    DS_REQUIRE_AS(DS_INVALID_ARGUMENT, kernel.rank() == 2, "kernel_size takes one or two values");
    return {a, image, kernel, pair_of(a, "stride", kernel), dilated ? pair_of(a, "dilation", {1, 1}) : Shape{1, 1}};
  }

  // Extents of what the window writes. Fails: DS_SHAPE_MISMATCH when it does not fit once.
  Shape output(bool ceil = false) const {
    DS_REQUIRE(y.padded() >= y.reach() && x.padded() >= x.reach(), "a window of [", y.reach(), ",", x.reach(),
               "] does not fit into the padded image [", y.padded(), ",", x.padded(), "]");
    return {y.positions(ceil), x.positions(ceil)};
  }

  // What a mean at position i, j divides by: with padding what lies inside the padded image, else inside the image.
  double divisor(int64_t i, int64_t j, bool count_padding) const {
    const auto extent = [count_padding](const Axis& axis, int64_t at) {
      const int64_t low = count_padding ? -axis.begin : 0, high = axis.size + (count_padding ? axis.end : 0);
      return std::min(axis.at(at, axis.kernel), high) - std::max(axis.at(at, 0), low);
    };
    return double(extent(y, i) * extent(x, j));
  }

  // f(row, column, kernel row, kernel column) for what lies inside the image under the window at position i, j.
  template <class F>
  void each_tap(int64_t i, int64_t j, F&& f) const {
    for (int64_t k = 0; k < y.kernel; ++k)
      for (int64_t l = 0; l < x.kernel; ++l)
        if (y.inside(y.at(i, k)) && x.inside(x.at(j, l))) f(y.at(i, k), x.at(j, l), k, l);
  }
};

// Sums of four axes in double, for references that scatter.
class Sums {
 public:
  explicit Sums(const Shape& shape)
      : values_(static_cast<size_t>(element_count(shape))), view_(values_.data(), shape, dense_strides(shape)) {}
  double& operator()(int64_t a, int64_t b, int64_t c, int64_t d) { return view_(a, b, c, d); }
  template <class T>
  void store(const View<T>& to) const {
    for (int64_t i = 0; i < to.size(); ++i) to[i] = T(view_[i]);
  }

 private:
  std::vector<double> values_;
  View<double> view_;
};

inline void require_images(const Shape& x) {
  DS_REQUIRE(x.rank() == 4, "images are [n, channels, height, width], got ", x);
}

// Checks ranks and groups of a convolution and answers the groups.
inline int64_t require_filters(const Attributes& a, const Shape& x, const Shape& w) {
  require_images(x);
  DS_REQUIRE(w.rank() == 4, "filters are [out, channels / groups, height, width], got ", w);
  const int64_t groups = a.attr<int64_t>("groups");
  DS_REQUIRE(groups > 0 && w[0] % groups == 0, "groups ", groups, " does not divide the ", w[0], " filters");
  return groups;
}

}  // namespace ds::conv
