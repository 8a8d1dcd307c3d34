// simd_test.cc: every level's functions against long double, in units in the last place, and at the corners.
#include "simd.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <random>
#include <vector>

#include "deepseek/draft/expr.h"

namespace ds::cpu {
namespace {

using Wide = long double;

template <class T>
double ulp_error(T got, Wide want) {
  T nearest = T(want);
  if (std::isnan(nearest)) return std::isnan(got) ? 0 : 1e30;
  if (std::isinf(nearest))
    return got == nearest ? 0 : std::isinf(got) || std::abs(got) < std::numeric_limits<T>::max() / 2 ? 1e30 : 1;
  if (!std::isfinite(got)) return 1e30;
  int exponent;
  std::frexp(nearest == 0 ? std::numeric_limits<T>::min() : nearest, &exponent);
  exponent = std::max(exponent, std::numeric_limits<T>::min_exponent);
  return double(std::abs(Wide(got) - want) / std::ldexp(Wide(1), exponent - std::numeric_limits<T>::digits));
}

// All magnitudes, dense where functions bend, and the corners.
template <class T>
std::vector<T> samples(Wide low, Wide high) {
  using L = std::numeric_limits<T>;
  std::vector<T> v = {T(0),
                      T(-0.0),
                      L::infinity(),
                      -L::infinity(),
                      L::quiet_NaN(),
                      L::min(),
                      -L::min(),
                      L::denorm_min(),
                      -L::denorm_min(),
                      L::max(),
                      L::lowest(),
                      T(1),
                      T(-1),
                      T(0.5),
                      T(-0.5),
                      T(2),
                      T(88.72283),
                      T(88.722839),
                      T(-87.33655),
                      T(-103.97208),
                      T(-104.5),
                      T(709.782712893384),
                      T(-745.2),
                      T(1e-30),
                      T(-1e-30)};
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> uniform{double(low), double(high)};
  for (int i = 0; i < 20000; ++i) v.push_back(T(uniform(random)));
  std::uniform_real_distribution<double> exponent(std::log2(double(L::denorm_min())), std::log2(double(L::max())) - 1);
  for (int i = 0; i < 20000; ++i) v.push_back(T(std::exp2(exponent(random)) * (i % 2 ? 1 : -1)));
  for (int i = 0; i < 8000; ++i) v.push_back(T(1 + (uniform(random) - double(low)) / double(high - low) * 1e-3 - 5e-4));
  std::vector<T> inside;
  for (T x : v)
    if (std::isnan(x) || std::isinf(x) || (x >= low && x <= high) || x == 0 || std::abs(x) < 1) inside.push_back(x);
  std::vector<T>& kept = low < high && high < 1e37 ? v : inside;
  while (kept.size() % 64) kept.push_back(T(0.25));
  return kept;
}

struct Unary {
  const char* name;
  int op;
  Wide (*oracle)(Wide);
  double low, high, ulp_f32, ulp_f64;
};

Wide sigmoid(Wide x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); }
Wide sign(Wide x) { return std::isnan(x) ? x : x > 0 ? 1 : x < 0 ? -1 : 0; }

const Unary kUnary[] = {
    {"neg", DS_EXPR_NEG, [](Wide x) { return -x; }, -10, 10, 0, 0},
    {"abs", DS_EXPR_ABS, [](Wide x) { return std::fabs(x); }, -10, 10, 0, 0},
    {"sign", DS_EXPR_SIGN, sign, -10, 10, 0, 0},
    {"floor", DS_EXPR_FLOOR, [](Wide x) { return std::floor(x); }, -10, 10, 0, 0},
    {"ceil", DS_EXPR_CEIL, [](Wide x) { return std::ceil(x); }, -10, 10, 0, 0},
    {"round", DS_EXPR_ROUND, [](Wide x) { return std::nearbyint(x); }, -10, 10, 0, 0},
    {"trunc", DS_EXPR_TRUNC, [](Wide x) { return std::trunc(x); }, -10, 10, 0, 0},
    {"sqrt", DS_EXPR_SQRT, [](Wide x) { return std::sqrt(x); }, -1, 100, 0.5, 0.5},
    {"rsqrt", DS_EXPR_RSQRT, [](Wide x) { return 1 / std::sqrt(x); }, -1, 100, 1.5, 1.5},
    {"reciprocal", DS_EXPR_RECIPROCAL, [](Wide x) { return 1 / x; }, -10, 10, 0.5, 0.5},
    {"exp", DS_EXPR_EXP, [](Wide x) { return std::exp(x); }, -104, 89, 2, 1},
    {"exp2", DS_EXPR_EXP2, [](Wide x) { return std::exp2(x); }, -150, 129, 2, 1},
    {"expm1", DS_EXPR_EXPM1, [](Wide x) { return std::expm1(x); }, -10, 89, 2, 2},
    {"log", DS_EXPR_LOG, [](Wide x) { return std::log(x); }, 0, 4, 2, 1},
    {"log2", DS_EXPR_LOG2, [](Wide x) { return std::log2(x); }, 0, 4, 1, 2},
    {"log10", DS_EXPR_LOG10, [](Wide x) { return std::log10(x); }, 0, 4, 1, 2},
    {"log1p", DS_EXPR_LOG1P, [](Wide x) { return std::log1p(x); }, -1, 4, 1, 2},
    {"sin", DS_EXPR_SIN, [](Wide x) { return std::sin(x); }, -100, 100, 1, 1},
    {"cos", DS_EXPR_COS, [](Wide x) { return std::cos(x); }, -100, 100, 1, 1},
    {"tan", DS_EXPR_TAN, [](Wide x) { return std::tan(x); }, -100, 100, 1, 1},
    {"asin", DS_EXPR_ASIN, [](Wide x) { return std::asin(x); }, -1, 1, 1, 1},
    {"acos", DS_EXPR_ACOS, [](Wide x) { return std::acos(x); }, -1, 1, 1, 1},
    {"atan", DS_EXPR_ATAN, [](Wide x) { return std::atan(x); }, -10, 10, 1, 1},
    {"sinh", DS_EXPR_SINH, [](Wide x) { return std::sinh(x); }, -90, 90, 1, 2},
    {"cosh", DS_EXPR_COSH, [](Wide x) { return std::cosh(x); }, -90, 90, 1, 2},
    {"tanh", DS_EXPR_TANH, [](Wide x) { return std::tanh(x); }, -10, 10, 4, 3},
    {"asinh", DS_EXPR_ASINH, [](Wide x) { return std::asinh(x); }, -10, 10, 1, 2},
    {"acosh", DS_EXPR_ACOSH, [](Wide x) { return std::acosh(x); }, 1, 10, 1, 2},
    {"atanh", DS_EXPR_ATANH, [](Wide x) { return std::atanh(x); }, -1, 1, 1, 2},
    {"erf", DS_EXPR_ERF, [](Wide x) { return std::erf(x); }, -5, 5, 2, 2},
    {"erfc", DS_EXPR_ERFC, [](Wide x) { return std::erfc(x); }, -5, 10, 4, 5},
    {"sigmoid", DS_EXPR_SIGMOID, sigmoid, -110, 110, 4, 2},
};

template <class T>
void check_unary(const Simd& level, const Unary& u, int type, double bound) {
  std::vector<T> x = samples<T>(u.low, u.high), y(x.size());
  Tile fn = level.floating(u.op, type, 0);
  ASSERT_TRUE(fn) << u.name;
  for (size_t i = 0; i < x.size(); i += 64) fn(&y[i], &x[i], nullptr, nullptr, 64);
  double worst = 0;
  size_t at = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    Wide want = u.oracle(x[i]);
    double e = ulp_error<T>(y[i], want);
    if (want == 0 && std::signbit(want) != std::signbit(y[i]) && u.op != DS_EXPR_SIGN) e = 1e20;
    if (e > worst) worst = e, at = i;
  }
  EXPECT_LE(worst, bound + 0.01) << level.name << ' ' << u.name << (sizeof(T) == 4 ? " f32" : " f64") << " at " << x[at]
                                 << " is " << y[at] << ", want " << double(u.oracle(x[at]));
}

