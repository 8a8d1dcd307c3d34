// less: where a is below b (NumPy, ONNX Less).
#include <deepseek/operator.hpp>
using namespace ds;

struct Less {
  static constexpr auto schema = "less(a: any, b: any) -> bool";
  static constexpr auto summary = "true where a < b (NumPy); NaN differs from everything";
  static Expr body(Expr a, Expr b) { return a < b; }
  static Samples samples() {
    return {"f32[2,3], f32[3]", "i32[4]<3, i32[4]<3", "f32[], f32[2]", "bool[3], bool[3]", "f32[0,3], f32[1]"};
  }
};
DS_OPERATOR(Less);
