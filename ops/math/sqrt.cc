// sqrt: square root.
#include <deepseek/operator.hpp>
using namespace ds;

struct Sqrt {
  static constexpr auto schema = "sqrt(x: float) -> float";
  static constexpr auto summary = "square root; NaN below 0 (NumPy, ONNX Sqrt)";
  static constexpr auto domain = ">0";
  static Expr body(Expr x) { return sqrt(x); }
};
DS_OPERATOR(Sqrt);
