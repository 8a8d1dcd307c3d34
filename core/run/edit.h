// A graph being compiled: a copy that passes rewrite through ds_edit, then the kernels and memory it gets.
#pragma once
#include "core/ir/call.h"
#include "core/ir/graph.h"
#include "core/registry/registry.h"

namespace ds::core {

// Where the bytes of a value are at run time.
enum class Memory : uint8_t { kLeaf, kConstant, kArena, kOwned, kNothing };

inline constexpr uint64_t kLargestArena = uint64_t{1} << 48;  // sums of sizes stay far from overflow

struct Choice {
  const Provided<ds_kernel>* kernel = nullptr;  // null: the operator's reference
  ds_kernel_offer offer{};
};

// A line of a pass for explain().
struct Note {
  std::string text;
  uint64_t location;  // of the node it is about; 0: of none
};

// A value that is a view of another's memory instead of a copy.
struct Alias {
  ValueId base = kNone;
  ds_view_spec view{};
};

class Edit {
 public:
  // donated: per leaf, whether nobody outside needs its memory afterwards.
  Edit(Registry& registry, ds_dtype default_float, const Graph& source, std::span<const ValueId> outputs,
       std::vector<bool> donated);
  Edit(const Edit&) = delete;

  ds_edit* table() { return &table_; }
  const Graph& graph() const { return graph_; }
  std::vector<ValueId>& outputs() { return outputs_; }

  NodeId next(NodeId node) const { return node == kNone ? first_ : next_[node]; }
  NodeId previous(NodeId node) const { return node == kNone ? last_ : previous_[node]; }
  std::span<const NodeId> users(ValueId value) const { return users_[value]; }
  bool is_output(ValueId value) const { return output_uses_[value] > 0; }
  bool donated(ValueId leaf) const { return donated_[graph_.value(leaf).index]; }

  // Inserted nodes get casts where the schema asks for them; view operators become read_view.
  Status insert(NodeId before, const Operator& op, std::span<const ValueId> inputs,
                std::span<const ds_value> attributes, uint64_t location, std::vector<ValueId>* outputs);
  Status replace(ValueId old_value, ValueId new_value);
  Status erase(NodeId node);
  Status evaluate(NodeId node);
  // Replaces a composite by its decomposition. *done: false when it has none.
  Status decompose(NodeId node, bool* done);
  void describe(NodeId node, ds_edit_node* out);  // arrays live until the next mutation
  const Operator* find(std::string_view name_or_role, Status* status);
  Status verify() const;  // what every pass must keep: operands defined before use, users counted, outputs alive

  // Program stage.
  void start_program_stage();         // numbers the nodes, works out lifetimes
  ValueId root(ValueId value) const;  // the value whose memory it shares
  Memory memory(ValueId root) const;
  uint32_t position(NodeId node) const { return position_[node]; }
  uint64_t offset(ValueId root) const { return offset_[root]; }
  uint64_t arena_bytes() const { return arena_bytes_; }
  bool placed(ValueId root) const { return placed_[root]; }
  void default_placement();  // every buffer its own place
  bool host_memory(const ds_device_id& device) const { return device.type == DS_DEVICE_CPU; }

  std::vector<Choice> choices;  // by node
  std::vector<Alias> aliases;   // by value
  std::vector<Note> notes;
  uint32_t node_flags = 0;  // DS_NODE_* of every node
  Status failure;

 private:
  friend struct EditTable;
  NodeId append(const Operator& op, std::span<const ValueId> inputs, const Call& call, uint64_t location,
                NodeId before);
  Status alias_in_place(NodeId node, uint32_t input);
  void merge(ValueId from, ValueId into);
  void unlink(NodeId node);

  Registry& registry_;
  ds_dtype default_float_;
  Graph graph_;
  std::vector<ValueId> outputs_;
  std::vector<bool> donated_;
  std::vector<NodeId> next_, previous_;
  std::vector<bool> alive_;
  NodeId first_ = kNone, last_ = kNone;
  std::vector<std::vector<NodeId>> users_;  // with repetition
  std::vector<uint32_t> output_uses_;
  ds_edit table_;

  bool program_stage_ = false;
  std::vector<uint32_t> position_;
  std::vector<ValueId> parent_;        // in-place chains
  std::vector<uint32_t> begin_, end_;  // of a root's memory
  std::vector<bool> placed_, wanted_outside_;
  std::vector<uint64_t> offset_;
  uint64_t arena_bytes_ = 0;

  // Backing of what describe answers; given back by the next mutation.
  Arena described_;
  ds_spec absent_{};
};

ds_edit make_edit_table(Edit* edit);  // edit_table.cc

}  // namespace ds::core
