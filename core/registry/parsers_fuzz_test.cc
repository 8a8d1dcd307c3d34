// Mutated schemas, manifests and lock files: never a crash, and what is accepted holds together.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "core/base/mutator_test.h"
#include "core/base/sha256.h"
#include "core/registry/loader.h"
#include "core/registry/manifest.h"
#include "core/registry/operator.h"
#include "core/registry/registry.h"
#include "core/registry/table.h"
#include "core/tensor/dtype.h"

namespace ds::core {
namespace {

using test::Mutator;

// ---- schemas

std::string type_text(const Schema& s, uint8_t variable) {
  // Variables of one class are told apart by a digit; which one does not matter.
  static const std::string kNames[] = {"any", "number", "real", "float", "int", "bool", "complex"};
  const TypeVariable& v = s.variables[variable];
  if (v.type_class == TypeClass::kExact) return dtype_name(v.exact);
  int before = 0;
  for (uint8_t i = 0; i < variable; ++i) before += s.variables[i].type_class == v.type_class;
  static const std::string kDigits[] = {"", "1", "2", "3", "4", "5", "6", "7", "9"};
  return kNames[size_t(v.type_class)] + kDigits[before % 9];
}

std::string value_text(const AttributeSpec& a) {
  const ds_value& v = a.fallback;
  std::string out;
  auto number = [](double f) {
    char text[40];
    std::snprintf(text, sizeof text, "%.17g", f);
    return std::string(text);
  };
  switch (v.tag) {
    case DS_INT:
      return std::to_string(v.u.i);
    case DS_FLOAT:
      return number(v.u.f);
    case DS_FLAG:
      return v.u.i ? "true" : "false";
    case DS_TYPE:
      return dtype_name(ds_dtype(v.u.i));
    case DS_INTS:
      for (uint32_t i = 0; i < v.count; ++i) out += (i ? "," : "") + std::to_string(v.u.is[i]);
      return "[" + out + "]";
    case DS_FLOATS:
      for (uint32_t i = 0; i < v.count; ++i) out += (i ? "," : "") + number(v.u.fs[i]);
      return "[" + out + "]";
    case DS_STRING:
    case DS_BYTES:
      for (uint32_t i = 0; i < v.count; ++i)
        out += (v.u.s[i] == '"' || v.u.s[i] == '\\' ? "\\" : "") + std::string(1, v.u.s[i]);
      return '"' + out + '"';
    default:
      return "none";
  }
}

std::string print(const Schema& s) {
  static const char* kTags[] = {"", "int", "float", "flag", "string", "ints", "floats", "dtype", "bytes"};
  std::string out = s.name + "(";
  const char* comma = "";
  for (auto& p : s.inputs) {
    out += comma + p.name + ": " + type_text(s, p.variable) + (p.optional ? "?" : p.variadic ? "*" : "");
    comma = ", ";
  }
  if (!s.attributes.empty()) out += std::string(comma) + "*", comma = ", ";
  for (auto& a : s.attributes) {
    out += comma + a.name + ": " + kTags[a.tag] + (a.required ? "" : " = " + value_text(a));
    comma = ", ";
  }
  out += ") -> ";
  for (size_t i = 0; i < s.outputs.size(); ++i) {
    auto& p = s.outputs[i];
    out += (i ? ", " : "") + (p.name.empty() ? "" : p.name + ": ") + type_text(s, p.variable) + (p.variadic ? "*" : "");
  }
  return out;
}

void expect_sound(const Schema& s, const std::string& text) {
  std::set<std::string> names;
  ASSERT_FALSE(s.name.empty()) << text;
  ASSERT_FALSE(s.outputs.empty()) << text;
  for (auto& p : s.inputs) {
    ASSERT_TRUE(!p.name.empty() && names.insert(p.name).second) << text;
    ASSERT_LT(p.variable, s.variables.size()) << text;
    ASSERT_FALSE(p.optional && p.variadic) << text;
    ASSERT_TRUE(!p.variadic || &p == &s.inputs.back()) << text;
  }
  for (auto& p : s.outputs) {
    ASSERT_LT(p.variable, s.variables.size()) << text;
    ASSERT_TRUE(!p.variadic || &p == &s.outputs.back()) << text;
  }
  for (auto& a : s.attributes) {
    ASSERT_TRUE(!a.name.empty() && names.insert(a.name).second) << text;
    ASSERT_TRUE(a.tag >= DS_INT && a.tag <= DS_BYTES) << text;
    ASSERT_TRUE(a.fallback.tag == a.tag || a.fallback.tag == DS_NONE) << text;
    ASSERT_TRUE(!a.required || a.fallback.tag == DS_NONE) << text;
    ASSERT_TRUE(a.tag != DS_TYPE || a.fallback.tag == DS_NONE || is_known(ds_dtype(a.fallback.u.i))) << text;
  }
  for (auto& v : s.variables) ASSERT_TRUE(v.type_class != TypeClass::kExact || is_known(v.exact)) << text;
}

TEST(SchemaFuzz, WhatIsAcceptedHoldsTogetherAndReprints) {
  const std::string kValid[] = {
      "conv2d(x: float, weight: float, bias: float?, *, stride: ints = [1,1], groups: int = 1) -> float",
      "where(cond: bool, a: any, b: any, c: any2, i: i64) -> any, second: any2",
      "map(x: any*, *, expr: bytes) -> any*",
      "acme.f(*, a: int = -3, b: float = 2, c: float = -1.5e-3, d: flag = true, e: string = \"a \\\"b\\\"\", f: ints = "
      "[], g: floats = [1, 2.5], h: dtype = f32, i: ints = none, j: float = inf, k: bytes = \"\", l: int) -> f32",
  };
  Mutator mutator(1,
                  {"*",      "*, ",        "?",    ": ", "->",   ", ",   "any", "any2", "f32",   "int",
                   "[",      "]",          "\"",   "\\", "none", "true", "= ",  "nan",  "1e999", "-9223372036854775809",
                   "x: any", ", y: real9", "bool", "(",  ")",    "."});
  int accepted = 0;
  for (int n = 0; n < 40000; ++n) {
    std::string text = mutator.mutate(kValid[n % 4]);
    std::unique_ptr<char[]> exact(new char[text.size()]);  // the sanitizer sees a read behind it
    std::copy(text.begin(), text.end(), exact.get());
    Schema s;
    s.name = "untouched";
    if (Status status = parse_schema({exact.get(), text.size()}, &s)) {
      ASSERT_EQ(status.code(), DS_BAD_PLUGIN);
      ASSERT_EQ(s.name, "untouched") << text;
      ASSERT_NE(status.text().find(", column "), std::string::npos) << status.text();
      continue;
    }
    exact.reset();  // nothing may be borrowed from the text
    ++accepted;
    expect_sound(s, text);
    if (testing::Test::HasFatalFailure()) return;
    std::string printed = print(s);
    Schema again;
    Status status = parse_schema(printed, &again);
    ASSERT_TRUE(status.ok()) << status.text() << "\n" << text;
    ASSERT_EQ(print(again), printed) << text;
    ASSERT_EQ(again.variables.size(), s.variables.size()) << text << "\n" << printed;
  }
  EXPECT_GT(accepted, 2000);
}

TEST(SchemaFuzz, ManyParametersAreAnErrorOrCounted) {
  for (int count : {1, 199, 200, 201, 300, 70000}) {
    std::string text = "f(";
    for (int i = 0; i < count; ++i) text += (i ? ", x" : "x") + std::to_string(i) + ": any";
    Schema s;
    EXPECT_EQ(parse_schema(text + ") -> any", &s).ok(), count <= 200) << count;
  }
}

// ---- manifests

const std::string kManifest = R"({"name": "kernel.cpu", "version": "1.0.0", "abi": [1, 0], "library": "kernel.cpu.so",
  "description": "d", "license": "Apache-2.0", "dependencies": ["ops.math", "ops.nn"], "provides": [
  {"interface": "ds.operator/1", "name": "matmul", "role": "r"},
  {"interface": "ds.kernel/1", "name": "cpu.matmul", "op": "matmul", "device": "cpu"},
  {"interface": "ds.pass/1", "name": "fuse"}, {"interface": "ds.service/1", "kind": "format", "name": "safetensors"}]})";

