// list, info, manifest: what plugins there are and what they say about themselves.
#include <unistd.h>

#include <cstdio>

#include "deepseek/ds.h"
#include "sdk/ds-plugin/commands.h"
#include "sdk/ds-plugin/probe.h"

namespace ds::tool {
namespace {

std::vector<Json> installed() {
  ds_handle context = 0;
  if (ds_context_create(&context)) throw ProbeError(start_failure());
  std::vector<Json> plugins;
  auto add = [](void* user, const char* text, uint64_t length) -> int32_t {
    static_cast<std::vector<Json>*>(user)->push_back(Json::parse(std::string_view(text, length)));
    return 0;
  };
  ds_plugins(context, add, &plugins);
  ds_context_destroy(context);
  return plugins;
}

std::string string_of(const Json& object, const char* member) { return object.value(member, std::string()); }

bool is_file(const std::string& text) { return text.find('/') != text.npos || std::filesystem::exists(text); }

// "12 operators, 3 kernels"
std::string counts(const Json& provides) {
  std::vector<std::pair<std::string, int>> kinds;
  for (auto& p : provides) {
    std::string id = string_of(p, "interface"), kind = id.substr(0, id.find('/'));
    if (kind.starts_with("ds.")) kind = kind.substr(3);
    if (kind == "service") kind = string_of(p, "kind");
    auto it = std::find_if(kinds.begin(), kinds.end(), [&](auto& k) { return k.first == kind; });
    if (it == kinds.end()) it = kinds.insert(kinds.end(), {kind, 0});
    ++it->second;
  }
  std::string text;
  for (auto& [kind, count] : kinds) {
    std::string plural = kind.ends_with("s") ? kind + "es" : kind + "s";
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + (count == 1 ? kind : plural);
  }
  return text;
}

}  // namespace

std::string start_failure() {
  int32_t code = 0;
  ds_text text{};
  ds_error(0, &code, &text, nullptr);
  return "the core does not start: " + std::string(view(text));
}

std::filesystem::path prefix() { return std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path(); }

std::string library_of(const std::string& file_or_name) {
  if (is_file(file_or_name)) return file_or_name;
  for (auto& plugin : installed())
    if (string_of(plugin, "name") == file_or_name) return string_of(plugin, "path");
  throw ProbeError("there is neither a file nor an installed plugin " + file_or_name);
}

int list_plugins(bool json) {
  int broken = 0;
  for (auto& plugin : installed()) {
    std::string error = string_of(plugin, "error"), name = string_of(plugin, "name");
    broken += !error.empty();
    if (json) {
      std::printf("%s\n", plugin.dump().c_str());
    } else if (error.empty()) {
      std::printf("%-24s %-8s %s\n", name.c_str(), string_of(plugin, "version").c_str(),
                  counts(plugin["provides"]).c_str());
    } else {
      std::printf("%-24s %s\n", name.empty() ? "(unusable)" : name.c_str(), error.c_str());
    }
  }
  return broken ? 1 : 0;
}

int show_plugin(const std::string& file_or_name) {
  std::string path = library_of(file_or_name);
  Json m = probe_manifest(path);
  std::printf("%s %s   ABI %d.%d   %s\n", string_of(m, "name").c_str(), string_of(m, "version").c_str(),
              m["abi"][0].get<int>(), m["abi"][1].get<int>(), string_of(m, "license").c_str());
  if (std::string text = string_of(m, "description"); !text.empty()) std::printf("%s\n", text.c_str());
  std::printf("%s\n", path.c_str());
  for (auto& name : m["dependencies"]) std::printf("needs %s\n", name.get<std::string>().c_str());
  for (auto& p : m["provides"]) {
    std::string line = string_of(p, "name");
    for (const char* member : {"role", "op", "device", "kind"})
      if (std::string text = string_of(p, member); !text.empty()) line += std::string("  ") + member + " " + text;
    std::printf("  %-16s %s\n", string_of(p, "interface").c_str(), line.c_str());
  }
  return 0;
}

int write_manifest(const std::string& file) {
  std::printf("%s\n", probe_manifest(file).dump(1).c_str());
  return 0;
}

}  // namespace ds::tool
