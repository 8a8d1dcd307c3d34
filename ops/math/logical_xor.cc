// logical_xor: where exactly one is true (NumPy).
#include <deepseek/operator.hpp>
using namespace ds;

struct LogicalXor {
  static constexpr auto schema = "logical_xor(a: any, b: any) -> bool";
  static constexpr auto summary = "true where exactly one is not zero (NumPy)";
  static constexpr uint64_t traits = DS_TRAIT_COMMUTATIVE;
  static Expr body(Expr a, Expr b) { return logical_xor(a, b); }
  static Samples samples() { return {"bool[2,3], bool[3]", "i32[4]<2, i32[4]<2", "f32[], f32[2]", "bool[0], bool[1]"}; }
};
DS_OPERATOR(LogicalXor);
