// nll_loss_gradient: nll_loss is linear in its scores; this is its transpose.
#include "loss.h"

namespace ds::nn {

struct NllLossGradient {
  static constexpr auto schema =
      "nll_loss_gradient(dy: float, target: int, *, classes: int, ignore_index: int = -100, "
      "reduction: string = \"mean\") -> float";
  static constexpr auto summary = "gradient of nll_loss: -dy at the target class, divided as the loss was, 0 elsewhere";
  static constexpr uint32_t op_class = DS_CLASS_GATHER;
  static constexpr uint64_t traits = DS_TRAIT_MAY_FAIL, reads_inputs = 2;

  static void infer(Infer& i) {
    Shape x = i.shape(1);
    const int64_t classes = i.attr<int64_t>("classes");
    DS_REQUIRE_AS(DS_INVALID_ARGUMENT, classes >= 0, "classes is negative");
    const Shape fits = reduction_of(i) == Reduction::kNone ? x : Shape();
    DS_REQUIRE(i.shape(0) == fits, "dy of this nll_loss is ", fits, ", got ", i.shape(0));
    x.insert(x.empty() ? 0 : 1, classes);
    i.output(0, x);
  }

  static void gradient(Gradient& g) {
    g.set(0, g.call("nll_loss", {g.dy(), g.input(1)},
                    {{"ignore_index", g.attribute("ignore_index")}, {"reduction", g.attribute("reduction")}}));
  }

  static void reference(Run& r) {
    with_float(r.output_dtype(), [&]<class T>() {
      const auto out = r.out<T>();
      const auto x = out.last(class_axis(out.rank()));
      const Targets targets(r, r.input(1), x.shape(-1));
      const Reduction reduction = reduction_of(r);
      const auto dy = r.in<T>(0);
      std::fill_n(out.data(), out.size(), T(0.0f));
      for (size_t k = 0; k < targets.values().size(); ++k) {
        const int64_t target = targets.values()[k];
        const double d = double(reduction == Reduction::kNone ? dy[int64_t(k)] : dy[0]);
        if (target >= 0) x.tail(int64_t(k), 1)(target) = T(-d / targets.divisor(reduction));
      }
    });
  }

  static Samples samples() {
    return {"f32[], i64[4]<3; classes=3", "f32[2,4], i32[2,4]<3; classes=3, reduction=\"none\", ignore_index=1"};
  }
};
DS_OPERATOR(NllLossGradient);

}  // namespace ds::nn
