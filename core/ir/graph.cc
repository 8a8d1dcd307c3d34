#include "core/ir/graph.h"

#include "core/base/hash.h"

namespace ds::core {
namespace {

uint64_t hash_value(uint64_t hash, const ds_value& v) {
  hash = mix(hash, uint64_t(v.tag) << 32 | v.count);
  switch (v.tag) {
    case DS_STRING:
    case DS_BYTES:
      return mix_bytes(hash, v.u.p, v.count);
    case DS_INTS:
    case DS_FLOATS:
      return mix_bytes(hash, v.u.p, v.count * 8ull);
    default:
      return mix(hash, uint64_t(v.u.i));
  }
}

uint64_t hash_spec(uint64_t hash, const ds_spec& s) {
  hash = mix(hash, s.dtype | uint64_t(s.rank) << 32 | uint64_t(s.kind) << 40 | uint64_t(s.device.type) << 44 |
                       uint64_t(s.device.index) << 56);
  for (int64_t extent : shape_of(s)) hash = mix(hash, uint64_t(extent));
  return hash;
}

}  // namespace

ds_value copy_value(const ds_value& v, Arena& arena) {
  ds_value copy = v;
  if (v.tag == DS_STRING || v.tag == DS_BYTES) copy.u.p = arena.copy(v.u.p, v.count);
  if (v.tag == DS_INTS || v.tag == DS_FLOATS) copy.u.p = arena.copy(v.u.p, v.count * 8ull);
  return copy;
}

bool equal_values(const ds_value& a, const ds_value& b) {
  if (a.tag != b.tag || a.count != b.count) return false;
  if (a.tag == DS_STRING || a.tag == DS_BYTES) return a.count == 0 || !std::memcmp(a.u.p, b.u.p, a.count);
  if (a.tag == DS_INTS || a.tag == DS_FLOATS) return a.count == 0 || !std::memcmp(a.u.p, b.u.p, a.count * 8ull);
  return a.u.i == b.u.i;
}

Graph::Graph(const Graph& other)
    : names(other.names),
      nodes_(other.nodes_),
      values_(other.values_),
      operands_(other.operands_),
      leaves_(other.leaves_),
      constants_(other.constants_),
      hash_(other.hash_) {
  attributes_.reserve(other.attributes_.size());
  for (auto& v : other.attributes_) attributes_.push_back(copy_value(v, arena_));
}

ValueId Graph::add_leaf(const ds_spec& spec, bool scalar) {
  ValueId id = ValueId(values_.size());
  values_.emplace_back(spec, kNone, uint32_t(leaves_.size()), scalar ? ValueKind::kScalar : ValueKind::kLeaf);
  leaves_.push_back(id);
  hash_ = hash_spec(mix(hash_, scalar ? 3 : 1), spec);
  return id;
}

ValueId Graph::add_constant(const ds_spec& spec, Ref<Buffer> data) {
  ValueId id = ValueId(values_.size());
  values_.emplace_back(spec, kNone, uint32_t(constants_.size()), ValueKind::kConstant);
  hash_ = mix_bytes(hash_spec(mix(hash_, 2), spec), data->memory, data->nbytes);
  constants_.push_back(std::move(data));
  return id;
}

NodeId Graph::add_node(const Operator& op, std::span<const ValueId> inputs, std::span<const ds_value> attributes,
                       std::span<const ds_spec> outputs, uint64_t location) {
  NodeId id = NodeId(nodes_.size());
  nodes_.push_back({&op, uint32_t(operands_.size()), uint32_t(inputs.size()), uint32_t(values_.size()),
                    uint32_t(outputs.size()), uint32_t(attributes_.size()), uint32_t(attributes.size()), location});
  uint64_t hash = mix(hash_, op.id | uint64_t(inputs.size()) << 32 | uint64_t(outputs.size()) << 48);
  for (ValueId input : inputs) {
    operands_.push_back(input);
    hash = mix(hash, input);
  }
  for (auto& attribute : attributes) {
    attributes_.push_back(copy_value(attribute, arena_));
    hash = hash_value(hash, attribute);
  }
  for (uint32_t i = 0; i < outputs.size(); ++i) values_.emplace_back(outputs[i], id, i, ValueKind::kResult);
  hash_ = hash;
  return id;
}

void Graph::clear() {
  nodes_.clear();
  values_.clear();
  operands_.clear();
  leaves_.clear();
  attributes_.clear();
  constants_.clear();
  names.clear();
  arena_.clear();
  hash_ = 0;
}

bool Graph::equal(const Graph& other) const {
  if (hash_ != other.hash_ || nodes_.size() != other.nodes_.size() || values_.size() != other.values_.size() ||
      operands_ != other.operands_ || attributes_.size() != other.attributes_.size() ||
      leaves_.size() != other.leaves_.size() || constants_.size() != other.constants_.size())
    return false;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const Node &a = nodes_[i], &b = other.nodes_[i];
    if (a.op != b.op || a.first_input != b.first_input || a.input_count != b.input_count ||
        a.first_output != b.first_output || a.output_count != b.output_count || a.attribute_count != b.attribute_count)
      return false;
  }
  for (size_t i = 0; i < attributes_.size(); ++i)
    if (!equal_values(attributes_[i], other.attributes_[i])) return false;
  for (size_t i = 0; i < leaves_.size(); ++i) {  // specs of results follow from the leaves
    const ValueInfo &a = values_[leaves_[i]], &b = other.values_[other.leaves_[i]];
    if (leaves_[i] != other.leaves_[i] || a.kind != b.kind || !same_type(a.spec, b.spec)) return false;
  }
  for (size_t i = 0; i < constants_.size(); ++i)
    if (constants_[i]->nbytes != other.constants_[i]->nbytes ||
        std::memcmp(constants_[i]->memory, other.constants_[i]->memory, constants_[i]->nbytes))
      return false;
  return true;
}

