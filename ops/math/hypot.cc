// hypot: length of the hypotenuse (NumPy).
#include <deepseek/operator.hpp>
using namespace ds;

struct Hypot {
  static constexpr auto schema = "hypot(a: float, b: float) -> float";
  static constexpr auto summary = "sqrt(a^2 + b^2) without overflow in between (NumPy)";
  static constexpr uint64_t traits = DS_TRAIT_COMMUTATIVE;
  static constexpr auto domain = "(0.2,2)";
  static Expr body(Expr a, Expr b) {
    Expr x = abs(a), y = abs(b), large = max(x, y), small = min(x, y);
    Expr length = select(large == 0, large, large * sqrt(1 + square(small / large)));
    return select(is_inf(x) || is_inf(y), std::numeric_limits<double>::infinity(), length);
  }
};
DS_OPERATOR(Hypot);
