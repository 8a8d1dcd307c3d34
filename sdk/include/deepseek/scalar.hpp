// scalar.hpp: what each operation of ds.expr/1 computes on one number, in the widest type of its kind.
#pragma once
#include <limits>

#include "deepseek/dtype.hpp"

namespace ds::expr {

inline double float_mod(double a, double b) {  // sign of the divisor, as NumPy
  double m = std::fmod(a, b);
  if (b == 0) return m;
  if (m == 0) return std::copysign(0.0, b);
  return (b < 0) != (m < 0) ? m + b : m;
}

inline double float_floor_div(double a, double b) {
  if (b == 0) return a / b;
  double m = std::fmod(a, b), quotient = (a - m) / b;
  if (m != 0 && (b < 0) != (m < 0)) quotient -= 1;
  if (quotient == 0) return std::copysign(0.0, a / b);
  double floored = std::floor(quotient);
  return quotient - floored > 0.5 ? floored + 1 : floored;
}

inline double float_sigmoid(double x) {
  double e = std::exp(-std::fabs(x));
  return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}

inline double float_op(uint8_t op, double a, double b, double c) {
  switch (op) {
    case DS_EXPR_ADD:
      return a + b;
    case DS_EXPR_SUB:
      return a - b;
    case DS_EXPR_MUL:
      return a * b;
    case DS_EXPR_DIV:
      return a / b;
    case DS_EXPR_NEG:
      return -a;
    case DS_EXPR_ABS:
      return std::fabs(a);
    case DS_EXPR_SIGN:
      return a > 0 ? 1 : a < 0 ? -1 : a == 0 ? 0 : a;
    case DS_EXPR_MIN:
      return a < b || a != a ? a : b;
    case DS_EXPR_MAX:
      return a > b || a != a ? a : b;
    case DS_EXPR_POW:
      return std::pow(a, b);
    case DS_EXPR_MOD:
      return float_mod(a, b);
    case DS_EXPR_FLOOR:
      return std::floor(a);
    case DS_EXPR_CEIL:
      return std::ceil(a);
    case DS_EXPR_ROUND:
      return std::nearbyint(a);
    case DS_EXPR_TRUNC:
      return std::trunc(a);
    case DS_EXPR_SQRT:
      return std::sqrt(a);
    case DS_EXPR_RSQRT:
      return 1 / std::sqrt(a);
    case DS_EXPR_EXP:
      return std::exp(a);
    case DS_EXPR_EXP2:
      return std::exp2(a);
    case DS_EXPR_EXPM1:
      return std::expm1(a);
    case DS_EXPR_LOG:
      return std::log(a);
    case DS_EXPR_LOG2:
      return std::log2(a);
    case DS_EXPR_LOG10:
      return std::log10(a);
    case DS_EXPR_LOG1P:
      return std::log1p(a);
    case DS_EXPR_SIN:
      return std::sin(a);
    case DS_EXPR_COS:
      return std::cos(a);
    case DS_EXPR_TAN:
      return std::tan(a);
    case DS_EXPR_ASIN:
      return std::asin(a);
    case DS_EXPR_ACOS:
      return std::acos(a);
    case DS_EXPR_ATAN:
      return std::atan(a);
    case DS_EXPR_ATAN2:
      return std::atan2(a, b);
    case DS_EXPR_SINH:
      return std::sinh(a);
    case DS_EXPR_COSH:
      return std::cosh(a);
    case DS_EXPR_TANH:
      return std::tanh(a);
    case DS_EXPR_ASINH:
      return std::asinh(a);
    case DS_EXPR_ACOSH:
      return std::acosh(a);
    case DS_EXPR_ATANH:
      return std::atanh(a);
    case DS_EXPR_ERF:
      return std::erf(a);
    case DS_EXPR_ERFC:
      return std::erfc(a);
    case DS_EXPR_SIGMOID:
      return float_sigmoid(a);
    case DS_EXPR_RECIPROCAL:
      return 1 / a;
    case DS_EXPR_FMA:
      return a * b + c;
    case DS_EXPR_FLOOR_DIV:
      return float_floor_div(a, b);
    default:
      return a;
  }
}

// Comparisons, tests and logic.
inline bool float_test(uint8_t op, double a, double b) {
  switch (op) {
    case DS_EXPR_EQ:
      return a == b;
    case DS_EXPR_NE:
      return a != b;
    case DS_EXPR_LT:
      return a < b;
    case DS_EXPR_LE:
      return a <= b;
    case DS_EXPR_GT:
      return a > b;
    case DS_EXPR_GE:
      return a >= b;
    case DS_EXPR_IS_NAN:
      return a != a;
    case DS_EXPR_IS_INF:
      return std::fabs(a) == std::numeric_limits<double>::infinity();
    case DS_EXPR_IS_FINITE:
      return std::fabs(a) < std::numeric_limits<double>::infinity();
    case DS_EXPR_AND:
      return a != 0 && b != 0;
    case DS_EXPR_OR:
      return a != 0 || b != 0;
    case DS_EXPR_XOR:
      return (a != 0) != (b != 0);
    case DS_EXPR_NOT:
      return a == 0;
    default:
      return false;
  }
}

// I: int64_t or uint64_t; narrower types wrap afterwards. `bits` is the width, which shifts need.
template <class I>
I integer_pow(I base, I exponent) {
  if (exponent < 0) return base == 1 ? 1 : base == I(-1) ? (exponent % 2 ? I(-1) : I(1)) : I(0);
  uint64_t result = 1, square = uint64_t(base);
  for (uint64_t e = uint64_t(exponent); e; e >>= 1, square *= square)
    if (e & 1) result *= square;
  return I(result);
}

template <class I>
I integer_op(uint8_t op, I a, I b, I c, uint32_t bits) {
  constexpr bool is_signed = I(-1) < I(0);
  uint64_t ua = uint64_t(a), ub = uint64_t(b);
  bool overflows = is_signed && b == I(-1);  // the lowest number divided by -1 would trap
  switch (op) {
    case DS_EXPR_ADD:
      return I(ua + ub);
    case DS_EXPR_SUB:
      return I(ua - ub);
    case DS_EXPR_MUL:
      return I(ua * ub);
    case DS_EXPR_FMA:
      return I(ua * ub + uint64_t(c));
    case DS_EXPR_NEG:
      return I(-ua);
    case DS_EXPR_ABS:
      return a < 0 ? I(-ua) : a;
    case DS_EXPR_SIGN:
      return I(a > 0) - I(a < 0);
    case DS_EXPR_MIN:
      return a < b ? a : b;
    case DS_EXPR_MAX:
      return a > b ? a : b;
    case DS_EXPR_POW:
      return integer_pow(a, b);
    case DS_EXPR_DIV:
      return b == 0 ? I(0) : overflows ? I(-ua) : I(a / b);
    case DS_EXPR_FLOOR_DIV: {
      if (b == 0) return 0;
      if (overflows) return I(-ua);
      I quotient = a / b;
      return a % b != 0 && (a < 0) != (b < 0) ? I(quotient - 1) : quotient;
    }
    case DS_EXPR_MOD: {
      if (b == 0 || overflows) return 0;
      I m = a % b;
      return m != 0 && (m < 0) != (b < 0) ? I(m + b) : m;
    }
    case DS_EXPR_FLOOR:
    case DS_EXPR_CEIL:
    case DS_EXPR_ROUND:
    case DS_EXPR_TRUNC:
    case DS_EXPR_COPY:
    case DS_EXPR_CAST:
      return a;
    case DS_EXPR_RECIPROCAL:
      return a == 1 || (is_signed && a == I(-1)) ? a : I(0);
    case DS_EXPR_BIT_AND:
      return a & b;
    case DS_EXPR_BIT_OR:
      return a | b;
    case DS_EXPR_BIT_XOR:
      return a ^ b;
    case DS_EXPR_BIT_NOT:
      return ~a;
    case DS_EXPR_SHL:
      return ub >= bits ? I(0) : I(ua << ub);
    case DS_EXPR_SHR:
      return ub >= bits ? (a < 0 ? I(-1) : I(0)) : I(a >> ub);
    default:
      return I(float_op(op, double(a), double(b), double(c)));
  }
}

template <class I>
bool integer_test(uint8_t op, I a, I b) {
  switch (op) {
    case DS_EXPR_EQ:
      return a == b;
    case DS_EXPR_NE:
      return a != b;
    case DS_EXPR_LT:
      return a < b;
    case DS_EXPR_LE:
      return a <= b;
    case DS_EXPR_GT:
      return a > b;
    case DS_EXPR_GE:
      return a >= b;
    case DS_EXPR_IS_FINITE:
      return true;
    case DS_EXPR_AND:
      return a != 0 && b != 0;
    case DS_EXPR_OR:
      return a != 0 || b != 0;
    case DS_EXPR_XOR:
      return (a != 0) != (b != 0);
    case DS_EXPR_NOT:
      return a == 0;
    default:
      return false;
  }
}

// The result is bool whatever the operands are.
inline bool is_test(uint8_t op) { return op >= DS_EXPR_EQ && op <= DS_EXPR_NOT; }

inline int operand_count(uint8_t op) {
  switch (op) {
#define DS_CASE(name, number, operands) \
  case number:                          \
    return operands;
    DS_EXPR_OPS(DS_CASE)
#undef DS_CASE
    default:
      return -1;
  }
}

}  // namespace ds::expr
