// What a shared library shows the world, read from its ELF tables.
#pragma once
#include <string>
#include <vector>

namespace ds::tool {

struct Exports {
  std::vector<std::string> symbols;    // defined, visible
  std::vector<std::string> libraries;  // it needs
  bool executable_stack = false, text_relocations = false;
};
Exports read_exports(const std::string& path);  // throws std::runtime_error

}  // namespace ds::tool
