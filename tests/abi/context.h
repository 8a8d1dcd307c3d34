// A context of ds.h for the tests of this folder.
#pragma once
#include <gtest/gtest.h>

#include <string>

#include "deepseek/ds.h"

namespace ds::test {

struct Context {
  Context() { EXPECT_EQ(ds_context_create(&handle), DS_OK); }
  ~Context() {
    if (handle) ds_context_destroy(handle);
  }
  std::string error(int32_t* code = nullptr) const {
    int32_t ignored;
    ds_text text{};
    ds_error(handle, code ? code : &ignored, &text, nullptr);
    return {text.data, text.size};
  }
  int32_t load(const std::string& path) const { return ds_plugin_load(handle, path.data(), path.size()); }
  ds_operator_id find(std::string_view name) const {
    ds_operator_id op = 0;
    ds_operator_find(handle, name.data(), name.size(), &op);
    return op;
  }
  // A float vector of these values.
  ds_handle tensor(std::initializer_list<float> values) const {
    int64_t shape[] = {int64_t(values.size())}, strides[] = {1};
    ds_tensor t{};
    t.dl = {const_cast<float*>(values.begin()), {DS_DEVICE_CPU, 0}, 1, {DS_CODE_FLOAT, 32, 1}, shape, strides, 0};
    t.size = sizeof t;
    t.nbytes = values.size() * sizeof(float);
    ds_handle handle_of_it = 0;
    EXPECT_EQ(ds_tensor_copy_in(handle, &t, &handle_of_it), DS_OK) << error();
    return handle_of_it;
  }
  int32_t call(ds_operator_id op, ds_handle x, ds_handle* y) const {
    ds_value input{DS_HANDLE, 0, {.h = x}};
    uint32_t count = 1;
    return ds_call(handle, op, &input, 1, nullptr, 0, 0, y, &count);
  }
  ds_handle handle = 0;
};

inline std::string plugin_path(const std::string& name) { return DS_BUILD_DIR "/tests/abi/" + name + ".so"; }

}  // namespace ds::test
