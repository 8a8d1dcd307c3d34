// adaptive_avg_pool2d_gradient: spreads each dy evenly over its cell.
#include "pool.h"

namespace ds::conv {

struct AdaptiveAvgPool2dGradient {
  static constexpr auto schema = "adaptive_avg_pool2d_gradient(dy: float, *, input_size: ints) -> float";
  static constexpr auto summary = "gradient of adaptive_avg_pool2d for images of height and width input_size";
  static constexpr uint32_t op_class = DS_CLASS_GATHER;
  static constexpr uint64_t reads_inputs = 0;

  static void infer(Infer& i) {
    const Shape dy = i.shape(), size = i.attr<Shape>("input_size");
    require_images(dy);
    DS_REQUIRE_AS(DS_INVALID_ARGUMENT, size.rank() == 2 && size[0] > 0 && size[1] > 0, "input_size is positive, got ",
                  size);
    DS_REQUIRE(dy[2] > 0 && dy[3] > 0, "adaptive_avg_pool2d_gradient takes no empty dy: ", dy);
    i.output(0, {dy[0], dy[1], size[0], size[1]});
  }

  static void gradient(Gradient& g) {
    const Shape dy = g.input(0).shape();
    g.set(0, g.call("adaptive_avg_pool2d", {g.dy()}, {{"output_size", Shape{dy[2], dy[3]}}}));
  }

  static void reference(Run& r) {
    with_float(r.output_dtype(), [&]<class T>() {
      const auto dy = r.in<T>();
      const auto dx = r.out<T>();
      Sums sums(dx.shape());
      for (Walk at(dy.shape(), {dy.strides()}); at; ++at) {
        const Shape& i = at.index();
        const Cell h(i[2], dy.shape(2), dx.shape(2)), v(i[3], dy.shape(3), dx.shape(3));
        const double share = double(dy.data()[at[0]]) / double((h.end - h.begin) * (v.end - v.begin));
        for (int64_t k = h.begin; k < h.end; ++k)
          for (int64_t l = v.begin; l < v.end; ++l) sums(i[0], i[1], k, l) += share;
      }
      sums.store(dx);
    });
  }

  static Samples samples() { return {"f32[2,3,1,1]; input_size=[6,5]", "f32[1,2,3,2]; input_size=[7,5]"}; }
};
DS_OPERATOR(AdaptiveAvgPool2dGradient);

}  // namespace ds::conv
