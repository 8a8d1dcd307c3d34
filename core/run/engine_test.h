// An engine with the plugins of the build folder, and recorders over it, in as few words as a test needs.
#pragma once
#include <gtest/gtest.h>

#include <cstdlib>
#include <stdexcept>
#include <vector>

#include "core/run/executor.h"

namespace ds::core::test {

using Floats = std::vector<float>;

struct TestEngine {
  TestEngine() {
    setenv("DS_PLUGIN_PATH", DS_BUILD_DIR "/lib/deepseek/plugins", 1);
    EXPECT_TRUE(executor.registry.discover().ok());
  }
  operator Engine&() { return executor; }
  const Operator& op(std::string_view name) {
    Status status;
    const Operator* found = executor.find(name, &status);
    if (!found) throw std::runtime_error(status.text());
    return *found;
  }
  Value tensor(std::vector<int64_t> shape, const Floats& values, ds_dtype dtype = DS_F32) {
    Ref<Data> data(new Data(make_spec(dtype, shape, {DS_DEVICE_CPU, 0})));
    Device* cpu = nullptr;
    ok(executor.devices.open("cpu", &cpu));
    uint64_t size = dtype_size(dtype);
    ok(cpu->allocate(values.size() * size, &data->buffer));
    for (size_t i = 0; i < values.size(); ++i) {
      ds_value v{DS_FLOAT, 0, {.f = values[i]}};
      ok(pack_scalar(v, dtype, static_cast<char*>(data->buffer->memory) + i * size));
    }
    return Value(data);
  }
  Value tensor(const Floats& values) { return tensor({int64_t(values.size())}, values); }
  static Value scalar(double number, ds_dtype dtype = DS_F32) {
    Value value;
    ok(Recorder::scalar({DS_FLOAT, 0, {.f = number}}, dtype, {DS_DEVICE_CPU, 0}, &value));
    return value;
  }
  Value call(Recorder& r, std::string_view name, std::vector<Value> inputs, std::vector<ds_value> attributes = {}) {
    Value out;
    ok(r.record1(op(name), inputs, attributes, 0, &out));
    return out;
  }
  Value leaf(Value value) {  // one that collects a gradient
    value.grad = GradRef(new GradNode);
    value.grad->sequence = executor.next_sequence();
    value.grad->leaf_spec = value.spec();
    return value;
  }
  Floats read(Recorder& r, const Value& value) {
    ok(r.make_ready(value, 0));
    Floats values(element_count(value.spec()));
    ok(executor.read(value, values.data(), values.size() * sizeof(float)));
    return values;
  }
  static void ok(Status status) { EXPECT_TRUE(status.ok()) << status.text(); }

  Executor executor;
  Counters& counters = executor.counters;
  RecordOptions& options = executor.options_;
};

}  // namespace ds::core::test
