// random_test.cc: every element equals what the SDK's Philox draws.
#include "deepseek/philox.hpp"
#include "trial.h"

namespace ds::cpu {
namespace {

TEST(Random, MatchesPhilox) {
  for (int64_t n : {0, 1, 63, 64, 65, 5000}) {
    TestTensor state(DS_U64, {2}), f(DS_F32, {n}), d(DS_F64, {n}), b(DS_BOOL, {n});
    state.get<uint64_t>(0) = 0x123456789abcdefull, state.get<uint64_t>(1) = (1ull << 40) + 3;
    std::vector<int64_t> shape = {n};
    auto run = [&](const char* op, TestTensor& y, std::vector<ds_value> numbers) {
      Trial t;
      t.op = op, t.inputs = {&state}, t.outputs = {&y}, t.attributes = {integers(shape)};
      for (ds_value v : numbers) t.attributes.push_back(v);
      t.attributes.push_back(dtype_value(y.spec.dtype));
      ASSERT_EQ(t.run(), DS_OK);
    };
    Philox random(state.get<uint64_t>(0), state.get<uint64_t>(1));
    run("random_uniform", f, {real(-2), real(5)});
    for (int64_t i = 0; i < n; ++i) ASSERT_FLOAT_EQ(f.get<float>(i), float(-2 + random.uniform24(i) * 7));
    run("random_uniform", d, {real(0), real(1)});
    for (int64_t i = 0; i < n; ++i) ASSERT_EQ(d.get<double>(i), random.uniform53(i));
    run("random_normal", f, {real(1), real(2)});
    for (int64_t i = 0; i < n; ++i) ASSERT_NEAR(f.get<float>(i), 1 + 2 * random.normal24(i), 2e-6);
    run("random_normal", d, {real(0), real(1)});
    for (int64_t i = 0; i < n; ++i) ASSERT_NEAR(d.get<double>(i), random.normal53(i), 1e-13);
    run("random_bernoulli", b, {real(0.3)});
    for (int64_t i = 0; i < n; ++i) ASSERT_EQ(b.get<uint8_t>(i), random.uniform24(i) < 0.3);
  }
}

}  // namespace
}  // namespace ds::cpu
