// A fast 64-bit mixing hash for structural keys; every hit is confirmed by comparing.
#pragma once
#include <cstdint>
#include <cstring>

namespace ds::core {

inline uint64_t mix(uint64_t hash, uint64_t value) {
  __uint128_t product = __uint128_t(hash ^ value ^ 0x9e3779b97f4a7c15ull) * 0xa0761d6478bd642full;
  return uint64_t(product) ^ uint64_t(product >> 64);
}

inline uint64_t mix_bytes(uint64_t hash, const void* bytes, uint64_t size) {
  auto* p = static_cast<const unsigned char*>(bytes);
  hash = mix(hash, size);
  for (; size >= 8; p += 8, size -= 8) {
    uint64_t word;
    std::memcpy(&word, p, 8);
    hash = mix(hash, word);
  }
  uint64_t word = 0;
  if (size) {
    std::memcpy(&word, p, size);
    hash = mix(hash, word);
  }
  return hash;
}

}  // namespace ds::core
