// group_norm: channels normalized in groups, image by image (Wu and He 2018; ONNX GroupNormalization).
#include <deepseek/operator.hpp>

namespace ds::nn {

struct GroupNorm {
  static constexpr auto schema =
      "group_norm(x: float, weight: float?, bias: float?, *, groups: int, epsilon: float = 1e-5) -> float";
  static constexpr auto summary = "x [n,c,..] normalized over each group of channels; weight and bias are per channel";

  static void infer(Infer& i) {
    const Shape x = i.shape();
    const int64_t groups = i.attr<int64_t>("groups");
    DS_REQUIRE(x.rank() >= 2 && groups > 0 && x[1] % groups == 0, "group_norm: ", groups,
               " groups do not divide the channels of ", x);
    for (uint32_t k : {1u, 2u})
      DS_REQUIRE(!i.present(k) || i.shape(k) == Shape{x[1]}, "group_norm's ", k == 1 ? "weight" : "bias", " is [", x[1],
                 "], got ", i.shape(k));
    i.output(0, x);
  }

  static void decompose(Build& b) {
    const Node x = b.input(0);
    const Shape shape = x.shape();
    const int64_t groups = b.attr<int64_t>("groups"), images = shape[0];
    if (element_count(shape) == 0) return b.output(0, b.map({x}, [](Expr v) { return copy(v); }));
    const Node grouped = reshape(x, {images, groups, element_count(shape) / (images * groups)});
    Node y = reshape(b.call("layer_norm", {grouped}, {{"axis", 2}, {"epsilon", b.attribute("epsilon")}}), shape);
    Shape column = Shape::filled(shape.rank() - 1, 1);
    column[0] = shape[1];
    if (b.input(1)) y = y * reshape(b.input(1), column);
    if (b.input(2)) y = y + reshape(b.input(2), column);
    b.output(0, y);
  }

  static Samples samples() {
    return {"f32[2,4,3,3], f32[4], f32[4]; groups=2", "f32[2,6]; groups=3", "f32[2,4,3], -, f32[4]; groups=4",
            "f32[0,4,3]; groups=2"};
  }
};
DS_OPERATOR(GroupNorm);

}  // namespace ds::nn
