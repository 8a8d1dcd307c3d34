// What an operator's descriptor claims is checked once, here, so that nobody after it has to.
#include "core/registry/operator.h"

#include <algorithm>

#include "core/registry/expr_check.h"
#include "core/registry/table.h"
#include "core/tensor/shape.h"

namespace ds::core {
namespace {

// The infer of elementwise operators that bring none: inputs broadcast, outputs take the shape.
int32_t infer_elementwise(void*, ds_infer_args* args) {
  ds_spec shape{};
  for (uint32_t i = 0; i < args->input_count; ++i) {
    const ds_spec& in = *args->inputs[i];
    if (in.kind != DS_KIND_TENSOR) continue;
    int32_t grown = std::max(shape.rank, in.rank);
    for (int32_t axis = 1; axis <= grown; ++axis) {  // from the last one
      int64_t a = axis <= shape.rank ? shape.shape[DS_MAX_RANK - axis] : 1;
      int64_t b = axis <= in.rank ? in.shape[in.rank - axis] : 1;
      if (a != b && a != 1 && b != 1) {
        std::string text = cat("shapes do not broadcast:");
        for (uint32_t k = 0; k < args->input_count; ++k)
          text += cat(k ? ", " : " ", shape_text(shape_of(*args->inputs[k])));
        args->error->set(args->error->context, DS_SHAPE_MISMATCH, text.data(), text.size());
        return DS_SHAPE_MISMATCH;
      }
      shape.shape[DS_MAX_RANK - axis] = a == 1 ? b : a;
    }
    shape.rank = grown;
  }
  for (uint32_t i = 0; i < args->output_count; ++i) {
    args->outputs[i]->rank = shape.rank;
    std::copy(shape.shape + DS_MAX_RANK - shape.rank, shape.shape + DS_MAX_RANK, args->outputs[i]->shape);
  }
  return DS_OK;
}

Status check_program(const Operator& op) {
  uint32_t inputs = 0, outputs = 0;
  if (!op.is(DS_CLASS_ELEMENTWISE)) return error(DS_BAD_PLUGIN, "has an expr but is not elementwise");
  DS_RETURN_IF_ERROR(check_expr(op.table.expr, op.table.expr_size, &inputs, &outputs));
  auto numeric = [](const AttributeSpec& a) { return a.tag == DS_INT || a.tag == DS_FLOAT || a.tag == DS_FLAG; };
  size_t least = op.schema.inputs.size();
  size_t most = least + size_t(std::count_if(op.schema.attributes.begin(), op.schema.attributes.end(), numeric));
  if (inputs < least || inputs > most)
    return error(DS_BAD_PLUGIN, "expr takes ", inputs, " inputs, the schema has ", least, " and ", most - least,
                 " numeric attributes");
  if (outputs != op.schema.outputs.size())
    return error(DS_BAD_PLUGIN, "expr has ", outputs, " outputs, the schema ", op.schema.outputs.size());
  return {};
}

Status check_slots(const Operator& op) {
  const ds_operator& t = op.table;
  auto missing = [](std::string_view slot, std::string_view why) {
    return error(DS_BAD_PLUGIN, "the slot ", slot, " is missing: ", why);
  };
  if (t.op_class < DS_CLASS_ELEMENTWISE || t.op_class > DS_CLASS_CREATE)
    return error(DS_BAD_PLUGIN, "unknown class ", t.op_class);
  if (op.is(DS_CLASS_VIEW)) {
    if (op.schema.inputs.empty()) return error(DS_BAD_PLUGIN, "a view operator needs an input");
    return t.view ? Status() : missing("view", "the operator is of class view");
  }
  auto& attributes = op.schema.attributes;
  bool carries_program =
      std::any_of(attributes.begin(), attributes.end(), [](auto& a) { return a.name == "expr" && a.tag == DS_BYTES; });
  bool has_program = t.expr_size || (op.is(DS_CLASS_ELEMENTWISE) && carries_program);
  if (!t.infer && !op.is(DS_CLASS_ELEMENTWISE))
    return missing("infer", "only elementwise and view operators do without");
  if (!has_program && !t.reference && !t.decompose)
    return missing("reference", "an operator without expr and decompose has no other meaning");
  return {};
}

Status check_operator(Operator* op) {
  ds_operator& t = op->table;
  DS_RETURN_IF_ERROR(check_slots(*op));
  if (t.expr || t.expr_size) DS_RETURN_IF_ERROR(check_program(*op));
  if (op->is(DS_CLASS_RANDOM)) {
    auto& inputs = op->schema.inputs;
    auto state = std::find_if(inputs.begin(), inputs.end(), [](auto& p) { return p.name == "state"; });
    if (state == inputs.end() || state->variadic || op->schema.variables[state->variable].exact != DS_U64)
      return error(DS_BAD_PLUGIN, "a random operator needs the input `state: u64`");
    op->schema.state_input = int(state - inputs.begin());
  }
  if (!op->role.empty() && !is_name(op->role)) return error(DS_BAD_PLUGIN, "the role '", op->role, "' is no name");
  if (!t.infer && op->is(DS_CLASS_ELEMENTWISE)) t.infer = infer_elementwise;
  return {};
}

}  // namespace

Status make_operator(const void* descriptor, Operator* op) {
  DS_RETURN_IF_ERROR(grow(descriptor, &op->table));
  DS_RETURN_IF_ERROR(parse_schema(view(op->table.schema), &op->schema));
  op->role = view(op->table.role);
  if (auto status = check_operator(op)) return std::move(status).in(cat("operator ", op->name()));
  return {};
}

}  // namespace ds::core
