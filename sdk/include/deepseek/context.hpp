// context.hpp: C++ programs over ds.h. A context owns everything; tensors are values; failures are ds::Error.
//
//   ds::Context c;
//   ds::Tensor w = c.tensor({2, 2}, {1, 2, 3, 4}).require_grad();
//   ds::Tensor loss = (w * 2 + 1).call("sum");
//   loss.backward();
//   std::vector<float> g = w.grad().values<float>();
#pragma once
#include <unordered_map>
#include <vector>

#include "deepseek/build.hpp"
#include "deepseek/ds.h"

namespace ds {

class Tensor;

// A tensor or a number among the inputs of a call; {} = absent.
class Argument {
 public:
  Argument() = default;
  Argument(const Tensor& tensor);
  template <class N>
  requires std::is_integral_v<N> Argument(N v)
      : value{std::is_same_v<N, bool> ? DS_FLAG : DS_INT, 0, {.i = int64_t(v)}} {}
  Argument(double v) : value{DS_FLOAT, 0, {.f = v}} {}
  ds_value value{};
};

// Not thread-safe itself; tensors may be used from any thread. It must outlive its tensors.
class Context {
 public:
  Context() {
    if (int32_t status = ds_context_create(&handle_))
      raise(status, "the core does not start: ", ds_status_name(status));
  }
  ~Context() { ds_context_destroy(handle_); }
  Context(const Context&) = delete;

  ds_handle handle() const { return handle_; }
  void check(int32_t status) const {
    if (status == DS_OK) return;
    ds_text text{};
    ds_error(handle_, nullptr, &text, nullptr);
    throw Error(status, std::string(text.data, text.size));
  }
  void option(std::string_view name, const Value& value) {
    check(ds_set_option(handle_, name.data(), name.size(), &value.value));
  }
  void load(std::string_view plugin) { check(ds_plugin_load(handle_, plugin.data(), plugin.size())); }
  void seed(uint64_t seed) { check(ds_seed(handle_, seed)); }

  // Copies `values`, in C order. T: bool (from any container), integers, float, double, half, bfloat16.
  template <class T>
  Tensor tensor(const Shape& shape, const std::vector<T>& values);
  Tensor tensor(const Shape& shape, std::initializer_list<float> values);
  Tensor fill(const Shape& shape, double value, ds_dtype dtype = DS_F32);

  // Attributes by name; all outputs.
  std::vector<Tensor> call_many(std::string_view op, std::span<const Argument> inputs,
                                std::span<const Named> attributes);
  Tensor call(std::string_view op, std::initializer_list<Argument> inputs,
              std::initializer_list<Named> attributes = {});

 private:
  struct Operator {
    ds_operator_id id;
    std::string text;
    Schema schema;
  };
  const Operator& find(std::string_view name);

