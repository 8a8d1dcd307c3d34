// take.cc: slices along an axis, chosen by indices; embeddings are this.
#include <algorithm>
#include <cstring>
#include <string>

#include "attributes.h"
#include "layout.h"
#include "program.h"
#include "simd.h"

namespace ds::cpu {
namespace {

class Take {
 public:
  static constexpr std::string_view name = "cpu.take", op = "take";
  static bool supports(const ds_node& node, ds_kernel_offer&) {
    return node.input_count == 2 && movable(node.inputs[0]->dtype) && binds<Take>(node);
  }
  explicit Take(const ds_node& node) {
    const ds_spec& x = *node.inputs[0];
    size_ = item_size(x.dtype);
    index_type_ = expr_type(node.inputs[1]->dtype);
    if (index_type_ < DS_EXPR_I8 || index_type_ > DS_EXPR_U64) throw Unsupported("indices that are no integers");
    count_ = element_count(*node.inputs[1]);
    axis_ = int_attribute(node, 0) + (int_attribute(node, 0) < 0 ? x.rank : 0);
    if (axis_ < 0 || axis_ >= x.rank) throw Unsupported("an axis outside the tensor");
    extent_ = x.shape[axis_];
    for (int64_t d = 0; d < axis_; ++d) outer_ *= x.shape[d];
    for (int64_t d = axis_ + 1; d < x.rank; ++d) slice_ *= x.shape[d];
    slice_ *= size_;
  }
  uint64_t workspace() const { return uint64_t(padded() * 8) + kTileGroup * 8; }

  int32_t run(const ds_run_args& args) {
    if (outer_ * count_ * slice_ == 0 && count_ == 0) return DS_OK;
    auto* index = static_cast<int64_t*>(args.workspace);
    read_indices(memory(args.inputs[1]), index);
    // Checked as a whole first: a failing call leaves its output alone.
    for (int64_t i = 0; i < count_; ++i) {
      if (index[i] < -extent_ || index[i] >= extent_)
        return fail(args.error, DS_OUT_OF_RANGE,
                    "index " + std::to_string(index[i]) + " is out of bounds for axis " + std::to_string(axis_) +
                        " with size " + std::to_string(extent_));
      if (index[i] < 0) index[i] += extent_;
    }
    if (slice_ == 0) return DS_OK;
    const char* x = memory(args.inputs[0]);
    char* y = memory(args.outputs[0]);
    parallel_for(outer_ * count_, std::max<int64_t>(1, 32768 / slice_), [&](int64_t begin, int64_t end) {
      switch (slice_) {
        case 4:
          return elements<uint32_t>(y, x, index, begin, end);
        case 8:
          return elements<uint64_t>(y, x, index, begin, end);
      }
      for (int64_t i = begin; i < end; ++i)
        std::memcpy(y + i * slice_, x + (i / count_ * extent_ + index[i % count_]) * slice_, size_t(slice_));
    });
    return DS_OK;
  }

 private:
  int64_t padded() const { return (count_ + kTileGroup - 1) / kTileGroup * kTileGroup; }

  void read_indices(const char* from, int64_t* to) const {
    int size = expr_size(index_type_);
    int64_t whole = count_ / kTileGroup * kTileGroup;
    if (index_type_ == DS_EXPR_I64) {
      std::memcpy(to, from, size_t(count_ * 8));
      return;
    }
    Tile convert = simd().convert(index_type_, DS_EXPR_I64);
    if (whole) convert(to, from, nullptr, nullptr, whole);
    if (whole == count_) return;
    alignas(64) char rest[kTileGroup * 8];
    std::memcpy(rest, from + whole * size, size_t((count_ - whole) * size));
    convert(to + whole, rest, nullptr, nullptr, count_ - whole);
  }
  template <class T>
  void elements(char* y, const char* x, const int64_t* index, int64_t begin, int64_t end) const {
    auto* to = reinterpret_cast<T*>(y);
    auto* from = reinterpret_cast<const T*>(x);
    for (int64_t i = begin; i < end; ++i) to[i] = from[i / count_ * extent_ + index[i % count_]];
  }

  int64_t size_, axis_, extent_, count_, outer_ = 1, slice_ = 1;
  int index_type_;
};
DS_KERNEL(Take);

}  // namespace
}  // namespace ds::cpu
