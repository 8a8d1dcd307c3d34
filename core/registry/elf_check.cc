#include <elf.h>
#include <link.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <vector>

#include "core/registry/loader.h"

namespace ds::core {
namespace {

#if defined(__x86_64__)
constexpr uint16_t kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr uint16_t kMachine = EM_AARCH64;
#elif defined(__riscv)
constexpr uint16_t kMachine = EM_RISCV;
#else
constexpr uint16_t kMachine = EM_NONE;
#endif

bool inside(uint64_t offset, uint64_t size, uint64_t file) { return offset <= file && size <= file - offset; }

template <class T>
bool read_table(int fd, uint64_t offset, uint64_t count, uint64_t file, std::vector<T>* table) {
  uint64_t bytes = count * sizeof(T);
  if (!inside(offset, bytes, file)) return false;
  table->resize(count);
  return !count || pread(fd, table->data(), bytes, off_t(offset)) == ssize_t(bytes);
}

}  // namespace

Status check_elf(int fd) {
  struct stat info;
  if (fstat(fd, &info) || !S_ISREG(info.st_mode)) return error(DS_BAD_PLUGIN, "is not a regular file");
  uint64_t file = uint64_t(info.st_size);
  auto truncated = [&](std::string_view what) {
    return error(DS_BAD_PLUGIN, "is truncated: ", what, " lies behind its end (", file, " bytes)");
  };
  ElfW(Ehdr) header;
  if (file < sizeof header) return error(DS_BAD_PLUGIN, "is no shared library: ", file, " bytes");
  if (pread(fd, &header, sizeof header, 0) != ssize_t(sizeof header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG))
    return error(DS_BAD_PLUGIN, "is no shared library: the ELF magic number is missing");
  if (header.e_ident[EI_CLASS] != (sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32) || header.e_type != ET_DYN ||
      (kMachine != EM_NONE && header.e_machine != kMachine))
    return error(DS_BAD_PLUGIN, "is no shared library for this machine (class ", int(header.e_ident[EI_CLASS]),
                 ", type ", header.e_type, ", machine ", header.e_machine, ")");
  if (header.e_phentsize != sizeof(ElfW(Phdr)) || !header.e_phnum)
    return error(DS_BAD_PLUGIN, "has no program headers");

  std::vector<ElfW(Phdr)> segments;
  if (!read_table(fd, header.e_phoff, header.e_phnum, file, &segments)) return truncated("its program header table");
  bool dynamic = false;
  for (auto& s : segments) {
    dynamic |= s.p_type == PT_DYNAMIC;
    if (s.p_type != PT_NULL && s.p_type != PT_GNU_STACK && !inside(s.p_offset, s.p_filesz, file))
      return truncated("a segment");
  }
  if (!dynamic) return error(DS_BAD_PLUGIN, "has no dynamic section");
  if (!header.e_shnum) return {};
  std::vector<ElfW(Shdr)> sections;
  if (header.e_shentsize != sizeof(ElfW(Shdr)) || !read_table(fd, header.e_shoff, header.e_shnum, file, &sections))
    return truncated("its section header table");
  for (auto& s : sections)
    if (s.sh_type != SHT_NOBITS && s.sh_type != SHT_NULL && !inside(s.sh_offset, s.sh_size, file))
      return truncated("a section");
  return {};
}

}  // namespace ds::core
