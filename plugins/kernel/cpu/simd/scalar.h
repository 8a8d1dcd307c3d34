// scalar.h: loops over single elements that the compiler turns into vectors.
#pragma once
#include "simd/vector.h"

namespace ds::cpu::DS_ISA {
namespace {

template <class Out, class In, class F>
DS_INLINE void loop1(void* out, const void* a, int64_t n, F f) {
  Out* o = static_cast<Out*>(out);
  const In* x = static_cast<const In*>(a);
  DS_EACH(i, n) o[i] = f(x[i]);
}
// uniform: bit 0 for a, bit 1 for b
template <class Out, class In, int uniform, class F>
DS_INLINE void loop2(void* out, const void* a, const void* b, int64_t n, F f) {
  Out* o = static_cast<Out*>(out);
  const In *x = static_cast<const In*>(a), *y = static_cast<const In*>(b);
  In x0 = *x, y0 = *y;
  DS_EACH(i, n) o[i] = f(uniform & 1 ? x0 : x[i], uniform & 2 ? y0 : y[i]);
}

}  // namespace
}  // namespace ds::cpu::DS_ISA
