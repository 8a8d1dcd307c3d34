#include "core/autodiff/backward.h"

#include "core/run/engine_test.h"

namespace ds::core {
namespace {

using test::Floats;
using test::TestEngine;

class Backward : public testing::Test {
 protected:
  Status run(BackwardRequest request, std::vector<Value>* results = nullptr) {
    std::vector<Value> ignored;
    return backward(e, r, request, results ? results : &ignored);
  }
  BackwardRequest of(const Value& output) {
    BackwardRequest request;
    request.outputs = {output};
    return request;
  }
  Value mul(const Value& a, const Value& b) { return e.call(r, "mul", {a, b}); }
  Value sum(const Value& a) { return e.call(r, "sum", {a}); }
  Floats grad(const Value& leaf) { return leaf.grad->gradient ? e.read(r, leaf.grad->gradient->value) : Floats(); }

  TestEngine e;
  Recorder r{e};
};

TEST_F(Backward, UsesAddUp) {
  Value x = e.leaf(e.tensor({2, 3}));
  Value y = mul(mul(x, x), x);
  y = e.call(r, "add", {y, x});
  TestEngine::ok(run(of(sum(y))));
  EXPECT_EQ(grad(x), (Floats{13, 28}));
  TestEngine::ok(run(of(sum(mul(x, TestEngine::scalar(2))))));
  EXPECT_EQ(grad(x), (Floats{15, 30})) << "another backward adds to .grad";
}

TEST_F(Backward, TheSameOutputTwiceCountsTwice) {
  Value x = e.leaf(e.tensor({2}));
  Value y = sum(mul(x, x));
  BackwardRequest request;
  request.outputs = {y, y};
  TestEngine::ok(run(request));
  EXPECT_EQ(grad(x), (Floats{8}));
}

TEST_F(Backward, ResidualsAreFreedUnlessRetained) {
  Value x = e.leaf(e.tensor({3}));
  Value y = sum(mul(x, x));
  BackwardRequest request = of(y);
  request.retain_graph = true;
  TestEngine::ok(run(request));
  TestEngine::ok(run(of(y)));
  EXPECT_EQ(grad(x), (Floats{12}));
  Status status = run(of(y));
  EXPECT_EQ(status.code(), DS_INVALID_ARGUMENT);
  EXPECT_NE(status.text().find("freed by an earlier backward; pass retain_graph"), std::string::npos) << status.text();
  EXPECT_EQ(grad(x), (Floats{12})) << "a failure changes no .grad";
}

TEST_F(Backward, WhatIsFreedIsOnlyWhatWasWalked) {
  Value x = e.leaf(e.tensor({3})), z = e.leaf(e.tensor({5}));
  Value shared = mul(x, x), other = mul(z, z);
  Value y = sum(e.call(r, "add", {shared, other}));
  BackwardRequest request = of(y);
  request.targets = {z};
  std::vector<Value> results;
  TestEngine::ok(run(request, &results));
  EXPECT_EQ(e.read(r, results.at(0)), (Floats{10}));
  EXPECT_FALSE(x.grad->gradient) << "asking for targets collects nothing";
  TestEngine::ok(run(of(sum(shared))));
  EXPECT_EQ(grad(x), (Floats{6})) << "no gradient went through it before";
}

TEST_F(Backward, HigherDerivatives) {
  Value x = e.leaf(e.tensor({2}));
  Value y = mul(mul(x, x), mul(x, x));  // x^4
  Floats expected[] = {{32}, {48}, {48}, {24}};
  for (auto& want : expected) {
    BackwardRequest request = of(sum(y));
    request.targets = {x};
    request.create_graph = true;
    std::vector<Value> results;
    TestEngine::ok(run(request, &results));
    ASSERT_EQ(e.read(r, results.at(0)), want);
    y = results[0];
  }
}

TEST_F(Backward, WithoutCreateGraphGradientsHaveNone) {
  Value x = e.leaf(e.tensor({2}));
  BackwardRequest request = of(sum(mul(x, x)));
  request.targets = {x};
  std::vector<Value> results;
  TestEngine::ok(run(request, &results));
  EXPECT_FALSE(results.at(0).grad);
  EXPECT_TRUE(r.grad_enabled) << "the mode is put back";
}

TEST_F(Backward, UnusedTargets) {
  Value x = e.leaf(e.tensor({2})), z = e.leaf(e.tensor({2}));
  BackwardRequest request = of(sum(mul(x, x)));
  request.targets = {z, x};
  request.retain_graph = true;
  std::vector<Value> results;
  Status status = run(request, &results);
  EXPECT_EQ(status.code(), DS_INVALID_ARGUMENT);
  EXPECT_NE(status.text().find("do not depend on input 0"), std::string::npos) << status.text();
  request.allow_unused = true;
  results.clear();
  TestEngine::ok(run(request, &results));
  EXPECT_FALSE(results.at(0));
  EXPECT_EQ(e.read(r, results.at(1)), (Floats{4}));
}

TEST_F(Backward, SeedsAndTheirShapes) {
  Value x = e.leaf(e.tensor({1, 2, 3}));
  Value y = mul(x, x);
  BackwardRequest request = of(y);
  request.retain_graph = true;
  EXPECT_EQ(run(request).code(), DS_SHAPE_MISMATCH);
  request.seeds = {e.tensor({1, 2})};
  EXPECT_EQ(run(request).code(), DS_SHAPE_MISMATCH);
  request.seeds = {e.tensor({1, 10, 100})};
  TestEngine::ok(run(request));
  EXPECT_EQ(grad(x), (Floats{2, 40, 600}));
  EXPECT_EQ(run(of(e.tensor({1}))).code(), DS_INVALID_ARGUMENT) << "it does not depend on anything";
}

struct Watch {
  TestEngine* engine;
  Recorder* recorder;
  std::vector<Floats> seen;
  Value replacement;
  Status failure;
  int released = 0;
  static int32_t call(void* user, Value& gradient, Status* status) {
    Watch& w = *static_cast<Watch*>(user);
    w.seen.push_back(w.engine->read(*w.recorder, gradient));
    if (w.replacement) gradient = w.replacement;
    if (w.failure) *status = Status(w.failure.code(), w.failure.text());
    return status->code();
  }
  Hook hook(uint64_t id) {
    return {id, &call, [](void* user) { ++static_cast<Watch*>(user)->released; }, this};
  }
};

TEST_F(Backward, HooksSeeTheWholeGradientAndReplaceIt) {
  Value x = e.leaf(e.tensor({1, 2}));
  Value y = mul(x, x);
  Watch first{&e, &r, {}, e.tensor({5, 7}), {}}, second{&e, &r, {}, {}, {}};
  y.grad->hooks.emplace_back(y.output, first.hook(1));
  y.grad->hooks.emplace_back(y.output, second.hook(2));
  TestEngine::ok(run(of(sum(e.call(r, "add", {y, mul(y, y)})))));
  ASSERT_EQ(first.seen.size(), 1u) << "once, when all uses have arrived";
  EXPECT_EQ(first.seen[0], (Floats{3, 9}));
  EXPECT_EQ(second.seen.at(0), (Floats{5, 7})) << "in order, each sees what the one before left";
  EXPECT_EQ(grad(x), (Floats{10, 28}));
  y = Value();
  EXPECT_EQ(first.released + second.released, 2);
}

TEST_F(Backward, HooksThatFailOrChangeTheShapeEndIt) {
  Value x = e.leaf(e.tensor({1, 2}));
  Watch w{&e, &r, {}, {}, Status(DS_IO_ERROR, "no disk")};
  x.grad->hooks.emplace_back(0, w.hook(1));
  Value y = sum(mul(x, x));
  Status status = run(of(y));
  EXPECT_EQ(status.code(), DS_IO_ERROR);
  EXPECT_EQ(status.text(), "no disk");
  EXPECT_FALSE(x.grad->gradient);
  w.failure = Status();
  w.replacement = e.tensor({1});
  EXPECT_EQ(run(of(y)).code(), DS_SHAPE_MISMATCH);
  EXPECT_FALSE(x.grad->gradient);
  w.replacement = e.tensor({8, 9});
  TestEngine::ok(run(of(y)));
  EXPECT_EQ(grad(x), (Floats{8, 9})) << "a failed backward frees nothing";
  x.grad->hooks.clear();
}

TEST_F(Backward, GradientsHaveTheLeafsDtype) {
  Value half = e.leaf(e.tensor({2}, {1, 2}, DS_F16)), wide = e.leaf(e.tensor({3, 4}));
  TestEngine::ok(run(of(sum(mul(half, wide)))));
  EXPECT_EQ(half.grad->gradient->value.spec().dtype, DS_F16);
  EXPECT_EQ(wide.grad->gradient->value.spec().dtype, DS_F32);
  EXPECT_EQ(grad(wide), (Floats{1, 2}));
}

// Small stacks would overflow at a few thousand nodes if anything recursed.
TEST_F(Backward, ChainsOfHundredThousandNodes) {
  constexpr int kNodes = 100000;
  Value x = e.leaf(e.tensor({1}));
  Value one = TestEngine::scalar(1), y = x;
  for (int n = 0; n < kNodes; ++n) {
    y = mul(y, one);
    TestEngine::ok(r.settle(0));
  }
  BackwardRequest request = of(sum(y));
  request.create_graph = true;
  TestEngine::ok(run(request));
  EXPECT_EQ(grad(x), (Floats{1}));
  x.grad->gradient.reset();  // the gradient's own chain
  y = Value();
  request = BackwardRequest();
  EXPECT_EQ(e.read(r, e.call(r, "add", {x, x})), (Floats{2}));
}

TEST_F(Backward, AChainIsReleasedWithoutADifferential) {
  Value x = e.leaf(e.tensor({1}));
  Value y = x;
  for (int n = 0; n < 300000; ++n) {
    GradRef node(new GradNode);
    node->inputs.resize(1);
    node->inputs[0].grad = y.grad;
    y.grad = node;
  }
  y = Value();
  EXPECT_TRUE(x.grad);
}

}  // namespace
}  // namespace ds::core
