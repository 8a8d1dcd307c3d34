// An author's operator, as the README shows it.
#include <deepseek/operator.hpp>

struct Softclip {
  static constexpr auto schema = "acme.softclip(x: float, *, limit: float = 1) -> float";
  static constexpr auto summary = "x / (1 + |x| / limit).";
  static ds::Expr body(ds::Expr x, ds::Expr limit) { return x / (1.0 + abs(x) / limit); }
};
DS_OPERATOR(Softclip);
