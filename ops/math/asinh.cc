// asinh: inverse hyperbolic sine.
#include <deepseek/operator.hpp>
using namespace ds;

struct Asinh {
  static constexpr auto schema = "asinh(x: float) -> float";
  static constexpr auto summary = "inverse hyperbolic sine (NumPy arcsinh, ONNX Asinh)";
  static Expr body(Expr x) { return asinh(x); }
};
DS_OPERATOR(Asinh);
