// mul: a * b (NumPy multiply, ONNX Mul).
#include <deepseek/operator.hpp>
using namespace ds;

struct Mul {
  static constexpr auto schema = "mul(a: number, b: number) -> number";
  static constexpr auto summary = "a * b, broadcast; logical and of bools (NumPy)";
  static constexpr uint64_t traits = DS_TRAIT_COMMUTATIVE;
  static Expr body(Expr a, Expr b) { return a * b; }
};
DS_OPERATOR(Mul);
