// build.hpp: gradient and decompose write graphs as expressions of nodes: (dy * b).sum_to(a), g.call("matmul", {a, b}).
#pragma once
#include <vector>

#include "deepseek/draft/operator.h"
#include "deepseek/expr.hpp"
#include "deepseek/schema.hpp"

namespace ds {

class Builder;

// A value of the graph under construction; absent when default made. Copies are cheap.
class Node {
 public:
  Node() = default;
  Node(Builder* builder, ds_build_value value) : builder_(builder), value_(value) {}
  explicit operator bool() const { return value_ != 0; }
  ds_build_value value() const { return value_; }
  Builder& builder() const { return *builder_; }
  ds_spec spec() const;
  Shape shape() const { return Shape(spec()); }
  int64_t shape(int64_t axis) const { return shape()[axis]; }
  int64_t rank() const { return spec().rank; }
  ds_dtype dtype() const { return spec().dtype; }

 private:
  Builder* builder_ = nullptr;
  ds_build_value value_ = 0;
};

struct Dtype {  // marks a dtype among attribute values: {"dtype", Dtype{DS_F32}}
  ds_dtype value;
};

// The value of an attribute; lists are borrowed until the call is made.
struct Value {
  ds_value value;
  template <class N>
  requires std::is_integral_v<N> Value(N v) : value{std::is_same_v<N, bool> ? DS_FLAG : DS_INT, 0, {.i = int64_t(v)}} {}
  Value(double v) : value{DS_FLOAT, 0, {.f = v}} {}
  Value(Dtype d) : value{DS_TYPE, 0, {.i = int64_t(d.value)}} {}
  Value(std::string_view s) : value{DS_STRING, uint32_t(s.size()), {.s = s.data()}} {}
  Value(const char* s) : Value(std::string_view(s)) {}
  Value(const Shape& s) : value{DS_INTS, uint32_t(s.rank()), {.is = s.data()}} {}
  Value(std::span<const int64_t> s) : value{DS_INTS, uint32_t(s.size()), {.is = s.data()}} {}
  Value(std::span<const double> s) : value{DS_FLOATS, uint32_t(s.size()), {.fs = s.data()}} {}
  Value(const expr::Bytes& b) : value{DS_BYTES, b.size, {.p = b.data()}} {}
  Value(const ds_value& v) : value(v) {}
};
struct Named {
  std::string_view name;
  Value value;
};

// Emits calls. A failing call ends the slot: the builder keeps the error.
class Builder {
 public:
  explicit Builder(ds_builder* table) : table_(table) {}
  Builder(const Builder&) = delete;

  Node call(std::string_view op, std::initializer_list<Node> inputs, std::initializer_list<Named> attributes = {}) {
    return call_many(op, {inputs.begin(), inputs.size()}, {attributes.begin(), attributes.size()}, 1)[0];
  }
  Node call(std::string_view op, const std::vector<Node>& inputs, std::initializer_list<Named> attributes = {}) {
    return call_many(op, {inputs.data(), inputs.size()}, {attributes.begin(), attributes.size()}, 1)[0];
  }
  // The first `outputs` outputs.
  std::vector<Node> call_many(std::string_view op, std::span<const Node> inputs, std::span<const Named> attributes,
                              uint32_t outputs) {
    std::vector<ds_build_value> in(inputs.size()), out(outputs);
    for (size_t i = 0; i < inputs.size(); ++i) in[i] = inputs[i].value();
    std::vector<ds_attribute> named;
    for (const Named& n : attributes) named.push_back({{n.name.data(), n.name.size()}, n.value.value});
    check(table_->call(table_, op.data(), op.size(), in.data(), uint32_t(in.size()), named.data(),
                       uint32_t(named.size()), out.data(), outputs));
    std::vector<Node> nodes;
    for (ds_build_value value : out) nodes.emplace_back(this, value);
    return nodes;
  }

  // A 0-d constant, part of the program.
  Node constant(double value, ds_dtype dtype) {
    ds_value scalar{DS_FLOAT, 0, {.f = value}};
    ds_build_value result = 0;
    check(table_->constant(table_, &scalar, dtype, &result));
    return {this, result};
  }
  Node fill(const Shape& shape, double value, ds_dtype dtype) {
    return call("@fill", {}, {{"shape", shape}, {"value", value}, {"dtype", Dtype{dtype}}});
  }
  Node zeros_like(const Node& x) { return fill(x.shape(), 0, x.dtype()); }
  Node ones_like(const Node& x) { return fill(x.shape(), 1, x.dtype()); }
  Node sum_to(const Node& x, const Shape& shape) {
    return x.shape() == shape ? x : call("@sum_to", {x}, {{"shape", shape}});
  }
  Node cast(const Node& x, ds_dtype dtype) {
    return x.dtype() == dtype ? x : call("@cast", {x}, {{"dtype", Dtype{dtype}}});
  }

