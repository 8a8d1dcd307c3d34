#define DS_NO_DOOR
#include "plugins/pass/fuse/fuse.cc"

#include <gtest/gtest.h>

#include <random>

#include "deepseek/pass_test.hpp"
#include "plugins/pass/dce/dce.cc"
#include "plugins/pass/fuse/cluster.cc"
#include "plugins/pass/fuse/recompute.cc"
#include "plugins/pass/fuse/work.cc"

namespace ds::passes {
namespace {
using test::FakeGraph;

// Runs fuse and dce; the outputs keep every bit.
void fuse(FakeGraph& g) {
  auto before = g.evaluate();
  ASSERT_EQ(g.run<Fuse>(), DS_OK) << g.failure;
  ASSERT_EQ(g.run<Dce>(), DS_OK) << g.failure;
  ASSERT_EQ(g.evaluate(), before) << g.print();
}

TEST(Fuse, AChainBecomesOneCluster) {
  FakeGraph g(R"(
    %x = leaf f32[2,3]
    %b = leaf f32[3]
    %h = mul(%x, %b) -> f32[2,3]
    %i = add(%h, %x) -> f32[2,3]
    %t = tanh(%i) -> f32[2,3]
    %y = mul(%t, %x) -> f32[2,3]
    return %y)");
  fuse(g);
  EXPECT_EQ(g.print(),
            "%6 = map(%x, %b) {mul.f32(0,1) add.f32(t0,0) tanh.f32(t1) mul.f32(t2,0)} -> f32[2,3]\n"
            "return %6");
  EXPECT_TRUE(g.noted("fused     [mul add tanh mul] -> 1 cluster (saves 3 x"));
}

TEST(Fuse, IntermediatesWantedElsewhereBecomeOutputs) {
  FakeGraph g(R"(
    %x = leaf f32[4,4]
    %a = exp(%x) -> f32[4,4]
    %b = neg(%a) -> f32[4,4]
    %m = matmul(%a, %a) -> f32[4,4]
    return %b, %m)");
  fuse(g);
  EXPECT_EQ(g.print(),
            "%4, %5 = map(%x) {exp.f32(0) neg.f32(t0)} -> f32[4,4], f32[4,4]\n"
            "%m = matmul(%4, %4) -> f32[4,4]\n"
            "return %5, %m");
}

TEST(Fuse, NeverThroughANodeOutside) {
  FakeGraph g(R"(
    %x = leaf f32[4,4]
    %a = exp(%x) -> f32[4,4]
    %m = matmul(%a, %a) -> f32[4,4]
    %b = add(%a, %m) -> f32[4,4]
    %c = neg(%b) -> f32[4,4]
    return %c)");
  fuse(g);
  EXPECT_EQ(g.count("exp"), 1);
  EXPECT_EQ(g.count("map"), 1);
}

TEST(Fuse, AttributesAndUniformInputsBecomeNumbers) {
  FakeGraph g(R"(
    %x = leaf f32[2,3]
    %half = constant f32[] 0.5
    %f = fill() value=3 -> f32[2,3]
    %a = scale(%x) factor=1.5 -> f32[2,3]
    %b = mul(%a, %half) -> f32[2,3]
    %c = add(%b, %f) -> f32[2,3]
    return %c)");
  fuse(g);
  EXPECT_EQ(g.print(),
            "%6 = map(%x) {mul.f32(0,#1.5) mul.f32(t0,#0.5) add.f32(t1,#3)} -> f32[2,3]\n"
            "return %6");
}

TEST(Fuse, ExponentsStayValues) {
  FakeGraph g(R"(
    %x = leaf f32[4]
    %two = constant f32[] 2
    %a = pow(%x, %two) -> f32[4]
    %b = neg(%a) -> f32[4]
    return %b)");
  fuse(g);
  EXPECT_EQ(g.print(), "%4 = map(%x) {cast.f32(#2) pow.f32(0,t0) neg.f32(t1)} -> f32[4]\nreturn %4");
}

TEST(Fuse, UniformInputsThatGiveTheShapeStay) {
  FakeGraph g(R"(
    %x = leaf f32[]
    %f = fill() value=3 -> f32[2,3]
    %a = mul(%x, %f) -> f32[2,3]
    %b = exp(%a) -> f32[2,3]
    return %b)");
  fuse(g);
  EXPECT_EQ(g.count("fill"), 1);
  EXPECT_EQ(g.count("map"), 1);
}

TEST(Fuse, HalvesAreRoundedBetweenNodes) {
  FakeGraph g(R"(
    %x = leaf bf16[64]
    %y = leaf bf16[64]
    %a = mul(%x, %y) -> bf16[64]
    %b = add(%a, %x) -> bf16[64]
    %c = greater(%b, %y) -> bool[64]
    %d = where(%c, %a, %b) -> bf16[64]
    return %d)");
  fuse(g);
  EXPECT_EQ(g.count("map"), 1);
  EXPECT_NE(g.print().find("mul.bf16(0,1) cast.bf16(t0) add.bf16(t1,0) cast.bf16(t2) gt.bool(t3,1)"), std::string::npos)
      << g.print();
}

TEST(Fuse, CastsJoinAndTypesStayThoseOfTheNodes) {
  FakeGraph g(R"(
    %x = leaf f16[16]
    %i = leaf i32[16]
    %a = cast(%x) dtype=f64 -> f64[16]
    %b = exp(%a) -> f64[16]
    %c = cast(%b) dtype=f16 -> f16[16]
    %d = add(%c, %x) -> f16[16]
    %e = cast(%d) dtype=i32 -> i32[16]
    %f = mul(%e, %i) -> i32[16]
    return %f)");
  fuse(g);
  EXPECT_EQ(g.count("map"), 1);
  EXPECT_EQ(g.count("cast"), 0);
}

TEST(Fuse, AnIntegerDividedByAZeroAndBoolsStayExact) {
  FakeGraph g(R"(
    %x = leaf i64[32]
    %y = leaf i64[32]
    %c = leaf bool[32]
    %a = div(%x, %y) -> i64[32]
    %b = where(%c, %a, %y) -> i64[32]
    %d = not(%b) -> bool[32]
    %e = and(%d, %c) -> bool[32]
    %f = cast(%e) dtype=f32 -> f32[32]
    return %f, %b)");
  fuse(g);
  EXPECT_EQ(g.count("map"), 1);
}

// The derivative of an activation is computed where its gradient arrives: one value is kept instead of two.
TEST(Fuse, SinksToItsUsersWhenThatMovesNoMore) {
  FakeGraph g(R"(
    %h = leaf f32[8,8]
    %w = leaf f32[8,8]
    %a = tanh(%h) -> f32[8,8]
    %d1 = exp(%h) -> f32[8,8]
    %d2 = neg(%d1) -> f32[8,8]
    %m = matmul(%a, %w) -> f32[8,8]
    %g = mul(%m, %d2) -> f32[8,8]
    return %g)");
  fuse(g);
  EXPECT_NE(g.print().find("{exp.f32(0) neg.f32(t0) mul.f32(1,t1)}"), std::string::npos) << g.print();
  EXPECT_EQ(g.count("tanh"), 1);
}

// Forward keeps the tanh, which is dear, and not the five cheap values that backward reads.
TEST(Fuse, CheapValuesAreComputedAgainInBackward) {
  FakeGraph g(R"(
    %h = leaf f32[100,100]
    %w = leaf f32[100,100]
    %a = mul(%h, %h) -> f32[100,100]
    %b = mul(%a, %h) -> f32[100,100]
    %c = add(%b, %h) -> f32[100,100]
    %t = tanh(%c) -> f32[100,100]
    %u = add(%t, %w) -> f32[100,100]
    %y = mul(%u, %h) -> f32[100,100]
    %m = matmul(%y, %w) -> f32[100,100]
    %p = mul(%m, %u) -> f32[100,100]
    %q = mul(%p, %a) -> f32[100,100]
    %r = mul(%q, %b) -> f32[100,100]
    %s = mul(%r, %t) -> f32[100,100]
    return %s)");
  fuse(g);
  EXPECT_EQ(g.count("map"), 2);
  std::string text = g.print();
  EXPECT_NE(text.find("f32[100,100], f32[100,100]\n%m"), std::string::npos) << text;
  EXPECT_EQ(text.find("f32[100,100], f32[100,100], f32[100,100]"), std::string::npos) << text;
}

TEST(Fuse, StepsOfManySmallParametersShareClusters) {
  std::string text = "%lr = leaf f32[] scalar\n", results;
  for (int i = 0; i < 20; ++i) {
    std::string n = std::to_string(i);
    text += "%p" + n + " = leaf f32[10]\n%g" + n + " = leaf f32[10]\n";
    text += "%m" + n + " = matmul(%g" + n + ", %g" + n + ") -> f32[10]\n";
    text += "%s" + n + " = mul(%m" + n + ", %lr) -> f32[10]\n%q" + n + " = sub(%p" + n + ", %s" + n + ") -> f32[10]\n";
    results += (i ? ", %q" : " %q") + n;
  }
  FakeGraph g(text + "return" + results);
  fuse(g);
  EXPECT_EQ(g.count("map"), 1);
  EXPECT_EQ(g.count("sub"), 0);
}

TEST(Fuse, LimitsHold) {
  std::string text = "%v0 = leaf f32[8]\n";
  for (int i = 0; i < 1000; ++i)
    text +=
        "%v" + std::to_string(i + 1) + " = " + (i % 3 ? "neg" : "tanh") + "(%v" + std::to_string(i) + ") -> f32[8]\n";
  FakeGraph g(text + "return %v1000");
  fuse(g);
  EXPECT_EQ(g.count("map"), 3);
  std::string wide, sum = "%x0";
  for (int i = 0; i < 100; ++i) wide += "%x" + std::to_string(i) + " = leaf f32[8]\n";
  for (int i = 1; i < 100; ++i) {
    wide += "%s" + std::to_string(i) + " = add(" + sum + ", %x" + std::to_string(i) + ") -> f32[8]\n";
    sum = "%s" + std::to_string(i);
  }
  FakeGraph h(wide + "return " + sum);
  fuse(h);
  EXPECT_EQ(h.count("map"), 2);
}

TEST(Fuse, NothingToDoChangesNothing) {
  FakeGraph g(R"(
    %x = leaf f32[0,3]
    %z = leaf f32[3]
    %a = exp(%x) -> f32[0,3]
    %b = neg(%a) -> f32[0,3]
    %c = exp(%z) -> f32[3]
    return %b, %c)");
  std::string before = g.print();
  fuse(g);
  EXPECT_EQ(g.print(), before);
}

// Graphs drawn at random: several shapes and dtypes, opaque nodes between, effects, outputs anywhere.
std::string random_graph(uint32_t seed) {
  std::mt19937 rng(seed);
  auto pick = [&](size_t n) { return size_t(rng() % n); };
  const char* dtypes[] = {"f32", "bf16", "i32"};
  const char* shapes[] = {"[2,3]", "[3]", "[2,1]", "[]"};
  struct Made {
    std::string name, dtype;
    size_t shape;
  };
  std::vector<Made> made;
  std::string text;
  for (size_t i = 0; i < 8; ++i) {
    Made m{"x" + std::to_string(i), dtypes[i % 3], i / 3 % 2 ? 0 : pick(4)};
    bool constant = i >= 6;
    text += "%" + m.name + " = " + (constant ? "constant " : "leaf ") + m.dtype + shapes[m.shape] +
            (constant ? " 2" : "") + "\n";
    made.push_back(m);
  }
  size_t nodes = 5 + pick(60);
  for (size_t i = 0; i < nodes; ++i) {
    const Made a = made[made.size() - 1 - pick(std::min<size_t>(made.size(), 12))];
    std::vector<Made> fitting;
    for (auto& m : made)
      if (m.dtype == a.dtype && (m.shape == a.shape || m.shape == 3 || (a.shape == 0))) fitting.push_back(m);
    const Made b = fitting[pick(fitting.size())];
    Made out{"n" + std::to_string(i), a.dtype, a.shape};
    std::string spec = out.dtype + shapes[out.shape], call;
    switch (pick(10)) {
      case 0:
        call = "matmul(%" + a.name + ", %" + b.name + ")";
        break;
      case 1:
        call = "neg(%" + a.name + ")";
        break;
      case 2:
        call = "scale(%" + a.name + ") factor=3";
        break;
      case 3: {
        out.dtype = dtypes[pick(3)];
        spec = out.dtype + shapes[out.shape];
        call = "cast(%" + a.name + ") dtype=" + out.dtype;
        break;
      }
      case 4:
        call = "fill() value=2";
        break;
      case 5:
        text += "print(%" + a.name + ")\n";
        [[fallthrough]];
      case 6:
        call = "max(%" + a.name + ", %" + b.name + ")";
        break;
      case 7:
        call = "mul(%" + b.name + ", %" + a.name + ")";
        break;
      default:
        call = "add(%" + a.name + ", %" + b.name + ")";
    }
    text += "%" + out.name + " = " + call + " -> " + spec + "\n";
    made.push_back(out);
  }
  text += "return %" + made.back().name;
  for (int i = 0; i < 3; ++i) text += ", %" + made[8 + pick(made.size() - 8)].name;
  return text;
}

TEST(Fuse, RandomGraphsKeepEveryBit) {
  int before = 0, after = 0;
  for (uint32_t seed = 0; seed < 3000; ++seed) {
    FakeGraph g(random_graph(seed));
    for (auto* op : {"add", "mul", "neg", "max", "cast", "scale"}) before += g.count(op);
    fuse(g);
    ASSERT_FALSE(testing::Test::HasFatalFailure()) << "seed " << seed << "\n" << random_graph(seed);
    for (auto* op : {"add", "mul", "neg", "max", "cast", "scale", "map"}) after += g.count(op);
  }
  EXPECT_LT(after, before / 2) << before;
}

}  // namespace
}  // namespace ds::passes
