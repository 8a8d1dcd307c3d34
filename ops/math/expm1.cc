// expm1: exp(x) - 1, exact near 0.
#include <deepseek/operator.hpp>
using namespace ds;

struct Expm1 {
  static constexpr auto schema = "expm1(x: float) -> float";
  static constexpr auto summary = "exp(x) - 1, exact near 0 (NumPy)";
  static Expr body(Expr x) { return expm1(x); }
};
DS_OPERATOR(Expm1);
