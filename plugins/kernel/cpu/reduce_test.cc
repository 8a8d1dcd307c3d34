// reduce_test.cc: reductions over random axes against loops in long double; accuracy, NaN, empty.
#include <cmath>
#include <random>

#include "trial.h"

namespace ds::cpu {
namespace {

struct Case {
  std::vector<int64_t> extents, axes, kept_shape;
  std::vector<std::vector<int64_t>> groups;  // input elements of each output, in C order
};
Case make_case(std::vector<int64_t> extents, std::vector<int64_t> axes) {
  Case c;
  c.extents = extents, c.axes = axes;
  std::vector<bool> kept(extents.size(), true);
  if (axes.empty()) kept.assign(extents.size(), false);
  for (int64_t a : axes) kept[size_t(a)] = false;
  int64_t outputs = 1, inputs = 1;
  for (size_t d = 0; d < extents.size(); ++d) {
    inputs *= extents[d];
    if (kept[d]) c.kept_shape.push_back(extents[d]), outputs *= extents[d];
  }
  c.groups.resize(size_t(outputs));
  for (int64_t i = 0; i < inputs; ++i) {
    int64_t rest = i, out = 0, step = 1;
    for (size_t d = extents.size(); d-- > 0; rest /= extents[d])
      if (kept[d]) out += rest % extents[d] * step, step *= extents[d];
    c.groups[size_t(out)].push_back(i);
  }
  return c;
}

const std::vector<std::pair<std::vector<int64_t>, std::vector<int64_t>>> kCases = {{{}, {}},
                                                                                   {{7}, {}},
                                                                                   {{7}, {0}},
                                                                                   {{3, 5}, {0}},
                                                                                   {{3, 5}, {1}},
                                                                                   {{3, 5}, {}},
                                                                                   {{4, 300}, {1}},
                                                                                   {{300, 4}, {0}},
                                                                                   {{2, 3, 4, 5}, {1, 3}},
                                                                                   {{2, 3, 4, 5}, {0, 2}},
                                                                                   {{2, 70, 130}, {1}},
                                                                                   {{2, 1, 130}, {1}},
                                                                                   {{100003}, {}},
                                                                                   {{3, 70001}, {1}},
                                                                                   {{50000, 3}, {0}},
                                                                                   {{9, 1100}, {0}},
                                                                                   {{65, 3, 33}, {0, 2}},
                                                                                   {{0, 3}, {0}},
                                                                                   {{3, 0}, {1}}};

template <class T>
void check(ds_dtype dtype, const char* op, ds_dtype out_dtype, auto oracle, double tolerance) {
  for (auto& [extents, axes] : kCases) {
    Case c = make_case(extents, axes);
    bool empty = !c.groups.empty() && c.groups[0].empty();
    if (empty && (op[0] == 'm' || op[0] == 'l' || op[0] == 'v')) continue;
    TestTensor x(dtype, extents), y(out_dtype, c.kept_shape);
    std::mt19937 random(5);
    std::uniform_real_distribution<double> uniform(-1, 3);
    for (int64_t i = 0; i < x.count(); ++i)
      x.get<T>(i) = std::is_same_v<T, float> || std::is_same_v<T, double> ? T(uniform(random))
                                                                          : T(random() % (dtype == DS_BOOL ? 2 : 3));
    Trial t;
    t.op = op, t.inputs = {&x}, t.outputs = {&y}, t.attributes = {integers(axes), flag(false)};
    ASSERT_EQ(t.run(), DS_OK) << op;
    for (size_t k = 0; k < c.groups.size(); ++k) {
      std::vector<long double> v;
      for (int64_t i : c.groups[k]) v.push_back((long double)x.get<T>(i));
      long double want = oracle(v);
      long double got = out_dtype == DS_F32    ? (long double)y.get<float>(int64_t(k))
                        : out_dtype == DS_F64  ? (long double)y.get<double>(int64_t(k))
                        : out_dtype == DS_BOOL ? (long double)y.get<uint8_t>(int64_t(k))
                        : out_dtype == DS_I32  ? (long double)y.get<int32_t>(int64_t(k))
                                               : (long double)y.get<int64_t>(int64_t(k));
      ASSERT_NEAR(double(got), double(want), tolerance * (1 + std::abs(double(want))))
          << op << " output " << k << " of " << c.groups.size() << " from " << v.size();
    }
  }
}
using Values = std::vector<long double>;
long double sum(const Values& v) {
  long double s = 0;
  for (auto x : v) s += x;
  return s;
}
long double variance(const Values& v) {
  long double m = sum(v) / v.size(), s = 0;
  for (auto x : v) s += (x - m) * (x - m);
  return s / v.size();
}

TEST(Reduce, SumsAndFriends) {
  check<float>(DS_F32, "sum", DS_F32, sum, 2e-6);
  check<double>(DS_F64, "sum", DS_F64, sum, 1e-13);
  check<int32_t>(DS_I32, "sum", DS_I64, sum, 0);
  check<uint8_t>(DS_BOOL, "sum", DS_I64, sum, 0);
  check<float>(
      DS_F32, "mean", DS_F32, [](const Values& v) { return sum(v) / v.size(); }, 1e-6);
  auto most = [](const Values& v) {
    auto m = v[0];
    for (auto x : v) m = std::max(m, x);
    return m;
  };
  auto least = [](const Values& v) {
    auto m = v[0];
    for (auto x : v) m = std::min(m, x);
    return m;
  };
  check<float>(DS_F32, "max", DS_F32, most, 0);
  check<double>(DS_F64, "min", DS_F64, least, 0);
  check<int32_t>(DS_I32, "max", DS_I32, most, 0);
  check<int32_t>(
      DS_I32, "any", DS_BOOL,
      [](const Values& v) {
        for (auto x : v)
          if (x != 0) return 1;
        return 0;
      },
      0);
  check<int32_t>(
      DS_I32, "all", DS_BOOL,
      [](const Values& v) {
        for (auto x : v)
          if (x == 0) return 0;
        return 1;
      },
      0);
  check<float>(DS_F32, "var", DS_F32, variance, 1e-6);
  check<double>(DS_F64, "var", DS_F64, variance, 1e-12);
  check<float>(
      DS_F32, "logsumexp", DS_F32,
      [](const Values& v) {
        long double s = 0;
        for (auto x : v) s += std::exp(x);
        return std::log(s);
      },
      1e-6);
}

// Adding up in float alone would lose everything below 2^24.
TEST(Reduce, SumOfManyOnes) {
  int64_t n = 20'000'001;
  for (auto shape : {std::vector<int64_t>{n}, std::vector<int64_t>{n / 3, 3}}) {
    TestTensor x(DS_F32, shape), y(DS_F32, shape.size() == 1 ? std::vector<int64_t>{} : std::vector<int64_t>{3});
    for (int64_t i = 0; i < x.count(); ++i) x.get<float>(i) = 1;
    std::vector<int64_t> axes = {0};
    Trial t;
    t.op = "sum", t.inputs = {&x}, t.outputs = {&y}, t.attributes = {integers(axes), flag(false)};
    ASSERT_EQ(t.run(), DS_OK);
    EXPECT_EQ(y.get<float>(0), float(shape[0]));
  }
}

TEST(Reduce, NotANumber) {
  for (int64_t n : {3, 100, 40000}) {
    TestTensor x(DS_F32, {n}), y(DS_F32, {}), place(DS_I64, {});
    for (int64_t i = 0; i < n; ++i) x.get<float>(i) = float(i % 7);
    x.get<float>(n - 2) = NAN;
    std::vector<int64_t> axes = {};
    for (const char* op : {"max", "min", "sum", "mean", "logsumexp", "var"}) {
      Trial t;
      t.op = op, t.inputs = {&x}, t.outputs = {&y}, t.attributes = {integers(axes), flag(false)};
      ASSERT_EQ(t.run(), DS_OK);
      EXPECT_TRUE(std::isnan(y.get<float>(0))) << op << n;
    }
    for (const char* op : {"argmax", "argmin"}) {
      Trial t;
      t.op = op, t.inputs = {&x}, t.outputs = {&place}, t.attributes = {integer(0), flag(false)};
      ASSERT_EQ(t.run(), DS_OK);
      EXPECT_EQ(place.get<int64_t>(0), n - 2) << op;
    }
  }
}

template <class T>
void expect_nan_wins_everywhere(ds_dtype dtype) {
  constexpr int64_t n = 200;  // longer than any level's four chains
  std::vector<int64_t> axes = {};
  for (int64_t at = 0; at < n; ++at) {
    TestTensor x(dtype, {n}), y(dtype, {});
    for (int64_t i = 0; i < n; ++i) x.get<T>(i) = T(i % 7);
    x.get<T>(at) = NAN;
    for (const char* op : {"max", "min"}) {
      Trial t;
      t.op = op, t.inputs = {&x}, t.outputs = {&y}, t.attributes = {integers(axes), flag(false)};
      ASSERT_EQ(t.run(), DS_OK);
      EXPECT_TRUE(std::isnan(y.get<T>(0))) << op << " at " << at;
    }
  }
}
TEST(Reduce, NotANumberAnywhere) {
  expect_nan_wins_everywhere<float>(DS_F32);
  expect_nan_wins_everywhere<double>(DS_F64);
}

TEST(Reduce, ArgAlongAxes) {
  TestTensor x(DS_I16, {5, 70, 3}), y(DS_I64, {5, 3});
  for (int64_t i = 0; i < x.count(); ++i) x.get<int16_t>(i) = int16_t(i * 37 % 101);
  Trial t;
  t.op = "argmax", t.inputs = {&x}, t.outputs = {&y}, t.attributes = {integer(1), flag(false)};
  ASSERT_EQ(t.run(), DS_OK);
  for (int64_t a = 0; a < 5; ++a)
    for (int64_t c = 0; c < 3; ++c) {
      int64_t best = 0;
      for (int64_t b = 1; b < 70; ++b)
        if (x.get<int16_t>((a * 70 + b) * 3 + c) > x.get<int16_t>((a * 70 + best) * 3 + c)) best = b;
      EXPECT_EQ(y.get<int64_t>(a * 3 + c), best);
    }
}

TEST(Reduce, SumTo) {
  TestTensor x(DS_F32, {4, 3, 5}), y(DS_F32, {3, 1});
  for (int64_t i = 0; i < x.count(); ++i) x.get<float>(i) = float(i);
  std::vector<int64_t> shape = {3, 1};
  Trial t;
  t.op = "sum_to", t.inputs = {&x}, t.outputs = {&y}, t.attributes = {integers(shape)};
  ASSERT_EQ(t.run(), DS_OK);
  for (int64_t b = 0; b < 3; ++b) {
    float want = 0;
    for (int64_t a = 0; a < 4; ++a)
      for (int64_t c = 0; c < 5; ++c) want += x.get<float>((a * 3 + b) * 5 + c);
    EXPECT_EQ(y.get<float>(b), want);
  }
}

}  // namespace
}  // namespace ds::cpu
