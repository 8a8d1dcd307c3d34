// copy_test.cc: copies between random layouts against element-by-element loops.
#include <numeric>
#include <random>

#include "trial.h"

namespace ds::cpu {
namespace {

struct RandomView {
  int64_t offset = 0;
  std::vector<int64_t> extents, strides;
  int64_t span = 1;  // elements it lies within
};
RandomView random_view(std::mt19937& random, bool overlap) {
  RandomView v;
  int rank = int(random() % 5);
  const int64_t extents[] = {1, 2, 3, 5, 8, 17, 40, 70};
  for (int d = 0; d < rank; ++d) v.extents.push_back(extents[random() % (rank > 3 ? 5 : 8)]);
  std::vector<size_t> order(v.extents.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::shuffle(order.begin(), order.end(), random);
  v.strides.resize(v.extents.size());
  int64_t step = 1 + (random() % 4 == 0);
  for (size_t d : order) {
    v.strides[d] = step;
    step *= v.extents[d];
    if (overlap && random() % 2) step = 1 + int64_t(random() % uint64_t(step));
    if (overlap && random() % 4 == 0) v.strides[d] = 0;
  }
  v.offset = random() % 3;
  for (size_t d = 0; d < v.extents.size(); ++d) {
    if (random() % 4 == 0) v.offset += v.strides[d] * (v.extents[d] - 1), v.strides[d] = -v.strides[d];
    v.span += std::abs(v.strides[d]) * (v.extents[d] - 1);
  }
  v.span += v.offset;
  return v;
}
int64_t element_at(const RandomView& v, int64_t i) {
  int64_t at = v.offset;
  for (size_t d = v.extents.size(); d-- > 0; i /= v.extents[d]) at += i % v.extents[d] * v.strides[d];
  return at;
}

template <class T>
void check_views(ds_dtype dtype, uint32_t seed) {
  std::mt19937 random(seed);
  RandomView v = random_view(random, seed % 3 == 0);
  TestTensor x(dtype, {v.span + 5}), y(dtype, v.extents);
  for (int64_t i = 0; i < x.count(); ++i) x.get<T>(i) = T(i * 3 + 1);
  std::vector<ds_value> attributes = {integer(v.offset), integers(v.extents), integers(v.strides)};
  Trial read;
  read.op = "read_view", read.inputs = {&x}, read.outputs = {&y}, read.attributes = attributes;
  ASSERT_EQ(read.run(), DS_OK);
  for (int64_t i = 0; i < y.count(); ++i) ASSERT_EQ(y.get<T>(i), x.get<T>(element_at(v, i))) << seed << ' ' << i;

  for (bool in_place : {false, true})
    for (bool add : {false, true}) {
      TestTensor base(dtype, {v.span + 5}), value(dtype, v.extents), out(dtype, {v.span + 5});
      std::vector<T> want;
      for (int64_t i = 0; i < base.count(); ++i) want.push_back(base.get<T>(i) = T(i));
      for (int64_t i = 0; i < value.count(); ++i) {
        T e = value.get<T>(i) = T(i + 50);
        T& at = want[size_t(element_at(v, i))];
        at = add ? T(at + e) : e;
      }
      Trial write;
      write.op = add ? "add_view" : "write_view", write.inputs = {&base, &value}, write.outputs = {&out};
      write.attributes = attributes;
      if (in_place) write.in_place = 0;
      int32_t status = write.run();
      if (sizeof(T) == 1 && status == DS_UNSUPPORTED) continue;
      ASSERT_EQ(status, DS_OK);
      for (int64_t i = 0; i < base.count(); ++i)
        ASSERT_EQ((in_place ? base : out).get<T>(i), want[size_t(i)]) << seed << ' ' << add << in_place << ' ' << i;
    }
}

TEST(Copy, RandomViews) {
  for (uint32_t seed = 0; seed < 200; ++seed) {
    check_views<float>(DS_F32, seed);
    check_views<int64_t>(DS_I64, seed);
    check_views<int16_t>(DS_I16, seed);
    check_views<uint8_t>(DS_U8, seed);
    if (testing::Test::HasFatalFailure()) return;
  }
}

TEST(Copy, Transpositions) {
  for (int64_t rows : {1, 15, 16, 17, 64, 333})
    for (int64_t columns : {1, 16, 31, 128, 257}) {
      TestTensor x(DS_F32, {columns, rows}), y(DS_F32, {rows, columns});
      for (int64_t i = 0; i < x.count(); ++i) x.get<float>(i) = float(i);
      std::vector<int64_t> extents = {rows, columns}, strides = {1, rows};
      Trial t;
      t.op = "read_view", t.inputs = {&x}, t.outputs = {&y};
      t.attributes = {integer(0), integers(extents), integers(strides)};
      ASSERT_EQ(t.run(), DS_OK);
      for (int64_t r = 0; r < rows; ++r)
        for (int64_t c = 0; c < columns; ++c) ASSERT_EQ(y.get<float>(r * columns + c), float(c * rows + r));
    }
}

TEST(Copy, FillAndCast) {
  TestTensor y(DS_F16, {1000});
  std::vector<int64_t> shape = {1000};
  Trial t;
  t.op = "fill", t.outputs = {&y}, t.attributes = {integers(shape), real(1.5), dtype_value(DS_F16)};
  ASSERT_EQ(t.run(), DS_OK);
  EXPECT_EQ(y.get<uint16_t>(999), 0x3e00);
  TestTensor z(DS_I32, {1000});
  Trial cast;
  cast.op = "cast", cast.inputs = {&y}, cast.outputs = {&z}, cast.attributes = {dtype_value(DS_I32)};
  ASSERT_EQ(cast.run(), DS_OK);
  EXPECT_EQ(z.get<int32_t>(999), 1);
}

}  // namespace
}  // namespace ds::cpu