TEST(ManifestFuzz, WhatIsAcceptedHoldsTogether) {
  Mutator mutator(2, {"\"",
                      "{",
                      "}",
                      "[",
                      "]",
                      ",",
                      ":",
                      "null",
                      "-1",
                      "1e400",
                      "65536",
                      "\"library\"",
                      "\"provides\": []",
                      "\"op\"",
                      "\\u0000",
                      "\\ud800",
                      "../",
                      "\"name\": 3",
                      "{}",
                      "[1,0]",
                      "true",
                      "\xff",
                      "\xf0\x9f\x92\xa9"});
  int accepted = 0, refused = 0;
  for (int n = 0; n < 40000; ++n) {
    std::string text = mutator.mutate(kManifest);
    Manifest m;
    bool is = false;
    if (Status status = parse_manifest(text, &m, &is)) {
      ++refused;
      ASSERT_EQ(status.code(), DS_BAD_PLUGIN) << text;
      continue;
    }
    if (!is) continue;
    ++accepted;
    ASSERT_TRUE(is_name(m.name)) << text;
    ASSERT_TRUE(m.abi_major < 65536 && m.abi_minor < 65536) << text;
    ASSERT_FALSE(m.library.empty()) << text;
    ASSERT_EQ(m.library.find_first_of(std::string("/\0", 2)), std::string::npos) << text;
    for (auto& p : m.provides) {
      auto json = nlohmann::json::parse(text);
      ASSERT_TRUE(json["provides"].is_array()) << text;
      ASSERT_EQ(json["provides"].size(), m.provides.size()) << text;
      ASSERT_EQ(json["provides"][size_t(&p - m.provides.data())]["name"], p.name) << text;
    }
    // The listing is JSON again and says the same.
    auto line = nlohmann::json::parse(listing_text({&m, "/p", "", "", false}));
    ASSERT_EQ(line["name"], m.name);
    ASSERT_EQ(line["provides"].size(), m.provides.size());
    ASSERT_EQ(line["dependencies"].size(), m.dependencies.size());
  }
  EXPECT_GT(accepted, 2000);
  EXPECT_GT(refused, 2000);
}

