// sign: the sign of a number.
#include <deepseek/operator.hpp>
using namespace ds;

struct Sign {
  static constexpr auto schema = "sign(x: real) -> real";
  static constexpr auto summary = "-1, 0 or 1; NaN stays (NumPy, ONNX Sign)";
  static Expr body(Expr x) { return sign(x); }
};
DS_OPERATOR(Sign);
