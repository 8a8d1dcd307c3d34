#include "work.h"

#include <algorithm>
#include <set>

namespace ds::passes {
namespace {

constexpr uint32_t kNobody = 0xffffffffu;

}  // namespace

void Work::read(Edit& edit) {
  values.resize(edit.value_count());
  for (ds_value_id id = 0; id < values.size(); ++id) {
    PassValue v = edit.value(id);
    values[id] = {v.spec(), v.v.flags, v.v.producer, edit.users(id), uniform_constant(v)};
  }
  std::map<std::vector<int64_t>, uint32_t> keys;
  std::unordered_map<ds_node_id, uint32_t> levels;
  for (ds_node_id id : edit.nodes()) {
    PassNode n = edit.node(id);
    position[id] = uint32_t(order.size());
    order.push_back(id);
    for (ds_value_id output : n.outputs)
      if (!values[output].uniform) values[output].uniform = uniform_fill(n, values[output].spec.dtype);
    auto item = make_item(n, values);
    uint32_t level = 0;
    if (item) {
      const ds_spec& s = values[n.outputs[0]].spec;
      std::vector<int64_t> key(s.shape, s.shape + s.rank);
      key.insert(key.end(), {s.device.type, s.device.index});
      item->key = keys.try_emplace(key, uint32_t(keys.size())).first->second;
      item->position = item->original = position[id];
    }
    for (ds_value_id input : n.inputs) {
      ds_node_id producer = input == DS_NO_ID ? DS_NO_ID : values[input].producer;
      if (producer == DS_NO_ID || !position.count(producer)) continue;
      const Item* p = find(producer);
      bool leaves = p && !(item && p->key == item->key);
      level = std::max(level, levels[producer] + (leaves ? 1 : 0));
    }
    levels[id] = level;
    if (item) {
      item->level = level;
      items.emplace(id, std::move(*item));
    }
  }
}

bool Work::reads(uint32_t key, uint32_t level, ds_value_id id, ds_node_id but) const {
  return std::any_of(values[id].users.begin(), values[id].users.end(), [&](ds_node_id user) {
    const Item* u = find(user);
    return user != but && u && u->key == key && u->level == level;
  });
}

bool Work::stored(ds_value_id id, uint32_t but) const {
  const Item* p = producer(id);
  if (!p || values[id].flags & DS_VALUE_OUTPUT) return true;
  return std::any_of(values[id].users.begin(), values[id].users.end(), [&](ds_node_id user) {
    const Item* u = find(user);
    return !u || u->key != p->key || (u->level != p->level && u->level != but);
  });
}

// A node all of whose users are in one later group joins them when that moves no more bytes: its output then stays
// in registers, its inputs must be there. So the derivative of an activation is computed in backward.
void Work::sink() {
  for (auto id = order.rbegin(); id != order.rend(); ++id) {
    auto at = items.find(*id);
    if (at == items.end()) continue;
    Item& item = at->second;
    uint32_t target = kNobody;
    bool movable = true;
    uint64_t gain = 0, cost = 0;
    for (ds_value_id output : item.outputs) {
      movable &= !(values[output].flags & DS_VALUE_OUTPUT) && !values[output].users.empty();
      for (ds_node_id user : values[output].users) {
        const Item* u = find(user);
        movable &= u && u->key == item.key && (target == kNobody || target == u->level);
        if (u) target = u->level;
      }
      gain += 2 * bytes(output);
    }
    if (!movable || target <= item.level) continue;
    for (ds_value_id input : item.inputs) {
      const Operand& v = values[input];
      if (v.uniform) continue;
      const Item* p = v.producer == DS_NO_ID ? nullptr : find(v.producer);
      bool stored = true;
      if (p && p->key == item.key && p->level == item.level) {
        stored = v.flags & DS_VALUE_OUTPUT;
        for (ds_node_id user : v.users) {
          const Item* u = find(user);
          stored |= user != item.id && !(u && u->key == item.key && u->level == item.level);
        }
      } else if (!reads(item.key, item.level, input, item.id)) {
        gain += bytes(input);
      }
      if (!stored) cost += bytes(input);
      if (!reads(item.key, target, input, item.id)) cost += bytes(input);
    }
    if (gain >= cost) item.level = target;
  }
}

}  // namespace ds::passes
