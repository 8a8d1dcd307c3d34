// ds-plugin: what plugin authors run.
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

#include "sdk/ds-plugin/commands.h"

namespace {

constexpr const char* kUsage =
    "usage: ds-plugin COMMAND\n"
    "  new KIND NAME      a folder NAME with a complete plugin; KIND: operator operator-c kernel pass device format\n"
    "  build              builds the plugin in this folder into build/\n"
    "  check FILE|NAME    everything that can be checked, in child processes   [--json] [--seconds N]\n"
    "  info FILE|NAME     what it is and provides\n"
    "  manifest FILE      its manifest, as JSON\n"
    "  list               the plugins found   [--json]\n"
    "  version\n";

using Arguments = std::vector<std::string>;

int usage(FILE* where) {
  std::fputs(kUsage, where);
  return where == stdout ? 0 : 2;
}

// Takes "--name" out of the arguments.
bool take_flag(Arguments* arguments, const char* name) {
  size_t before = arguments->size();
  std::erase(*arguments, name);
  return arguments->size() != before;
}

double take_number(Arguments* arguments, const char* name, double fallback) {
  for (size_t i = 0; i + 1 < arguments->size(); ++i) {
    if ((*arguments)[i] != name) continue;
    fallback = std::stod((*arguments)[i + 1]);
    arguments->erase(arguments->begin() + long(i), arguments->begin() + long(i) + 2);
  }
  return fallback;
}

int run(const std::string& command, Arguments rest) {
  using namespace ds::tool;
  bool json = take_flag(&rest, "--json");
  double seconds = take_number(&rest, "--seconds", 300);
  auto is = [&](const char* name, size_t arguments) { return command == name && rest.size() == arguments; };
  if (is("new", 2)) return new_plugin(rest[0], rest[1]);
  if (is("build", 0)) return build_plugin();
  if (is("check", 1)) return check_plugin(rest[0], {json, seconds});
  if (is("info", 1)) return show_plugin(rest[0]);
  if (is("manifest", 1)) return write_manifest(rest[0]);
  if (is("list", 0)) return list_plugins(json);
  if (is("version", 0)) return std::printf("ds-plugin " DS_VERSION_TEXT "\n"), 0;
  if (command == "help" || command == "--help" || command == "-h") return usage(stdout);
  return usage(stderr);
}

}  // namespace

int main(int count, char** values) {
  if (count < 2) return usage(stderr);
  try {
    return run(values[1], Arguments(values + 2, values + count));
  } catch (const std::exception& e) {
    std::fprintf(stderr, "ds-plugin %s: %s\n", values[1], e.what());
    return 1;
  }
}
