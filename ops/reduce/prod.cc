// prod: product over axes (NumPy, ONNX ReduceProd).
#include "reduction.h"
using namespace ds;

struct Prod {
  static constexpr auto schema = "prod(x: number, *, axis: ints = [], keepdims: flag = false) -> number";
  static constexpr auto summary = "product over axes, [] = all; bools and integers in 64 bits (NumPy)";
  static constexpr uint32_t op_class = DS_CLASS_REDUCE;

  static void infer(Infer& i) { infer_reduction(i, sum_dtype(i.dtype())); }
  // One zero factor leaves a gradient at its own place only, two leave none.
  static void gradient(Gradient& g) {
    Node x = g.input(0), one = g.constant(1, x.dtype()), zero = g.constant(0, x.dtype());
    Shape axes = reduced_axes(g, x.rank());
    Node is_zero = g.call("equal", {x, zero});
    Node zeros = sum(cast(is_zero, x.dtype()), axes, true);
    Node others = g.call("prod", {where(is_zero, one, x)}, {{"axis", axes}, {"keepdims", true}});
    Node dy = with_kept_axes(g, g.dy());
    g.set(0, axes.empty() ? dy : g.map({x, zeros, others, dy}, [](Expr x, Expr zeros, Expr others, Expr dy) {
      return select(zeros == 0, dy * others / x, select(zeros == 1 && x == 0, dy * others, 0));
    }));
  }
  static void reference(Run& r) {
    with_dtype(r.dtype(), [&]<class T>() {
      using Y = std::conditional_t<is_float_v<T>, T, uint64_t>;
      Y* y = r.out<Y>().data();
      each_reduction<T>(r.input(0), reduced_axes(r, r.input(0).dl.ndim), [&](int64_t k, Walk<1>& at, const T* x) {
        std::conditional_t<is_float_v<T>, double, uint64_t> product = 1;
        for (; at; ++at) product *= x[at[0]];
        y[k] = Y(product);
      });
    });
  }
  static Samples samples() {
    return {"f32[2,3]", "f32[2,3]; axis=[1]", "f32[2,3,4]; axis=[0,-1], keepdims=true",
            "f32[]",    "f32[0,3]; axis=[0]", "i32[5]<9",
            "bool[4]"};
  }
};
DS_OPERATOR(Prod);
