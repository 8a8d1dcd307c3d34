// logical_not: where x is false (NumPy, ONNX Not).
#include <deepseek/operator.hpp>
using namespace ds;

struct LogicalNot {
  static constexpr auto schema = "logical_not(x: any) -> bool";
  static constexpr auto summary = "true where x is zero (NumPy)";
  static Expr body(Expr x) { return !x; }
  static Samples samples() { return {"bool[2,3]", "i32[4]<2", "f32[]"}; }
};
DS_OPERATOR(LogicalNot);
