// shift_right: bits towards the low end (NumPy right_shift).
#include <deepseek/operator.hpp>
using namespace ds;

struct ShiftRight {
  static constexpr auto schema = "shift_right(a: int, b: int) -> int";
  static constexpr auto summary = "floor(a / 2^b) (NumPy right_shift)";
  static Expr body(Expr a, Expr b) { return shift_right(a, b); }
  static Samples samples() { return {"i32[2,3]<99, i32[3]<9", "u8[]<200, u8[2]<8"}; }
};
DS_OPERATOR(ShiftRight);
