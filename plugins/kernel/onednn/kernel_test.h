// kernel_test.h: runs a row on nodes built by hand and compares with plain loops.
#pragma once
#include <gtest/gtest.h>

#include <cmath>
#include <deque>
#include <functional>

#include "deepseek/kernel.hpp"
#include "deepseek/tensor.hpp"

namespace ds::onednn {

struct Operand {
  Shape shape, strides;
  ds_dtype dtype = DS_F32;
  std::vector<char> bytes;
  int64_t first = 0;  // element at index 0, for negative strides
  ds_spec spec{};
  ds_tensor tensor{};
  bool absent = false;

  template <class F>
  void each(F&& f) {  // f(number of the element, its address)
    int64_t n = 0;
    for (Walk<1> at(shape, {strides}); at; ++at) f(n++, &bytes[size_t((first + at[0]) * byte_size(dtype))]);
  }
  double get(int64_t n) {
    double out = 0;
    int64_t rest = n, offset = first;
    for (int64_t d = shape.rank() - 1; d >= 0; --d) offset += rest % shape[d] * strides[d], rest /= shape[d];
    with_float(dtype, [&]<class T>() {
      T v;
      std::memcpy(&v, &bytes[size_t(offset * byte_size(dtype))], sizeof v);
      out = double(v);
    });
    return out;
  }
  void bind() {
    spec.dtype = dtype;
    spec.rank = int32_t(shape.rank());
    spec.kind = absent ? DS_KIND_OPTIONAL : DS_KIND_TENSOR;
    spec.device = {DS_DEVICE_CPU, 0};
    std::copy(shape.begin(), shape.end(), spec.shape);
    tensor.dl = {bytes.data() + first * byte_size(dtype),
                 {DS_DEVICE_CPU, 0},
                 spec.rank,
                 to_dl(dtype),
                 shape.data(),
                 strides.data(),
                 0};
    tensor.size = sizeof tensor;
  }
};

inline Operand filled(const Shape& shape, ds_dtype dtype, uint64_t seed, const Shape* strides = nullptr) {
  Operand o;
  o.shape = shape;
  o.strides = strides ? *strides : dense_strides(shape);
  o.dtype = dtype;
  int64_t low = 0, high = 0;
  for (int64_t d = 0; d < shape.rank(); ++d) {
    int64_t reach = (std::max<int64_t>(shape[d], 1) - 1) * o.strides[d];
    (reach < 0 ? low : high) += reach;
  }
  o.first = -low;
  o.bytes.resize(size_t((high - low + 1) * byte_size(dtype)));
  for (size_t at = 0; at < o.bytes.size(); at += size_t(byte_size(dtype))) {
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    double x = double(int64_t(seed) >> 40) / double(1 << 23);
    with_float(dtype, [&]<class T>() {
      T v = T(float(x));
      std::memcpy(&o.bytes[at], &v, sizeof v);
    });
  }
  return o;
}

// A node with its operands, run through a row's slots as a program would.
struct Call {
  std::string op;
  std::deque<Operand> inputs, outputs;
  std::vector<ds_value> attributes;
  std::vector<uint32_t> flags;
  std::deque<std::vector<int64_t>> lists;

  ds_value ints(std::vector<int64_t> list) {
    lists.push_back(std::move(list));
    return {DS_INTS, uint32_t(lists.back().size()), {.is = lists.back().data()}};
  }
  void absent() {
    inputs.emplace_back();
    inputs.back().absent = true;
  }

  struct Running {
    const ds_kernel* kernel;
    void* state = nullptr;
    std::vector<char> room;
    ~Running() {
      if (state) kernel->destroy(state);
    }
  };

  // nullptr: not supported.
  std::unique_ptr<Running> create() {
    bind();
    const auto* kernel = find(op);
    if (!kernel) throw std::logic_error("no row for " + op);
    ds_node supported = node;
    supported.input_strides = nullptr;
    ds_kernel_offer offer{};
    if (kernel->supports(kernel->self, &supported, &offer) != DS_OK) return nullptr;
    auto running = std::make_unique<Running>();
    running->kernel = kernel;
    uint64_t workspace = 0;
    if (kernel->create(kernel->self, &node, &errors, &running->state, &workspace)) throw std::runtime_error(message);
    running->room.resize(workspace + 64);
    return running;
  }
  int32_t run(Running& r) {
    auto room = (reinterpret_cast<uintptr_t>(r.room.data()) + 63) & ~uintptr_t{63};
    ds_run_args args{&errors,
                     in.data(),
                     out.data(),
                     attributes.data(),
                     uint32_t(in.size()),
                     uint32_t(out.size()),
                     uint32_t(attributes.size()),
                     0,
                     reinterpret_cast<void*>(room),
                     nullptr};
    return r.kernel->run(r.state, &args);
  }
  // Creates and runs once. False: not supported.
  bool once() {
    auto r = create();
    if (!r) return false;
    EXPECT_EQ(run(*r), DS_OK) << message;
    return true;
  }

  // Compares output k with expect(number of the element).
  void expect(size_t k, double tolerance, const std::function<double(int64_t)>& wanted) {
    int64_t count = element_count(outputs[k].shape);
    for (int64_t n = 0; n < count; ++n) {
      double got = outputs[k].get(n), want = wanted(n);
      ASSERT_LE(std::fabs(got - want), tolerance * (1 + std::fabs(want)))
          << op << ", output " << k << ", element " << n;
    }
  }

  ds_node node{};
  std::string message;

 private:
  static const ds_kernel* find(std::string_view op) {
    for (auto* r = detail::Registration::first; r; r = r->next) {
      auto* kernel = static_cast<const ds_kernel*>(r->describe());
      if (view(kernel->op) == op) return kernel;
    }
    return nullptr;
  }
  void bind() {
    for (auto* list : {&inputs, &outputs})
      for (Operand& o : *list) o.bind();
    in.clear(), out.clear(), in_specs.clear(), out_specs.clear(), strides.clear();
    for (Operand& o : inputs) {
      in.push_back(o.absent ? nullptr : &o.tensor);
      in_specs.push_back(&o.spec);
      strides.push_back(o.strides.data());
    }
    for (Operand& o : outputs) out.push_back(&o.tensor), out_specs.push_back(&o.spec);
    flags.resize(inputs.size());
    node = {sizeof node,
            text(op),
            1,
            0,
            uint32_t(in.size()),
            uint32_t(out.size()),
            uint32_t(attributes.size()),
            0,
            in_specs.data(),
            out_specs.data(),
            attributes.data(),
            flags.data(),
            strides.data(),
            nullptr,
            0};
  }
  std::vector<const ds_tensor*> in;
  std::vector<ds_tensor*> out;
  std::vector<const ds_spec*> in_specs, out_specs;
  std::vector<const int64_t*> strides;
  ds_error_sink errors{
      this, [](void* self, ds_status, const char* t, uint64_t n) { static_cast<Call*>(self)->message.assign(t, n); }};
};

}  // namespace ds::onednn
