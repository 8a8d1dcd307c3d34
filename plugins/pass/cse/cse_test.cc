#define DS_NO_DOOR
#include "plugins/pass/cse/cse.cc"

#include <gtest/gtest.h>

#include "deepseek/pass_test.hpp"

namespace ds::passes {
namespace {
using test::FakeGraph;

TEST(Cse, MergesEqualNodesAndWhatFollows) {
  FakeGraph g(R"(
    %x = leaf f32[4]
    %a = exp(%x) -> f32[4]
    %b = exp(%x) -> f32[4]
    %c = neg(%a) -> f32[4]
    %d = neg(%b) -> f32[4]
    %e = add(%c, %d) -> f32[4]
    return %e)");
  auto before = g.evaluate();
  ASSERT_EQ(g.run<Cse>(), DS_OK) << g.failure;
  EXPECT_EQ(g.print(),
            "%a = exp(%x) -> f32[4]\n"
            "%c = neg(%a) -> f32[4]\n"
            "%e = add(%c, %c) -> f32[4]\n"
            "return %e");
  EXPECT_EQ(g.evaluate(), before);
}

TEST(Cse, TellsAttributesAndInputsApart) {
  FakeGraph g(R"(
    %x = leaf f32[4]
    %y = leaf f32[4]
    %a = scale(%x) factor=2 -> f32[4]
    %b = scale(%x) factor=3 -> f32[4]
    %c = scale(%y) factor=2 -> f32[4]
    %d = where(%a, %b, %c) -> f32[4]
    return %d)");
  ASSERT_EQ(g.run<Cse>(), DS_OK);
  EXPECT_EQ(g.count("scale"), 3);
}

TEST(Cse, EqualConstantsAreOne) {
  FakeGraph g(R"(
    %x = leaf f32[4]
    %two = constant f32[] 2
    %zwei = constant f32[] 2
    %a = mul(%x, %two) -> f32[4]
    %b = mul(%x, %zwei) -> f32[4]
    %c = add(%a, %b) -> f32[4]
    return %c)");
  ASSERT_EQ(g.run<Cse>(), DS_OK);
  EXPECT_EQ(g.count("mul"), 1);
}

TEST(Cse, RandomNumbersOfOneStateAreTheSameOthersNot) {
  FakeGraph g(R"(
    %s = leaf u64[2]
    %t = leaf u64[2]
    %a = normal(%s) -> f32[4]
    %b = normal(%s) -> f32[4]
    %c = normal(%t) -> f32[4]
    %d = where(%a, %b, %c) -> f32[4]
    return %d)");
  ASSERT_EQ(g.run<Cse>(), DS_OK);
  EXPECT_EQ(g.count("normal"), 2);
}

TEST(Cse, LeavesEffectsBigFillsAndResultsOfTheirOwn) {
  FakeGraph g(R"(
    %x = leaf f32[4]
    print(%x)
    print(%x)
    %f = fill() value=1 -> f32[100000]
    %g = fill() value=1 -> f32[100000]
    %h = add(%f, %g) -> f32[100000]
    %a = exp(%x) -> f32[4]
    %b = exp(%x) -> f32[4]
    return %h, %a, %b)");
  ASSERT_EQ(g.run<Cse>(), DS_OK);
  EXPECT_EQ(g.count("print"), 2);
  EXPECT_EQ(g.count("fill"), 2);
  EXPECT_EQ(g.count("exp"), 2);
}

}  // namespace
}  // namespace ds::passes
