// cumsum: running sum along an axis (NumPy, ONNX CumSum).
#include "reduction.h"
using namespace ds;

struct Cumsum {
  static constexpr auto schema = "cumsum(x: number, *, axis: int) -> number";
  static constexpr auto summary =
      "sum of the elements up to each one along axis; bools and integers in 64 bits (NumPy)";
  static constexpr uint64_t reads_inputs = 0;

  static void infer(Infer& i) {
    normalize_axis(i.attr<int64_t>("axis"), i.rank());
    i.output(0, i.shape(), sum_dtype(i.dtype()));
  }
  static void gradient(Gradient& g) {
    int64_t axis = g.attr<int64_t>("axis");
    Shape axes = {axis};
    Node backwards = g.call("flip", {g.dy()}, {{"axes", axes}});
    Node sums = g.call("cumsum", {backwards}, {{"axis", axis}});
    g.set(0, g.call("flip", {sums}, {{"axes", axes}}));
  }
  static void reference(Run& r) {
    with_dtype(r.dtype(), [&]<class T>() {
      using Y = std::conditional_t<is_float_v<T>, T, uint64_t>;
      int64_t axis = normalize_axis(r.attr<int64_t>("axis"), r.input(0).dl.ndim);
      auto x = r.in<T>().last(axis);
      auto y = r.out<Y>().last(axis);
      int64_t length = x.shape(-1);
      for (int64_t row = 0; length && row < x.size() / length; ++row) {
        auto from = x.tail(row, 1);
        auto to = y.tail(row, 1);
        sum_of<T> sum{};
        for (int64_t k = 0; k < length; ++k) {
          sum += from(k);
          to(k) = Y(sum);
        }
      }
    });
  }
  static Samples samples() {
    return {"f32[5]; axis=0",   "f32[2,3]; axis=0", "f32[2,3,2]; axis=-2",
            "f32[0,3]; axis=1", "i32[4]<9; axis=0", "bool[4]; axis=0"};
  }
};
DS_OPERATOR(Cumsum);
