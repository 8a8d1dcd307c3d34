// mean: mean over axes (NumPy, ONNX ReduceMean).
#include "reduction.h"
using namespace ds;

struct Mean {
  static constexpr auto schema = "mean(x: float, *, axis: ints = [], keepdims: flag = false) -> float";
  static constexpr auto summary = "mean over axes, [] = all; NaN of no elements (NumPy)";
  static constexpr uint32_t op_class = DS_CLASS_REDUCE;
  static constexpr uint64_t reads_inputs = 0;

  static void infer(Infer& i) { infer_reduction(i); }
  static void gradient(Gradient& g) {
    Shape shape = g.input(0).shape();
    double count = double(reduced_count(shape, reduced_axes(g, shape.rank())));
    g.set(0, broadcast_to(with_kept_axes(g, g.dy() * (1 / count)), shape));
  }
  static void reference(Run& r) {
    with_float(r.dtype(), [&]<class T>() {
      T* y = r.out<T>().data();
      Shape axes = reduced_axes(r, r.input(0).dl.ndim);
      double count = double(reduced_count(r.shape(), axes));
      each_reduction<T>(r.input(0), axes, [&](int64_t k, Walk<1>& at, const T* x) {
        ExactSum sum;
        for (; at; ++at) sum += x[at[0]];
        y[k] = T(sum / count);
      });
    });
  }
  static Samples samples() {
    return {"f32[2,3]", "f32[2,3]; axis=[1]", "f32[2,3,4]; axis=[0,-1], keepdims=true",
            "f32[]",    "f32[3,0]; axis=[0]", "i32[5]<9"};
  }
};
DS_OPERATOR(Mean);
