// matmul: product over the last axis of a and the last but one of b; leading axes broadcast (NumPy, ONNX MatMul).
#include <deepseek/operator.hpp>

namespace ds::linalg {

struct Matmul {
  static constexpr auto schema = "matmul(a: number, b: number) -> number";
  static constexpr auto summary = "matrix product, stacked over leading axes that broadcast (NumPy, ONNX MatMul)";
  static constexpr uint32_t op_class = DS_CLASS_CONTRACTION;

  // A vector on the left is a row, on the right a column; the axis is dropped from the result.
  static Shape left(Shape a) { return a.rank() == 1 ? Shape{1, a[0]} : a; }
  static Shape right(Shape b) { return b.rank() == 1 ? Shape{b[0], 1} : b; }
  static Shape batch(const Shape& s) { return s.slice(0, s.rank() - 2); }

  static Shape product(const Shape& a, const Shape& b) {
    DS_REQUIRE(a.rank() > 0 && b.rank() > 0, "matmul takes no 0-d operand: ", a, " @ ", b);
    const Shape l = left(a), r = right(b);
    DS_REQUIRE(l[-1] == r[-2], "matmul inner sizes differ: ", a, " @ ", b);
    Shape wide;
    DS_REQUIRE(broadcasts(batch(l), batch(r), &wide), "matmul leading axes do not broadcast: ", a, " @ ", b);
    return wide + Shape{l[-2], r[-1]};
  }

  static void infer(Infer& i) {
    Shape y = product(i.shape(0), i.shape(1));
    if (i.rank(1) == 1) y.erase(y.rank() - 1);
    if (i.rank(0) == 1) y.erase(y.rank() - (i.rank(1) == 1 ? 1 : 2));
    i.output(0, y);
  }

  static Node flat(const Node& x) { return reshape(x, {element_count(x.shape()) / x.shape(-1), x.shape(-1)}); }

  static void gradient(Gradient& g) {
    const Node a = reshape(g.input(0), left(g.input(0).shape())), b = reshape(g.input(1), right(g.input(1).shape()));
    const Node dy = reshape(g.dy(), product(g.input(0).shape(), g.input(1).shape()));
    if (g.needs(0)) g.set(0, reshape(sum_to(matmul(dy, matrix_transpose(b)), a), g.input(0).shape()));
    if (!g.needs(1)) return;
    // One matrix for the whole stack: the stack is summed by the product itself.
    const bool one = b.rank() == 2 && a.rank() > 2 && a.shape(-1) > 0 && dy.shape(-1) > 0;
    const Node db = one ? matmul(matrix_transpose(flat(a)), flat(dy)) : matmul(matrix_transpose(a), dy);
    g.set(1, reshape(sum_to(db, b), g.input(1).shape()));
  }

  static void reference(Run& r) {
    const Shape a = left(r.shape(0)), b = right(r.shape(1)), y = product(r.shape(0), r.shape(1));
    with_dtype(r.output_dtype(), [&]<class T>() {
      // The strides of the axis that a vector lacks are never used: its extent is 1.
      const auto widened = [](const View<const T>& v, const Shape& shape, bool is_left) {
        Shape strides = v.strides();
        if (v.rank() == 1) strides.insert(is_left ? 0 : 1, 0);
        return View<const T>(v.data(), shape, strides);
      };
      const Shape stack = batch(y);
      const auto A = widened(r.in<T>(0), a, true).broadcast(stack + a.slice(a.rank() - 2, a.rank()));
      const auto B = widened(r.in<T>(1), b, false).broadcast(stack + b.slice(b.rank() - 2, b.rank()));
      const View<T> Y(r.out<T>().data(), y, dense_strides(y));
      const int64_t rows = y[-2], columns = y[-1], inner = a[-1];
      for (int64_t s = 0; s < element_count(stack); ++s) {
        const auto p = A.tail(s, 2), q = B.tail(s, 2);
        const auto out = Y.tail(s, 2);
        for (int64_t i = 0; i < rows; ++i)
          for (int64_t j = 0; j < columns; ++j) {
            widest<T> sum{};
            for (int64_t k = 0; k < inner; ++k) {
              if constexpr (std::is_same_v<T, bool>)
                sum |= p(i, k) && q(k, j);
              else
                sum += widest<T>(p(i, k)) * widest<T>(q(k, j));
            }
            out(i, j) = T(sum);
          }
      }
    });
  }

  static Samples samples() {
    return {"f32[2,3], f32[3,4]",   "f32[3], f32[3]",           "f32[3], f32[2,3,4]", "f32[5,2,3], f32[3]",
            "f32[5,2,3], f32[3,1]", "f32[2,1,2,3], f32[4,3,5]", "f32[0,3], f32[3,2]", "f32[2,0], f32[0,3]",
            "f64[3,3], f64[3,3]",   "i32[2,3], i32[3,2]"};
  }
};
DS_OPERATOR(Matmul);

}  // namespace ds::linalg
