// atan: inverse tangent, in [-pi/2, pi/2].
#include <deepseek/operator.hpp>
using namespace ds;

struct Atan {
  static constexpr auto schema = "atan(x: float) -> float";
  static constexpr auto summary = "inverse tangent, in [-pi/2, pi/2] (NumPy arctan, ONNX Atan)";
  static Expr body(Expr x) { return atan(x); }
};
DS_OPERATOR(Atan);
