#include "sdk/ds-plugin/exports.h"

#include <elf.h>
#include <link.h>

#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace ds::tool {
namespace {

class Elf {
 public:
  explicit Elf(const std::string& path) {
    std::ostringstream content;
    std::ifstream file(path, std::ios::binary);
    if (!file || !(content << file.rdbuf())) throw std::runtime_error("cannot be read");
    bytes_ = content.str();
    header_ = read<ElfW(Ehdr)>(0);
    if (std::memcmp(header_.e_ident, ELFMAG, SELFMAG) || header_.e_ident[EI_CLASS] != (sizeof(void*) == 8 ? 2 : 1))
      throw std::runtime_error("is no shared library for this machine");
  }
  template <class T>
  T read(uint64_t offset) const {
    T value;
    if (offset > bytes_.size() || bytes_.size() - offset < sizeof value) throw std::runtime_error("is truncated");
    std::memcpy(&value, bytes_.data() + offset, sizeof value);
    return value;
  }
  std::string text(uint64_t offset) const {
    if (offset >= bytes_.size()) throw std::runtime_error("is truncated");
    return bytes_.substr(offset, bytes_.find('\0', offset) - offset);
  }
  const ElfW(Ehdr) & header() const { return header_; }
  ElfW(Shdr) section(uint64_t i) const { return read<ElfW(Shdr)>(header_.e_shoff + i * sizeof(ElfW(Shdr))); }
  ElfW(Phdr) segment(uint64_t i) const { return read<ElfW(Phdr)>(header_.e_phoff + i * sizeof(ElfW(Phdr))); }

 private:
  std::string bytes_;
  ElfW(Ehdr) header_;
};

void read_symbols(const Elf& elf, const ElfW(Shdr) & table, Exports* exports) {
  ElfW(Shdr) names = elf.section(table.sh_link);
  for (uint64_t at = 0; at + sizeof(ElfW(Sym)) <= table.sh_size; at += sizeof(ElfW(Sym))) {
    auto symbol = elf.read<ElfW(Sym)>(table.sh_offset + at);
    auto binding = ELF64_ST_BIND(symbol.st_info);
    auto visibility = ELF64_ST_VISIBILITY(symbol.st_other);
    if (symbol.st_shndx == SHN_UNDEF || binding == STB_LOCAL || visibility == STV_HIDDEN || visibility == STV_INTERNAL)
      continue;
    exports->symbols.push_back(elf.text(names.sh_offset + symbol.st_name));
  }
}

void read_dynamic(const Elf& elf, const ElfW(Shdr) & table, Exports* exports) {
  ElfW(Shdr) names = elf.section(table.sh_link);
  for (uint64_t at = 0; at + sizeof(ElfW(Dyn)) <= table.sh_size; at += sizeof(ElfW(Dyn))) {
    auto entry = elf.read<ElfW(Dyn)>(table.sh_offset + at);
    if (entry.d_tag == DT_NEEDED) exports->libraries.push_back(elf.text(names.sh_offset + entry.d_un.d_val));
    if (entry.d_tag == DT_TEXTREL) exports->text_relocations = true;
    if (entry.d_tag == DT_NULL) break;
  }
}

}  // namespace

Exports read_exports(const std::string& path) {
  Elf elf(path);
  Exports exports;
  for (uint64_t i = 0; i < elf.header().e_phnum; ++i) {
    ElfW(Phdr) segment = elf.segment(i);
    if (segment.p_type == PT_GNU_STACK && (segment.p_flags & PF_X)) exports.executable_stack = true;
  }
  for (uint64_t i = 0; i < elf.header().e_shnum; ++i) {
    ElfW(Shdr) section = elf.section(i);
    if (section.sh_type == SHT_DYNSYM) read_symbols(elf, section, &exports);
    if (section.sh_type == SHT_DYNAMIC) read_dynamic(elf, section, &exports);
  }
  return exports;
}

}  // namespace ds::tool
