// Operators: finding, describing, calling.
#include "core/api/context.h"

namespace ds::core {
namespace {

Status find_operator(Context& c, ds_operator_id id, const Operator** op) {
  *op = id <= 0xffffffffu ? c.executor.registry.operator_by_id(uint32_t(id)) : nullptr;
  return *op ? Status() : error(DS_STALE_HANDLE, "an operator id that is none");
}

Status read_input(Context& c, ThreadState& t, const ds_value& input, uint64_t location, Value* value, Weak* weak) {
  *weak = Weak::kNone;
  ds_dtype natural = DS_F64;
  switch (input.tag) {
    case DS_HANDLE: {
      Tensor* tensor;
      DS_RETURN_IF_ERROR(c.tensor(input.u.h, &tensor));
      return c.value_of(*tensor, t.recorder, location, value);
    }
    case DS_NONE:
      *value = Value();
      return {};
    case DS_INT:
      *weak = Weak::kInt, natural = DS_I64;
      break;
    case DS_FLAG:
      *weak = Weak::kBool, natural = DS_BOOL;
      break;
    case DS_FLOAT:
      *weak = Weak::kFloat;
      break;
    default:
      return error(DS_INVALID_ARGUMENT, "an input is neither tensor nor scalar");
  }
  return Recorder::scalar(input, natural, {DS_DEVICE_CPU, 0}, value);
}

Status read_inputs(Context& c, ThreadState& t, const ds_value* inputs, uint32_t count, uint64_t location) {
  t.inputs.resize(count);
  t.weak.resize(count);
  for (uint32_t i = 0; i < count; ++i)
    DS_RETURN_IF_ERROR(read_input(c, t, inputs[i], location, &t.inputs[i], &t.weak[i]));
  return {};
}

Status call(Context& c, ThreadState& t, const Operator& op, const ds_value* inputs, uint32_t input_count,
            std::span<const ds_value> attributes, uint64_t location, ds_handle* outputs, uint32_t* output_count) {
  if (op.is(DS_CLASS_VIEW) && input_count == 1 && inputs[0].tag == DS_HANDLE) {
    Tensor* source;
    DS_RETURN_IF_ERROR(c.tensor(inputs[0].u.h, &source));
    if (*output_count < 1) return error(DS_INVALID_ARGUMENT, op.name(), ": room for 1 output is needed");
    bool made;
    DS_RETURN_IF_ERROR(view_tensor(c, *source, op, attributes, outputs, &made));
    if (made) return *output_count = 1, Status();
  }
  DS_RETURN_IF_ERROR(read_inputs(c, t, inputs, input_count, location));
  DS_RETURN_IF_ERROR(t.recorder.record(op, t.inputs, t.weak, attributes, location, &t.outputs));
  if (*output_count < t.outputs.size())
    return error(DS_INVALID_ARGUMENT, op.name(), " yields ", t.outputs.size(), " outputs, there is room for ",
                 *output_count);
  DS_RETURN_IF_ERROR(t.recorder.settle(location));
  *output_count = uint32_t(t.outputs.size());
  for (uint32_t i = 0; i < *output_count; ++i) outputs[i] = c.add(std::move(t.outputs[i]));
  return {};
}

int32_t append_line(void* lines, const char* text, uint64_t length) {
  static_cast<std::vector<std::string>*>(lines)->emplace_back(text, length);
  return DS_OK;
}

std::string_view class_name(uint32_t op_class) {
  static constexpr std::string_view names[] = {"?",      "elementwise", "reduce", "view",   "contraction",
                                               "gather", "random",      "effect", "opaque", "create"};
  return op_class < std::size(names) ? names[op_class] : "?";
}

}  // namespace
}  // namespace ds::core

using namespace ds::core;

int32_t ds_operator_find(ds_handle context, const char* name, uint64_t length, ds_operator_id* op) {
  return enter(context, [&](Context& c, ThreadState&) -> Status {
    Status status;
    const Operator* found = c.executor.registry.find_operator({name, length}, &status);
    if (!found) return status;
    *op = found->id;
    return {};
  });
}

