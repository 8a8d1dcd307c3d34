// square: the square.
#include <deepseek/operator.hpp>
using namespace ds;

struct Square {
  static constexpr auto schema = "square(x: real) -> real";
  static constexpr auto summary = "x * x (NumPy)";
  static Expr body(Expr x) { return x * x; }
};
DS_OPERATOR(Square);
