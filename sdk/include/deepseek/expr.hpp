// expr.hpp: writes scalar bodies of elementwise operators as ordinary C++ and turns them into ds.expr/1 programs.
//
//   Expr body(Expr x) { return x / (1 + exp(-x)); }
//
// Equal results are shared, and what changes no bit is simplified (x * 1, x - 0, --x, select(c, a, a)).
// Types: an operand of the operator's T gives T; a number adapts to the other operand; bool and T give T.
#pragma once
#include <vector>

#include "deepseek/scalar.hpp"

namespace ds {
namespace expr {

inline constexpr uint8_t kInput = 0xfe, kConstant = 0xff;  // ops of results that are no instructions
inline constexpr uint8_t kWeak = 0xff;                     // type of a number
inline constexpr uint16_t kAbsent = 0xffff;

struct Result {
  uint8_t op, type, operand;
  uint16_t a, b, c;
  double value;  // kConstant
  bool operator==(const Result& r) const {
    return op == r.op && type == r.type && operand == r.operand && a == r.a && b == r.b && c == r.c &&
           std::bit_cast<uint64_t>(value) == std::bit_cast<uint64_t>(r.value);
  }
};

// Bytes of a program, aligned as the ABI asks.
struct Bytes {
  std::vector<uint64_t> words;
  uint32_t size = 0;
  const void* data() const { return words.data(); }
};

// A program being written: results in order of creation, each reading earlier ones only.
class Program {
 public:
  std::vector<Result> results;
  std::vector<uint16_t> inputs, outputs;

  uint16_t input(uint8_t type) {
    inputs.push_back(append({kInput, type, 0, uint16_t(inputs.size()), 0, 0, 0}));
    return inputs.back();
  }
  uint16_t constant(double value) { return shared({kConstant, kWeak, 0, 0, 0, 0, value}); }
  uint16_t instruction(uint8_t op, uint8_t type, uint8_t operand, uint16_t a, uint16_t b = 0, uint16_t c = 0) {
    return shared({op, type, operand, a, b, c, 0});
  }
  bool is_constant(uint16_t id) const { return results[id].op == kConstant; }
  bool is_constant(uint16_t id, double value) const {
    return is_constant(id) && std::bit_cast<uint64_t>(results[id].value) == std::bit_cast<uint64_t>(value);
  }

  // Marks what the outputs need.
  std::vector<bool> reachable() const {
    std::vector<bool> used(results.size());
    for (uint16_t id : outputs) used[id] = true;
    for (size_t id = results.size(); id-- > 0;) {
      const Result& r = results[id];
      if (!used[id] || r.op >= kInput) continue;
      int count = operand_count(r.op);
      used[r.a] = true;
      if (count > 1) used[r.b] = true;
      if (count > 2) used[r.c] = true;
    }
    return used;
  }

  // Bytes with the inputs of these numbers only, in this order; what no output needs is left out. T becomes `t`.
  Bytes encode(const std::vector<uint16_t>& kept_inputs, uint8_t t = DS_EXPR_T) const;
  Bytes encode() const {
    std::vector<uint16_t> all;
    for (size_t i = 0; i < inputs.size(); ++i) all.push_back(uint16_t(i));
    return encode(all);
  }
  // types: of the inputs. Fails: DS_INVALID_ARGUMENT when the bytes are no program of that many inputs.
  static Program decode(const void* bytes, uint64_t size, const std::vector<uint8_t>& types);

