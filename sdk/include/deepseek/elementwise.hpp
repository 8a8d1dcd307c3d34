// elementwise.hpp: what follows from an operator's scalar body: program, infer, gradient, reference, samples.
#pragma once
#include <atomic>
#include <memory>

#include "deepseek/build.hpp"
#include "deepseek/differentiate.hpp"
#include "deepseek/interpret.hpp"

namespace ds {

using Samples = std::vector<std::string>;  // "f32[2,3], f32[3,4]; axis=1", see draft/operator.h

namespace detail {

// Everything is built once, on first use; gradients are kept per dtype and mask.
class Elementwise {
 public:
  // body: the struct's, on inputs and numeric attributes; answers the outputs.
  using Body = std::vector<Expr> (*)(const std::vector<Expr>& arguments);

  Elementwise(const Schema& schema, Body body, uint32_t arguments)
      : schema_(schema), body_(body), numbers_(arguments - schema.input_count) {
    expr::Program p = program(nullptr);
    expr_ = p.encode();
    differentiable_ = false;
    for (uint16_t id : p.outputs) differentiable_ |= expr::is_float_type(p.results[id].type);
    for (uint32_t k = 0; k < schema.output_count; ++k)
      differentiable_ &=
          input_type(schema.outputs[k].type) == DS_EXPR_T || expr::is_float_type(input_type(schema.outputs[k].type));
    std::vector<uint16_t> wanted;
    for (uint32_t i = 0; i < schema.input_count; ++i) wanted.push_back(uint16_t(i));
    expr::Gradient g = expr::differentiate(p, wanted, std::vector<bool>(p.outputs.size(), true));
    uint32_t own = schema.input_count, first_result = g.own;
    for (uint16_t i : g.inputs) {
      if (i < own)
        reads_inputs_ |= 1ull << i;
      else if (i >= first_result && i < first_result + g.results)
        reads_outputs_ |= 1ull << (i - first_result);
    }
  }

  const expr::Bytes& bytes() const { return expr_; }
  bool differentiable() const { return differentiable_; }
  uint64_t reads_inputs() const { return reads_inputs_; }
  uint64_t reads_outputs() const { return reads_outputs_; }

  // Inputs broadcast; complex numbers have no programs.
  static void infer(const ds_infer_args& args) {
    if (one_shape(args)) return;
    Shape shape;
    for (uint32_t i = 0; i < args.input_count; ++i) {
      const ds_spec& in = *args.inputs[i];
      if (in.kind != DS_KIND_TENSOR) continue;
      DS_REQUIRE_AS(DS_DTYPE_MISMATCH, !is_complex(in.dtype), dtype_name(in.dtype), " is not supported here");
      if (broadcasts(shape, Shape(in), &shape)) continue;
      std::string text = "shapes do not broadcast: ";
      for (uint32_t k = 0; k < args.input_count; ++k) {
        if (k) text += ", ";
        append(text, Shape(*args.inputs[k]));
      }
      raise(DS_SHAPE_MISMATCH, text);
    }
    for (uint32_t k = 0; k < args.output_count; ++k) {
      args.outputs[k]->rank = int32_t(shape.rank());
      std::copy(shape.begin(), shape.end(), args.outputs[k]->shape);
    }
  }

  // Nothing to broadcast: every input has the shape of the first.
  static bool one_shape(const ds_infer_args& args) {
    if (!args.input_count) return false;
    const ds_spec& first = *args.inputs[0];
    for (uint32_t i = 0; i < args.input_count; ++i) {
      const ds_spec& in = *args.inputs[i];
      if (in.kind != DS_KIND_TENSOR || is_complex(in.dtype) || in.rank != first.rank) return false;
      for (int32_t d = 0; d < in.rank; ++d)
        if (in.shape[d] != first.shape[d]) return false;
    }
    for (uint32_t k = 0; k < args.output_count; ++k) {
      args.outputs[k]->rank = first.rank;
      std::memcpy(args.outputs[k]->shape, first.shape, sizeof first.shape);  // a size the compiler knows: no call
    }
    return true;
  }

  void reference(const ds_run_args& args) const {
    ds_dtype t = args.output_count ? dtype_of(*args.outputs[0]) : DS_F32;
    for (uint32_t i = args.input_count; i-- > 0;)
      if (input_type(schema_.inputs[i].type) == DS_EXPR_T) t = dtype_of(*args.inputs[i]);
    expr::interpret(expr_.data(), expr_.size, expr_type(t), args, numbers(args.attributes));
  }

  void gradient(const ds_gradient_args& args) {
    Builder g(args.builder);
    uint8_t t = DS_EXPR_F32;
    for (uint32_t i = args.input_count; i-- > 0;)
      if (input_type(schema_.inputs[i].type) == DS_EXPR_T) t = expr_type(g.spec({&g, args.inputs[i]}).dtype);
    const Derived& d = derived(args, t);
    if (d.given.empty()) return;
    std::vector<Node> inputs;
    uint32_t own = schema_.input_count + numbers_;
    for (uint16_t i : d.inputs) {
      ds_build_value value = i < own                       ? args.inputs[i]
                             : i < own + args.output_count ? args.outputs[i - own]
                                                           : args.output_gradients[i - own - args.output_count];
      inputs.emplace_back(&g, value);
    }
    Named attribute[] = {{"expr", d.program}};
    std::vector<Node> results = g.call_many("@map", inputs, attribute, uint32_t(d.given.size()));
    for (size_t k = 0; k < results.size(); ++k) {
      Node like(&g, args.inputs[d.given[k]]);
      args.input_gradients[d.given[k]] = g.sum_to(results[k], like.shape()).value();
    }
  }

