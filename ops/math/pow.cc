// pow: a to the power b (NumPy power).
#include <deepseek/operator.hpp>
using namespace ds;

struct Pow {
  static constexpr auto schema = "pow(a: real, b: real) -> real";
  static constexpr auto summary = "a to the power b, broadcast (NumPy, ONNX Pow)";
  static constexpr auto domain = "(0.2,2)";
  static Expr body(Expr a, Expr b) { return pow(a, b); }
};
DS_OPERATOR(Pow);
