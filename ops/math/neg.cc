// neg: the negative.
#include <deepseek/operator.hpp>
using namespace ds;

struct Neg {
  static constexpr auto schema = "neg(x: real) -> real";
  static constexpr auto summary = "-x (NumPy negative, ONNX Neg)";
  static Expr body(Expr x) { return -x; }
};
DS_OPERATOR(Neg);
