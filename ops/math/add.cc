// add: a + b (NumPy, ONNX Add). bool + bool is logical or.
#include <deepseek/operator.hpp>
using namespace ds;

struct Add {
  static constexpr auto schema = "add(a: number, b: number) -> number";
  static constexpr auto summary = "a + b, broadcast; logical or of bools (NumPy)";
  static constexpr auto role = "accumulate";
  static constexpr uint64_t traits = DS_TRAIT_COMMUTATIVE;
  static Expr body(Expr a, Expr b) { return a + b; }
};
DS_OPERATOR(Add);
