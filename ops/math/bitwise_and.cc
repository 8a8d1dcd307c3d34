// bitwise_and: and of the bits (NumPy).
#include <deepseek/operator.hpp>
using namespace ds;

struct BitwiseAnd {
  static constexpr auto schema = "bitwise_and(a: int, b: int) -> int";
  static constexpr auto summary = "and of the bits; logical and of bools (NumPy)";
  static constexpr uint64_t traits = DS_TRAIT_COMMUTATIVE;
  static Expr body(Expr a, Expr b) { return bit_and(a, b); }
  static Samples samples() {
    return {"i32[2,3]<99, i32[3]<99", "bool[4], bool[4]", "u8[]<200, u8[2]<200", "i64[0], i64[1]"};
  }
};
DS_OPERATOR(BitwiseAnd);
