#define DS_NO_DOOR
#include "plugins/kernel/onednn/batch_norm.cc"

#include "plugins/kernel/onednn/kernel_test.h"

namespace ds::onednn {
namespace {

TEST(BatchNorm, AgreesWithItsDefinition) {
  for (ds_dtype dtype : {DS_F32, DS_BF16, DS_F16})
    for (const Shape& shape :
         {Shape{4, 3, 2, 2}, Shape{5, 2}, Shape{2, 19, 7}, Shape{3, 16, 4, 5, 2}, Shape{2, 3, 2, 2, 2, 2}})
      for (int given = 0; given < 4; ++given) {
        Call c;
        c.op = "batch_norm";
        int64_t channels = shape[1];
        c.inputs.push_back(filled(shape, dtype, 1));
        for (int k = 0; k < 2; ++k)
          if (given >> k & 1)
            c.inputs.push_back(filled({channels}, dtype, 5 + uint64_t(k)));
          else
            c.absent();
        c.outputs.push_back(filled(shape, dtype, 2));
        c.outputs.push_back(filled({channels}, dtype, 3));
        c.outputs.push_back(filled({channels}, dtype, 4));
        double epsilon = 0.01;
        c.attributes = {{DS_FLOAT, 0, {.f = epsilon}}};
        ASSERT_TRUE(c.once()) << cat(shape, given);
        int64_t inner = element_count(shape) / (shape[0] * channels);
        std::vector<double> mean(static_cast<size_t>(channels)), variance(mean);
        double count = double(shape[0] * inner);
        auto channel = [&](int64_t n) { return size_t(n / inner % channels); };
        for (int64_t n = 0; n < element_count(shape); ++n) mean[channel(n)] += c.inputs[0].get(n) / count;
        for (int64_t n = 0; n < element_count(shape); ++n)
          variance[channel(n)] += std::pow(c.inputs[0].get(n) - mean[channel(n)], 2) / count;
        double tolerance = dtype == DS_F32 ? 2e-5 : 2e-2;
        c.expect(1, tolerance, [&](int64_t n) { return mean[size_t(n)]; });
        c.expect(2, tolerance, [&](int64_t n) { return variance[size_t(n)]; });
        c.expect(0, tolerance, [&](int64_t n) {
          double v = (c.inputs[0].get(n) - mean[channel(n)]) / std::sqrt(variance[channel(n)] + epsilon);
          if (given & 1) v *= c.inputs[1].get(int64_t(channel(n)));
          if (given & 2) v += c.inputs[2].get(int64_t(channel(n)));
          return v;
        });
      }
}

}  // namespace
}  // namespace ds::onednn
