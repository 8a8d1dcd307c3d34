// The graph: typed, functional SSA. Recording appends to it and hashes as it goes; equality confirms a hit.
//
// Values are leaves (from outside), constants, or outputs of nodes. Ids are positions and never change.
#pragma once
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/base/arena.h"
#include "core/registry/operator.h"
#include "core/tensor/buffer.h"
#include "core/tensor/shape.h"

namespace ds::core {

using NodeId = uint32_t;
using ValueId = uint32_t;
inline constexpr uint32_t kNone = 0xffffffffu;

struct Node {
  const Operator* op;
  uint32_t first_input, input_count;    // into Graph::operands; kNone = absent optional
  uint32_t first_output, output_count;  // consecutive value ids
  uint32_t first_attribute, attribute_count;
  uint64_t location;                            // the frontend's; not part of the hash
  uint32_t first_region = 0, region_count = 0;  // reserved: bodies of if, loop and scan
};

enum class ValueKind : uint8_t { kLeaf, kScalar, kConstant, kResult };

struct ValueInfo {
  ValueInfo(const ds_spec& s, NodeId node, uint32_t i, ValueKind k) : producer(node), index(i), kind(k) {
    copy_spec(&spec, s);
  }
  ds_spec spec;
  NodeId producer;  // kNone: a leaf or a constant
  uint32_t index;   // of the leaf, the constant or the output
  ValueKind kind;
};

class Graph {
 public:
  Graph() = default;
  Graph(const Graph& other);
  Graph& operator=(const Graph&) = delete;

  ValueId add_leaf(const ds_spec& spec, bool scalar);
  ValueId add_constant(const ds_spec& spec, Ref<Buffer> data);
  // Attributes are complete and in schema order; lists and strings are copied.
  NodeId add_node(const Operator& op, std::span<const ValueId> inputs, std::span<const ds_value> attributes,
                  std::span<const ds_spec> outputs, uint64_t location);
  void clear();

  std::span<const Node> nodes() const { return nodes_; }
  const Node& node(NodeId id) const { return nodes_[id]; }
  std::span<const ValueInfo> values() const { return values_; }
  const ValueInfo& value(ValueId id) const { return values_[id]; }
  std::span<const ValueId> inputs(const Node& n) const { return {operands_.data() + n.first_input, n.input_count}; }
  std::span<const ds_value> attributes(const Node& n) const {
    return {attributes_.data() + n.first_attribute, n.attribute_count};
  }
  std::span<const ValueId> leaves() const { return leaves_; }  // in order of first use
  std::span<const Ref<Buffer>> constants() const { return constants_; }
  uint64_t hash() const { return hash_; }
  bool equal(const Graph& other) const;  // same structure; locations and names may differ

  // For editing a copy (run/edit): operands may be redirected, constants may take a result's place. The hash is not
  // kept.
  void make_constant(ValueId value, Ref<Buffer> data) {
    values_[value].kind = ValueKind::kConstant;
    values_[value].producer = kNone;
    values_[value].index = uint32_t(constants_.size());
    constants_.push_back(std::move(data));
  }
  void set_input(const Node& n, uint32_t i, ValueId value) { operands_[n.first_input + i] = value; }

  std::map<ValueId, std::string> names;  // of values, kept by parse and print

 private:
  std::vector<Node> nodes_;
  std::vector<ValueInfo> values_;
  std::vector<ValueId> operands_, leaves_;
  std::vector<ds_value> attributes_;
  std::vector<Ref<Buffer>> constants_;
  Arena arena_;
  uint64_t hash_ = 0;
};

// Copies lists and strings of a value into the arena.
ds_value copy_value(const ds_value& value, Arena& arena);
bool equal_values(const ds_value& a, const ds_value& b);

// Checks what every pass must keep: operands defined before use, counts, kinds. For graphs from outside and debugging.
Status verify(const Graph& graph);

// Text form; outputs are listed at the end. Parses back to an equal graph.
//   graph
//   %0 = leaf f32[2,3]  # name
//   %1 = matmul(%0, -) axis=1 dims=[1,2] -> f32[2,3]
//   return %1
std::string print(const Graph& graph, std::span<const ValueId> outputs);
using FindOperator = const Operator* (*)(void* user, std::string_view name, Status* status);
Status parse(std::string_view text, FindOperator find, void* user, Graph* graph, std::vector<ValueId>* outputs);

}  // namespace ds::core
