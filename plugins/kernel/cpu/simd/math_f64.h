// math_f64.h: elementary functions on vectors of double. simd_test.cc holds them to these ulp over samples: exp 1, log
// 1, expm1 2, tanh 3, sigmoid 2. Those named *_f have the accuracy a float result needs, at less cost.
#pragma once
#include "simd/vector.h"

namespace ds::cpu::DS_ISA {
namespace {

constexpr double kInf = __builtin_inf(), kNan = __builtin_nan("");

// v * 2^n, n in [-2044, 2046], rounding once where the result is subnormal.
DS_INLINE VD scaled(VD v, VL n) {
  VL half = n >> 1;
  return v * real((half + 1023) << 52) * real((n - half + 1023) << 52);
}

struct ReducedD {
  VD r;
  VL n;
};
// x = n ln 2 + r; x within +-1100.
DS_INLINE ReducedD reduce_exp(VD x) {
  constexpr double magic = 6755399441055744.0;
  VD t = x * 1.4426950408889634 + magic;
  VD n = t - magic;
  VD r = x - n * 6.93147180369123816490e-01;
  r = r - n * 1.90821492927058770002e-10;
  return {r, bits(t) - bits(splat(magic))};
}
// (e^r - 1 - r) / r^2 for |r| <= ln 2 / 2
DS_INLINE VD expm1_tail(VD r) {
  VD r2 = r * r, r4 = r2 * r2;
  VD a = (0.5 + r * (1.0 / 6)) + r2 * (1.0 / 24 + r * (1.0 / 120));
  VD b = (1.0 / 720 + r * (1.0 / 5040)) + r2 * (1.0 / 40320 + r * (1.0 / 362880));
  VD c = (1.0 / 3628800 + r * (1.0 / 39916800)) + r2 * (1.0 / 479001600 + r * (1.0 / 6227020800.0));
  return a + r4 * (b + r4 * c);
}
DS_INLINE VD exp(VD x) {
  ReducedD e = reduce_exp(at_least(at_most(x, 710.0), -750.0));
  return scaled(1.0 + (e.r + e.r * e.r * expm1_tail(e.r)), e.n);
}
DS_INLINE VD expm1(VD x) {
  ReducedD e = reduce_exp(at_least(at_most(x, 710.0), -40.0));
  VD p = e.r + e.r * e.r * expm1_tail(e.r);
  VD s = real((e.n - 1 + 1023) << 52);  // half the scale: n may be 1024
  VD y = (s * p + (s - 0.5)) * 2.0;
  return x == 0.0 ? x : y;
}

struct Fraction {
  VD f;  // m - 1, m in [sqrt(1/2), sqrt 2)
  VD k;
};
DS_INLINE Fraction split(VD x) {  // x normal and positive, or scaled by the caller
  VL b = bits(x) - 0x3fe6a09e00000000ll;
  VL k = b >> 52;
  VD m = real(bits(x) - (k << 52));
  return {m - 1.0, __builtin_convertvector(k, VD)};
}
DS_INLINE VD log_of(VD x, VD k0) {
  Fraction p = split(x);
  VD f = p.f, k = p.k + k0;
  VD s = f / (2.0 + f), z = s * s, w = z * z;
  VD t1 = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01));
  VD t2 = z * (6.666666666666735130e-01 +
               w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01)));
  VD half = 0.5 * f * f;
  return k * 6.93147180369123816490e-01 - ((half - (s * (half + t1 + t2) + k * 1.90821492927058770002e-10)) - f);
}
DS_INLINE VD log_corners(VD x, VD y) {
  y = x == 0.0 ? splat(-kInf) : y;
  y = x < 0.0 ? splat(kNan) : y;
  return (x != x) | (x == kInf) ? x : y;
}
DS_INLINE VD log(VD x) {
  auto tiny = x < 2.2250738585072014e-308;
  VD y = log_of(tiny ? x * 18014398509481984.0 : x, tiny ? splat(-54.0) : splat(0.0));
  return log_corners(x, y);
}
// x widened from float: never subnormal as a double.
DS_INLINE VD log_f(VD x) { return log_corners(x, log_of(x, splat(0.0))); }

DS_INLINE VD tanh(VD x) {
  VD e = expm1(absolute(x) * -2.0);
  return with_sign(-e / (e + 2.0), x);
}
DS_INLINE VD sigmoid(VD x) {
  VD e = exp(-absolute(x));
  return (x < 0.0 ? e : splat(1.0)) / (1.0 + e);
}

// ---- enough for float -------------------------------------------------------------------------------------------

DS_INLINE VD log1p_f(VD x) {
  VD small = x - 0.5 * x * x;
  return absolute(x) < 1e-7 ? small : log_corners(1.0 + x, log_of(1.0 + x, splat(0.0)));
}
DS_INLINE VD sinh_f(VD x) {
  VD x2 = x * x;
  VD small = x + x * x2 * (1.0 / 6 + x2 * (1.0 / 120 + x2 * (1.0 / 5040)));
  VD e = exp(x);
  return absolute(x) < 0.125 ? small : 0.5 * (e - 1.0 / e);
}
DS_INLINE VD cosh_f(VD x) {
  VD e = exp(absolute(x));
  return 0.5 * (e + 1.0 / e);
}
DS_INLINE VD asinh_f(VD x) {
  VD a = absolute(x), small = a - a * a * a * (1.0 / 6);
  VD y = a < 1e-3 ? small + a * a * a * a * a * (3.0 / 40) : log_f(a + sqrt_(a * a + 1.0));
  return with_sign(y, x);
}
DS_INLINE VD acosh_f(VD x) {
  VD y = log_f(x + sqrt_((x - 1.0) * (x + 1.0)));
  return x < 1.0 ? splat(kNan) : y;
}
DS_INLINE VD atanh_f(VD x) {
  VD x2 = x * x;
  VD small = x + x * x2 * (1.0 / 3 + x2 * (1.0 / 5));
  return absolute(x) < 1e-3 ? small : 0.5 * log_f((1.0 + x) / (1.0 - x));
}

