#include "tests/operators/session.h"

namespace ds::test {
namespace {

const Array kParam({3}, {1, -2, 0.5}), kGrad({3}, {0.1, -0.3, 2});

TEST(Sgd, AgainstFormulas) {
  const Session s;
  Array expected({3}, {});
  for (size_t i = 0; i < 3; ++i)
    expected.values.push_back(kParam.values[i] - 0.1 * (kGrad.values[i] + 0.01 * kParam.values[i]));
  expect_close(s.one("sgd_step", {kParam, kGrad, Array(0.1)}, {{"weight_decay", 0.01}}), expected, 1e-12, "sgd");
}

TEST(Sgd, MomentumOverSteps) {
  const Session s;
  for (bool nesterov : {false, true}) {
    Array p = kParam, v({3}, {0, 0, 0});
    Doubles q = p.values, w(3);
    for (int step = 0; step < 4; ++step) {
      const auto outputs =
          s.run("sgd_momentum_step", {p, kGrad, v, Array(0.1)}, {{"nesterov", nesterov}, {"momentum", 0.8}});
      ASSERT_EQ(outputs.size(), 2u);
      p = outputs[0], v = outputs[1];
      for (size_t i = 0; i < 3; ++i) {
        w[i] = 0.8 * w[i] + kGrad.values[i];
        q[i] -= 0.1 * (nesterov ? kGrad.values[i] + 0.8 * w[i] : w[i]);
      }
    }
    expect_close(p, Array({3}, q), 1e-12, "param");
    expect_close(v, Array({3}, w), 1e-12, "velocity");
  }
}

TEST(Adam, OverStepsWithBothDecays) {
  const Session s;
  for (bool decoupled : {false, true}) {
    Array p = kParam, m({3}, {0, 0, 0}), v({3}, {0, 0, 0});
    Doubles q = p.values, a(3), b(3);
    for (int t = 1; t <= 5; ++t) {
      const auto outputs = s.run("adam_step", {p, kGrad, m, v, Array(0.01), Array(double(t))},
                                 {{"weight_decay", 0.1}, {"decoupled", decoupled}});
      ASSERT_EQ(outputs.size(), 3u);
      p = outputs[0], m = outputs[1], v = outputs[2];
      for (size_t i = 0; i < 3; ++i) {
        const double g = kGrad.values[i] + (decoupled ? 0 : 0.1 * q[i]);
        if (decoupled) q[i] *= 1 - 0.01 * 0.1;
        a[i] = 0.9 * a[i] + 0.1 * g;
        b[i] = 0.999 * b[i] + 0.001 * g * g;
        q[i] -= 0.01 * (a[i] / (1 - std::pow(0.9, t))) / (std::sqrt(b[i] / (1 - std::pow(0.999, t))) + 1e-8);
      }
    }
    expect_close(p, Array({3}, q), 1e-10, decoupled ? "adamw" : "adam");
    expect_close(m, Array({3}, a), 1e-12, "m");
    expect_close(v, Array({3}, b), 1e-12, "v");
  }
}

TEST(Adam, HalfPrecisionParametersAndErrors) {
  const Session s;
  Array p = kParam, g = kGrad, zero({3}, {0, 0, 0});
  for (Array* x : {&p, &g, &zero}) x->dtype = DS_BF16;
  const Array y = s.one("adam_step", {p, g, zero, zero, Array(0.25), Array(1.0)});
  EXPECT_EQ(y.dtype, DS_BF16);
  EXPECT_EQ(y.values, (Doubles{0.75, -1.75, 0.25})) << "the first step is the learning rate";
  EXPECT_EQ(s.status("adam_step", {kParam, kGrad, Array({2}, {0, 0}), kParam, Array(0.1), Array(1.0)}),
            DS_SHAPE_MISMATCH);
}

}  // namespace
}  // namespace ds::test
