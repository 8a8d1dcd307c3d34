// reciprocal: one divided by x.
#include <deepseek/operator.hpp>
using namespace ds;

struct Reciprocal {
  static constexpr auto schema = "reciprocal(x: float) -> float";
  static constexpr auto summary = "1 / x (NumPy, ONNX Reciprocal)";
  static constexpr auto domain = "(0.2,4)";
  static Expr body(Expr x) { return reciprocal(x); }
};
DS_OPERATOR(Reciprocal);
