// cross_entropy: of softmax(logits) and classes or probabilities, with smoothed labels (Szegedy et al. 2016; PyTorch
// cross_entropy, ONNX SoftmaxCrossEntropyLoss).
#include "loss.h"

namespace ds::nn {

struct CrossEntropy {
  static constexpr auto schema =
      "cross_entropy(logits: float, target: any, *, label_smoothing: float = 0, ignore_index: int = -100, "
      "reduction: string = \"mean\") -> float";
  static constexpr auto summary =
      "logits [n,c,..]; target: integer classes [n,..], ignore_index left out, or probabilities [n,c,..]";

  static void infer(Infer& i) {
    const Shape rest = without_classes(i.shape(0)), target = i.shape(1);
    const bool probabilities = is_float(i.dtype(1));
    DS_REQUIRE(target == (probabilities ? i.shape(0) : rest), "targets of logits ", i.shape(0), " are classes ", rest,
               " or probabilities ", i.shape(0), ", got ", dtype_name(i.dtype(1)), " ", target);
    DS_REQUIRE_AS(DS_DTYPE_MISMATCH, probabilities || is_integer(i.dtype(1)), "targets are integers or floats, got ",
                  dtype_name(i.dtype(1)));
    const double smoothing = i.attr<double>("label_smoothing");
    DS_REQUIRE_AS(DS_INVALID_ARGUMENT, smoothing >= 0 && smoothing <= 1, "label_smoothing is between 0 and 1, got ",
                  smoothing);
    infer_loss(i, rest);
  }

  // Smoothing mixes every class's score with the mean of all; the loss of a class stays linear in the scores.
  static void decompose(Build& b) {
    const Node logits = b.input(0), target = b.input(1);
    const int64_t axis = class_axis(logits.rank());
    const double smoothing = b.attr<double>("label_smoothing");
    Node scores = b.call("log_softmax", {logits}, {{"axis", axis}});
    if (smoothing > 0)
      scores = b.map({scores, mean(scores, {axis}, true)},
                     [&](Expr x, Expr m) { return (1 - smoothing) * x + smoothing * m; });
    if (!is_float(target.dtype()))
      return b.output(0,
                      b.call("nll_loss", {scores, target},
                             {{"ignore_index", b.attribute("ignore_index")}, {"reduction", b.attribute("reduction")}}));
    const Node products = b.map({scores, cast(target, logits.dtype())}, [](Expr x, Expr t) { return -(x * t); });
    b.output(0, reduce_loss(b, sum(products, {axis})));
  }

  static Samples samples() {
    return {"f32[4,3], i64[4]<3",
            "f32[5], i64[]<5",
            "f32[4,3], i64[4]<3; label_smoothing=0.1, ignore_index=1",
            "f32[2,3,4], i32[2,4]<3; reduction=\"none\"",
            "f32[4,3], f32[4,3](0,1)",
            "f32[4,3], f32[4,3](0,1); label_smoothing=0.2, reduction=\"sum\""};
  }
};
DS_OPERATOR(CrossEntropy);

}  // namespace ds::nn
