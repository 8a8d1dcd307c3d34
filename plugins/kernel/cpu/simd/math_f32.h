// math_f32.h: elementary functions on vectors of float. simd_test.cc holds them to these ulp over sampled floats: exp
// 2, exp2 2, expm1 2, log 2, tanh 4, sigmoid 4, erf 2. Subnormal results are rounded, infinities and NaN as in C.
#pragma once
#include "simd/vector.h"

namespace ds::cpu::DS_ISA {
namespace {

constexpr float kInfF = __builtin_inff(), kNanF = __builtin_nanf("");
constexpr float kTanhLimit = 9.02f;  // from here on tanh rounds to 1

struct ReducedF {
  VF r, n;
  VI whole;  // n as integers; garbage for NaN
};
// v * 2^n, n in [-252, 254], rounding once where the result is subnormal.
DS_INLINE VF scaled(VF v, [[maybe_unused]] VF n, [[maybe_unused]] VI whole) {
#if DS_VECTOR_BYTES == 64
  return _mm512_scalef_ps(v, n);
#else
  VI half = whole >> 1;
  return v * real((half + 127) << 23) * real((whole - half + 127) << 23);
#endif
}

// x = n ln 2 + r; x within +-200.
DS_INLINE ReducedF reduce_exp(VF x) {
  constexpr float magic = 12582912.0f;
  VF t = x * 1.44269504088896341f + magic;
  VF n = t - magic;
  VF r = x - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  return {r, n, bits(t) - bits(splat(magic))};
}
// (e^r - 1 - r) / r^2 for |r| <= ln 2 / 2 (Cephes)
DS_INLINE VF expm1_tail(VF r) {
  VF p = 1.9875691500e-4f * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  return p * r + 5.0000001201e-1f;
}
#if DS_VECTOR_BYTES == 64
// 2^(i / 32)
alignas(64) constexpr float kRoots[32] = {
    1.0f,         1.021897149f, 1.044273782f, 1.067140401f, 1.090507733f, 1.114386743f, 1.138788635f, 1.163724859f,
    1.189207115f, 1.21524736f,  1.241857812f, 1.269050957f, 1.296839555f, 1.325236643f, 1.354255547f, 1.383909882f,
    1.414213562f, 1.445180807f, 1.476826146f, 1.509164428f, 1.542210825f, 1.575980845f, 1.610490332f, 1.645755478f,
    1.681792831f, 1.718619298f, 1.75625216f,  1.794709075f, 1.834008086f, 1.874167634f, 1.915206561f, 1.957144124f};
// e^x = 2^n 2^(i / 32) e^r, the second factor from registers; scalef takes n as the floor of n + i / 32. x within
// +-10^5 or NaN.
DS_INLINE VF exp_within(VF x) {
  constexpr float magic = 393216.0f;  // 1.5 * 2^18: the last five bits are i
  VF t = x * 1.44269504088896341f + magic;
  VF n = t - magic;
  VF r = x - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  VF root = _mm512_permutex2var_ps(_mm512_load_ps(kRoots), (__m512i)bits(t), _mm512_load_ps(kRoots + 16));
  return _mm512_scalef_ps(root + root * r * (1.0000147f + 0.5f * r), n);  // minimax for |r| <= ln 2 / 64
}
#else
DS_INLINE VF exp_within(VF x) {
  ReducedF e = reduce_exp(x);
  return scaled(1.0f + (e.r + e.r * e.r * expm1_tail(e.r)), e.n, e.whole);
}
#endif
DS_INLINE VF exp(VF x) { return exp_within(at_least(at_most(x, 89.0f), -104.0f)); }
DS_INLINE VF exp_negative(VF x) { return exp_within(at_least(x, -104.0f)); }  // x <= 0 or NaN
DS_INLINE VF exp2(VF x) {
  x = at_least(at_most(x, 129.0f), -151.0f);
  VF n = rounded<kNearest>(x);
  VF r = (x - n) * 0.693147180559945309f;
  VF whole = n == n ? n : splat(0.0f);
  return scaled(1.0f + (r + r * r * expm1_tail(r)), n, __builtin_convertvector(whole, VI));
}
DS_INLINE VF expm1(VF x) {
  ReducedF e = reduce_exp(at_least(at_most(x, 89.0f), -20.0f));
  VF p = e.r + e.r * e.r * expm1_tail(e.r);
  VF s = real((e.whole - 1 + 127) << 23);  // half the scale: n may be 128
  VF y = (s * p + (s - 0.5f)) * 2.0f;
  return x == 0.0f ? x : y;
}
DS_INLINE VF expm1_negative(VF x) {  // x <= 0 or NaN; -0 may become 0
  ReducedF e = reduce_exp(at_least(x, -20.0f));
  VF p = e.r + e.r * e.r * expm1_tail(e.r);
  VF s = real((e.whole + 127) << 23);
  return s * p + (s - 1.0f);
}
DS_INLINE VF log(VF x) {
  auto tiny = x < 1.17549435e-38f;
  VF scaled_x = tiny ? x * 8388608.0f : x;
  VI b = bits(scaled_x) - 0x3f3504f3;  // sqrt(1/2)
  VI k = b >> 23;
  VF f = real(bits(scaled_x) - (k << 23)) - 1.0f;
  VF e = __builtin_convertvector(k, VF) + (tiny ? splat(-23.0f) : splat(0.0f));
  VF z = f * f;
  VF p = 7.0376836292e-2f * f - 1.1514610310e-1f;
  p = p * f + 1.1676998740e-1f;
  p = p * f - 1.2420140846e-1f;
  p = p * f + 1.4249322787e-1f;
  p = p * f - 1.6668057665e-1f;
  p = p * f + 2.0000714765e-1f;
  p = p * f - 2.4999993993e-1f;
  p = p * f + 3.3333331174e-1f;
  VF y = p * f * z + e * -2.12194440e-4f;
  y = y - 0.5f * z;
  y = (f + y) + e * 0.693359375f;
  y = x == 0.0f ? splat(-kInfF) : y;
  y = x < 0.0f ? splat(kNanF) : y;
  return (x != x) | (x == kInfF) ? x : y;
}
// 2 n q / (q^2 + n^2), n / q being tanh(x / 2) as an odd rational minimax: doubling the angle damps the errors of both.
// The coefficients' last bits are chosen for the rounded result, which never exceeds 1.
DS_INLINE VF tanh(VF given) {
  VF x = given;
  x = at_least(at_most(x, kTanhLimit), -kTanhLimit);
  VF s = x * x;
  VF p = 1.14278853e-4f * s + 2.97744181e-2f;
  VF n = x * s * p + x;
  VF q = 2.45907768e-6f * s + 2.41327682e-3f;
  q = q * s + 2.26215318e-1f;
  q = q * s + 2.0f;
  VF square = n * n;
  VF y = n * (q + q) / (q * q + square);
  return absolute(given) >= kTanhLimit ? with_sign(splat(1.0f), given) : y;  // NaN stays y
}
// e^x / (1 + e^x) keeps its relative accuracy for x << 0 and is 1 from 17 on.
DS_INLINE VF sigmoid(VF x) {
  VF e = exp_within(at_least(at_most(x, 20.0f), -104.0f));
  return e / (1.0f + e);
}
DS_INLINE VF erf(VF x) {
  VF t = absolute(x), s = x * x;
  VF r = -1.72853470e-5f * t + 3.83197126e-4f;
  VF u = -3.88396438e-3f * t + 2.42546219e-2f;
  r = r * s + u;
  r = r * t - 1.06777877e-1f;
  r = r * t - 6.34846687e-1f;
  r = r * t - 1.28717512e-1f;
  r = r * t - t;
  VF far = with_sign(1.0f - exp_negative(t > 4.0f ? splat(-20.0f) : r), x);
  VF q = -5.96761703e-4f * s + 4.99119423e-3f;
  q = q * s - 2.67681349e-2f;
  q = q * s + 1.12819925e-1f;
  q = q * s - 3.76125336e-1f;
  q = q * s + 1.28379166e-1f;
  VF near = q * x + x;
  return t > 0.927734375f ? far : near;  // NaN goes near
}

}  // namespace
}  // namespace ds::cpu::DS_ISA
