#include "core/run/edit.h"

#include <algorithm>

#include "core/run/decompose.h"
#include "core/run/reference.h"

namespace ds::core {

Edit::Edit(Registry& registry, ds_dtype default_float, const Graph& source, std::span<const ValueId> outputs,
           std::vector<bool> donated)
    : registry_(registry),
      default_float_(default_float),
      graph_(source),
      outputs_(outputs.begin(), outputs.end()),
      donated_(std::move(donated)) {
  uint32_t nodes = uint32_t(graph_.nodes().size());
  next_.resize(nodes);
  previous_.resize(nodes);
  alive_.assign(nodes, true);
  for (NodeId n = 0; n < nodes; ++n) {
    next_[n] = n + 1 < nodes ? n + 1 : kNone;
    previous_[n] = n ? n - 1 : kNone;
  }
  first_ = nodes ? 0 : kNone;
  last_ = nodes ? nodes - 1 : kNone;
  users_.resize(graph_.values().size());
  output_uses_.assign(graph_.values().size(), 0);
  for (NodeId n = 0; n < nodes; ++n)
    for (ValueId input : graph_.inputs(graph_.node(n)))
      if (input != kNone) users_[input].push_back(n);
  for (ValueId output : outputs_) ++output_uses_[output];
  table_ = make_edit_table(this);
}

const Operator* Edit::find(std::string_view name, Status* status) {
  return name.starts_with('@') ? registry_.find_role(name.substr(1), status) : registry_.find_operator(name, status);
}

NodeId Edit::append(const Operator& op, std::span<const ValueId> inputs, const Call& call, uint64_t location,
                    NodeId before) {
  described_.clear();
  NodeId id = graph_.add_node(op, inputs, call.attributes, call.outputs, location);
  users_.resize(graph_.values().size());
  output_uses_.resize(graph_.values().size(), 0);
  for (ValueId input : inputs)
    if (input != kNone) users_[input].push_back(id);
  NodeId after = before == kNone ? last_ : previous_[before];
  next_.push_back(before);
  previous_.push_back(after);
  alive_.push_back(true);
  (after == kNone ? first_ : next_[after]) = id;
  (before == kNone ? last_ : previous_[before]) = id;
  return id;
}

Status Edit::insert(NodeId before, const Operator& op, std::span<const ValueId> inputs,
                    std::span<const ds_value> attributes, uint64_t location, std::vector<ValueId>* outputs) {
  Small<CallInput, 8> specs(uint32_t(inputs.size()));
  for (uint32_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i] != kNone && inputs[i] >= graph_.values().size())
      return error(DS_INVALID_ARGUMENT, op.name(), ": no value has the number ", inputs[i]);
    specs[i] = CallInput{inputs[i] == kNone ? nullptr : &graph_.value(inputs[i]).spec, Weak::kNone};
  }
  if (op.is(DS_CLASS_VIEW)) {
    if (inputs.empty() || inputs[0] == kNone) return error(DS_INVALID_ARGUMENT, op.name(), ": input is missing");
    ds_view_spec view;
    bool materialize;
    ds_spec source = *specs[0].spec;
    DS_RETURN_IF_ERROR(plan_view(op, source, dense_view(source), attributes, &view, &materialize));
    Status status;
    const Operator* read = registry_.find_role("read_view", &status);
    if (!read) return status;
    ds_value where[] = {{DS_INT, 0, {.i = view.offset}},
                        {DS_INTS, uint32_t(view.rank), {.is = view.shape}},
                        {DS_INTS, uint32_t(view.rank), {.is = view.strides}}};
    return insert(before, *read, inputs, where, location, outputs);
  }
  Call call;
  DS_RETURN_IF_ERROR(plan_call(op, specs, attributes, default_float_, &call));
  Small<ValueId, 8> operands(uint32_t(inputs.size()));
  for (uint32_t i = 0; i < inputs.size(); ++i) {
    operands[i] = inputs[i];
    if (inputs[i] == kNone || graph_.value(inputs[i]).spec.dtype == call.input_dtypes[i]) continue;
    Status status;
    const Operator* cast = registry_.find_role("cast", &status);
    if (!cast) return status;
    ds_value dtype{DS_TYPE, 0, {.i = call.input_dtypes[i]}};
    std::vector<ValueId> converted;
    DS_RETURN_IF_ERROR(insert(before, *cast, {&inputs[i], 1}, {&dtype, 1}, location, &converted));
    operands[i] = converted[0];
  }
  const Node& made = graph_.node(append(op, operands, call, location, before));
  outputs->resize(made.output_count);
  for (uint32_t i = 0; i < made.output_count; ++i) (*outputs)[i] = made.first_output + i;
  return {};
}

