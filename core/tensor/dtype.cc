#include "core/tensor/dtype.h"

#include <array>
#include <bit>
#include <cmath>

namespace ds::core {
namespace {

struct Named {
  ds_dtype dtype;
  std::string_view name;
};
constexpr std::array kDtypes = {
    Named{DS_BOOL, "bool"}, Named{DS_I8, "i8"},   Named{DS_I16, "i16"}, Named{DS_I32, "i32"}, Named{DS_I64, "i64"},
    Named{DS_U8, "u8"},     Named{DS_U16, "u16"}, Named{DS_U32, "u32"}, Named{DS_U64, "u64"}, Named{DS_F16, "f16"},
    Named{DS_BF16, "bf16"}, Named{DS_F32, "f32"}, Named{DS_F64, "f64"}, Named{DS_C64, "c64"}, Named{DS_C128, "c128"},
};

}  // namespace

bool is_known(ds_dtype d) {
  switch (d) {
    case DS_BOOL:
    case DS_I8:
    case DS_I16:
    case DS_I32:
    case DS_I64:
    case DS_U8:
    case DS_U16:
    case DS_U32:
    case DS_U64:
    case DS_F16:
    case DS_BF16:
    case DS_F32:
    case DS_F64:
    case DS_C64:
    case DS_C128:
      return true;
    default:
      return false;
  }
}

std::string dtype_name(ds_dtype d) {
  for (auto& n : kDtypes)
    if (n.dtype == d) return std::string(n.name);
  return cat("dtype(", dtype_code(d), ",", DS_DTYPE_BITS(d), ")");
}

bool parse_dtype(std::string_view name, ds_dtype* d) {
  for (auto& n : kDtypes)
    if (n.name == name) return *d = n.dtype, true;
  return false;
}

ds_dtype promote(ds_dtype a, ds_dtype b) {
  if (a == b || is_bool(b)) return a;
  if (is_bool(a)) return b;
  uint32_t bits_a = DS_DTYPE_BITS(a), bits_b = DS_DTYPE_BITS(b);
  if (is_complex(a) || is_complex(b)) {
    auto wide = [](ds_dtype d, uint32_t bits) {
      return is_complex(d) ? bits > 64 : is_integer(d) ? bits > 16 : bits > 32;
    };
    return wide(a, bits_a) || wide(b, bits_b) ? DS_C128 : DS_C64;
  }
  if (is_float(a) && is_float(b)) {
    if (bits_a == bits_b) return DS_F32;  // f16 with bf16
    return bits_a > bits_b ? a : b;
  }
  if (is_float(a) || is_float(b)) {
    ds_dtype real = is_float(a) ? a : b;
    uint32_t integer_bits = is_float(a) ? bits_b : bits_a;
    if (integer_bits <= 8 || real == DS_F64) return real;
    return integer_bits <= 16 ? DS_F32 : DS_F64;
  }
  bool signed_a = dtype_code(a) == DS_CODE_INT, signed_b = dtype_code(b) == DS_CODE_INT;
  if (signed_a == signed_b) return bits_a > bits_b ? a : b;
  uint32_t signed_bits = signed_a ? bits_a : bits_b, unsigned_bits = signed_a ? bits_b : bits_a;
  if (signed_bits > unsigned_bits) return signed_a ? a : b;
  return unsigned_bits == 64 ? DS_F64 : DS_DTYPE(DS_CODE_INT, unsigned_bits * 2);
}

ds_dtype promote_weak(ds_dtype d, Weak kind, ds_dtype default_float) {
  if (kind == Weak::kNone) return d;
  if (!d) return kind == Weak::kBool ? DS_BOOL : kind == Weak::kInt ? DS_I64 : default_float;
  if (kind == Weak::kBool) return d;
  if (kind == Weak::kInt) return is_bool(d) ? DS_I64 : d;
  return is_float(d) || is_complex(d) ? d : default_float;
}

float half_to_float(uint16_t bits) {
  uint32_t sign = uint32_t(bits & 0x8000) << 16, exponent = bits >> 10 & 31, mantissa = bits & 1023;
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000u | mantissa << 13);
  if (exponent) return std::bit_cast<float>(sign | (exponent + 112) << 23 | mantissa << 13);
  float value = std::ldexp(float(mantissa), -24);
  return sign ? -value : value;
}

uint16_t float_to_half(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value), sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return uint16_t(sign | 0x7e00);
  if (magnitude >= 0x477ff000) return uint16_t(sign | 0x7c00);  // rounds beyond 65504
  if (magnitude < 0x38800000) {                                 // subnormal: nearbyint rounds half to even
    return uint16_t(sign | uint32_t(std::nearbyint(std::ldexp(std::bit_cast<float>(magnitude), 24))));
  }
  uint32_t rounded = magnitude + 0xfff + (magnitude >> 13 & 1);
  return uint16_t(sign | (rounded - 0x38000000) >> 13);
}

