// A pass that removes double negation: neg(neg(x)) is x, to the last bit.
#include <deepseek/pass.hpp>

struct Thing {
  static constexpr std::string_view name = "acme.thing";
  static constexpr uint32_t stage = DS_STAGE_GRAPH, numerics = DS_EXACT;
  static constexpr int32_t order = 150;  // cse 100, fold 200, fuse 500, dce 900

  static void run(ds::Edit& edit) {
    for (ds_node_id id : edit.nodes()) {
      ds::PassNode outer = edit.node(id);
      if (outer.op != "neg") continue;
      ds_node_id producer = edit.value(outer.inputs[0]).v.producer;
      if (producer == DS_NO_ID) continue;
      ds::PassNode inner = edit.node(producer);
      // An outside holder of the result expects memory of its own.
      if (inner.op != "neg" || edit.value(outer.outputs[0]).is(DS_VALUE_OUTPUT)) continue;
      edit.note(id, "neg(neg(x)) is x");
      edit.replace(outer.outputs[0], inner.inputs[0]);
      edit.erase(id);
    }
  }
};
DS_PASS(Thing);
