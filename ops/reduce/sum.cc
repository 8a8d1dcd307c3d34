// sum: sum over axes (NumPy, ONNX ReduceSum).
#include "reduction.h"
using namespace ds;

struct Sum {
  static constexpr auto schema = "sum(x: number, *, axis: ints = [], keepdims: flag = false) -> number";
  static constexpr auto summary = "sum over axes, [] = all; bools and integers are summed in 64 bits (NumPy)";
  static constexpr uint32_t op_class = DS_CLASS_REDUCE;
  static constexpr uint64_t reads_inputs = 0;

  static void infer(Infer& i) { infer_reduction(i, sum_dtype(i.dtype())); }
  static void gradient(Gradient& g) { g.set(0, broadcast_to(with_kept_axes(g, g.dy()), g.input(0).shape())); }
  static void reference(Run& r) {
    with_dtype(r.dtype(), [&]<class T>() {
      using Y = std::conditional_t<is_float_v<T>, T, uint64_t>;
      Y* y = r.out<Y>().data();
      each_reduction<T>(r.input(0), reduced_axes(r, r.input(0).dl.ndim), [&](int64_t k, Walk<1>& at, const T* x) {
        sum_of<T> sum{};
        for (; at; ++at) sum += x[at[0]];
        y[k] = Y(sum);
      });
    });
  }
  static Samples samples() {
    return {"f32[2,3]",
            "f32[2,3]; axis=[1]",
            "f32[2,3,4]; axis=[0,-1], keepdims=true",
            "f32[]",
            "f32[0,3]; axis=[0]",
            "f32[3,0]; axis=[0]",
            "i32[5]<9",
            "bool[4]"};
  }
};
DS_OPERATOR(Sum);
