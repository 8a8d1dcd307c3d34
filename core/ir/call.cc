#include "core/ir/call.h"

#include <algorithm>

namespace ds::core {
namespace {

const ds_spec kAbsent = [] {
  ds_spec spec{};
  spec.kind = DS_KIND_OPTIONAL;
  return spec;
}();

std::string_view class_name(TypeClass c) {
  switch (c) {
    case TypeClass::kNumber:
      return "number";
    case TypeClass::kReal:
      return "real";
    case TypeClass::kFloat:
      return "float";
    case TypeClass::kInt:
      return "int";
    case TypeClass::kBool:
      return "bool";
    case TypeClass::kComplex:
      return "complex";
    default:
      return "any";
  }
}

// The operator says what went wrong; its name is put before unless it is there already.
Status from_operator(const Operator& op, Status status) {
  if (!status || status.text().starts_with(op.name())) return status;
  return std::move(status).in(op.name());
}

Status fit_class(const Operator& op, const TypeVariable& variable, ds_dtype default_float, ds_dtype* d) {
  auto refuse = [&] {
    return error(DS_DTYPE_MISMATCH, op.name(), ": ", dtype_name(*d), " is not ", class_name(variable.type_class));
  };
  switch (variable.type_class) {
    case TypeClass::kExact:
      *d = variable.exact;
      return {};
    case TypeClass::kAny:
    case TypeClass::kNumber:
      return {};
    case TypeClass::kReal:
      return is_bool(*d) || is_complex(*d) ? refuse() : Status();
    case TypeClass::kFloat:
      if (is_integer(*d) || is_bool(*d)) *d = default_float;
      return is_complex(*d) ? refuse() : Status();
    case TypeClass::kInt:
      return is_integer(*d) || is_bool(*d) ? Status() : refuse();
    case TypeClass::kBool:
      *d = DS_BOOL;
      return {};
    case TypeClass::kComplex:
      return is_complex(*d) ? Status() : refuse();
  }
  return {};
}

Status complete_attributes(const Operator& op, std::span<const ds_value> given, Small<ds_value, 8>* out) {
  auto& specs = op.schema.attributes;
  if (given.size() > specs.size())
    return error(DS_INVALID_ARGUMENT, op.name(), ": ", given.size(), " attributes, it has ", specs.size());
  out->resize(uint32_t(specs.size()));
  for (uint32_t i = 0; i < specs.size(); ++i) {
    ds_value v = i < given.size() ? given[i] : ds_value{};
    if (v.tag == DS_NONE) {
      if (specs[i].required) return error(DS_INVALID_ARGUMENT, op.name(), ": attribute ", specs[i].name, " is missing");
      v = specs[i].fallback;
    } else if (v.tag != specs[i].tag) {
      uint32_t want = specs[i].tag;
      if (want == DS_FLOAT && (v.tag == DS_INT || v.tag == DS_FLAG))
        v = {DS_FLOAT, 0, {.f = double(v.u.i)}};
      else if (want == DS_FLAG && v.tag == DS_INT)
        v = {DS_FLAG, 0, {.i = v.u.i != 0}};
      else if (want == DS_INT && v.tag == DS_FLAG)
        v.tag = DS_INT;
      else
        return error(DS_INVALID_ARGUMENT, op.name(), ": attribute ", specs[i].name, " is of the wrong kind");
    }
    if (v.tag == DS_FLAG) v.u.i = v.u.i != 0;
    (*out)[i] = v;
  }
  return {};
}

// The common case needs no promotion: all inputs there, one variable for everything, one dtype, one device.
bool agree(const Operator& op, std::span<const CallInput> inputs) {
  const Schema& schema = op.schema;
  if (schema.variables.size() != 1 || inputs.empty() || inputs.size() != schema.inputs.size() || inputs.size() > 8 ||
      schema.variadic_inputs() || schema.variadic_outputs())
    return false;
  const ds_spec* first = inputs[0].spec;
  for (auto& input : inputs)
    if (!input.spec || input.weak != Weak::kNone || input.spec->dtype != first->dtype ||
        input.spec->device.type != first->device.type || input.spec->device.index != first->device.index)
      return false;
  ds_dtype dtype = first->dtype;
  switch (schema.variables[0].type_class) {
    case TypeClass::kAny:
    case TypeClass::kNumber:
      return true;
    case TypeClass::kReal:
      return !is_bool(dtype) && !is_complex(dtype);
    case TypeClass::kFloat:
      return is_float(dtype);
    case TypeClass::kInt:
      return is_integer(dtype) || is_bool(dtype);
    case TypeClass::kBool:
      return is_bool(dtype);
    case TypeClass::kComplex:
      return is_complex(dtype);
    case TypeClass::kExact:
      return dtype == schema.variables[0].exact;
  }
  return false;
}

Status infer(const Operator& op, std::span<const ds_spec* const> inputs, Call* call) {
  uint32_t output_count = call->outputs.size();
  Small<ds_spec*, 4> outputs(output_count);
  for (uint32_t i = 0; i < output_count; ++i) outputs[i] = &call->outputs[i];
  ErrorSink sink;
  ds_infer_args args{sink.get(),
                     inputs.data(),
                     call->attributes.data(),
                     outputs.data(),
                     uint32_t(inputs.size()),
                     call->attributes.size(),
                     output_count,
                     0};
  if (op.table.infer) {
    if (int32_t status = op.table.infer(op.table.self, &args)) return from_operator(op, sink.take(status, ""));
  } else if (op.is(DS_CLASS_VIEW)) {
    ds_view_spec source = dense_view(*inputs[0]), result{};
    ds_view_args view{sink.get(), inputs[0], &source, call->attributes.data(), &result};
    if (int32_t status = op.table.view(op.table.self, &view)) return from_operator(op, sink.take(status, ""));
    if (result.rank < 0 || result.rank > DS_MAX_RANK)
      return error(DS_INVALID_ARGUMENT, op.name(), ": rank ", result.rank, " is not between 0 and ", DS_MAX_RANK);
    call->outputs[0].rank = result.rank;
    call->outputs[0].dtype = result.dtype ? result.dtype : inputs[0]->dtype;
    std::copy(result.shape, result.shape + result.rank, call->outputs[0].shape);
  } else {
    return error(DS_BAD_PLUGIN, op.name(), " has neither infer nor view");
  }
  if (args.output_count > output_count) return error(DS_BAD_PLUGIN, op.name(), ": infer claims too many outputs");
  if (!args.output_count || (args.output_count < output_count && !op.schema.variadic_outputs()))
    return error(DS_BAD_PLUGIN, op.name(), ": infer answers ", args.output_count, " of ", output_count, " outputs");
  call->outputs.resize(args.output_count);
  for (auto& out : call->outputs) {
    if (out.kind != DS_KIND_TENSOR && (out.kind != DS_KIND_TOKEN || out.rank))
      return error(DS_BAD_PLUGIN, op.name(), ": infer answers an output of kind ", out.kind);
    // What an input already is needs no check.
    if (!inputs.empty() && out.dtype == inputs[0]->dtype && same_shape(out, *inputs[0])) continue;
    uint64_t elements, nbytes;
    if (out.kind == DS_KIND_TENSOR)
      if (auto status = check_spec(out, &elements, &nbytes)) return std::move(status).in(op.name());
  }
  return {};
}

// An output before infer: dtype and device are known, the rest is zero.
void start_output(ds_spec* out, ds_dtype dtype, ds_device_id device) {
  clear_spec(out);
  out->dtype = dtype;
  out->device = device;
}

}  // namespace

Status plan_call(const Operator& op, std::span<const CallInput> inputs, std::span<const ds_value> attributes,
                 ds_dtype default_float, Call* call) {
  const Schema& schema = op.schema;
  size_t declared = schema.inputs.size();
  size_t needed = declared;
  while (needed && (schema.inputs[needed - 1].optional || schema.inputs[needed - 1].variadic)) --needed;
  if (inputs.size() < needed || (inputs.size() > declared && !schema.variadic_inputs()))
    return error(DS_INVALID_ARGUMENT, op.name(), " takes ", needed, needed == declared ? "" : " or more",
                 " inputs, got ", inputs.size());
  DS_RETURN_IF_ERROR(complete_attributes(op, attributes, &call->attributes));

  if (agree(op, inputs)) {
    const ds_spec& first = *inputs[0].spec;
    Small<const ds_spec*, 8> specs(uint32_t(inputs.size()));
    call->input_dtypes.resize(uint32_t(inputs.size()));
    for (uint32_t i = 0; i < inputs.size(); ++i) {
      specs[i] = inputs[i].spec;
      call->input_dtypes[i] = first.dtype;
    }
    call->outputs.resize(uint32_t(schema.outputs.size()));
    for (auto& out : call->outputs) start_output(&out, first.dtype, first.device);
    return infer(op, specs, call);
  }

  // Each variable takes the promoted dtype of its inputs; weak scalars join last. A variadic `any*` of a map keeps
  // each.
  Small<ds_dtype, 8> variables(uint32_t(schema.variables.size()));
  Small<Weak, 8> weak(uint32_t(schema.variables.size()));
  std::fill(variables.begin(), variables.end(), 0u);
  std::fill(weak.begin(), weak.end(), Weak::kNone);
  ds_device_id device{DS_DEVICE_CPU, 0};
  const ds_spec* first = nullptr;
  bool each_its_own = op.role == "map";
  for (uint32_t i = 0; i < inputs.size(); ++i) {
    const Parameter& parameter = schema.inputs[std::min<size_t>(i, declared - 1)];
    const ds_spec* spec = inputs[i].spec;
    if (!spec) {
      if (!parameter.optional) return error(DS_INVALID_ARGUMENT, op.name(), ": input ", parameter.name, " is missing");
      continue;
    }
    if (inputs[i].weak != Weak::kNone) {
      weak[parameter.variable] = std::max(weak[parameter.variable], inputs[i].weak);
      continue;
    }
    ds_dtype& variable = variables[parameter.variable];
    variable = variable ? promote(variable, spec->dtype) : spec->dtype;
    if (!first) {
      first = spec;
      device = spec->device;
    } else if (spec->device.type != device.type || spec->device.index != device.index) {
      return error(DS_DEVICE_MISMATCH, op.name(), ": inputs live on different devices: ", spec_text(*first), " on ",
                   device_name(device), ", ", spec_text(*spec), " on ", device_name(spec->device));
    }
  }
  for (uint32_t v = 0; v < variables.size(); ++v) {
    if (!variables[v] && weak[v] == Weak::kNone && schema.variables[v].type_class != TypeClass::kExact) continue;
    variables[v] = promote_weak(variables[v], weak[v], default_float);
    DS_RETURN_IF_ERROR(fit_class(op, schema.variables[v], default_float, &variables[v]));
  }

  call->input_dtypes.resize(uint32_t(inputs.size()));
  Small<ds_spec, 4> converted(uint32_t(inputs.size()));
  Small<const ds_spec*, 8> specs(uint32_t(inputs.size()));
  for (uint32_t i = 0; i < inputs.size(); ++i) {
    const ds_spec* spec = inputs[i].spec;
    specs[i] = spec ? spec : &kAbsent;
    call->input_dtypes[i] = 0;
    if (!spec) continue;
    ds_dtype target = each_its_own ? spec->dtype : variables[schema.inputs[std::min<size_t>(i, declared - 1)].variable];
    call->input_dtypes[i] = target;
    if (target != spec->dtype) {
      converted[i] = *spec;
      converted[i].dtype = target;
      specs[i] = &converted[i];
    }
  }

  uint32_t output_count = uint32_t(schema.outputs.size());
  if (schema.variadic_outputs()) output_count = 64;
  call->outputs.resize(output_count);
  for (uint32_t i = 0; i < output_count; ++i) {
    const Parameter& output = schema.outputs[std::min<size_t>(i, schema.outputs.size() - 1)];
    start_output(&call->outputs[i], variables[output.variable], device);
  }
  return infer(op, specs, call);
}

Status plan_view(const Operator& op, const ds_spec& input, const ds_view_spec& source,
                 std::span<const ds_value> attributes, ds_view_spec* result, bool* materialize) {
  Small<ds_value, 8> complete;
  DS_RETURN_IF_ERROR(complete_attributes(op, attributes, &complete));
  ErrorSink sink;
  *result = ds_view_spec{};
  *materialize = false;
  ds_view_args args{sink.get(), &input, &source, complete.data(), result};
  int32_t status = op.table.view(op.table.self, &args);
  if (status == DS_UNIMPLEMENTED) return *materialize = true, Status();
  if (status) return from_operator(op, sink.take(status, ""));
  result->dtype = source.dtype;
  if (result->rank < 0 || result->rank > DS_MAX_RANK)
    return error(DS_INVALID_ARGUMENT, op.name(), ": rank ", result->rank, " is not between 0 and ", DS_MAX_RANK);
  ds_spec spec{};
  spec.dtype = source.dtype;
  spec.rank = result->rank;
  std::copy(result->shape, result->shape + result->rank, spec.shape);
  uint64_t elements, nbytes;
  if (auto wrong = check_spec(spec, &elements, &nbytes)) return std::move(wrong).in(op.name());
  return {};
}

Status order_attributes(const Operator& op, std::span<const ds_attribute> named, Small<ds_value, 8>* ordered) {
  auto& specs = op.schema.attributes;
  ordered->resize(uint32_t(specs.size()));
  std::fill(ordered->begin(), ordered->end(), ds_value{});
  for (auto& attribute : named) {
    std::string_view name(attribute.name.data, attribute.name.size);
    auto it = std::find_if(specs.begin(), specs.end(), [&](auto& s) { return s.name == name; });
    if (it == specs.end()) return error(DS_INVALID_ARGUMENT, op.name(), " has no attribute ", name);
    (*ordered)[uint32_t(it - specs.begin())] = attribute.value;
  }
  return {};
}

}  // namespace ds::core
