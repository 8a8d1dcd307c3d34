#include "core/tensor/shape.h"

#include <algorithm>

namespace ds::core {

std::string shape_text(std::span<const int64_t> shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) text += (i ? "," : "") + std::to_string(shape[i]);
  return text + "]";
}

std::string device_name(const ds_device_id& device) {
  return device.type == DS_DEVICE_CPU ? "cpu" : cat("device ", device.type, ":", device.index);
}

std::string spec_text(const ds_spec& spec) {
  if (spec.kind == DS_KIND_OPTIONAL) return "-";
  if (spec.kind == DS_KIND_TOKEN) return "token";
  return dtype_name(spec.dtype) + shape_text(shape_of(spec));
}

Status check_spec(const ds_spec& spec, uint64_t* elements, uint64_t* nbytes) {
  if (spec.rank < 0 || spec.rank > DS_MAX_RANK)
    return error(DS_INVALID_ARGUMENT, "rank ", spec.rank, " is not between 0 and ", DS_MAX_RANK);
  if (!is_known(spec.dtype)) return error(DS_DTYPE_MISMATCH, "unknown ", dtype_name(spec.dtype));
  int64_t count = 1, bytes = 0;
  bool empty = false, overflow = false;
  for (int64_t extent : shape_of(spec)) {
    if (extent < 0) return error(DS_INVALID_ARGUMENT, "negative extent in shape ", shape_text(shape_of(spec)));
    if (extent == 0)
      empty = true;
    else
      overflow |= __builtin_mul_overflow(count, extent, &count);
  }
  // NumPy refuses such shapes even when another extent is 0, because their strides overflow.
  overflow |= __builtin_mul_overflow(count, int64_t(dtype_size(spec.dtype)), &bytes);
  if (overflow) return error(DS_OVERFLOW, "shape ", shape_text(shape_of(spec)), " has more than 2^63 bytes");
  *elements = empty ? 0 : uint64_t(count);
  *nbytes = empty ? 0 : uint64_t(bytes);
  return {};
}

ds_spec make_spec(ds_dtype dtype, std::span<const int64_t> shape, ds_device_id device) {
  ds_spec spec{};
  spec.dtype = dtype;
  spec.rank = int32_t(shape.size());
  spec.device = device;
  std::copy(shape.begin(), shape.end(), spec.shape);
  return spec;
}

bool same_type(const ds_spec& a, const ds_spec& b) {
  return a.dtype == b.dtype && a.kind == b.kind && a.device.type == b.device.type && a.device.index == b.device.index &&
         same_shape(a, b);
}

void dense_strides(std::span<const int64_t> shape, int64_t* strides) {
  int64_t step = 1;
  for (size_t i = shape.size(); i-- > 0;) {
    strides[i] = step;
    step *= std::max<int64_t>(shape[i], 1);
  }
}

bool is_dense(const ds_view_spec& view) {
  int64_t step = 1;
  for (int i = view.rank; i-- > 0;) {
    if (view.shape[i] == 0) return true;
    if (view.shape[i] != 1 && view.strides[i] != step) return false;
    step *= view.shape[i];
  }
  return true;
}

ds_view_spec dense_view(const ds_spec& spec) {
  ds_view_spec view{};
  view.rank = spec.rank;
  view.dtype = spec.dtype;
  std::copy(spec.shape, spec.shape + spec.rank, view.shape);
  dense_strides(shape_of(spec), view.strides);
  return view;
}

bool view_bounds(const ds_view_spec& view, int64_t* low, int64_t* high) {
  int64_t lowest = view.offset, highest = view.offset;
  for (int i = 0; i < view.rank; ++i) {
    if (view.shape[i] == 0) return *low = *high = 0, true;
    int64_t reach;
    if (__builtin_mul_overflow(view.shape[i] - 1, view.strides[i], &reach)) return false;
    if (__builtin_add_overflow(reach < 0 ? lowest : highest, reach, reach < 0 ? &lowest : &highest)) return false;
  }
  *low = lowest;
  return !__builtin_add_overflow(highest, 1, high);
}

}  // namespace ds::core
