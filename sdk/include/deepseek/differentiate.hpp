// differentiate.hpp: the gradient of a ds.expr/1 program as another program.
//
// Conventions (PyTorch's): sign, floor, ceil, round, trunc, comparisons and casts to integers have gradient zero; abs
// has 0 at 0; equal operands of min and max get half each; pow(x, 0) has 0 for x, pow(0, y >= 0) has 0 for y; floor_div
// has zero, mod(a, b) has 1 and -floor(a / b). A branch select did not take contributes 0, never NaN: factors move
// inside the select instead of multiplying its zero.
#pragma once
#include <optional>

#include "deepseek/expr.hpp"

namespace ds::expr {

using Adjoint = std::optional<Expr>;  // nothing = zero

// A gradient that is 0 where a condition fails (or holds: inverse) and `value` elsewhere.
struct Masked {
  bool found = false, inverse = false;
  Expr condition = 0, value = 0;
  explicit Masked(const Expr& g) {
    if (!g.made_by(DS_EXPR_SELECT)) return;
    inverse = g.operand(1).is(0.0);
    if (!inverse && !g.operand(2).is(0.0)) return;
    found = true;
    condition = g.operand(0);
    value = g.operand(inverse ? 2 : 1);
  }
  Expr with(const Expr& v) const { return inverse ? select(condition, 0.0, v) : select(condition, v, 0.0); }
};

inline Expr times(const Expr& g, const Expr& factor) {
  Masked m(g);
  return m.found ? m.with(times(m.value, factor)) : g * factor;
}
inline Expr over(const Expr& g, const Expr& divisor) {
  Masked m(g);
  return m.found ? m.with(over(m.value, divisor)) : g / divisor;
}
inline Expr minus(const Expr& g) {
  Masked m(g);
  return m.found ? m.with(minus(m.value)) : -g;
}
inline Expr plus(const Expr& a, const Expr& b) {
  Masked x(a), y(b);
  if (!x.found || !y.found || !x.condition.same(y.condition)) return a + b;
  if (x.inverse == y.inverse) return x.with(plus(x.value, y.value));
  return x.inverse ? select(x.condition, y.value, x.value) : select(x.condition, x.value, y.value);
}

// Reverse mode over the results a program has when it is made; new results are added to the same program.
class Reverse {
 public:
  explicit Reverse(Program& p) : p_(p), count_(p.results.size()), adjoints_(p.results.size()) {}

  void seed(uint16_t output, const Expr& gradient) { add(output, gradient); }
  // wanted: input numbers whose gradients are asked for.
  void run(const std::vector<uint16_t>& wanted) {
    active_.assign(count_, false);
    for (uint16_t i : wanted) active_[p_.inputs[i]] = true;
    for (size_t id = 0; id < count_; ++id) {
      const Result& r = p_.results[id];
      if (r.op >= kInput) continue;
      int operands = operand_count(r.op);
      active_[id] = active_[r.a] || (operands > 1 && active_[r.b]) || (operands > 2 && active_[r.c]);
    }
    for (size_t id = count_; id-- > 0;)
      if (active_[id] && adjoints_[id] && p_.results[id].op < kInput) visit(uint16_t(id), *adjoints_[id]);
  }
  const Adjoint& of_input(uint16_t i) const { return adjoints_[p_.inputs[i]]; }

 private:
  void add(uint16_t id, Expr g) {
    uint8_t type = p_.results[id].type;
    if (!is_float_type(type)) return;  // bool and integers have no gradient
    if (g.type() != kWeak && g.type() != type && type != DS_EXPR_T && g.type() != DS_EXPR_T) g = cast(g, type);
    Adjoint& slot = adjoints_[id];
    slot = slot ? plus(*slot, g) : g;
  }
  void visit(uint16_t id, const Expr& g);