 private:
  uint16_t append(const Result& r) {
    DS_REQUIRE_AS(DS_UNSUPPORTED, results.size() < DS_EXPR_MAX_RESULTS, "expr: more than ", DS_EXPR_MAX_RESULTS,
                  " results");
    results.push_back(r);
    return uint16_t(results.size() - 1);
  }
  uint16_t shared(const Result& r) {
    for (size_t id = 0; id < results.size(); ++id)
      if (results[id] == r) return uint16_t(id);
    return append(r);
  }
};

inline Bytes Program::encode(const std::vector<uint16_t>& kept_inputs, uint8_t t) const {
  std::vector<bool> used = reachable();
  std::vector<uint16_t> number(results.size(), 0);
  uint16_t next = 0;
  ds_expr_header header{DS_EXPR_MAGIC, uint16_t(kept_inputs.size()), 0, 0, uint16_t(outputs.size()), 0};
  for (uint16_t i : kept_inputs) number[inputs[i]] = next++;
  for (size_t id = 0; id < results.size(); ++id)
    if (used[id] && results[id].op == kConstant) number[id] = next++, ++header.constants;
  for (size_t id = 0; id < results.size(); ++id)
    if (used[id] && results[id].op < kInput) number[id] = next++, ++header.instructions;

  size_t bytes =
      sizeof header + 8u * header.constants + sizeof(ds_expr_instruction) * header.instructions + 2u * outputs.size();
  Bytes program;
  program.words.resize((bytes + 7) / 8);
  program.size = header.bytes = uint32_t(program.words.size() * 8);
  char* at = reinterpret_cast<char*>(program.words.data());
  auto put = [&at](const auto& value) {
    std::memcpy(at, &value, sizeof value);
    at += sizeof value;
  };
  auto concrete = [t](uint8_t type) { return type == DS_EXPR_T || type == kWeak ? t : type; };
  put(header);
  for (size_t id = 0; id < results.size(); ++id)
    if (used[id] && results[id].op == kConstant) put(results[id].value);
  for (size_t id = 0; id < results.size(); ++id) {
    const Result& r = results[id];
    if (!used[id] || r.op >= kInput) continue;
    int count = operand_count(r.op);
    put(ds_expr_instruction{r.op, concrete(r.type), concrete(r.operand), 0, number[r.a],
                            count > 1 ? number[r.b] : uint16_t(0), count > 2 ? number[r.c] : uint16_t(0), 0});
  }
  for (uint16_t id : outputs) put(number[id]);
  return program;
}

inline Program Program::decode(const void* bytes, uint64_t size, const std::vector<uint8_t>& types) {
  auto require = [](bool condition, const char* what) {
    DS_REQUIRE_AS(DS_INVALID_ARGUMENT, condition, "not a ds.expr/1 program: ", what);
  };
  ds_expr_header header;
  require(bytes && size >= sizeof header, "too short");
  const char* at = static_cast<const char*>(bytes);
  auto get = [&at](auto* value) {
    std::memcpy(value, at, sizeof *value);
    at += sizeof *value;
  };
  get(&header);
  require(header.magic == DS_EXPR_MAGIC, "wrong magic number");
  require(header.bytes == size && size >= sizeof header + 8u * header.constants +
                                              sizeof(ds_expr_instruction) * header.instructions + 2u * header.outputs,
          "wrong size");
  DS_REQUIRE_AS(DS_INVALID_ARGUMENT, header.inputs == types.size(), "the program takes ", header.inputs,
                " inputs, got ", types.size());
  Program p;
  std::vector<uint16_t> ids;  // sharing may fold results of the same content
  for (uint8_t type : types) ids.push_back(p.input(type));
  for (int i = 0; i < header.constants; ++i) {
    double value;
    get(&value);
    ids.push_back(p.constant(value));
  }
  for (int i = 0; i < header.instructions; ++i) {
    ds_expr_instruction in;
    get(&in);
    int count = operand_count(in.op);
    require(count >= 0 && in.type <= DS_EXPR_F64 && in.operand <= DS_EXPR_F64, "unknown operation or type");
    require(in.a < ids.size() && in.b < ids.size() && in.c < ids.size(), "an operand is not computed before");
    ids.push_back(p.instruction(in.op, in.type, in.operand, ids[in.a], count > 1 ? ids[in.b] : uint16_t(0),
                                count > 2 ? ids[in.c] : uint16_t(0)));
  }
  for (int i = 0; i < header.outputs; ++i) {
    uint16_t id;
    get(&id);
    require(id < ids.size(), "an output is not computed");
    p.outputs.push_back(ids[id]);
  }
  require(!p.outputs.empty(), "no output");
  return p;
}

}  // namespace expr

// A value inside a body: a result of the program being written, or a number.
class Expr {
 public:
  template <class N>
  requires std::is_arithmetic_v<N> Expr(N value) : value_(double(value)) {}
  Expr(expr::Program* program, uint16_t id) : program_(program), id_(id) {
    if (program->is_constant(id)) value_ = program->results[id].value;
  }

