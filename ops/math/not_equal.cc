// not_equal: where a is not b (NumPy, ONNX NotEqual).
#include <deepseek/operator.hpp>
using namespace ds;

struct NotEqual {
  static constexpr auto schema = "not_equal(a: any, b: any) -> bool";
  static constexpr auto summary = "true where a != b (NumPy); NaN differs from everything";
  static constexpr uint64_t traits = DS_TRAIT_COMMUTATIVE;
  static Expr body(Expr a, Expr b) { return a != b; }
  static Samples samples() {
    return {"f32[2,3], f32[3]", "i32[4]<3, i32[4]<3", "f32[], f32[2]", "bool[3], bool[3]", "f32[0,3], f32[1]"};
  }
};
DS_OPERATOR(NotEqual);