TEST(ManifestFuzz, NamesThatNobodyCanAskForAreRefused) {
  for (const char* entry : {R"({"interface": "ds.kernel/1", "name": "k", "op": "", "device": ""})",
                            R"({"interface": "ds.operator/1", "name": ""})", R"({"interface": "", "name": "x"})"}) {
    std::string text = R"({"name": "a", "version": "1", "abi": [1, 0], "library": "a.so", "provides": [)";
    Manifest m;
    bool is;
    EXPECT_FALSE(parse_manifest(text + entry + "]}", &m, &is).ok()) << entry;
  }
}

// ---- lock files

// As sha256sum --check reads them: the last line of that name counts.
std::string expected_hash(const std::string& lock, const std::string& name) {
  std::string hash, line;
  for (size_t i = 0; i <= lock.size(); ++i) {
    if (i < lock.size() && lock[i] != '\n') {
      line += lock[i];
      continue;
    }
    if (line.size() == 66 + name.size() && line.substr(66) == name &&
        (line.substr(64, 2) == "  " || line.substr(64, 2) == " *"))
      hash = line.substr(0, 64);
    line.clear();
  }
  return hash;
}

TEST(LockFileFuzz, OnlyTheRightHashLetsAPluginIn) {
  namespace fs = std::filesystem;
  fs::path folder = fs::temp_directory_path() / ("ds_lock_fuzz_" + std::to_string(getpid()));
  fs::create_directories(folder);
  fs::path library = fs::canonical(folder) / "plain.so";
  int file = memfd_create("lock", MFD_CLOEXEC);  // twenty thousand writes to a disk take their time
  fs::copy_file(fs::path(DS_BUILD_DIR) / "tests/abi/plain.so", library, fs::copy_options::overwrite_existing);
  std::ostringstream content;
  content << std::ifstream(library, std::ios::binary).rdbuf();
  Sha256 sha;
  sha.add(content.str().data(), content.str().size());
  std::string hash = sha.finish();
  setenv("DS_PLUGIN_LOCK", ("/proc/self/fd/" + std::to_string(file)).c_str(), 1);
  std::string valid =
      std::string(64, 'a') + "  other.so\n" + hash + " *plain.so\n" + std::string(64, 'b') + "  plain.so.old\n";
  Mutator mutator(3, {"\n", "\r\n", "  ", " *", "\t", "plain.so", hash, std::string(64, '0'), "\0x", "# ",
                      hash + "  plain.so\n", std::string(64, '0') + "  plain.so\n", "PLAIN.SO", "./plain.so"});
  Registry registry;
  int accepted = 0, mutations = 20000;
  for (int n = 0; n < mutations; ++n) {
    std::string text = n ? mutator.mutate(valid) : valid;
    ASSERT_TRUE(!ftruncate(file, 0) && pwrite(file, text.data(), text.size(), 0) == ssize_t(text.size()));
    std::string wanted = expected_hash(text, "plain.so");
    Library opened;
    Status status = open_library(library.string(), Policy::kEnforce, registry.host(), &opened);
    ASSERT_EQ(status.ok(), wanted == hash) << n << ": " << status.text() << "\n" << text;
    accepted += status.ok();
    if (!status) continue;
    ASSERT_EQ(opened.door, nullptr) << "refused before it is opened";
    std::string why = wanted.empty() ? "is not listed in " : "its SHA-256 is " + hash;
    ASSERT_NE(status.text().find(why), std::string::npos) << status.text() << "\n" << text;
  }
  EXPECT_GT(accepted, mutations / 10);
  EXPECT_LT(accepted, mutations * 9 / 10);
  unsetenv("DS_PLUGIN_LOCK");
  close(file);
  fs::remove_all(folder);
}

}  // namespace
}  // namespace ds::core
