// softplus: log(1 + exp(x)) (Dugas et al. 2001), without overflow.
#include <deepseek/operator.hpp>

namespace ds::nn {

struct Softplus {
  static constexpr auto schema = "softplus(x: float) -> float";
  static constexpr auto summary = "log(1 + exp(x)), without overflow (Dugas et al. 2001)";
  static Expr body(Expr x) { return max(x, 0) + log1p(exp(-abs(x))); }
  static constexpr uint64_t reads_inputs = 1;
  static void gradient(Gradient& g) {
    g.set(0, g.map({g.dy(), g.input(0)}, [](Expr dy, Expr x) { return dy * sigmoid(x); }));
  }
  static Samples samples() { return {"f32[2,3]", "f32[]", "f64[5]"}; }
};
DS_OPERATOR(Softplus);

}  // namespace ds::nn
