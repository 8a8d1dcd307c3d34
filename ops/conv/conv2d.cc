// conv2d: cross-correlation of images [n, c, h, w] with filters [out, c / groups, kh, kw] (ONNX Conv, PyTorch).
#include "window.h"

namespace ds::conv {

struct Conv2d {
  static constexpr auto schema =
      "conv2d(x: float, weight: float, bias: float?, *, stride: ints = [1,1], padding: ints = [0,0], "
      "dilation: ints = [1,1], groups: int = 1) -> float";
  static constexpr auto summary =
      "2-d convolution: x [n,c,h,w], weight [out,c/groups,kh,kw]; padding [h,w] or [top,left,bottom,right] (ONNX Conv)";
  static constexpr uint32_t op_class = DS_CLASS_CONTRACTION;
  static constexpr uint64_t reads_inputs = 3;  // x, weight

  static void infer(Infer& i) {
    const Shape x = i.shape(0), w = i.shape(1);
    const int64_t groups = require_filters(i, x, w);
    DS_REQUIRE(x[1] == w[1] * groups, "conv2d: weight ", w, " with groups ", groups, " takes ", w[1] * groups,
               " channels, x is ", x);
    DS_REQUIRE(!i.present(2) || i.shape(2) == Shape{w[0]}, "conv2d's bias is [", w[0], "], got ", i.shape(2));
    i.output(0, Shape{x[0], w[0]} + Window::of_filters(i, {x[2], x[3]}, w).output());
  }

  static void gradient(Gradient& g) {
    const Node x = g.input(0), w = g.input(1), dy = g.dy();
    const auto call = [&](std::string_view op, const Node& a, const Node& b, const char* what, const Shape& size) {
      return g.call(op, {a, b},
                    {{what, size},
                     {"stride", g.attribute("stride")},
                     {"padding", g.attribute("padding")},
                     {"dilation", g.attribute("dilation")},
                     {"groups", g.attribute("groups")}});
    };
    if (g.needs(0)) g.set(0, call("conv2d_input_gradient", dy, w, "input_size", {x.shape(2), x.shape(3)}));
    if (g.needs(1)) g.set(1, call("conv2d_weight_gradient", x, dy, "kernel_size", {w.shape(2), w.shape(3)}));
    if (g.needs(2)) g.set(2, sum(dy, {0, 2, 3}));
  }

  static void reference(Run& r) {
    with_float(r.output_dtype(), [&]<class T>() {
      const auto x = r.in<T>(0), w = r.in<T>(1);
      const auto y = r.out<T>();
      const Window window = Window::of_filters(r, {x.shape(2), x.shape(3)}, w.shape());
      const int64_t per_group = y.shape(1) / r.attr<int64_t>("groups");
      for (int64_t n = 0; n < y.shape(0); ++n)
        for (int64_t o = 0; o < y.shape(1); ++o)
          for (int64_t i = 0; i < y.shape(2); ++i)
            for (int64_t j = 0; j < y.shape(3); ++j) {
              double sum = r.present(2) ? double(r.in<T>(2)(o)) : 0;
              window.each_tap(i, j, [&](int64_t h, int64_t v, int64_t kh, int64_t kv) {
                for (int64_t c = 0; c < w.shape(1); ++c)
                  sum += double(x(n, o / per_group * w.shape(1) + c, h, v)) * double(w(o, c, kh, kv));
              });
              y(n, o, i, j) = T(sum);
            }
    });
  }

  static Samples samples() {
    return {"f32[2,3,5,6], f32[4,3,3,2], f32[4]; padding=[1,1]",
            "f32[1,4,5,5], f32[6,2,3,3]; groups=2, stride=[2,1], dilation=[1,2], padding=[1,2]",
            "f32[1,2,4,4], f32[3,2,1,1]",
            "f32[0,2,4,4], f32[3,2,3,3]",
            "f32[1,1,4,4], f32[1,1,2,2]; padding=[0,1,1,0]",
            "f64[2,2,4,3], f64[2,1,2,2], f64[2]; groups=2, padding=[1,0]"};
  }
};
DS_OPERATOR(Conv2d);

}  // namespace ds::conv
