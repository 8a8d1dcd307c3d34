#include "core/record/recorder.h"

#include <algorithm>
#include <atomic>

namespace ds::core {

std::string_view flush_reason_name(FlushReason reason) {
  switch (reason) {
    case FlushReason::kObserve:
      return "observed";
    case FlushReason::kStep:
      return "step end";
    case FlushReason::kNodes:
      return "node threshold";
    case FlushReason::kBytes:
      return "byte threshold";
    case FlushReason::kEager:
      return "eager mode";
    case FlushReason::kForeign:
      return "foreign memory";
    case FlushReason::kThread:
      return "used by another thread";
    case FlushReason::kDataDependent:
      return "size depends on data";
    case FlushReason::kFinish:
      return "finish";
  }
  return "?";
}

uint64_t Recorder::next_epoch() {
  static std::atomic<uint64_t> counter{0};
  return ++counter;
}

Recorder::~Recorder() { clear(); }

void Recorder::clear() {
  for (Data* data : waiting_)
    if (data) data->recorder = nullptr;
  waiting_.clear();
  graph_.clear();
  leaves_.clear();
  epoch_ = next_epoch();
  pending_bytes_ = 0;
  must_flush_.reset();
}

Status Recorder::scalar(const ds_value& value, ds_dtype dtype, ds_device_id device, Value* out) {
  Ref<Data> data(new Data(make_spec(dtype, {}, device)));
  DS_RETURN_IF_ERROR(pack_scalar(value, dtype, data->bytes));
  data->scalar = true;
  *out = Value(std::move(data));
  return {};
}

Status Recorder::operand(const Value& value, uint64_t location, ValueId* id) {
  Data& data = *value.content.get();
  if (data.recorder == this) return *id = data.pending, Status();
  // What else fails there is no failure of this value.
  Status elsewhere = data.recorder ? data.recorder->flush(FlushReason::kThread, location) : Status();
  if (data.failure) return Status(data.failure_code, *data.failure, data.failure_location);
  if (elsewhere && !data.ready()) return elsewhere;
  if (data.leaf_epoch == epoch_) return *id = data.leaf, Status();
  if (!data.ready()) return error(DS_INTERNAL, "a value's content was given up while somebody still reads it");
  if (data.buffer && data.buffer->foreign()) must_flush_ = FlushReason::kForeign;
  *id = graph_.add_leaf(data.spec, data.scalar);
  data.leaf_epoch = epoch_;
  data.leaf = *id;
  leaves_.push_back(value.content);
  waiting_.push_back(nullptr);
  return {};
}

Status Recorder::convert(const Value& value, Weak weak, ds_dtype dtype, ds_device_id device, uint64_t location,
                         Value* out) {
  const Data& data = *value.content.get();
  if (data.scalar && weak != Weak::kNone) {
    ds_value number;
    DS_RETURN_IF_ERROR(unpack_scalar(data.spec.dtype, data.bytes, &number));
    return scalar(number, dtype, device, out);
  }
  ds_value attribute{DS_TYPE, 0, {.i = dtype}};
  return record_role("cast", {&value, 1}, {&attribute, 1}, location, out);
}

Status Recorder::record(const Operator& op, std::span<const Value> inputs, std::span<const Weak> weak,
                        std::span<const ds_value> attributes, uint64_t location, std::vector<Value>* outputs) {
  if (op.schema.state_input >= 0 &&
      (inputs.size() <= size_t(op.schema.state_input) || !inputs[size_t(op.schema.state_input)])) {
    // The state first exists with a placeholder, because how many numbers are drawn follows from the outputs.
    std::vector<Value> with_state(inputs.begin(), inputs.end());
    with_state.resize(std::max(with_state.size(), size_t(op.schema.state_input) + 1));
    int64_t two = 2;
    Ref<Data> data(new Data(make_spec(DS_U64, {&two, 1}, {DS_DEVICE_CPU, 0})));
    for (auto& v : inputs)
      if (v) data->spec.device = v.spec().device;
    data->scalar = true;
    with_state[size_t(op.schema.state_input)] = Value(data);
    std::vector<Weak> with_weak(weak.begin(), weak.end());
    with_weak.resize(with_state.size(), Weak::kNone);
    DS_RETURN_IF_ERROR(record(op, with_state, with_weak, attributes, location, outputs));
    uint64_t count = 0, state[2];
    for (auto& out : *outputs) count = std::max(count, element_count(out.spec()));
    engine_.random_state(count, state);
    std::memcpy(data->bytes, state, sizeof state);
    return {};
  }

  if (inputs.size() < op.schema.inputs.size() && !op.schema.variadic_inputs()) {  // absent ones are named as such
    std::vector<Value> padded(inputs.begin(), inputs.end());
    padded.resize(op.schema.inputs.size());
    std::vector<Weak> padded_weak(weak.begin(), weak.end());
    padded_weak.resize(padded.size(), Weak::kNone);
    return record(op, padded, padded_weak, attributes, location, outputs);
  }
  Small<CallInput, 8> call_inputs(uint32_t(inputs.size()));
  bool any_grad = false;
  for (uint32_t i = 0; i < inputs.size(); ++i) {
    call_inputs[i] = {inputs[i] ? &inputs[i].spec() : nullptr, i < weak.size() ? weak[i] : Weak::kNone};
    any_grad |= bool(inputs[i].grad);
  }
  any_grad &= grad_enabled;
  if (op.is(DS_CLASS_VIEW)) {
    if (inputs.empty() || !inputs[0]) return error(DS_INVALID_ARGUMENT, op.name(), ": input is missing");
    ds_view_spec view;
    bool materialize;
    DS_RETURN_IF_ERROR(plan_view(op, inputs[0].spec(), dense_view(inputs[0].spec()), attributes, &view, &materialize));
    if (materialize) return error(DS_BAD_PLUGIN, op.name(), ": its view slot refuses dense memory");
    outputs->resize(1);
    return read_view(inputs[0], view, location, &(*outputs)[0]);
  }
  Call call;
  DS_RETURN_IF_ERROR(plan_call(op, call_inputs, attributes, engine_.options().default_float, &call));

  // Casts the schema asks for are nodes of their own.
  std::vector<Value> converted;
  ds_device_id device = call.outputs.empty() ? ds_device_id{DS_DEVICE_CPU, 0} : call.outputs[0].device;
  for (uint32_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i] || call.input_dtypes[i] == inputs[i].spec().dtype) continue;
    if (converted.empty()) converted.assign(inputs.begin(), inputs.end());
    DS_RETURN_IF_ERROR(convert(inputs[i], call_inputs[i].weak, call.input_dtypes[i], device, location, &converted[i]));
  }
  // What a gradient will read must not change under it: foreign memory is copied first.
  for (uint32_t i = 0; any_grad && i < inputs.size(); ++i) {
    const Value& given = converted.empty() ? inputs[i] : converted[i];
    if (!given || !op.reads_input(i) || !given.content->buffer || !given.content->buffer->foreign()) continue;
    if (converted.empty()) converted.assign(inputs.begin(), inputs.end());
    Value original = converted[i];
    DS_RETURN_IF_ERROR(record_role("copy", {&original, 1}, {}, location, &converted[i]));
  }
  std::span<const Value> actual = converted.empty() ? inputs : std::span<const Value>(converted);
  if (any_grad && !op.table.gradient && op.table.decompose && !op.has(DS_TRAIT_NOT_DIFFERENTIABLE))
    return record_composite(op, actual, call, location, outputs);

  Small<ValueId, 8> operands(uint32_t(actual.size()));
  for (uint32_t i = 0; i < actual.size(); ++i) {
    operands[i] = kNone;
    if (actual[i]) DS_RETURN_IF_ERROR(operand(actual[i], location, &operands[i]));
  }
  NodeId id = graph_.add_node(op, operands, call.attributes, call.outputs, location);
  ++nodes_recorded;
  outputs->resize(call.outputs.size());
  uint32_t first = graph_.node(id).first_output;
  for (uint32_t i = 0; i < call.outputs.size(); ++i) {
    Ref<Data> data(new Data(call.outputs[i]));
    data->recorder = this;
    data->pending = first + i;
    waiting_.push_back(data.get());
    pending_bytes_ += byte_count(call.outputs[i]);
    (*outputs)[i] = Value(std::move(data));
  }
  if (op.has(DS_TRAIT_DATA_DEPENDENT)) must_flush_ = FlushReason::kDataDependent;
  if (any_grad && op.table.gradient && !op.has(DS_TRAIT_NOT_DIFFERENTIABLE))
    attach_gradient(op, actual, call, location, outputs);
  return {};
}

