// silu: x * sigmoid(x) (Elfwing et al. 2017), also called swish.
#include <deepseek/operator.hpp>

namespace ds::nn {

struct Silu {
  static constexpr auto schema = "silu(x: float) -> float";
  static constexpr auto summary = "x * sigmoid(x) (Elfwing et al. 2017)";
  static Expr body(Expr x) { return x * sigmoid(x); }
  static Samples samples() { return {"f32[2,3]", "f32[]", "f64[5]"}; }
};
DS_OPERATOR(Silu);

}  // namespace ds::nn
