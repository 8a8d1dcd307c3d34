#define DS_NO_DOOR
#include "plugins/kernel/onednn/max_pool.cc"

#include "plugins/kernel/onednn/kernel_test.h"

namespace ds::onednn {
namespace {

struct Case {
  Shape x;
  std::vector<int64_t> kernel, stride, padding, dilation;
  bool ceil;

  int64_t positions(int d) const {
    size_t k = size_t(d);
    int64_t end = padding.size() == 4 ? padding[k + 2] : padding[k];
    int64_t step = stride.empty() ? kernel[k] : stride[k];
    int64_t room = x[2 + d] + padding[k] + end - dilation[k] * (kernel[k] - 1) - 1;
    int64_t count = (ceil ? room + step - 1 : room) / step + 1;
    return ceil && (count - 1) * step >= x[2 + d] + padding[k] ? count - 1 : count;
  }
  Shape y() const { return {x[0], x[1], positions(0), positions(1)}; }

  // Number in x of the maximum of every window.
  std::vector<int64_t> places(Operand& in) const {
    std::vector<int64_t> out;
    Shape shape = y();
    for (int64_t plane = 0; plane < x[0] * x[1]; ++plane)
      for (int64_t i = 0; i < shape[2]; ++i)
        for (int64_t j = 0; j < shape[3]; ++j) {
          int64_t best = -1;
          for (int64_t k = 0; k < kernel[0]; ++k)
            for (int64_t l = 0; l < kernel[1]; ++l) {
              int64_t h = i * (stride.empty() ? kernel[0] : stride[0]) - padding[0] + k * dilation[0];
              int64_t v = j * (stride.empty() ? kernel[1] : stride[1]) - padding[1] + l * dilation[1];
              if (h < 0 || h >= x[2] || v < 0 || v >= x[3]) continue;
              int64_t at = (plane * x[2] + h) * x[3] + v;
              if (best < 0 || in.get(at) > in.get(best) || (std::isnan(in.get(at)) && !std::isnan(in.get(best))))
                best = at;
            }
          out.push_back(best);
        }
    return out;
  }
  void attributes(Call& c) const {
    c.attributes = {c.ints(kernel), c.ints(stride), c.ints(padding), c.ints(dilation), {DS_FLAG, 0, {.i = ceil}}};
  }
};

const Case kCases[] = {{{2, 3, 6, 5}, {2, 2}, {}, {0, 0}, {1, 1}, false},
                       {{1, 2, 7, 7}, {3, 2}, {2, 1}, {1, 0}, {1, 1}, false},
                       {{1, 1, 6, 6}, {2, 2}, {1, 1}, {0, 0}, {2, 2}, false},
                       {{1, 1, 5, 5}, {2, 2}, {}, {0, 0}, {1, 1}, true},
                       {{3, 40, 33, 17}, {3, 3}, {2, 2}, {1, 1}, {1, 1}, false},
                       {{1, 1, 4, 4}, {3, 3}, {1, 1}, {0, 1, 2, 0}, {1, 1}, false}};

void spoil(Operand& o) {  // NaN and ties
  auto put = [&](size_t at, float v) { std::memcpy(&o.bytes[at * 4], &v, 4); };
  put(3, std::nanf(""));
  put(o.bytes.size() / 4 - 2, std::nanf(""));
  for (size_t i = 8; i < 16; ++i) put(i, 0.25f);
}

TEST(MaxPool2d, Forward) {
  for (ds_dtype dtype : {DS_F32, DS_BF16, DS_F16})
    for (const Case& k : kCases) {
      Call c;
      c.op = "max_pool2d";
      c.inputs.push_back(filled(k.x, dtype, 1));
      if (dtype == DS_F32) spoil(c.inputs[0]);
      c.outputs.push_back(filled(k.y(), dtype, 2));
      k.attributes(c);
      ASSERT_TRUE(c.once());
      auto places = k.places(c.inputs[0]);
      for (size_t n = 0; n < places.size(); ++n) {
        double got = c.outputs[0].get(int64_t(n)), want = c.inputs[0].get(places[n]);
        ASSERT_TRUE(got == want || (std::isnan(got) && std::isnan(want))) << n;
      }
    }
}

TEST(MaxPool2d, Gradient) {
  for (ds_dtype dtype : {DS_F32, DS_BF16})
    for (const Case& k : kCases) {
      Call c;
      c.op = "max_pool2d_gradient";
      c.inputs.push_back(filled(k.x, dtype, 1));
      if (dtype == DS_F32) spoil(c.inputs[0]);
      c.inputs.push_back(filled(k.y(), dtype, 2));
      c.outputs.push_back(filled(k.x, dtype, 3));
      k.attributes(c);
      ASSERT_TRUE(c.once());
      std::vector<double> want(size_t(element_count(k.x)));
      auto places = k.places(c.inputs[0]);
      for (size_t n = 0; n < places.size(); ++n) want[size_t(places[n])] += c.inputs[1].get(int64_t(n));
      c.expect(0, dtype == DS_F32 ? 1e-6 : 1e-2, [&](int64_t n) { return want[size_t(n)]; });
    }
}

}  // namespace
}  // namespace ds::onednn
