// linear: x @ weight^T + bias, weight [out, in] (PyTorch's linear; ONNX Gemm with transB).
#include <deepseek/operator.hpp>

namespace ds::linalg {

struct Linear {
  static constexpr auto schema = "linear(x: float, weight: float, bias: float?) -> float";
  static constexpr auto summary = "x @ transpose(weight) + bias; weight is [out, in], x [.., in]";
  static constexpr uint32_t op_class = DS_CLASS_CONTRACTION;
  static constexpr uint64_t reads_inputs = 3;  // x, weight

  static void infer(Infer& i) {
    const Shape x = i.shape(0), w = i.shape(1);
    DS_REQUIRE(x.rank() > 0 && w.rank() == 2, "linear takes x [.., in] and weight [out, in], got ", x, ", ", w);
    DS_REQUIRE(x[-1] == w[1], "linear inner sizes differ: x ", x, ", weight ", w);
    DS_REQUIRE(!i.present(2) || i.shape(2) == Shape{w[0]}, "linear's bias is [", w[0], "], got ", i.shape(2));
    Shape y = x;
    y[-1] = w[0];
    i.output(0, y);
  }

  static void decompose(Build& b) {
    const Node y = matmul(b.input(0), matrix_transpose(b.input(1)));
    b.output(0, b.input(2) ? y + b.input(2) : y);
  }

  static Node flat(const Node& x, int64_t columns) {
    return reshape(x, {columns ? element_count(x.shape()) / columns : 0, columns});
  }

  static void gradient(Gradient& g) {
    const Node x = g.input(0), w = g.input(1), dy = g.dy();
    if (g.needs(0)) g.set(0, matmul(dy, w));
    if (g.needs(1)) {
      const bool empty = element_count(w.shape()) == 0;
      g.set(1, empty ? g.zeros_like(w) : matmul(matrix_transpose(flat(dy, w.shape(0))), flat(x, w.shape(1))));
    }
    if (g.input(2)) g.set(2, dy);
  }

  static void reference(Run& r) {
    with_float(r.output_dtype(), [&]<class T>() {
      const auto x = r.in<T>(0), w = r.in<T>(1);
      const auto y = r.out<T>();
      const int64_t out = w.shape(0), in = w.shape(1);
      for (int64_t n = 0; n < (out ? y.size() / out : 0); ++n) {
        const auto row = x.tail(n, 1);
        for (int64_t o = 0; o < out; ++o) {
          double sum = r.present(2) ? double(r.in<T>(2)(o)) : 0;
          for (int64_t k = 0; k < in; ++k) sum += double(row(k)) * double(w(o, k));
          y[n * out + o] = T(sum);
        }
      }
    });
  }

  static Samples samples() {
    return {"f32[2,3], f32[4,3], f32[4]", "f32[2,5,3], f32[4,3]", "f32[3], f32[2,3], f32[2]",
            "f32[0,3], f32[2,3], f32[2]", "f64[4,2], f64[3,2], f64[3]"};
  }
};
DS_OPERATOR(Linear);

}  // namespace ds::linalg
