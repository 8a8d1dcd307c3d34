// ds-plugin check survives what it checks.
#include <sys/wait.h>

#include <array>
#include <chrono>
#include <cstdio>

#include "tests/abi/context.h"

namespace ds::test {
namespace {

struct Ran {
  int status;
  std::string output;
};
Ran run(const std::string& arguments) {
  std::string command = DS_BUILD_DIR "/bin/ds-plugin " + arguments + " 2>&1";
  Ran ran{-1, ""};
  FILE* pipe = popen(command.c_str(), "r");
  std::array<char, 4096> chunk;
  while (size_t n = fread(chunk.data(), 1, chunk.size(), pipe)) ran.output.append(chunk.data(), n);
  int status = pclose(pipe);
  ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return ran;
}

void expect_failure(const std::string& name, const std::string& why) {
  auto start = std::chrono::steady_clock::now();
  Ran ran = run("check " + plugin_path(name));
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  EXPECT_EQ(ran.status, 1) << name << ran.output;
  EXPECT_NE(ran.output.find(why), std::string::npos) << name << ran.output;
  EXPECT_LT(seconds, 15) << name;
}

TEST(CheckTool, SurvivesBadPlugins) {
  expect_failure("hangs", "did not finish within");
  expect_failure("crashes", "crashed: ");
  expect_failure("exits", "ended the process with exit(0)");
  expect_failure("throwing_door", "exception");
  expect_failure("no_door", "does not export");
  expect_failure("other_major", "built for ABI 2.0");
  expect_failure("tiny_plugin", "16 bytes");
  expect_failure("huge_operator", "bytes");
  expect_failure("ignores_refusal", "although the host refused");
  expect_failure("initialize_fails", "the board has no memory");
}

TEST(CheckTool, PassesAGoodOne) {
  Ran ran = run("check " + plugin_path("plain"));
  EXPECT_EQ(ran.status, 0) << ran.output;
  ran = run("check --json " + plugin_path("plain"));
  EXPECT_NE(ran.output.find("\"passed\": true"), std::string::npos) << ran.output;
}

TEST(CheckTool, ManifestsAndInfo) {
  Ran ran = run("manifest " + plugin_path("kernel_high"));
  EXPECT_EQ(ran.status, 0);
  EXPECT_NE(ran.output.find("\"op\": \"twice\""), std::string::npos) << ran.output;
  EXPECT_EQ(run("manifest " + plugin_path("hangs_not_there")).status, 1);
  EXPECT_NE(run("info " + plugin_path("plain")).output.find("test.plain 1.0.0"), std::string::npos);
  EXPECT_EQ(run("frobnicate").status, 2);
}

}  // namespace
}  // namespace ds::test
