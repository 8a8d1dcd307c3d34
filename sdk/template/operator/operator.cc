// acme.thing: x / (1 + |x| / limit). One expression; shapes, gradient, reference and fused code follow from it.
#include <deepseek/operator.hpp>

struct Thing {
  static constexpr auto schema = "acme.thing(x: float, *, limit: float = 1) -> float";
  static constexpr auto summary = "x / (1 + |x| / limit): smooth, and never beyond the limit.";

  static ds::Expr body(ds::Expr x, ds::Expr limit) { return x / (1.0 + abs(x) / limit); }

  // Calls that `ds-plugin check` makes; it derives empty, strided and broadcast ones itself.
  static ds::Samples samples() { return {"f32[2,3]", "f64[4]; limit=2.5"}; }
};
DS_OPERATOR(Thing);
