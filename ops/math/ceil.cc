// ceil: rounds up.
#include <deepseek/operator.hpp>
using namespace ds;

struct Ceil {
  static constexpr auto schema = "ceil(x: real) -> real";
  static constexpr auto summary = "the smallest integer not below x; integers stay (NumPy, ONNX Ceil)";
  static Expr body(Expr x) { return ceil(x); }
};
DS_OPERATOR(Ceil);
