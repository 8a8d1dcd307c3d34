// logaddexp: logarithm of a sum of exponentials (NumPy).
#include <deepseek/operator.hpp>
using namespace ds;

struct Logaddexp {
  static constexpr auto schema = "logaddexp(a: float, b: float) -> float";
  static constexpr auto summary = "log(exp(a) + exp(b)) without overflow (NumPy)";
  static constexpr uint64_t traits = DS_TRAIT_COMMUTATIVE;
  static Expr body(Expr a, Expr b) {
    return select(a == b, a + 0.693147180559945309417, max(a, b) + log1p(exp(-abs(a - b))));
  }
};
DS_OPERATOR(Logaddexp);
