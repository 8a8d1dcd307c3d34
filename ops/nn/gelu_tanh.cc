// gelu_tanh: gelu with tanh instead of erf (Hendrycks and Gimpel 2016; approximate="tanh" in ONNX and PyTorch).
#include <deepseek/operator.hpp>

namespace ds::nn {

struct GeluTanh {
  static constexpr auto schema = "gelu_tanh(x: float) -> float";
  static constexpr auto summary = "x * (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2 (Hendrycks and Gimpel 2016)";
  static constexpr double kRoot = 0.797884560802865355880;  // sqrt(2 / pi)
  static Expr body(Expr x) { return 0.5 * x * (1 + tanh(kRoot * (x + 0.044715 * x * x * x))); }
  static Samples samples() { return {"f32[2,3]", "f32[]", "f64[5]"}; }
};
DS_OPERATOR(GeluTanh);

}  // namespace ds::nn