class EveryLevel : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    level_ = simd_level(GetParam());
    if (!level_) GTEST_SKIP() << "this machine has no " << GetParam();
  }
  const Simd* level_ = nullptr;
};
INSTANTIATE_TEST_SUITE_P(Simd, EveryLevel, testing::Values("base", "avx2", "avx512"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(EveryLevel, UnaryF32) {
  for (const Unary& u : kUnary) check_unary<float>(*level_, u, DS_EXPR_F32, u.ulp_f32);
}
TEST_P(EveryLevel, UnaryF64) {
  for (const Unary& u : kUnary) check_unary<double>(*level_, u, DS_EXPR_F64, u.ulp_f64);
}

TEST_P(EveryLevel, BinaryFloat) {
  struct Binary {
    const char* name;
    int op;
    Wide (*oracle)(Wide, Wide);
    double bound;
  };
  const Binary binaries[] = {
      {"add", DS_EXPR_ADD, [](Wide a, Wide b) { return a + b; }, 0.5},
      {"sub", DS_EXPR_SUB, [](Wide a, Wide b) { return a - b; }, 0.5},
      {"mul", DS_EXPR_MUL, [](Wide a, Wide b) { return a * b; }, 0.5},
      {"div", DS_EXPR_DIV, [](Wide a, Wide b) { return a / b; }, 0.5},
      {"pow", DS_EXPR_POW, [](Wide a, Wide b) { return std::pow(a, b); }, 1},
      {"atan2", DS_EXPR_ATAN2, [](Wide a, Wide b) { return std::atan2(a, b); }, 1},
      {"min", DS_EXPR_MIN, [](Wide a, Wide b) { return std::isnan(a) || std::isnan(b) ? NAN : std::min(a, b); }, 0},
      {"max", DS_EXPR_MAX, [](Wide a, Wide b) { return std::isnan(a) || std::isnan(b) ? NAN : std::max(a, b); }, 0},
      {"mod", DS_EXPR_MOD,
       [](Wide a, Wide b) {
         Wide m = std::fmod(a, b);
         return m != 0 && (m < 0) != (b < 0) ? Wide(float(m + b)) : m;
       },
       1},
  };
  float corners[] = {0.f,      -0.f,      1,   -1,     0.5f,    -0.5f, 2,     3,     -3,
                     INFINITY, -INFINITY, NAN, 1e-40f, -1e-40f, 3e38f, 1e10f, 7.25f, -2.5f};
  std::vector<float> a, b;
  for (float x : corners)
    for (float y : corners) a.push_back(x), b.push_back(y);
  std::mt19937 random(3);
  std::uniform_real_distribution<float> uniform(-20, 20);
  while (a.size() < 8192) a.push_back(uniform(random)), b.push_back(uniform(random));
  for (const Binary& binary : binaries)
    for (int uniform_mask = 0; uniform_mask < 3; ++uniform_mask) {
      std::vector<float> y(a.size());
      Tile fn = level_->floating(binary.op, DS_EXPR_F32, uniform_mask);
      ASSERT_TRUE(fn);
      for (size_t i = 0; i < a.size(); i += 64) fn(&y[i], &a[i], &b[i], nullptr, 64);
      for (size_t i = 0; i < a.size(); ++i) {
        float x0 = a[uniform_mask & 1 ? i / 64 * 64 : i], x1 = b[uniform_mask & 2 ? i / 64 * 64 : i];
        Wide want = binary.oracle(x0, x1);
        ASSERT_LE(ulp_error<float>(y[i], want), binary.bound + 0.01)
            << level_->name << ' ' << binary.name << '(' << x0 << ", " << x1 << ") = " << y[i] << ", want "
            << double(want);
      }
    }
}

TEST_P(EveryLevel, Fma) {
  std::vector<double> a(64), b(64), c(64), y(64);
  for (int i = 0; i < 64; ++i) a[i] = i * 0.7 - 20, b[i] = 3 - i, c[i] = i * i;
  for (int u = 0; u < 7; ++u) {
    level_->floating(DS_EXPR_FMA, DS_EXPR_F64, u)(y.data(), a.data(), b.data(), c.data(), 64);
    for (int i = 0; i < 64; ++i) EXPECT_NEAR(y[i], a[u & 1 ? 0 : i] * b[u & 2 ? 0 : i] + c[u & 4 ? 0 : i], 1e-10);
  }
}

template <class T>
void check_integers(const Simd& level, int type) {
  using U = std::make_unsigned_t<T>;
  constexpr int kBits = 8 * sizeof(T);
  std::vector<T> a, b;
  T corners[] = {T(0),
                 T(1),
                 T(2),
                 T(3),
                 T(7),
                 T(-1),
                 T(-2),
                 T(-3),
                 T(kBits - 1),
                 T(kBits),
                 std::numeric_limits<T>::max(),
                 std::numeric_limits<T>::min(),
                 T(100),
                 T(-100),
                 T(5),
                 T(std::numeric_limits<T>::max() - 1)};
  for (T x : corners)
    for (T y : corners) a.push_back(x), b.push_back(y);
  std::vector<T> y(a.size());
  auto run = [&](int op, const std::function<T(T, T)>& want) {
    for (int u = 0; u < 3; ++u) {
      Tile fn = level.integer(op, type, u);
      if (!fn && u) continue;
      ASSERT_TRUE(fn) << op;
      for (size_t i = 0; i < a.size(); i += 64) fn(&y[i], &a[i], &b[i], nullptr, 64);
      for (size_t i = 0; i < a.size(); ++i) {
        T x0 = a[u & 1 ? i / 64 * 64 : i], x1 = b[u & 2 ? i / 64 * 64 : i];
        ASSERT_EQ(int64_t(y[i]), int64_t(want(x0, x1)))
            << level.name << " op " << op << " type " << type << ": " << int64_t(x0) << ", " << int64_t(x1);
      }
    }
  };
  auto wide = [](T x) { return __int128(x); };
  auto floored = [&](T x, T z) {
    __int128 q = wide(x) / z;
    return (wide(x) % z != 0 && (x < 0) != (z < 0)) ? q - 1 : q;
  };
  run(DS_EXPR_ADD, [&](T x, T z) { return T(wide(x) + z); });
  run(DS_EXPR_SUB, [&](T x, T z) { return T(wide(x) - z); });
  run(DS_EXPR_MUL, [&](T x, T z) { return T(uint64_t(x) * uint64_t(z)); });
  run(DS_EXPR_DIV, [&](T x, T z) { return z ? T(wide(x) / z) : T(0); });
  run(DS_EXPR_FLOOR_DIV, [&](T x, T z) { return z ? T(floored(x, z)) : T(0); });
  run(DS_EXPR_MOD, [&](T x, T z) { return z ? T(wide(x) - floored(x, z) * z) : T(0); });
  run(DS_EXPR_MIN, [](T x, T z) { return std::min(x, z); });
  run(DS_EXPR_MAX, [](T x, T z) { return std::max(x, z); });
  run(DS_EXPR_BIT_AND, [](T x, T z) { return T(x & z); });
  run(DS_EXPR_BIT_OR, [](T x, T z) { return T(x | z); });
  run(DS_EXPR_BIT_XOR, [](T x, T z) { return T(x ^ z); });
  run(DS_EXPR_SHL, [&](T x, T z) { return U(z) < kBits ? T(U(uint64_t(x) << U(z))) : T(0); });
  run(DS_EXPR_SHR, [&](T x, T z) { return z >= 0 && U(z) < kBits ? T(x >> z) : x < 0 ? T(-1) : T(0); });
  run(DS_EXPR_NEG, [](T x, T) { return T(0 - U(x)); });
  run(DS_EXPR_ABS, [](T x, T) { return x < 0 ? T(0 - U(x)) : x; });
  run(DS_EXPR_SIGN, [](T x, T) { return T((x > 0) - (x < 0)); });
  run(DS_EXPR_BIT_NOT, [](T x, T) { return T(~x); });
}

TEST_P(EveryLevel, Integers) {
  check_integers<int8_t>(*level_, DS_EXPR_I8);
  check_integers<int16_t>(*level_, DS_EXPR_I16);
  check_integers<int32_t>(*level_, DS_EXPR_I32);
  check_integers<int64_t>(*level_, DS_EXPR_I64);
  check_integers<uint8_t>(*level_, DS_EXPR_U8);
  check_integers<uint16_t>(*level_, DS_EXPR_U16);
  check_integers<uint32_t>(*level_, DS_EXPR_U32);
  check_integers<uint64_t>(*level_, DS_EXPR_U64);
}

TEST_P(EveryLevel, Comparisons) {
  std::vector<float> a(64), b(64);
  for (int i = 0; i < 64; ++i) a[i] = float(i % 5), b[i] = i % 7 == 0 ? NAN : float(i % 4);
  std::vector<uint8_t> y(64);
  auto run = [&](int op, auto want) {
    for (int u = 0; u < 3; ++u) {
      level_->integer(op, DS_EXPR_F32, u)(y.data(), &a[1], &b[1], nullptr, 1);
      level_->integer(op, DS_EXPR_F32, u)(y.data(), a.data(), b.data(), nullptr, 64);
      for (int i = 0; i < 64; ++i) EXPECT_EQ(y[i], uint8_t(want(a[u & 1 ? 0 : i], b[u & 2 ? 0 : i]))) << op << ' ' << i;
    }
  };
  a.resize(128), b.resize(128), y.resize(128);
  run(DS_EXPR_EQ, [](float x, float z) { return x == z; });
  run(DS_EXPR_NE, [](float x, float z) { return x != z; });
  run(DS_EXPR_LT, [](float x, float z) { return x < z; });
  run(DS_EXPR_LE, [](float x, float z) { return x <= z; });
  run(DS_EXPR_GT, [](float x, float z) { return x > z; });
  run(DS_EXPR_GE, [](float x, float z) { return x >= z; });
  run(DS_EXPR_AND, [](float x, float z) { return x != 0 && z != 0; });
  run(DS_EXPR_OR, [](float x, float z) { return x != 0 || z != 0; });
}

template <class From, class To>
void check_conversion(const Simd& level, int from, int to) {
  std::vector<From> x;
  for (double v : {0.0,
                   -0.0,
                   1.0,
                   -1.0,
                   0.99,
                   -0.99,
                   127.0,
                   127.9,
                   128.0,
                   -128.0,
                   -128.9,
                   -129.0,
                   255.0,
                   255.5,
                   256.0,
                   32767.5,
                   32768.0,
                   -32769.0,
                   65535.5,
                   2147483647.0,
                   2147483648.0,
                   -2147483648.0,
                   -2147483649.0,
                   4294967295.0,
                   4294967296.0,
                   9.2e18,
                   9223372036854775808.0,
                   -9223372036854775808.0,
                   1.8e19,
                   18446744073709551616.0,
                   1e30,
                   -1e30,
                   HUGE_VAL,
                   -HUGE_VAL,
                   std::nan("")})
    if constexpr (std::is_floating_point_v<From>)
      x.push_back(From(v));
    else
      x.push_back(std::abs(v) < 9e18 ? From(int64_t(v)) : From(7));
  while (x.size() % 64) x.push_back(From(3));
  std::vector<To> y(x.size());
  Tile fn = level.convert(from, to);
  ASSERT_TRUE(fn);
  fn(y.data(), x.data(), nullptr, nullptr, int64_t(x.size()));
  for (size_t i = 0; i < x.size(); ++i) {
    To want;
    if constexpr (std::is_floating_point_v<From> && !std::is_floating_point_v<To>) {
      Wide whole = std::trunc(Wide(x[i]));
      bool fits = whole >= Wide(std::numeric_limits<To>::min()) && whole <= Wide(std::numeric_limits<To>::max());
      want = fits ? To(whole) : To(0);
    } else {
      want = To(x[i]);
    }
    if (want == want)
      EXPECT_EQ(y[i], want) << level.name << ' ' << from << "->" << to << " of " << double(x[i]);
    else
      EXPECT_NE(y[i], y[i]);
  }
}
template <class From>
void check_conversions(const Simd& level, int from) {
  check_conversion<From, int8_t>(level, from, DS_EXPR_I8);
  check_conversion<From, int16_t>(level, from, DS_EXPR_I16);
  check_conversion<From, int32_t>(level, from, DS_EXPR_I32);
  check_conversion<From, int64_t>(level, from, DS_EXPR_I64);
  check_conversion<From, uint8_t>(level, from, DS_EXPR_U8);
  check_conversion<From, uint16_t>(level, from, DS_EXPR_U16);
  check_conversion<From, uint32_t>(level, from, DS_EXPR_U32);
  check_conversion<From, uint64_t>(level, from, DS_EXPR_U64);
  check_conversion<From, float>(level, from, DS_EXPR_F32);
  check_conversion<From, double>(level, from, DS_EXPR_F64);
}
TEST_P(EveryLevel, Conversions) {
  check_conversions<int8_t>(*level_, DS_EXPR_I8);
  check_conversions<int16_t>(*level_, DS_EXPR_I16);
  check_conversions<int32_t>(*level_, DS_EXPR_I32);
  check_conversions<int64_t>(*level_, DS_EXPR_I64);
  check_conversions<uint8_t>(*level_, DS_EXPR_U8);
  check_conversions<uint16_t>(*level_, DS_EXPR_U16);
  check_conversions<uint32_t>(*level_, DS_EXPR_U32);
  check_conversions<uint64_t>(*level_, DS_EXPR_U64);
  check_conversions<float>(*level_, DS_EXPR_F32);
  check_conversions<double>(*level_, DS_EXPR_F64);
}

// All halves survive the way to float and back; every float rounds as the nearest half does.
TEST_P(EveryLevel, Halves) {
  std::vector<uint16_t> h(65536), back(65536);
  std::vector<float> f(65536);
  for (int i = 0; i < 65536; ++i) h[size_t(i)] = uint16_t(i);
  for (int type : {DS_EXPR_F16, DS_EXPR_BF16}) {
    level_->convert(type, DS_EXPR_F32)(f.data(), h.data(), nullptr, nullptr, 65536);
    level_->convert(DS_EXPR_F32, type)(back.data(), f.data(), nullptr, nullptr, 65536);
    int special = type == DS_EXPR_F16 ? 0x7c00 : 0x7f80;
    for (int i = 0; i < 65536; ++i) {
      if ((i & 0x7fff) > special)
        EXPECT_TRUE(std::isnan(f[size_t(i)])) << i;
      else
        ASSERT_EQ(back[size_t(i)], i) << level_->name << ' ' << type;
    }
    // Between neighbours: below, at and above the middle.
    std::vector<float> middle;
    std::vector<uint16_t> want;
    for (int i = 0; i + 1 < special; ++i) {
      double a = f[size_t(i)], b = f[size_t(i) + 1], m = (a + b) / 2;
      middle.push_back(std::nextafter(float(m), 0.f)), want.push_back(uint16_t(i));
      middle.push_back(float(m)), want.push_back(uint16_t(i + (i & 1)));
      middle.push_back(std::nextafter(float(m), INFINITY)), want.push_back(uint16_t(i + 1));
    }
    while (middle.size() % 64) middle.push_back(0), want.push_back(0);
    back.resize(middle.size());
    level_->convert(DS_EXPR_F32, type)(back.data(), middle.data(), nullptr, nullptr, int64_t(middle.size()));

    for (size_t i = 0; i < middle.size(); ++i)
      ASSERT_EQ(back[i], want[i]) << level_->name << ' ' << type << ' ' << middle[i];
    back.resize(65536);
  }
}

}  // namespace
}  // namespace ds::cpu
