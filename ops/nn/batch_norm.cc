// batch_norm: each channel (axis 1) normalized by its own mean and variance over the batch (Ioffe and Szegedy 2015).
#include <deepseek/operator.hpp>

namespace ds::nn {

struct BatchNorm {
  static constexpr auto schema =
      "batch_norm(x: float, weight: float?, bias: float?, *, epsilon: float = 1e-5) -> y: float, mean: float, "
      "variance: float";
  static constexpr auto summary =
      "training form: x [n,c,..] normalized per channel; also its mean and biased variance, for running averages";
  static constexpr uint32_t op_class = DS_CLASS_REDUCE;
  static constexpr uint64_t reads_inputs = 3, reads_outputs = 6;  // x, weight; mean, variance

  static Shape axes_of(int64_t rank) {
    Shape axes{0};
    for (int64_t i = 2; i < rank; ++i) axes.push_back(i);
    return axes;
  }
  // [c] in the place of axis 1.
  static Node per_channel(const Node& v, int64_t rank) {
    Shape shape = Shape::filled(rank - 1, 1);
    shape[0] = v.shape(0);
    return reshape(v, shape);
  }

  static void infer(Infer& i) {
    const Shape x = i.shape();
    DS_REQUIRE(x.rank() >= 2, "batch_norm takes [n, channels, ..], got ", x);
    for (uint32_t k : {1u, 2u})
      DS_REQUIRE(!i.present(k) || i.shape(k) == Shape{x[1]}, "batch_norm's ", k == 1 ? "weight" : "bias", " is [", x[1],
                 "], got ", i.shape(k));
    i.output(0, x);
    i.output(1, {x[1]});
    i.output(2, {x[1]});
  }

  static void decompose(Build& b) {
    const Node x = b.input(0);
    const int64_t rank = x.rank();
    const Shape axes = axes_of(rank);
    const Node average = mean(x, axes, true);
    const Node centered = x - average;
    const Node variance = mean(square(centered), axes, true);
    const double epsilon = b.attr<double>("epsilon");
    Node y = b.map({centered, variance}, [&](Expr c, Expr v) { return c * rsqrt(v + epsilon); });
    if (b.input(1)) y = y * per_channel(b.input(1), rank);
    if (b.input(2)) y = y + per_channel(b.input(2), rank);
    b.output(0, y);
    b.output(1, reshape(average, {x.shape(1)}));
    b.output(2, reshape(variance, {x.shape(1)}));
  }

  static void gradient(Gradient& g) {
    const Node x = g.input(0), w = g.input(1), dy = g.dy(0);
    const int64_t rank = x.rank();
    const Shape axes = axes_of(rank);
    const double epsilon = g.attr<double>("epsilon");
    const Node average = per_channel(g.output(1), rank), variance = per_channel(g.output(2), rank);
    const Node centered = x - average;
    const Node scale = g.map({variance}, [&](Expr v) { return rsqrt(v + epsilon); });
    Node dx;
    if (dy) {
      const Node normal = centered * scale;
      const Node along = sum(dy * normal, axes), total = sum(dy, axes);
      g.set(1, along);
      if (g.input(2)) g.set(2, total);
      if (g.needs(0)) {
        const double count = double(element_count(x.shape())) / double(std::max<int64_t>(x.shape(1), 1));
        const Node gain = w ? scale * per_channel(w, rank) : scale;
        dx = g.map({dy, normal, per_channel(total, rank), per_channel(along, rank), gain},
                   [&](Expr d, Expr n, Expr t, Expr a, Expr k) { return k * (d - (t + n * a) / count); });
      }
    }
    if (!g.needs(0)) return;
    const double share = double(x.shape(1)) / double(std::max<int64_t>(element_count(x.shape()), 1));
    const auto add = [&](const Node& more) { dx = dx ? dx + more : more; };
    if (g.dy(1)) add(broadcast_to(per_channel(g.dy(1), rank) * share, x.shape()));
    if (g.dy(2)) add(centered * (per_channel(g.dy(2), rank) * (2 * share)));
    g.set(0, dx);
  }

  static void reference(Run& r) {
    with_float(r.output_dtype(), [&]<class T>() {
      const auto x = r.in<T>();
      const auto y = r.out<T>(0);
      const int64_t channels = x.shape(1), images = x.shape(0);
      const int64_t inner = element_count(x.shape().slice(2, x.rank()));
      const double count = double(images * inner);
      for (int64_t c = 0; c < channels; ++c) {
        double mean = 0, variance = 0;
        const auto each = [&](auto&& f) {
          for (int64_t n = 0; n < images; ++n)
            for (int64_t k = 0; k < inner; ++k)
              f(double(x[(n * channels + c) * inner + k]), (n * channels + c) * inner + k);
        };
        each([&](double v, int64_t) { mean += v / count; });
        each([&](double v, int64_t) { variance += (v - mean) * (v - mean) / count; });
        if (count == 0) mean = variance = std::nan("");
        r.out<T>(1)(c) = T(mean);
        r.out<T>(2)(c) = T(variance);
        const double gain = r.present(1) ? double(r.in<T>(1)(c)) : 1, shift = r.present(2) ? double(r.in<T>(2)(c)) : 0;
        each([&](double v, int64_t k) {
          y.data()[k] = T((v - mean) / std::sqrt(variance + r.attr<double>("epsilon")) * gain + shift);
        });
      }
    });
  }

  static Samples samples() {
    return {"f32[4,3,2,2], f32[3], f32[3]", "f32[5,2]", "f32[2,3,4], f32[3], -", "f32[3,2,2], -, f32[2]; epsilon=0.1"};
  }
};
DS_OPERATOR(BatchNorm);

}  // namespace ds::nn
