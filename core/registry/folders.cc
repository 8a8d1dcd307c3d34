#include "core/registry/folders.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace ds::core {

const char* environment(const char* name) {
  const char* value = secure_getenv(name);
  return value && *value ? value : nullptr;
}

std::string errno_text() {
  char text[128] = "";
  return strerror_r(errno, text, sizeof text);  // GNU's: answers the text
}

std::vector<Folder> path_folders() {
  std::vector<Folder> folders;
  const char* value = environment("DS_PLUGIN_PATH");
  for (std::string_view rest = value ? value : ""; !rest.empty();) {
    std::string path(rest.substr(0, rest.find(':')));
    rest.remove_prefix(std::min(rest.size(), path.size() + 1));
    if (path.empty()) continue;
    Status problem;
    if (path[0] != '/')
      problem =
          error(DS_INVALID_ARGUMENT, "DS_PLUGIN_PATH: '", path, "' is not an absolute folder; it is not searched");
    folders.push_back({std::move(path), std::move(problem)});
  }
  return folders;
}

std::string user_folder() {
  if (const char* data = environment("XDG_DATA_HOME"); data && *data == '/') return cat(data, "/deepseek/plugins");
  if (const char* home = environment("HOME"); home && *home == '/') return cat(home, "/.local/share/deepseek/plugins");
  return {};
}

std::string system_folder() {
  Dl_info info;
  if (!dladdr(reinterpret_cast<void*>(&system_folder), &info) || !info.dli_fname || *info.dli_fname != '/') return {};
  std::unique_ptr<char, decltype(&std::free)> real(realpath(info.dli_fname, nullptr), &std::free);
  if (!real) return {};
  std::string_view path = real.get();
  return cat(path.substr(0, path.rfind('/')), "/deepseek/plugins");
}

Status list_files(const std::string& folder, std::string_view ending, std::vector<std::string>* names) {
  struct Close {
    void operator()(DIR* d) const { closedir(d); }
  };
  std::unique_ptr<DIR, Close> open(opendir(folder.c_str()));
  if (!open) return error(errno == ENOENT ? DS_NOT_FOUND : DS_IO_ERROR, folder, ": ", errno_text());
  while (const dirent* entry = readdir(open.get())) {
    std::string_view name = entry->d_name;
    if (name.size() > ending.size() && name.ends_with(ending) && name[0] != '.') names->emplace_back(name);
  }
  std::sort(names->begin(), names->end());
  return {};
}

Status read_file(const std::string& path, std::string* content) {
  constexpr off_t kLargest = 16 << 20;
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat info;
  if (fd < 0 || fstat(fd, &info)) {
    std::string why = errno_text();
    if (fd >= 0) close(fd);
    return error(DS_IO_ERROR, path, ": ", why);
  }
  bool fits = S_ISREG(info.st_mode) && info.st_size <= kLargest;
  content->resize(fits ? size_t(info.st_size) : 0);
  size_t done = 0;
  ssize_t n = 1;
  while (fits && done < content->size() && (n = read(fd, content->data() + done, content->size() - done)) > 0)
    done += size_t(n);
  std::string why = n < 0 ? errno_text() : "";
  close(fd);
  if (!fits) return error(DS_BAD_PLUGIN, path, ": not a regular file below 16 MB");
  if (n < 0) return error(DS_IO_ERROR, path, ": ", why);
  content->resize(done);
  return {};
}

}  // namespace ds::core
