// all: whether each is true (NumPy).
#include "reduction.h"
using namespace ds;

struct All {
  static constexpr auto schema = "all(x: any, *, axis: ints = [], keepdims: flag = false) -> bool";
  static constexpr auto summary = "true where each is not zero, over axes, [] = all; true of no elements (NumPy)";
  static constexpr uint32_t op_class = DS_CLASS_REDUCE;
  static constexpr uint64_t traits = DS_TRAIT_NOT_DIFFERENTIABLE;

  static void infer(Infer& i) { infer_reduction(i, DS_BOOL); }
  static void reference(Run& r) {
    with_dtype(r.dtype(), [&]<class T>() {
      bool* y = r.out<bool>().data();
      each_reduction<T>(r.input(0), reduced_axes(r, r.input(0).dl.ndim), [&](int64_t k, Walk<1>& at, const T* x) {
        y[k] = true;
        for (; at; ++at)
          if ((x[at[0]] != T(0)) == false) y[k] = false;
      });
    });
  }
  static Samples samples() {
    return {"bool[2,3]", "i32[2,3]<2; axis=[1]", "bool[2,3,4]; axis=[0,-1], keepdims=true", "f32[]",
            "f32[3,0]; axis=[-1]"};
  }
};
DS_OPERATOR(All);
