// elu: x above 0, alpha * (exp(x) - 1) below (Clevert et al. 2016; ONNX Elu).
#include <deepseek/operator.hpp>

namespace ds::nn {

struct Elu {
  static constexpr auto schema = "elu(x: float, *, alpha: float = 1) -> float";
  static constexpr auto summary = "x above 0, alpha * (exp(x) - 1) below (Clevert et al. 2016)";
  static Expr body(Expr x, Expr alpha) { return select(x > 0, x, alpha * expm1(x)); }
  static Samples samples() { return {"f32[2,3]", "f32[]; alpha=0.5", "f64[5]; alpha=2"}; }
};
DS_OPERATOR(Elu);

}  // namespace ds::nn
