// min: smallest element over axes (NumPy, ONNX ReduceMin).
#include "reduction.h"
using namespace ds;

struct Min {
  static constexpr auto schema = "min(x: number, *, axis: ints = [], keepdims: flag = false) -> number";
  static constexpr auto summary =
      "smallest element over axes, [] = all; NaN if there is one; equal ones share the gradient";
  static constexpr uint32_t op_class = DS_CLASS_REDUCE;
  static constexpr uint64_t reads_outputs = 1;

  static void infer(Infer& i) {
    require_elements(i, reduced_axes(i, i.rank()));
    infer_reduction(i);
  }
  static void gradient(Gradient& g) { spread_over_equal(g); }
  static void reference(Run& r) {
    with_dtype(r.dtype(), [&]<class T>() {
      T* y = r.out<T>().data();
      each_reduction<T>(r.input(0), reduced_axes(r, r.input(0).dl.ndim), [&](int64_t k, Walk<1>& at, const T* x) {
        T best = x[at[0]];
        for (; at; ++at)
          if (x[at[0]] < best || x[at[0]] != x[at[0]]) best = x[at[0]];
        y[k] = best;
      });
    });
  }
  static Samples samples() {
    return {"f32[2,3]", "f32[2,3]; axis=[1]", "f32[2,3,4]; axis=[0,-1], keepdims=true",
            "f32[]",    "f32[3,0]; axis=[0]", "i32[5]<9",
            "bool[4]"};
  }
};
DS_OPERATOR(Min);
