// log2: logarithm to base 2.
#include <deepseek/operator.hpp>
using namespace ds;

struct Log2 {
  static constexpr auto schema = "log2(x: float) -> float";
  static constexpr auto summary = "logarithm to base 2 (NumPy)";
  static constexpr auto domain = "(0.1,4)";
  static Expr body(Expr x) { return log2(x); }
};
DS_OPERATOR(Log2);
