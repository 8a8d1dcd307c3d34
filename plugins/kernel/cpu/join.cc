// join.cc: outputs made of whole inputs at their places: concat, stack, pad.
#include "attributes.h"
#include "filler.h"
#include "layout.h"
#include "strided_copy.h"

namespace ds::cpu {
namespace {

class Join {
 public:
  static constexpr std::string_view name = "cpu.join", op = "concat stack";
  static bool supports(const ds_node& node, ds_kernel_offer& offer) {
    offer.strided_inputs = ~0ull;
    for (uint32_t i = 0; i < node.input_count; ++i)
      if (node.inputs[i]->dtype != node.outputs[0]->dtype) return false;
    return node.input_count > 0 && node.input_count <= 64 && movable(node.outputs[0]->dtype) && binds<Join>(node);
  }
  explicit Join(const ds_node& node) {
    int64_t size = item_size(node.outputs[0]->dtype), rank = node.outputs[0]->rank;
    std::vector<int64_t> to = dense_strides(extents_of(*node.outputs[0]), size);
    int64_t axis = int_attribute(node, 0) + (int_attribute(node, 0) < 0 ? rank : 0);
    if (axis < 0 || axis >= rank) throw Unsupported("an axis outside the tensor");
    bool stacks = view(node.op) == "stack";
    std::vector<int64_t> steps = to;
    if (stacks) steps.erase(steps.begin() + axis);
    int64_t at = 0;
    for (uint32_t i = 0; i < node.input_count; ++i) {
      std::vector<int64_t> extents = extents_of(*node.inputs[i]);
      if (extents.size() != steps.size()) throw Unsupported("inputs of different ranks");
      parts_.push_back({StridedCopy(extents, steps, in_bytes(input_strides(node, i), size), int(size)), at});
      at += to[size_t(axis)] * (stacks ? 1 : extents[size_t(axis)]);
    }
  }
  int32_t run(const ds_run_args& args) {
    for (size_t i = 0; i < parts_.size(); ++i)
      parts_[i].copy.run(memory(args.outputs[0]) + parts_[i].offset, memory(args.inputs[i]));
    return DS_OK;
  }

 private:
  struct Part {
    StridedCopy copy;
    int64_t offset;
  };
  std::vector<Part> parts_;
};
DS_KERNEL(Join);

class Pad {
 public:
  static constexpr std::string_view name = "cpu.pad", op = "pad";
  static bool supports(const ds_node& node, ds_kernel_offer& offer) {
    offer.strided_inputs = 1;
    return node.input_count == 1 && binds<Pad>(node);
  }
  explicit Pad(const ds_node& node)
      : filler_(float_attribute(node, 2), node.outputs[0]->dtype), count_(element_count(*node.outputs[0])) {
    int64_t size = item_size(node.outputs[0]->dtype);
    std::vector<int64_t> to = dense_strides(extents_of(*node.outputs[0]), size), before = ints_attribute(node, 0);
    if (before.size() != to.size()) throw Unsupported("widths for another number of axes");
    for (size_t d = 0; d < to.size(); ++d) offset_ += before[d] * to[d];
    copy_ = StridedCopy(extents_of(*node.inputs[0]), to, in_bytes(input_strides(node, 0), size), int(size));
  }
  int32_t run(const ds_run_args& args) {
    filler_.run(memory(args.outputs[0]), count_);
    copy_.run(memory(args.outputs[0]) + offset_, memory(args.inputs[0]));
    return DS_OK;
  }

 private:
  Filler filler_;
  int64_t count_, offset_ = 0;
  StridedCopy copy_;
};
DS_KERNEL(Pad);

}  // namespace
}  // namespace ds::cpu
