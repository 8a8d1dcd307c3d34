// div: a / b (NumPy, ONNX Div).
#include <deepseek/operator.hpp>
using namespace ds;

struct Div {
  static constexpr auto schema = "div(a: float, b: float) -> float";
  static constexpr auto summary = "a / b, broadcast; integers are divided as floats (NumPy true_divide)";
  static constexpr auto domain = "(0.5,2)";
  static Expr body(Expr a, Expr b) { return a / b; }
};
DS_OPERATOR(Div);
