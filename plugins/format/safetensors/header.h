// header.h: the JSON header of a safetensors file: u64 little-endian length, JSON, then the data without a hole.
#pragma once
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "deepseek/ds_types.h"

namespace ds::safetensors {

inline constexpr uint64_t kMaxHeader = 100'000'000;

// What does not hold in a file.
struct Corrupt : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Entry {
  std::string name;
  ds_dtype dtype = 0;
  std::vector<int64_t> shape;
  uint64_t begin = 0, end = 0;  // in the data
};

struct Header {
  std::vector<Entry> tensors;  // after read_header: in the order of the data
  std::vector<std::pair<std::string, std::string>> metadata;

  const std::string* find(std::string_view key) const;
};

// The name of a dtype in the format ("F32"), nullptr if it has none.
const char* dtype_name(ds_dtype dtype);

// Parses the JSON and proves that the tensors cover data_size bytes exactly, without holes or overlaps, every size
// being that of its shape. data_start: where the data begins in the file, for messages. Throws Corrupt.
Header read_header(std::string_view json, uint64_t data_start, uint64_t data_size);

// JSON padded with blanks so that with its length it fills whole 64 bytes. Throws nlohmann's error for invalid UTF-8.
std::string write_header(const Header& header);

// ---- checksums: metadata "crc32c" is eight hexadecimal digits of the data, then of the header read with zeros in
// place of all sixteen. "checksum" says that they are there, so that a damaged key is noticed too.
inline constexpr std::string_view kChecksum = "crc32c";
inline constexpr std::string_view kChecksumMark = "checksum";
inline constexpr std::string_view kNoChecksum = "0000000000000000";

std::string hexadecimal(uint32_t crc);
// Where the digits lie in the JSON; npos if there are none.
size_t find_checksum(std::string_view json);
// Of the header with its own digits zeroed.
uint32_t header_crc(std::string_view json);

}  // namespace ds::safetensors