// atan on [0, inf] (Cephes): reduced below tan(pi/8) by pi/4 and pi/2.
DS_INLINE VD atan_positive(VD x) {
  auto big = x > 2.41421356237309504880, middle = x > 0.66;
  VD z = big ? -1.0 / x : (middle ? (x - 1.0) / (x + 1.0) : x);
  VD base = big ? splat(1.57079632679489661923) : (middle ? splat(0.78539816339744830962) : splat(0.0));
  VD s = z * z;
  VD p = (((-8.750608600031904122785e-1 * s - 1.615753718733365076637e1) * s - 7.500855792314704667340e1) * s -
          1.228866684490136173410e2) *
             s -
         6.485021904942025371773e1;
  VD q = ((((s + 2.485846490142306297962e1) * s + 1.650270098316988542046e2) * s + 4.328810604912902668951e2) * s +
          4.853903996359136964868e2) *
             s +
         1.945506571482613964425e2;
  return base + (z + z * s * p / q);
}
DS_INLINE VD atan_f(VD x) { return with_sign(atan_positive(absolute(x)), x); }
DS_INLINE VD atan2_f(VD y, VD x) {
  VD ay = absolute(y), ax = absolute(x);
  VD q = ay / ax;  // 0/0 and inf/inf are settled here
  q = ay == ax ? splat(1.0) : q;
  q = ay == 0.0 ? splat(0.0) : q;
  VD a = atan_positive(q);
  a = bits(x) < 0 ? 3.14159265358979323846 - a : a;
  a = with_sign(a, y);
  return (x != x) | (y != y) ? splat(kNan) : a;
}
DS_INLINE VD asin_f(VD x) { return with_sign(atan_positive(absolute(x) / sqrt_((1.0 - x) * (1.0 + x))), x); }
DS_INLINE VD acos_f(VD x) {
  VD a = atan_positive(sqrt_((1.0 - x) * (1.0 + x)) / absolute(x));
  return bits(x) < 0 ? 3.14159265358979323846 - a : a;
}

// pi/2 in three parts, products with integers below 2^20 exact in the first two.
struct Angle {
  VD r;
  VL n;
};
inline constexpr double kAngleLimit = 1.6e6;
DS_INLINE Angle reduce_angle(VD x) {
  constexpr double magic = 6755399441055744.0;
  VD t = x * 0.63661977236758134308 + magic;
  VD n = t - magic;
  VD r = x - n * 1.57079632673412561417e+00;
  r = r - n * 6.07710050630396597660e-11;
  r = r - n * 2.02226624879595063154e-21;
  return {r, bits(t) - bits(splat(magic))};
}
DS_INLINE VD sin_poly(VD r) {
  VD z = r * r;
  return r + r * z * (-1.0 / 6 + z * (1.0 / 120 + z * (-1.0 / 5040 + z * (1.0 / 362880 + z * (-1.0 / 39916800)))));
}
DS_INLINE VD cos_poly(VD r) {
  VD z = r * r;
  return 1.0 + z * (-0.5 + z * (1.0 / 24 + z * (-1.0 / 720 + z * (1.0 / 40320 + z * (-1.0 / 3628800)))));
}
DS_INLINE VD sin_f(VD x) {
  Angle a = reduce_angle(x);
  VD y = (a.n & 1) != 0 ? cos_poly(a.r) : sin_poly(a.r);
  y = (a.n & 2) != 0 ? -y : y;
  return x == 0.0 ? x : y;
}
DS_INLINE VD cos_f(VD x) {
  Angle a = reduce_angle(x);
  VD y = (a.n & 1) != 0 ? sin_poly(a.r) : cos_poly(a.r);
  return ((a.n + 1) & 2) != 0 ? -y : y;
}
DS_INLINE VD tan_f(VD x) {
  Angle a = reduce_angle(x);
  VD s = sin_poly(a.r), c = cos_poly(a.r);
  VD y = (a.n & 1) != 0 ? -c / s : s / c;
  return x == 0.0 ? x : y;
}

// x^y for values widened from float; the corners of IEEE 754 pow.
DS_INLINE VD pow_f(VD x, VD y) {
  VD a = absolute(x);
  VD l = a == 0.0 ? splat(-kInf) : log_f(a);
  VD e = exp(y * l);
  VD ay = absolute(y), whole = rounded<kToZero>(y);
  auto odd = (whole == y) & (ay < 9007199254740992.0) & (rounded<kToZero>(y * 0.5) != y * 0.5);
  e = (bits(x) < 0) & odd ? -e : e;
  e = (x < 0.0) & (whole != y) & (a != kInf) ? splat(kNan) : e;
  e = (a == 1.0) & (ay == kInf) ? splat(1.0) : e;
  e = (x != x) | (y != y) ? x + y : e;
  return (y == 0.0) | (x == 1.0) ? splat(1.0) : e;
}

}  // namespace
}  // namespace ds::cpu::DS_ISA