Status verify(const Graph& graph) {
  auto nodes = graph.nodes();
  for (NodeId id = 0; id < nodes.size(); ++id) {
    const Node& n = nodes[id];
    auto wrong = [&](auto... what) { return error(DS_CORRUPT, "node ", id, " (", n.op->name(), "): ", what...); };
    const Schema& schema = n.op->schema;
    size_t needed = schema.inputs.size();
    while (needed && (schema.inputs[needed - 1].optional || schema.inputs[needed - 1].variadic)) --needed;
    if (n.input_count < needed || (n.input_count > schema.inputs.size() && !schema.variadic_inputs()))
      return wrong(n.input_count, " inputs, the schema has ", schema.inputs.size());
    auto inputs = graph.inputs(n);
    for (uint32_t i = 0; i < inputs.size(); ++i) {
      if (inputs[i] == kNone) {
        if (!schema.inputs[std::min<size_t>(i, schema.inputs.size() - 1)].optional)
          return wrong("input ", i, " is absent and not optional");
      } else if (inputs[i] >= n.first_output) {
        return wrong("input ", i, " is used before it is defined");
      }
    }
    if (n.attribute_count != schema.attributes.size()) return wrong("incomplete attributes");
    auto attributes = graph.attributes(n);
    for (uint32_t i = 0; i < attributes.size(); ++i)
      if (attributes[i].tag != schema.attributes[i].tag && attributes[i].tag != DS_NONE)
        return wrong("attribute ", schema.attributes[i].name, " is of another kind");
    for (uint32_t i = 0; i < n.output_count; ++i) {
      const ValueInfo& v = graph.value(n.first_output + i);
      uint64_t elements, nbytes;
      if (v.producer != id || v.index != i) return wrong("output ", i, " does not point back");
      if (v.spec.kind == DS_KIND_TENSOR) DS_RETURN_IF_ERROR(check_spec(v.spec, &elements, &nbytes));
    }
  }
  return {};
}

}  // namespace ds::core
