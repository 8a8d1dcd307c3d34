// Programs: what is written, shared, simplified, encoded, run and differentiated.
#include "deepseek/expr.hpp"

#include <gtest/gtest.h>

#include "deepseek/differentiate.hpp"
#include "deepseek/interpret.hpp"

namespace ds {
namespace {

using expr::Program;

// A body of f inputs of type T, and what it computes for f64 (or another t).
struct Written {
  Program p;
  template <class Body>
  Written(int inputs, Body body) {
    std::vector<Expr> x;
    for (int i = 0; i < inputs; ++i) x.emplace_back(&p, p.input(DS_EXPR_T));
    p.outputs = {body(x).in(p)};
  }
  int instructions() const {
    expr::Bytes b = p.encode();
    ds_expr_header header;
    std::memcpy(&header, b.data(), sizeof header);
    return header.instructions;
  }
};

double run(const Program& p, const std::vector<double>& inputs, uint8_t t = DS_EXPR_F64, size_t output = 0) {
  expr::Bytes bytes = p.encode();
  std::vector<uint8_t> types(inputs.size(), t);
  expr::Interpreter program(bytes.data(), bytes.size, types, t);
  for (size_t i = 0; i < inputs.size(); ++i) program.set_input(i, expr::convert({inputs[i], 0}, expr::kWeak, t));
  program.run();
  return program.output(output, DS_EXPR_F64).f;
}

// Gradient in input i at a point, with dy = 1.
double slope(const Program& p, uint16_t i, std::vector<double> at) {
  expr::Gradient g = expr::differentiate(p, {i}, {true}, false);
  if (g.given.empty()) return 0;
  std::vector<double> inputs;
  for (uint16_t k : g.inputs) inputs.push_back(k < at.size() ? at[k] : 1);
  expr::Bytes bytes = g.program.encode(g.inputs);
  expr::Interpreter program(bytes.data(), bytes.size, std::vector<uint8_t>(inputs.size(), DS_EXPR_F64), DS_EXPR_F64);
  for (size_t k = 0; k < inputs.size(); ++k) program.set_input(k, {inputs[k], 0});
  program.run();
  return program.output(0, DS_EXPR_F64).f;
}

TEST(Expr, EqualResultsAreShared) {
  Written w(1, [](auto& x) { return exp(x[0]) + exp(x[0]) * 2; });
  EXPECT_EQ(w.instructions(), 3);
}

TEST(Expr, OnlyWhatChangesNoBitIsSimplified) {
  EXPECT_EQ(Written(1, [](auto& x) { return -(-(x[0] * 1)) / 1 - 0.0; }).instructions(), 0);
  EXPECT_EQ(Written(1, [](auto& x) { return x[0] + 0; }).instructions(), 1) << "-0 + 0 is +0";
  EXPECT_EQ(Written(1, [](auto& x) { return x[0] * 0; }).instructions(), 1) << "NaN * 0 is NaN";
}

TEST(Expr, BoolsTimesNumbersAreOfT) {
  Written w(1, [](auto& x) { return (x[0] > 0) * 2.5; });
  EXPECT_EQ(run(w.p, {3}), 2.5);
}

TEST(Expr, BytesReadBackAreTheSameProgram) {
  Written w(2, [](auto& x) { return select(x[0] > x[1], pow(x[0], x[1]), 0.25 + tanh(x[1])); });
  expr::Bytes bytes = w.p.encode();
  Program back = Program::decode(bytes.data(), bytes.size, {DS_EXPR_T, DS_EXPR_T});
  EXPECT_EQ(back.encode().words, bytes.words);
  EXPECT_THROW(Program::decode(bytes.data(), bytes.size - 8, {DS_EXPR_T, DS_EXPR_T}), Error);
  EXPECT_THROW(Program::decode(bytes.data(), bytes.size, {DS_EXPR_T}), Error);
}

TEST(Interpret, IntegersAreThoseOfNumpy) {
  Written floor_divide(2, [](auto&x) { return floor_div(x[0], x[1]); }),
      remainder(2, [](auto&x) { return mod(x[0], x[1]); });
  Written sum(2, [](auto&x) { return x[0] + x[1]; }), power(2, [](auto&x) { return pow(x[0], x[1]); });
  EXPECT_EQ(run(floor_divide.p, {-7, 2}, DS_EXPR_I32), -4);
  EXPECT_EQ(run(remainder.p, {-7, 2}, DS_EXPR_I32), 1);
  EXPECT_EQ(run(remainder.p, {7, -2}, DS_EXPR_I32), -1);
  EXPECT_EQ(run(floor_divide.p, {5, 0}, DS_EXPR_I32), 0);
  EXPECT_EQ(run(floor_divide.p, {-128, -1}, DS_EXPR_I8), -128);
  EXPECT_EQ(run(sum.p, {127, 1}, DS_EXPR_I8), -128);
  EXPECT_EQ(run(sum.p, {255, 2}, DS_EXPR_U8), 1);
  EXPECT_EQ(run(sum.p, {1, 1}, DS_EXPR_BOOL), 1);
  EXPECT_EQ(run(power.p, {3, 5}, DS_EXPR_I64), 243);
}

TEST(Interpret, NarrowFloatsComputeInF32AndRoundOnceWhenStored) {
  Written w(1, [](auto& x) { return (x[0] + 1) - 1; });
  EXPECT_NE(run(w.p, {0.0004}, DS_EXPR_F16), 0) << "f16 would lose it at once";
  EXPECT_EQ(float(half(65520.f)), HUGE_VALF);
  EXPECT_EQ(half(float(half(5.96e-8f))).bits, 1);
  EXPECT_EQ(bfloat16(1.00390625f).bits, 0x3f80) << "ties to even";
}

TEST(Interpret, FloatsToIntegersNeverOverflow) {
  EXPECT_EQ(expr::float_to_integer(-3.9, DS_EXPR_I32), -3);
  EXPECT_EQ(expr::float_to_integer(HUGE_VAL, DS_EXPR_I32), 0);
  EXPECT_EQ(expr::float_to_integer(std::nan(""), DS_EXPR_I64), 0);
  EXPECT_EQ(expr::float_to_integer(300, DS_EXPR_U8), 0);
  EXPECT_EQ(uint64_t(expr::float_to_integer(1e19, DS_EXPR_U64)), 10000000000000000000ull);
}

// Every operation against central differences, at a point inside its domain.
TEST(Differentiate, EveryOperation) {
#define DS_CASE(name, number, operands) {DS_EXPR_##name, operands, #name},
  struct {
    uint8_t op;
    int operands;
    const char* name;
  } constexpr ops[] = {DS_EXPR_OPS(DS_CASE)};
#undef DS_CASE
  for (auto [op, operands, name] : ops) {
    bool bits = (op >= DS_EXPR_BIT_AND && op <= DS_EXPR_SHR);
    if (expr::is_test(op) || bits || op == DS_EXPR_CAST) continue;
    std::vector<double> at = {0.4, 0.7, 0.3};
    if (op == DS_EXPR_ACOSH) at[0] = 1.7;
    Written w(3, [&](auto& x) {
      if (op == DS_EXPR_SELECT) return select(x[0] > 0, x[1], x[2]);
      return expr::make(op, DS_EXPR_T, 0, x[0], x[1], x[2]);
    });
    for (uint16_t i = 0; i < operands; ++i) {
      auto up = at, down = at;
      up[i] += 1e-6;
      down[i] -= 1e-6;
      EXPECT_NEAR(slope(w.p, i, at), (run(w.p, up) - run(w.p, down)) / 2e-6, 1e-7) << name << " in operand " << i;
    }
  }
}

TEST(Differentiate, TiesAndKinks) {
  Written largest(2, [](auto& x) { return max(x[0], x[1]); });
  EXPECT_EQ(slope(largest.p, 0, {2, 2}), 0.5);
  EXPECT_EQ(slope(largest.p, 1, {2, 2}), 0.5);
  EXPECT_EQ(slope(largest.p, 0, {3, 2}), 1);
  EXPECT_EQ(slope(Written(1, [](auto& x) { return abs(x[0]); }).p, 0, {0}), 0);
  Written power(2, [](auto& x) { return pow(x[0], x[1]); });
  EXPECT_EQ(slope(power.p, 0, {0, 0}), 0);
  EXPECT_EQ(slope(power.p, 1, {0, 2}), 0);
  EXPECT_EQ(slope(power.p, 0, {-2, 3}), 12);
}

TEST(Differentiate, BranchesNotTakenMakeNoNan) {
  Written root(1, [](auto& x) { return select(x[0] > 0, sqrt(x[0]), 0); });
  EXPECT_EQ(slope(root.p, 0, {0}), 0);
  EXPECT_EQ(slope(root.p, 0, {-1}), 0);
  EXPECT_EQ(slope(root.p, 0, {4}), 0.25);
  Written both(
      1, [](auto& x) { return select(x[0] > 0, log(x[0]) * x[0], select(x[0] < -1, sqrt(-1 - x[0]), x[0] * 3)); });
  EXPECT_EQ(slope(both.p, 0, {0}), 3);
  EXPECT_EQ(slope(both.p, 0, {-1}), 3);
  EXPECT_EQ(slope(both.p, 0, {1}), 1);
}

TEST(Differentiate, OutputsAreReadInsteadOfInputs) {
  auto reads = [](const Program& p) {
    expr::Gradient g = expr::differentiate(p, {0}, {true});
    return g.inputs;
  };
  EXPECT_EQ(reads(Written(1, [](auto& x) { return tanh(x[0]); }).p), (std::vector<uint16_t>{1, 2}));
  EXPECT_EQ(reads(Written(1, [](auto& x) { return sin(x[0]); }).p), (std::vector<uint16_t>{0, 2}));
  EXPECT_EQ(reads(Written(1, [](auto& x) { return x[0] + 1; }).p), (std::vector<uint16_t>{2}));
}

}  // namespace
}  // namespace ds
