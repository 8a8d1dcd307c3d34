// exp: exponential.
#include <deepseek/operator.hpp>
using namespace ds;

struct Exp {
  static constexpr auto schema = "exp(x: float) -> float";
  static constexpr auto summary = "e to the power x (NumPy)";
  static Expr body(Expr x) { return exp(x); }
};
DS_OPERATOR(Exp);
