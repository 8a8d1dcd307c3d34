// mod: remainder with the sign of the divisor (NumPy mod).
#include <deepseek/operator.hpp>
using namespace ds;

struct Mod {
  static constexpr auto schema = "mod(a: real, b: real) -> real";
  static constexpr auto summary = "a - b * floor(a / b), with the sign of b (NumPy remainder, ONNX Mod)";
  static constexpr auto domain = "(0.5,9)";
  static Expr body(Expr a, Expr b) { return mod(a, b); }
};
DS_OPERATOR(Mod);
