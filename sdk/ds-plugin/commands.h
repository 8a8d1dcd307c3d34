// One function per command; each answers the exit status and throws std::exception with what to print.
#pragma once
#include <filesystem>
#include <string>

namespace ds::tool {

int new_plugin(const std::string& kind, const std::string& name);
int build_plugin();
int list_plugins(bool json);
int show_plugin(const std::string& file_or_name);
int write_manifest(const std::string& file);

struct CheckOptions {
  bool json = false;
  double seconds = 300;  // of the longest step
};
int check_plugin(const std::string& file_or_name, const CheckOptions& options);

// Why no context could be made.
std::string start_failure();
// The folder that holds bin/ds-plugin, include/, lib/ and share/.
std::filesystem::path prefix();
// The library of a plugin given as a file or as the name of an installed one. Throws.
std::string library_of(const std::string& file_or_name);

}  // namespace ds::tool
