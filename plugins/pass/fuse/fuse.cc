// fuse: elementwise nodes of one shape become clusters, one pass over memory each.
//
// work.h says which nodes may be merged. Clusters compute what their nodes computed, type by type (cluster.h), hence
// exact.
#include <algorithm>
#include <cstdio>

#include "work.h"

namespace ds::passes {

struct Fuse {
  static constexpr std::string_view name = "fuse";
  static constexpr uint32_t stage = DS_STAGE_GRAPH, numerics = DS_EXACT;
  static constexpr int32_t order = 500;
  static void run(Edit& edit);
};
DS_PASS(Fuse);

namespace {

constexpr uint64_t kWorthTelling = 64 << 10;  // bytes of a value from which explain() says why it is not fused
constexpr int64_t kSmall = 4096;              // elements up to which independent nodes share a cluster
constexpr uint32_t kLast = 0xffffffffu;       // level of small nodes nobody in the graph waits for

class Fuser {
 public:
  explicit Fuser(Edit& edit) : edit_(edit) {}

  // False: a node that relies on one computed again found no cluster. The graph is untouched then.
  bool plan(bool recompute) {
    work_.read(edit_);
    work_.sink();
    if (recompute) work_.recompute();
    for (auto& group : components()) pack(group);
    return std::all_of(work_.items.begin(), work_.items.end(), [&](auto& entry) {
      return !(entry.second.again || entry.second.changed) || place_of_.count(entry.first);
    });
  }

  void apply() {
    // Ties keep the order of levels, in which the clusters were made: whoever is read comes first.
    std::stable_sort(clusters_.begin(), clusters_.end(), [](auto& a, auto& b) { return a.place < b.place; });
    std::unordered_map<ds_value_id, ds_value_id> moved;
    std::vector<const Item*> gone;
    for (Cluster& c : clusters_) {
      for (ds_value_id& input : c.inputs)
        if (auto at = moved.find(input); at != moved.end()) input = at->second;
      std::span<const char> program(static_cast<const char*>(c.program.data()), c.program.size);
      ds_node_id made = edit_.insert(work_.order[c.place], "@map", c.inputs, {attribute("expr", bytes_value(program))});
      std::vector<ds_value_id> outputs = edit_.node(made).outputs;
      for (size_t k = 0; k < outputs.size(); ++k) moved[c.outputs[k]] = outputs[k];
      for (const Item* item : c.items)
        if (!item->again) gone.push_back(item);
      describe(made, c);
    }
    explain_rest();
    // Last node first: whoever reads it goes before it, or was inserted behind its cluster.
    std::sort(gone.begin(), gone.end(), [](const Item* a, const Item* b) { return a->position > b->position; });
    for (const Item* item : gone) {
      for (ds_value_id output : item->outputs)
        if (auto at = moved.find(output); at != moved.end()) edit_.replace(output, at->second);
      edit_.erase(item->id);
    }
  }

 private:
  using Component = std::vector<const Item*>;  // connected, in order

  // Connected components by shape and level, lower levels first.
  std::vector<std::vector<Component>> components() {
    std::map<ds_node_id, ds_node_id> parent;
    auto root = [&](ds_node_id id) {
      while (parent[id] != id) id = parent[id] = parent[parent[id]];
      return id;
    };
    std::vector<const Item*> all;
    for (auto& [id, item] : work_.items) all.push_back(&item), parent[id] = id;
    for (const Item* item : all)
      for (ds_value_id input : item->inputs)
        if (const Item* p = work_.producer(input))
          if (p->key == item->key && p->level == item->level) parent[root(item->id)] = root(p->id);
    std::sort(all.begin(), all.end(), before);
    std::map<ds_node_id, Component> members;
    for (const Item* item : all) members[root(item->id)].push_back(item);
    std::map<std::pair<uint32_t, uint32_t>, std::vector<Component>> groups;  // by level and shape
    for (auto& [id, component] : members) {
      const Item& first = *component[0];
      bool wait = element_count(work_.values[first.outputs[0]].spec) <= kSmall && nobody_waits(component);
      groups[{wait ? kLast : first.level, first.key}].push_back(std::move(component));
    }
    std::vector<std::vector<Component>> out;
    for (auto& [key, group] : groups) {
      std::sort(group.begin(), group.end(), [](auto& a, auto& b) { return before(a[0], b[0]); });
      out.push_back(std::move(group));
    }
    return out;
  }

  // Only somebody outside the graph takes what the component computes.
  bool nobody_waits(const Component& component) const {
    for (const Item* item : component)
      for (ds_value_id output : item->outputs)
        for (ds_node_id user : work_.values[output].users)
          if (std::none_of(component.begin(), component.end(), [&](const Item* i) { return i->id == user; }))
            return false;
    return true;
  }

