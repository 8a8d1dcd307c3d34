// adaptive_avg_pool2d: means over output_size cells that cover the image (PyTorch; [1,1] is ONNX GlobalAveragePool).
#include "pool.h"

namespace ds::conv {

struct AdaptiveAvgPool2d {
  static constexpr auto schema = "adaptive_avg_pool2d(x: float, *, output_size: ints) -> float";
  static constexpr auto summary = "means over cells: cell i of n covers [floor(i size / n), ceil((i + 1) size / n))";
  static constexpr uint32_t op_class = DS_CLASS_REDUCE;
  static constexpr uint64_t reads_inputs = 0;

  static void infer(Infer& i) {
    const Shape x = i.shape(), size = pair_of(i, "output_size", {});
    require_images(x);
    DS_REQUIRE_AS(DS_INVALID_ARGUMENT, size.rank() == 2 && size[0] > 0 && size[1] > 0, "output_size is positive, got ",
                  size);
    DS_REQUIRE(x[2] > 0 && x[3] > 0, "adaptive_avg_pool2d takes no empty images: ", x);
    i.output(0, {x[0], x[1], size[0], size[1]});
  }

  static void gradient(Gradient& g) {
    const Shape x = g.input(0).shape();
    g.set(0, g.call("adaptive_avg_pool2d_gradient", {g.dy()}, {{"input_size", Shape{x[2], x[3]}}}));
  }

  static void reference(Run& r) {
    with_float(r.output_dtype(), [&]<class T>() {
      const auto x = r.in<T>();
      const auto y = r.out<T>();
      for (Walk at(y.shape(), {dense_strides(y.shape())}); at; ++at) {
        const Shape& i = at.index();
        const Cell h(i[2], y.shape(2), x.shape(2)), v(i[3], y.shape(3), x.shape(3));
        double sum = 0;
        for (int64_t k = h.begin; k < h.end; ++k)
          for (int64_t l = v.begin; l < v.end; ++l) sum += double(x(i[0], i[1], k, l));
        y.data()[at[0]] = T(sum / double((h.end - h.begin) * (v.end - v.begin)));
      }
    });
  }

  static Samples samples() {
    return {"f32[2,3,6,5]; output_size=[1,1]", "f32[1,2,7,5]; output_size=[3,2]", "f32[1,1,2,2]; output_size=[3,3]"};
  }
};
DS_OPERATOR(AdaptiveAvgPool2d);

}  // namespace ds::conv
