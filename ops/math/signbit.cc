// signbit: whether the sign bit is set (NumPy).
#include <deepseek/operator.hpp>
using namespace ds;

struct Signbit {
  static constexpr auto schema = "signbit(x: float) -> bool";
  static constexpr auto summary =
      "true where the sign is negative, that of zero included; NaN has none (NumPy otherwise)";
  static Expr body(Expr x) { return x < 0 || (x == 0 && 1 / x < 0); }
  static Samples samples() { return {"f32[2,3]", "f32[]"}; }
};
DS_OPERATOR(Signbit);
