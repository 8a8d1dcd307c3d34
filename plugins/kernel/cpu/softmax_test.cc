// softmax_test.cc: softmax, log_softmax and layer_norm against long double, along all axes.
#include <cmath>

#include "trial.h"

namespace ds::cpu {
namespace {

template <class T>
void check_softmax(ds_dtype dtype, double tolerance) {
  for (std::vector<int64_t> extents :
       {std::vector<int64_t>{1}, {7}, {3, 5}, {4, 1000}, {1000, 4}, {3, 17, 300}, {2, 3, 4, 5}, {0, 3}, {3, 0}})
    for (size_t axis = 0; axis < extents.size(); ++axis)
      for (bool log : {false, true}) {
        TestTensor x(dtype, extents), y(dtype, extents);
        for (int64_t i = 0; i < x.count(); ++i) x.get<T>(i) = T(std::sin(double(i) * 1.7) * 20 + 90);
        Trial t;
        t.op = log ? "log_softmax" : "softmax", t.inputs = {&x}, t.outputs = {&y},
        t.attributes = {integer(int64_t(axis) - int64_t(extents.size()))};
        ASSERT_EQ(t.run(), DS_OK);
        int64_t inner = 1, n = extents[axis];
        for (size_t d = axis + 1; d < extents.size(); ++d) inner *= extents[d];
        for (int64_t i = 0; i < x.count(); ++i) {
          int64_t base = i / (n * inner) * n * inner + i % inner;
          long double top = -INFINITY, total = 0;
          for (int64_t k = 0; k < n; ++k) top = std::max(top, (long double)x.get<T>(base + k * inner));
          for (int64_t k = 0; k < n; ++k) total += std::exp(x.get<T>(base + k * inner) - top);
          long double want = x.get<T>(i) - top - std::log(total);
          if (!log) want = std::exp(want);
          ASSERT_NEAR(double(y.get<T>(i)), double(want),
                      tolerance * (log ? 1 + std::abs(double(want)) : double(want) * 2 + 1e-30))
              << axis << ' ' << i;
        }
      }
}
TEST(Softmax, AllAxes) {
  check_softmax<float>(DS_F32, 1e-6);
  check_softmax<double>(DS_F64, 1e-14);
}

TEST(Softmax, InfinitiesAndHalves) {
  TestTensor x(DS_F32, {2, 20}), y(DS_F32, {2, 20});
  for (int64_t i = 0; i < 20; ++i) x.get<float>(i) = i < 15 ? -INFINITY : 0, x.get<float>(20 + i) = i == 3 ? NAN : 1;
  Trial t;
  t.op = "softmax", t.inputs = {&x}, t.outputs = {&y}, t.attributes = {integer(-1)};
  ASSERT_EQ(t.run(), DS_OK);
  EXPECT_EQ(y.get<float>(0), 0);
  EXPECT_FLOAT_EQ(y.get<float>(17), 0.2f);
  EXPECT_TRUE(std::isnan(y.get<float>(25)));
  TestTensor h(DS_F16, {3, 10}), g(DS_F16, {3, 10});
  Trial half;
  half.op = "softmax", half.inputs = {&h}, half.outputs = {&g}, half.attributes = {integer(-1)};
  ASSERT_EQ(half.run(), DS_OK);
  EXPECT_EQ(g.get<uint16_t>(29), 0x2e66);  // 0.1
}

TEST(LayerNorm, AgainstLongDouble) {
  for (int64_t n : {1, 3, 17, 64, 1000})
    for (int present = 0; present < 4; ++present) {
      TestTensor x(DS_F32, {5, n}), w(DS_F32, {n}), b(DS_F32, {n}), y(DS_F32, {5, n});
      for (int64_t i = 0; i < 5 * n; ++i) x.get<float>(i) = float(std::sin(double(i)) * 3 + 1000);
      for (int64_t i = 0; i < n; ++i) w.get<float>(i) = float(i % 3) - 0.5f, b.get<float>(i) = float(i % 5);
      Trial t;
      t.op = "layer_norm", t.inputs = {&x, present & 1 ? &w : nullptr, present & 2 ? &b : nullptr}, t.outputs = {&y};
      t.attributes = {integer(-1), real(1e-5)};
      ASSERT_EQ(t.run(), DS_OK);
      for (int64_t r = 0; r < 5; ++r) {
        long double mean = 0, variance = 0;
        for (int64_t k = 0; k < n; ++k) mean += x.get<float>(r * n + k);
        mean /= n;
        for (int64_t k = 0; k < n; ++k) variance += (x.get<float>(r * n + k) - mean) * (x.get<float>(r * n + k) - mean);
        for (int64_t k = 0; k < n; ++k) {
          long double want = (x.get<float>(r * n + k) - mean) / std::sqrt(variance / n + 1e-5L);
          if (present & 1) want *= w.get<float>(k);
          if (present & 2) want += b.get<float>(k);
          ASSERT_NEAR(y.get<float>(r * n + k), double(want), 2e-5) << n << ' ' << present;
        }
      }
    }
}

}  // namespace
}  // namespace ds::cpu
