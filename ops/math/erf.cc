// erf: the error function.
#include <deepseek/operator.hpp>
using namespace ds;

struct Erf {
  static constexpr auto schema = "erf(x: float) -> float";
  static constexpr auto summary = "2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x (ONNX Erf)";
  static Expr body(Expr x) { return erf(x); }
};
DS_OPERATOR(Erf);
