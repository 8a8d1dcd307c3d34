// work.h: what fuse knows of a graph while it decides which node goes into which cluster.
//
// Levels grow along every edge that leaves a fusible node, but for those between fusible nodes of one shape. So nodes
// of one shape and level can be merged freely: a way out of such a group never leads back into it, no cycle can arise.
#pragma once
#include "cluster.h"

namespace ds::passes {

struct Work {
  std::vector<Operand> values;
  std::unordered_map<ds_node_id, Item> items;  // fusible nodes, and nodes computed a second time
  std::vector<ds_node_id> order;               // all nodes of the graph
  std::unordered_map<ds_node_id, uint32_t> position;

  void read(Edit& edit);
  void sink();
  void recompute();

  const Item* find(ds_node_id id) const {
    auto at = id == DS_NO_ID ? items.end() : items.find(id);
    return at == items.end() ? nullptr : &at->second;
  }
  const Item* producer(ds_value_id id) const { return find(values[id].producer); }
  uint64_t bytes(ds_value_id id) const { return byte_count(values[id].spec); }
  // Whether a node of the group other than `but` reads the value.
  bool reads(uint32_t key, uint32_t level, ds_value_id id, ds_node_id but) const;
  // Whether somebody outside of its own group, and of the group at `but`, needs the value in memory.
  bool stored(ds_value_id id, uint32_t but) const;

 private:
  struct Closure;
  bool cheap(const Item& item, double* cost) const;
  Closure closure(const std::vector<ds_value_id>& wanted, uint32_t key, uint32_t level) const;
  bool pays(const Closure& c, uint32_t key, uint32_t level) const;
  void clone(const Closure& c, uint32_t key, uint32_t level);
};

// Items in an order in which each comes after those it reads; a node computed again stands before its first user.
inline bool before(const Item* a, const Item* b) {
  if (a->position != b->position) return a->position < b->position;
  if (a->again != b->again) return a->again;
  return a->original < b->original;
}

}  // namespace ds::passes
