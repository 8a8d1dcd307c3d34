// nll_loss: minus the log probability of the target class (PyTorch nll_loss, ONNX NegativeLogLikelihoodLoss).
#include "loss.h"

namespace ds::nn {

struct NllLoss {
  static constexpr auto schema =
      "nll_loss(x: float, target: int, *, ignore_index: int = -100, reduction: string = \"mean\") -> float";
  static constexpr auto summary =
      "-x[target] for log probabilities x [n,c,..] and classes [n,..]; the mean is over targets not ignored";
  static constexpr uint32_t op_class = DS_CLASS_GATHER;
  static constexpr uint64_t traits = DS_TRAIT_MAY_FAIL, reads_inputs = 2;

  static void infer(Infer& i) {
    const Shape rest = without_classes(i.shape(0));
    DS_REQUIRE(i.shape(1) == rest, "targets of scores ", i.shape(0), " are ", rest, ", got ", i.shape(1));
    infer_loss(i, rest);
  }

  static void gradient(Gradient& g) {
    const Shape x = g.input(0).shape();
    g.set(0, g.call("nll_loss_gradient", {g.dy(), g.input(1)},
                    {{"classes", x[class_axis(x.rank())]},
                     {"ignore_index", g.attribute("ignore_index")},
                     {"reduction", g.attribute("reduction")}}));
  }

  static void reference(Run& r) {
    with_float(r.output_dtype(), [&]<class T>() {
      const auto x = r.in<T>(0).last(class_axis(r.in<T>(0).rank()));
      const Targets targets(r, r.input(1), x.shape(-1));
      const Reduction reduction = reduction_of(r);
      T* y = r.out<T>().data();
      double total = 0;
      for (size_t k = 0; k < targets.values().size(); ++k) {
        const int64_t target = targets.values()[k];
        const double loss = target < 0 ? 0 : -double(x.tail(int64_t(k), 1)(target));
        if (reduction == Reduction::kNone) y[k] = T(loss);
        total += loss;
      }
      if (reduction != Reduction::kNone) *y = T(total / targets.divisor(reduction));
    });
  }

  static Samples samples() {
    return {"f32[4,3], i64[4]<3", "f32[5], i64[]<5", "f32[2,3,4], i32[2,4]<3; reduction=\"sum\"",
            "f32[4,3], i64[4]<3; reduction=\"none\", ignore_index=1", "f32[0,3], i64[0]<3; reduction=\"sum\""};
  }
};
DS_OPERATOR(NllLoss);

}  // namespace ds::nn
