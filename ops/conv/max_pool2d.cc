// max_pool2d: the largest element under a sliding window; padding never wins (ONNX MaxPool, PyTorch).
#include "pool.h"

namespace ds::conv {

struct MaxPool2d {
  static constexpr auto schema =
      "max_pool2d(x: float, *, kernel_size: ints, stride: ints = [], padding: ints = [0,0], dilation: ints = [1,1], "
      "ceil_mode: flag = false) -> float";
  static constexpr auto summary = "maxima under a window; stride [] is the kernel's size; NaN wins (PyTorch)";
  static constexpr uint32_t op_class = DS_CLASS_REDUCE;

  static void infer(Infer& i) { i.output(0, pooled(i, i.shape(), true)); }

  static void gradient(Gradient& g) {
    g.set(0, call_pool(g, "max_pool2d_gradient", {g.input(0), g.dy()}, pool_attributes(g, true)));
  }

  static void reference(Run& r) {
    with_float(r.output_dtype(), [&]<class T>() {
      const auto x = r.in<T>();
      std::fill_n(r.out<T>().data(), r.out<T>().size(), T(-std::numeric_limits<float>::infinity()));  // only padding
      each_maximum<T>(r, x, r.out<T>(), [&](T& y, int64_t n, int64_t c, int64_t h, int64_t v) { y = x(n, c, h, v); });
    });
  }

  static Samples samples() {
    return {"f32[2,3,6,5]; kernel_size=[2,2]", "f32[1,2,7,7]; kernel_size=[3,2], stride=[2,1], padding=[1,0]",
            "f32[1,1,6,6]; kernel_size=[2,2], dilation=[2,2], stride=[1,1]",
            "f32[1,1,5,5]; kernel_size=[2,2], ceil_mode=true", "f32[0,1,4,4]; kernel_size=[2,2]"};
  }
};
DS_OPERATOR(MaxPool2d);

}  // namespace ds::conv
