// acos: inverse cosine, in [0, pi].
#include <deepseek/operator.hpp>
using namespace ds;

struct Acos {
  static constexpr auto schema = "acos(x: float) -> float";
  static constexpr auto summary = "inverse cosine, in [0, pi] (NumPy arccos, ONNX Acos)";
  static constexpr auto domain = "(-0.9,0.9)";
  static Expr body(Expr x) { return acos(x); }
};
DS_OPERATOR(Acos);
