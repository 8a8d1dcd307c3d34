// clip: limits to an interval (NumPy, ONNX Clip).
#include <deepseek/operator.hpp>
using namespace ds;

struct Clip {
  static constexpr auto schema = "clip(x: real, low: real, high: real) -> real";
  static constexpr auto summary =
      "x held between low and high; where x is clipped the bound gets the gradient (NumPy, ONNX Clip)";
  static Expr body(Expr x, Expr low, Expr high) { return select(x < low, low, select(x > high, high, x)); }
  static Samples samples() {
    return {"f32[2,3], f32[](-1,0), f32[](0,1)", "f32[4], f32[4](-1,0), f32[](0,1)", "i32[5]<9, i32[]<3, i32[]<7",
            "f32[0], f32[], f32[]"};
  }
};
DS_OPERATOR(Clip);
