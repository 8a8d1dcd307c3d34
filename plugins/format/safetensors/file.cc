#include "file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "deepseek/service.hpp"

namespace ds::safetensors {
namespace {

std::string reason(int code) { return std::generic_category().message(code); }

// Where a link leads; the path itself if there is nothing yet.
std::string resolved(const std::string& path) {
  if (char* real = realpath(path.c_str(), nullptr)) {
    std::string answer = real;
    std::free(real);
    return answer;
  }
  return path;
}

}  // namespace

MappedFile::MappedFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    const int code = errno;
    throw Error(code == ENOENT ? DS_NOT_FOUND : DS_IO_ERROR, path + ": cannot be opened: " + reason(code));
  }
  struct stat about {};
  if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
    close(fd);
    throw Error(DS_IO_ERROR, path + ": is not a regular file");
  }
  size_ = static_cast<uint64_t>(about.st_size);
  if (size_ > 0) {
    data_ = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data_ == MAP_FAILED) {
      const int code = errno;
      close(fd);
      throw Error(DS_IO_ERROR, path + ": cannot be mapped: " + reason(code));
    }
    madvise(data_, size_, MADV_SEQUENTIAL);
  }
  close(fd);
}

MappedFile::~MappedFile() {
  if (data_) munmap(data_, size_);
}

ReplacingFile::ReplacingFile(const std::string& path) : path_(resolved(path)) {
  static std::atomic<uint32_t> counter{0};
  const size_t slash = path_.rfind('/');
  folder_ = slash == path_.npos ? "." : path_.substr(0, slash + 1);
  const std::string name = slash == path_.npos ? path_ : path_.substr(slash + 1);
  if (name.empty()) throw Error(DS_INVALID_ARGUMENT, path + ": names no file");
  struct stat old {};
  const bool replaces = stat(path_.c_str(), &old) == 0;
  if (replaces && !S_ISREG(old.st_mode)) throw Error(DS_IO_ERROR, path + ": is not a regular file");
  for (int attempt = 0; fd_ < 0; ++attempt) {
    temporary_ = folder_ + (slash == path_.npos ? "/" : "") + "." + name.substr(0, 200) + "." +
                 std::to_string(getpid()) + "." + std::to_string(counter++) + ".tmp";
    fd_ = open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd_ < 0 && (errno != EEXIST || attempt == 100)) {
      const int code = errno;
      temporary_.clear();
      fail("cannot be written", code);
    }
  }
  // Best effort: a file system without modes still takes the data.
  if (replaces) static_cast<void>(!fchmod(fd_, old.st_mode & 07777));
}

ReplacingFile::~ReplacingFile() {
  if (fd_ >= 0) close(fd_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

void ReplacingFile::fail(const char* what, int code) const {
  throw Error(DS_IO_ERROR, path_ + ": " + what + ": " + reason(code));
}

void ReplacingFile::write(const void* data, uint64_t size) {
  write_at(at_, data, size);
  at_ += size;
}

void ReplacingFile::write_at(uint64_t offset, const void* data, uint64_t size) {
  const char* from = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t done = pwrite(fd_, from, std::min<uint64_t>(size, 1u << 30), static_cast<off_t>(offset));
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) fail("writing failed, the old file is untouched", done < 0 ? errno : ENOSPC);
    from += done, offset += static_cast<uint64_t>(done), size -= static_cast<uint64_t>(done);
  }
}

void ReplacingFile::commit() {
  if (fsync(fd_) != 0) fail("writing failed, the old file is untouched", errno);
  const int fd = std::exchange(fd_, -1);
  if (close(fd) != 0) fail("writing failed, the old file is untouched", errno);
  if (rename(temporary_.c_str(), path_.c_str()) != 0) fail("cannot be replaced", errno);
  temporary_.clear();
  const int folder = open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) fail("replaced, but its folder cannot be opened to make that permanent", errno);
  const int code = fsync(folder) == 0 ? 0 : errno;
  close(folder);
  // Some file systems cannot sync folders and say so.
  if (code != 0 && code != EINVAL) fail("replaced, but its folder could not be synced", code);
}

}  // namespace ds::safetensors
