// cosh: hyperbolic cosine.
#include <deepseek/operator.hpp>
using namespace ds;

struct Cosh {
  static constexpr auto schema = "cosh(x: float) -> float";
  static constexpr auto summary = "hyperbolic cosine (NumPy cosh, ONNX Cosh)";
  static Expr body(Expr x) { return cosh(x); }
};
DS_OPERATOR(Cosh);