void Recorder::attach_gradient(const Operator& op, std::span<const Value> inputs, const Call& call, uint64_t location,
                               std::vector<Value>* outputs) {
  bool differentiable = false;
  for (auto& out : *outputs) differentiable |= is_float(out.spec().dtype);
  if (!differentiable) return;
  GradRef node(new GradNode);
  node->op = &op;
  node->sequence = engine_.next_sequence();
  node->location = location;
  node->inputs.resize(inputs.size());
  for (uint32_t i = 0; i < inputs.size(); ++i) {
    auto& in = node->inputs[i];
    in.data = inputs[i].content.data();
    if (in.data && op.reads_input(i)) in.kept = inputs[i].content;
    in.grad = inputs[i].grad;
    in.output = inputs[i].output;
  }
  node->outputs.resize(outputs->size());
  for (uint32_t i = 0; i < outputs->size(); ++i) {
    Value& out = (*outputs)[i];
    node->outputs[i].data = out.content.data();
    if (op.reads_output(i)) node->outputs[i].kept = out.content;
    if (is_float(out.spec().dtype)) {
      out.grad = node;
      out.output = i;
    }
  }
  size_t bytes = 0;
  auto list_bytes = [](const ds_value& v) -> size_t {
    if (v.tag == DS_STRING || v.tag == DS_BYTES) return (v.count + 15ull) & ~15ull;
    return v.tag == DS_INTS || v.tag == DS_FLOATS ? v.count * 8ull : 0;
  };
  for (auto& v : call.attributes) bytes += list_bytes(v);
  if (bytes) node->attribute_memory.reset(new std::byte[bytes]);
  std::byte* next = node->attribute_memory.get();
  node->attributes.assign(call.attributes.begin(), call.attributes.end());
  for (auto& v : node->attributes) {
    if (size_t size = list_bytes(v)) {
      bool text = v.tag == DS_STRING || v.tag == DS_BYTES;
      std::memcpy(next, v.u.p, text ? v.count : size);
      v.u.p = next;
      next += size;
    }
  }
}

