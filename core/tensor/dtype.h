// What the core knows of dtypes: sizes, names, classes, promotion (NumPy 2), and packing scalars into bytes.
#pragma once
#include <cstring>
#include <string>
#include <string_view>

#include "core/base/status.h"

namespace ds::core {

inline uint32_t dtype_code(ds_dtype d) { return DS_DTYPE_CODE(d); }
inline uint64_t dtype_size(ds_dtype d) { return (DS_DTYPE_BITS(d) * (d >> 16) + 7) / 8; }
inline bool is_bool(ds_dtype d) { return dtype_code(d) == DS_CODE_BOOL; }
inline bool is_integer(ds_dtype d) { return dtype_code(d) <= DS_CODE_UINT; }
inline bool is_complex(ds_dtype d) { return dtype_code(d) == DS_CODE_COMPLEX; }
inline bool is_float(ds_dtype d) { return dtype_code(d) == DS_CODE_FLOAT || dtype_code(d) == DS_CODE_BFLOAT; }
inline ds_dtype from_dl(ds_dl_dtype d) { return d.code | uint32_t(d.bits) << 8 | uint32_t(d.lanes) << 16; }
inline ds_dl_dtype to_dl(ds_dtype d) { return {uint8_t(d & 0xff), uint8_t(d >> 8 & 0xff), uint16_t(d >> 16)}; }

bool is_known(ds_dtype d);
std::string dtype_name(ds_dtype d);  // "f32"
bool parse_dtype(std::string_view name, ds_dtype* d);

// The dtype both convert to without loss of kind: i32 + f32 -> f64, u64 + i64 -> f64, bf16 + f16 -> f32.
ds_dtype promote(ds_dtype a, ds_dtype b);

// How a Python scalar takes part: it has a kind but no width.
enum class Weak : uint8_t { kNone, kBool, kInt, kFloat };
// The dtype of an operation between `d` and a weak scalar; d == 0: the scalar's own default.
ds_dtype promote_weak(ds_dtype d, Weak kind, ds_dtype default_float);

// Writes a scalar (DS_INT, DS_FLOAT, DS_FLAG) as one element of dtype d. Integers out of range: DS_OVERFLOW.
Status pack_scalar(const ds_value& value, ds_dtype d, void* element);
// Reads one element: DS_FLAG, DS_INT, DS_FLOAT; a complex element is DS_UNSUPPORTED.
Status unpack_scalar(ds_dtype d, const void* element, ds_value* value);

float half_to_float(uint16_t bits);
uint16_t float_to_half(float value);
inline float bfloat_to_float(uint16_t bits) {
  uint32_t wide = uint32_t(bits) << 16;
  float value;
  std::memcpy(&value, &wide, 4);
  return value;
}
uint16_t float_to_bfloat(float value);

}  // namespace ds::core
