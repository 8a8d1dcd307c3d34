// gelu: x times the normal distribution's cumulative function (Hendrycks and Gimpel 2016), exact.
#include <deepseek/operator.hpp>

namespace ds::nn {

struct Gelu {
  static constexpr auto schema = "gelu(x: float) -> float";
  static constexpr auto summary = "x * Phi(x) with erf (Hendrycks and Gimpel 2016)";
  static constexpr double kRoot = 0.707106781186547524401;  // 1 / sqrt(2)
  static Expr body(Expr x) { return 0.5 * x * (1 + erf(x * kRoot)); }
  static Samples samples() { return {"f32[2,3]", "f32[]", "f64[5]"}; }
};
DS_OPERATOR(Gelu);

}  // namespace ds::nn
