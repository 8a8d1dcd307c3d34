// tan: tangent of an angle in radians.
#include <deepseek/operator.hpp>
using namespace ds;

struct Tan {
  static constexpr auto schema = "tan(x: float) -> float";
  static constexpr auto summary = "tangent of an angle in radians (NumPy tan, ONNX Tan)";
  static constexpr auto domain = "(-1,1)";
  static Expr body(Expr x) { return tan(x); }
};
DS_OPERATOR(Tan);
