// bce_with_logits: binary cross entropy of sigmoid(x) and probabilities, without overflow (PyTorch
// binary_cross_entropy_with_logits).
#include "loss.h"

namespace ds::nn {

struct BceWithLogits {
  static constexpr auto schema =
      "bce_with_logits(x: float, target: float, weight: float?, pos_weight: float?, *, reduction: string = \"mean\") "
      "-> float";
  static constexpr auto summary =
      "weight * -(pos_weight * target * log(sigmoid(x)) + (1 - target) * log(1 - sigmoid(x))), reduced";

  static void infer(Infer& i) {
    Shape shape;
    for (uint32_t k = 0; k < i.inputs(); ++k)
      if (i.present(k)) shape = broadcast_shapes(shape, i.shape(k));
    infer_loss(i, shape);
  }

  static void decompose(Build& b) {
    const Node x = b.input(0), t = b.input(1);
    Node loss;
    if (b.input(3)) {
      const Node tail = b.call("softplus", {-x});
      loss = b.map({x, t, tail, b.input(3)},
                   [](Expr v, Expr p, Expr s, Expr w) { return (1 - p) * v + (1 + (w - 1) * p) * s; });
    } else {
      loss = b.map({x, t, b.call("softplus", {x})}, [](Expr v, Expr p, Expr s) { return s - v * p; });
    }
    b.output(0, reduce_loss(b, b.input(2) ? loss * b.input(2) : loss));
  }

  static Samples samples() {
    return {"f32[2,3], f32[2,3](0,1)", "f32[2,3], f32[2,3](0,1), f32[3]>0; reduction=\"none\"",
            "f32[4,3], f32[4,3](0,1), -, f32[3]>0; reduction=\"sum\""};
  }
};
DS_OPERATOR(BceWithLogits);

}  // namespace ds::nn
