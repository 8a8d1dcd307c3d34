// inplace: an output takes the memory of an input that nobody needs afterwards, where the kernel offers it.
//
// The input's memory must be the program's own (arena) or a leaf nobody else holds, end its life at this node, and be
// as large as the output.
#include "deepseek/pass.hpp"

namespace ds::passes {

struct Inplace {
  static constexpr std::string_view name = "inplace";
  static constexpr uint32_t stage = DS_STAGE_PROGRAM, numerics = DS_EXACT;
  static constexpr int32_t order = 100;

  static bool fits(const PassValue& in, const PassValue& out, uint32_t position) {
    bool own = in.v.buffer != DS_NO_ID;
    bool donated = in.is(DS_VALUE_DONATED) && !in.is(DS_VALUE_SCALAR);
    if ((!own && !donated) || in.is(DS_VALUE_OUTPUT | DS_VALUE_CONSTANT)) return false;
    uint64_t needs = byte_count(out.spec());
    return in.v.last == position && in.v.nbytes == needs && byte_count(in.spec()) == needs && needs > 0;
  }

  static void run(Edit& edit) {
    uint64_t saved = 0, count = 0;
    for (ds_node_id id : edit.nodes()) {
      PassNode n = edit.node(id);
      if (n.outputs.empty() || !n.offer.in_place) continue;
      PassValue out = edit.value(n.outputs[0]);
      if (out.spec().kind != DS_KIND_TENSOR) continue;
      for (uint32_t i = 0; i < n.inputs.size() && i < 64; ++i) {
        if (!(n.offer.in_place >> i & 1) || n.inputs[i] == DS_NO_ID) continue;
        PassValue in = edit.value(n.inputs[i]);
        // `first` of an output nobody shares yet is the position of its node, kept outside or not.
        if (!fits(in, out, out.v.first) || !edit.alias(id, i)) continue;
        saved += in.v.nbytes;
        ++count;
        break;
      }
    }
    if (count)
      edit.note(DS_NO_ID, "in place  " + std::to_string(count) + " nodes write in place (" + std::to_string(saved) +
                              " bytes less)");
  }
};
DS_PASS(Inplace);

}  // namespace ds::passes