  // One node for a whole formula: map({x, dy}, [](Expr x, Expr dy) { return dy * cos(x); }). Inputs broadcast; T is the
  // dtype of the first float input. The body answers an Expr (or a std::vector of them: map_many).
  template <class Body>
  Node map(std::initializer_list<Node> inputs, Body&& body) {
    return map_many(
        inputs, [&](auto... x) requires std::is_invocable_v<Body&, decltype(x)...> {
          return std::vector<Expr>{body(x...)};
        })[0];
  }
  template <class Body>
  std::vector<Node> map_many(std::initializer_list<Node> inputs, Body&& body) {
    expr::Program p;
    std::vector<Expr> parameters = declare(p, {inputs.begin(), inputs.size()});
    std::vector<Expr> results = apply(body, parameters);
    return emit(p, {inputs.begin(), inputs.size()}, results);
  }

  ds_spec spec(const Node& x) {
    ds_spec spec{};
    if (x) check(table_->spec(table_, x.value(), &spec));
    return spec;
  }
  ds_builder* table() { return table_; }

 private:
  void check(int32_t status) {
    if (status) throw Error(status, "");
  }
  static uint8_t t_of(std::span<const Node> inputs) {
    for (const Node& x : inputs)
      if (is_float(x.dtype())) return expr_type(x.dtype());
    return expr_type(inputs[0].dtype());
  }
  static std::vector<Expr> declare(expr::Program& p, std::span<const Node> inputs) {
    std::vector<Expr> parameters;
    uint8_t t = t_of(inputs);
    for (const Node& x : inputs) {
      uint8_t type = expr_type(x.dtype());
      parameters.emplace_back(&p, p.input(type == t ? uint8_t(DS_EXPR_T) : type));
    }
    return parameters;
  }
  std::vector<Node> emit(expr::Program& p, std::span<const Node> inputs, const std::vector<Expr>& results) {
    std::vector<uint16_t> kept;
    for (const Expr& r : results) p.outputs.push_back(r.in(p));
    for (size_t i = 0; i < inputs.size(); ++i) kept.push_back(uint16_t(i));
    expr::Bytes bytes = p.encode(kept, t_of(inputs));
    Named attributes[] = {{"expr", bytes}};
    return call_many("@map", inputs, attributes, uint32_t(results.size()));
  }
  template <class Body>
  static std::vector<Expr> apply(Body& body, const std::vector<Expr>& x) {
    if constexpr (requires { body(x[0]); })
      return body(x[0]);
    else if constexpr (requires { body(x[0], x[0]); })
      return body(x[0], x[1]);
    else if constexpr (requires { body(x[0], x[0], x[0]); })
      return body(x[0], x[1], x[2]);
    else if constexpr (requires { body(x[0], x[0], x[0], x[0]); })
      return body(x[0], x[1], x[2], x[3]);
    else if constexpr (requires { body(x[0], x[0], x[0], x[0], x[0]); })
      return body(x[0], x[1], x[2], x[3], x[4]);
    else
      return body(x[0], x[1], x[2], x[3], x[4], x[5]);
  }

  ds_builder* table_;
};

inline ds_spec Node::spec() const { return builder_ ? builder_->spec(*this) : ds_spec{}; }

// Operators and functions on nodes: calls of the operator of that name. A number becomes a constant of the other
// operand's dtype.
namespace detail {
inline Node binary(std::string_view op, const Node& a, const Node& b) { return a.builder().call(op, {a, b}); }
inline Node binary(std::string_view op, const Node& a, double b) {
  return binary(op, a, a.builder().constant(b, a.dtype()));
}
inline Node binary(std::string_view op, double a, const Node& b) {
  return binary(op, b.builder().constant(a, b.dtype()), b);
}
}  // namespace detail
#define DS_BINARY(name, op)                                                           \
  inline Node name(const Node& a, const Node& b) { return detail::binary(op, a, b); } \
  inline Node name(const Node& a, double b) { return detail::binary(op, a, b); }      \
  inline Node name(double a, const Node& b) { return detail::binary(op, a, b); }
DS_BINARY(operator+, "add")
DS_BINARY(operator-, "sub")
DS_BINARY(operator*, "mul")
DS_BINARY(operator/, "div")
DS_BINARY(pow, "pow")
DS_BINARY(maximum, "maximum")
DS_BINARY(minimum, "minimum")
#undef DS_BINARY
#define DS_UNARY(name, op) \
  inline Node name(const Node& a) { return a.builder().call(op, {a}); }
DS_UNARY(operator-, "neg")
DS_UNARY(exp, "exp")
DS_UNARY(log, "log") DS_UNARY(sqrt, "sqrt") DS_UNARY(rsqrt, "rsqrt") DS_UNARY(square, "square") DS_UNARY(tanh, "tanh")
    DS_UNARY(sigmoid, "sigmoid") DS_UNARY(abs, "abs") DS_UNARY(reciprocal, "reciprocal") DS_UNARY(sin, "sin")
        DS_UNARY(cos, "cos")
#undef DS_UNARY

