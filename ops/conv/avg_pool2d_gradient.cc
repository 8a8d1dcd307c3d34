// avg_pool2d_gradient: spreads each dy evenly over its window.
#include "pool.h"

namespace ds::conv {

struct AvgPool2dGradient {
  static constexpr auto schema =
      "avg_pool2d_gradient(dy: float, *, kernel_size: ints, stride: ints = [], padding: ints = [0,0], "
      "ceil_mode: flag = false, count_include_pad: flag = true, input_size: ints) -> float";
  static constexpr auto summary = "gradient of avg_pool2d for images of height and width input_size";
  static constexpr uint32_t op_class = DS_CLASS_GATHER;
  static constexpr uint64_t reads_inputs = 0;

  static Shape image(const Attributes& a, const Shape& dy) {
    const Shape size = a.attr<Shape>("input_size");
    require_images(dy);
    DS_REQUIRE_AS(DS_INVALID_ARGUMENT, size.rank() == 2, "input_size is [height, width], got ", size);
    return {dy[0], dy[1], size[0], size[1]};
  }

  static void infer(Infer& i) {
    const Shape x = image(i, i.shape()), fits = pooled(i, x, false);
    DS_REQUIRE(i.shape() == fits, "avg_pool2d_gradient: dy is ", i.shape(), ", the pool yields ", fits);
    i.output(0, x);
  }

  static void gradient(Gradient& g) { g.set(0, call_pool(g, "avg_pool2d", {g.dy()}, pool_attributes(g, false))); }

  static void reference(Run& r) {
    with_float(r.output_dtype(), [&]<class T>() {
      const auto dy = r.in<T>();
      const auto dx = r.out<T>();
      const Window window = Window::of_pool(r, {dx.shape(2), dx.shape(3)}, false);
      Sums sums(dx.shape());
      for (Walk at(dy.shape(), {dy.strides()}); at; ++at) {
        const Shape& i = at.index();
        const double share = double(dy.data()[at[0]]) / window.divisor(i[2], i[3], r.attr<bool>("count_include_pad"));
        window.each_tap(i[2], i[3], [&](int64_t h, int64_t v, int64_t, int64_t) { sums(i[0], i[1], h, v) += share; });
      }
      sums.store(dx);
    });
  }

  static Samples samples() {
    return {"f32[2,3,3,2]; kernel_size=[2,2], input_size=[6,5]",
            "f32[1,2,6,6]; kernel_size=[3,3], stride=[1,1], padding=[1,1], count_include_pad=false, input_size=[6,6]"};
  }
};
DS_OPERATOR(AvgPool2dGradient);

}  // namespace ds::conv
