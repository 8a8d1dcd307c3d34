// Values that a later group of the same shape reads are computed there a second time where that is cheaper than to
// write and read them: forward then keeps few values for backward, as a hand-written gradient would.
#include <algorithm>
#include <set>

#include "work.h"

namespace ds::passes {
namespace {

constexpr double kDear = 1e9;
// In L1 tiles about this many simple operations take the time in which one f32 is written to memory and read back.
constexpr double kOperationsPerByte = 2;
constexpr size_t kMostNodes = 150;
constexpr ds_node_id kFirstClone = 0x80000000u;

double cost_of(uint8_t op) {
  if (op >= expr::kInput) return 0;
  if (op == DS_EXPR_DIV || op == DS_EXPR_SQRT || op == DS_EXPR_RSQRT || op == DS_EXPR_RECIPROCAL) return 4;
  bool simple =
      op <= DS_EXPR_MAX || (op >= DS_EXPR_FLOOR && op <= DS_EXPR_TRUNC) || op == DS_EXPR_FMA || op >= DS_EXPR_EQ;
  return simple ? 1 : kDear;
}

}  // namespace

// Nodes to compute again, and what they and the group then read instead of the values wanted.
struct Work::Closure {
  std::vector<ds_value_id> wanted;
  std::set<ds_node_id> nodes;
  std::set<ds_value_id> sources;
  double cost = 0;  // operations per element
};

bool Work::cheap(const Item& item, double* cost) const {
  *cost = 0;
  for (const expr::Result& r : item.program.results) *cost += cost_of(r.op);
  return *cost < kDear;
}

Work::Closure Work::closure(const std::vector<ds_value_id>& wanted, uint32_t key, uint32_t level) const {
  Closure c;
  c.wanted = wanted;
  std::vector<ds_value_id> open = wanted;
  std::set<ds_value_id> first(wanted.begin(), wanted.end());
  while (!open.empty()) {
    ds_value_id id = open.back();
    open.pop_back();
    const Item* p = producer(id);
    double cost = 0;
    // What lies in memory anyway is read; only what was asked for is computed all the same.
    bool again = p && p->key == key && p->level < level && cheap(*p, &cost) && (first.count(id) || !stored(id, level));
    if (!again) {
      if (!values[id].uniform) c.sources.insert(id);
      continue;
    }
    if (!c.nodes.insert(p->id).second) continue;
    c.cost += cost;
    for (ds_value_id input : p->inputs) open.push_back(input);
  }
  return c;
}

bool Work::pays(const Closure& c, uint32_t key, uint32_t level) const {
  double saved = 0, spent = 0;
  for (ds_value_id id : c.wanted) saved += double(bytes(id)) * (stored(id, level) ? 1 : 2);
  for (ds_value_id id : c.sources) {
    if (!reads(key, level, id, DS_NO_ID)) spent += double(bytes(id));
    if (!stored(id, level) && !reads(key, level, id, DS_NO_ID)) spent += double(bytes(id));
  }
  double elements = double(element_count(values[c.wanted[0]].spec));
  return !c.nodes.empty() && c.nodes.size() <= kMostNodes && saved - spent > c.cost * elements / kOperationsPerByte;
}

void Work::clone(const Closure& c, uint32_t key, uint32_t level) {
  auto in_group = [&](ds_node_id user) {
    const Item* u = find(user);
    return u && u->key == key && u->level == level;
  };
  uint32_t place = 0xffffffffu;
  for (ds_value_id id : c.wanted)
    for (ds_node_id user : values[id].users)
      if (in_group(user)) place = std::min(place, items.at(user).position);
  std::vector<const Item*> sources;
  for (ds_node_id id : c.nodes) sources.push_back(find(id));
  std::sort(sources.begin(), sources.end(), before);
  std::unordered_map<ds_value_id, ds_value_id> copies;
  std::vector<Item> made;
  for (const Item* source : sources) {
    Item item = *source;
    item.id = kFirstClone + ds_node_id(values.size());
    item.again = true;
    item.position = place;
    item.level = level;
    for (ds_value_id& input : item.inputs) {
      if (auto at = copies.find(input); at != copies.end()) input = at->second;
      auto& users = values[input].users;
      if (std::find(users.begin(), users.end(), item.id) == users.end()) users.push_back(item.id);
    }
    for (ds_value_id& output : item.outputs) {
      Operand copy = values[output];
      copy.flags = 0;
      copy.producer = item.id;
      copy.users.clear();
      copies[output] = ds_value_id(values.size());
      output = ds_value_id(values.size());
      values.push_back(std::move(copy));
    }
    made.push_back(std::move(item));
  }
  for (auto& [from, to] : copies) {
    std::vector<ds_node_id> kept;
    for (ds_node_id user : values[from].users) {
      if (!in_group(user)) {
        kept.push_back(user);
        continue;
      }
      Item& u = items.at(user);
      std::replace(u.inputs.begin(), u.inputs.end(), from, to);
      u.changed = true;
      values[to].users.push_back(user);
    }
    values[from].users = std::move(kept);
  }
  for (Item& item : made) items.emplace(item.id, std::move(item));
}

void Work::recompute() {
  std::map<std::pair<uint32_t, uint32_t>, std::set<ds_value_id>> crossing;  // by level and key of the readers
  for (auto& [id, item] : items)
    for (ds_value_id input : item.inputs) {
      const Item* p = producer(input);
      double cost;
      if (p && p->key == item.key && p->level < item.level && !values[input].uniform && cheap(*p, &cost))
        crossing[{item.level, item.key}].insert(input);
    }
  for (auto& [group, all] : crossing) {
    auto [level, key] = group;
    Closure whole = closure({all.begin(), all.end()}, key, level);
    if (pays(whole, key, level)) {
      clone(whole, key, level);
      continue;
    }
    for (ds_value_id id : all) {
      if (!reads(key, level, id, DS_NO_ID)) continue;  // a node computed again for another value yields it too
      Closure one = closure({id}, key, level);
      if (pays(one, key, level)) clone(one, key, level);
    }
  }
}

}  // namespace ds::passes
