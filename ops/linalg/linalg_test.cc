#include "tests/operators/session.h"

namespace ds::test {
namespace {

Array product(const Array& a, const Array& b, int64_t stacks_a, int64_t stacks_b, int64_t n, int64_t k, int64_t m) {
  const int64_t stacks = std::max(stacks_a, stacks_b);
  Array y({stacks, n, m}, {});
  for (int64_t s = 0; s < stacks; ++s)
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = 0; j < m; ++j) {
        double sum = 0;
        for (int64_t l = 0; l < k; ++l)
          sum += a.values[size_t(((stacks_a == 1 ? 0 : s) * n + i) * k + l)] *
                 b.values[size_t(((stacks_b == 1 ? 0 : s) * k + l) * m + j)];
        y.values.push_back(sum);
      }
  return y;
}

TEST(Matmul, Matrices) {
  const Session s;
  for (const auto& [n, k, m] : {std::tuple{3, 4, 5}, {1, 7, 1}, {17, 1, 9}, {64, 33, 40}}) {
    const Array a = random_array({n, k}, 1), b = random_array({k, m}, 2);
    Array expected = product(a, b, 1, 1, n, k, m);
    expected.shape = {n, m};
    expect_close(s.one("matmul", {a, b}), expected, 1e-12, "matrices");
  }
}

TEST(Matmul, StacksBroadcast) {
  const Session s;
  const Array a = random_array({4, 2, 3}, 1), b = random_array({4, 3, 5}, 2), one = random_array({3, 5}, 3);
  expect_close(s.one("matmul", {a, b}), product(a, b, 4, 4, 2, 3, 5), 1e-12, "stack with stack");
  expect_close(s.one("matmul", {a, one}), product(a, one, 4, 1, 2, 3, 5), 1e-12, "stack with matrix");
  EXPECT_EQ(s.one("matmul", {random_array({2, 1, 2, 3}, 1), random_array({4, 3, 5}, 2)}).shape, (Dims{2, 4, 2, 5}));
}

TEST(Matmul, VectorsLoseTheirAxis) {
  const Session s;
  const Array v({3}, {1, 2, 3}), m({3, 2}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(s.one("matmul", {v, v}).values, Doubles{14});
  EXPECT_TRUE(s.one("matmul", {v, v}).shape.empty());
  EXPECT_EQ(s.one("matmul", {v, m}).values, (Doubles{22, 28}));
  EXPECT_EQ(s.one("matmul", {Array({2, 3}, {1, 2, 3, 4, 5, 6}), v}).values, (Doubles{14, 32}));
  EXPECT_EQ(s.one("matmul", {random_array({5, 2, 3}, 1), v}).shape, (Dims{5, 2}));
  EXPECT_EQ(s.one("matmul", {v, random_array({5, 3, 2}, 1)}).shape, (Dims{5, 2}));
}

TEST(Matmul, EmptyIsZeroOrEmpty) {
  const Session s;
  EXPECT_EQ(s.one("matmul", {Array({2, 0}, {}), Array({0, 2}, {})}).values, (Doubles{0, 0, 0, 0}));
  EXPECT_EQ(s.one("matmul", {Array({0, 3}, {}), random_array({3, 2}, 1)}).shape, (Dims{0, 2}));
}

TEST(Matmul, IntegersAndBools) {
  const Session s;
  const Array a({2, 2}, {1, 2, 3, 4}, DS_I32), t({2, 2}, {1, 0, 1, 1}, DS_BOOL);
  const Array y = s.one("matmul", {a, a});
  EXPECT_EQ(y.dtype, DS_I32);
  EXPECT_EQ(y.values, (Doubles{7, 10, 15, 22}));
  EXPECT_EQ(s.one("matmul", {t, t}).values, t.values) << "or of ands";
}

TEST(Matmul, ErrorsShowBothShapes) {
  const Session s;
  EXPECT_EQ(s.status("matmul", {random_array({2, 3}, 1), random_array({4, 5}, 1)}), DS_SHAPE_MISMATCH);
  EXPECT_NE(s.error().find("matmul inner sizes differ: [2,3] @ [4,5]"), std::string::npos) << s.error();
  EXPECT_EQ(s.status("matmul", {Array(2.0), random_array({4, 5}, 1)}), DS_SHAPE_MISMATCH);
  EXPECT_EQ(s.status("matmul", {random_array({2, 2, 3}, 1), random_array({3, 3, 5}, 1)}), DS_SHAPE_MISMATCH);
}

TEST(Matmul, GradientOfASharedMatrix) {
  const Session s;
  check_gradients(s, "matmul", {random_array({2, 3, 4}, 1), random_array({4, 2}, 2)});
  check_gradients(s, "matmul", {random_array({2, 1, 2, 3}, 1), random_array({3, 3, 2}, 2)});
}

TEST(Linear, IsAProductWithTheTransposedWeight) {
  const Session s;
  const Array x = random_array({2, 3, 4}, 1), w = random_array({5, 4}, 2), bias = random_array({5}, 3);
  Array expected({2, 3, 5}, {});
  for (size_t row = 0; row < 6; ++row)
    for (size_t o = 0; o < 5; ++o) {
      double sum = bias.values[o];
      for (size_t k = 0; k < 4; ++k) sum += x.values[row * 4 + k] * w.values[o * 4 + k];
      expected.values.push_back(sum);
    }
  expect_close(s.one("linear", {x, w, bias}), expected, 1e-12, "linear");
  EXPECT_EQ(s.status("linear", {x, random_array({5, 3}, 1)}), DS_SHAPE_MISMATCH);
  EXPECT_EQ(s.status("linear", {x, w, random_array({4}, 1)}), DS_SHAPE_MISMATCH);
}

}  // namespace
}  // namespace ds::test
