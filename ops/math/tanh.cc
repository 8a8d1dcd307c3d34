// tanh: hyperbolic tangent.
#include <deepseek/operator.hpp>
using namespace ds;

struct Tanh {
  static constexpr auto schema = "tanh(x: float) -> float";
  static constexpr auto summary = "hyperbolic tangent (NumPy tanh, ONNX Tanh)";
  static Expr body(Expr x) { return tanh(x); }
};
DS_OPERATOR(Tanh);
