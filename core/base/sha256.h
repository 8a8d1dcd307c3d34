// SHA-256 as in FIPS 180-4, section 6.2.
#pragma once
#include <array>
#include <cstdint>
#include <string>

namespace ds::core {

class Sha256 {
 public:
  void add(const void* bytes, uint64_t size);
  std::string finish();  // 64 hexadecimal digits; the object is spent afterwards

 private:
  void block(const unsigned char* bytes);
  std::array<uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<unsigned char, 64> rest_;
  uint64_t total_ = 0;  // bytes added
};

}  // namespace ds::core
