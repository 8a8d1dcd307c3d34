#include <algorithm>

#include "deepseek/philox.hpp"
#include "tests/operators/session.h"

namespace ds::test {
namespace {

Array state(double seed, double offset) { return Array({2}, {seed, offset}, DS_U64); }

double mean_of(const Doubles& v) {
  double sum = 0;
  for (double x : v) sum += x;
  return sum / double(v.size());
}

// Random123's known answers.
TEST(Philox, KnownAnswers) {
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (PhiloxBlock{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}), (PhiloxBlock{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (PhiloxBlock{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, ElementsFollowFromCounters) {
  const Session s;
  const Array u = s.one("random_uniform", {state(42, 7)}, {{"shape", Dims{10}}});
  for (uint32_t i = 0; i < 10; ++i)
    EXPECT_EQ(u.values[i], double(philox({i / 4, 0, 7, 0}, {42, 0})[i % 4] >> 8) / 16777216) << i;
  EXPECT_EQ(s.one("random_uniform", {state(42, 7)}, {{"shape", Dims{2, 3}}}).values,
            Doubles(u.values.begin(), u.values.begin() + 6));
  EXPECT_NE(s.one("random_uniform", {state(42, 8)}, {{"shape", Dims{10}}}).values, u.values);
  const Array z = s.one("random_normal", {state(42, 7)}, {{"shape", Dims{4}}});
  const double radius = std::sqrt(-2 * std::log1p(-u.values[0])), angle = 2 * M_PI * u.values[1];
  EXPECT_NEAR(z.values[0], radius * std::cos(angle), 1e-6);
  EXPECT_NEAR(z.values[1], radius * std::sin(angle), 1e-6);
}

TEST(Random, Moments) {
  const Session s;
  const int64_t n = 200000;
  for (ds_dtype dtype : {DS_F32, DS_F64, DS_BF16}) {
    const Array u = s.one("random_uniform", {state(1, 2)},
                          {{"shape", Dims{n}}, {"low", -1.0}, {"high", 3.0}, {"dtype", Dtype{dtype}}});
    EXPECT_NEAR(mean_of(u.values), 1, dtype == DS_BF16 ? 0.03 : 0.01);
    EXPECT_GE(*std::min_element(u.values.begin(), u.values.end()), -1);
    EXPECT_LE(*std::max_element(u.values.begin(), u.values.end()), 3);
    const Array z = s.one("random_normal", {state(1, 3)}, {{"shape", Dims{n}}, {"dtype", Dtype{dtype}}});
    double squares = 0, fourth = 0, neighbours = 0;
    for (int64_t i = 0; i < n; ++i) {
      const double v = z.values[size_t(i)];
      squares += v * v / double(n), fourth += v * v * v * v / double(n);
      if (i) neighbours += v * z.values[size_t(i - 1)] / double(n);
    }
    EXPECT_NEAR(mean_of(z.values), 0, 0.01);
    EXPECT_NEAR(squares, 1, 0.02);
    EXPECT_NEAR(fourth, 3, 0.1);
    EXPECT_NEAR(neighbours, 0, 0.01);
  }
}

TEST(Random, BernoulliIntegersPermutation) {
  const Session s;
  EXPECT_NEAR(mean_of(s.one("random_bernoulli", {state(5, 0)}, {{"shape", Dims{100000}}, {"p", 0.3}}).values), 0.3,
              0.01);
  EXPECT_EQ(mean_of(s.one("random_bernoulli", {state(5, 0)}, {{"shape", Dims{1000}}, {"p", 1.0}}).values), 1);
  Doubles count(6);
  for (double v :
       s.one("randint", {state(5, 1)}, {{"shape", Dims{60000}}, {"low", int64_t{-3}}, {"high", int64_t{3}}}).values)
    ++count.at(size_t(v + 3));
  for (double c : count) EXPECT_NEAR(c, 10000, 400);
  Array p = s.one("random_permutation", {state(5, 2)}, {{"n", int64_t{1000}}});
  EXPECT_FALSE(std::is_sorted(p.values.begin(), p.values.end()));
  std::sort(p.values.begin(), p.values.end());
  for (size_t i = 0; i < 1000; ++i) ASSERT_EQ(p.values[i], double(i));
  EXPECT_EQ(s.status("randint", {state(0, 0)}, {{"shape", Dims{1}}, {"high", int64_t{0}}}), DS_INVALID_ARGUMENT);
  EXPECT_EQ(s.status("random_uniform", {state(0, 0)}, {{"shape", Dims{1}}, {"dtype", Dtype{DS_I32}}}),
            DS_DTYPE_MISMATCH);
}

// Without a state the context's counter gives one, and moves on; ds_seed begins anew.
TEST(Random, TheContextCounts) {
  const Session s;
  const auto draw = [&] { return s.one("random_uniform", {}, {{"shape", Dims{5}}}).values; };
  s.ok(ds_seed(s.context, 9));
  const Doubles first = draw(), second = draw();
  EXPECT_NE(first, second);
  s.ok(ds_seed(s.context, 9));
  EXPECT_EQ(draw(), first);
  EXPECT_EQ(draw(), second);
}

}  // namespace
}  // namespace ds::test
