// fuse: elementwise nodes of one shape become clusters, one pass over memory each.
//
// Levels grow along every edge that leaves a fusible node, but for those between fusible nodes of one shape. So nodes
// of one shape and level can be merged freely: a way out of such a group never leads back into it, no cycle can arise.
// Clusters compute what their nodes computed, type by type (cluster.h), hence exact.
#include <algorithm>
#include <cstdio>
#include <numeric>
#include <tuple>

#include "cluster.h"

namespace ds::passes {

struct Fuse {
  static constexpr std::string_view name = "fuse";
  static constexpr uint32_t stage = DS_STAGE_GRAPH, numerics = DS_EXACT;
  static constexpr int32_t order = 500;
  static void run(Edit& edit);
};
DS_PASS(Fuse);

namespace {

constexpr int64_t kSmall = 4096;         // elements up to which independent nodes share a cluster
constexpr uint32_t kLast = 0xffffffffu;  // level of small nodes nobody in the graph waits for

class Fuser {
 public:
  explicit Fuser(Edit& edit) : edit_(edit) {}

  void run() {
    read();
    sink();
    for (auto& group : components()) pack(group);
    apply();
  }

 private:
  using Component = std::vector<const Item*>;  // connected, in order

  void read() {
    values_.resize(edit_.value_count());
    for (ds_value_id id = 0; id < values_.size(); ++id) {
      PassValue v = edit_.value(id);
      values_[id] = {v.spec(), v.v.flags, v.v.producer, edit_.users(id), uniform_constant(v)};
    }
    std::map<std::vector<int64_t>, uint32_t> keys;
    for (ds_node_id id : edit_.nodes()) {
      PassNode n = edit_.node(id);
      uint32_t position = uint32_t(order_.size());
      order_.push_back(id);
      position_[id] = position;
      for (ds_value_id output : n.outputs)
        if (!values_[output].uniform) values_[output].uniform = uniform_fill(n, values_[output].spec.dtype);
      auto item = make_item(n, values_);
      uint32_t level = 0;
      if (item) {
        const ds_spec& s = values_[n.outputs[0]].spec;
        std::vector<int64_t> key(s.shape, s.shape + s.rank);
        key.insert(key.end(), {s.device.type, s.device.index});
        item->key = keys.try_emplace(key, uint32_t(keys.size())).first->second;
        item->position = position;
      }
      for (ds_value_id input : n.inputs) {
        ds_node_id producer = input == DS_NO_ID ? DS_NO_ID : values_[input].producer;
        if (producer == DS_NO_ID || !position_.count(producer)) continue;
        const Item* p = find(producer);
        bool leaves = p && !(item && p->key == item->key);
        level = std::max(level, levels_[producer] + (leaves ? 1 : 0));
      }
      levels_[id] = level;
      if (item) {
        item->level = level;
        items_.emplace(id, std::move(*item));
      }
    }
  }

  uint64_t bytes(ds_value_id id) const { return byte_count(values_[id].spec); }

  const Item* find(ds_node_id id) const {
    auto at = items_.find(id);
    return at == items_.end() ? nullptr : &at->second;
  }

  bool reads(uint32_t key, uint32_t level, ds_value_id id, ds_node_id but) const {
    return std::any_of(values_[id].users.begin(), values_[id].users.end(), [&](ds_node_id user) {
      const Item* u = find(user);
      return user != but && u && u->key == key && u->level == level;
    });
  }