  // f32 of common, broadcast, empty and 0-d shapes; suffix: what the values are drawn from ("(-1,1)", ">0").
  Samples samples(std::string_view suffix) const {
    auto one = [&](std::initializer_list<std::string_view> shapes) {
      std::string line;
      for (uint32_t i = 0; i < schema_.input_count; ++i) {
        std::string_view type = schema_.inputs[i].type;
        ds_dtype exact;
        if (i) line += ", ";
        bool is_class = !parse_dtype(type, &exact);
        line += !is_class ? type : type.starts_with("int") ? "i32" : "f32";
        line += shapes.begin()[i % shapes.size()];
        if (is_class) line += suffix;
      }
      return line;
    };
    if (schema_.input_count < 2) return {one({"[2,3]"}), one({"[]"}), one({"[0,3]"}), one({"[65]"})};
    return {one({"[2,3]"}), one({"[2,3]", "[3]"}), one({"[4,1]", "[]", "[5]"}), one({"[0,3]", "[1]"}), one({"[]"})};
  }

 private:
  struct Derived {
    uint64_t key;
    std::vector<double> numbers;
    expr::Bytes program;
    std::vector<uint16_t> given, inputs;
  };

  static uint8_t input_type(std::string_view type) {
    ds_dtype exact;
    return parse_dtype(type, &exact) ? expr_type(exact) : uint8_t(DS_EXPR_T);
  }

  // numbers: of the attributes; null makes them inputs.
  expr::Program program(const double* numbers) const {
    expr::Program p;
    std::vector<Expr> arguments;
    for (uint32_t i = 0; i < schema_.input_count; ++i)
      arguments.emplace_back(&p, p.input(input_type(schema_.inputs[i].type)));
    for (uint32_t i = 0; i < numbers_; ++i) {
      uint16_t id = p.input(expr::kWeak);
      if (numbers)
        arguments.emplace_back(numbers[i]);
      else
        arguments.emplace_back(&p, id);
    }
    for (const Expr& result : body_(arguments)) {
      uint16_t id = result.in(p);
      // An output is an instruction, so that its type is its own.
      if (p.results[id].op >= expr::kInput)
        id = p.instruction(DS_EXPR_COPY, p.results[id].type == expr::kWeak ? uint8_t(DS_EXPR_T) : p.results[id].type, 0,
                           id);
      p.outputs.push_back(id);
    }
    return p;
  }

  std::vector<double> numbers(const ds_value* attributes) const {
    std::vector<double> values;
    for (uint32_t i = 0; i < schema_.attribute_count && values.size() < numbers_; ++i)
      if (schema_.numeric(i))
        values.push_back(attributes[i].tag == DS_FLOAT ? attributes[i].u.f : double(attributes[i].u.i));
    return values;
  }

  const Derived& derived(const ds_gradient_args& args, uint8_t t) {
    uint64_t key = t;
    for (uint32_t i = 0; i < args.input_count; ++i) key |= uint64_t(args.needs[i] != 0) << (8 + i);
    for (uint32_t k = 0; k < args.output_count; ++k) key |= uint64_t(args.output_gradients[k] != 0) << (40 + k);
    std::vector<double> values = numbers(args.attributes);
    struct Lock {
      std::atomic_flag& flag;
      explicit Lock(std::atomic_flag& f) : flag(f) {
        while (flag.test_and_set(std::memory_order_acquire)) {
        }
      }
      ~Lock() { flag.clear(std::memory_order_release); }
    } lock(busy_);
    for (auto& d : cache_)
      if (d->key == key && d->numbers == values) return *d;
    std::vector<uint16_t> wanted;
    std::vector<bool> given;
    for (uint32_t i = 0; i < args.input_count; ++i)
      if (args.needs[i]) wanted.push_back(uint16_t(i));
    for (uint32_t k = 0; k < args.output_count; ++k) given.push_back(args.output_gradients[k] != 0);
    expr::Gradient g = expr::differentiate(program(values.data()), wanted, given);
    auto d = std::make_unique<Derived>();
    *d = {key, std::move(values), g.program.encode(g.inputs, t), g.given, g.inputs};
    cache_.push_back(std::move(d));
    return *cache_.back();
  }

  const Schema& schema_;
  Body body_;
  uint32_t numbers_;
  expr::Bytes expr_;
  bool differentiable_;
  uint64_t reads_inputs_ = 0, reads_outputs_ = 0;
  std::atomic_flag busy_;
  std::vector<std::unique_ptr<Derived>> cache_;
};

}  // namespace detail
}  // namespace ds
