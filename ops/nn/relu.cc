// relu: max(x, 0) (Nair and Hinton 2010). Its gradient at 0 is 0.
#include <deepseek/operator.hpp>

namespace ds::nn {

struct Relu {
  static constexpr auto schema = "relu(x: float) -> float";
  static constexpr auto summary = "max(x, 0), element by element (Nair and Hinton 2010)";
  static Expr body(Expr x) { return max(x, 0); }
  static constexpr uint64_t reads_outputs = 1;
  static void gradient(Gradient& g) {
    g.set(0, g.map({g.dy(), g.output()}, [](Expr dy, Expr y) { return select(y > 0, dy, 0); }));
  }
  static Samples samples() { return {"f32[2,3]", "f32[]", "f32[0,4]", "f64[5]"}; }
};
DS_OPERATOR(Relu);

}  // namespace ds::nn
