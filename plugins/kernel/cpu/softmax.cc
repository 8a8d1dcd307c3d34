// softmax.cc: softmax and log_softmax along any axis; rows and their exponentials stay in the cache.
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
constexpr int64_t kColumns = 256;

class Softmax {
 public:
  static constexpr std::string_view name = "cpu.softmax", op = "softmax log_softmax", dtypes = "f32 f64 f16 bf16";
  static bool supports(const ds_node& node, ds_kernel_offer& offer) {
    offer.in_place = 1;
    return node.input_count == 1 && binds<Softmax>(node);
  }
  explicit Softmax(const ds_node& node) {
    const ds_spec& x = *node.inputs[0];
    type_ = expr_type(x.dtype);
    if (type_ < DS_EXPR_F16) throw Unsupported("not a floating dtype");
    half_ = type_ < DS_EXPR_F32;
    index_ = type_ == DS_EXPR_F64;
    log_ = view(node.op) == "log_softmax";
    int64_t axis = int_attribute(node, 0) + (int_attribute(node, 0) < 0 ? x.rank : 0);
    if (axis < 0 || axis >= std::max(x.rank, 1)) throw Unsupported("an axis outside the tensor");
    if (x.rank) length_ = x.shape[axis];
    for (int64_t d = 0; d < axis; ++d) outer_ *= x.shape[d];
    for (int64_t d = axis + 1; d < x.rank; ++d) inner_ *= x.shape[d];
    if (half_ && (inner_ != 1 || length_ > kHalfRow)) throw Unsupported("halves only along a short last axis");
  }

  int32_t run(const ds_run_args& args) {
    if (outer_ * length_ * inner_ == 0) return DS_OK;
    const char* x = memory(args.inputs[0]);
    char* y = memory(args.outputs[0]);
    if (inner_ == 1) {
      int64_t step = length_ * expr_size(type_);
      parallel_for(outer_, std::max<int64_t>(1, 8192 / length_), [&](int64_t begin, int64_t end) {
        for (int64_t r = begin; r < end; ++r)
          half_ ? half_row(y + r * step, x + r * step) : row(y + r * step, x + r * step);
      });
      return DS_OK;
    }
    int64_t blocks = (inner_ + kColumns - 1) / kColumns;
    int64_t grain = std::max<int64_t>(1, 8192 / (length_ * std::min(inner_, kColumns)));
    parallel_for(outer_ * blocks, grain, [&](int64_t begin, int64_t end) {
      for (int64_t b = begin; b < end; ++b) {
        int64_t first = b % blocks * kColumns;
        int64_t offset = (b / blocks * length_ * inner_ + first) * expr_size(type_);
        columns(y + offset, x + offset, std::min(kColumns, inner_ - first));
      }
    });
    return DS_OK;
  }

 private:
  void row(void* y, const void* x) const {
    const Rows& f = *simd().rows;
    double top;
    if (index_) {
      f.reduce[kMax][1](&top, x, length_);
    } else {
      float t;
      f.reduce[kMax][0](&t, x, length_);
      top = t;
    }
    if (log_) {
      double total = f.exp_sum[index_](x, length_, top, nullptr);
      f.normalize[index_](y, x, nullptr, nullptr, length_, top, 1);
      f.scale[index_](y, y, length_, 1, -std::log(total));
    } else {
      double total = f.exp_sum[index_](x, length_, top, y);
      f.scale[index_](y, y, length_, 1 / total, 0);
    }
  }

  __attribute__((noinline)) void half_row(char* y, const char* x) const {
    int64_t padded = (length_ + kTileGroup - 1) / kTileGroup * kTileGroup;
    auto* wide = static_cast<float*>(alloca(size_t(padded) * 4));
    auto* narrow = static_cast<char*>(alloca(size_t(padded) * 2));
    std::memcpy(narrow, x, size_t(length_ * 2));
    simd().convert(type_, DS_EXPR_F32)(wide, narrow, nullptr, nullptr, length_);
    row(wide, wide);
    simd().convert(DS_EXPR_F32, type_)(narrow, wide, nullptr, nullptr, length_);
    std::memcpy(y, narrow, size_t(length_ * 2));
  }

  // n columns side by side, each reduced over length_ rows.
  void columns(char* y, const char* x, int64_t n) const {
    alignas(64) char top[kColumns * 8], total[kColumns * 8];
    const Rows& f = *simd().rows;
    int64_t bytes = n * expr_size(type_), step = inner_ * expr_size(type_);
    std::memcpy(top, x, size_t(bytes));
    for (int64_t k = 1; k < length_; ++k) f.fold[kMax][index_](top, x + k * step, n);
    std::memset(total, 0, size_t(bytes));
    for (int64_t k = 0; k < length_; ++k)
      f.fold_exp[index_](total, x + k * step, top, log_ ? nullptr : y + k * step, n);
    for (int64_t j = 0; j < n; ++j) {
      if (index_)
        finish(reinterpret_cast<double*>(total)[j]);
      else
        finish(reinterpret_cast<float*>(total)[j]);
    }
    for (int64_t k = 0; k < length_; ++k) {
      if (log_)
        f.subtract[index_](y + k * step, x + k * step, top, total, n);
      else
        f.multiply[index_](y + k * step, y + k * step, total, n);
    }
  }
  template <class T>
  void finish(T& total) const {
    total = log_ ? std::log(total) : 1 / total;
  }

  int type_, index_;
  bool half_, log_;
  int64_t outer_ = 1, length_ = 1, inner_ = 1;
};
DS_KERNEL(Softmax);

}  // namespace
}  // namespace ds::cpu
