// acosh: inverse hyperbolic cosine, of x >= 1.
#include <deepseek/operator.hpp>
using namespace ds;

struct Acosh {
  static constexpr auto schema = "acosh(x: float) -> float";
  static constexpr auto summary = "inverse hyperbolic cosine, of x >= 1 (NumPy arccosh, ONNX Acosh)";
  static constexpr auto domain = "(1.2,4)";
  static Expr body(Expr x) { return acosh(x); }
};
DS_OPERATOR(Acosh);