Status Edit::replace(ValueId old_value, ValueId new_value) {
  if (old_value >= graph_.values().size() || new_value >= graph_.values().size())
    return error(DS_INVALID_ARGUMENT, "replace: no such value");
  if (old_value == new_value) return {};
  const ds_spec &a = graph_.value(old_value).spec, &b = graph_.value(new_value).spec;
  if (!same_type(a, b)) return error(DS_INVALID_ARGUMENT, "replace: ", spec_text(a), " cannot become ", spec_text(b));
  described_.clear();
  std::vector<NodeId> users = std::move(users_[old_value]);
  users_[old_value].clear();
  for (NodeId user : users) {
    const Node& n = graph_.node(user);
    for (uint32_t i = 0; i < n.input_count; ++i)
      if (graph_.inputs(n)[i] == old_value) graph_.set_input(n, i, new_value);
    users_[new_value].push_back(user);
  }
  for (ValueId& output : outputs_)
    if (output == old_value) output = new_value;
  output_uses_[new_value] += output_uses_[old_value];
  output_uses_[old_value] = 0;
  return {};
}

void Edit::unlink(NodeId id) {
  described_.clear();
  for (ValueId input : graph_.inputs(graph_.node(id))) {
    if (input == kNone) continue;
    auto& users = users_[input];
    users.erase(std::find(users.begin(), users.end(), id));
  }
  alive_[id] = false;
  NodeId before = previous_[id], after = next_[id];
  (before == kNone ? first_ : next_[before]) = after;
  (after == kNone ? last_ : previous_[after]) = before;
}

Status Edit::erase(NodeId id) {
  if (id >= alive_.size() || !alive_[id]) return error(DS_INVALID_ARGUMENT, "erase: no such node");
  const Node& n = graph_.node(id);
  if (n.op->has(DS_TRAIT_EFFECT)) return error(DS_INVALID_ARGUMENT, "erase: ", n.op->name(), " has an effect");
  for (uint32_t i = 0; i < n.output_count; ++i)
    if (!users_[n.first_output + i].empty() || output_uses_[n.first_output + i])
      return error(DS_INVALID_ARGUMENT, "erase: output ", i, " of ", n.op->name(), " is used");
  unlink(id);
  return {};
}

Status Edit::evaluate(NodeId id) {
  const Node n = graph_.node(id);
  std::vector<Ref<Buffer>> inputs, outputs;
  for (ValueId input : graph_.inputs(n)) {
    if (input == kNone) {
      inputs.emplace_back();
      continue;
    }
    const ValueInfo& v = graph_.value(input);
    if (v.kind != ValueKind::kConstant)
      return error(DS_INVALID_ARGUMENT, "evaluate: an input of ", n.op->name(), " is not constant");
    inputs.push_back(graph_.constants()[v.index]);
  }
  DS_RETURN_IF_ERROR(run_reference(graph_, n, inputs, &outputs));
  for (uint32_t i = 0; i < n.output_count; ++i) graph_.make_constant(n.first_output + i, outputs[i]);
  // The node goes; its outputs stay as constants, whoever uses them.
  unlink(id);
  return {};
}

