#define DS_NO_DOOR
#include "plugins/pass/fold/fold.cc"

#include <gtest/gtest.h>

#include "deepseek/pass_test.hpp"

namespace ds::passes {
namespace {
using test::FakeGraph;

TEST(Fold, ComputesChainsOfConstants) {
  FakeGraph g(R"(
    %x = leaf f32[3]
    %a = fill() value=3 -> f32[3]
    %two = constant f32[] 2
    %b = mul(%a, %two) -> f32[3]
    %c = exp(%b) -> f32[3]
    %d = add(%x, %c) -> f32[3]
    return %d)");
  auto before = g.evaluate();
  ASSERT_EQ(g.run<Fold>(), DS_OK) << g.failure;
  EXPECT_EQ(g.print(), "%d = add(%x, %c) -> f32[3]\nreturn %d");
  EXPECT_EQ(g.evaluate(), before);
  EXPECT_TRUE(g.noted("3 constant nodes were computed"));
}

TEST(Fold, LeavesBigOnesAndWhatIsWantedOutside) {
  FakeGraph g(R"(
    %a = fill() value=3 -> f32[5000]
    %b = fill() value=3 -> f32[5]
    %c = exp(%a) -> f32[5000]
    return %c, %b)");
  ASSERT_EQ(g.run<Fold>(), DS_OK);
  EXPECT_EQ(g.count("fill"), 2);
  EXPECT_EQ(g.count("exp"), 1);
}

struct Case {
  const char *op, *dtype, *constant;
  bool first, removed;
};

class FoldAlgebra : public testing::TestWithParam<Case> {};

TEST_P(FoldAlgebra, RemovesOnlyWhatChangesNoBit) {
  Case c = GetParam();
  std::string x = std::string(c.dtype) + "[2,3]";
  std::string operands = c.first ? "%c, %x" : "%x, %c";
  FakeGraph g("%x = leaf " + x + "\n%c = constant " + c.dtype + "[] " + c.constant + "\n%y = " + c.op + "(" + operands +
              ") -> " + x + "\n%z = matmul(%y, %y) -> " + x + "\nreturn %z");
  auto before = g.evaluate();
  ASSERT_EQ(g.run<Fold>(), DS_OK) << g.failure;
  EXPECT_EQ(g.count(c.op), c.removed ? 0 : 1);
  EXPECT_EQ(g.evaluate(), before);
}

INSTANTIATE_TEST_SUITE_P(All, FoldAlgebra,
                         testing::Values(Case{"mul", "f32", "1", false, true}, Case{"mul", "f32", "1", true, true},
                                         Case{"mul", "f32", "2", false, false}, Case{"mul", "i64", "1", false, true},
                                         Case{"mul", "bf16", "1", false, true}, Case{"mul", "f16", "1", true, true},
                                         Case{"div", "f32", "1", false, true}, Case{"div", "f32", "1", true, false},
                                         Case{"div", "i64", "1", false, false}, Case{"sub", "f32", "0", false, true},
                                         Case{"sub", "f32", "-0", false, false}, Case{"sub", "f32", "0", true, false},
                                         Case{"add", "f32", "0", false, false}, Case{"add", "f32", "0", true, false}));

TEST(Fold, ABroadcastingOneIsNoIdentity) {
  FakeGraph g(R"(
    %x = leaf f32[3]
    %c = constant f32[2,3] 1
    %y = mul(%x, %c) -> f32[2,3]
    %z = exp(%y) -> f32[2,3]
    return %z)");
  ASSERT_EQ(g.run<Fold>(), DS_OK);
  EXPECT_EQ(g.count("mul"), 1);
}

TEST(Fold, CastsToTheSameDtypeAndCopiesGo) {
  FakeGraph g(R"(
    %x = leaf f32[3]
    %a = cast(%x) dtype=f32 -> f32[3]
    %b = cast(%a) dtype=f64 -> f64[3]
    %c = copy(%b) -> f64[3]
    %d = exp(%c) -> f64[3]
    %e = copy(%x) -> f32[3]
    return %d, %e)");
  auto before = g.evaluate();
  ASSERT_EQ(g.run<Fold>(), DS_OK) << g.failure;
  EXPECT_EQ(g.print(),
            "%b = cast(%x) -> f64[3]\n"
            "%d = exp(%b) -> f64[3]\n"
            "%e = copy(%x) -> f32[3]\n"
            "return %d, %e");
  EXPECT_EQ(g.evaluate(), before);
}

}  // namespace
}  // namespace ds::passes
