// isfinite: where x is neither NaN nor infinite (NumPy).
#include <deepseek/operator.hpp>
using namespace ds;

struct Isfinite {
  static constexpr auto schema = "isfinite(x: any) -> bool";
  static constexpr auto summary = "true where x is neither NaN nor infinite (NumPy)";
  static Expr body(Expr x) { return is_finite(x); }
  static Samples samples() { return {"f32[2,3]", "i32[4]<2", "f32[]"}; }
};
DS_OPERATOR(Isfinite);
