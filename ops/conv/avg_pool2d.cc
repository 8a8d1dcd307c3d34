// avg_pool2d: means under a sliding window (ONNX AveragePool, PyTorch).
#include "pool.h"

namespace ds::conv {

struct AvgPool2d {
  static constexpr auto schema =
      "avg_pool2d(x: float, *, kernel_size: ints, stride: ints = [], padding: ints = [0,0], ceil_mode: flag = false, "
      "count_include_pad: flag = true) -> float";
  static constexpr auto summary =
      "means under a window; count_include_pad: padding counts as zeros (PyTorch's default)";
  static constexpr uint32_t op_class = DS_CLASS_REDUCE;
  static constexpr uint64_t reads_inputs = 0;

  static void infer(Infer& i) { i.output(0, pooled(i, i.shape(), false)); }

  static void gradient(Gradient& g) {
    const Shape x = g.input(0).shape();
    auto attributes = pool_attributes(g, false);
    const Shape size{x[2], x[3]};
    attributes.push_back({"input_size", size});
    g.set(0, call_pool(g, "avg_pool2d_gradient", {g.dy()}, attributes));
  }

  static void reference(Run& r) {
    with_float(r.output_dtype(), [&]<class T>() {
      const auto x = r.in<T>();
      const auto y = r.out<T>();
      const Window window = Window::of_pool(r, {x.shape(2), x.shape(3)}, false);
      for (Walk at(y.shape(), {dense_strides(y.shape())}); at; ++at) {
        const Shape& i = at.index();
        double sum = 0;
        window.each_tap(i[2], i[3],
                        [&](int64_t h, int64_t v, int64_t, int64_t) { sum += double(x(i[0], i[1], h, v)); });
        y.data()[at[0]] = T(sum / window.divisor(i[2], i[3], r.attr<bool>("count_include_pad")));
      }
    });
  }

  static Samples samples() {
    return {"f32[2,3,6,5]; kernel_size=[2,2]", "f32[1,2,7,7]; kernel_size=[3,2], stride=[2,1], padding=[1,1]",
            "f32[1,2,6,6]; kernel_size=[3,3], padding=[1,1], count_include_pad=false",
            "f32[1,1,5,5]; kernel_size=[2,2], ceil_mode=true"};
  }
};
DS_OPERATOR(AvgPool2d);

}  // namespace ds::conv
