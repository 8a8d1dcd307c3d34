// mse_loss: mean squared error (PyTorch mse_loss).
#include "loss.h"

namespace ds::nn {

struct MseLoss {
  static constexpr auto schema = "mse_loss(x: float, target: float, *, reduction: string = \"mean\") -> float";
  static constexpr auto summary = "(x - target)^2, reduced by none, sum or mean";

  static void infer(Infer& i) { infer_loss(i, broadcast_shapes(i.shape(0), i.shape(1))); }
  static void decompose(Build& b) {
    b.output(0, reduce_loss(b, b.map({b.input(0), b.input(1)}, [](Expr x, Expr t) { return square(x - t); })));
  }
  static Samples samples() {
    return {"f32[2,3], f32[2,3]", "f32[2,3], f32[3]; reduction=\"none\"", "f32[], f32[]; reduction=\"sum\""};
  }
};
DS_OPERATOR(MseLoss);

}  // namespace ds::nn
