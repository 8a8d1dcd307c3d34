// std: standard deviation over axes (NumPy).
#include "reduction.h"
using namespace ds;

struct Std {
  static constexpr auto schema =
      "std(x: float, *, axis: ints = [], correction: float = 0, keepdims: flag = false) -> float";
  static constexpr auto summary = "square root of the variance over axes, [] = all (NumPy)";
  static constexpr uint32_t op_class = DS_CLASS_REDUCE;

  static void infer(Infer& i) { infer_reduction(i); }
  static void decompose(Build& b) {
    b.output(0, sqrt(b.call("var", {b.input(0)},
                            {{"axis", b.attr<Shape>("axis")},
                             {"correction", b.attr<double>("correction")},
                             {"keepdims", b.attr<bool>("keepdims")}})));
  }
  static Samples samples() {
    return {"f32[2,3]", "f32[2,3]; axis=[1], correction=1", "f32[2,3,4]; axis=[0,-1], keepdims=true",
            "f32[3,0]; axis=[0]"};
  }
};
DS_OPERATOR(Std);
