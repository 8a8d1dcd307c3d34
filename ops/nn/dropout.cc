// dropout: elements set to 0 with probability p, the others divided by 1 - p (Srivastava et al. 2014). The mask is
// never stored: the gradient draws it again from the same counters.
#include <deepseek/operator.hpp>
#include <deepseek/philox.hpp>

namespace ds::nn {

struct Dropout {
  static constexpr auto schema = "dropout(x: float, state: u64, *, p: float = 0.5, training: flag = true) -> float";
  static constexpr auto summary = "0 with probability p, x / (1 - p) otherwise; x itself when not training";
  static constexpr uint32_t op_class = DS_CLASS_RANDOM;
  static constexpr uint64_t reads_inputs = 2;  // state

  static void infer(Infer& i) {
    const double p = i.attr<double>("p");
    DS_REQUIRE_AS(DS_INVALID_ARGUMENT, p >= 0 && p <= 1, "p is between 0 and 1, got ", p);
    i.output(0, i.shape());
  }

  static double scale(const Attributes& a) {
    const double p = a.attr<double>("p");
    return p < 1 ? 1 / (1 - p) : 0;
  }

  static void decompose(Build& b) {
    const Node x = b.input(0);
    const double p = b.attr<double>("p"), factor = scale(b);
    if (!b.attr<bool>("training") || p == 0) return b.output(0, b.map({x}, [](Expr v) { return copy(v); }));
    const Node u = b.call("random_uniform", {b.input(1)}, {{"shape", x.shape()}});
    b.output(0, b.map({x, u}, [&](Expr v, Expr r) { return select(r < p, 0, v * factor); }));
  }

  // Linear in x.
  static void gradient(Gradient& g) {
    g.set(0, g.call("dropout", {g.dy(), g.input(1)}, {{"p", g.attribute("p")}, {"training", g.attribute("training")}}));
  }

  static void reference(Run& r) {
    with_float(r.output_dtype(), [&]<class T>() {
      const auto x = r.in<T>(0);
      const auto state = r.in<uint64_t>(1);
      Philox random(state(0), state(1));
      const double p = r.attr<bool>("training") ? r.attr<double>("p") : 0, factor = p > 0 ? scale(r) : 1;
      // As f32 compares it.
      const double bound = double(float(p));
      for (int64_t k = 0; k < x.size(); ++k)
        r.out<T>().data()[k] = p > 0 && random.uniform24(k) < bound ? T(0.0f) : T(double(x[k]) * factor);
    });
  }

  static Samples samples() {
    return {"f32[2,3], u64[2]", "f32[100], u64[2]; p=0.1", "f32[5], u64[2]; training=false", "f32[3], u64[2]; p=1",
            "f32[0], u64[2]"};
  }
};
DS_OPERATOR(Dropout);

}  // namespace ds::nn
