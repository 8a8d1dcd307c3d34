// For the core's tests: ds.h with built-in plugins, in as few words as a test needs. Fails the test on any error.
#pragma once
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "core/tensor/dtype.h"
#include "deepseek/ds.h"

namespace ds::core {

struct Session {
  ds_handle context = 0;

  Session() {
    setenv("DS_PLUGIN_PATH", DS_BUILD_DIR "/lib/deepseek/plugins", 1);
    EXPECT_EQ(ds_context_create(&context), DS_OK);
  }
  ~Session() { EXPECT_EQ(ds_context_destroy(context), DS_OK); }

  std::string error() const {
    ds_text text{};
    ds_error(context, nullptr, &text, nullptr);
    return std::string(text.data, text.size);
  }
  void ok(int32_t status) const { ASSERT_EQ(status, DS_OK) << error(); }

  ds_handle tensor(std::vector<int64_t> shape, const std::vector<float>& values) const {
    ds_tensor t{};
    t.size = sizeof t;
    t.dl = {const_cast<float*>(values.data()),
            {DS_DEVICE_CPU, 0},
            int32_t(shape.size()),
            to_dl(DS_F32),
            shape.data(),
            nullptr,
            0};
    ds_handle handle = 0;
    ok(ds_tensor_copy_in(context, &t, &handle));
    return handle;
  }

  int32_t try_call(std::string_view op, std::vector<ds_value> inputs, std::vector<ds_value> attributes,
                   std::vector<ds_handle>* outputs, uint64_t location = 0) const {
    ds_operator_id id = 0;
    int32_t status = ds_operator_find(context, op.data(), op.size(), &id);
    if (status) return status;
    uint32_t count = 8;
    outputs->assign(count, 0);
    status = ds_call(context, id, inputs.data(), uint32_t(inputs.size()), attributes.data(),
                     uint32_t(attributes.size()), location, outputs->data(), &count);
    outputs->resize(status ? 0 : count);
    return status;
  }
  ds_handle call(std::string_view op, std::vector<ds_value> inputs, std::vector<ds_value> attributes = {}) const {
    std::vector<ds_handle> outputs;
    ok(try_call(op, std::move(inputs), std::move(attributes), &outputs));
    return outputs.empty() ? 0 : outputs[0];
  }

  std::vector<float> read(ds_handle handle) const {
    ds_spec spec{};
    ok(ds_tensor_spec(context, handle, &spec));
    size_t count = 1;
    for (int i = 0; i < spec.rank; ++i) count *= size_t(spec.shape[i]);
    std::vector<float> values(count);
    EXPECT_EQ(spec.dtype, DS_F32);
    ok(ds_tensor_read(context, handle, values.data(), count * sizeof(float), 0));
    return values;
  }
  void require_grad(ds_handle handle) const { ok(ds_set_requires_grad(context, handle, 1)); }
  void backward(ds_handle loss, uint32_t flags = 0) const { ok(ds_backward(context, &loss, nullptr, 1, flags, 0)); }
  ds_handle grad(ds_handle handle) const {
    ds_handle gradient = 0;
    ok(ds_tensor_grad(context, handle, &gradient));
    return gradient;
  }
  void release(ds_handle handle) const { ok(ds_release(context, handle)); }

  int64_t counter(std::string_view name) const {
    std::pair<std::string_view, int64_t> search{name, 0};
    ok(ds_counters(
        context,
        [](void* user, const ds_value* row, uint32_t) -> int32_t {
          auto& s = *static_cast<std::pair<std::string_view, int64_t>*>(user);
          if (std::string_view(row[0].u.s, row[0].count) == s.first) s.second = row[1].u.i;
          return DS_OK;
        },
        &search));
    return search.second;
  }
  void option(std::string_view name, int64_t value) const {
    ds_value v{DS_INT, 0, {.i = value}};
    ok(ds_set_option(context, name.data(), name.size(), &v));
  }
};

inline ds_value h(ds_handle handle) { return {DS_HANDLE, 0, {.h = handle}}; }
inline ds_value f(double value) { return {DS_FLOAT, 0, {.f = value}}; }
inline ds_value i(int64_t value) { return {DS_INT, 0, {.i = value}}; }
inline ds_value none() { return {}; }
// The list must outlive the call.
inline ds_value ints(const std::vector<int64_t>& values) {
  return {DS_INTS, uint32_t(values.size()), {.is = values.data()}};
}
using Floats = std::vector<float>;

}  // namespace ds::core
