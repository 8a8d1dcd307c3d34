#define DS_NO_DOOR
#include "plugins/kernel/onednn/conv.cc"

#include "plugins/kernel/onednn/kernel_test.h"

namespace ds::onednn {
namespace {

struct Case {
  Shape x, w;
  std::vector<int64_t> stride, padding, dilation;
  int64_t groups;
  bool bias;

  // Tap k of the window at position i of axis d, in the image or outside.
  int64_t at(int d, int64_t i, int64_t k) const {
    return i * stride[size_t(d)] - padding[size_t(d)] + k * dilation[size_t(d)];
  }
  int64_t positions(int d) const {
    int64_t end = padding.size() == 4 ? padding[size_t(d) + 2] : padding[size_t(d)];
    return (x[2 + d] + padding[size_t(d)] + end - dilation[size_t(d)] * (w[2 + d] - 1) - 1) / stride[size_t(d)] + 1;
  }
  Shape y() const { return {x[0], w[0], positions(0), positions(1)}; }

  // f(number in x, in w, in y) for every product of the convolution.
  void each(const std::function<void(int64_t, int64_t, int64_t)>& f) const {
    Shape out = y();
    int64_t per_group = w[0] / groups;
    for (int64_t n = 0; n < x[0]; ++n)
      for (int64_t o = 0; o < w[0]; ++o)
        for (int64_t i = 0; i < out[2]; ++i)
          for (int64_t j = 0; j < out[3]; ++j)
            for (int64_t c = 0; c < w[1]; ++c)
              for (int64_t k = 0; k < w[2]; ++k)
                for (int64_t l = 0; l < w[3]; ++l) {
                  int64_t h = at(0, i, k), v = at(1, j, l);
                  if (h < 0 || h >= x[2] || v < 0 || v >= x[3]) continue;
                  f(((n * x[1] + o / per_group * w[1] + c) * x[2] + h) * x[3] + v,
                    ((o * w[1] + c) * w[2] + k) * w[3] + l, ((n * out[1] + o) * out[2] + i) * out[3] + j);
                }
  }
};

const Case kCases[] = {{{2, 3, 7, 6}, {5, 3, 3, 3}, {1, 1}, {1, 1}, {1, 1}, 1, true},
                       {{1, 16, 8, 8}, {32, 16, 1, 1}, {1, 1}, {0, 0}, {1, 1}, 1, false},
                       {{2, 16, 9, 9}, {32, 16, 3, 3}, {2, 2}, {1, 1}, {1, 1}, 1, true},
                       {{1, 4, 9, 8}, {6, 2, 3, 2}, {2, 1}, {1, 2}, {1, 2}, 2, true},
                       {{1, 8, 6, 6}, {8, 1, 3, 3}, {1, 1}, {1, 1}, {1, 1}, 8, false},
                       {{2, 2, 8, 8}, {3, 2, 3, 3}, {3, 3}, {0, 1, 2, 0}, {2, 2}, 1, false},
                       {{1, 3, 32, 32}, {16, 3, 7, 7}, {2, 2}, {3, 3}, {1, 1}, 1, true}};

double tolerance(ds_dtype dtype) { return dtype == DS_F32 ? 1e-4 : dtype == DS_F16 ? 4e-3 : 3e-2; }

void add_attributes(Call& c, const Case& k) {
  c.attributes.push_back(c.ints(k.stride));
  c.attributes.push_back(c.ints(k.padding));
  c.attributes.push_back(c.ints(k.dilation));
  c.attributes.push_back({DS_INT, 0, {.i = k.groups}});
}

TEST(Conv2d, Forward) {
  for (ds_dtype dtype : {DS_F32, DS_BF16, DS_F16})
    for (const Case& k : kCases) {
      Call c;
      c.op = "conv2d";
      c.inputs.push_back(filled(k.x, dtype, 1));
      c.inputs.push_back(filled(k.w, dtype, 2));
      if (k.bias)
        c.inputs.push_back(filled({k.w[0]}, dtype, 3));
      else
        c.absent();
      c.outputs.push_back(filled(k.y(), dtype, 4));
      add_attributes(c, k);
      ASSERT_TRUE(c.once()) << cat(k.x, k.w);
      std::vector<double> want(size_t(element_count(k.y())));
      int64_t plane = k.y()[2] * k.y()[3];
      for (size_t i = 0; i < want.size(); ++i) want[i] = k.bias ? c.inputs[2].get(int64_t(i) / plane % k.w[0]) : 0;
      k.each([&](int64_t x, int64_t w, int64_t y) { want[size_t(y)] += c.inputs[0].get(x) * c.inputs[1].get(w); });
      c.expect(0, tolerance(dtype), [&](int64_t n) { return want[size_t(n)]; });
    }
}

TEST(Conv2d, InputGradient) {
  for (ds_dtype dtype : {DS_F32, DS_BF16})
    for (const Case& k : kCases) {
      Call c;
      c.op = "conv2d_input_gradient";
      c.inputs.push_back(filled(k.y(), dtype, 1));
      c.inputs.push_back(filled(k.w, dtype, 2));
      c.outputs.push_back(filled(k.x, dtype, 3));
      c.attributes.push_back(c.ints({k.x[2], k.x[3]}));
      add_attributes(c, k);
      ASSERT_TRUE(c.once()) << cat(k.x, k.w);
      std::vector<double> want(size_t(element_count(k.x)));
      k.each([&](int64_t x, int64_t w, int64_t y) { want[size_t(x)] += c.inputs[0].get(y) * c.inputs[1].get(w); });
      c.expect(0, tolerance(dtype), [&](int64_t n) { return want[size_t(n)]; });
    }
}

TEST(Conv2d, WeightGradient) {
  for (ds_dtype dtype : {DS_F32, DS_BF16})
    for (const Case& k : kCases) {
      Call c;
      c.op = "conv2d_weight_gradient";
      c.inputs.push_back(filled(k.x, dtype, 1));
      c.inputs.push_back(filled(k.y(), dtype, 2));
      c.outputs.push_back(filled(k.w, dtype, 3));
      c.attributes.push_back(c.ints({k.w[2], k.w[3]}));
      add_attributes(c, k);
      ASSERT_TRUE(c.once()) << cat(k.x, k.w);
      std::vector<double> want(size_t(element_count(k.w)));
      k.each([&](int64_t x, int64_t w, int64_t y) { want[size_t(w)] += c.inputs[0].get(x) * c.inputs[1].get(y); });
      c.expect(0, tolerance(dtype) * 4, [&](int64_t n) { return want[size_t(n)]; });
    }
}

TEST(Conv2d, EmptyOnesAreLeftToOthers) {
  Case k{{0, 3, 7, 6}, {5, 3, 3, 3}, {1, 1}, {1, 1}, {1, 1}, 1, false};
  Call c;
  c.op = "conv2d";
  c.inputs.push_back(filled(k.x, DS_F32, 1));
  c.inputs.push_back(filled(k.w, DS_F32, 2));
  c.absent();
  c.outputs.push_back(filled(k.y(), DS_F32, 4));
  add_attributes(c, k);
  EXPECT_FALSE(c.once());
}

}  // namespace
}  // namespace ds::onednn
