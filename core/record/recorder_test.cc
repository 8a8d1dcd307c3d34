#include "core/record/recorder.h"

#include "core/run/engine_test.h"

namespace ds::core {
namespace {

using test::Floats;
using test::TestEngine;

TEST(Recorder, ScalarsDoNotChangeTheHash) {
  TestEngine e;
  Value x = e.tensor({1, 2, 3});
  uint64_t hash = 0;
  for (double number : {0.5, 2.0, -7.0}) {
    Recorder r(e);
    Value y = e.call(r, "mul", {x, TestEngine::scalar(number)});
    EXPECT_TRUE(!hash || r.graph().hash() == hash) << number;
    hash = r.graph().hash();
    EXPECT_EQ(e.read(r, y), (Floats{float(number), float(2 * number), float(3 * number)}));
  }
  EXPECT_EQ(e.counters.compiled, 1u);
  EXPECT_EQ(e.counters.hits, 2u);
  Recorder r(e);
  e.call(r, "mul", {x, e.tensor({}, {0.5})});
  EXPECT_NE(r.graph().hash(), hash) << "a tensor of one element is no scalar";
}

TEST(Recorder, WeakScalarsTakeTheTensorsDtype) {
  TestEngine e;
  Recorder r(e);
  Value half = e.tensor({2}, {1, 2}, DS_F16), ten = TestEngine::scalar(10, DS_F64);
  std::vector<Value> out, in{half, ten};
  Weak weak[] = {Weak::kNone, Weak::kFloat};
  TestEngine::ok(r.record(e.op("mul"), in, weak, {}, 0, &out));
  EXPECT_EQ(out[0].spec().dtype, DS_F16);
  EXPECT_EQ(r.graph().nodes().size(), 1u) << "no cast: the scalar itself is converted";
  TestEngine::ok(r.record(e.op("mul"), in, {}, {}, 0, &out));
  EXPECT_EQ(out[0].spec().dtype, DS_F64) << "a scalar with a width of its own";
  EXPECT_EQ(r.graph().nodes().size(), 3u);
  ds_value huge{DS_INT, 0, {.i = 300}};
  TestEngine::ok(Recorder::scalar(huge, DS_I64, {DS_DEVICE_CPU, 0}, &in[1]));
  in[0] = e.tensor({1}, {1}, DS_I8);
  weak[1] = Weak::kInt;
  Status status = r.record(e.op("add"), in, weak, {}, 0, &out);
  EXPECT_EQ(status.code(), DS_OVERFLOW) << "NumPy 2 refuses it as well";
}

TEST(Recorder, ALeafIsOneHoweverOftenItIsUsed) {
  TestEngine e;
  Recorder r(e);
  Value x = e.tensor({1, 2}), s = TestEngine::scalar(3);
  Value y = e.call(r, "add", {x, x});
  y = e.call(r, "mul", {y, x});
  y = e.call(r, "mul", {y, s});
  y = e.call(r, "add", {y, s});
  EXPECT_EQ(r.graph().leaves().size(), 2u);
  EXPECT_EQ(r.leaves().size(), 2u);
  Value same = e.tensor({1, 2});
  e.call(r, "add", {same, x});
  EXPECT_EQ(r.graph().leaves().size(), 3u) << "equal content elsewhere is another leaf";
  EXPECT_EQ(e.read(r, y), (Floats{9, 27}));
  EXPECT_EQ(r.graph().leaves().size(), 0u);
  e.call(r, "neg", {x});
  EXPECT_EQ(r.graph().leaves().size(), 1u) << "the next recording numbers them anew";
}

TEST(Recorder, AValueHandedToAnotherRecorderIsFlushed) {
  TestEngine e;
  Recorder a(e), b(e);
  Value x = e.call(a, "add", {e.tensor({1, 2}), TestEngine::scalar(1)});
  Value y = e.call(b, "mul", {x, x});
  EXPECT_EQ(e.counters.reasons[size_t(FlushReason::kThread)], 1u);
  EXPECT_EQ(a.graph().nodes().size(), 0u);
  EXPECT_EQ(b.graph().nodes().size(), 1u);
  EXPECT_EQ(e.read(b, y), (Floats{4, 9}));
  Value z = e.call(a, "neg", {x});
  EXPECT_EQ(e.read(b, z), (Floats{-2, -3})) << "looking through another recorder flushes as well";
  EXPECT_EQ(e.counters.reasons[size_t(FlushReason::kThread)], 2u);
}

TEST(Recorder, AFailureBesideAHandedOverValueIsNotItsOwn) {
  TestEngine e;
  Recorder a(e), b(e);
  Value x = e.tensor({1, 2}), index = e.tensor({1}, {7}, DS_I64);
  Value good = e.call(a, "add", {x, x});
  ds_value axis{DS_INT, 0, {.i = 0}};
  Value bad = e.call(a, "take", {x, index}, {axis});
  std::vector<Value> out;
  Value in[] = {good};
  Status status = b.record(e.op("neg"), in, {}, {}, 0, &out);
  EXPECT_TRUE(good.content->ready());
  EXPECT_EQ(b.make_ready(bad, 0).code(), DS_OUT_OF_RANGE);
  ASSERT_TRUE(status.ok()) << status.text();
  EXPECT_EQ(e.read(b, out[0]), (Floats{-2, -4}));
}

TEST(Recorder, ThresholdsSettle) {
  TestEngine e;
  e.options.flush_nodes = 5;
  Recorder r(e);
  Value x = e.tensor({1});
  for (int n = 1; n <= 12; ++n) {
    x = e.call(r, "add", {x, x});
    TestEngine::ok(r.settle(0));
    EXPECT_EQ(r.graph().nodes().size(), size_t(n % 5));
  }
  EXPECT_EQ(e.counters.reasons[size_t(FlushReason::kNodes)], 2u);
  EXPECT_EQ(e.read(r, x), (Floats{4096}));
  e.options.flush_nodes = 1000;
  e.options.flush_bytes = 4 * 100 * 3;
  Value wide = e.tensor(Floats(100, 1));
  for (int n = 1; n <= 7; ++n) {
    wide = e.call(r, "add", {wide, wide});
    TestEngine::ok(r.settle(0));
    EXPECT_EQ(r.graph().nodes().size(), size_t(n % 3)) << "counted in bytes of results";
  }
  EXPECT_EQ(e.counters.reasons[size_t(FlushReason::kBytes)], 2u);
  e.options.eager = true;
  wide = e.call(r, "neg", {wide});
  TestEngine::ok(r.settle(0));
  EXPECT_EQ(r.graph().nodes().size(), 0u);
}

TEST(Recorder, FewerWantedValuesHitTheSameProgram) {
  TestEngine e;
  Value x = e.tensor({1, 2});
  auto both = [&](Recorder& r, Value* a, Value* b) {
    *a = e.call(r, "exp", {x});
    *b = e.call(r, "neg", {*a});
  };
  Recorder r(e);
  Value a, b;
  both(r, &a, &b);
  EXPECT_EQ(e.read(r, b), e.read(r, b));
  EXPECT_EQ(e.counters.compiled, 1u);
  Value again, last;
  both(r, &again, &last);
  again = Value();  // now only the last one is wanted
  e.read(r, last);
  EXPECT_EQ(e.counters.compiled, 1u) << "a program that yields more serves";
  EXPECT_EQ(e.counters.hits, 1u);
  both(r, &a, &b);
  b = Value();
  e.read(r, a);
  EXPECT_EQ(e.counters.hits, 2u);
  // The other way round it must be compiled.
  TestEngine fresh;
  Recorder s(fresh);
  Value y = fresh.tensor({1, 2});
  for (int wanted = 1; wanted <= 2; ++wanted) {
    Value first = fresh.call(s, "exp", {y}), second = fresh.call(s, "neg", {first});
    if (wanted == 1) first = Value();
    fresh.read(s, second);
  }
  EXPECT_EQ(fresh.counters.compiled, 2u);
}

TEST(Recorder, NobodyWantsNothingRuns) {
  TestEngine e;
  Recorder r(e);
  e.call(r, "exp", {e.tensor({1})});
  TestEngine::ok(r.flush(FlushReason::kStep, 0));
  EXPECT_EQ(e.counters.flushes, 0u);
  EXPECT_EQ(r.graph().nodes().size(), 0u);
}

TEST(Recorder, ALeafsMemoryIsOnlyTakenWhenNobodyElseHoldsIt) {
  TestEngine e;
  Recorder r(e);
  Value x = e.tensor({1, 2, 3}), kept = x;
  Value y = e.call(r, "exp", {x});
  e.read(r, y);
  EXPECT_EQ(e.read(r, kept), (Floats{1, 2, 3}));
  Value z = e.call(r, "neg", {e.tensor({4, 5})});  // the only holder is the recording
  EXPECT_EQ(e.read(r, z), (Floats{-4, -5}));
}

TEST(Recorder, ARecorderThatGoesLeavesAnError) {
  TestEngine e;
  Value y;
  {
    Recorder r(e);
    y = e.call(r, "exp", {e.tensor({1})});
  }
  Recorder r(e);
  EXPECT_EQ(r.make_ready(y, 0).code(), DS_INTERNAL);
  std::vector<Value> out;
  EXPECT_FALSE(r.record(e.op("neg"), {&y, 1}, {}, {}, 0, &out).ok());
}

TEST(Recorder, HundredThousandNodesPassThrough) {
  TestEngine e;
  Recorder r(e);
  Value x = e.tensor({0});
  Value one = TestEngine::scalar(1);
  for (int n = 0; n < 100000; ++n) {
    x = e.call(r, "add", {x, one});
    TestEngine::ok(r.settle(0));
  }
  EXPECT_EQ(e.read(r, x), (Floats{100000}));
  EXPECT_LE(e.counters.compiled, 3u) << "every full recording is the same program";
}

}  // namespace
}  // namespace ds::core
