// new and build: a plugin from a template, and the one command that builds it.
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>
#include <stdexcept>

#include "sdk/ds-plugin/commands.h"
#include "sdk/ds-plugin/probe.h"

namespace ds::tool {
namespace fs = std::filesystem;
namespace {

// What templates are named, in the spellings they use.
struct Spelling {
  std::string dotted, underlined, last, type;
};
Spelling spell(const std::string& name) {
  Spelling s{name, name, name.substr(name.rfind('.') + 1), ""};
  std::replace(s.underlined.begin(), s.underlined.end(), '.', '_');
  std::replace(s.underlined.begin(), s.underlined.end(), '-', '_');
  std::replace(s.last.begin(), s.last.end(), '-', '_');
  bool upper = true;
  for (char c : s.last) {
    if (c != '_') s.type += upper ? char(std::toupper(static_cast<unsigned char>(c))) : c;
    upper = c == '_';
  }
  return s;
}

void replace_all(std::string* text, const std::string& from, const std::string& to) {
  for (size_t at = 0; (at = text->find(from, at)) != std::string::npos; at += to.size())
    text->replace(at, from.size(), to);
}

// Whole words only: "anything" stays.
std::string replace_word(const std::string& text, const std::string& from, const std::string& to) {
  return std::regex_replace(text, std::regex("\\b" + from + "\\b"), to);
}

std::string rename(const std::string& original, const Spelling& to) {
  static const Spelling from = spell("acme.thing");
  std::string text = original;
  replace_all(&text, from.dotted, to.dotted);
  replace_all(&text, from.underlined, to.underlined);
  return replace_word(replace_word(text, from.type, to.type), from.last, to.last);
}

// A device begins as a copy of the null device, whose name is a word of its own in its sources.
std::string rename_null(const std::string& text, const Spelling& to) {
  return replace_word(replace_word(text, "null", to.last), "kType = 1024", "kType = 1025");
}

std::string read_all(const fs::path& file) {
  std::ostringstream content;
  content << std::ifstream(file, std::ios::binary).rdbuf();
  return content.str();
}

std::string kinds_of(const fs::path& templates) {
  std::vector<std::string> names;
  for (auto& entry : fs::directory_iterator(templates)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  std::string text;
  for (auto& name : names) text += " " + name;
  return text;
}

void check_name(const std::string& name) {
  auto fits = [](char c) {
    return std::islower(static_cast<unsigned char>(c)) || std::isdigit(static_cast<unsigned char>(c)) || c == '_' ||
           c == '.';
  };
  bool parts = !name.empty() && name.front() != '.' && name.back() != '.' && name.find("..") == name.npos;
  if (!parts || !std::all_of(name.begin(), name.end(), fits) ||
      std::isdigit(static_cast<unsigned char>(spell(name).last[0])))
    throw std::invalid_argument("the name '" + name + "' should look like vendor.name, of [a-z0-9_.]");
}

// The shell's single quotes, so that any folder can be named.
std::string shell_word(const fs::path& path) {
  std::string text = path.string();
  replace_all(&text, "'", "'\\''");
  return "'" + text + "'";
}

int run(const std::string& command) {
  std::printf("%s\n", command.c_str());
  std::fflush(stdout);
  return std::system(command.c_str()) == 0 ? 0 : 1;
}

}  // namespace

int new_plugin(const std::string& kind, const std::string& name) {
  fs::path templates = prefix() / "share/deepseek/template", from = templates / kind;
  if (kind.find('/') != kind.npos || !fs::is_directory(from))
    throw std::invalid_argument("there is no template '" + kind + "'; there are" + kinds_of(templates));
  check_name(name);
  if (fs::exists(name)) throw std::invalid_argument(name + " exists");
  Spelling to = spell(name);
  int files = 0;
  std::string shown;
  auto copy = [&](const fs::path& folder, std::string (*renamed)(const std::string&, const Spelling&)) {
    for (auto& entry : fs::directory_iterator(folder)) {
      std::string file = entry.path().filename();
      if (!entry.is_regular_file() || file.ends_with("_test.cc")) continue;
      fs::path target = fs::path(name) / renamed(file, to);
      std::string content = renamed(read_all(entry.path()), to);
      fs::create_directories(target.parent_path());
      std::ofstream out(target, std::ios::binary);
      if (!(out << content) || !out.flush()) throw std::runtime_error(target.string() + ": cannot be written");
      ++files;
      if (target.extension() == ".cc" || target.extension() == ".c")
        shown += (shown.empty() ? "" : ", ") + target.filename().string() + " " +
                 std::to_string(std::count(content.begin(), content.end(), '\n')) + " lines";
    }
  };
  copy(from, rename);
  if (kind == "device") copy(prefix() / "share/deepseek/null", rename_null);
  std::printf("created %d files (%s)\nnext: cd %s && ds-plugin build && ds-plugin check build/%s.so\n", files,
              shown.c_str(), name.c_str(), name.c_str());
  return 0;
}

int build_plugin() {
  fs::path installed = prefix();
  if (fs::exists("CMakeLists.txt")) {
    std::string configure = "cmake -S . -B build -DCMAKE_BUILD_TYPE=Release";
    if (!fs::exists("build/CMakeCache.txt"))
      if (int status = run(configure + " -DDeepSeek_DIR=" + shell_word(installed / "lib/cmake/DeepSeek") +
                           " > build.log || { cat build.log; exit 1; }"))
        return status;
    std::error_code none;
    fs::remove("build.log", none);
    return run("cmake --build build");
  }
  std::string name = fs::current_path().filename(), sources;
  for (auto& entry : fs::directory_iterator("."))
    if (entry.path().extension() == ".cc" || entry.path().extension() == ".c")
      sources += " " + shell_word(entry.path().filename());
  if (sources.empty()) throw std::invalid_argument("there is neither a CMakeLists.txt nor a source file here");
  fs::create_directories("build");
  std::string library = "build/" + name + ".so";
  std::string flags = " -O2 -shared -fPIC -fvisibility=hidden -I" + shell_word(installed / "include") +
                      " -Wl,--version-script=" + shell_word(installed / "lib/cmake/DeepSeek/plugin.map") +
                      " -DDS_PLUGIN_NAME='\"" + name + "\"'";
  bool c = sources.find(".cc'") == sources.npos;
  std::string compiler = c ? "cc -std=c11" : "c++ -std=c++20 -fvisibility-inlines-hidden -fno-gnu-unique";
  if (int status = run(compiler + flags + sources + " -o " + shell_word(library))) return status;
  std::ofstream("build/" + name + ".json") << probe_manifest(library).dump(1) << "\n";
  return 0;
}

}  // namespace ds::tool
