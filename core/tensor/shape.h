// Shapes and views: checked sizes, dense strides, printing.
#pragma once
#include <span>
#include <string>

#include "core/base/status.h"
#include "core/tensor/dtype.h"

namespace ds::core {

inline std::span<const int64_t> shape_of(const ds_spec& s) { return {s.shape, size_t(s.rank)}; }
std::string shape_text(std::span<const int64_t> shape);  // "[2,3]"
std::string spec_text(const ds_spec& spec);              // "f32[2,3]"
std::string device_name(const ds_device_id& device);     // "cpu", or "device 1024:0": names are the registry's

// Elements and bytes, or DS_OVERFLOW / DS_INVALID_ARGUMENT for a negative extent, an unknown dtype, a rank too high.
Status check_spec(const ds_spec& spec, uint64_t* elements, uint64_t* nbytes);
inline uint64_t element_count(const ds_spec& spec) {  // of a checked spec
  uint64_t count = 1;
  for (int i = 0; i < spec.rank; ++i) count *= uint64_t(spec.shape[i]);
  return count;
}
inline uint64_t byte_count(const ds_spec& spec) { return element_count(spec) * dtype_size(spec.dtype); }

ds_spec make_spec(ds_dtype dtype, std::span<const int64_t> shape, ds_device_id device);
inline bool same_shape(const ds_spec& a, const ds_spec& b) {
  if (a.rank != b.rank) return false;
  for (int i = 0; i < a.rank; ++i)
    if (a.shape[i] != b.shape[i]) return false;
  return true;
}
// Specs are copied and cleared for every node recorded: in sizes known to the compiler, so that it calls nothing.
inline void copy_spec(ds_spec* target, const ds_spec& source) {
  constexpr size_t kFew = offsetof(ds_spec, shape) + 4 * sizeof(int64_t);
  if (source.rank <= 4)
    std::memcpy(static_cast<void*>(target), &source, kFew);
  else
    *target = source;
}
inline void clear_spec(ds_spec* target) {  // at once it would be `rep stos`, slower than the rest of a call
  constexpr size_t kHalf = sizeof target->shape / 2;
  std::memset(static_cast<void*>(target), 0, offsetof(ds_spec, shape));
  std::memset(static_cast<void*>(target->shape), 0, kHalf);
  std::memset(static_cast<void*>(target->shape + DS_MAX_RANK / 2), 0, kHalf);
}
bool same_type(const ds_spec& a, const ds_spec& b);  // shape, dtype, kind and device

void dense_strides(std::span<const int64_t> shape, int64_t* strides);
bool is_dense(const ds_view_spec& view);  // C order without gaps; the offset may be any
ds_view_spec dense_view(const ds_spec& spec);
// Lowest and one past the highest element a view touches; both 0 for an empty view. False on overflow.
bool view_bounds(const ds_view_spec& view, int64_t* low, int64_t* high);
inline uint64_t view_elements(const ds_view_spec& view) {
  uint64_t n = 1;
  for (int i = 0; i < view.rank; ++i) n *= uint64_t(view.shape[i]);
  return n;
}

}  // namespace ds::core
