#include "core/run/decompose.h"

namespace ds::core {
namespace {

// ds_builder over the values of an Edit: numbers are value ids plus one.
struct EditBuilder {
  Edit& edit;
  NodeId before;
  uint64_t location;
  Status failure;
  ds_builder table;

  EditBuilder(Edit& e, NodeId node)
      : edit(e), before(node), location(e.graph().node(node).location), table{sizeof(ds_builder), this, &call, &spec,
                                                                              &constant,          &fail} {}

  static EditBuilder& of(ds_builder* table) { return *static_cast<EditBuilder*>(table->context); }
  int32_t stick(Status status) {
    if (status && !failure) failure = std::move(status);
    return failure.code();
  }

  Status emit(const Operator& op, std::span<const ds_build_value> inputs, std::span<const ds_value> attributes,
              ds_build_value* outputs, uint32_t capacity) {
    std::vector<ValueId> ids, results;
    for (ds_build_value input : inputs) {
      if (input > edit.graph().values().size()) return error(DS_BAD_PLUGIN, "builder: no value has number ", input);
      ids.push_back(input ? ValueId(input - 1) : kNone);
    }
    DS_RETURN_IF_ERROR(edit.insert(before, op, ids, attributes, location, &results));
    for (uint32_t i = 0; i < results.size() && i < capacity; ++i) outputs[i] = results[i] + 1ull;
    return {};
  }

  static int32_t call(ds_builder* t, const char* name, uint64_t length, const ds_build_value* inputs,
                      uint32_t input_count, const ds_attribute* attributes, uint32_t attribute_count,
                      ds_build_value* outputs, uint32_t capacity) {
    EditBuilder& self = of(t);
    std::fill(outputs, outputs + capacity, 0);
    if (self.failure) return self.failure.code();
    Status status;
    const Operator* op = self.edit.find({name, length}, &status);
    if (!op) return self.stick(std::move(status));
    Small<ds_value, 8> ordered;
    if (auto wrong = order_attributes(*op, {attributes, attribute_count}, &ordered))
      return self.stick(std::move(wrong));
    return self.stick(self.emit(*op, {inputs, input_count}, ordered, outputs, capacity));
  }

  static int32_t spec(ds_builder* t, ds_build_value number, ds_spec* out) {
    EditBuilder& self = of(t);
    if (!number || number > self.edit.graph().values().size())
      return self.stick(error(DS_BAD_PLUGIN, "builder: no value has number ", number));
    *out = self.edit.graph().value(ValueId(number - 1)).spec;
    return DS_OK;
  }

  static int32_t constant(ds_builder* t, const ds_value* scalar, ds_dtype dtype, ds_build_value* value) {
    EditBuilder& self = of(t);
    *value = 0;
    if (self.failure) return self.failure.code();
    ds_value number = *scalar;
    if (number.tag != DS_FLOAT) number = {DS_FLOAT, 0, {.f = double(scalar->u.i)}};
    ds_value attributes[] = {{DS_INTS, 0, {.is = nullptr}}, number, {DS_TYPE, 0, {.i = dtype}}};
    Status status;
    const Operator* op = self.edit.find("@fill", &status);
    if (!op) return self.stick(std::move(status));
    return self.stick(self.emit(*op, {}, attributes, value, 1));
  }

  static int32_t fail(ds_builder* t, ds_status code, const char* text, uint64_t length) {
    return of(t).stick(Status(code, std::string(text, length)));
  }
};

}  // namespace

Status decompose_node(Edit& edit, NodeId id, std::vector<ValueId>* outputs) {
  const Node node = edit.graph().node(id);
  EditBuilder builder(edit, id);
  std::vector<ds_build_value> inputs, results(node.output_count);
  for (ValueId input : edit.graph().inputs(node)) inputs.push_back(input == kNone ? 0 : input + 1ull);
  // Attributes are copied: inserting nodes moves the graph's own.
  auto given = edit.graph().attributes(node);
  std::vector<ds_value> attributes(given.begin(), given.end());
  ds_decompose_args args{&builder.table,          inputs.data(),     attributes.data(),           results.data(),
                         uint32_t(inputs.size()), node.output_count, uint32_t(attributes.size()), 0};
  int32_t status = node.op->table.decompose(node.op->table.self, &args);
  if (builder.failure) return std::move(builder.failure).in(node.op->name());
  if (status) return error(status, node.op->name(), ": decompose failed");
  for (uint32_t i = 0; i < node.output_count; ++i) {
    if (!results[i]) return error(DS_BAD_PLUGIN, node.op->name(), ": decompose left output ", i, " out");
    outputs->push_back(ValueId(results[i] - 1));
  }
  return {};
}

}  // namespace ds::core
