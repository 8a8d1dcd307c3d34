// log1p: log(1 + x), exact near 0.
#include <deepseek/operator.hpp>
using namespace ds;

struct Log1p {
  static constexpr auto schema = "log1p(x: float) -> float";
  static constexpr auto summary = "log(1 + x), exact near 0 (NumPy)";
  static constexpr auto domain = "(0.1,4)";
  static Expr body(Expr x) { return log1p(x); }
};
DS_OPERATOR(Log1p);
