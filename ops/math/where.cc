// where: chooses between two tensors (NumPy, ONNX Where).
#include <deepseek/operator.hpp>
using namespace ds;

struct Where {
  static constexpr auto schema = "where(condition: bool, a: any, b: any) -> any";
  static constexpr auto summary =
      "a where condition, else b, broadcast; the other one gets no gradient, not even NaN (NumPy, ONNX Where)";
  static Expr body(Expr condition, Expr a, Expr b) { return select(condition, a, b); }
};
DS_OPERATOR(Where);
