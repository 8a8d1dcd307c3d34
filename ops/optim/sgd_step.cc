// sgd_step: one step of gradient descent on one parameter, weight decay as a gradient (PyTorch SGD without momentum).
#include <deepseek/operator.hpp>

namespace ds::optim {

struct SgdStep {
  static constexpr auto schema =
      "sgd_step(param: float, grad: float, learning_rate: f64, *, weight_decay: float = 0) -> float";
  static constexpr auto summary = "param - learning_rate * (grad + weight_decay * param)";
  static constexpr uint64_t traits = DS_TRAIT_NOT_DIFFERENTIABLE;

  static Expr body(Expr param, Expr grad, Expr learning_rate, Expr weight_decay) {
    return param - learning_rate * (grad + weight_decay * param);
  }
  static Samples samples() { return {"f32[2,3], f32[2,3], f64[]", "f32[5], f32[5], f64[]; weight_decay=0.1"}; }
};
DS_OPERATOR(SgdStep);

}  // namespace ds::optim
