// Passes that get aliasing wrong, one a plugin: -DBUG=Name. Each is a shortcut that somebody could have taken.
#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

#include "deepseek/pass.hpp"
#include "view.h"

namespace ds::fuzz {

struct GraphBug {
  static constexpr uint32_t stage = DS_STAGE_GRAPH, numerics = DS_EXACT;
  static constexpr int32_t order = 50;

  static bool reads(const PassNode& n) { return n.role == "read_view"; }
  static bool writes(const PassNode& n) { return n.role == "write_view"; }
  static std::optional<PassNode> writer(Edit& edit, ds_value_id value) {
    ds_node_id producer = edit.value(value).v.producer;
    if (producer == DS_NO_ID) return {};
    PassNode n = edit.node(producer);
    return writes(n) ? std::optional(n) : std::nullopt;
  }
  static void replace(Edit& edit, const PassNode& n, ds_value_id by) {
    if (!same_type(edit.value(n.outputs[0]).spec(), edit.value(by).spec())) return;
    edit.replace(n.outputs[0], by);
    edit.erase(n.id);
  }
  static ds_value_id insert(Edit& edit, ds_node_id before, std::string_view op, std::vector<ds_value_id> inputs,
                            const View& v) {
    ds_node_id made = edit.insert(before, op, inputs,
                                  {attribute("offset", int_value(v.offset)), attribute("shape", ints_value(v.shape)),
                                   attribute("strides", ints_value(v.strides))});
    return edit.node(made).outputs[0];
  }
};

// Equal reads of one storage become one, though it was written between them.
struct MergesVersions : GraphBug {
  static constexpr std::string_view name = "merges_versions";
  static void run(Edit& edit) {
    std::map<std::tuple<ds_value_id, int64_t, std::vector<int64_t>, std::vector<int64_t>>, ds_value_id> seen;
    for (ds_node_id id : edit.nodes()) {
      PassNode n = edit.node(id);
      if (!reads(n) || edit.value(n.outputs[0]).is(DS_VALUE_OUTPUT)) continue;
      ds_value_id storage = n.inputs[0];
      while (auto write = writer(edit, storage)) storage = write->inputs[0];
      View v(n.attributes);
      auto [at, fresh] = seen.try_emplace({storage, v.offset, v.shape, v.strides}, n.outputs[0]);
      if (!fresh) replace(edit, n, at->second);
    }
  }
};

// A write that another follows at once is dropped, whether or not the later one covers it.
struct DropsCoveredWrites : GraphBug {
  static constexpr std::string_view name = "drops_covered_writes";
  static void run(Edit& edit) {
    for (ds_node_id id : edit.nodes()) {
      PassNode n = edit.node(id);
      if (!writes(n) || edit.value(n.outputs[0]).is(DS_VALUE_OUTPUT)) continue;
      auto users = edit.users(n.outputs[0]);
      if (users.size() != 1 || edit.value(n.outputs[0]).v.uses != 1) continue;
      PassNode next = edit.node(users[0]);
      if (writes(next) && next.inputs[0] == n.outputs[0]) replace(edit, n, n.inputs[0]);
    }
  }
};

// A read of what was just written is given the value, though the strides differ.
struct ForwardsByShape : GraphBug {
  static constexpr std::string_view name = "forwards_by_shape";
  static void run(Edit& edit) {
    for (ds_node_id id : edit.nodes()) {
      PassNode n = edit.node(id);
      if (!reads(n)) continue;
      auto write = writer(edit, n.inputs[0]);
      if (!write) continue;
      View from(n.attributes), to(write->attributes);
      if (from.offset == to.offset && from.shape == to.shape) replace(edit, n, write->inputs[1]);
    }
  }
};

// A read goes past a write that starts elsewhere, though they overlap.
struct ReadsPastWrites : GraphBug {
  static constexpr std::string_view name = "reads_past_writes";
  static void run(Edit& edit) {
    for (ds_node_id id : edit.nodes()) {
      PassNode n = edit.node(id);
      if (!reads(n)) continue;
      auto write = writer(edit, n.inputs[0]);
      if (!write) continue;
      View from(n.attributes), to(write->attributes);
      if (from.offset != to.offset) replace(edit, n, insert(edit, id, "@read_view", {write->inputs[0]}, from));
    }
  }
};

// Two writes change places, though they overlap.
struct SwapsWrites : GraphBug {
  static constexpr std::string_view name = "swaps_writes";
  static void run(Edit& edit) {
    for (ds_node_id id : edit.nodes()) {
      PassNode n = edit.node(id);
      if (!writes(n)) continue;
      auto before = writer(edit, n.inputs[0]);
      if (!before) continue;
      View later(n.attributes), earlier(before->attributes);
      ds_value_id first = insert(edit, id, "@write_view", {before->inputs[0], n.inputs[1]}, later);
      replace(edit, n, insert(edit, id, "@write_view", {first, before->inputs[1]}, earlier));
      return;
    }
  }
};

// A view of a view is joined as if the inner one were dense.
struct JoinsAsDense : GraphBug {
  static constexpr std::string_view name = "joins_as_dense";
  static void run(Edit& edit) {
    for (ds_node_id id : edit.nodes()) {
      PassNode n = edit.node(id);
      ds_node_id producer = reads(n) ? edit.value(n.inputs[0]).v.producer : DS_NO_ID;
      if (producer == DS_NO_ID || !reads(edit.node(producer))) continue;
      PassNode below = edit.node(producer);
      View view(n.attributes), inner(below.attributes);
      view.offset += inner.offset;
      bool fits = true;
      int64_t count = element_count(edit.value(below.inputs[0]).spec());
      view.walk([&](int64_t at) { fits &= at >= 0 && at < count; });
      if (fits) replace(edit, n, insert(edit, id, "@read_view", {below.inputs[0]}, view));
    }
  }
};

// ---- memory ---------------------------------------------------------------------------------------------------------

// Places buffers one behind another, each in the first memory that nobody else has while it lives.
struct PlanBug {
  static constexpr uint32_t stage = DS_STAGE_PROGRAM, numerics = DS_EXACT;
  static constexpr int32_t order = 300;  // after the plan