            inline Node matmul(const Node& a, const Node& b) {
  return a.builder().call("matmul", {a, b});
}
inline Node where(const Node& condition, const Node& a, const Node& b) {
  return a.builder().call("where", {condition, a, b});
}
inline Node cast(const Node& x, ds_dtype dtype) { return x.builder().cast(x, dtype); }
inline Node sum_to(const Node& x, const Shape& shape) { return x.builder().sum_to(x, shape); }
inline Node sum_to(const Node& x, const Node& like) { return x.builder().sum_to(x, like.shape()); }
inline Node reshape(const Node& x, const Shape& shape) {
  return x.shape() == shape ? x : x.builder().call("reshape", {x}, {{"shape", shape}});
}
inline Node transpose(const Node& x, const Shape& axes) { return x.builder().call("transpose", {x}, {{"axes", axes}}); }
// The last two axes swapped.
inline Node matrix_transpose(const Node& x) {
  Shape axes;
  for (int64_t i = 0; i < x.rank(); ++i) axes.push_back(i);
  std::swap(axes[-1], axes[-2]);
  return transpose(x, axes);
}
inline Node broadcast_to(const Node& x, const Shape& shape) {
  return x.shape() == shape ? x : x.builder().call("broadcast_to", {x}, {{"shape", shape}});
}
inline Node expand_dims(const Node& x, const Shape& axes) {
  return axes.empty() ? x : x.builder().call("expand_dims", {x}, {{"axes", axes}});
}
inline Node sum(const Node& x, const Shape& axes, bool keepdims = false) {
  return x.builder().call("sum", {x}, {{"axis", axes}, {"keepdims", keepdims}});
}
inline Node mean(const Node& x, const Shape& axes, bool keepdims = false) {
  return x.builder().call("mean", {x}, {{"axis", axes}, {"keepdims", keepdims}});
}

// What decompose(Build&) sees.
class Build : public Builder, public Attributes {
 public:
  Build(const ds_decompose_args& args, const Schema& schema)
      : Builder(args.builder), Attributes(schema, args.attributes), args_(args) {}
  uint32_t inputs() const { return args_.input_count; }
  uint32_t outputs() const { return args_.output_count; }
  Node input(uint32_t i) { return {this, i < args_.input_count ? args_.inputs[i] : 0}; }
  std::vector<Node> all_inputs() {
    std::vector<Node> nodes;
    for (uint32_t i = 0; i < inputs(); ++i) nodes.push_back(input(i));
    return nodes;
  }
  void output(uint32_t k, const Node& value) { args_.outputs[k] = value.value(); }

 private:
  const ds_decompose_args& args_;
};

// What gradient(Gradient&) sees. Content may be read only of what reads_inputs and reads_outputs declare.
class Gradient : public Builder, public Attributes {
 public:
  Gradient(const ds_gradient_args& args, const Schema& schema)
      : Builder(args.builder), Attributes(schema, args.attributes), args_(args) {}
  uint32_t inputs() const { return args_.input_count; }
  uint32_t outputs() const { return args_.output_count; }
  Node input(uint32_t i) { return {this, i < args_.input_count ? args_.inputs[i] : 0}; }
  Node output(uint32_t k = 0) { return {this, args_.outputs[k]}; }
  Node dy(uint32_t k = 0) { return {this, args_.output_gradients[k]}; }  // absent: that output got none
  bool needs(uint32_t i) const { return i < args_.input_count && args_.needs[i]; }
  // Sums over broadcast axes and casts, so that the gradient has the input's shape and dtype. Absent = zero.
  void set(uint32_t i, const Node& gradient) {
    if (!needs(i) || !gradient) return;
    Node like = input(i);
    args_.input_gradients[i] = cast(sum_to(gradient, like.shape()), like.dtype()).value();
  }

 private:
  const ds_gradient_args& args_;
};

}  // namespace ds
