// layout.h: extents and strides in bytes, as copies want them.
#pragma once
#include <vector>

#include "deepseek/kernel.hpp"

namespace ds::cpu {

inline std::vector<int64_t> in_bytes(std::vector<int64_t> strides, int64_t size) {
  for (int64_t& s : strides) s *= size;
  return strides;
}
inline std::vector<int64_t> extents_of(const ds_spec& spec) { return {spec.shape, spec.shape + spec.rank}; }
inline std::vector<int64_t> dense_strides(const std::vector<int64_t>& extents, int64_t size) {
  std::vector<int64_t> strides(extents.size());
  for (size_t d = extents.size(); d-- > 0; size *= extents[d]) strides[d] = size;
  return strides;
}
// Whether elements are 1, 2, 4, 8 or 16 whole bytes.
inline bool movable(ds_dtype dtype) {
  int64_t size = item_size(dtype);
  return DS_DTYPE_BITS(dtype) % 8 == 0 && size <= 16 && (size & (size - 1)) == 0;
}

}  // namespace ds::cpu
