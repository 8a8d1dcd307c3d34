// join_test.cc: concat, stack, pad and take by element.
#include "trial.h"

namespace ds::cpu {
namespace {

void number(TestTensor& t, float from) {
  for (int64_t i = 0; i < t.count(); ++i) t.get<float>(i) = from + float(i);
}

TEST(Join, ConcatAndStack) {
  TestTensor a(DS_F32, {2, 3, 4}), b(DS_F32, {2, 5, 4}), y(DS_F32, {2, 8, 4});
  number(a, 0), number(b, 100);
  Trial t;
  t.op = "concat", t.inputs = {&a, &b}, t.outputs = {&y}, t.attributes = {integer(-2)};
  ASSERT_EQ(t.run(), DS_OK);
  for (int64_t i = 0; i < y.count(); ++i) {
    int64_t c = i % 4, r = i / 4 % 8, n = i / 32;
    EXPECT_EQ(y.get<float>(i), r < 3 ? a.get<float>((n * 3 + r) * 4 + c) : b.get<float>((n * 5 + r - 3) * 4 + c));
  }
  TestTensor p(DS_F32, {3, 2}), q(DS_F32, {3, 2}), s(DS_F32, {3, 2, 2});
  number(p, 0), number(q, 50);
  Trial stack;
  stack.op = "stack", stack.inputs = {&p, &q}, stack.outputs = {&s}, stack.attributes = {integer(2)};
  ASSERT_EQ(stack.run(), DS_OK);
  for (int64_t i = 0; i < s.count(); ++i) EXPECT_EQ(s.get<float>(i), (i % 2 ? q : p).get<float>(i / 2));
}

TEST(Join, Pad) {
  TestTensor x(DS_F32, {2, 3}), y(DS_F32, {3, 6});
  number(x, 1);
  std::vector<int64_t> before = {1, 1}, after = {0, 2};
  Trial t;
  t.op = "pad", t.inputs = {&x}, t.outputs = {&y}, t.attributes = {integers(before), integers(after), real(-1)};
  ASSERT_EQ(t.run(), DS_OK);
  for (int64_t r = 0; r < 3; ++r)
    for (int64_t c = 0; c < 6; ++c)
      EXPECT_EQ(y.get<float>(r * 6 + c), r >= 1 && c >= 1 && c < 4 ? x.get<float>((r - 1) * 3 + c - 1) : -1);
}

TEST(Take, RowsElementsAndErrors) {
  TestTensor x(DS_F32, {5, 7}), index(DS_I32, {3}), y(DS_F32, {3, 7}), z(DS_F32, {5, 3});
  number(x, 0);
  int32_t chosen[] = {4, -5, 2};
  for (int i = 0; i < 3; ++i) index.get<int32_t>(i) = chosen[i];
  Trial rows;
  rows.op = "take", rows.inputs = {&x, &index}, rows.outputs = {&y}, rows.attributes = {integer(0)};
  ASSERT_EQ(rows.run(), DS_OK);
  Trial columns;
  columns.op = "take", columns.inputs = {&x, &index}, columns.outputs = {&z}, columns.attributes = {integer(-1)};
  ASSERT_EQ(columns.run(), DS_OK);
  int64_t row[] = {4, 0, 2}, column[] = {4, 2, 2};
  for (int64_t i = 0; i < 3; ++i) {
    for (int64_t c = 0; c < 7; ++c) EXPECT_EQ(y.get<float>(i * 7 + c), float(row[i] * 7 + c));
    for (int64_t r = 0; r < 5; ++r) EXPECT_EQ(z.get<float>(r * 3 + i), float(r * 7 + column[i]));
  }
  index.get<int32_t>(1) = 5;
  EXPECT_EQ(rows.kernel->run(rows.state, &rows.args), DS_OUT_OF_RANGE);
}

}  // namespace
}  // namespace ds::cpu
