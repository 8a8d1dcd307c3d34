// convert.cc: conversions between all types. Float to integer truncates; NaN and what does not fit give 0.
#include "simd/scalar.h"

namespace ds::cpu::DS_ISA {
namespace {

struct Bool {};  // stored as uint8_t, 0 or 1
template <class T>
struct Stored {
  using type = T;
};
template <>
struct Stored<Bool> {
  using type = uint8_t;
};
template <class T>
constexpr bool kFloat = T(0.5) != T(0);

template <class To, class From>
DS_INLINE To converted(From x) {
  if constexpr (kFloat<From> && !kFloat<To>) {
    constexpr bool is_signed = To(-1) < To(0);
    // 2^bits is exact in both types; the lower bound of unsigned lets (-1, 0) truncate to 0.
    constexpr From high = From(uint64_t(1) << (8 * sizeof(To) - 1)) * (is_signed ? 1 : 2);
    constexpr From low = is_signed ? -high : From(0);
    constexpr bool exact = sizeof(From) > sizeof(To) || (sizeof(From) == 4 && sizeof(To) < 4);
    bool fits = is_signed && !exact ? x >= low && x < high : x > low - 1 && x < high;
    if constexpr (sizeof(To) < 4) {
      int32_t whole = int32_t(fits ? x : From(0));
      return To(whole);
    } else {
      return To(fits ? x : From(0));
    }
  } else {
    return To(x);
  }
}

template <class To, class From>
void convert(void* out, const void* in, const void*, const void*, int64_t n) {
  using In = typename Stored<From>::type;
  if constexpr (__is_same(To, Bool))
    loop1<uint8_t, In>(out, in, n, [](In x) { return uint8_t(x != 0); });
  else
    loop1<To, In>(out, in, n, [](In x) { return converted<To, In>(x); });
}

template <class From>
Tile convert_from(int to) {
  switch (to) {
    case DS_EXPR_BOOL:
      return convert<Bool, From>;
    case DS_EXPR_I8:
      return convert<int8_t, From>;
    case DS_EXPR_I16:
      return convert<int16_t, From>;
    case DS_EXPR_I32:
      return convert<int32_t, From>;
    case DS_EXPR_I64:
      return convert<int64_t, From>;
    case DS_EXPR_U8:
      return convert<uint8_t, From>;
    case DS_EXPR_U16:
      return convert<uint16_t, From>;
    case DS_EXPR_U32:
      return convert<uint32_t, From>;
    case DS_EXPR_U64:
      return convert<uint64_t, From>;
    case DS_EXPR_F32:
      return convert<float, From>;
    case DS_EXPR_F64:
      return convert<double, From>;
  }
  return nullptr;
}

void bf16_to_f32(void* out, const void* in, const void*, const void*, int64_t n) {
  loop1<uint32_t, uint16_t>(out, in, n, [](uint16_t x) { return uint32_t(x) << 16; });
}
void f32_to_bf16(void* out, const void* in, const void*, const void*, int64_t n) {
  loop1<uint16_t, uint32_t>(out, in, n, [](uint32_t x) {
    uint32_t even = (x + 0x7fff + (x >> 16 & 1)) >> 16;
    return uint16_t((x & 0x7fffffff) > 0x7f800000 ? x >> 16 | 0x40 : even);
  });
}

void f64_to_odd_f32(void* out, const void* in, const void*, const void*, int64_t n) {
  loop1<uint32_t, double>(out, in, n, [](double x) {
    float f = float(x);
    uint32_t toward_zero = __builtin_bit_cast(uint32_t, f) - (__builtin_fabs(double(f)) > __builtin_fabs(x));
    return toward_zero | (double(f) != x);
  });
}

#if defined(__F16C__)
void f16_to_f32(void* out, const void* in, const void*, const void*, int64_t n) {
  for (int64_t i = 0; i < n; i += 8)
    _mm256_storeu_ps((float*)out + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i*)((const uint16_t*)in + i))));
}
void f32_to_f16(void* out, const void* in, const void*, const void*, int64_t n) {
  for (int64_t i = 0; i < n; i += 8)
    _mm_storeu_si128((__m128i*)((uint16_t*)out + i), _mm256_cvtps_ph(_mm256_loadu_ps((const float*)in + i), 0));
}
#else
DS_INLINE float as_float(uint32_t x) { return __builtin_bit_cast(float, x); }
// Exponents are moved by a multiplication, which also normalises subnormals.
void f16_to_f32(void* out, const void* in, const void*, const void*, int64_t n) {
  loop1<uint32_t, uint16_t>(out, in, n, [](uint16_t h) {
    uint32_t sign = uint32_t(h & 0x8000) << 16, rest = uint32_t(h & 0x7fff) << 13;
    uint32_t finite = __builtin_bit_cast(uint32_t, as_float(rest) * 0x1p112f);
    uint32_t special = rest | 0x7f800000 | (rest > 0x0f800000 ? 0x400000 : 0);
    return sign | (rest >= 0x0f800000 ? special : finite);
  });
}
void f32_to_f16(void* out, const void* in, const void*, const void*, int64_t n) {
  loop1<uint16_t, uint32_t>(out, in, n, [](uint32_t x) {
    uint32_t sign = x >> 16 & 0x8000, rest = x & 0x7fffffff;
    uint32_t normal = (rest - 0x38000000 + 0xfff + (rest >> 13 & 1)) >> 13;
    // Adding 0.5 lines the units of subnormal halves up with the end of the significand.
    uint32_t small = __builtin_bit_cast(uint32_t, as_float(rest) + 0.5f) - 0x3f000000;
    uint32_t large = rest > 0x7f800000 ? 0x7e00 | (rest >> 13 & 0x3ff) : 0x7c00;
    uint32_t h = rest < 0x38800000 ? small : rest >= 0x477ff000 ? large : normal;
    return uint16_t(sign | h);
  });
}
#endif

}  // namespace

Tile find_convert(int from, int to) {
  switch (from) {
    case DS_EXPR_BOOL:
    case DS_EXPR_U8:
      return convert_from<uint8_t>(to);
    case DS_EXPR_I8:
      return convert_from<int8_t>(to);
    case DS_EXPR_I16:
      return convert_from<int16_t>(to);
    case DS_EXPR_I32:
      return convert_from<int32_t>(to);
    case DS_EXPR_I64:
      return convert_from<int64_t>(to);
    case DS_EXPR_U16:
      return convert_from<uint16_t>(to);
    case DS_EXPR_U32:
      return convert_from<uint32_t>(to);
    case DS_EXPR_U64:
      return convert_from<uint64_t>(to);
    case DS_EXPR_F16:
      return to == DS_EXPR_F32 ? f16_to_f32 : nullptr;
    case DS_EXPR_BF16:
      return to == DS_EXPR_F32 ? bf16_to_f32 : nullptr;
    case DS_EXPR_F32:
      return to == DS_EXPR_F16 ? f32_to_f16 : to == DS_EXPR_BF16 ? f32_to_bf16 : convert_from<float>(to);
    case DS_EXPR_F64:
      return to == kOddF32 ? f64_to_odd_f32 : convert_from<double>(to);
  }
  return nullptr;
}

}  // namespace ds::cpu::DS_ISA
