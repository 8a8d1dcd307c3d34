// crc32c.h: the Castagnoli checksum (RFC 3720), with the processor's instruction where there is one.
#pragma once
#include <cstddef>
#include <cstdint>

namespace ds::safetensors {

// Continues from `crc`, 0 at the beginning.
uint32_t crc32c(uint32_t crc, const void* data, size_t size);

}  // namespace ds::safetensors