  struct Buffer {
    ds_value_id id;
    uint32_t first, last;
    uint64_t nbytes, offset;
  };

  // last(value, position of its node): the last instruction at which it is thought to be alive.
  template <class Last, class Meet>
  static void place(Edit& edit, Last&& last, Meet&& meet) {
    std::vector<Buffer> placed;
    std::map<ds_node_id, uint32_t> position;
    for (ds_node_id id : edit.nodes()) position.emplace(id, uint32_t(position.size()));
    for (ds_node_id id : edit.nodes())
      for (ds_value_id output : edit.node(id).outputs) {
        PassValue v = edit.value(output);
        if (v.v.buffer != output) continue;  // nothing of its own in the arena
        Buffer b{output, v.v.first, last(v, position), (v.v.nbytes + 63) & ~63ull, 0};
        for (bool moved = true; moved;) {
          moved = false;
          for (const Buffer& other : placed) {
            bool apart = b.offset + b.nbytes <= other.offset || other.offset + other.nbytes <= b.offset;
            if (apart || !meet(other, b)) continue;
            b.offset = other.offset + other.nbytes;
            moved = true;
          }
        }
        edit.place(b.id, b.offset);
        placed.push_back(b);
      }
  }
};

// Nothing is wrong with this one.
struct HonestPlan : PlanBug {
  static constexpr std::string_view name = "honest_plan";
  static void run(Edit& edit) {
    place(
        edit, [](const PassValue& v, auto&) { return v.v.last; },
        [](const Buffer& earlier, const Buffer& b) { return b.first <= earlier.last; });
  }
};

// A node's result may lie where its operand lies: fine for sums, not for views.
struct PlansHalfOpen : PlanBug {
  static constexpr std::string_view name = "plans_half_open";
  static void run(Edit& edit) {
    place(
        edit, [](const PassValue& v, auto&) { return v.v.last; },
        [](const Buffer& earlier, const Buffer& b) { return b.first < earlier.last; });
  }
};

// Buffers die with the last user of their own value: who reads a view of it, or writes on in place, is forgotten.
struct ForgetsViews : PlanBug {
  static constexpr std::string_view name = "forgets_views";
  static void run(Edit& edit) {
    place(
        edit,
        [&](const PassValue& v, auto& position) {
          uint32_t last = v.v.first;
          for (ds_node_id user : edit.users(v.id)) last = std::max(last, position[user]);
          return last;
        },
        [](const Buffer& earlier, const Buffer& b) { return b.first <= earlier.last; });
  }
};

DS_PASS(BUG);

}  // namespace ds::fuzz
