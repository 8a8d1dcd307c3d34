#include "core/record/recorder.h"

namespace ds::core {

RecordBuilder::RecordBuilder(Engine& engine, Recorder& recorder, uint64_t location)
    : table_{sizeof(ds_builder), this, &call, &spec, &constant, &fail},
      engine_(engine),
      recorder_(recorder),
      location_(location) {}

ds_build_value RecordBuilder::add(Value value) {
  if (!value) return 0;
  values_.push_back(std::move(value));
  return values_.size();
}

int32_t RecordBuilder::stick(Status status) {
  if (status && !failure_) failure_ = std::move(status).at(location_);
  return failure_.code();
}

int32_t RecordBuilder::call(ds_builder* table, const char* name, uint64_t length, const ds_build_value* inputs,
                            uint32_t input_count, const ds_attribute* attributes, uint32_t attribute_count,
                            ds_build_value* outputs, uint32_t output_capacity) {
  auto& self = *static_cast<RecordBuilder*>(table->context);
  std::fill(outputs, outputs + output_capacity, 0);
  if (self.failure_) return self.failure_.code();
  std::string_view text(name, length);
  Status status;
  const Operator* op =
      text.starts_with('@') ? self.engine_.role(text.substr(1), &status) : self.engine_.find(text, &status);
  if (!op) return self.stick(std::move(status));
  std::vector<Value> values(input_count);
  for (uint32_t i = 0; i < input_count; ++i) {
    if (!inputs[i]) continue;
    if (!self.has(inputs[i])) return self.stick(error(DS_BAD_PLUGIN, "builder: no value has number ", inputs[i]));
    values[i] = self.values_[inputs[i] - 1];
    // A rule may ask for the spec of anything, for the content only of what it declared.
    Data* data = values[i].content.get();
    if (!data->recorder && !data->ready() && !data->failure)
      return self.stick(error(DS_BAD_PLUGIN, op->name(),
                              ": a gradient reads a value its operator does not declare in "
                              "reads_inputs or reads_outputs"));
  }
  Small<ds_value, 8> ordered;
  if (auto wrong = order_attributes(*op, {attributes, attribute_count}, &ordered)) return self.stick(std::move(wrong));
  std::vector<Value> results;
  if (auto failed = self.recorder_.record(*op, values, {}, ordered, self.location_, &results))
    return self.stick(std::move(failed));
  for (uint32_t i = 0; i < results.size() && i < output_capacity; ++i) outputs[i] = self.add(std::move(results[i]));
  return DS_OK;
}

int32_t RecordBuilder::spec(ds_builder* table, ds_build_value number, ds_spec* spec) {
  auto& self = *static_cast<RecordBuilder*>(table->context);
  if (!self.has(number)) return self.stick(error(DS_BAD_PLUGIN, "builder: no value has number ", number));
  *spec = self.values_[number - 1].spec();
  return DS_OK;
}

int32_t RecordBuilder::constant(ds_builder* table, const ds_value* scalar, ds_dtype dtype, ds_build_value* value) {
  auto& self = *static_cast<RecordBuilder*>(table->context);
  *value = 0;
  if (self.failure_) return self.failure_.code();
  ds_value number = *scalar;
  if (number.tag != DS_FLOAT) number = {DS_FLOAT, 0, {.f = double(scalar->u.i)}};
  ds_value attributes[] = {{DS_INTS, 0, {.is = nullptr}}, number, {DS_TYPE, 0, {.i = dtype}}};
  Value made;
  if (auto failed = self.recorder_.record_role("fill", {}, attributes, self.location_, &made))
    return self.stick(std::move(failed));
  *value = self.add(std::move(made));
  return DS_OK;
}

int32_t RecordBuilder::fail(ds_builder* table, ds_status code, const char* text, uint64_t length) {
  auto& self = *static_cast<RecordBuilder*>(table->context);
  return self.stick(Status(code, std::string(text, length)));
}

}  // namespace ds::core
