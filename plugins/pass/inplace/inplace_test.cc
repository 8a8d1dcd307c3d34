#define DS_NO_DOOR
#include "plugins/pass/inplace/inplace.cc"

#include <gtest/gtest.h>

#include "deepseek/pass_test.hpp"

namespace ds::passes {
namespace {
using test::FakeGraph;

TEST(Inplace, AChainKeepsOneBuffer) {
  FakeGraph g(R"(
    %x = leaf f32[4]
    %a = exp(%x) -> f32[4]
    %b = neg(%a) -> f32[4]
    %c = tanh(%b) -> f32[4]
    %d = sum(%c) -> f32[4]
    return %d)");
  ASSERT_EQ(g.run<Inplace>(), DS_OK);
  EXPECT_EQ(g.home(g.find("c")), g.find("a"));
  EXPECT_EQ(g.value("a").last, 3u);
  EXPECT_EQ(g.home(g.find("a")), g.find("a"));  // %x is not ours
  EXPECT_EQ(g.home(g.find("d")), g.find("d"));  // sum does not offer it
  EXPECT_TRUE(g.noted("2 nodes write in place"));
}

TEST(Inplace, NotWhileSomebodyStillReads) {
  FakeGraph g(R"(
    %x = leaf f32[4]
    %a = exp(%x) -> f32[4]
    %b = neg(%a) -> f32[4]
    %c = add(%a, %b) -> f32[4]
    %d = mul(%c, %c) -> f32[4]
    return %d)");
  ASSERT_EQ(g.run<Inplace>(), DS_OK);
  EXPECT_EQ(g.home(g.find("b")), g.find("b"));
  EXPECT_EQ(g.home(g.find("c")), g.find("a"));
  EXPECT_EQ(g.home(g.find("d")), g.find("d"));  // the memory would be read twice
}

TEST(Inplace, SizesAndDtypesOfOneSize) {
  FakeGraph g(R"(
    %x = leaf f32[4]
    %a = exp(%x) -> f32[4]
    %b = greater(%a, %x) -> bool[4]
    %s = exp(%x) -> f32[]
    %c = add(%s, %x) -> f32[4]
    return %b, %c)");
  ASSERT_EQ(g.run<Inplace>(), DS_OK);
  EXPECT_EQ(g.home(g.find("b")), g.find("b"));
  EXPECT_EQ(g.home(g.find("c")), g.find("c"));
}

TEST(Inplace, DonatedLeavesGiveTheirMemoryScalarsAndOutputsDoNot) {
  FakeGraph g(R"(
    %p = leaf f32[4] donated
    %q = leaf f32[4]
    %r = leaf f32[] scalar
    %a = exp(%p) -> f32[4]
    %b = exp(%q) -> f32[4]
    %c = exp(%r) -> f32[]
    %d = neg(%b) -> f32[4]
    return %a, %b, %c, %d)");
  ASSERT_EQ(g.run<Inplace>(), DS_OK);
  EXPECT_EQ(g.home(g.find("a")), g.find("p"));
  EXPECT_EQ(g.home(g.find("b")), g.find("b"));
  EXPECT_EQ(g.home(g.find("c")), g.find("c"));
  EXPECT_EQ(g.home(g.find("d")), g.find("d"));
}

}  // namespace
}  // namespace ds::passes
