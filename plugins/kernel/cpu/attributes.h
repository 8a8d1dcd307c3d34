// attributes.h: attributes of a node in schema order, with what they mean where a kernel expects them.
#pragma once
#include <vector>

#include "deepseek/kernel.hpp"

namespace ds::cpu {

inline const ds_value& attribute(const ds_node& node, uint32_t i) {
  if (i >= node.attribute_count) throw Unsupported("an attribute is missing");
  return node.attributes[i];
}
inline int64_t int_attribute(const ds_node& node, uint32_t i) {
  const ds_value& v = attribute(node, i);
  if (v.tag != DS_INT && v.tag != DS_FLAG && v.tag != DS_TYPE) throw Unsupported("an attribute is not an integer");
  return v.u.i;
}
inline double float_attribute(const ds_node& node, uint32_t i) {
  const ds_value& v = attribute(node, i);
  if (v.tag == DS_FLOAT) return v.u.f;
  return double(int_attribute(node, i));
}
inline std::vector<int64_t> ints_attribute(const ds_node& node, uint32_t i) {
  const ds_value& v = attribute(node, i);
  if (v.tag != DS_INTS) throw Unsupported("an attribute is not a list of integers");
  return {v.u.is, v.u.is + v.count};
}

// Whether the node can be bound by Row; what a constructor throws decides.
template <class Row>
bool binds(const ds_node& node) {
  try {
    Row row(node);
    return true;
  } catch (const Unsupported&) {
    return false;
  }
}

}  // namespace ds::cpu