Status Edit::decompose(NodeId id, bool* done) {
  const Node n = graph_.node(id);
  *done = false;
  if (!n.op->table.decompose) return {};
  std::vector<ValueId> outputs;
  DS_RETURN_IF_ERROR(decompose_node(*this, id, &outputs));
  for (uint32_t i = 0; i < n.output_count; ++i) DS_RETURN_IF_ERROR(replace(n.first_output + i, outputs[i]));
  *done = true;
  return erase(id);
}

Status Edit::verify() const {
  std::vector<bool> defined(graph_.values().size());
  std::vector<uint32_t> uses(graph_.values().size());
  for (ValueId v = 0; v < defined.size(); ++v) defined[v] = graph_.value(v).kind != ValueKind::kResult;
  for (NodeId id = first_; id != kNone; id = next_[id]) {
    const Node& node = graph_.node(id);
    for (ValueId input : graph_.inputs(node)) {
      if (input == kNone) continue;
      if (!defined[input]) return error(DS_INTERNAL, node.op->name(), " reads %", input, " before it is computed");
      ++uses[input];
    }
    for (uint32_t i = 0; i < node.output_count; ++i) defined[node.first_output + i] = true;
  }
  for (ValueId v = 0; v < uses.size(); ++v)
    if (uses[v] != users_[v].size())
      return error(DS_INTERNAL, "%", v, " has ", uses[v], " users, counted ", users_[v].size());
  for (ValueId output : outputs_)
    if (!defined[output]) return error(DS_INTERNAL, "output %", output, " is computed by nobody");
  return {};
}

void Edit::describe(NodeId id, ds_edit_node* out) {
  const Node& n = graph_.node(id);
  auto* input_specs = described_.array<const ds_spec*>(n.input_count);
  auto* input_flags = described_.array<uint32_t>(n.input_count);
  auto* input_ids = described_.array<ValueId>(n.input_count);
  auto* output_specs = described_.array<const ds_spec*>(n.output_count);
  auto* output_ids = described_.array<ValueId>(n.output_count);
  absent_.kind = DS_KIND_OPTIONAL;
  for (uint32_t i = 0; i < n.input_count; ++i) {
    ValueId input = input_ids[i] = graph_.inputs(n)[i];
    input_specs[i] = input == kNone ? &absent_ : &graph_.value(input).spec;
    // A leaf that is not given away is likely to come again: a parameter.
    bool constant = input != kNone && (graph_.value(input).kind == ValueKind::kConstant ||
                                       (graph_.value(input).kind == ValueKind::kLeaf && !donated(input)));
    input_flags[i] = constant ? DS_INPUT_CONSTANT : 0;
  }
  for (uint32_t i = 0; i < n.output_count; ++i) {
    output_specs[i] = &graph_.value(n.first_output + i).spec;
    output_ids[i] = n.first_output + i;
  }
  auto attributes = graph_.attributes(n);
  const void* expr = n.op->table.expr;
  uint64_t expr_size = n.op->table.expr_size;
  if (!expr && n.op->is(DS_CLASS_ELEMENTWISE)) {
    for (uint32_t i = 0; i < attributes.size(); ++i) {
      if (n.op->schema.attributes[i].name != "expr") continue;
      expr = attributes[i].u.p;
      expr_size = attributes[i].count;
    }
  }
  ds_edit_node full{};
  full.size = sizeof full;
  full.node = {sizeof(ds_node),
               {n.op->name().data(), n.op->name().size()},
               n.op->table.version,
               n.op->table.op_class,
               n.input_count,
               n.output_count,
               n.attribute_count,
               node_flags,
               input_specs,
               output_specs,
               attributes.data(),
               input_flags,
               nullptr,
               expr,
               expr_size};
  full.traits = n.op->table.traits;
  full.role = {n.op->role.data(), n.op->role.size()};
  full.inputs = input_ids;
  full.outputs = output_ids;
  if (program_stage_ && id < choices.size()) full.offer = choices[id].offer;
  *out = full;
}

// ---- program stage --------------------------------------------------------------------------------------------------

ValueId Edit::root(ValueId value) const {
  for (;;) {
    if (aliases[value].base != kNone)
      value = aliases[value].base;
    else if (parent_[value] != value)
      value = parent_[value];
    else
      return value;
  }
}

