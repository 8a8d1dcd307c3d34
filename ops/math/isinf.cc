// isinf: where x is an infinity (NumPy).
#include <deepseek/operator.hpp>
using namespace ds;

struct Isinf {
  static constexpr auto schema = "isinf(x: any) -> bool";
  static constexpr auto summary = "true where x is an infinity (NumPy)";
  static Expr body(Expr x) { return is_inf(x); }
  static Samples samples() { return {"f32[2,3]", "i32[4]<2", "f32[]"}; }
};
DS_OPERATOR(Isinf);
