// batch_norm_inference: each channel (axis 1) normalized by a given mean and variance (ONNX BatchNormalization).
#include <deepseek/operator.hpp>

namespace ds::nn {

struct BatchNormInference {
  static constexpr auto schema =
      "batch_norm_inference(x: float, mean: float, variance: float, weight: float?, bias: float?, *, "
      "epsilon: float = 1e-5) -> float";
  static constexpr auto summary = "(x - mean) / sqrt(variance + epsilon) * weight + bias, per channel of x [n,c,..]";

  static void infer(Infer& i) {
    const Shape x = i.shape();
    DS_REQUIRE(x.rank() >= 2, "batch_norm_inference takes [n, channels, ..], got ", x);
    for (uint32_t k = 1; k < i.inputs(); ++k)
      DS_REQUIRE(!i.present(k) || i.shape(k) == Shape{x[1]}, "batch_norm_inference's ", i.schema().inputs[k].name,
                 " is [", x[1], "], got ", i.shape(k));
    i.output(0, x);
  }

  static void decompose(Build& b) {
    const Node x = b.input(0);
    const double epsilon = b.attr<double>("epsilon");
    const auto per_channel = [&](const Node& v) {
      Shape shape = Shape::filled(x.rank() - 1, 1);
      shape[0] = v.shape(0);
      return reshape(v, shape);
    };
    Node y = b.map({x, per_channel(b.input(1)), per_channel(b.input(2))},
                   [&](Expr v, Expr m, Expr s) { return (v - m) * rsqrt(s + epsilon); });
    if (b.input(3)) y = y * per_channel(b.input(3));
    if (b.input(4)) y = y + per_channel(b.input(4));
    b.output(0, y);
  }

  static Samples samples() {
    return {"f32[4,3,2,2], f32[3], f32[3]>0, f32[3], f32[3]", "f32[5,2], f32[2], f32[2]>0",
            "f32[2,3,4], f32[3], f32[3]>0, f32[3]", "f32[0,3], f32[3], f32[3]>0, -, f32[3]"};
  }
};
DS_OPERATOR(BatchNormInference);

}  // namespace ds::nn