  // A node all of whose users are in one later group joins them when that moves no more bytes: its output then stays
  // in registers, its inputs must be there. So the derivative of an activation is computed in backward.
  void sink() {
    for (auto id = order_.rbegin(); id != order_.rend(); ++id) {
      auto at = items_.find(*id);
      if (at == items_.end()) continue;
      Item& item = at->second;
      uint32_t target = kLast;
      bool movable = true;
      uint64_t gain = 0, cost = 0;
      for (ds_value_id output : item.outputs) {
        movable &= !(values_[output].flags & DS_VALUE_OUTPUT) && !values_[output].users.empty();
        for (ds_node_id user : values_[output].users) {
          const Item* u = find(user);
          movable &= u && u->key == item.key && (target == kLast || target == u->level);
          if (u) target = u->level;
        }
        gain += 2 * bytes(output);
      }
      if (!movable || target <= item.level) continue;
      for (ds_value_id input : item.inputs) {
        const Operand& v = values_[input];
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

  // Connected components by shape and level, lower levels first.
  std::vector<std::vector<Component>> components() {
    std::map<ds_node_id, ds_node_id> parent;
    auto root = [&](ds_node_id id) {
      while (parent[id] != id) id = parent[id] = parent[parent[id]];
      return id;
    };
    for (auto& [id, item] : items_) parent[id] = id;
    for (auto& [id, item] : items_)
      for (ds_value_id input : item.inputs)
        if (const Item* p = values_[input].producer == DS_NO_ID ? nullptr : find(values_[input].producer))
          if (p->key == item.key && p->level == item.level) parent[root(id)] = root(p->id);
    std::map<ds_node_id, Component> members;
    for (ds_node_id id : order_)
      if (const Item* item = find(id)) members[root(id)].push_back(item);
    std::map<std::pair<uint32_t, uint32_t>, std::vector<Component>> groups;  // by level and shape
    for (auto& [id, component] : members) {
      const Item& first = *component[0];
      bool wait = element_count(values_[first.outputs[0]].spec) <= kSmall && nobody_waits(component);
      groups[{wait ? kLast : first.level, first.key}].push_back(std::move(component));
    }
    std::vector<std::vector<Component>> out;
    for (auto& [key, group] : groups) {
      std::sort(group.begin(), group.end(), [](auto& a, auto& b) { return a[0]->position < b[0]->position; });
      out.push_back(std::move(group));
    }
    return out;
  }

  // Only somebody outside the graph takes what the component computes.
  bool nobody_waits(const Component& component) const {
    for (const Item* item : component)
      for (ds_value_id output : item->outputs)
        for (ds_node_id user : values_[output].users)
          if (std::none_of(component.begin(), component.end(), [&](const Item* i) { return i->id == user; }))
            return false;
    return true;
  }

  bool share_input(const Component& a, const Component& b) const {
    for (const Item* x : a)
      for (ds_value_id input : x->inputs)
        if (!values_[input].uniform && bytes(input) > kSmall * 4)
          for (const Item* y : b)
            if (std::find(y->inputs.begin(), y->inputs.end(), input) != y->inputs.end()) return true;
    return false;
  }

  // Components of one group that gain by it share a cluster, as long as it stays within the limits.
  void pack(const std::vector<Component>& group) {
    bool small = element_count(values_[group[0][0]->outputs[0]].spec) <= kSmall;
    std::vector<Cluster> open;
    for (const Component& component : group) {
      bool done = false;
      for (size_t k = small && !open.empty() ? open.size() - 1 : 0; k < open.size() && !done; ++k) {
        if (!small && !share_input(open[k].items, component)) continue;
        Component joint = open[k].items;
        joint.insert(joint.end(), component.begin(), component.end());
        std::sort(joint.begin(), joint.end(), [](auto* a, auto* b) { return a->position < b->position; });
        done = make(std::move(joint), &open[k]);
      }
      if (done) continue;
      Cluster alone;
      if (make(component, &alone))
        open.push_back(std::move(alone));
      else
        split(component);
    }
    for (Cluster& c : open) keep(std::move(c));
  }

  // A component beyond the limits: in order, as many nodes at a time as fit.
  void split(const Component& component) {
    Cluster current;
    for (const Item* item : component) {
      Component joint = current.items;
      joint.push_back(item);
      if (make(std::move(joint), &current)) continue;
      keep(std::move(current));
      current = Cluster();
      if (!make({item}, &current)) current = Cluster();
    }
    keep(std::move(current));
  }

  // Replaces *cluster on success.
  bool make(Component items, Cluster* cluster) {
    Cluster made;
    made.items = std::move(items);
    uint32_t instructions = 0;
    for (const Item* i : made.items) instructions += uint32_t(i->program.results.size() - i->program.inputs.size());
    if (instructions > kMostInstructions || !build_cluster(values_, &made) || !find_place(&made)) return false;
    *cluster = std::move(made);
    return true;
  }

  // After everything it reads, before everybody who reads it.
  bool find_place(Cluster* c) const {
    uint32_t from = c->items[0]->position, until = kLast;
    for (ds_value_id input : c->inputs) {
      ds_node_id producer = values_[input].producer;
      if (producer == DS_NO_ID || !position_.count(producer)) continue;
      auto at = place_of_.find(producer);
      from = std::max(from, at == place_of_.end() ? position_.at(producer) + 1 : at->second);
    }
    for (ds_value_id output : c->outputs)
      for (ds_node_id user : values_[output].users)
        if (std::none_of(c->items.begin(), c->items.end(), [&](const Item* i) { return i->id == user; }))
          until = std::min(until, position_.at(user));
    c->place = from;
    return from <= until;
  }

  void keep(Cluster cluster) {
    if (cluster.items.size() < 2) return;
    for (const Item* item : cluster.items) place_of_[item->id] = cluster.place;
    clusters_.push_back(std::move(cluster));
  }

  void describe(ds_node_id node, const Cluster& c) {
    std::string text = "fused [";
    for (size_t i = 0; i < c.items.size() && i < 12; ++i) text += (i ? " " : "") + c.items[i]->op;
    if (c.items.size() > 12) text += " .. " + std::to_string(c.items.size() - 12) + " more";
    text += "] -> 1 cluster";
    uint64_t count = 0, total = 0;
    for (const Item* item : c.items)
      for (ds_value_id id : item->outputs)
        if (std::find(c.outputs.begin(), c.outputs.end(), id) == c.outputs.end()) ++count, total += bytes(id);
    char saved[64] = "";
    if (count)
      std::snprintf(saved, sizeof saved, " (saves %llu x %.2g MB)", (unsigned long long)count,
                    double(total) / double(count) / 1e6);
    edit_.note(node, text + saved);
  }

  void apply() {
    // Ties keep the order of levels, in which the clusters were made: whoever is read comes first.
    std::stable_sort(clusters_.begin(), clusters_.end(), [](auto& a, auto& b) { return a.place < b.place; });
    std::unordered_map<ds_value_id, ds_value_id> moved;
    std::vector<bool> erased(order_.size());
    for (Cluster& c : clusters_) {
      uint32_t anchor = c.place;
      while (erased[anchor]) ++anchor;  // its own last node at the latest
      for (ds_value_id& input : c.inputs)
        if (auto at = moved.find(input); at != moved.end()) input = at->second;
      ds_node_id made =
          edit_.insert(order_[anchor], "@map", c.inputs,
                       {attribute("expr", bytes_value({static_cast<const char*>(c.program.data()), c.program.size}))});
      std::vector<ds_value_id> outputs = edit_.node(made).outputs;
      for (size_t k = 0; k < outputs.size(); ++k) moved[c.outputs[k]] = outputs[k];
      // Last node first, so that nobody reads a cluster's output before it is defined.
      for (auto item = c.items.rbegin(); item != c.items.rend(); ++item) {
        for (ds_value_id output : (*item)->outputs)
          if (auto at = moved.find(output); at != moved.end()) edit_.replace(output, at->second);
        edit_.erase((*item)->id);
        erased[(*item)->position] = true;
      }
      describe(made, c);
    }
  }

  Edit& edit_;
  std::vector<Operand> values_;
  std::vector<ds_node_id> order_;
  std::unordered_map<ds_node_id, uint32_t> position_, levels_, place_of_;
  std::unordered_map<ds_node_id, Item> items_;
  std::vector<Cluster> clusters_;
};

}  // namespace

void Fuse::run(Edit& edit) { Fuser(edit).run(); }

}  // namespace ds::passes
