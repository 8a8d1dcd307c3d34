// minimum: elementwise minimum that keeps NaN (NumPy).
#include <deepseek/operator.hpp>
using namespace ds;

struct Minimum {
  static constexpr auto schema = "minimum(a: number, b: number) -> number";
  static constexpr auto summary =
      "the smaller of a and b; NaN if one is NaN (NumPy); equal operands share the gradient";
  static constexpr uint64_t traits = DS_TRAIT_COMMUTATIVE;
  static Expr body(Expr a, Expr b) { return min(a, b); }
};
DS_OPERATOR(Minimum);
