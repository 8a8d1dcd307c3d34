// atanh: inverse hyperbolic tangent, of |x| < 1.
#include <deepseek/operator.hpp>
using namespace ds;

struct Atanh {
  static constexpr auto schema = "atanh(x: float) -> float";
  static constexpr auto summary = "inverse hyperbolic tangent, of |x| < 1 (NumPy arctanh, ONNX Atanh)";
  static constexpr auto domain = "(-0.9,0.9)";
  static Expr body(Expr x) { return atanh(x); }
};
DS_OPERATOR(Atanh);
