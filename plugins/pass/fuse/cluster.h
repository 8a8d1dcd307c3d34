// cluster.h: the program of one cluster of elementwise nodes, as explicit as ds.expr/1 allows.
//
// Every instruction gets the type it had in its own node, so that the cluster computes the same bits: T is resolved per
// node, f16 and bf16 values are rounded where a node would have stored them, attributes become constants.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "deepseek/expr.hpp"
#include "deepseek/pass.hpp"

namespace ds::passes {

constexpr uint32_t kMostInstructions = 400, kMostInputs = 60, kMostOutputs = 30;

// An elementwise node, copied out of the graph.
struct Item {
  ds_node_id id;
  std::string op;
  std::vector<ds_value_id> inputs, outputs;
  expr::Program program;           // inputs are those of the node, then attributes
  std::vector<double> attributes;  // numeric ones, in order
  uint8_t type = 0;                // what T stands for
  uint32_t position = 0, level = 0, key = 0;
  uint32_t original = 0;  // position of the node in the graph
  bool again = false;     // a node computed a second time, for readers of a later group
  bool changed = false;   // reads such a node: only its cluster can
};

// What fuse knows of a value, read once.
struct Operand {
  ds_spec spec{};
  uint32_t flags = 0;
  ds_node_id producer = DS_NO_ID;
  std::vector<ds_node_id> users;
  std::optional<double> uniform;  // every element is this number, exactly
};

// Nothing: the node cannot be part of a cluster.
std::optional<Item> make_item(const PassNode& node, const std::vector<Operand>& values);

// The number every element of a small constant, or of a fill, is.
std::optional<double> uniform_constant(const PassValue& value);
std::optional<double> uniform_fill(const PassNode& node, ds_dtype dtype);

struct Cluster {
  std::vector<const Item*> items;  // in order
  std::vector<ds_value_id> inputs, outputs;
  expr::Bytes program;
  uint32_t place = 0;  // inserted before the first node that is left at or after this position
};

// Fills inputs, outputs and program of cluster.items. False: more than the limits, or not of one shape.
bool build_cluster(const std::vector<Operand>& values, Cluster* cluster);

}  // namespace ds::passes
