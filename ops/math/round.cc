// round: rounds to nearest even.
#include <deepseek/operator.hpp>
using namespace ds;

struct Round {
  static constexpr auto schema = "round(x: real) -> real";
  static constexpr auto summary = "the nearest integer, halves to even; integers stay (NumPy rint, ONNX Round)";
  static Expr body(Expr x) { return round(x); }
};
DS_OPERATOR(Round);
