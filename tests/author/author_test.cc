// What a plugin author does, out of tree: headers installed somewhere, one command, used at once.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>

#include "deepseek/ds.h"

namespace {

namespace fs = std::filesystem;

struct Ran {
  int status;
  std::string output;
};
Ran run(const std::string& command) {
  Ran ran{-1, ""};
  FILE* pipe = popen(("( " + command + " ) 2>&1").c_str(), "r");
  std::array<char, 4096> chunk;
  while (size_t n = fread(chunk.data(), 1, chunk.size(), pipe)) ran.output.append(chunk.data(), n);
  int status = pclose(pipe);
  ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return ran;
}

class Author : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    root_ = fs::temp_directory_path() / ("ds_author_" + std::to_string(getpid()));
    fs::create_directories(root_);
    Ran ran = run("cmake --install " DS_BUILD_DIR " --component development --prefix " + prefix());
    ASSERT_EQ(ran.status, 0) << ran.output;
    setenv("PKG_CONFIG_PATH", (prefix() + "/share/pkgconfig").c_str(), 1);
  }
  static void TearDownTestSuite() { fs::remove_all(root_); }
  static std::string prefix() { return (root_ / "prefix").string(); }

  void expect_ok(const std::string& command) {
    Ran ran = run("cd " + root_.string() + " && " + command);
    ASSERT_EQ(ran.status, 0) << command << "\n" << ran.output;
  }

  // Loads the library into a new context, calls the operator on 1 -2 3 and answers the result.
  static std::array<float, 3> call(const fs::path& library, std::string_view name) {
    ds_handle c = 0, x = 0, y = 0;
    EXPECT_EQ(ds_context_create(&c), DS_OK);
    auto fine = [&](int32_t status) {
      int32_t code;
      ds_text text{};
      ds_error(c, &code, &text, nullptr);
      EXPECT_EQ(status, DS_OK) << std::string_view(text.data, text.size);
    };
    std::string path = library.string();
    fine(ds_plugin_load(c, path.data(), path.size()));
    ds_operator_id op = 0;
    fine(ds_operator_find(c, name.data(), name.size(), &op));
    float values[] = {1, -2, 3};
    int64_t shape[] = {3}, strides[] = {1};
    ds_tensor t{};
    t.dl = {values, {DS_DEVICE_CPU, 0}, 1, {DS_CODE_FLOAT, 32, 1}, shape, strides, 0};
    t.size = sizeof t;
    t.nbytes = sizeof values;
    fine(ds_tensor_copy_in(c, &t, &x));
    ds_value input{DS_HANDLE, 0, {.h = x}};
    uint32_t count = 1;
    fine(ds_call(c, op, &input, 1, nullptr, 0, 0, &y, &count));
    std::array<float, 3> out{};
    fine(ds_tensor_read(c, y, out.data(), sizeof out, 0));
    ds_context_destroy(c);
    return out;
  }

  static inline fs::path root_;
};

const std::string kTool = DS_BUILD_DIR "/bin/ds-plugin";

TEST_F(Author, CppInOneCommand) {
  expect_ok("g++ $(pkg-config --variable=plugin deepseek) -DDS_PLUGIN_NAME='\"acme.softclip\"' " DS_SOURCE_DIR
            "/tests/author/softclip.cc -o acme.softclip.so");
  EXPECT_EQ(call(root_ / "acme.softclip.so", "acme.softclip"), (std::array<float, 3>{0.5f, -2.f / 3, 0.75f}));
  expect_ok(kTool + " check acme.softclip.so");
}

TEST_F(Author, PlainCInOneCommand) {
  expect_ok("gcc -std=c11 -Wall -Wextra -Werror -O2 -shared -fPIC $(pkg-config --cflags deepseek) " DS_SOURCE_DIR
            "/sdk/template/operator-c/operator.c -o acme.thing.so");
  EXPECT_EQ(call(root_ / "acme.thing.so", "acme.thing"), (std::array<float, 3>{2, -4, 6}));
  expect_ok(kTool + " check acme.thing.so");
}

// new, build, check for every kind; names are replaced everywhere.
class Template : public Author, public testing::WithParamInterface<const char*> {};

TEST_P(Template, NewBuildCheck) {
  std::string kind = GetParam(), name = "vendor." + std::string(kind == "operator-c" ? "operator_c" : "my_" + kind);
  expect_ok(kTool + " new " + kind + " " + name);
  EXPECT_NE(run("cd " + root_.string() + " && " + kTool + " new " + kind + " " + name).status, 0);  // it exists
  EXPECT_EQ(run("grep -rliwE 'thing|acme' " + (root_ / name).string()).output, "");
  EXPECT_EQ(run("grep -rli 'anymy' " + (root_ / name).string()).output, "");
  EXPECT_LE(std::distance(fs::directory_iterator(root_ / name), fs::directory_iterator()), 8);
  expect_ok("cd " + name + " && " + kTool + " build");
  EXPECT_TRUE(fs::exists(root_ / name / "build" / (name + ".json")));
  expect_ok("cd " + name + " && " + kTool + " check build/" + name + ".so");
}

INSTANTIATE_TEST_SUITE_P(All, Template, testing::Values("operator", "operator-c", "kernel", "pass", "device", "format"),
                         [](auto& info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST_F(Author, NewRefusesBadNames) {
  for (const char* name : {"Upper", "..", "a/b", "acme.", "acme.1x", "a..b"})
    EXPECT_EQ(run("cd " + root_.string() + " && " + kTool + " new operator " + name).status, 1) << name;
  EXPECT_EQ(run("cd " + root_.string() + " && " + kTool + " new ../operator x").status, 1);
  EXPECT_NE(run(kTool + " new nothing acme.x").output.find("there is no template 'nothing'; there are"),
            std::string::npos);
}

}  // namespace
