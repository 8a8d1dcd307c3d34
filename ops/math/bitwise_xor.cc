// bitwise_xor: exclusive or of the bits (NumPy).
#include <deepseek/operator.hpp>
using namespace ds;

struct BitwiseXor {
  static constexpr auto schema = "bitwise_xor(a: int, b: int) -> int";
  static constexpr auto summary = "exclusive or of the bits; logical exclusive or of bools (NumPy)";
  static constexpr uint64_t traits = DS_TRAIT_COMMUTATIVE;
  static Expr body(Expr a, Expr b) { return bit_xor(a, b); }
  static Samples samples() {
    return {"i32[2,3]<99, i32[3]<99", "bool[4], bool[4]", "u8[]<200, u8[2]<200", "i64[0], i64[1]"};
  }
};
DS_OPERATOR(BitwiseXor);
