// exp2: 2 to the power x.
#include <deepseek/operator.hpp>
using namespace ds;

struct Exp2 {
  static constexpr auto schema = "exp2(x: float) -> float";
  static constexpr auto summary = "2 to the power x (NumPy)";
  static Expr body(Expr x) { return exp2(x); }
};
DS_OPERATOR(Exp2);
