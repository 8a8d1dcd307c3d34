// atan2: angle of a point (NumPy arctan2).
#include <deepseek/operator.hpp>
using namespace ds;

struct Atan2 {
  static constexpr auto schema = "atan2(a: float, b: float) -> float";
  static constexpr auto summary = "the angle of the point (b, a), in radians, in [-pi, pi] (NumPy arctan2)";
  static constexpr auto domain = "(0.2,2)";
  static Expr body(Expr a, Expr b) { return atan2(a, b); }
};
DS_OPERATOR(Atan2);