namespace {

// Rounded to odd, so that rounding again to 16 bits is as rounding once.
float narrowed(double value) {
  float f = float(value);
  if (double(f) == value || !std::isfinite(value) || !std::isfinite(f)) return f;
  if (std::fabs(double(f)) > std::fabs(value)) f = std::nextafter(f, 0.0f);
  return std::bit_cast<float>(std::bit_cast<uint32_t>(f) | 1);
}

}  // namespace

uint16_t float_to_bfloat(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7fffffff) > 0x7f800000) return uint16_t(bits >> 16 | 0x40);
  return uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

Status pack_scalar(const ds_value& value, ds_dtype d, void* element) {
  if (value.tag != DS_FLOAT && value.tag != DS_INT && value.tag != DS_FLAG)
    return error(DS_INVALID_ARGUMENT, "a scalar is an int, a float or a flag, not of tag ", value.tag);
  bool real = value.tag == DS_FLOAT;
  bool large = value.tag == DS_INT && value.count == DS_UNSIGNED && value.u.i < 0;  // 2^63 and more
  double f = real ? value.u.f : large ? double(uint64_t(value.u.i)) : double(value.u.i);
  int64_t i = real ? (std::fabs(f) < 9223372036854775808.0 ? int64_t(f) : 0) : value.u.i;
  if (large && is_integer(d) && d != DS_U64) return error(DS_OVERFLOW, uint64_t(i), " does not fit in ", dtype_name(d));
  constexpr double k63 = 9223372036854775808.0;
  if (real && is_integer(d) && !(f >= -k63 && f < (d == DS_U64 ? 2 * k63 : k63)) && f == f)
    return error(DS_OVERFLOW, f, " does not fit in ", dtype_name(d));
  if (real && d == DS_U64 && f >= k63) i = int64_t(uint64_t(f));
  auto put = [&](auto v) { std::memcpy(element, &v, sizeof v); };
  auto integer = [&]<class T>(T) -> Status {
    if (!std::in_range<T>(i) && !(sizeof(T) == 8 && value.tag == DS_INT))
      return error(DS_OVERFLOW, i, " does not fit in ", dtype_name(d));
    put(T(i));
    return {};
  };
  switch (d) {
    case DS_BOOL:
      put(uint8_t(real ? f != 0 : i != 0));
      return {};
    case DS_I8:
      return integer(int8_t{});
    case DS_I16:
      return integer(int16_t{});
    case DS_I32:
      return integer(int32_t{});
    case DS_I64:
      put(i);
      return {};
    case DS_U8:
      return integer(uint8_t{});
    case DS_U16:
      return integer(uint16_t{});
    case DS_U32:
      return integer(uint32_t{});
    case DS_U64:
      if (i < 0 && !large && !real) return error(DS_OVERFLOW, i, " does not fit in ", dtype_name(d));
      put(uint64_t(i));
      return {};
    case DS_F16:
      put(float_to_half(narrowed(f)));
      return {};
    case DS_BF16:
      put(float_to_bfloat(narrowed(f)));
      return {};
    case DS_F32:
      put(float(f));
      return {};
    case DS_F64:
      put(f);
      return {};
    case DS_C64:
      put(std::array{float(f), 0.0f});
      return {};
    case DS_C128:
      put(std::array{f, 0.0});
      return {};
  }
  return error(DS_DTYPE_MISMATCH, "no scalars of ", dtype_name(d));
}

Status unpack_scalar(ds_dtype d, const void* element, ds_value* value) {
  auto get = [&]<class T>(T v) {
    std::memcpy(&v, element, sizeof v);
    return v;
  };
  auto integer = [&](auto v) {
    *value = {DS_INT, 0, {.i = int64_t(get(v))}};
    return Status();
  };
  auto real = [&](double v) {
    *value = {DS_FLOAT, 0, {.f = v}};
    return Status();
  };
  switch (d) {
    case DS_BOOL:
      *value = {DS_FLAG, 0, {.i = get(uint8_t{}) != 0}};
      return {};
    case DS_I8:
      return integer(int8_t{});
    case DS_I16:
      return integer(int16_t{});
    case DS_I32:
      return integer(int32_t{});
    case DS_I64:
      return integer(int64_t{});
    case DS_U8:
      return integer(uint8_t{});
    case DS_U16:
      return integer(uint16_t{});
    case DS_U32:
      return integer(uint32_t{});
    case DS_U64:
      DS_RETURN_IF_ERROR(integer(uint64_t{}));
      if (value->u.i < 0) value->count = DS_UNSIGNED;
      return {};
    case DS_F16:
      return real(half_to_float(get(uint16_t{})));
    case DS_BF16:
      return real(bfloat_to_float(get(uint16_t{})));
    case DS_F32:
      return real(get(float{}));
    case DS_F64:
      return real(get(double{}));
  }
  return error(DS_UNSUPPORTED, "no scalar value of ", dtype_name(d));
}

}  // namespace ds::core
