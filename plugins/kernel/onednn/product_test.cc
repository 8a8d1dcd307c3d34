#define DS_NO_DOOR
#include "plugins/kernel/onednn/product.cc"

#include "plugins/kernel/onednn/kernel_test.h"
#include "plugins/kernel/onednn/linear.cc"
#include "plugins/kernel/onednn/matmul.cc"
#include "plugins/kernel/onednn/session.cc"

namespace ds::onednn {
namespace {

double tolerance(ds_dtype dtype) { return dtype == DS_F32 ? 2e-5 : dtype == DS_F16 ? 2e-3 : 1.6e-2; }

Shape batch(const Shape& s) { return s.rank() < 2 ? Shape{} : s.slice(0, s.rank() - 2); }

// The product by plain loops.
void expect_product(Call& c) {
  Operand &a = c.inputs[0], &b = c.inputs[1];
  Shape l = a.shape.rank() == 1 ? Shape{1, a.shape[0]} : a.shape,
        r = b.shape.rank() == 1 ? Shape{b.shape[0], 1} : b.shape;
  Shape stack = broadcast_shapes(batch(l), batch(r));
  int64_t rows = l[-2], inner = l[-1], columns = r[-1];
  auto place = [&](const Shape& s, int64_t matrix) {  // number of the matrix of an operand
    Shape own = batch(s), strides = broadcast_strides(own, dense_strides(own), stack);
    int64_t at = 0;
    for (int64_t d = stack.rank() - 1; d >= 0; --d) at += matrix % stack[d] * strides[d], matrix /= stack[d];
    return at;
  };
  c.expect(0, tolerance(a.dtype), [&](int64_t n) {
    int64_t matrix = n / (rows * columns), i = n / columns % rows, j = n % columns;
    int64_t p = place(l, matrix), q = place(r, matrix);
    double sum = 0;
    for (int64_t k = 0; k < inner; ++k) sum += a.get((p * rows + i) * inner + k) * b.get((q * inner + k) * columns + j);
    return sum;
  });
}

Call product(const Shape& a, const Shape& b, const Shape& y, ds_dtype dtype = DS_F32, const Shape* sa = nullptr,
             const Shape* sb = nullptr) {
  Call c;
  c.op = "matmul";
  c.inputs.push_back(filled(a, dtype, 1, sa));
  c.inputs.push_back(filled(b, dtype, 2, sb));
  c.outputs.push_back(filled(y, dtype, 3));
  return c;
}

TEST(Matmul, ShapesStacksAndTails) {
  const std::tuple<Shape, Shape, Shape> cases[] = {{{2, 3}, {3, 4}, {2, 4}},
                                                   {{1, 1}, {1, 1}, {1, 1}},
                                                   {{17, 33}, {33, 65}, {17, 65}},
                                                   {{64, 128}, {128, 48}, {64, 48}},
                                                   {{1, 100}, {100, 31}, {1, 31}},
                                                   {{31, 100}, {100, 1}, {31, 1}},
                                                   {{5}, {5}, {}},
                                                   {{5}, {2, 5, 3}, {2, 3}},
                                                   {{2, 3, 5}, {5}, {2, 3}},
                                                   {{4, 7, 9}, {9, 5}, {4, 7, 5}},
                                                   {{7, 9}, {4, 9, 5}, {4, 7, 5}},
                                                   {{4, 7, 9}, {4, 9, 5}, {4, 7, 5}},
                                                   {{2, 1, 7, 9}, {3, 9, 5}, {2, 3, 7, 5}},
                                                   {{2, 3, 7, 9}, {2, 1, 9, 5}, {2, 3, 7, 5}},
                                                   {{2, 3, 1, 9}, {2, 3, 9, 5}, {2, 3, 1, 5}},
                                                   {{1, 3, 7, 9}, {2, 1, 9, 5}, {2, 3, 7, 5}}};
  for (ds_dtype dtype : {DS_F32, DS_BF16, DS_F16})
    for (auto& [a, b, y] : cases) {
      Call c = product(a, b, y, dtype);
      ASSERT_TRUE(c.once()) << cat(a, " @ ", b, " ", dtype_name(dtype));
      expect_product(c);
    }
}

TEST(Matmul, StridesOfEverySort) {
  const std::tuple<Shape, Shape, Shape, Shape> cases[] = {
      {{6, 8}, {1, 6}, {8, 5}, {5, 1}},                // a transposed
      {{6, 8}, {8, 1}, {8, 5}, {1, 8}},                // b transposed
      {{6, 8}, {1, 6}, {8, 5}, {1, 8}},                // both
      {{6, 8}, {11, 1}, {8, 5}, {9, 1}},               // slices
      {{6, 8}, {16, 2}, {8, 5}, {-5, 1}},              // steps, rows backwards
      {{6, 8}, {0, 1}, {8, 5}, {5, 0}},                // repeated rows and columns
      {{3, 6, 8}, {8, 24, 1}, {3, 8, 5}, {40, 5, 1}},  // heads between rows
      {{3, 6, 8}, {0, 8, 1}, {3, 8, 5}, {40, 1, 8}},   // a repeated stack
      {{3, 6, 8}, {-48, 8, 1}, {8, 5}, {5, 1}},
      {{1, 8}, {3, 2}, {8, 5}, {5, 1}},
      {{2, 3, 6, 8}, {144, 8, 24, 1}, {2, 3, 8, 5}, {120, 5, 15, 1}}};
  for (ds_dtype dtype : {DS_F32, DS_BF16})
    for (auto& [a, sa, b, sb] : cases) {
      Shape y = broadcast_shapes(batch(a), batch(b)) + Shape{a[-2], b[-1]};
      Call c = product(a, b, y, dtype, &sa, &sb);
      ASSERT_TRUE(c.once());
      expect_product(c);
    }
}

TEST(Matmul, EmptyOnesAreLeftToOthers) {
  EXPECT_FALSE(product({0, 3}, {3, 2}, {0, 2}).once());
  EXPECT_FALSE(product({2, 0}, {0, 2}, {2, 2}).once());
  EXPECT_FALSE(product({4, 4}, {4, 4}, {4, 4}, DS_F64).once());
}

TEST(Matmul, PackedWeightsFollowTheirVersion) {
  Call c = product({64, 256}, {256, 256}, {64, 256});
  c.flags = {0, DS_INPUT_CONSTANT};
  auto running = c.create();
  ASSERT_TRUE(running);
  auto change = [&](uint64_t seed) { c.inputs[1].bytes = filled({256, 256}, DS_F32, seed).bytes; };
  auto check = [&] {
    ASSERT_EQ(c.run(*running), DS_OK) << c.message;
    expect_product(c);
  };
  change(8);
  c.inputs[1].bind();
  c.inputs[1].tensor.version = 5;
  for (int i = 0; i < 3; ++i) check();
  std::copy_n(filled({256, 256}, DS_F32, 9).bytes.data(), c.inputs[1].bytes.size(), c.inputs[1].bytes.data());
  c.inputs[1].tensor.version = 6;
  for (int i = 0; i < 3; ++i) check();
  std::copy_n(filled({256, 256}, DS_F32, 10).bytes.data(), c.inputs[1].bytes.size(), c.inputs[1].bytes.data());
  c.inputs[1].tensor.version = 0;  // unknown: never kept
  check();
  std::copy_n(filled({256, 256}, DS_F32, 11).bytes.data(), c.inputs[1].bytes.size(), c.inputs[1].bytes.data());
  check();
  c.inputs[1].tensor.flags |= DS_TENSOR_CONSTANT;
  c.inputs[1].tensor.version = 7;
  check();
}

TEST(Linear, WithBiasAndWithout) {
  for (ds_dtype dtype : {DS_F32, DS_BF16, DS_F16})
    for (bool bias : {false, true})
      for (const Shape& x : {Shape{7}, Shape{5, 7}, Shape{2, 3, 7}}) {
        Call c;
        c.op = "linear";
        c.inputs.push_back(filled(x, dtype, 1));
        c.inputs.push_back(filled({4, 7}, dtype, 2));
        if (bias)
          c.inputs.push_back(filled({4}, dtype, 3));
        else
          c.absent();
        Shape y = x;
        y[-1] = 4;
        c.outputs.push_back(filled(y, dtype, 4));
        ASSERT_TRUE(c.once());
        c.expect(0, tolerance(dtype), [&](int64_t n) {
          double sum = bias ? c.inputs[2].get(n % 4) : 0;
          for (int64_t k = 0; k < 7; ++k) sum += c.inputs[0].get(n / 4 * 7 + k) * c.inputs[1].get(n % 4 * 7 + k);
          return sum;
        });
      }
}

}  // namespace
}  // namespace ds::onednn
