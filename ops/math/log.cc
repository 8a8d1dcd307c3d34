// log: natural logarithm.
#include <deepseek/operator.hpp>
using namespace ds;

struct Log {
  static constexpr auto schema = "log(x: float) -> float";
  static constexpr auto summary = "natural logarithm (NumPy)";
  static constexpr auto domain = "(0.1,4)";
  static Expr body(Expr x) { return log(x); }
};
DS_OPERATOR(Log);