  expr::Program* program() const { return program_; }
  // The number in `p`, which a constant enters now.
  uint16_t in(expr::Program& p) const { return program_ ? id_ : p.constant(value_); }
  uint8_t type() const { return program_ ? program_->results[id_].type : expr::kWeak; }
  bool is_number() const { return !program_ || program_->is_constant(id_); }
  bool is(double value) const {
    return is_number() && std::bit_cast<uint64_t>(value_) == std::bit_cast<uint64_t>(value);
  }
  double number() const { return value_; }
  bool same(const Expr& other) const {
    if (is_number() || other.is_number()) return is_number() && other.is(value_);
    return program_ == other.program_ && id_ == other.id_;
  }
  const expr::Result& result() const { return program_->results[id_]; }
  bool made_by(uint8_t op) const { return program_ && result().op == op; }
  Expr operand(int k) const { return {program_, k == 0 ? result().a : k == 1 ? result().b : result().c}; }

 private:
  expr::Program* program_ = nullptr;
  uint16_t id_ = expr::kAbsent;
  double value_ = 0;
};

namespace expr {

inline bool is_float_type(uint8_t type) { return type == DS_EXPR_T || type >= DS_EXPR_F16; }

// T wins over bool and numbers; among explicit dtypes as promote.
inline uint8_t common_type(uint8_t a, uint8_t b) {
  if (a == kWeak || a == b) return b;
  if (b == kWeak) return a;
  if (a == DS_EXPR_T || b == DS_EXPR_T) return DS_EXPR_T;
  return expr_type(promote(expr_dtype(a), expr_dtype(b)));
}

inline Expr make(uint8_t op, uint8_t type, uint8_t operand, const Expr& a, const Expr& b = 0, const Expr& c = 0) {
  Program* p = a.program() ? a.program() : b.program() ? b.program() : c.program();
  int count = operand_count(op);
  uint16_t ia = a.in(*p), ib = count > 1 ? b.in(*p) : uint16_t(0), ic = count > 2 ? c.in(*p) : uint16_t(0);
  return {p, p->instruction(op, type == kWeak ? uint8_t(DS_EXPR_T) : type,
                            operand == kWeak ? uint8_t(DS_EXPR_T) : operand, ia, ib, ic)};
}

inline Expr unary(uint8_t op, const Expr& a) {
  if (a.is_number()) return float_op(op, a.number(), 0, 0);
  return make(op, a.type(), 0, a);
}
inline Expr binary(uint8_t op, const Expr& a, const Expr& b) {
  if (a.is_number() && b.is_number()) return float_op(op, a.number(), b.number(), 0);
  uint8_t type = common_type(a.type(), b.type());
  // (x > 0) * 2 is meant in T.
  if (type == DS_EXPR_BOOL && (a.is_number() || b.is_number())) type = DS_EXPR_T;
  return make(op, type, 0, a, b);
}
inline Expr test(uint8_t op, const Expr& a, const Expr& b = 0) {
  if (a.is_number() && b.is_number()) return float_test(op, a.number(), b.number());
  uint8_t operand = operand_count(op) > 1 ? common_type(a.type(), b.type()) : a.type();
  return make(op, DS_EXPR_BOOL, operand, a, b);
}

}  // namespace expr

#define DS_UNARY(name, OP) \
  inline Expr name(const Expr& a) { return expr::unary(DS_EXPR_##OP, a); }
DS_UNARY(abs, ABS)
DS_UNARY(sign, SIGN)
DS_UNARY(floor, FLOOR) DS_UNARY(ceil, CEIL) DS_UNARY(round, ROUND) DS_UNARY(trunc, TRUNC) DS_UNARY(sqrt, SQRT)
    DS_UNARY(rsqrt, RSQRT) DS_UNARY(exp, EXP) DS_UNARY(exp2, EXP2) DS_UNARY(expm1, EXPM1) DS_UNARY(log, LOG)
        DS_UNARY(log2, LOG2) DS_UNARY(log10, LOG10) DS_UNARY(log1p, LOG1P) DS_UNARY(sin, SIN) DS_UNARY(cos, COS)
            DS_UNARY(tan, TAN) DS_UNARY(asin, ASIN) DS_UNARY(acos, ACOS) DS_UNARY(atan, ATAN) DS_UNARY(sinh, SINH)
                DS_UNARY(cosh, COSH) DS_UNARY(tanh, TANH) DS_UNARY(asinh, ASINH) DS_UNARY(acosh, ACOSH)
                    DS_UNARY(atanh, ATANH) DS_UNARY(erf, ERF) DS_UNARY(erfc, ERFC) DS_UNARY(sigmoid, SIGMOID)
                        DS_UNARY(reciprocal, RECIPROCAL) DS_UNARY(bit_not, BIT_NOT) DS_UNARY(copy, COPY)
#undef DS_UNARY
#define DS_BINARY(name, OP) \
  inline Expr name(const Expr& a, const Expr& b) { return expr::binary(DS_EXPR_##OP, a, b); }
                            DS_BINARY(min, MIN) DS_BINARY(max, MAX) DS_BINARY(mod, MOD) DS_BINARY(atan2, ATAN2)
                                DS_BINARY(floor_div, FLOOR_DIV) DS_BINARY(bit_and, BIT_AND) DS_BINARY(bit_or, BIT_OR)
                                    DS_BINARY(bit_xor, BIT_XOR) DS_BINARY(shift_left, SHL) DS_BINARY(shift_right, SHR)
                                        DS_BINARY(operator+, ADD)
#undef DS_BINARY
#define DS_TEST(name, OP) \
  inline Expr name(const Expr& a, const Expr& b) { return expr::test(DS_EXPR_##OP, a, b); }
                                            DS_TEST(operator==, EQ) DS_TEST(operator!=, NE) DS_TEST(operator<, LT)
                                                DS_TEST(operator<=, LE) DS_TEST(operator>, GT) DS_TEST(operator>=, GE)
                                                    DS_TEST(operator&&, AND) DS_TEST(operator||, OR)
                                                        DS_TEST(logical_xor, XOR)
#undef DS_TEST
                                                            inline Expr
                                                            operator!(const Expr& a) {
  return expr::test(DS_EXPR_NOT, a);
}
inline Expr is_nan(const Expr& a) { return expr::test(DS_EXPR_IS_NAN, a); }
inline Expr is_inf(const Expr& a) { return expr::test(DS_EXPR_IS_INF, a); }
inline Expr is_finite(const Expr& a) { return expr::test(DS_EXPR_IS_FINITE, a); }

inline Expr operator-(const Expr& a) { return a.made_by(DS_EXPR_NEG) ? a.operand(0) : expr::unary(DS_EXPR_NEG, a); }
inline Expr operator-(const Expr& a, const Expr& b) { return b.is(0.0) ? a : expr::binary(DS_EXPR_SUB, a, b); }
inline Expr operator*(const Expr& a, const Expr& b) {
  return b.is(1) ? a : a.is(1) ? b : b.is(-1) ? -a : a.is(-1) ? -b : expr::binary(DS_EXPR_MUL, a, b);
}
inline Expr operator/(const Expr& a, const Expr& b) { return b.is(1) ? a : expr::binary(DS_EXPR_DIV, a, b); }
inline Expr pow(const Expr& a, const Expr& b) {
  return b.is(1) ? a : b.is(2) ? a * a : expr::binary(DS_EXPR_POW, a, b);
}
inline Expr square(const Expr& a) { return a * a; }
inline Expr fma(const Expr& a, const Expr& b, const Expr& c) {
  if (a.is_number() && b.is_number() && c.is_number()) return a.number() * b.number() + c.number();
  return expr::make(DS_EXPR_FMA, expr::common_type(expr::common_type(a.type(), b.type()), c.type()), 0, a, b, c);
}
// condition ? a : b; the branch that is not taken contributes nothing to a gradient, not even a NaN.
inline Expr select(const Expr& condition, const Expr& a, const Expr& b) {
  if (condition.is_number()) return condition.number() != 0 ? a : b;
  if (a.same(b)) return a;
  return expr::make(DS_EXPR_SELECT, expr::common_type(a.type(), b.type()), 0, condition, a, b);
}
// type: DS_EXPR_F32 ..; rounds to it.
inline Expr cast(const Expr& a, uint8_t type) {
  if (a.is_number() || a.type() == type) return a;
  return expr::make(DS_EXPR_CAST, type, a.type(), a);
}

}  // namespace ds
