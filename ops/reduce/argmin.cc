// argmin: where the smallest element is (NumPy, ONNX ArgMin).
#include "reduction.h"
using namespace ds;

struct Argmin {
  static constexpr auto schema = "argmin(x: number, *, axis: int = none, keepdims: flag = false) -> i64";
  static constexpr auto summary =
      "index of the first smallest element, of the first NaN if there is one; without axis in C order";
  static constexpr uint32_t op_class = DS_CLASS_REDUCE;
  static constexpr uint64_t traits = DS_TRAIT_NOT_DIFFERENTIABLE;

  static void infer(Infer& i) {
    Shape axes = one_axis(i, i.rank());
    require_elements(i, axes);
    i.output(0, reduced_shape(i.shape(), axes, i.attr<bool>("keepdims")));
  }
  static void reference(Run& r) {
    with_dtype(r.dtype(), [&]<class T>() {
      int64_t* y = r.out<int64_t>().data();
      each_reduction<T>(r.input(0), one_axis(r, r.input(0).dl.ndim), [&](int64_t k, Walk<1>& at, const T* x) {
        T best = x[at[0]];
        y[k] = 0;
        for (int64_t n = 0; at && best == best; ++at, ++n)
          if (x[at[0]] < best || x[at[0]] != x[at[0]]) best = x[at[0]], y[k] = n;
      });
    });
  }
  static Samples samples() {
    return {"f32[2,3]", "f32[2,3]; axis=1", "f32[2,3,4]; axis=-2, keepdims=true",
            "f32[]",    "i32[6]<3; axis=0", "f32[3,0]; axis=0"};
  }
};
DS_OPERATOR(Argmin);
