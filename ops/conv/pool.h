// pool.h: what the pooling operators share.
#pragma once
#include <limits>

#include "window.h"

namespace ds::conv {

inline Shape pooled(const Attributes& a, const Shape& x, bool dilated) {
  require_images(x);
  const Window window = Window::of_pool(a, {x[2], x[3]}, dilated);
  DS_REQUIRE_AS(DS_INVALID_ARGUMENT,
                window.y.begin < window.y.reach() && window.y.end < window.y.reach() &&
                    window.x.begin < window.x.reach() && window.x.end < window.x.reach(),
                "padding is as large as the window: some would hold nothing else");
  return Shape{x[0], x[1]} + window.output(a.attr<bool>("ceil_mode"));
}

// The attributes of a pool, handed on to its relatives.
inline std::vector<Named> pool_attributes(const Attributes& a, bool is_max) {
  std::vector<Named> named;
  for (const char* name : {"kernel_size", "stride", "padding", "ceil_mode", is_max ? "dilation" : "count_include_pad"})
    named.push_back({name, a.attribute(name)});
  return named;
}

inline Node call_pool(Builder& g, std::string_view op, std::initializer_list<Node> inputs,
                      const std::vector<Named>& attributes) {
  return g.call_many(op, {inputs.begin(), inputs.size()}, attributes, 1)[0];
}

// f(y's element, place of the maximum in x): the first of equals in C order; NaN is larger than all.
template <class Y, class T, class F>
void each_maximum(const Attributes& a, const View<const T>& x, const View<Y>& y, F&& f) {
  const Window window = Window::of_pool(a, {x.shape(2), x.shape(3)}, true);
  for (Walk at(y.shape(), {y.strides()}); at; ++at) {
    const Shape& i = at.index();
    int64_t row = -1, column = -1;
    double best = 0;
    window.each_tap(i[2], i[3], [&](int64_t h, int64_t v, int64_t, int64_t) {
      const double value = double(x(i[0], i[1], h, v));
      if (row < 0 || value > best || (std::isnan(value) && !std::isnan(best))) row = h, column = v, best = value;
    });
    if (row >= 0) f(y.data()[at[0]], i[0], i[1], row, column);
  }
}

// What cell i of `cells` covers of an axis of that size.
struct Cell {
  Cell(int64_t i, int64_t cells, int64_t size) : begin(i * size / cells), end(((i + 1) * size + cells - 1) / cells) {}
  int64_t begin, end;
};

}  // namespace ds::conv
