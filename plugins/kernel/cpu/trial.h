// trial.h: for tests: a node made by hand, given to a row of this plugin and run.
#pragma once
#include <gtest/gtest.h>

#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "deepseek/draft/expr.h"
#include "deepseek/kernel.hpp"

namespace ds::cpu {

// A tensor with memory of its own; strides in elements may be anything that stays inside.
struct TestTensor {
  ds_spec spec{};
  std::vector<int64_t> shape, strides;
  std::vector<char> bytes;
  int64_t offset = 0;  // elements
  ds_tensor tensor{};

  TestTensor(ds_dtype dtype, std::vector<int64_t> s) : shape(std::move(s)) {
    spec.dtype = dtype;
    spec.rank = int32_t(shape.size());
    spec.device = {DS_DEVICE_CPU, 0};
    std::copy(shape.begin(), shape.end(), spec.shape);
    strides.resize(shape.size());
    int64_t step = 1;
    for (size_t d = shape.size(); d-- > 0; step *= shape[d]) strides[d] = step;
    bytes.resize(size_t(step * item_size(dtype)) + 64);
  }
  int64_t count() const { return element_count(spec); }
  // Byte offset of an element by its index in C order.
  int64_t at(int64_t i) const {
    int64_t element = offset;
    for (size_t d = shape.size(); d-- > 0;) element += i % shape[d] * strides[d], i /= shape[d];
    return element * item_size(spec.dtype);
  }
  char* memory() { return reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(bytes.data()) + 63) & ~uintptr_t{63}); }
  template <class T>
  T& get(int64_t i) {
    return *reinterpret_cast<T*>(memory() + at(i));
  }
  ds_tensor* bind() {
    tensor.dl = {memory(),
                 spec.device,
                 spec.rank,
                 {uint8_t(DS_DTYPE_CODE(spec.dtype)), uint8_t(DS_DTYPE_BITS(spec.dtype)), 1},
                 shape.data(),
                 strides.data(),
                 uint64_t(offset * item_size(spec.dtype))};
    tensor.size = sizeof tensor;
    return &tensor;
  }
};

struct Trial {
  std::string op;
  uint32_t op_class = DS_CLASS_OPAQUE;
  std::vector<TestTensor*> inputs, outputs;  // null: an absent optional input
  std::vector<ds_value> attributes;
  std::vector<char> expr;
  int in_place = -1;  // output 0 is the memory of that input

  void* state = nullptr;
  const ds_kernel* kernel = nullptr;
  ds_kernel_offer offer{};
  std::vector<char> workspace;
  ds_run_args args{};
  std::vector<const ds_tensor*> in;
  std::vector<ds_tensor*> out;

  ~Trial() {
    if (state) kernel->destroy(state);
  }

  // DS_OK, or the first status that is not.
  int32_t create() {
    static ds_spec absent = {0, 0, DS_KIND_OPTIONAL, 0, {DS_DEVICE_CPU, 0}, {}};
    std::vector<const ds_spec*> in_specs, out_specs;
    std::vector<const int64_t*> strides;
    for (auto* t : inputs)
      in_specs.push_back(t ? &t->spec : &absent), strides.push_back(t ? t->strides.data() : nullptr);
    for (auto* t : outputs) out_specs.push_back(&t->spec);
    std::vector<uint32_t> flags(inputs.size());
    ds_node node{};
    node.size = sizeof node;
    node.op = text(op);
    node.op_class = op_class;
    node.input_count = uint32_t(inputs.size());
    node.output_count = uint32_t(outputs.size());
    node.attribute_count = uint32_t(attributes.size());
    node.inputs = in_specs.data();
    node.outputs = out_specs.data();
    node.attributes = attributes.data();
    node.input_flags = flags.data();
    node.expr = expr.empty() ? nullptr : expr.data();
    node.expr_size = expr.size();
    int32_t status = DS_NOT_FOUND;
    for (auto* r = detail::Registration::first; r; r = r->next) {
      auto* row = static_cast<const ds_kernel*>(r->describe());
      if (view(row->op) != op && !(view(row->op) == "*" && !expr.empty())) continue;
      offer = {};
      offer.size = sizeof offer;
      kernel = row;
      if ((status = row->supports(row->self, &node, &offer)) == DS_OK) break;
    }
    if (status) return status;
    node.input_strides = strides.data();
    uint64_t bytes = 0;
    ds_error_sink sink = {
        nullptr, [](void*, ds_status, const char* text, uint64_t n) { ADD_FAILURE() << std::string(text, n); }};
    if ((status = kernel->create(kernel->self, &node, &sink, &state, &bytes))) return status;
    workspace.resize(bytes + 64);
    for (auto* t : inputs) in.push_back(t ? t->bind() : nullptr);
    for (auto* t : outputs) out.push_back(t->bind());
    if (in_place >= 0)
      out[0]->dl.data = in[size_t(in_place)]->dl.data, out[0]->dl.byte_offset = in[size_t(in_place)]->dl.byte_offset;
    char* aligned = workspace.data() + (64 - reinterpret_cast<uintptr_t>(workspace.data()) % 64) % 64;
    args = {nullptr,
            in.data(),
            out.data(),
            attributes.data(),
            uint32_t(in.size()),
            uint32_t(out.size()),
            uint32_t(attributes.size()),
            0,
            aligned,
            nullptr};
    return DS_OK;
  }
  int32_t run() {
    if (int32_t status = create()) return status;
    return kernel->run(state, &args);
  }
};

inline ds_value integer(int64_t i) { return {DS_INT, 0, {.i = i}}; }
inline ds_value real(double f) { return {DS_FLOAT, 0, {.f = f}}; }
inline ds_value flag(bool b) { return {DS_FLAG, 0, {.i = b}}; }
inline ds_value dtype_value(ds_dtype d) { return {DS_TYPE, 0, {.i = d}}; }
inline ds_value integers(const std::vector<int64_t>& v) { return {DS_INTS, uint32_t(v.size()), {.is = v.data()}}; }

// Writes ds.expr/1 programs.
struct ExprWriter {
  int inputs;
  std::vector<double> constants{};
  std::vector<ds_expr_instruction> instructions{};
  std::vector<uint16_t> outputs{};

  // Numbers of constants and instructions: all constants first.
  int constant(double x) {
    constants.push_back(x);
    return inputs + int(constants.size()) - 1;
  }
  int emit(int op, int type, int a, int b = 0, int c = 0, int operand = DS_EXPR_T) {
    instructions.push_back({uint8_t(op), uint8_t(type), uint8_t(operand), 0, uint16_t(a), uint16_t(b), uint16_t(c), 0});
    return inputs + int(constants.size() + instructions.size()) - 1;
  }
  std::vector<char> bytes() const {
    ds_expr_header h = {DS_EXPR_MAGIC,
                        uint16_t(inputs),
                        uint16_t(constants.size()),
                        uint16_t(instructions.size()),
                        uint16_t(outputs.size()),
                        0};
    h.bytes = uint32_t(sizeof h + 8 * constants.size() + sizeof(ds_expr_instruction) * instructions.size() +
                       (2 * outputs.size() + 7) / 8 * 8);
    std::vector<char> b(h.bytes + 8);
    char* p = b.data();
    auto put = [&](const void* from, size_t n) {
      if (n) std::memcpy(p, from, n);
      p += n;
    };
    put(&h, sizeof h);
    put(constants.data(), 8 * constants.size());
    put(instructions.data(), sizeof(ds_expr_instruction) * instructions.size());
    put(outputs.data(), 2 * outputs.size());
    b.resize(h.bytes);
    return b;
  }
};

}  // namespace ds::cpu
