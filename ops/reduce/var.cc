// var: variance over axes (NumPy).
#include "reduction.h"
using namespace ds;

struct Var {
  static constexpr auto schema =
      "var(x: float, *, axis: ints = [], correction: float = 0, keepdims: flag = false) -> float";
  static constexpr auto summary =
      "mean square distance from the mean over axes, [] = all; divides by count - correction (NumPy)";
  static constexpr uint32_t op_class = DS_CLASS_REDUCE;

  static void infer(Infer& i) { infer_reduction(i); }
  static void gradient(Gradient& g) {
    Node x = g.input(0);
    Shape axes = reduced_axes(g, x.rank());
    double factor = 2 / std::max(double(reduced_count(x.shape(), axes)) - g.attr<double>("correction"), 0.0);
    Node middle = axes.empty() ? x : mean(x, axes, true);
    g.set(0, g.map({x, middle, with_kept_axes(g, g.dy())},
                   [&](Expr x, Expr middle, Expr dy) { return dy * (x - middle) * factor; }));
  }
  static void reference(Run& r) {
    with_float(r.dtype(), [&]<class T>() {
      T* y = r.out<T>().data();
      Shape axes = reduced_axes(r, r.input(0).dl.ndim);
      double count = double(reduced_count(r.shape(), axes));
      double divisor = std::max(count - r.attr<double>("correction"), 0.0);
      each_reduction<T>(r.input(0), axes, [&](int64_t k, Walk<1>& at, const T* x) {
        ExactSum sum, squares;
        for (Walk<1> first = at; first; ++first) sum += x[first[0]];
        double middle = sum / count;
        for (; at; ++at) squares += (x[at[0]] - middle) * (x[at[0]] - middle);
        y[k] = T(squares / divisor);
      });
    });
  }
  static Samples samples() {
    return {"f32[2,3]", "f32[2,3]; axis=[1], correction=1", "f32[2,3,4]; axis=[0,-1], keepdims=true", "f32[]",
            "f32[3,0]; axis=[0]"};
  }
};
DS_OPERATOR(Var);
