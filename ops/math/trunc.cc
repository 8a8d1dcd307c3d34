// trunc: rounds towards zero.
#include <deepseek/operator.hpp>
using namespace ds;

struct Trunc {
  static constexpr auto schema = "trunc(x: real) -> real";
  static constexpr auto summary = "x without its fraction; integers stay (NumPy)";
  static Expr body(Expr x) { return trunc(x); }
};
DS_OPERATOR(Trunc);
