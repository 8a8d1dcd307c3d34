// floor_divide: the floor of a / b (NumPy floor_divide).
#include <deepseek/operator.hpp>
using namespace ds;

struct FloorDivide {
  static constexpr auto schema = "floor_divide(a: real, b: real) -> real";
  static constexpr auto summary = "floor(a / b), broadcast; an integer divided by zero is 0 (NumPy)";
  static constexpr auto domain = "(0.5,9)";
  static Expr body(Expr a, Expr b) { return floor_div(a, b); }
};
DS_OPERATOR(FloorDivide);