Memory Edit::memory(ValueId root) const {
  const ValueInfo& v = graph_.value(root);
  if (v.spec.kind != DS_KIND_TENSOR) return Memory::kNothing;
  if (v.kind == ValueKind::kConstant) return Memory::kConstant;
  if (v.kind != ValueKind::kResult) return Memory::kLeaf;
  return wanted_outside_[root] || !host_memory(v.spec.device) ? Memory::kOwned : Memory::kArena;
}

void Edit::start_program_stage() {
  program_stage_ = true;
  uint32_t count = uint32_t(graph_.values().size());
  aliases.resize(count);
  parent_.resize(count);
  for (ValueId v = 0; v < count; ++v) parent_[v] = v;
  begin_.assign(count, 0);
  end_.assign(count, 0);
  placed_.assign(count, false);
  offset_.assign(count, 0);
  wanted_outside_.assign(count, false);
  position_.assign(graph_.nodes().size(), 0);
  uint32_t position = 0;
  for (NodeId n = first_; n != kNone; n = next_[n]) position_[n] = position++;
  for (NodeId n = first_; n != kNone; n = next_[n]) {
    const Node& node = graph_.node(n);
    for (uint32_t i = 0; i < node.output_count; ++i) {
      ValueId out = node.first_output + i, home = root(out);
      if (home == out) begin_[out] = end_[out] = position_[n];
    }
    for (ValueId input : graph_.inputs(node))
      if (input != kNone) end_[root(input)] = std::max(end_[root(input)], position_[n]);
  }
  for (ValueId output : outputs_) {
    wanted_outside_[root(output)] = true;
    end_[root(output)] = kNone;
  }
}

void Edit::merge(ValueId from, ValueId into) {
  parent_[from] = into;
  end_[into] = std::max(end_[into], end_[from]);
  wanted_outside_[into] = wanted_outside_[into] || wanted_outside_[from];
}

Status Edit::alias_in_place(NodeId id, uint32_t input) {
  const Node& n = graph_.node(id);
  if (!program_stage_ || input >= n.input_count || input >= 64 || !n.output_count ||
      !(choices[id].offer.in_place >> input & 1))
    return error(DS_INVALID_ARGUMENT, "alias: the kernel of ", n.op->name(), " does not offer it");
  ValueId in = graph_.inputs(n)[input], out = n.first_output;
  if (in == kNone || aliases[in].base != kNone || aliases[out].base != kNone || parent_[out] != out)
    return error(DS_INVALID_ARGUMENT, "alias: a view or an absent input");
  ValueId home = root(in);
  const ValueInfo& owner = graph_.value(home);
  bool gives = owner.kind == ValueKind::kResult || (owner.kind == ValueKind::kLeaf && donated(home));
  if (!gives || end_[home] != position_[id] || is_output(in))
    return error(DS_INVALID_ARGUMENT, "alias: the input is needed afterwards");
  if (byte_count(graph_.value(in).spec) != byte_count(graph_.value(out).spec) ||
      byte_count(owner.spec) != byte_count(graph_.value(out).spec))
    return error(DS_INVALID_ARGUMENT, "alias: sizes differ");
  // Another operand that reads the same memory would see half-written data.
  uint32_t readers = 0;
  for (ValueId other : graph_.inputs(n)) readers += other != kNone && root(other) == home;
  if (readers != 1) return error(DS_INVALID_ARGUMENT, "alias: the memory is read twice");
  merge(out, home);
  return {};
}

void Edit::default_placement() {
  for (NodeId n = first_; n != kNone; n = next_[n]) {
    const Node& node = graph_.node(n);
    for (uint32_t i = 0; i < node.output_count; ++i) {
      ValueId home = root(node.first_output + i);
      if (memory(home) != Memory::kArena || placed_[home]) continue;
      placed_[home] = true;
      offset_[home] = arena_bytes_;
      arena_bytes_ += (byte_count(graph_.value(home).spec) + 63) & ~63ull;
    }
  }
}

}  // namespace ds::core
