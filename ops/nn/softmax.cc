// softmax: exp(x) over its sum along an axis, without overflow (ONNX Softmax 13).
#include <deepseek/operator.hpp>

namespace ds::nn {

struct Softmax {
  static constexpr auto schema = "softmax(x: float, *, axis: int = -1) -> float";
  static constexpr auto summary = "exp(x - max) / sum(exp(x - max)) along axis";
  static constexpr uint32_t op_class = DS_CLASS_REDUCE;
  static constexpr uint64_t reads_inputs = 0, reads_outputs = 1;

  static void infer(Infer& i) {
    normalize_axis(i.attr<int64_t>("axis"), i.rank());
    i.output(0, i.shape());
  }

  static void decompose(Build& b) {
    const Node x = b.input(0);
    const Shape axis{b.attr<int64_t>("axis")};
    if (element_count(x.shape()) == 0) return b.output(0, b.map({x}, [](Expr v) { return copy(v); }));
    const Node top = b.call("max", {x}, {{"axis", axis}, {"keepdims", true}});
    const Node e = b.map({x, top}, [](Expr v, Expr m) { return exp(v - m); });
    b.output(0, e / sum(e, axis, true));
  }

  static void gradient(Gradient& g) {
    const Node y = g.output(), dy = g.dy();
    const Node dot = sum(y * dy, {g.attr<int64_t>("axis")}, true);
    g.set(0, g.map({y, dy, dot}, [](Expr p, Expr d, Expr s) { return p * (d - s); }));
  }

  static void reference(Run& r) {
    with_float(r.dtype(), [&]<class T>() {
      const int64_t axis = normalize_axis(r.attr<int64_t>("axis"), r.in<T>().rank());
      const auto x = r.in<T>().last(axis);
      const auto y = r.out<T>().last(axis);
      const int64_t n = x.shape(-1);
      for (int64_t row = 0; row < (n ? x.size() / n : 0); ++row) {
        const auto from = x.tail(row, 1);
        const auto to = y.tail(row, 1);
        double top = double(from(0)), total = 0;
        for (int64_t k = 0; k < n; ++k) top = double(from(k)) > top || std::isnan(from(k)) ? double(from(k)) : top;
        for (int64_t k = 0; k < n; ++k) total += std::exp(double(from(k)) - top);
        for (int64_t k = 0; k < n; ++k) to(k) = T(std::exp(double(from(k)) - top) / total);
      }
    });
  }

  static Samples samples() {
    return {"f32[2,3]", "f32[2,3,4]; axis=1", "f32[5]; axis=0", "f32[0,3]", "f32[3,0]", "f32[4,1]"};
  }
};
DS_OPERATOR(Softmax);

}  // namespace ds::nn
