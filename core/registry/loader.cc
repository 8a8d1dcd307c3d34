#include "core/registry/loader.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "core/base/sha256.h"
#include "core/registry/folders.h"
#include "core/registry/table.h"

namespace ds::core {
namespace {

struct File {
  explicit File(const std::string& path) : fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  File(const File&) = delete;
  ~File() {
    if (fd >= 0) close(fd);
  }
  int fd;
};

Status hash_file(int fd, std::string* hash) {
  Sha256 sha;
  std::string chunk(1 << 20, '\0');
  off_t at = 0;
  for (ssize_t n; (n = pread(fd, chunk.data(), chunk.size(), at)) != 0; at += n) {
    if (n < 0) return error(DS_IO_ERROR, errno_text());
    sha.add(chunk.data(), uint64_t(n));
  }
  *hash = sha.finish();
  return {};
}

// The hash a lock file holds for a file name; empty when it holds none.
Status locked_hash(const std::string& lock, std::string_view name, std::string* hash) {
  std::string content;
  DS_RETURN_IF_ERROR(read_file(lock, &content));
  for (std::string_view rest = content; !rest.empty();) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    // "hash  name", or "hash *name" of sha256sum --binary
    if (line.size() > 66 && line[64] == ' ' && (line[65] == ' ' || line[65] == '*') && line.substr(66) == name)
      *hash = line.substr(0, 64);
  }
  return {};
}

Status check_hash(const std::string& path, int fd) {
  size_t slash = path.rfind('/');
  const char* named = environment("DS_PLUGIN_LOCK");
  std::string lock = named ? named : path.substr(0, slash) + "/plugins.lock";
  std::string wanted, actual;
  DS_RETURN_IF_ERROR(locked_hash(lock, std::string_view(path).substr(slash + 1), &wanted));
  if (wanted.empty()) return error(DS_BAD_PLUGIN, "is not listed in ", lock);
  DS_RETURN_IF_ERROR(hash_file(fd, &actual));
  if (wanted != actual) return error(DS_BAD_PLUGIN, "its SHA-256 is ", actual, ", ", lock, " says ", wanted);
  return {};
}

// Whether the memory at `address` is mapped from the file that was hashed, and not from one put in its place since.
bool mapped_from(const void* address, int fd) {
  struct stat info;
  std::string maps;
  File file("/proc/self/maps");
  if (fstat(fd, &info) || file.fd < 0) return false;
  char chunk[8192];
  for (ssize_t n; (n = read(file.fd, chunk, sizeof chunk)) > 0;) maps.append(chunk, size_t(n));
  uint64_t wanted = reinterpret_cast<uint64_t>(address);
  for (std::string_view rest = maps; !rest.empty();) {
    std::string line(rest.substr(0, rest.find('\n')));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    unsigned long begin = 0, end = 0, inode = 0;
    int name_at = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx %*s %*s %*s %lu %n", &begin, &end, &inode, &name_at) < 3) continue;
    if (wanted < begin || wanted >= end) continue;
    // The device numbers of maps and stat differ on overlay file systems, so the path's decide.
    struct stat mapped;
    return inode == info.st_ino && name_at && !stat(line.c_str() + name_at, &mapped) && mapped.st_dev == info.st_dev &&
           mapped.st_ino == info.st_ino;
  }
  return false;
}

// dlsym also searches what the library links, whose door is not the plugin's.
void* own_symbol(void* library, const char* name) {
  void* symbol = dlsym(library, name);
  link_map *own = nullptr, *other = nullptr;
  Dl_info info;
  if (!symbol || dlinfo(library, RTLD_DI_LINKMAP, &own)) return nullptr;
  if (!dladdr1(symbol, &info, reinterpret_cast<void**>(&other), RTLD_DL_LINKMAP) || own != other) return nullptr;
  return symbol;
}

Status knock(ds_plugin_query_v1_fn door, const ds_host* host, Library* library) {
  ErrorSink sink;
  try {
    library->door = door(host, sink.get());
  } catch (...) {
    return error(DS_BAD_PLUGIN, "its door threw an exception");
  }
  if (!library->door) return sink.take(DS_BAD_PLUGIN, "its door refused");
  return grow(library->door, &library->plugin);
}

Status open_checked(const std::string& path, Policy policy, const ds_host* host, Library* library) {
  File file(path);
  if (file.fd < 0) return error(errno == ENOENT ? DS_NOT_FOUND : DS_IO_ERROR, errno_text());
  DS_RETURN_IF_ERROR(check_elf(file.fd));
  if (policy != Policy::kOff) {
    Status verdict = check_hash(path, file.fd);
    if (verdict && policy == Policy::kEnforce) return std::move(verdict).in("refused by DS_PLUGIN_POLICY=enforce");
    library->warning = verdict ? verdict.text() : "";
  }
  void* opened = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!opened) {
    const char* why = dlerror();
    return error(DS_BAD_PLUGIN, "the dynamic linker refuses it: ", why ? why : "no reason given");
  }
  void* symbol = own_symbol(opened, DS_PLUGIN_DOOR);
  if (!symbol)
    return error(DS_BAD_PLUGIN, "is no plugin for ABI major ", DS_ABI_MAJOR, ": it does not export " DS_PLUGIN_DOOR);
  if (policy == Policy::kEnforce && !mapped_from(symbol, file.fd))
    return error(DS_BAD_PLUGIN, "was replaced between check and load");
  return knock(reinterpret_cast<ds_plugin_query_v1_fn>(symbol), host, library);
}

}  // namespace

Status read_policy(Policy* policy) {
  const char* value = environment("DS_PLUGIN_POLICY");
  std::string_view word = value ? value : "off";
  *policy = word == "off" ? Policy::kOff : word == "warn" ? Policy::kWarn : Policy::kEnforce;
  if (*policy == Policy::kEnforce && word != "enforce")
    return error(DS_INVALID_ARGUMENT, "DS_PLUGIN_POLICY is '", word, "', not off, warn or enforce; enforce is assumed");
  return {};
}

Status open_library(const std::string& path, Policy policy, const ds_host* host, Library* library) {
  if (auto status = open_checked(path, policy, host, library)) return std::move(status).in(path);
  return {};
}

}  // namespace ds::core
