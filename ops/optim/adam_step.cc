// adam_step: one step of Adam on one parameter (Kingma and Ba 2015), or AdamW with decoupled decay (Loshchilov and
// Hutter 2019).
#include <deepseek/operator.hpp>

namespace ds::optim {

struct AdamStep {
  static constexpr auto schema =
      "adam_step(param: float, grad: float, m: float, v: float, learning_rate: f64, step: f64, *, beta1: float = 0.9, "
      "beta2: float = 0.999, epsilon: float = 1e-8, weight_decay: float = 0, decoupled: flag = false) "
      "-> param: float, m: float, v: float";
  static constexpr auto summary =
      "Adam; step counts from 1; weight_decay is added to the gradient, or with decoupled (AdamW) taken off the "
      "parameter";
  static constexpr uint64_t traits = DS_TRAIT_NOT_DIFFERENTIABLE;

  static void infer(Infer& i) {
    const Shape shape = i.shape(0);
    for (uint32_t k : {1u, 2u, 3u})
      DS_REQUIRE(i.shape(k) == shape, "adam_step: ", i.schema().inputs[k].name, " is ", i.shape(k), ", param is ",
                 shape);
    for (uint32_t k : {4u, 5u})
      DS_REQUIRE(i.rank(k) == 0, "adam_step: ", i.schema().inputs[k].name, " is a scalar, got ", i.shape(k));
    for (uint32_t k : {0u, 1u, 2u}) i.output(k, shape);
  }

  // The corrections of both averages (their beginning at 0) are numbers: once in f64, not once per element.
  static void decompose(Build& b) {
    const Node learning_rate = b.input(4), step = b.input(5);
    const double beta1 = b.attr<double>("beta1"), beta2 = b.attr<double>("beta2");
    const double decay = b.attr<double>("weight_decay");
    const bool decoupled = b.attr<bool>("decoupled");
    const std::vector<Node> numbers = b.map_many({learning_rate, step}, [&](Expr rate, Expr t) {
      return std::vector<Expr>{rate / (1 - pow(Expr(beta1), t)), rsqrt(1 - pow(Expr(beta2), t)),
                               1 - rate * (decoupled ? decay : 0.0)};
    });
    const ds_dtype dtype = b.input(0).dtype() == DS_F64 ? DS_F64 : DS_F32;
    std::vector<Node> inputs{b.input(0), b.input(1), b.input(2), b.input(3)};
    for (const Node& number : numbers) inputs.push_back(cast(number, dtype));
    const Named attributes[] = {{"beta1", beta1},
                                {"beta2", beta2},
                                {"epsilon", b.attr<double>("epsilon")},
                                {"weight_decay", decoupled ? 0.0 : decay}};
    const std::vector<Node> results = b.call_many("adam_update", inputs, attributes, 3);
    for (uint32_t k : {0u, 1u, 2u}) b.output(k, results[k]);
  }

  static Samples samples() {
    return {"f32[2,3], f32[2,3], f32[2,3], f32[2,3]>0, f64[], f64[]>0",
            "f32[5], f32[5], f32[5], f32[5]>0, f64[], f64[]>0; weight_decay=0.1, decoupled=true"};
  }
};
DS_OPERATOR(AdamStep);

}  // namespace ds::optim
