// floor: rounds down.
#include <deepseek/operator.hpp>
using namespace ds;

struct Floor {
  static constexpr auto schema = "floor(x: real) -> real";
  static constexpr auto summary = "the largest integer not above x; integers stay (NumPy, ONNX Floor)";
  static Expr body(Expr x) { return floor(x); }
};
DS_OPERATOR(Floor);
