// log10: logarithm to base 10.
#include <deepseek/operator.hpp>
using namespace ds;

struct Log10 {
  static constexpr auto schema = "log10(x: float) -> float";
  static constexpr auto summary = "logarithm to base 10 (NumPy)";
  static constexpr auto domain = "(0.1,4)";
  static Expr body(Expr x) { return log10(x); }
};
DS_OPERATOR(Log10);
