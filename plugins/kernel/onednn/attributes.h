// attributes.h: attributes of conv and pool nodes in schema order, as oneDNN wants them.
#pragma once
#include "session.h"

namespace ds::onednn {

inline Dims ints(const ds_node& node, uint32_t i) {
  if (i >= node.attribute_count || node.attributes[i].tag != DS_INTS) throw Unsupported("a list attribute is missing");
  return {node.attributes[i].u.is, node.attributes[i].u.is + node.attributes[i].count};
}
inline int64_t integer(const ds_node& node, uint32_t i) {
  if (i >= node.attribute_count || (node.attributes[i].tag != DS_INT && node.attributes[i].tag != DS_FLAG))
    throw Unsupported("an attribute is missing");
  return node.attributes[i].u.i;
}
inline double number(const ds_node& node, uint32_t i) {
  if (i >= node.attribute_count || node.attributes[i].tag != DS_FLOAT) throw Unsupported("an attribute is missing");
  return node.attributes[i].u.f;
}

// One value for both axes, or two, or none for the fallback.
inline Dims pair_of(Dims given, const Dims& fallback) {
  if (given.empty()) return fallback;
  if (given.size() == 1) given.push_back(given[0]);
  if (given.size() != 2) throw Unsupported("one or two values were expected");
  return given;
}

// A window over the last two axes: padding is [both], [h, w] or [top, left, bottom, right].
struct Window {
  Dims kernel, stride, dilation, begin, end;  // dilation as oneDNN counts it: 0 = none

  Window(const Dims& kernel, const Dims& stride, const Dims& dilation, Dims padding)
      : kernel(kernel), stride(stride), dilation{dilation[0] - 1, dilation[1] - 1} {
    if (padding.size() <= 2) {
      padding = pair_of(padding, {0, 0});
      padding.insert(padding.end(), padding.begin(), padding.begin() + 2);
    }
    begin = {padding[0], padding[1]};
    end = {padding[2], padding[3]};
  }
  // Padding at the end that makes positions of the last windows exact, also where they hang over.
  Window fitted(const Dims& image, const Dims& positions) const {
    Window w = *this;
    for (size_t d = 0; d < 2; ++d) {
      int64_t reach = (dilation[d] + 1) * (kernel[d] - 1) + 1;
      w.end[d] = (positions[d] - 1) * stride[d] + reach - image[d] - begin[d];
    }
    return w;
  }
};

}  // namespace ds::onednn
