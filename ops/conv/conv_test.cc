#include "tests/operators/session.h"

namespace ds::test {
namespace {

// An image batch surrounded by `fill`, read at padded coordinates.
struct Padded {
  Dims shape;
  Doubles values;
  Padded(const Array& x, int64_t top, int64_t left, int64_t bottom, int64_t right, double fill) {
    const int64_t h = x.shape[2], w = x.shape[3];
    shape = {x.shape[0], x.shape[1], h + top + bottom, w + left + right};
    values.assign(size_t(count_of(shape)), fill);
    for (int64_t p = 0; p < shape[0] * shape[1]; ++p)
      for (int64_t i = 0; i < h; ++i)
        for (int64_t j = 0; j < w; ++j)
          values[size_t((p * shape[2] + i + top) * shape[3] + j + left)] = x.values[size_t((p * h + i) * w + j)];
  }
  double operator()(int64_t n, int64_t c, int64_t i, int64_t j) const {
    return values[size_t(((n * shape[1] + c) * shape[2] + i) * shape[3] + j)];
  }
};

Array convolve(const Array& x, const Array& w, const Dims& stride, const Dims& pad, const Dims& dilation,
               int64_t groups) {
  const Padded in(x, pad[0], pad[1], pad[2], pad[3], 0);
  const int64_t out = w.shape[0], part = w.shape[1], kh = w.shape[2], kw = w.shape[3];
  Array y({x.shape[0], out, (in.shape[2] - dilation[0] * (kh - 1) - 1) / stride[0] + 1,
           (in.shape[3] - dilation[1] * (kw - 1) - 1) / stride[1] + 1},
          {});
  for (int64_t n = 0; n < y.shape[0]; ++n)
    for (int64_t o = 0; o < out; ++o)
      for (int64_t i = 0; i < y.shape[2]; ++i)
        for (int64_t j = 0; j < y.shape[3]; ++j) {
          double sum = 0;
          for (int64_t c = 0; c < part; ++c)
            for (int64_t k = 0; k < kh; ++k)
              for (int64_t l = 0; l < kw; ++l)
                sum += w.values[size_t(((o * part + c) * kh + k) * kw + l)] * in(n, o / (out / groups) * part + c,
                                                                                 i * stride[0] + k * dilation[0],
                                                                                 j * stride[1] + l * dilation[1]);
          y.values.push_back(sum);
        }
  return y;
}

TEST(Conv2d, AgainstLoops) {
  const Session s;
  struct Case {
    Dims x, w, stride, padding, dilation;
    int64_t groups;
  };
  for (const Case& c : std::vector<Case>{{{2, 3, 8, 7}, {4, 3, 3, 3}, {1, 1}, {1, 1, 1, 1}, {1, 1}, 1},
                                         {{1, 4, 9, 9}, {6, 2, 3, 2}, {2, 1}, {0, 1, 0, 1}, {1, 2}, 2},
                                         {{1, 3, 5, 5}, {3, 1, 3, 3}, {1, 1}, {1, 1, 1, 1}, {1, 1}, 3},
                                         {{2, 2, 4, 4}, {5, 2, 1, 1}, {1, 1}, {0, 0, 0, 0}, {1, 1}, 1},
                                         {{1, 1, 5, 6}, {1, 1, 2, 2}, {2, 2}, {0, 1, 1, 0}, {1, 1}, 1}}) {
    const Array x = random_array(c.x, 1), w = random_array(c.w, 2);
    expect_close(s.one("conv2d", {x, w},
                       {{"stride", c.stride}, {"padding", c.padding}, {"dilation", c.dilation}, {"groups", c.groups}}),
                 convolve(x, w, c.stride, c.padding, c.dilation, c.groups), 1e-12, "conv2d");
  }
}

TEST(Conv2d, BiasAndErrors) {
  const Session s;
  const Array x = random_array({1, 2, 3, 3}, 1), w = random_array({2, 2, 3, 3}, 2);
  const Array plain = s.one("conv2d", {x, w}), biased = s.one("conv2d", {x, w, Array({2}, {1, -1})});
  EXPECT_NEAR(biased.values[0], plain.values[0] + 1, 1e-12);
  EXPECT_NEAR(biased.values[1], plain.values[1] - 1, 1e-12);
  EXPECT_EQ(s.status("conv2d", {x, random_array({2, 3, 3, 3}, 1)}), DS_SHAPE_MISMATCH);
  EXPECT_EQ(s.status("conv2d", {x, random_array({2, 2, 4, 4}, 1)}), DS_SHAPE_MISMATCH) << "larger than the image";
  EXPECT_EQ(s.status("conv2d", {x, w}, {{"groups", int64_t{3}}}), DS_SHAPE_MISMATCH);
  EXPECT_EQ(s.status("conv2d", {x, w}, {{"stride", Dims{0, 1}}}), DS_INVALID_ARGUMENT);
  EXPECT_EQ(s.status("conv2d", {random_array({2, 3, 3}, 1), w}), DS_SHAPE_MISMATCH);
}

Array pool(const Array& x, const Dims& kernel, const Dims& stride, int64_t pad, bool is_max, bool count_pad) {
  const Padded in(x, pad, pad, pad, pad, is_max ? -INFINITY : 0),
      ones(Array(x.shape, Doubles(x.values.size(), 1)), pad, pad, pad, pad, count_pad ? 1 : 0);
  Array y(
      {x.shape[0], x.shape[1], (in.shape[2] - kernel[0]) / stride[0] + 1, (in.shape[3] - kernel[1]) / stride[1] + 1},
      {});
  for (int64_t n = 0; n < y.shape[0]; ++n)
    for (int64_t c = 0; c < y.shape[1]; ++c)
      for (int64_t i = 0; i < y.shape[2]; ++i)
        for (int64_t j = 0; j < y.shape[3]; ++j) {
          double top = -INFINITY, sum = 0, count = 0;
          for (int64_t k = 0; k < kernel[0]; ++k)
            for (int64_t l = 0; l < kernel[1]; ++l) {
              top = std::max(top, in(n, c, i * stride[0] + k, j * stride[1] + l));
              sum += in(n, c, i * stride[0] + k, j * stride[1] + l);
              count += ones(n, c, i * stride[0] + k, j * stride[1] + l);
            }
          y.values.push_back(is_max ? top : sum / count);
        }
  return y;
}

TEST(Pools, AgainstLoops) {
  const Session s;
  const Array x = random_array({2, 3, 7, 6}, 1);
  for (int64_t pad : {0, 1}) {
    const Options options{{"kernel_size", Dims{3, 2}}, {"stride", Dims{2, 1}}, {"padding", Dims{pad, pad}}};
    expect_close(s.one("max_pool2d", {x}, options), pool(x, {3, 2}, {2, 1}, pad, true, false), 0, "max");
    expect_close(s.one("avg_pool2d", {x}, options), pool(x, {3, 2}, {2, 1}, pad, false, true), 1e-12, "avg");
    Options without = options;
    without["count_include_pad"] = false;
    expect_close(s.one("avg_pool2d", {x}, without), pool(x, {3, 2}, {2, 1}, pad, false, false), 1e-12, "avg inside");
  }
}

TEST(Pools, CeilModeNanAndTies) {
  const Session s;
  const Array x({1, 1, 1, 5}, {1, 2, 3, 4, 5});
  const Options options{{"kernel_size", Dims{1, 2}}, {"ceil_mode", true}};
  EXPECT_EQ(s.one("max_pool2d", {x}, options).values, (Doubles{2, 4, 5}));
  EXPECT_EQ(s.one("avg_pool2d", {x}, options).values, (Doubles{1.5, 3.5, 5}));
  const Array hole({1, 1, 1, 4}, {1, NAN, 3, 2});
  const Array y = s.one("max_pool2d", {hole}, {{"kernel_size", Dims{1, 2}}});
  EXPECT_TRUE(std::isnan(y.values[0]));
  EXPECT_EQ(y.values[1], 3);
  const Array ties({1, 1, 1, 2}, {7, 7});
  EXPECT_EQ(s.one("max_pool2d_gradient", {ties, Array({1, 1, 1, 1}, {5})}, {{"kernel_size", Dims{1, 2}}}).values,
            (Doubles{5, 0}))
      << "the first of equals";
  EXPECT_EQ(s.status("max_pool2d", {x}, {{"kernel_size", Dims{1, 2}}, {"padding", Dims{1, 2}}}), DS_INVALID_ARGUMENT);
  EXPECT_EQ(s.status("max_pool2d", {x}, {{"kernel_size", Dims{2, 2}}}), DS_SHAPE_MISMATCH);
}

TEST(AdaptiveAvgPool2d, CellsCoverTheImage) {
  const Session s;
  const Array x({1, 1, 1, 5}, {1, 2, 3, 4, 5});
  EXPECT_EQ(s.one("adaptive_avg_pool2d", {x}, {{"output_size", Dims{1, 2}}}).values, (Doubles{2, 4}));
  EXPECT_EQ(s.one("adaptive_avg_pool2d", {x}, {{"output_size", Dims{1, 1}}}).values, Doubles{3});
  EXPECT_EQ(s.one("adaptive_avg_pool2d", {x}, {{"output_size", Dims{2, 5}}}).values.size(), 10u);
}

}  // namespace
}  // namespace ds::test
