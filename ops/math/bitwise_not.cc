// bitwise_not: inverts the bits (NumPy invert).
#include <deepseek/operator.hpp>
using namespace ds;

struct BitwiseNot {
  static constexpr auto schema = "bitwise_not(x: int) -> int";
  static constexpr auto summary = "every bit inverted; logical not of bools (NumPy invert)";
  static Expr body(Expr x) { return bit_not(x); }
  static Samples samples() { return {"i32[2,3]<99", "bool[4]", "u8[]<200"}; }
};
DS_OPERATOR(BitwiseNot);
