// sin: sine of an angle in radians.
#include <deepseek/operator.hpp>
using namespace ds;

struct Sin {
  static constexpr auto schema = "sin(x: float) -> float";
  static constexpr auto summary = "sine of an angle in radians (NumPy sin, ONNX Sin)";
  static Expr body(Expr x) { return sin(x); }
};
DS_OPERATOR(Sin);