  Program& p_;
  size_t count_;
  std::vector<Adjoint> adjoints_;
  std::vector<bool> active_;
};

inline void Reverse::visit(uint16_t id, const Expr& g) {
  const Result r = p_.results[id];
  Expr y(&p_, id), a(&p_, r.a), b(&p_, r.b), c(&p_, r.c);
  auto to_a = [&](const Expr& d) {
    if (active_[r.a]) add(r.a, d);
  };
  auto to_b = [&](const Expr& d) {
    if (active_[r.b]) add(r.b, d);
  };
  const double ln2 = 0.693147180559945309417, ln10 = 2.302585092994045684018;
  switch (r.op) {
    case DS_EXPR_ADD:
      to_a(g);
      to_b(g);
      break;
    case DS_EXPR_SUB:
      to_a(g);
      if (active_[r.b]) to_b(minus(g));
      break;
    case DS_EXPR_MUL:
      if (active_[r.a]) to_a(times(g, b));
      if (active_[r.b]) to_b(times(g, a));
      break;
    case DS_EXPR_DIV:
      if (active_[r.a]) to_a(over(g, b));
      if (active_[r.b]) to_b(minus(over(times(g, y), b)));
      break;
    case DS_EXPR_FMA:
      if (active_[r.a]) to_a(times(g, b));
      if (active_[r.b]) to_b(times(g, a));
      if (active_[r.c]) add(r.c, g);
      break;
    case DS_EXPR_NEG:
      to_a(minus(g));
      break;
    case DS_EXPR_ABS:
      to_a(times(g, sign(a)));
      break;
    case DS_EXPR_MIN:
    case DS_EXPR_MAX: {
      Expr a_loses = r.op == DS_EXPR_MAX ? a < b : a > b, b_loses = r.op == DS_EXPR_MAX ? a > b : a < b;
      Expr shared = select(a == b, times(g, 0.5), g);
      if (active_[r.a]) to_a(select(a_loses, 0.0, shared));
      if (active_[r.b]) to_b(select(b_loses, 0.0, shared));
      break;
    }
    case DS_EXPR_POW:
      if (active_[r.a]) {
        if (b.is_number()) {
          if (!b.is(0.0)) to_a(times(g, b * pow(a, b - 1)));
        } else {
          to_a(select(b == 0, 0.0, times(g, b * pow(a, b - 1))));
        }
      }
      if (active_[r.b]) to_b(select(a == 0 && b >= 0, 0.0, times(g, y * log(a))));
      break;
    case DS_EXPR_MOD:
      to_a(g);
      if (active_[r.b]) to_b(minus(times(g, floor_div(a, b))));
      break;
    case DS_EXPR_SQRT:
      to_a(over(times(g, 0.5), y));
      break;
    case DS_EXPR_RSQRT:
      to_a(times(times(g, -0.5), y * y * y));
      break;
    case DS_EXPR_EXP:
      to_a(times(g, y));
      break;
    case DS_EXPR_EXP2:
      to_a(times(g, y * ln2));
      break;
    case DS_EXPR_EXPM1:
      to_a(times(g, y + 1));
      break;
    case DS_EXPR_LOG:
      to_a(over(g, a));
      break;
    case DS_EXPR_LOG2:
      to_a(over(g, a * ln2));
      break;
    case DS_EXPR_LOG10:
      to_a(over(g, a * ln10));
      break;
    case DS_EXPR_LOG1P:
      to_a(over(g, a + 1));
      break;
    case DS_EXPR_SIN:
      to_a(times(g, cos(a)));
      break;
    case DS_EXPR_COS:
      to_a(minus(times(g, sin(a))));
      break;
    case DS_EXPR_TAN:
      to_a(times(g, 1 + y * y));
      break;
    case DS_EXPR_ASIN:
      to_a(times(g, rsqrt(1 - a * a)));
      break;
    case DS_EXPR_ACOS:
      to_a(minus(times(g, rsqrt(1 - a * a))));
      break;
    case DS_EXPR_ATAN:
      to_a(over(g, 1 + a * a));
      break;
    case DS_EXPR_ATAN2: {
      Expr squares = a * a + b * b;
      if (active_[r.a]) to_a(over(times(g, b), squares));
      if (active_[r.b]) to_b(minus(over(times(g, a), squares)));
      break;
    }
    case DS_EXPR_SINH:
      to_a(times(g, cosh(a)));
      break;
    case DS_EXPR_COSH:
      to_a(times(g, sinh(a)));
      break;
    case DS_EXPR_TANH:
      to_a(times(g, 1 - y * y));
      break;
    case DS_EXPR_ASINH:
      to_a(times(g, rsqrt(a * a + 1)));
      break;
    case DS_EXPR_ACOSH:
      to_a(times(g, rsqrt(a - 1) * rsqrt(a + 1)));
      break;
    case DS_EXPR_ATANH:
      to_a(over(g, 1 - a * a));
      break;
    case DS_EXPR_ERF:
      to_a(times(g, 1.128379167095512573896 * exp(-(a * a))));
      break;
    case DS_EXPR_ERFC:
      to_a(times(g, -1.128379167095512573896 * exp(-(a * a))));
      break;
    case DS_EXPR_SIGMOID:
      to_a(times(g, y * (1 - y)));
      break;
    case DS_EXPR_RECIPROCAL:
      to_a(minus(times(g, y * y)));
      break;
    case DS_EXPR_SELECT:
      if (active_[r.b]) to_b(select(a, g, 0.0));
      if (active_[r.c]) add(r.c, select(a, 0.0, g));
      break;
    case DS_EXPR_CAST:
      if (is_float_type(r.type)) to_a(g);
      break;
    case DS_EXPR_COPY:
      to_a(g);
      break;
    default:
      break;
  }
}

// A program's gradient: outputs are the gradients of `wanted` inputs that are not zero (`given`), inputs those `reads`.
struct Gradient {
  Program program;
  std::vector<uint16_t> given;    // number of the wanted input, per output
  std::vector<uint16_t> inputs;   // kept inputs: the program's own, then its outputs' values, then output gradients
  uint16_t own = 0, results = 0;  // how many of the first two sorts there are
};

// has_gradient: per output. Where reading outputs instead of inputs reads no more tensors, outputs are read unless that
// is forbidden: they are alive anyhow and save recomputing.
inline Gradient differentiate(Program p, const std::vector<uint16_t>& wanted, const std::vector<bool>& has_gradient,
                              bool may_read_outputs = true) {
  Gradient g;
  std::vector<uint16_t> outputs = p.outputs;
  g.own = uint16_t(p.inputs.size());
  g.results = uint16_t(outputs.size());
  std::vector<uint16_t> values, seeds;
  Reverse reverse(p);
  for (uint16_t id : outputs)
    values.push_back(p.input(p.results[id].type == kWeak ? uint8_t(DS_EXPR_T) : p.results[id].type));
  for (size_t k = 0; k < outputs.size(); ++k) {
    seeds.push_back(p.input(p.results[values[k]].type));
    if (has_gradient[k]) reverse.seed(outputs[k], Expr(&p, seeds[k]));
  }
  reverse.run(wanted);
  p.outputs.clear();
  for (uint16_t i : wanted) {
    const Adjoint& adjoint = reverse.of_input(i);
    if (!adjoint) continue;
    g.given.push_back(i);
    p.outputs.push_back(adjoint->in(p));
  }

  if (may_read_outputs) {
    auto count_reads = [&](const Program& q) {
      std::vector<bool> used = q.reachable();
      int n = 0;
      for (size_t i = 0; i < size_t(g.own) + g.results; ++i) n += used[q.inputs[i]];
      return n;
    };
    Program with_outputs = p;
    for (Result& r : with_outputs.results) {
      if (r.op >= kInput) continue;
      for (uint16_t* operand : {&r.a, &r.b, &r.c})
        for (size_t k = 0; k < outputs.size(); ++k)
          if (*operand == outputs[k] && p.results[outputs[k]].op < kInput) *operand = values[k];
    }
    if (count_reads(with_outputs) <= count_reads(p)) p = std::move(with_outputs);
  }
  std::vector<bool> used = p.reachable();
  for (size_t i = 0; i < p.inputs.size(); ++i)
    if (used[p.inputs[i]]) g.inputs.push_back(uint16_t(i));
  g.program = std::move(p);
  return g;
}

}  // namespace ds::expr
