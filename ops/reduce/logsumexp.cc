// logsumexp: logarithm of a sum of exponentials over axes (SciPy, ONNX ReduceLogSumExp).
#include "reduction.h"
using namespace ds;

struct LogSumExp {
  static constexpr auto schema = "logsumexp(x: float, *, axis: ints = [], keepdims: flag = false) -> float";
  static constexpr auto summary = "log(sum(exp(x))) over axes, [] = all, without overflow; -inf of no elements";
  static constexpr uint32_t op_class = DS_CLASS_REDUCE;
  static constexpr uint64_t reads_outputs = 1;

  static void infer(Infer& i) { infer_reduction(i); }
  static void gradient(Gradient& g) {
    Node y = with_kept_axes(g, g.output()), dy = with_kept_axes(g, g.dy());
    double lowest = -std::numeric_limits<double>::infinity();
    g.set(0,
          g.map({g.input(0), y, dy}, [&](Expr x, Expr y, Expr dy) { return select(y == lowest, 0, dy * exp(x - y)); }));
  }
  static void reference(Run& r) {
    with_float(r.dtype(), [&]<class T>() {
      T* y = r.out<T>().data();
      each_reduction<T>(r.input(0), reduced_axes(r, r.input(0).dl.ndim), [&](int64_t k, Walk<1>& at, const T* x) {
        double largest = -std::numeric_limits<double>::infinity();
        for (Walk<1> first = at; first; ++first) largest = expr::float_op(DS_EXPR_MAX, largest, x[first[0]], 0);
        ExactSum sum;
        for (; at && std::isfinite(largest); ++at) sum += std::exp(double(x[at[0]]) - largest);
        y[k] = T(std::isfinite(largest) ? largest + std::log(double(sum)) : largest);
      });
    });
  }
  static Samples samples() {
    return {"f32[2,3]", "f32[2,3]; axis=[1]", "f32[2,3,4]; axis=[0,-1], keepdims=true", "f32[]", "f32[3,0]; axis=[1]"};
  }
};
DS_OPERATOR(LogSumExp);
