// leaky_relu: x above 0, alpha * x below (Maas et al. 2013; ONNX LeakyRelu).
#include <deepseek/operator.hpp>

namespace ds::nn {

struct LeakyRelu {
  static constexpr auto schema = "leaky_relu(x: float, *, alpha: float = 0.01) -> float";
  static constexpr auto summary = "x above 0, alpha * x below (Maas et al. 2013)";
  static Expr body(Expr x, Expr alpha) { return select(x > 0, x, alpha * x); }
  static Samples samples() { return {"f32[2,3]", "f32[]; alpha=0.2", "f64[5]; alpha=0.3"}; }
};
DS_OPERATOR(LeakyRelu);

}  // namespace ds::nn
