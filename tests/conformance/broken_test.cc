// The suite finds what is broken, and says what.
#include <gtest/gtest.h>

#include "sdk/conformance/conformance.h"

namespace ds::conformance {
namespace {

struct Broken {
  const char* name;
  const char* says;
};

TEST(Conformance, FindsBrokenOperators) {
  Suite suite(DS_BUILD_DIR "/tests/conformance/broken.so");
  for (auto [name, says] : {Broken{"broken.gradient", "first gradient"}, Broken{"broken.second", "second gradient"},
                            Broken{"broken.strides", "strided reference"}, Broken{"broken.sample", "no attribute axis"},
                            Broken{"broken.served", "kernel: output 0 differs"}}) {
    Report report = suite.check(name);
    EXPECT_FALSE(report.passed()) << name;
    EXPECT_NE(report.line().find(says), std::string::npos) << report.line();
  }
  EXPECT_TRUE(suite.check("broken.opaque_copy").passed());
}

TEST(Conformance, ReportsFitOneLineWhenAllIsWell) {
  Suite suite;
  Report report = suite.check("add");
  EXPECT_TRUE(report.passed()) << report.line();
  EXPECT_EQ(report.line().find('\n'), std::string::npos);
  EXPECT_GT(report.gradients, 0);
  EXPECT_FALSE(suite.check("no_such_operator").passed());
}

}  // namespace
}  // namespace ds::conformance
