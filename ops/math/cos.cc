// cos: cosine of an angle in radians.
#include <deepseek/operator.hpp>
using namespace ds;

struct Cos {
  static constexpr auto schema = "cos(x: float) -> float";
  static constexpr auto summary = "cosine of an angle in radians (NumPy cos, ONNX Cos)";
  static Expr body(Expr x) { return cos(x); }
};
DS_OPERATOR(Cos);
