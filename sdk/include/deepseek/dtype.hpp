// dtype.hpp: dtypes as C++ types: half and bfloat16, dispatch, names, promotion.
#pragma once
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "deepseek/draft/expr.h"
#include "deepseek/error.hpp"

namespace ds {

// Rounded to odd: rounding that to 16 bits is as rounding the double once.
inline float narrowed(double value) {
  float f = float(value);
  if (double(f) == value || value != value) return f;
  uint32_t toward_zero = std::bit_cast<uint32_t>(f) - (std::fabs(double(f)) > std::fabs(value));
  return std::bit_cast<float>(toward_zero | 1);
}

// IEEE binary16; arithmetic happens in float.
struct half {
  uint16_t bits = 0;
  half() = default;
  half(float value) : bits(from_float(value)) {}
  operator float() const { return to_float(bits); }

  static float to_float(uint16_t h) {
    uint32_t sign = uint32_t(h & 0x8000) << 16, exponent = h >> 10 & 31, mantissa = h & 1023;
    if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000u | mantissa << 13);
    if (exponent) return std::bit_cast<float>(sign | (exponent + 112) << 23 | mantissa << 13);
    float value = float(mantissa) * 0x1p-24f;
    return sign ? -value : value;
  }
  // Rounds to nearest even; subnormals and infinities included.
  static uint16_t from_float(float value) {
    uint32_t x = std::bit_cast<uint32_t>(value), sign = x >> 16 & 0x8000;
    x &= 0x7fffffff;
    if (x > 0x7f800000) return uint16_t(sign | 0x7e00);
    if (x >= 0x47800000) return uint16_t(sign | 0x7c00);
    if (x < 0x38800000)  // the sum rounds at the place of a subnormal's last bit
      return uint16_t(sign | (std::bit_cast<uint32_t>(std::bit_cast<float>(x) + 0.5f) - 0x3f000000));
    x += 0xfff + (x >> 13 & 1);
    return uint16_t(sign | (x - 0x38000000) >> 13);
  }
};

struct bfloat16 {
  uint16_t bits = 0;
  bfloat16() = default;
  bfloat16(float value) : bits(from_float(value)) {}
  operator float() const { return std::bit_cast<float>(uint32_t(bits) << 16); }

  static uint16_t from_float(float value) {
    uint32_t x = std::bit_cast<uint32_t>(value);
    if ((x & 0x7fffffff) > 0x7f800000) return uint16_t(x >> 16 | 0x40);
    return uint16_t((x + 0x7fff + (x >> 16 & 1)) >> 16);
  }
};

inline bool is_bool(ds_dtype d) { return d == DS_BOOL; }
inline bool is_float(ds_dtype d) { return DS_DTYPE_CODE(d) == DS_CODE_FLOAT || DS_DTYPE_CODE(d) == DS_CODE_BFLOAT; }
inline bool is_integer(ds_dtype d) { return DS_DTYPE_CODE(d) <= DS_CODE_UINT; }
inline bool is_unsigned(ds_dtype d) { return DS_DTYPE_CODE(d) == DS_CODE_UINT; }
inline bool is_complex(ds_dtype d) { return DS_DTYPE_CODE(d) == DS_CODE_COMPLEX; }
inline ds_dtype from_dl(ds_dl_dtype d) { return d.code | uint32_t(d.bits) << 8 | uint32_t(d.lanes) << 16; }
inline ds_dl_dtype to_dl(ds_dtype d) { return {uint8_t(d), uint8_t(d >> 8), uint16_t(d >> 16)}; }
inline int64_t byte_size(ds_dtype d) { return (DS_DTYPE_BITS(d) + 7) / 8; }

namespace detail {
struct NamedDtype {
  ds_dtype dtype;
  std::string_view name;
  uint8_t expr;  // DS_EXPR_*; 0 = none
};
inline constexpr NamedDtype kDtypes[] = {{DS_BOOL, "bool", DS_EXPR_BOOL},
                                         {DS_I8, "i8", DS_EXPR_I8},
                                         {DS_I16, "i16", DS_EXPR_I16},
                                         {DS_I32, "i32", DS_EXPR_I32},
                                         {DS_I64, "i64", DS_EXPR_I64},
                                         {DS_U8, "u8", DS_EXPR_U8},
                                         {DS_U16, "u16", DS_EXPR_U16},
                                         {DS_U32, "u32", DS_EXPR_U32},
                                         {DS_U64, "u64", DS_EXPR_U64},
                                         {DS_F16, "f16", DS_EXPR_F16},
                                         {DS_BF16, "bf16", DS_EXPR_BF16},
                                         {DS_F32, "f32", DS_EXPR_F32},
                                         {DS_F64, "f64", DS_EXPR_F64},
                                         {DS_C64, "c64", 0},
                                         {DS_C128, "c128", 0}};
}  // namespace detail