Status Recorder::record_composite(const Operator& op, std::span<const Value> inputs, Call& call, uint64_t location,
                                  std::vector<Value>* outputs) {
  RecordBuilder builder(engine_, *this, location);
  std::vector<ds_build_value> numbers(inputs.size()), results(call.outputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) numbers[i] = builder.add(inputs[i]);
  ds_decompose_args args{builder.get(),
                         numbers.data(),
                         call.attributes.data(),
                         results.data(),
                         uint32_t(numbers.size()),
                         uint32_t(results.size()),
                         call.attributes.size(),
                         0};
  int32_t status = op.table.decompose(op.table.self, &args);
  if (builder.failed()) return builder.take_failure().in(op.name());
  if (status) return error(status, op.name(), ": decompose failed");
  outputs->resize(results.size());
  for (size_t i = 0; i < results.size(); ++i) {
    if (!builder.has(results[i])) return error(DS_BAD_PLUGIN, op.name(), ": decompose left output ", i, " out");
    (*outputs)[i] = builder.value(results[i]);
    if (!same_type((*outputs)[i].spec(), call.outputs[uint32_t(i)]))
      return error(DS_BAD_PLUGIN, op.name(), ": decompose yields ", spec_text((*outputs)[i].spec()), ", infer ",
                   spec_text(call.outputs[uint32_t(i)]));
  }
  return {};
}

Status Recorder::record1(const Operator& op, std::span<const Value> inputs, std::span<const ds_value> attributes,
                         uint64_t location, Value* output) {
  std::vector<Value> outputs;
  DS_RETURN_IF_ERROR(record(op, inputs, {}, attributes, location, &outputs));
  *output = std::move(outputs[0]);
  return {};
}

Status Recorder::record_role(std::string_view role, std::span<const Value> inputs, std::span<const ds_value> attributes,
                             uint64_t location, Value* output) {
  Status status;
  const Operator* op = engine_.role(role, &status);
  return op ? record1(*op, inputs, attributes, location, output) : std::move(status);
}

Status Recorder::read_view(const Value& base, const ds_view_spec& view, uint64_t location, Value* value) {
  ds_value attributes[] = {{DS_INT, 0, {.i = view.offset}},
                           {DS_INTS, uint32_t(view.rank), {.is = view.shape}},
                           {DS_INTS, uint32_t(view.rank), {.is = view.strides}}};
  return record_role("read_view", {&base, 1}, attributes, location, value);
}

Status Recorder::write_view(const Value& base, const Value& source, const ds_view_spec& view, uint64_t location,
                            Value* value) {
  ds_value attributes[] = {{DS_INT, 0, {.i = view.offset}},
                           {DS_INTS, uint32_t(view.rank), {.is = view.shape}},
                           {DS_INTS, uint32_t(view.rank), {.is = view.strides}}};
  Value inputs[] = {base, source};
  return record_role("write_view", inputs, attributes, location, value);
}

Status Recorder::flush(FlushReason reason, uint64_t location) {
  if (graph_.nodes().empty()) {
    if (!graph_.leaves().empty()) clear();
    return {};
  }
  return engine_.flush(*this, reason, location);
}

Status Recorder::make_ready(const Value& value, uint64_t location) {
  Data& data = *value.content.get();
  if (data.recorder) {
    FlushReason reason = data.recorder == this ? FlushReason::kObserve : FlushReason::kThread;
    Status status = data.recorder->flush(reason, location);
    if (!data.failure && !data.ready())
      return status ? std::move(status) : error(DS_INTERNAL, "flush left a value behind");
  }
  if (data.failure) return Status(data.failure_code, *data.failure, data.failure_location);
  return data.ready() ? Status() : error(DS_INTERNAL, "the content of a value was given up");
}

Status Recorder::settle(uint64_t location) {
  const RecordOptions& options = engine_.options();
  if (must_flush_) return flush(*must_flush_, location);
  if (options.eager) return flush(FlushReason::kEager, location);
  if (graph_.nodes().size() >= options.flush_nodes) return flush(FlushReason::kNodes, location);
  if (options.flush_bytes && pending_bytes_ >= options.flush_bytes) return flush(FlushReason::kBytes, location);
  return {};
}

}  // namespace ds::core
