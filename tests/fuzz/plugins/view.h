// view.h: the three attributes of read_view and write_view, for passes and kernels that get them wrong.
#pragma once
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "deepseek/kernel.hpp"

namespace ds::fuzz {

struct View {
  int64_t offset = 0;
  std::vector<int64_t> shape, strides;

  View(const ds_spec& spec, std::vector<int64_t> s)
      : shape(spec.shape, spec.shape + spec.rank), strides(std::move(s)) {}
  explicit View(std::span<const ds_value> attributes)
      : offset(attributes[0].u.i), shape(list(attributes[1])), strides(list(attributes[2])) {}

  static std::vector<int64_t> list(const ds_value& v) { return {v.u.is, v.u.is + v.count}; }

  int64_t size() const {
    int64_t n = 1;
    for (int64_t extent : shape) n *= extent;
    return n;
  }
  // f(position) for every element in C order.
  template <class F>
  void walk(F&& f) const {
    std::vector<int64_t> index(shape.size());
    for (int64_t n = 0, count = size(); n < count; ++n) {
      int64_t at = offset;
      for (size_t d = 0; d < shape.size(); ++d) at += index[d] * strides[d];
      f(at);
      for (size_t d = shape.size(); d-- > 0 && ++index[d] == shape[d];) index[d] = 0;
    }
  }
  // The elements as if they were dense, unless that would leave the memory: crashes are not what is looked for.
  void pretend_dense() {
    int64_t reach = 1, step = 1;
    for (size_t d = 0; d < shape.size(); ++d) {
      if (strides[d] < 0) return;
      reach += strides[d] * (shape[d] - 1);
    }
    if (reach < size()) return;
    for (size_t d = shape.size(); d-- > 0; step *= shape[d]) strides[d] = step;
  }
};

}  // namespace ds::fuzz
