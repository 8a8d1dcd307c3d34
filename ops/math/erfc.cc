// erfc: the complementary error function.
#include <deepseek/operator.hpp>
using namespace ds;

struct Erfc {
  static constexpr auto schema = "erfc(x: float) -> float";
  static constexpr auto summary = "1 - erf(x), exact for large x";
  static Expr body(Expr x) { return erfc(x); }
};
DS_OPERATOR(Erfc);
