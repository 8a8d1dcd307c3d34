// asin: inverse sine, in [-pi/2, pi/2].
#include <deepseek/operator.hpp>
using namespace ds;

struct Asin {
  static constexpr auto schema = "asin(x: float) -> float";
  static constexpr auto summary = "inverse sine, in [-pi/2, pi/2] (NumPy arcsin, ONNX Asin)";
  static constexpr auto domain = "(-0.9,0.9)";
  static Expr body(Expr x) { return asin(x); }
};
DS_OPERATOR(Asin);
