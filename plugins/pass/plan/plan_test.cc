#define DS_NO_DOOR
#include "plugins/pass/plan/plan.cc"

#include <gtest/gtest.h>

#include <random>

#include "deepseek/pass_test.hpp"
#include "plugins/pass/inplace/inplace.cc"

namespace ds::passes {
namespace {
using test::FakeGraph;

TEST(Plan, BuffersThatDoNotMeetShareMemory) {
  FakeGraph g(R"(
    %x = leaf f32[100]
    %a = sum(%x) -> f32[100]
    %b = sum(%a) -> f32[100]
    %c = sum(%b) -> f32[100]
    %d = sum(%c) -> f32[100]
    %e = sum(%d) -> f32[1]
    return %e)");
  ASSERT_EQ(g.run<Plan>(), DS_OK) << g.failure;
  EXPECT_EQ(g.placed.size(), 4u);      // neither the leaf nor the output
  EXPECT_EQ(g.arena_bytes, 2u * 448);  // 400 bytes, rounded to 64
  EXPECT_EQ(g.placed[g.find("a")], g.placed[g.find("c")]);
  EXPECT_TRUE(g.noted("peak      0.000896 MB of a 0.000896 MB bound, 4 buffers; largest: "));
}

TEST(Plan, InPlaceChainsAreOneBuffer) {
  FakeGraph g(R"(
    %x = leaf f32[100]
    %a = exp(%x) -> f32[100]
    %b = neg(%a) -> f32[100]
    %c = sum(%b) -> f32[1]
    return %c)");
  ASSERT_EQ(g.run<Inplace>(), DS_OK);
  ASSERT_EQ(g.run<Plan>(), DS_OK) << g.failure;
  EXPECT_EQ(g.placed.size(), 1u);
  EXPECT_EQ(g.arena_bytes, 448u);
}

TEST(Plan, EmptyGraphAndEmptyBuffers) {
  FakeGraph g(R"(
    %x = leaf f32[4]
    %a = exp(%x) -> f32[0]
    %b = exp(%a) -> f32[0]
    return %b)");
  ASSERT_EQ(g.run<Plan>(), DS_OK) << g.failure;
  EXPECT_EQ(g.arena_bytes, 0u);
}

TEST(Plan, RandomLifetimesNeverOverlapAndStayNearTheBound) {
  std::mt19937 rng(7);
  for (int round = 0; round < 50; ++round) {
    std::vector<Plan::Buffer> buffers;
    for (uint32_t i = 0; i < 150; ++i) {
      uint32_t first = rng() % 300;
      buffers.push_back({i, first, first + uint32_t(rng() % 20), (1 + rng() % 64) * 64, 0});
    }
    uint64_t bound = Plan::lower_bound(buffers), arena = Plan::place(buffers);
    EXPECT_LE(bound, arena);
    EXPECT_LE(double(arena), 1.25 * double(bound));
    for (auto& a : buffers)
      for (auto& b : buffers)
        if (a.id != b.id && a.meets(b)) {
          EXPECT_TRUE(a.offset + a.nbytes <= b.offset || b.offset + b.nbytes <= a.offset);
        }
  }
}

}  // namespace
}  // namespace ds::passes
