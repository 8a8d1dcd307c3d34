// conv2d_input_gradient: the transposed convolution, conv2d's gradient for its images (ONNX ConvTranspose).
#include "window.h"

namespace ds::conv {

struct Conv2dInputGradient {
  static constexpr auto schema =
      "conv2d_input_gradient(dy: float, weight: float, *, input_size: ints, stride: ints = [1,1], "
      "padding: ints = [0,0], dilation: ints = [1,1], groups: int = 1) -> float";
  static constexpr auto summary = "gradient of conv2d for its images, whose height and width are input_size";
  static constexpr uint32_t op_class = DS_CLASS_CONTRACTION;

  static void infer(Infer& i) {
    const Shape dy = i.shape(0), w = i.shape(1), size = i.attr<Shape>("input_size");
    const int64_t groups = require_filters(i, dy, w);
    DS_REQUIRE_AS(DS_INVALID_ARGUMENT, size.rank() == 2 && size[0] >= 0 && size[1] >= 0,
                  "input_size is [height, width], got ", size);
    const Shape fits = Shape{dy[0], w[0]} + Window::of_filters(i, size, w).output();
    DS_REQUIRE(dy == fits, "conv2d_input_gradient: dy is ", dy, ", a convolution of images ", size, " yields ", fits);
    i.output(0, {dy[0], w[1] * groups, size[0], size[1]});
  }

  // Linear in dy and in weight.
  static void gradient(Gradient& g) {
    const Node dy = g.input(0), w = g.input(1), ddx = g.dy();
    const auto attributes = [&](const char* name) { return Named{name, g.attribute(name)}; };
    if (g.needs(0))
      g.set(0, g.call("conv2d", {ddx, w},
                      {attributes("stride"), attributes("padding"), attributes("dilation"), attributes("groups")}));
    if (g.needs(1))
      g.set(1, g.call("conv2d_weight_gradient", {ddx, dy},
                      {{"kernel_size", Shape{w.shape(2), w.shape(3)}},
                       attributes("stride"),
                       attributes("padding"),
                       attributes("dilation"),
                       attributes("groups")}));
  }

  static void reference(Run& r) {
    with_float(r.output_dtype(), [&]<class T>() {
      const auto dy = r.in<T>(0), w = r.in<T>(1);
      const auto dx = r.out<T>();
      const Window window = Window::of_filters(r, {dx.shape(2), dx.shape(3)}, w.shape());
      const int64_t per_group = dy.shape(1) / r.attr<int64_t>("groups");
      Sums sums(dx.shape());
      for (int64_t n = 0; n < dy.shape(0); ++n)
        for (int64_t o = 0; o < dy.shape(1); ++o)
          for (int64_t i = 0; i < dy.shape(2); ++i)
            for (int64_t j = 0; j < dy.shape(3); ++j)
              window.each_tap(i, j, [&](int64_t h, int64_t v, int64_t kh, int64_t kv) {
                for (int64_t c = 0; c < w.shape(1); ++c)
                  sums(n, o / per_group * w.shape(1) + c, h, v) += double(dy(n, o, i, j)) * double(w(o, c, kh, kv));
              });
      sums.store(dx);
    });
  }

  static Samples samples() {
    return {"f32[2,4,5,6], f32[4,3,3,3]; input_size=[5,6], padding=[1,1]",
            "f32[1,6,3,3], f32[6,2,3,3]; input_size=[5,5], groups=2, stride=[2,1], dilation=[1,2], padding=[1,1]",
            "f64[1,2,2,2], f64[2,1,2,2]; input_size=[4,5], stride=[2,3]"};
  }
};
DS_OPERATOR(Conv2dInputGradient);

}  // namespace ds::conv
