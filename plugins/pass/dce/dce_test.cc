#define DS_NO_DOOR
#include "plugins/pass/dce/dce.cc"

#include <gtest/gtest.h>

#include "deepseek/pass_test.hpp"

namespace ds::passes {
namespace {
using test::FakeGraph;

TEST(Dce, ErasesChainsNobodyUsesAndKeepsEffects) {
  FakeGraph g(R"(
    %x = leaf f32[4]
    %a = exp(%x) -> f32[4]
    %b = neg(%a) -> f32[4]
    %c = tanh(%b) -> f32[4]
    %d = abs(%x) -> f32[4]
    print(%d)
    %e = neg(%a) -> f32[4]
    return %e)");
  ASSERT_EQ(g.run<Dce>(), DS_OK) << g.failure;
  EXPECT_EQ(g.print(),
            "%a = exp(%x) -> f32[4]\n"
            "%d = abs(%x) -> f32[4]\n"
            "print(%d)\n"
            "%e = neg(%a) -> f32[4]\n"
            "return %e");
}

TEST(Dce, OneUsedOutputKeepsTheNode) {
  FakeGraph g(R"(
    %x = leaf f32[4]
    %a, %b = sum(%x) -> f32[1], f32[1]
    return %b)");
  ASSERT_EQ(g.run<Dce>(), DS_OK);
  EXPECT_EQ(g.count("sum"), 1);
}

TEST(Dce, EmptyGraph) {
  FakeGraph g("%x = leaf f32[4]\nreturn %x");
  EXPECT_EQ(g.run<Dce>(), DS_OK);
}

}  // namespace
}  // namespace ds::passes
