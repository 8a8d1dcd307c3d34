// random.cc: Philox counters and normal numbers, several at a time.
#include "simd/math_f64.h"

extern "C" {
double sin(double) noexcept;
double cos(double) noexcept;
}

namespace ds::cpu::DS_ISA {

void philox_blocks(uint32_t* words, uint64_t first, uint64_t seed, uint64_t offset) {
  constexpr int kBlocks = 16;
  uint32_t c0[kBlocks], c1[kBlocks], c2[kBlocks], c3[kBlocks];
  for (int i = 0; i < kBlocks; ++i) {
    c0[i] = uint32_t(first + uint64_t(i)), c1[i] = uint32_t((first + uint64_t(i)) >> 32);
    c2[i] = uint32_t(offset), c3[i] = uint32_t(offset >> 32);
  }
  uint32_t k0 = uint32_t(seed), k1 = uint32_t(seed >> 32);
  for (int round = 0; round < 10; ++round, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u)
    for (int i = 0; i < kBlocks; ++i) {
      uint64_t a = uint64_t{0xD2511F53u} * c0[i], b = uint64_t{0xCD9E8D57u} * c2[i];
      c0[i] = uint32_t(b >> 32) ^ c1[i] ^ k0, c1[i] = uint32_t(b);
      c2[i] = uint32_t(a >> 32) ^ c3[i] ^ k1, c3[i] = uint32_t(a);
    }
  for (int i = 0; i < kBlocks; ++i)
    words[4 * i] = c0[i], words[4 * i + 1] = c1[i], words[4 * i + 2] = c2[i], words[4 * i + 3] = c3[i];
}

void normal_pairs(double* pairs, int64_t n, bool exact) {
  constexpr int64_t L = kLanes<double>;
  for (int64_t i = 0; i < n; i += 2 * L) {
    VD u{}, v{};
    int64_t lanes = (n - i) / 2 < L ? (n - i) / 2 : L;
    for (int64_t k = 0; k < lanes; ++k) u[k] = pairs[i + 2 * k], v[k] = pairs[i + 2 * k + 1];
    VD radius = sqrt_(-2.0 * log_f(1.0 - u)), angle = 6.28318530717958647692 * v;
    VD c, s;
    if (exact) {
      c = each_lane<double>(angle, [](double x) { return ::cos(x); });
      s = each_lane<double>(angle, [](double x) { return ::sin(x); });
    } else {
      c = cos_f(angle), s = sin_f(angle);
    }
    c *= radius, s *= radius;
    for (int64_t k = 0; k < lanes; ++k) pairs[i + 2 * k] = c[k], pairs[i + 2 * k + 1] = s[k];
  }
}

}  // namespace ds::cpu::DS_ISA
