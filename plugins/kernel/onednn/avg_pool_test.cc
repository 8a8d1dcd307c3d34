#define DS_NO_DOOR
#include "plugins/kernel/onednn/avg_pool.cc"

#include "plugins/kernel/onednn/kernel_test.h"

namespace ds::onednn {
namespace {

struct Case {
  Shape x, y;
  std::vector<int64_t> kernel, stride, padding;
  bool ceil, counts, taken;

  // f(number in x, number in y, share) for everything under a window.
  void each(const std::function<void(int64_t, int64_t, double)>& f) const {
    for (int64_t n = 0; n < element_count(y); ++n) {
      int64_t j = n % y[3], i = n / y[3] % y[2], plane = n / (y[2] * y[3]);
      auto extent = [&](int d, int64_t at) {
        size_t k = size_t(d);
        int64_t step = stride.empty() ? kernel[k] : stride[k], from = at * step - padding[k], to = from + kernel[k];
        int64_t low = counts ? -padding[k] : 0, high = x[2 + d] + (counts ? padding[k] : 0);
        return std::array<int64_t, 3>{from, to, std::min(to, high) - std::max(from, low)};
      };
      auto down = extent(0, i), right = extent(1, j);
      for (int64_t h = std::max<int64_t>(down[0], 0); h < std::min(down[1], x[2]); ++h)
        for (int64_t v = std::max<int64_t>(right[0], 0); v < std::min(right[1], x[3]); ++v)
          f((plane * x[2] + h) * x[3] + v, n, 1.0 / double(down[2] * right[2]));
    }
  }
  void attributes(Call& c) const {
    c.attributes = {
        c.ints(kernel), c.ints(stride), c.ints(padding), {DS_FLAG, 0, {.i = ceil}}, {DS_FLAG, 0, {.i = counts}}};
  }
};

const Case kCases[] = {{{2, 3, 6, 5}, {2, 3, 3, 2}, {2, 2}, {}, {0, 0}, false, true, true},
                       {{1, 2, 7, 7}, {1, 2, 4, 8}, {3, 2}, {2, 1}, {1, 1}, false, true, true},
                       {{1, 2, 6, 6}, {1, 2, 6, 6}, {3, 3}, {1, 1}, {1, 1}, false, false, true},
                       {{1, 17, 5, 5}, {1, 17, 3, 3}, {2, 2}, {2, 2}, {0, 0}, true, false, true},
                       {{1, 1, 5, 5}, {1, 1, 3, 3}, {2, 2}, {}, {0, 0}, true, true, false}};

TEST(AvgPool2d, Forward) {
  for (ds_dtype dtype : {DS_F32, DS_BF16, DS_F16})
    for (const Case& k : kCases) {
      Call c;
      c.op = "avg_pool2d";
      c.inputs.push_back(filled(k.x, dtype, 1));
      c.outputs.push_back(filled(k.y, dtype, 2));
      k.attributes(c);
      ASSERT_EQ(c.once(), k.taken) << cat(k.x);
      if (!k.taken) continue;
      std::vector<double> want(size_t(element_count(k.y)));
      k.each([&](int64_t x, int64_t y, double share) { want[size_t(y)] += c.inputs[0].get(x) * share; });
      c.expect(0, dtype == DS_F32 ? 1e-6 : 1e-2, [&](int64_t n) { return want[size_t(n)]; });
    }
}

TEST(AvgPool2d, Gradient) {
  for (ds_dtype dtype : {DS_F32, DS_BF16})
    for (const Case& k : kCases) {
      if (!k.taken) continue;
      Call c;
      c.op = "avg_pool2d_gradient";
      c.inputs.push_back(filled(k.y, dtype, 1));
      c.outputs.push_back(filled(k.x, dtype, 2));
      k.attributes(c);
      c.attributes.push_back(c.ints({k.x[2], k.x[3]}));
      ASSERT_TRUE(c.once());
      std::vector<double> want(size_t(element_count(k.x)));
      k.each([&](int64_t x, int64_t y, double share) { want[size_t(x)] += c.inputs[0].get(y) * share; });
      c.expect(0, dtype == DS_F32 ? 1e-6 : 2e-2, [&](int64_t n) { return want[size_t(n)]; });
    }
}

}  // namespace
}  // namespace ds::onednn
