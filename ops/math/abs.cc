// abs: absolute value.
#include <deepseek/operator.hpp>
using namespace ds;

struct Abs {
  static constexpr auto schema = "abs(x: number) -> number";
  static constexpr auto summary = "|x|; gradient 0 at 0 (NumPy, ONNX Abs)";
  static Expr body(Expr x) { return abs(x); }
};
DS_OPERATOR(Abs);
