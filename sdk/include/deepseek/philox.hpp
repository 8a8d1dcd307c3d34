// philox.hpp: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011), and how random
// operators turn it into elements. A counter gives four words without any others being computed, so every kernel on
// every device can draw element i by itself and all of them draw the same.
//
// state = [seed, offset]. Block b of a call has the key {seed low, seed high} and the counter {b low, b high, offset
// low, offset high}: calls with different offsets never share a block, however long they are.
//
//   words, integers    element i is word i % 4 of block i / 4; 64-bit: words 2 (i % 2), low, and 2 (i % 2) + 1, high,
//   of
//                      block i / 2
//   uniform [0, 1)     the upper 24 bits of the word times 2^-24 (f32), upper 11 bits (f16), upper 8 bits (bf16);
//                      f64: upper 53 bits of the 64-bit integer times 2^-53. All exact.
//   normal             Box-Muller on the words of a pair, elements i and i + 1 with i even, u and v their uniforms in
//   f32
//                      (f64 for f64), u taken as 1 - u: sqrt(-2 log u) cos(2 pi v) for i, sin for i + 1, in double and
//                      rounded once. Kernels may differ by 1e-6 (f64: 1e-13) absolutely.
#pragma once
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <utility>

namespace ds {

using PhiloxBlock = std::array<uint32_t, 4>;

// Ten rounds.
inline PhiloxBlock philox(PhiloxBlock counter, std::array<uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = uint64_t{0xD2511F53u} * counter[0], b = uint64_t{0xCD9E8D57u} * counter[2];
    counter = {uint32_t(b >> 32) ^ counter[1] ^ key[0], uint32_t(b), uint32_t(a >> 32) ^ counter[3] ^ key[1],
               uint32_t(a)};
    key[0] += 0x9E3779B9u;
    key[1] += 0xBB67AE85u;
  }
  return counter;
}

// The elements of one call; elements in order cost a quarter of a block each.
class Philox {
 public:
  Philox(uint64_t seed, uint64_t offset) : seed_(seed), offset_(offset) {}

  PhiloxBlock block(uint64_t b) const {
    return philox({uint32_t(b), uint32_t(b >> 32), uint32_t(offset_), uint32_t(offset_ >> 32)},
                  {uint32_t(seed_), uint32_t(seed_ >> 32)});
  }
  uint32_t word(int64_t i) { return at(uint64_t(i) / 4)[size_t(i % 4)]; }
  uint64_t integer(int64_t i) {
    const PhiloxBlock& words = at(uint64_t(i) / 2);
    return words[size_t(i % 2 * 2)] | uint64_t{words[size_t(i % 2 * 2 + 1)]} << 32;
  }
  double uniform24(int64_t i) { return double(word(i) >> 8) * 0x1p-24; }
  double uniform53(int64_t i) { return double(integer(i) >> 11) * 0x1p-53; }
  double normal24(int64_t i) { return box_muller(uniform24(i & ~int64_t{1}), uniform24(i | 1), i & 1); }
  double normal53(int64_t i) { return box_muller(uniform53(i & ~int64_t{1}), uniform53(i | 1), i & 1); }
  // Below bound by multiplication, element i's 64-bit integer; the bias is below bound * 2^-64.
  uint64_t below(int64_t i, uint64_t bound) {
    return uint64_t((static_cast<unsigned __int128>(integer(i)) * bound) >> 64);
  }

 private:
  static double box_muller(double u, double v, bool odd) {
    const double radius = std::sqrt(-2 * std::log1p(-u)), angle = 2 * std::numbers::pi * v;
    return radius * (odd ? std::sin(angle) : std::cos(angle));
  }
  const PhiloxBlock& at(uint64_t b) {
    if (b != kept_number_ || !kept_valid_) kept_ = block(b), kept_number_ = b, kept_valid_ = true;
    return kept_;
  }
  uint64_t seed_, offset_, kept_number_ = 0;
  bool kept_valid_ = false;
  PhiloxBlock kept_{};
};

}  // namespace ds
