// isnan: where x is not a number (NumPy).
#include <deepseek/operator.hpp>
using namespace ds;

struct Isnan {
  static constexpr auto schema = "isnan(x: any) -> bool";
  static constexpr auto summary = "true where x is not a number (NumPy)";
  static Expr body(Expr x) { return is_nan(x); }
  static Samples samples() { return {"f32[2,3]", "i32[4]<2", "f32[]"}; }
};
DS_OPERATOR(Isnan);
