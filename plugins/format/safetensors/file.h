// file.h: a file read through memory, and a file that replaces another whole or not at all.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace ds::safetensors {

// A regular file mapped read-only. Throws Error: DS_NOT_FOUND, DS_IO_ERROR.
class MappedFile {
 public:
  explicit MappedFile(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  std::string_view bytes() const { return {static_cast<const char*>(data_), size_}; }

 private:
  void* data_ = nullptr;
  uint64_t size_ = 0;
};

// Written beside the target under another name; commit puts it in the target's place. Until then the target is
// untouched; whatever fails, the destructor removes the other file. Links are followed. Throws Error.
class ReplacingFile {
 public:
  explicit ReplacingFile(const std::string& path);
  ~ReplacingFile();
  ReplacingFile(const ReplacingFile&) = delete;
  void write(const void* data, uint64_t size);
  void write_at(uint64_t offset, const void* data, uint64_t size);
  // File on disk, renamed, folder on disk.
  void commit();

 private:
  [[noreturn]] void fail(const char* what, int code) const;
  std::string path_, temporary_, folder_;
  int fd_ = -1;
  uint64_t at_ = 0;
};

}  // namespace ds::safetensors
