// conv2d_weight_gradient: conv2d's gradient for its filters.
#include "window.h"

namespace ds::conv {

struct Conv2dWeightGradient {
  static constexpr auto schema =
      "conv2d_weight_gradient(x: float, dy: float, *, kernel_size: ints, stride: ints = [1,1], "
      "padding: ints = [0,0], dilation: ints = [1,1], groups: int = 1) -> float";
  static constexpr auto summary = "gradient of conv2d for its filters, whose height and width are kernel_size";
  static constexpr uint32_t op_class = DS_CLASS_CONTRACTION;

  static void infer(Infer& i) {
    const Shape x = i.shape(0), dy = i.shape(1), size = i.attr<Shape>("kernel_size");
    require_images(x);
    DS_REQUIRE_AS(DS_INVALID_ARGUMENT, size.rank() == 2, "kernel_size is [height, width], got ", size);
    const int64_t groups = i.attr<int64_t>("groups");
    DS_REQUIRE(groups > 0 && x[1] % groups == 0 && dy.rank() == 4 && dy[1] % groups == 0,
               "conv2d_weight_gradient: groups ", groups, " divides the channels of x ", x, " and dy ", dy);
    const Shape w{dy[1], x[1] / groups, size[0], size[1]};
    const Shape fits = Shape{x[0], dy[1]} + Window::of_filters(i, {x[2], x[3]}, w).output();
    DS_REQUIRE(dy == fits, "conv2d_weight_gradient: dy is ", dy, ", the convolution yields ", fits);
    i.output(0, w);
  }

  // Linear in x and in dy.
  static void gradient(Gradient& g) {
    const Node x = g.input(0), dy = g.input(1), ddw = g.dy();
    const auto attributes = [&](const char* name) { return Named{name, g.attribute(name)}; };
    if (g.needs(0))
      g.set(0, g.call("conv2d_input_gradient", {dy, ddw},
                      {{"input_size", Shape{x.shape(2), x.shape(3)}},
                       attributes("stride"),
                       attributes("padding"),
                       attributes("dilation"),
                       attributes("groups")}));
    if (g.needs(1))
      g.set(1, g.call("conv2d", {x, ddw},
                      {attributes("stride"), attributes("padding"), attributes("dilation"), attributes("groups")}));
  }

  static void reference(Run& r) {
    with_float(r.output_dtype(), [&]<class T>() {
      const auto x = r.in<T>(0), dy = r.in<T>(1);
      const auto dw = r.out<T>();
      const Window window = Window::of_filters(r, {x.shape(2), x.shape(3)}, dw.shape());
      const int64_t per_group = dy.shape(1) / r.attr<int64_t>("groups");
      Sums sums(dw.shape());
      for (int64_t n = 0; n < dy.shape(0); ++n)
        for (int64_t o = 0; o < dy.shape(1); ++o)
          for (int64_t i = 0; i < dy.shape(2); ++i)
            for (int64_t j = 0; j < dy.shape(3); ++j)
              window.each_tap(i, j, [&](int64_t h, int64_t v, int64_t kh, int64_t kv) {
                for (int64_t c = 0; c < dw.shape(1); ++c)
                  sums(o, c, kh, kv) += double(dy(n, o, i, j)) * double(x(n, o / per_group * dw.shape(1) + c, h, v));
              });
      sums.store(dw);
    });
  }

  static Samples samples() {
    return {"f32[2,3,5,6], f32[2,4,5,6]; kernel_size=[3,3], padding=[1,1]",
            "f32[1,4,5,5], f32[1,6,3,3]; kernel_size=[3,3], groups=2, stride=[2,1], dilation=[1,2], padding=[1,1]",
            "f64[1,1,4,5], f64[1,2,2,2]; kernel_size=[2,2], stride=[2,3]"};
  }
};
DS_OPERATOR(Conv2dWeightGradient);

}  // namespace ds::conv