  ds_handle handle_ = 0;
  std::unordered_map<std::string, Operator> operators_;
};

// A reference to a tensor of a context; copies share it.
class Tensor {
 public:
  Tensor() = default;
  Tensor(Context& context, ds_handle handle) : context_(&context), handle_(handle) {}  // takes the reference
  Tensor(const Tensor& other) : context_(other.context_), handle_(other.handle_) {
    if (handle_) context_->check(ds_retain(context_->handle(), handle_));
  }
  Tensor(Tensor&& other) noexcept : context_(other.context_), handle_(std::exchange(other.handle_, 0)) {}
  Tensor& operator=(Tensor other) noexcept {
    std::swap(context_, other.context_);
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Tensor() {
    if (handle_) ds_release(context_->handle(), handle_);
  }

  explicit operator bool() const { return handle_ != 0; }
  ds_handle handle() const { return handle_; }
  Context& context() const { return *context_; }
  ds_spec spec() const {
    ds_spec spec{};
    context_->check(ds_tensor_spec(context_->handle(), handle_, &spec));
    return spec;
  }
  Shape shape() const { return Shape(spec()); }
  ds_dtype dtype() const { return spec().dtype; }

  // Evaluates. Fails: DS_DTYPE_MISMATCH when elements are of another type.
  template <class T>
  std::vector<T> values() const;
  double item() const {
    ds_value v{};
    context_->check(ds_tensor_item(context_->handle(), handle_, 0, &v));
    return v.tag == DS_FLOAT ? v.u.f : double(v.u.i);
  }

  // x.call("sum", {}, {{"axis", Shape{1}}}): the first input is x.
  Tensor call(std::string_view op, std::initializer_list<Argument> more = {},
              std::initializer_list<Named> attributes = {}) const {
    std::vector<Argument> inputs = {*this};
    inputs.insert(inputs.end(), more.begin(), more.end());
    return context_->call_many(op, inputs, {attributes.begin(), attributes.size()})[0];
  }
  void assign(const Argument& value) { context_->check(ds_assign(context_->handle(), handle_, &value.value, 0)); }

  Tensor require_grad(bool on = true) const {
    context_->check(ds_set_requires_grad(context_->handle(), handle_, on));
    return *this;
  }
  // flags: DS_RETAIN_GRAPH, DS_CREATE_GRAPH.
  void backward(uint32_t flags = 0) const {
    context_->check(ds_backward(context_->handle(), &handle_, nullptr, 1, flags, 0));
  }
  // Absent when there is none.
  Tensor grad() const {
    ds_handle gradient = 0;
    context_->check(ds_tensor_grad(context_->handle(), handle_, &gradient));
    return {*context_, gradient};
  }
  void clear_grad() const { context_->check(ds_set_grad(context_->handle(), handle_, 0)); }
  Tensor detach() const {
    ds_handle detached = 0;
    context_->check(ds_detach(context_->handle(), handle_, &detached));
    return {*context_, detached};
  }

 private:
  Context* context_ = nullptr;
  ds_handle handle_ = 0;
};

inline Argument::Argument(const Tensor& tensor) : value{} {
  if (tensor) value = {DS_HANDLE, 0, {.h = tensor.handle()}};
}

namespace detail {
template <class T>
constexpr ds_dtype dtype_of_type() {
  if constexpr (std::is_same_v<T, bool>)
    return DS_BOOL;
  else if constexpr (std::is_same_v<T, half>)
    return DS_F16;
  else if constexpr (std::is_same_v<T, bfloat16>)
    return DS_BF16;
  else if constexpr (std::is_floating_point_v<T>)
    return DS_DTYPE(DS_CODE_FLOAT, sizeof(T) * 8);
  else
    return DS_DTYPE(std::is_signed_v<T> ? DS_CODE_INT : DS_CODE_UINT, sizeof(T) * 8);
}
template <class T>
using stored = std::conditional_t<std::is_same_v<T, bool>, uint8_t, T>;  // vector<bool> has no memory of its own
}  // namespace detail

template <class T>
Tensor Context::tensor(const Shape& shape, const std::vector<T>& values) {
  DS_REQUIRE(element_count(shape) == int64_t(values.size()), values.size(), " values for shape ", shape);
  std::vector<detail::stored<T>> memory(values.begin(), values.end());
  Shape dims = shape, strides = dense_strides(shape);
  ds_tensor t{};
  t.size = sizeof t;
  t.dl = {memory.data(),
          {DS_DEVICE_CPU, 0},
          int32_t(dims.rank()),
          to_dl(detail::dtype_of_type<T>()),
          dims.data(),
          strides.data(),
          0};
  t.nbytes = memory.size() * sizeof memory[0];
  ds_handle made = 0;
  check(ds_tensor_copy_in(handle_, &t, &made));
  return {*this, made};
}
inline Tensor Context::tensor(const Shape& shape, std::initializer_list<float> values) {
  return tensor(shape, std::vector<float>(values));
}
inline Tensor Context::fill(const Shape& shape, double value, ds_dtype dtype) {
  return call("fill", {}, {{"shape", shape}, {"value", value}, {"dtype", Dtype{dtype}}});
}

template <class T>
std::vector<T> Tensor::values() const {
  context_->check(ds_evaluate(context_->handle(), &handle_, 1, 0));
  ds_spec s = spec();
  DS_REQUIRE_AS(DS_DTYPE_MISMATCH, s.dtype == detail::dtype_of_type<T>(), "the tensor is ", s, ", asked for ",
                dtype_name(detail::dtype_of_type<T>()));
  std::vector<detail::stored<T>> memory(size_t(element_count(shape())));
  context_->check(ds_tensor_read(context_->handle(), handle_, memory.data(), memory.size() * sizeof(T), 0));
  return {memory.begin(), memory.end()};
}

inline const Context::Operator& Context::find(std::string_view name) {
  auto known = operators_.find(std::string(name));
  if (known != operators_.end()) return known->second;
  ds_operator_id id = 0;
  std::string text;
  check(ds_operator_find(handle_, name.data(), name.size(), &id));
  check(ds_operator_info(
      handle_, id, "schema", 6,
      [](void* user, const char* line, uint64_t length) -> int32_t {
        return static_cast<std::string*>(user)->append(line, length), DS_OK;
      },
      &text));
  // The schema points into the text, which must be at its final place before.
  auto& op = operators_.emplace(name, Operator{id, std::move(text), Schema("()->")}).first->second;
  op.schema = Schema(op.text);
  return op;
}

inline std::vector<Tensor> Context::call_many(std::string_view name, std::span<const Argument> inputs,
                                              std::span<const Named> attributes) {
  const Operator& op = find(name);
  std::vector<ds_value> in, ordered(op.schema.attribute_count);
  for (const Argument& x : inputs) in.push_back(x.value);
  for (const Named& a : attributes) {
    uint32_t i = 0;
    while (i < op.schema.attribute_count && op.schema.attributes[i].name != a.name) ++i;
    DS_REQUIRE_AS(DS_INVALID_ARGUMENT, i < op.schema.attribute_count, name, " has no attribute ", a.name);
    ordered[i] = a.value.value;
  }
  ds_handle made[64];
  uint32_t count = 64;
  check(ds_call(handle_, op.id, in.data(), uint32_t(in.size()), ordered.data(), uint32_t(ordered.size()), 0, made,
                &count));
  std::vector<Tensor> outputs;
  for (uint32_t k = 0; k < count; ++k) outputs.emplace_back(*this, made[k]);
  return outputs;
}
inline Tensor Context::call(std::string_view op, std::initializer_list<Argument> inputs,
                            std::initializer_list<Named> attributes) {
  return call_many(op, {inputs.begin(), inputs.size()}, {attributes.begin(), attributes.size()})[0];
}

#define DS_TENSOR_BINARY(name, op)                                                              \
  inline Tensor name(const Tensor& a, const Tensor& b) { return a.context().call(op, {a, b}); } \
  inline Tensor name(const Tensor& a, double b) { return a.context().call(op, {a, b}); }        \
  inline Tensor name(double a, const Tensor& b) { return b.context().call(op, {a, b}); }
DS_TENSOR_BINARY(operator+, "add")
DS_TENSOR_BINARY(operator-, "sub")
DS_TENSOR_BINARY(operator*, "mul")
DS_TENSOR_BINARY(operator/, "div")
#undef DS_TENSOR_BINARY
inline Tensor operator-(const Tensor& a) { return a.call("neg"); }
inline Tensor matmul(const Tensor& a, const Tensor& b) { return a.call("matmul", {b}); }

}  // namespace ds
