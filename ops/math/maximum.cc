// maximum: elementwise maximum that keeps NaN (NumPy).
#include <deepseek/operator.hpp>
using namespace ds;

struct Maximum {
  static constexpr auto schema = "maximum(a: number, b: number) -> number";
  static constexpr auto summary = "the larger of a and b; NaN if one is NaN (NumPy); equal operands share the gradient";
  static constexpr uint64_t traits = DS_TRAIT_COMMUTATIVE;
  static Expr body(Expr a, Expr b) { return max(a, b); }
};
DS_OPERATOR(Maximum);