  bool share_input(const Component& a, const Component& b) const {
    for (const Item* x : a)
      for (ds_value_id input : x->inputs)
        if (!work_.values[input].uniform && work_.bytes(input) > kSmall * 4)
          for (const Item* y : b)
            if (std::find(y->inputs.begin(), y->inputs.end(), input) != y->inputs.end()) return true;
    return false;
  }

  // Components of one group that gain by it share a cluster, as long as it stays within the limits.
  void pack(const std::vector<Component>& group) {
    bool small = element_count(work_.values[group[0][0]->outputs[0]].spec) <= kSmall;
    std::vector<Cluster> open;
    for (const Component& component : group) {
      bool done = false;
      for (size_t k = small && !open.empty() ? open.size() - 1 : 0; k < open.size() && !done; ++k) {
        if (!small && !share_input(open[k].items, component)) continue;
        Component joint = open[k].items;
        joint.insert(joint.end(), component.begin(), component.end());
        std::sort(joint.begin(), joint.end(), before);
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
    if (instructions > kMostInstructions || !build_cluster(work_.values, &made) || !find_place(&made)) return false;
    *cluster = std::move(made);
    return true;
  }

  // After everything it reads, before everybody who reads it.
  bool find_place(Cluster* c) const {
    uint32_t from = c->items[0]->position, until = kLast;
    for (ds_value_id input : c->inputs) {
      ds_node_id producer = work_.values[input].producer;
      if (auto at = place_of_.find(producer); at != place_of_.end())
        from = std::max(from, at->second);
      else if (work_.position.count(producer))
        from = std::max(from, work_.position.at(producer) + 1);
    }
    for (ds_value_id output : c->outputs)
      for (ds_node_id user : work_.values[output].users)
        if (std::none_of(c->items.begin(), c->items.end(), [&](const Item* i) { return i->id == user; }))
          until = std::min(until, work_.find(user) ? work_.find(user)->position : work_.position.at(user));
    c->place = from;
    return from <= until;
  }

  void keep(Cluster cluster) {
    if (cluster.items.size() < 2) return;
    for (const Item* item : cluster.items) place_of_[item->id] = cluster.place;
    clusters_.push_back(std::move(cluster));
  }

  void describe(ds_node_id node, const Cluster& c) {
    std::string text = "fused     [";
    for (size_t i = 0; i < c.items.size() && i < 12; ++i) text += (i ? " " : "") + c.items[i]->op;
    if (c.items.size() > 12) text += " .. " + std::to_string(c.items.size() - 12) + " more";
    text += "] -> 1 cluster";
    uint64_t count = 0, total = 0;
    for (const Item* item : c.items)
      for (ds_value_id id : item->outputs)
        if (std::find(c.outputs.begin(), c.outputs.end(), id) == c.outputs.end()) ++count, total += work_.bytes(id);
    char saved[64] = "";
    if (count)
      std::snprintf(saved, sizeof saved, " (saves %llu x %.3g kB)", (unsigned long long)count,
                    double(total) / double(count) / 1e3);
    edit_.note(node, text + saved);
  }

  // Where memory is still written and read between an elementwise node and another kind, and why; the largest first.
  void explain_rest() {
    struct Gap {
      uint64_t bytes;
      ds_node_id at;
      std::string text;
    };
    std::vector<Gap> gaps;
    for (auto& [id, item] : work_.items)
      for (ds_value_id output : item.outputs)
        for (ds_node_id user : work_.values[output].users)
          if (uint64_t bytes = work_.bytes(output); !work_.find(user) && bytes >= kWorthTelling) {
            std::string taker(edit_.node(user).op);
            if (taker == "read_view") continue;  // no kernel of its own
            gaps.push_back(
                {bytes, user, "not fused " + item.op + " -> " + taker + ": " + taker + " takes no prologue"});
          }
    std::stable_sort(gaps.begin(), gaps.end(), [](auto& a, auto& b) { return a.bytes > b.bytes; });
    for (size_t i = 0; i < gaps.size() && i < 4; ++i) edit_.note(gaps[i].at, gaps[i].text);
  }

  Edit& edit_;
  Work work_;
  std::unordered_map<ds_node_id, uint32_t> place_of_;
  std::vector<Cluster> clusters_;
};

}  // namespace

void Fuse::run(Edit& edit) {
  for (bool recompute : {true, false}) {
    Fuser fuser(edit);
    if (!fuser.plan(recompute)) continue;
    return fuser.apply();
  }
}

}  // namespace ds::passes
