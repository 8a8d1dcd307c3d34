// vector.h: vectors as wide as the level's registers. Included by simd/*.cc only; DS_ISA names the level.
#pragma once
#include <cstdint>

#include "deepseek/draft/expr.h"
#include "simd.h"

#if !defined(DS_ISA) || !defined(DS_VECTOR_BYTES)
#error "compiled once per level with DS_ISA and DS_VECTOR_BYTES"
#endif
#if defined(__SSE2__)
#include <immintrin.h>
#endif

#define DS_INLINE __attribute__((always_inline)) inline
// Tiles are padded to groups, so a loop over group(n) needs no tail and says so to the compiler.
#define DS_EACH(i, n) _Pragma("GCC ivdep") for (int64_t i = 0, end_ = ((n) + 63) / 64 * 64; i < end_; ++i)

namespace ds::cpu::DS_ISA {
namespace {

template <class T>
struct VectorOf {
  typedef T type __attribute__((vector_size(DS_VECTOR_BYTES)));
  typedef T loose __attribute__((vector_size(DS_VECTOR_BYTES), aligned(1), may_alias));
};
template <class T>
using V = typename VectorOf<T>::type;
template <class T>
inline constexpr int64_t kLanes = DS_VECTOR_BYTES / sizeof(T);

using VF = V<float>;
using VD = V<double>;
using VI = V<int32_t>;
using VL = V<int64_t>;
typedef float HF __attribute__((vector_size(DS_VECTOR_BYTES / 2)));  // as many floats as a VD has doubles
typedef float HFLoose __attribute__((vector_size(DS_VECTOR_BYTES / 2), aligned(1), may_alias));

template <class T>
DS_INLINE V<T> load(const void* p, int64_t i) {
  return *reinterpret_cast<const typename VectorOf<T>::loose*>(static_cast<const T*>(p) + i);
}
template <class T>
DS_INLINE void store(void* p, int64_t i, V<T> v) {
  *reinterpret_cast<typename VectorOf<T>::loose*>(static_cast<T*>(p) + i) = v;
}
// Whole vectors past the caches; p is aligned to a vector.
template <class T>
DS_INLINE void store_past(void* p, int64_t i, V<T> v) {
  char* to = static_cast<char*>(p) + i * int64_t(sizeof(T));
#if DS_VECTOR_BYTES == 64
  _mm512_stream_si512(reinterpret_cast<__m512i*>(to), (__m512i)v);
#elif DS_VECTOR_BYTES == 32
  _mm256_stream_si256(reinterpret_cast<__m256i*>(to), (__m256i)v);
#elif defined(__SSE2__)
  _mm_stream_si128(reinterpret_cast<__m128i*>(to), (__m128i)v);
#else
  store<T>(to, 0, v);
#endif
}
DS_INLINE bool vector_aligned(const void* p) { return !(reinterpret_cast<uintptr_t>(p) & (DS_VECTOR_BYTES - 1)); }
template <class T>
DS_INLINE V<T> splat(T x) {
  return x - V<T>{};  // keeps -0
}
DS_INLINE VI bits(VF v) { return reinterpret_cast<VI>(v); }
DS_INLINE VL bits(VD v) { return reinterpret_cast<VL>(v); }
DS_INLINE VF real(VI v) { return reinterpret_cast<VF>(v); }
DS_INLINE VD real(VL v) { return reinterpret_cast<VD>(v); }

DS_INLINE VF absolute(VF v) { return real(bits(v) & 0x7fffffff); }
DS_INLINE VD absolute(VD v) { return real(bits(v) & 0x7fffffffffffffffll); }
DS_INLINE VF with_sign(VF v, VF sign) { return real((bits(v) & 0x7fffffff) | (bits(sign) & int32_t(0x80000000))); }
DS_INLINE VD with_sign(VD v, VD sign) {
  return real((bits(v) & 0x7fffffffffffffffll) | (bits(sign) & int64_t(0x8000000000000000ull)));
}

// One function per lane, for what has no vector form.
template <class T, class F>
DS_INLINE V<T> each_lane(V<T> v, F f) {
  for (int64_t i = 0; i < kLanes<T>; ++i) v[i] = f(v[i]);
  return v;
}

#if DS_VECTOR_BYTES == 64
DS_INLINE VF sqrt_(VF v) { return _mm512_sqrt_ps(v); }
DS_INLINE VD sqrt_(VD v) { return _mm512_sqrt_pd(v); }
template <int mode>
DS_INLINE VF rounded(VF v) {
  return _mm512_roundscale_ps(v, mode);
}
template <int mode>
DS_INLINE VD rounded(VD v) {
  return _mm512_roundscale_pd(v, mode);
}
#elif DS_VECTOR_BYTES == 32
DS_INLINE VF sqrt_(VF v) { return _mm256_sqrt_ps(v); }
DS_INLINE VD sqrt_(VD v) { return _mm256_sqrt_pd(v); }
template <int mode>
DS_INLINE VF rounded(VF v) {
  return _mm256_round_ps(v, mode | 8);
}
template <int mode>
DS_INLINE VD rounded(VD v) {
  return _mm256_round_pd(v, mode | 8);
}
#elif defined(__SSE4_1__)
DS_INLINE VF sqrt_(VF v) { return _mm_sqrt_ps(v); }
DS_INLINE VD sqrt_(VD v) { return _mm_sqrt_pd(v); }
template <int mode>
DS_INLINE VF rounded(VF v) {
  return _mm_round_ps(v, mode | 8);
}
template <int mode>
DS_INLINE VD rounded(VD v) {
  return _mm_round_pd(v, mode | 8);
}
#else
DS_INLINE VF sqrt_(VF v) {
  return each_lane<float>(v, [](float x) { return __builtin_sqrtf(x); });
}
DS_INLINE VD sqrt_(VD v) {
  return each_lane<double>(v, [](double x) { return __builtin_sqrt(x); });
}
template <int mode>
DS_INLINE double rounded_one(double x) {
  return mode == 0 ? __builtin_rint(x)
         : mode == 1 ? __builtin_floor(x)
         : mode == 2 ? __builtin_ceil(x)
                     : __builtin_trunc(x);
}
template <int mode>
DS_INLINE VF rounded(VF v) {
  return each_lane<float>(v, [](float x) { return float(rounded_one<mode>(x)); });
}
template <int mode>
DS_INLINE VD rounded(VD v) {
  return each_lane<double>(v, [](double x) { return rounded_one<mode>(x); });
}
#endif
// The smaller (larger) one; NaN in x stays.
#if DS_VECTOR_BYTES == 64
DS_INLINE VF at_most(VF x, float limit) { return _mm512_min_ps(splat(limit), x); }
DS_INLINE VD at_most(VD x, double limit) { return _mm512_min_pd(splat(limit), x); }
DS_INLINE VF at_least(VF x, float limit) { return _mm512_max_ps(splat(limit), x); }
DS_INLINE VD at_least(VD x, double limit) { return _mm512_max_pd(splat(limit), x); }
#elif DS_VECTOR_BYTES == 32
DS_INLINE VF at_most(VF x, float limit) { return _mm256_min_ps(splat(limit), x); }
DS_INLINE VD at_most(VD x, double limit) { return _mm256_min_pd(splat(limit), x); }
DS_INLINE VF at_least(VF x, float limit) { return _mm256_max_ps(splat(limit), x); }
DS_INLINE VD at_least(VD x, double limit) { return _mm256_max_pd(splat(limit), x); }
#else
DS_INLINE VF at_most(VF x, float limit) { return x > limit ? splat(limit) : x; }
DS_INLINE VD at_most(VD x, double limit) { return x > limit ? splat(limit) : x; }
DS_INLINE VF at_least(VF x, float limit) { return x < limit ? splat(limit) : x; }
DS_INLINE VD at_least(VD x, double limit) { return x < limit ? splat(limit) : x; }
#endif
// Whether any of the vectors looked at had a NaN.
template <class T>
class Unordered {
 public:
#if DS_VECTOR_BYTES == 64
  DS_INLINE void look(VF v) { mask_ = _kor_mask16(mask_, _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q)); }
  DS_INLINE void look(VD v) { mask_ = _kor_mask16(mask_, _mm512_cmp_pd_mask(v, v, _CMP_UNORD_Q)); }
  DS_INLINE bool seen() const { return mask_; }

 private:
  __mmask16 mask_ = 0;
#else
  DS_INLINE void look(V<T> v) { lanes_ |= v != v; }
  DS_INLINE bool seen() const {
    bool any = false;
    for (int64_t k = 0; k < kLanes<T>; ++k) any |= lanes_[k] != 0;
    return any;
  }

 private:
  decltype(V<T>{} != V<T>{}) lanes_{};
#endif
};
inline constexpr int kNearest = 0, kDown = 1, kUp = 2, kToZero = 3;

}  // namespace
}  // namespace ds::cpu::DS_ISA
