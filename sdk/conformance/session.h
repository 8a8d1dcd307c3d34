// session.h: one context of ds.h in C++: options, tensors, calls. Failures are answered as status and text, never
// thrown.
#pragma once
#include <string>
#include <vector>

#include "deepseek/ds.h"
#include "deepseek/shape.hpp"

namespace ds::conformance {

// A failed call: status and the core's text.
struct Failure {
  int32_t status = DS_OK;
  std::string text;
  explicit operator bool() const { return status != DS_OK; }
};

// A tensor of a session; released with it.
class Handle {
 public:
  Handle() = default;
  Handle(ds_handle context, ds_handle handle) : context_(context), handle_(handle) {}
  Handle(Handle&& other) noexcept : context_(other.context_), handle_(std::exchange(other.handle_, 0)) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(context_, other.context_);
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Handle() {
    if (handle_) ds_release(context_, handle_);
  }
  explicit operator bool() const { return handle_ != 0; }
  ds_handle get() const { return handle_; }

 private:
  ds_handle context_ = 0, handle_ = 0;
};

class Session {
 public:
  // Fails by throwing Error: the core does not start.
  Session() {
    if (ds_context_create(&context_)) raise(DS_INTERNAL, "the core does not start");
  }
  ~Session() { ds_context_destroy(context_); }
  Session(const Session&) = delete;

  ds_handle context() const { return context_; }
  void option(std::string_view name, const ds_value& value) {
    require(ds_set_option(context_, name.data(), name.size(), &value));
  }
  void flag(std::string_view name, bool on) { option(name, {DS_FLAG, 0, {.i = on}}); }

  Failure failure(int32_t status) const {
    if (status == DS_OK) return {};
    ds_text text{};
    ds_error(context_, nullptr, &text, nullptr);
    return {status, std::string(text.data, text.size)};
  }
  void require(int32_t status) const {
    if (auto f = failure(status)) raise(f.status, f.text);
  }
  // Texts come line by line.
  template <class Ask>
  std::vector<std::string> lines(Ask&& ask) const {
    std::vector<std::string> result;
    require(ask(
        [](void* user, const char* text, uint64_t length) -> int32_t {
          static_cast<std::vector<std::string>*>(user)->emplace_back(text, length);
          return DS_OK;
        },
        &result));
    return result;
  }
  std::vector<std::string> info(ds_operator_id op, std::string_view what) const {
    return lines([&](ds_text_sink sink, void* user) {
      return ds_operator_info(context_, op, what.data(), what.size(), sink, user);
    });
  }
  ds_operator_id find(std::string_view name) const {
    ds_operator_id op = 0;
    require(ds_operator_find(context_, name.data(), name.size(), &op));
    return op;
  }

  // Dense values in C order.
  Handle tensor(ds_dtype dtype, const Shape& shape, const void* values) const {
    Shape dims = shape, strides = dense_strides(shape);
    ds_tensor t{};
    t.size = sizeof t;
    t.dl = {const_cast<void*>(values),
            {DS_DEVICE_CPU, 0},
            int32_t(dims.rank()),
            to_dl(dtype),
            dims.data(),
            strides.data(),
            0};
    t.nbytes = uint64_t(element_count(shape) * byte_size(dtype));
    ds_handle handle = 0;
    require(ds_tensor_copy_in(context_, &t, &handle));
    return {context_, handle};
  }
  Handle view(const Handle& base, int64_t offset, const Shape& shape, const Shape& strides) const {
    ds_handle handle = 0;
    require(ds_tensor_as_strided(context_, base.get(), offset, int32_t(shape.rank()), shape.data(), strides.data(), 0,
                                 &handle));
    return {context_, handle};
  }
  Failure move(Handle& x, std::string_view device) const {
    ds_handle there = 0;
    if (auto f = failure(ds_tensor_to(context_, x.get(), device.data(), device.size(), 0, &there))) return f;
    x = Handle(context_, there);
    return {};
  }
  Failure call(ds_operator_id op, const std::vector<Handle>& inputs, const std::vector<ds_value>& attributes,
               std::vector<Handle>* outputs) const {
    std::vector<ds_value> in;
    for (auto& x : inputs) in.push_back(x ? ds_value{DS_HANDLE, 0, {.h = x.get()}} : ds_value{});
    ds_handle out[64];
    uint32_t count = 64;
    int32_t status = ds_call(context_, op, in.data(), uint32_t(in.size()), attributes.data(),
                             uint32_t(attributes.size()), 0, out, &count);
    outputs->clear();
    if (status) return failure(status);
    for (uint32_t k = 0; k < count; ++k) outputs->emplace_back(context_, out[k]);
    return {};
  }
  ds_spec spec(const Handle& x) const {
    ds_spec spec{};
    require(ds_tensor_spec(context_, x.get(), &spec));
    return spec;
  }
  // Evaluates first: a size that depends on data is known only then.
  Failure read(const Handle& x, ds_spec* spec, std::vector<char>* bytes) const {
    ds_handle handle = x.get();
    if (auto f = failure(ds_evaluate(context_, &handle, 1, 0))) return f;
    *spec = this->spec(x);
    bytes->resize(size_t(element_count(Shape(*spec)) * byte_size(spec->dtype)));
    return failure(ds_tensor_read(context_, handle, bytes->data(), bytes->size(), 0));
  }

 private:
  ds_handle context_ = 0;
};

}  // namespace ds::conformance
