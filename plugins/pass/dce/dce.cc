// dce: nodes whose outputs nobody uses go; effects stay.
#include <algorithm>

#include "deepseek/pass.hpp"

namespace ds::passes {

struct Dce {
  static constexpr std::string_view name = "dce";
  static constexpr uint32_t stage = DS_STAGE_GRAPH, numerics = DS_EXACT;
  static constexpr int32_t order = 900;

  static void run(Edit& edit) {
    for (ds_node_id id = edit.previous(DS_NO_ID), before; id != DS_NO_ID; id = before) {
      before = edit.previous(id);
      PassNode n = edit.node(id);
      if (n.effect()) continue;
      auto unused = [&](ds_value_id v) { return edit.value(v).unused(); };
      if (std::all_of(n.outputs.begin(), n.outputs.end(), unused)) edit.erase(id);
    }
  }
};
DS_PASS(Dce);

}  // namespace ds::passes
