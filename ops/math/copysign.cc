// copysign: magnitude of a, sign of b (NumPy).
#include <deepseek/operator.hpp>
using namespace ds;

struct Copysign {
  static constexpr auto schema = "copysign(a: float, b: float) -> float";
  static constexpr auto summary = "|a| with the sign of b, that of zero included; NaN has none (NumPy otherwise)";
  static Expr body(Expr a, Expr b) { return select(b < 0 || (b == 0 && 1 / b < 0), -abs(a), abs(a)); }
};
DS_OPERATOR(Copysign);