int32_t ds_operators(ds_handle context, ds_text_sink sink, void* user) {
  return list(context, sink, user, [&](Context& c, ThreadState&, std::vector<std::string>* lines) {
    *lines = c.executor.registry.operator_names();
    return Status();
  });
}

int32_t ds_operator_info(ds_handle context, ds_operator_id id, const char* what, uint64_t length, ds_text_sink sink,
                         void* user) {
  return list(context, sink, user, [&](Context& c, ThreadState&, std::vector<std::string>* lines) -> Status {
    const Operator* op;
    DS_RETURN_IF_ERROR(find_operator(c, id, &op));
    std::string_view key(what, length);
    auto answer = [&](std::string_view text) { return lines->emplace_back(text), Status(); };
    if (key == "schema") return answer({op->table.schema.data, op->table.schema.size});
    if (key == "summary") return answer({op->table.summary.data, op->table.summary.size});
    if (key == "plugin") return answer(op->plugin);
    if (key == "role") return answer(op->role);
    if (key == "class") return answer(class_name(op->table.op_class));
    if (key == "version") return answer(std::to_string(op->table.version));
    if (key == "traits") {
      std::string traits = std::to_string(op->table.traits);
      if (op->table.gradient) traits += " gradient";
      if (op->table.decompose) traits += " composite";
      if (op->table.reference) traits += " reference";
      return answer(traits);
    }
    if (key == "samples") {
      if (!op->table.samples) return {};
      int32_t status = op->table.samples(op->table.self, append_line, lines);
      return status ? error(status, op->name(), ": the samples cannot be listed") : Status();
    }
    return error(DS_INVALID_ARGUMENT, "operator_info: nothing is called '", key, "'");
  });
}

int32_t ds_call(ds_handle context, ds_operator_id id, const ds_value* inputs, uint32_t input_count,
                const ds_value* attributes, uint32_t attribute_count, uint64_t location, ds_handle* outputs,
                uint32_t* output_count) {
  return enter(context, [&](Context& c, ThreadState& t) -> Status {
    const Operator* op;
    DS_RETURN_IF_ERROR(find_operator(c, id, &op));
    Status status =
        call(c, t, *op, inputs, input_count, {attributes, attribute_count}, location, outputs, output_count);
    t.inputs.clear();
    t.outputs.clear();
    return std::move(status).at(location);
  });
}

int32_t ds_infer(ds_handle context, ds_operator_id id, const ds_value* inputs, uint32_t input_count,
                 const ds_value* attributes, uint32_t attribute_count, ds_spec* specs, uint32_t* count) {
  return enter(context, [&](Context& c, ThreadState& t) -> Status {
    const Operator* op;
    DS_RETURN_IF_ERROR(find_operator(c, id, &op));
    std::vector<ds_spec> known(input_count);
    std::vector<CallInput> given(input_count);
    for (uint32_t i = 0; i < input_count; ++i) {
      Tensor* tensor = nullptr;
      if (inputs[i].tag == DS_HANDLE) {
        DS_RETURN_IF_ERROR(c.tensor(inputs[i].u.h, &tensor));
        known[i] = tensor->base_spec();
        if (tensor->view)
          known[i] = make_spec(tensor->view->dtype, {tensor->view->shape, size_t(tensor->view->rank)},
                               tensor->base_spec().device);
        given[i] = {&known[i], Weak::kNone};
      } else if (inputs[i].tag != DS_NONE) {
        Value value;
        DS_RETURN_IF_ERROR(read_input(c, t, inputs[i], 0, &value, &given[i].weak));
        known[i] = value.spec();
        given[i].spec = &known[i];
      }
    }
    Call planned;
    DS_RETURN_IF_ERROR(
        plan_call(*op, given, {attributes, attribute_count}, c.executor.options().default_float, &planned));
    if (*count < planned.outputs.size()) return error(DS_INVALID_ARGUMENT, op->name(), ": more outputs than room");
    *count = planned.outputs.size();
    std::copy(planned.outputs.begin(), planned.outputs.end(), specs);
    return {};
  });
}
