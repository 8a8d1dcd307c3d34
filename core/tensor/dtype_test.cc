#include "core/tensor/dtype.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <sstream>
#include <vector>

namespace ds::core {
namespace {

constexpr ds_dtype kAll[] = {DS_BOOL, DS_I8,  DS_I16, DS_I32,  DS_I64, DS_U8,  DS_U16, DS_U32,
                             DS_U64,  DS_F16, DS_F32, DS_BF16, DS_F64, DS_C64, DS_C128};

ds_dtype named(const std::string& name) {
  ds_dtype d = 0;
  EXPECT_TRUE(parse_dtype(name, &d)) << name;
  return d;
}

std::vector<ds_dtype> words(const char* line) {
  std::istringstream in(line);
  std::vector<ds_dtype> list;
  for (std::string name; in >> name;) list.push_back(named(name));
  return list;
}

TEST(Dtypes, NamesAndSizes) {
  constexpr uint64_t kSizes[] = {1, 1, 2, 4, 8, 1, 2, 4, 8, 2, 4, 2, 8, 8, 16};
  for (size_t i = 0; i < std::size(kAll); ++i) {
    EXPECT_TRUE(is_known(kAll[i]));
    EXPECT_EQ(dtype_size(kAll[i]), kSizes[i]);
    EXPECT_EQ(named(dtype_name(kAll[i])), kAll[i]);
    EXPECT_EQ(from_dl(to_dl(kAll[i])), kAll[i]);
    EXPECT_EQ(is_bool(kAll[i]) + is_integer(kAll[i]) + is_float(kAll[i]) + is_complex(kAll[i]), 1) << i;
  }
  ds_dtype d = 77;
  for (const char* name : {"", "f", "f33", "F32", "float32", "f32 ", "int8"})
    EXPECT_FALSE(parse_dtype(name, &d)) << name;
  EXPECT_EQ(d, 77u);
  std::mt19937 random(1);
  int known = 0;
  for (int n = 0; n < 100000; ++n) known += is_known(ds_dtype(random()));
  EXPECT_EQ(known, 0) << "lanes and codes count as well";
  EXPECT_FALSE(is_known(DS_F32 + (1u << 16))) << "two lanes";
}

// numpy.result_type of NumPy 2.2, rows and columns in the order of the first line.
TEST(Promotion, IsNumPys) {
  const char* kTable[] = {
      "bool i8 i16 i32 i64 u8 u16 u32 u64 f16 f32 f64 c64 c128",
      "i8 i8 i16 i32 i64 i16 i32 i64 f64 f16 f32 f64 c64 c128",
      "i16 i16 i16 i32 i64 i16 i32 i64 f64 f32 f32 f64 c64 c128",
      "i32 i32 i32 i32 i64 i32 i32 i64 f64 f64 f64 f64 c128 c128",
      "i64 i64 i64 i64 i64 i64 i64 i64 f64 f64 f64 f64 c128 c128",
      "u8 i16 i16 i32 i64 u8 u16 u32 u64 f16 f32 f64 c64 c128",
      "u16 i32 i32 i32 i64 u16 u16 u32 u64 f32 f32 f64 c64 c128",
      "u32 i64 i64 i64 i64 u32 u32 u32 u64 f64 f64 f64 c128 c128",
      "u64 f64 f64 f64 f64 u64 u64 u64 u64 f64 f64 f64 c128 c128",
      "f16 f16 f32 f64 f64 f16 f32 f64 f64 f16 f32 f64 c64 c128",
      "f32 f32 f32 f64 f64 f32 f32 f64 f64 f32 f32 f64 c64 c128",
      "f64 f64 f64 f64 f64 f64 f64 f64 f64 f64 f64 f64 c128 c128",
      "c64 c64 c64 c128 c128 c64 c64 c128 c128 c64 c64 c128 c64 c128",
      "c128 c128 c128 c128 c128 c128 c128 c128 c128 c128 c128 c128 c128 c128",
  };
  std::vector<ds_dtype> names = words(kTable[0]);
  for (size_t a = 0; a < names.size(); ++a) {
    std::vector<ds_dtype> row = words(kTable[a]);
    ASSERT_EQ(row.size(), names.size());
    for (size_t b = 0; b < names.size(); ++b)
      EXPECT_EQ(dtype_name(promote(names[a], names[b])), dtype_name(row[b]))
          << dtype_name(names[a]) << " with " << dtype_name(names[b]);
  }
}

// NumPy has no bf16: it is treated as f16 is, and meets f16 in f32.
TEST(Promotion, OfBfloat16) {
  for (ds_dtype d : kAll) {
    ds_dtype want = d == DS_BF16                   ? DS_BF16
                    : d == DS_F16                  ? DS_F32
                    : promote(DS_F16, d) == DS_F16 ? DS_BF16
                                                   : promote(DS_F16, d);
    EXPECT_EQ(promote(DS_BF16, d), want) << dtype_name(d);
    EXPECT_EQ(promote(d, DS_BF16), want) << dtype_name(d);
  }
}

TEST(Promotion, IsCommutativeIdempotentAndClosed) {
  for (ds_dtype a : kAll)
    for (ds_dtype b : kAll) {
      EXPECT_EQ(promote(a, b), promote(b, a));
      EXPECT_TRUE(is_known(promote(a, b)));
      EXPECT_EQ(promote(promote(a, b), a), promote(a, b)) << dtype_name(a) << " " << dtype_name(b);
    }
}

// NEP 50: a Python scalar has a kind, not a width; what an integer cannot hold takes the default.
TEST(Promotion, OfWeakScalars) {
  for (ds_dtype real : {DS_F32, DS_F64})
    for (ds_dtype d : kAll) {
      bool inexact = is_float(d) || is_complex(d);
      EXPECT_EQ(promote_weak(d, Weak::kNone, real), d);
      EXPECT_EQ(promote_weak(d, Weak::kBool, real), d);
      EXPECT_EQ(promote_weak(d, Weak::kInt, real), is_bool(d) ? DS_I64 : d);
      EXPECT_EQ(promote_weak(d, Weak::kFloat, real), inexact ? d : real) << dtype_name(d);
      EXPECT_EQ(promote_weak(0, Weak::kBool, real), DS_BOOL);
      EXPECT_EQ(promote_weak(0, Weak::kInt, real), DS_I64);
      EXPECT_EQ(promote_weak(0, Weak::kFloat, real), real);
    }
}

ds_value integer(int64_t i) { return {DS_INT, 0, {.i = i}}; }
ds_value real(double f) { return {DS_FLOAT, 0, {.f = f}}; }

TEST(Scalars, IntegersFitOrOverflow) {
  std::mt19937_64 random(2);
  for (ds_dtype d : {DS_I8, DS_I16, DS_I32, DS_I64, DS_U8, DS_U16, DS_U32}) {
    uint32_t bits = DS_DTYPE_BITS(d);
    bool is_signed = dtype_code(d) == DS_CODE_INT;
    __int128 low = is_signed ? -(__int128(1) << (bits - 1)) : 0;
    __int128 high = (__int128(1) << (is_signed ? bits - 1 : bits)) - 1;
    std::vector<int64_t> values{0,
                                1,
                                -1,
                                int64_t(low),
                                int64_t(high),
                                std::numeric_limits<int64_t>::min(),
                                std::numeric_limits<int64_t>::max()};
    if (bits < 64) values.insert(values.end(), {int64_t(low - 1), int64_t(high + 1)});
    for (int n = 0; n < 2000; ++n) values.push_back(int64_t(random()) >> random() % 64);
    for (int64_t v : values) {
      unsigned char element[16];
      std::memset(element, 0xee, sizeof element);
      Status status = pack_scalar(integer(v), d, element);
      bool fits = v >= low && v <= high;
      ASSERT_EQ(status.code(), fits ? DS_OK : DS_OVERFLOW) << dtype_name(d) << " " << v;
      for (size_t i = fits ? dtype_size(d) : 0; i < 16; ++i) ASSERT_EQ(element[i], 0xee) << dtype_name(d) << " " << v;
      if (!fits) continue;
      ds_value back;
      ASSERT_TRUE(unpack_scalar(d, element, &back).ok());
      ASSERT_EQ(back.tag, DS_INT);
      ASSERT_EQ(back.u.i, v) << dtype_name(d);
    }
  }
}

TEST(Scalars, AllKindsIntoAllDtypes) {
  for (ds_dtype d : kAll)
    for (ds_value v : {integer(3), real(3), ds_value{DS_FLAG, 0, {.i = 1}}}) {
      unsigned char element[16] = {};
      ASSERT_TRUE(pack_scalar(v, d, element).ok()) << dtype_name(d);
      ds_value back{};
      Status status = unpack_scalar(d, element, &back);
      if (is_complex(d)) {
        EXPECT_EQ(status.code(), DS_UNSUPPORTED);
        double parts[2];
        float narrow[2];
        std::memcpy(parts, element, 16);
        std::memcpy(narrow, element, 8);
        EXPECT_EQ(d == DS_C64 ? double(narrow[0]) : parts[0], v.tag == DS_FLAG ? 1 : 3);
        EXPECT_EQ(d == DS_C64 ? double(narrow[1]) : parts[1], 0);
        continue;
      }
      EXPECT_TRUE(status.ok());
      EXPECT_EQ(back.tag, is_bool(d) ? DS_FLAG : is_float(d) ? DS_FLOAT : DS_INT) << dtype_name(d);
      double number = back.tag == DS_FLOAT ? back.u.f : double(back.u.i);
      EXPECT_EQ(number, is_bool(d) || v.tag == DS_FLAG ? 1 : 3) << dtype_name(d);
    }
  unsigned char element[16];
  ds_value back;
  EXPECT_EQ(pack_scalar(integer(1), DS_DTYPE(DS_CODE_INT, 128), element).code(), DS_DTYPE_MISMATCH);
  EXPECT_EQ(unpack_scalar(DS_DTYPE(DS_CODE_INT, 128), element, &back).code(), DS_UNSUPPORTED);
}

TEST(Scalars, FloatsOutsideAnIntegersRangeOverflow) {
  unsigned char element[16];
  EXPECT_EQ(pack_scalar(real(300), DS_I8, element).code(), DS_OVERFLOW);
  EXPECT_EQ(pack_scalar(real(-1), DS_U8, element).code(), DS_OVERFLOW);
  int wrong = 0;
  for (double v : {1e19, -1e19, 9.25e18, 1e300, std::numeric_limits<double>::infinity()})
    for (ds_dtype d : {DS_I8, DS_I32, DS_I64, DS_U32}) wrong += pack_scalar(real(v), d, element).code() != DS_OVERFLOW;
  EXPECT_EQ(wrong, 0);
}

// The 16-bit value nearest to a double, ties to even, found by looking at all of them.
template <class ToFloat>
uint16_t nearest(double value, ToFloat to_float, const std::vector<uint16_t>& finite) {
  auto at =
      std::lower_bound(finite.begin(), finite.end(), value, [&](uint16_t b, double v) { return to_float(b) < v; });
  if (at == finite.begin()) return *at;
  uint16_t below = at[-1];
  if (at == finite.end()) return below;
  double down = value - to_float(below), up = to_float(*at) - value;
  return down < up || (down == up && !(below & 1)) ? below : *at;
}

template <class ToFloat, class FromFloat>
void check_rounding(ToFloat to_float, FromFloat from_float, uint16_t infinity) {
  std::vector<uint16_t> finite;
  for (uint32_t b = 0; b < infinity; ++b) finite.push_back(uint16_t(b));
  for (uint32_t b = 0; b < 65536; ++b) {
    float value = to_float(uint16_t(b));
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(to_float(from_float(value)))) << b;
      continue;
    }
    ASSERT_EQ(from_float(value), b) << "every value is its own";
  }
  std::mt19937 random(3);
  double largest = to_float(uint16_t(infinity - 1)), step = largest - double(to_float(uint16_t(infinity - 2)));
  for (int n = 0; n < 300000; ++n) {
    float value = std::bit_cast<float>(uint32_t(random()) & 0x7fffffffu);
    // Ties and their neighbours are rare among random bits.
    if (n % 2) {
      uint16_t low = uint16_t(random() % (infinity - 1u));
      float middle = float((double(to_float(low)) + double(to_float(uint16_t(low + 1)))) / 2);
      value = n % 4 == 1 ? middle : std::nextafterf(middle, n % 8 < 4 ? 0.0f : INFINITY);
    }
    if (std::isnan(value)) continue;
    uint16_t want = value >= largest + step / 2 ? infinity : nearest(value, to_float, finite);
    ASSERT_EQ(from_float(value), want) << value;
    ASSERT_EQ(from_float(-value), want | 0x8000) << -value;
  }
}

TEST(HalfPrecision, RoundsToNearestEven) { check_rounding(half_to_float, float_to_half, 0x7c00); }
TEST(HalfPrecision, OfBfloatsLikewise) { check_rounding(bfloat_to_float, float_to_bfloat, 0x7f80); }

TEST(HalfPrecision, PackedDoublesRoundOnce) {
  double value = 1 + std::ldexp(1.0, -11) + std::ldexp(1.0, -40);  // just above the middle of two halves
  uint16_t bits;
  ASSERT_TRUE(pack_scalar(real(value), DS_F16, &bits).ok());
  EXPECT_EQ(bits, 0x3c01);
}

}  // namespace
}  // namespace ds::core