inline std::string_view dtype_name(ds_dtype d) {
  for (auto& n : detail::kDtypes)
    if (n.dtype == d) return n.name;
  return "unknown dtype";
}
inline bool parse_dtype(std::string_view name, ds_dtype* d) {
  for (auto& n : detail::kDtypes)
    if (n.name == name) return *d = n.dtype, true;
  return false;
}
// The type a ds.expr/1 program computes a dtype in, and back. Fails: DS_DTYPE_MISMATCH for complex and foreign dtypes.
inline uint8_t expr_type(ds_dtype d) {
  for (auto& n : detail::kDtypes)
    if (n.dtype == d && n.expr) return n.expr;
  raise(DS_DTYPE_MISMATCH, dtype_name(d), " is not supported here");
}
inline ds_dtype expr_dtype(uint8_t type) {
  for (auto& n : detail::kDtypes)
    if (n.expr == type && type) return n.dtype;
  raise(DS_INTERNAL, "expr type ", int(type), " has no dtype");
}

// The dtype both convert to without loss of kind (NumPy 2): i32 + f32 -> f64, u64 + i64 -> f64, bf16 + f16 -> f32.
inline ds_dtype promote(ds_dtype a, ds_dtype b) {
  if (a == b || is_bool(b)) return a;
  if (is_bool(a)) return b;
  uint32_t bits_a = DS_DTYPE_BITS(a), bits_b = DS_DTYPE_BITS(b);
  if (is_complex(a) || is_complex(b)) {
    auto wide = [](ds_dtype d, uint32_t bits) { return bits > (is_complex(d) ? 64u : is_integer(d) ? 16u : 32u); };
    return wide(a, bits_a) || wide(b, bits_b) ? DS_C128 : DS_C64;
  }
  if (is_float(a) && is_float(b)) return bits_a == bits_b ? DS_F32 : bits_a > bits_b ? a : b;
  if (is_float(a) || is_float(b)) {
    ds_dtype real = is_float(a) ? a : b;
    uint32_t integer_bits = is_float(a) ? bits_b : bits_a;
    if (integer_bits <= 8 || real == DS_F64) return real;
    return integer_bits <= 16 ? DS_F32 : DS_F64;
  }
  if (is_unsigned(a) == is_unsigned(b)) return bits_a > bits_b ? a : b;
  ds_dtype with_sign = is_unsigned(a) ? b : a, without = is_unsigned(a) ? a : b;
  if (DS_DTYPE_BITS(with_sign) > DS_DTYPE_BITS(without)) return with_sign;
  return DS_DTYPE_BITS(without) == 64 ? DS_F64 : DS_DTYPE(DS_CODE_INT, DS_DTYPE_BITS(without) * 2);
}

template <class T>
inline constexpr bool is_float_v =
    std::is_floating_point_v<T> || std::is_same_v<T, half> || std::is_same_v<T, bfloat16>;

// What references accumulate in: the widest type of the same kind.
template <class T>
using widest = std::conditional_t<
    is_float_v<T>, double,
    std::conditional_t<std::is_same_v<T, bool>, bool, std::conditional_t<std::is_unsigned_v<T>, uint64_t, int64_t>>>;

// Calls f.template operator()<T>() with the C++ type of a dtype.
template <class F>
decltype(auto) with_float(ds_dtype d, F&& f) {
  switch (d) {
    case DS_F32:
      return f.template operator()<float>();
    case DS_F64:
      return f.template operator()<double>();
    case DS_F16:
      return f.template operator()<half>();
    case DS_BF16:
      return f.template operator()<bfloat16>();
  }
  raise(DS_DTYPE_MISMATCH, dtype_name(d), " is not a supported float dtype");
}
template <class F>
decltype(auto) with_integer(ds_dtype d, F&& f) {
  switch (d) {
    case DS_I8:
      return f.template operator()<int8_t>();
    case DS_I16:
      return f.template operator()<int16_t>();
    case DS_I32:
      return f.template operator()<int32_t>();
    case DS_I64:
      return f.template operator()<int64_t>();
    case DS_U8:
      return f.template operator()<uint8_t>();
    case DS_U16:
      return f.template operator()<uint16_t>();
    case DS_U32:
      return f.template operator()<uint32_t>();
    case DS_U64:
      return f.template operator()<uint64_t>();
  }
  raise(DS_DTYPE_MISMATCH, dtype_name(d), " is not a supported integer dtype");
}
// bool, integers, floats.
template <class F>
decltype(auto) with_dtype(ds_dtype d, F&& f) {
  if (d == DS_BOOL) return f.template operator()<bool>();
  return is_integer(d) ? with_integer(d, f) : with_float(d, f);
}
// For operators that only move elements: a type of the same size, complex included.
struct element16 {
  uint64_t parts[2];
};
template <class F>
decltype(auto) with_size(ds_dtype d, F&& f) {
  switch (byte_size(d)) {
    case 1:
      return f.template operator()<uint8_t>();
    case 2:
      return f.template operator()<uint16_t>();
    case 4:
      return f.template operator()<uint32_t>();
    case 8:
      return f.template operator()<uint64_t>();
    case 16:
      return f.template operator()<element16>();
  }
  raise(DS_DTYPE_MISMATCH, dtype_name(d), " has no supported element size");
}

}  // namespace ds
