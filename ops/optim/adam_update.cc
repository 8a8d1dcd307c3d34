// adam_update: the part of adam_step that runs over the parameter; what is the same for all its elements comes in as
// numbers.
#include <array>
#include <deepseek/operator.hpp>

namespace ds::optim {

struct AdamUpdate {
  static constexpr auto schema =
      "adam_update(param: float, grad: float, m: float, v: float, step_size: float2, root_scale: float2, "
      "shrink: float2, *, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8, weight_decay: float = 0) "
      "-> param: float, m: float, v: float";
  static constexpr auto summary =
      "shrink * param - step_size * m' / (root_scale * sqrt(v') + epsilon), m' and v' the moving averages after grad";
  static constexpr uint64_t traits = DS_TRAIT_NOT_DIFFERENTIABLE;

  static std::array<Expr, 3> body(Expr param, Expr grad, Expr m, Expr v, Expr step_size, Expr root_scale, Expr shrink,
                                  Expr beta1, Expr beta2, Expr epsilon, Expr weight_decay) {
    const Expr g = grad + weight_decay * param;
    const Expr m1 = beta1 * m + (1 - beta1) * g;
    const Expr v1 = beta2 * v + (1 - beta2) * (g * g);
    return {shrink * param - step_size * (m1 / (root_scale * sqrt(v1) + epsilon)), m1, v1};
  }
  static Samples samples() {
    return {"f32[2,3], f32[2,3], f32[2,3], f32[2,3]>0, f32[], f32[]>0, f32[]",
            "f32[5], f32[5], f32[5], f32[5]>0, f32[], f32[]>0, f32[]; beta1=0.8, beta2=0.9, weight_decay=0.1"};
  }
};
DS_OPERATOR(AdamUpdate);

}  // namespace ds::optim
