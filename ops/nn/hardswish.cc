// hardswish: x * min(max(x + 3, 0), 6) / 6 (Howard et al. 2019, MobileNetV3).
#include <deepseek/operator.hpp>

namespace ds::nn {

struct Hardswish {
  static constexpr auto schema = "hardswish(x: float) -> float";
  static constexpr auto summary = "x * min(max(x + 3, 0), 6) / 6 (Howard et al. 2019)";
  static Expr body(Expr x) { return x * min(max(x + 3, 0), 6) / 6; }
  static constexpr uint64_t reads_inputs = 1;
  // PyTorch's choice where the pieces meet.
  static void gradient(Gradient& g) {
    g.set(0, g.map({g.dy(), g.input(0)},
                   [](Expr dy, Expr x) { return select(x < -3, 0, select(x <= 3, dy * (x / 3 + 0.5), dy)); }));
  }
  static Samples samples() { return {"f32[2,3]", "f32[]", "f64[5]"}; }
};
DS_OPERATOR(Hardswish);

}  // namespace ds::nn
