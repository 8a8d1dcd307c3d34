// shift_left: bits towards the high end (NumPy left_shift).
#include <deepseek/operator.hpp>
using namespace ds;

struct ShiftLeft {
  static constexpr auto schema = "shift_left(a: int, b: int) -> int";
  static constexpr auto summary = "a * 2^b in the width of the dtype; 0 when b reaches the width (NumPy left_shift)";
  static Expr body(Expr a, Expr b) { return shift_left(a, b); }
  static Samples samples() { return {"i32[2,3]<99, i32[3]<9", "u8[]<200, u8[2]<8"}; }
};
DS_OPERATOR(ShiftLeft);
