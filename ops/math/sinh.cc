// sinh: hyperbolic sine.
#include <deepseek/operator.hpp>
using namespace ds;

struct Sinh {
  static constexpr auto schema = "sinh(x: float) -> float";
  static constexpr auto summary = "hyperbolic sine (NumPy sinh, ONNX Sinh)";
  static Expr body(Expr x) { return sinh(x); }
};
DS_OPERATOR(Sinh);
