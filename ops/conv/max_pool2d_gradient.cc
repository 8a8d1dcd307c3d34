// max_pool2d_gradient: brings each dy to the first of the largest elements under its window.
#include "pool.h"

namespace ds::conv {

struct MaxPool2dGradient {
  static constexpr auto schema =
      "max_pool2d_gradient(x: float, dy: float, *, kernel_size: ints, stride: ints = [], padding: ints = [0,0], "
      "dilation: ints = [1,1], ceil_mode: flag = false) -> float";
  static constexpr auto summary = "gradient of max_pool2d: x's shape, dy where the maximum was, summed";
  static constexpr uint32_t op_class = DS_CLASS_GATHER;
  static constexpr uint64_t reads_inputs = 1;

  static void infer(Infer& i) {
    const Shape fits = pooled(i, i.shape(0), true);
    DS_REQUIRE(i.shape(1) == fits, "max_pool2d_gradient: dy is ", i.shape(1), ", the pool yields ", fits);
    i.output(0, i.shape(0));
  }

  // Linear in dy; for x it is flat almost everywhere.
  static void gradient(Gradient& g) {
    g.set(1, call_pool(g, "max_pool2d_select", {g.input(0), g.dy()}, pool_attributes(g, true)));
  }

  static void reference(Run& r) {
    with_float(r.output_dtype(), [&]<class T>() {
      Sums sums(r.output_shape());
      const View<const T> dy = r.in<T>(1);
      each_maximum<const T>(r, r.in<T>(0), dy, [&](const T& d, int64_t n, int64_t c, int64_t h, int64_t v) {
        sums(n, c, h, v) += double(d);
      });
      sums.store(r.out<T>());
    });
  }

  static Samples samples() {
    return {"f32[2,3,6,5], f32[2,3,3,2]; kernel_size=[2,2]",
            "f32[1,2,7,7], f32[1,2,4,6]; kernel_size=[3,2], stride=[2,1], padding=[1,0]"};
  }
};
DS_OPERATOR(MaxPool2dGradient);

}  // namespace ds::conv
