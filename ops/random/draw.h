// draw.h: what the random operators share. How counters become elements: deepseek/philox.hpp.
#pragma once
#include <deepseek/operator.hpp>
#include <deepseek/philox.hpp>

namespace ds::random {

inline void infer_draw(Infer& i) {
  const Shape shape = i.attr<Shape>("shape");
  DS_REQUIRE(i.shape(0) == Shape{2}, "a random state is [seed, offset], got ", i.shape(0));
  for (int64_t extent : shape) DS_REQUIRE_AS(DS_INVALID_ARGUMENT, extent >= 0, "shape is negative: ", shape);
  i.output(0, shape, i.attr<ds_dtype>("dtype"));
}

inline Philox philox_of(const Run& r) {
  const auto state = r.in<uint64_t>(0);
  return {state(0), state(1)};
}

inline void require_float(const Infer& i) {
  const auto dtype = i.attr<ds_dtype>("dtype");
  DS_REQUIRE_AS(DS_DTYPE_MISMATCH, is_float(dtype), "dtype is a float, got ", dtype_name(dtype));
}

// Element k of [0, 1) in T.
template <class T>
double uniform(Philox& random, int64_t k) {
  if constexpr (std::is_same_v<T, double>)
    return random.uniform53(k);
  else if constexpr (std::is_same_v<T, half>)
    return double(random.word(k) >> 21) * 0x1p-11;
  else if constexpr (std::is_same_v<T, bfloat16>)
    return double(random.word(k) >> 24) * 0x1p-8;
  else
    return random.uniform24(k);
}

}  // namespace ds::random
