// sub: a - b (NumPy subtract, ONNX Sub).
#include <deepseek/operator.hpp>
using namespace ds;

struct Sub {
  static constexpr auto schema = "sub(a: real, b: real) -> real";
  static constexpr auto summary = "a - b, broadcast; bools have no difference (NumPy)";
  static Expr body(Expr a, Expr b) { return a - b; }
};
DS_OPERATOR(Sub);
