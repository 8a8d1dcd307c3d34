// sigmoid: the logistic function.
#include <deepseek/operator.hpp>
using namespace ds;

struct Sigmoid {
  static constexpr auto schema = "sigmoid(x: float) -> float";
  static constexpr auto summary = "1 / (1 + exp(-x)) (ONNX Sigmoid)";
  static Expr body(Expr x) { return sigmoid(x); }
};
DS_OPERATOR(Sigmoid);
