// sgd_momentum_step: one step of gradient descent with momentum (Polyak 1964; nesterov: Sutskever et al. 2013).
#include <array>
#include <deepseek/operator.hpp>

namespace ds::optim {

struct SgdMomentumStep {
  static constexpr auto schema =
      "sgd_momentum_step(param: float, grad: float, velocity: float, learning_rate: f64, *, momentum: float = 0.9, "
      "weight_decay: float = 0, nesterov: flag = false) -> param: float, velocity: float";
  static constexpr auto summary =
      "v = momentum * velocity + g, g = grad + weight_decay * param; param - learning_rate * (nesterov: g + momentum * "
      "v)";
  static constexpr uint64_t traits = DS_TRAIT_NOT_DIFFERENTIABLE;

  static std::array<Expr, 2> body(Expr param, Expr grad, Expr velocity, Expr learning_rate, Expr momentum,
                                  Expr weight_decay, Expr nesterov) {
    const Expr g = grad + weight_decay * param;
    const Expr v = momentum * velocity + g;
    const Expr step = select(nesterov != 0, g + momentum * v, v);
    return {param - learning_rate * step, v};
  }
  static Samples samples() {
    return {"f32[2,3], f32[2,3], f32[2,3], f64[]", "f32[5], f32[5], f32[5], f64[]; nesterov=true, weight_decay=0.1"};
  }
};
DS_OPERATOR(SgdMomentumStep);

}  // namespace ds::optim
