// rsqrt: reciprocal of the square root.
#include <deepseek/operator.hpp>
using namespace ds;

struct Rsqrt {
  static constexpr auto schema = "rsqrt(x: float) -> float";
  static constexpr auto summary = "1 / sqrt(x)";
  static constexpr auto domain = "(0.2,4)";
  static Expr body(Expr x) { return rsqrt(x); }
};
DS_OPERATOR(Rsqrt);
