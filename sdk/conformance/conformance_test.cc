// Every operator of the built-in plugins against the suite; one line each.
#include "sdk/conformance/conformance.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

namespace ds::conformance {
namespace {

// DS_CONFORMANCE=add,mul checks these only.
bool chosen(const std::string& name) {
  const char* list = std::getenv("DS_CONFORMANCE");
  return !list || ("," + std::string(list) + ",").find("," + name + ",") != std::string::npos;
}

TEST(Conformance, EveryOperatorKeepsItsContract) {
  Suite suite;
  int checked = 0, gradients = 0;
  for (auto& name : suite.operators()) {
    if (!chosen(name)) continue;
    Report report = suite.check(name);
    std::printf("%s\n", report.line().c_str());
    EXPECT_TRUE(report.passed()) << report.line();
    ++checked;
    gradients += report.gradients;
  }
  EXPECT_GT(checked, 0) << "no operators found";
  std::printf("%d operators, %d gradients\n", checked, gradients);
}

TEST(Conformance, NullDeviceAgrees) {
  Suite suite;
  for (const char* name : {"copy", "matmul", "add", "tanh", "where", "silu"}) {
    Report report = suite.check_on("null:0", name);
    std::printf("%s\n", report.line().c_str());
    EXPECT_TRUE(report.passed()) << report.line();
  }
}

}  // namespace
}  // namespace ds::conformance
