// max_pool2d_select: elements of `value` where max_pool2d finds the maxima of x; max_pool2d(x) = max_pool2d_select(x,
// x).
#include "pool.h"

namespace ds::conv {

struct MaxPool2dSelect {
  static constexpr auto schema =
      "max_pool2d_select(x: float, value: float, *, kernel_size: ints, stride: ints = [], padding: ints = [0,0], "
      "dilation: ints = [1,1], ceil_mode: flag = false) -> float";
  static constexpr auto summary =
      "elements of value where the maxima of x are: max_pool2d's second derivatives need it";
  static constexpr uint32_t op_class = DS_CLASS_GATHER;
  static constexpr uint64_t reads_inputs = 1;

  static void infer(Infer& i) {
    DS_REQUIRE(i.shape(0) == i.shape(1), "max_pool2d_select: x ", i.shape(0), " and value ", i.shape(1), " differ");
    i.output(0, pooled(i, i.shape(0), true));
  }

  static void gradient(Gradient& g) {
    g.set(1, call_pool(g, "max_pool2d_gradient", {g.input(0), g.dy()}, pool_attributes(g, true)));
  }

  static void reference(Run& r) {
    with_float(r.output_dtype(), [&]<class T>() {
      const auto value = r.in<T>(1);
      std::fill_n(r.out<T>().data(), r.out<T>().size(), T(0.0f));
      each_maximum<T>(r, r.in<T>(0), r.out<T>(),
                      [&](T& y, int64_t n, int64_t c, int64_t h, int64_t v) { y = value(n, c, h, v); });
    });
  }

  static Samples samples() { return {"f32[2,3,6,5], f32[2,3,6,5]; kernel_size=[2,2]"}; }
};
DS_OPERATOR(MaxPool2dSelect);

}  // namespace ds::conv
