// layer_norm: (x - mean) / sqrt(variance + epsilon) over the axes from `axis` on (Ba et al. 2016; ONNX
// LayerNormalization).
#include <deepseek/operator.hpp>

namespace ds::nn {

struct LayerNorm {
  static constexpr auto schema =
      "layer_norm(x: float, weight: float?, bias: float?, *, axis: int = -1, epsilon: float = 1e-5) -> float";
  static constexpr auto summary =
      "x normalized over the axes from axis on, times weight, plus bias, both of those axes' shape (Ba et al. 2016)";
  static constexpr uint32_t op_class = DS_CLASS_REDUCE;
  static constexpr uint64_t reads_inputs = 3;  // x, weight

  static Shape axes_of(const Attributes& a, int64_t rank) {
    Shape axes;
    for (int64_t i = normalize_axis(a.attr<int64_t>("axis"), rank); i < rank; ++i) axes.push_back(i);
    return axes;
  }

  static void infer(Infer& i) {
    const Shape x = i.shape(), inner = x.slice(axes_of(i, x.rank())[0], x.rank());
    for (uint32_t k : {1u, 2u})
      DS_REQUIRE(!i.present(k) || i.shape(k) == inner, "layer_norm's ", k == 1 ? "weight" : "bias", " is ", inner,
                 ", got ", i.shape(k));
    i.output(0, x);
  }

  // The mean is taken off before squaring: the variance of values far from 0 keeps its digits.
  struct Parts {
    Node centered, scale;  // x - mean, 1 / sqrt(variance + epsilon)
  };
  static Parts parts(Builder& b, const Node& x, const Shape& axes, double epsilon) {
    const Node centered = x - mean(x, axes, true);
    const Node variance = mean(square(centered), axes, true);
    return {centered, b.map({variance}, [&](Expr v) { return rsqrt(v + epsilon); })};
  }

  static void decompose(Build& b) {
    const Node x = b.input(0);
    const Parts p = parts(b, x, axes_of(b, x.rank()), b.attr<double>("epsilon"));
    Node y = p.centered * p.scale;
    if (b.input(1)) y = y * b.input(1);
    if (b.input(2)) y = y + b.input(2);
    b.output(0, y);
  }

  static void gradient(Gradient& g) {
    const Node x = g.input(0), w = g.input(1), dy = g.dy();
    const Shape axes = axes_of(g, x.rank());
    if (g.input(2)) g.set(2, dy);
    if (!g.needs(0) && !g.needs(1)) return;
    const Parts p = parts(g, x, axes, g.attr<double>("epsilon"));
    const Node normal = p.centered * p.scale;
    if (g.needs(1)) g.set(1, dy * normal);
    if (!g.needs(0)) return;
    const Node dn = w ? dy * w : dy;
    const Node average = mean(dn, axes, true), along = mean(dn * normal, axes, true);
    g.set(0, g.map({dn, normal, average, along, p.scale},
                   [](Expr d, Expr n, Expr a, Expr l, Expr s) { return s * (d - a - n * l); }));
  }

  static void reference(Run& r) {
    with_float(r.output_dtype(), [&]<class T>() {
      const auto x = r.in<T>();
      const Shape axes = axes_of(r, x.rank());
      const int64_t n = element_count(x.shape().slice(axes[0], x.rank()));
      const double epsilon = r.attr<double>("epsilon");
      T* y = r.out<T>().data();
      for (int64_t row = 0; row < (n ? x.size() / n : 0); ++row) {
        const auto from = x.tail(row, axes.rank());
        double mean = 0, variance = 0;
        for (int64_t k = 0; k < n; ++k) mean += double(from[k]) / double(n);
        for (int64_t k = 0; k < n; ++k) variance += (double(from[k]) - mean) * (double(from[k]) - mean) / double(n);
        for (int64_t k = 0; k < n; ++k) {
          double value = (double(from[k]) - mean) / std::sqrt(variance + epsilon);
          if (r.present(1)) value *= double(r.in<T>(1)[k]);
          if (r.present(2)) value += double(r.in<T>(2)[k]);
          *y++ = T(value);
        }
      }
    });
  }

  static Samples samples() {
    return {"f32[2,3], f32[3], f32[3]", "f32[2,3,4], f32[3,4], -; axis=1", "f32[4,5]", "f32[5], -, f32[5]; axis=0",
            "f32[0,3], f32[3], f32[3]"};
  }
};
DS_OPERATOR(LayerNorm);

}  // namespace ds::nn
