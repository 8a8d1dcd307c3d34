#include <thread>

#include "core/api/session.h"

namespace ds::core {
namespace {

TEST(Calls, NothingRunsUntilSomebodyLooks) {
  Session s;
  ds_handle a = s.tensor({2, 2}, {1, 2, 3, 4});
  ds_handle b = s.call("add", {h(a), f(1)});
  EXPECT_EQ(s.counter("flushes"), 0);
  EXPECT_EQ(s.counter("nodes_pending"), 1);
  EXPECT_EQ(s.read(b), (Floats{2, 3, 4, 5}));
  EXPECT_EQ(s.counter("flushes"), 1);
  EXPECT_EQ(s.read(b), (Floats{2, 3, 4, 5}));
  EXPECT_EQ(s.counter("flushes"), 1) << "a value is computed once";
}

TEST(Calls, ShapeErrorsComeAtOnceAndNameShapes) {
  Session s;
  std::vector<ds_handle> out;
  int32_t status = s.try_call("matmul", {h(s.tensor({2, 3}, Floats(6))), h(s.tensor({4, 5}, Floats(20)))}, {}, &out);
  EXPECT_EQ(status, DS_SHAPE_MISMATCH);
  EXPECT_NE(s.error().find("[2,3]"), std::string::npos) << s.error();
  EXPECT_NE(s.error().find("[4,5]"), std::string::npos) << s.error();
  EXPECT_EQ(s.counter("nodes_pending"), 0);
}

TEST(Calls, LocationsAreResolvedInErrors) {
  Session s;
  ds_set_location_resolver(
      s.context,
      [](void*, uint64_t location, ds_text_sink sink, void* user) -> int32_t {
        std::string text = "train.py:" + std::to_string(location);
        return sink(user, text.data(), text.size());
      },
      nullptr);
  std::vector<ds_handle> out;
  s.try_call("add", {h(s.tensor({2}, {1, 2})), h(s.tensor({3}, {1, 2, 3}))}, {}, &out, 12);
  EXPECT_NE(s.error().find("recorded at train.py:12"), std::string::npos) << s.error();
}

TEST(Calls, UnknownOperatorsSuggestNames) {
  Session s;
  ds_operator_id id;
  EXPECT_EQ(ds_operator_find(s.context, "matmull", 7, &id), DS_NOT_FOUND);
  EXPECT_NE(s.error().find("matmul"), std::string::npos) << s.error();
}

TEST(Calls, WrongAttributesAreRefused) {
  Session s;
  std::vector<ds_handle> out;
  ds_handle a = s.tensor({2}, {1, 2});
  EXPECT_EQ(s.try_call("add", {h(a), h(a)}, {i(3)}, &out), DS_INVALID_ARGUMENT);
  EXPECT_EQ(s.try_call("add", {h(a)}, {}, &out), DS_INVALID_ARGUMENT);
  EXPECT_EQ(s.try_call("sum", {h(a)}, {f(0.5)}, &out), DS_INVALID_ARGUMENT);
}

TEST(Calls, HandlesOfAllKindsOfNonsense) {
  Session s;
  ds_handle a = s.tensor({1}, {1});
  s.release(a);
  ds_spec spec;
  EXPECT_EQ(ds_tensor_spec(s.context, a, &spec), DS_STALE_HANDLE);
  EXPECT_EQ(ds_release(s.context, a), DS_STALE_HANDLE);
  for (uint64_t garbage :
       {uint64_t(0), ~uint64_t(0), uint64_t(1), a + (uint64_t(1) << 32), a ^ 3, uint64_t(0xdeadbeef)})
    EXPECT_EQ(ds_tensor_spec(s.context, garbage, &spec), DS_STALE_HANDLE) << garbage;
  EXPECT_EQ(ds_tensor_spec(0x1234567890, a, &spec), DS_STALE_HANDLE);
  ds_handle b = s.tensor({1}, {2});
  EXPECT_NE(a, b) << "a slot that is used again has another generation";
}

TEST(Calls, AnotherScalarIsTheSameProgram) {
  Session s;
  ds_handle a = s.tensor({3}, {1, 2, 3});
  for (int step = 0; step < 10; ++step) {
    ds_handle b = s.call("mul", {h(a), f(0.1 * step)});
    EXPECT_FLOAT_EQ(s.read(b)[2], float(0.1 * step) * 3);
    s.release(b);
  }
  EXPECT_EQ(s.counter("programs_compiled"), 1);
  EXPECT_EQ(s.counter("programs_hit"), 9);
}

TEST(Calls, AFailureTakesOnlyWhatDependsOnIt) {
  Session s;
  ds_handle a = s.tensor({3}, {1, 2, 3});
  ds_value ten = i(10);
  ds_handle good = s.call("add", {h(a), f(1)});
  ds_handle index = s.call("cast", {h(s.tensor({1}, {7}))}, {ds_value{DS_TYPE, 0, {.i = DS_I64}}});
  ds_handle bad = s.call("take", {h(a), h(index)}, {i(0)});
  ds_handle after = s.call("mul", {h(bad), h(ds_handle(a))});
  (void)ten;
  float one;
  EXPECT_EQ(ds_tensor_read(s.context, bad, &one, 4, 0), DS_OUT_OF_RANGE) << s.error();
  EXPECT_NE(s.error().find("take"), std::string::npos) << s.error();
  EXPECT_NE(s.error().find("7"), std::string::npos) << s.error();
  Floats three(3);
  EXPECT_EQ(ds_tensor_read(s.context, after, three.data(), 12, 0), DS_OUT_OF_RANGE);
  EXPECT_EQ(s.read(good), (Floats{2, 3, 4}));
  EXPECT_EQ(s.read(a), (Floats{1, 2, 3}));
}

TEST(Calls, TheFirstNonFiniteOperatorIsNamed) {
  Session s;
  s.option("check_finite", 1);
  ds_handle a = s.tensor({2}, {-1, 4});
  ds_handle root = s.call("sqrt", {h(a)});
  ds_handle sum = s.call("sum", {h(root)});
  float value;
  EXPECT_EQ(ds_tensor_read(s.context, sum, &value, 4, 0), DS_NON_FINITE);
  EXPECT_NE(s.error().find("sqrt"), std::string::npos) << s.error();
}

TEST(Calls, EagerIsTheSameEngine) {
  Session s;
  s.option("eager", 1);
  ds_handle a = s.tensor({2}, {1, 2});
  ds_handle b = s.call("mul", {h(s.call("add", {h(a), f(1)})), h(a)});
  EXPECT_EQ(s.counter("flushes"), 2);
  EXPECT_EQ(s.read(b), (Floats{2, 6}));
}

TEST(Calls, OverflowingShapesAreRefused) {
  Session s;
  std::vector<int64_t> huge{int64_t(1) << 31, int64_t(1) << 31, int64_t(1) << 31};
  std::vector<ds_handle> out;
  EXPECT_EQ(s.try_call("fill", {}, {ints(huge), f(0), ds_value{DS_TYPE, 0, {.i = DS_F32}}}, &out), DS_OVERFLOW);
}

TEST(Calls, NodeThresholdBoundsARecording) {
  Session s;
  s.option("flush_nodes", 10);
  ds_handle x = s.tensor({1}, {0});
  for (int n = 0; n < 25; ++n) {
    ds_handle next = s.call("add", {h(x), f(1)});
    s.release(x);
    x = next;
  }
  EXPECT_EQ(s.counter("flushes"), 2);
  EXPECT_EQ(s.read(x), (Floats{25}));
}

TEST(Threads, FourRecordAndHandOver) {
  Session s;
  ds_handle shared = s.call("add", {h(s.tensor({4}, {1, 2, 3, 4})), f(1)});  // pending in this thread
  std::vector<ds_handle> results(4);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      ds_handle x = s.call("mul", {h(shared), f(t)});
      for (int n = 0; n < 100; ++n) {
        ds_handle next = s.call("add", {h(x), h(shared)});
        s.release(x);
        x = next;
        if (n % 10 == t) s.read(x);
      }
      results[size_t(t)] = x;
    });
  for (auto& thread : threads) thread.join();
  for (int t = 0; t < 4; ++t) EXPECT_EQ(s.read(results[size_t(t)])[3], float(5 * t + 500));
}

}  // namespace
}  // namespace ds::core
