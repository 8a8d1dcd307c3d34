// layer_norm.cc: rows normalized by their mean and variance, taken in two passes over the cached row.
#include <alloca.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "attributes.h"
#include "program.h"
#include "simd.h"

namespace ds::cpu {
namespace {

constexpr int64_t kHalfRow = 32768;  // longest row of halves: it is widened on the stack

class LayerNorm {
 public:
  static constexpr std::string_view name = "cpu.layer_norm", op = "layer_norm", dtypes = "f32 f64 f16 bf16";
  static bool supports(const ds_node& node, ds_kernel_offer& offer) {
    offer.in_place = 1;
    return binds<LayerNorm>(node);
  }
  explicit LayerNorm(const ds_node& node) {
    const ds_spec& x = *node.inputs[0];
    type_ = expr_type(x.dtype);
    if (type_ < DS_EXPR_F16) throw Unsupported("not a floating dtype");
    for (uint32_t i = 1; i < node.input_count; ++i)
      if (present(node, i) && node.inputs[i]->dtype != x.dtype) throw Unsupported("weights of another dtype");
    half_ = type_ < DS_EXPR_F32;
    index_ = type_ == DS_EXPR_F64;
    int64_t axis = int_attribute(node, 0) + (int_attribute(node, 0) < 0 ? x.rank : 0);
    if (axis < 0 || axis > x.rank) throw Unsupported("an axis outside the tensor");
    for (int64_t d = 0; d < x.rank; ++d) (d < axis ? rows_ : length_) *= x.shape[d];
    epsilon_ = float_attribute(node, 1);
    if (half_ && length_ > kHalfRow) throw Unsupported("rows of halves that are too long");
  }
  // Weight and bias widened once per call.
  uint64_t workspace() const { return half_ ? uint64_t(2 * padded() * 4) : 0; }

  int32_t run(const ds_run_args& args) {
    if (rows_ * length_ == 0) return DS_OK;
    const char* x = memory(args.inputs[0]);
    char* y = memory(args.outputs[0]);
    const void* parts[2] = {nullptr, nullptr};
    for (uint32_t i = 1; i < args.input_count && i < 3; ++i) {
      if (!args.inputs[i]) continue;
      parts[i - 1] = memory(args.inputs[i]);
      if (half_) {
        char* wide = static_cast<char*>(args.workspace) + (i - 1) * padded() * 4;
        widen(wide, memory(args.inputs[i]));
        parts[i - 1] = wide;
      }
    }
    int64_t step = length_ * expr_size(type_);
    parallel_for(rows_, std::max<int64_t>(1, 16384 / length_), [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r)
        half_ ? half_row(y + r * step, x + r * step, parts[0], parts[1])
              : row(y + r * step, x + r * step, parts[0], parts[1]);
    });
    return DS_OK;
  }

 private:
  int64_t padded() const { return (length_ + kTileGroup - 1) / kTileGroup * kTileGroup; }

  void row(void* y, const void* x, const void* weight, const void* bias) const {
    const Rows& f = *simd().rows;
    double sum;
    f.reduce[kSum][index_](&sum, x, length_);
    // The sum above is off by its own rounding; deviations from any number near the mean give both moments exactly.
    double center = sum / double(length_), squares;
    if (!index_) center = double(float(center));
    f.moments[index_](x, length_, center, &sum, &squares);
    double off = sum / double(length_), mean = center + off, variance = squares / double(length_) - off * off;
    f.normalize[index_](y, x, weight, bias, length_, mean, 1 / std::sqrt(std::max(variance, 0.0) + epsilon_));
  }
  __attribute__((noinline)) void widen(void* to, const char* from) const {
    auto* narrow = static_cast<char*>(alloca(size_t(padded()) * 2));
    std::memcpy(narrow, from, size_t(length_ * 2));
    simd().convert(type_, DS_EXPR_F32)(to, narrow, nullptr, nullptr, length_);
  }
  __attribute__((noinline)) void half_row(char* y, const char* x, const void* weight, const void* bias) const {
    auto* wide = static_cast<float*>(alloca(size_t(padded()) * 4));
    auto* narrow = static_cast<char*>(alloca(size_t(padded()) * 2));
    widen(wide, x);
    row(wide, wide, weight, bias);
    simd().convert(DS_EXPR_F32, type_)(narrow, wide, nullptr, nullptr, length_);
    std::memcpy(y, narrow, size_t(length_ * 2));
  }

  int type_, index_;
  bool half_;
  int64_t rows_ = 1, length_ = 1;
  double epsilon_ = 1e-5;
};
DS_KERNEL(LayerNorm);

}  // namespace
}  // namespace ds::cpu
