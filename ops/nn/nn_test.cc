#include "tests/operators/session.h"

namespace ds::test {
namespace {

const Doubles kPoints{-5, -3, -1.5, -0.5, -0.0, 0.0, 0.25, 1, 2.5, 3, 40, -40};

void check_formula(const Session& s, const std::string& op, double (*formula)(double), const Options& options = {}) {
  Array expected({int64_t(kPoints.size())}, {});
  for (double x : kPoints) expected.values.push_back(formula(x));
  expect_close(s.one(op, {Array(expected.shape, kPoints)}, options), expected, 1e-12, op);
}

TEST(Activations, Formulas) {
  const Session s;
  check_formula(s, "relu", [](double x) { return x > 0 ? x : 0; });
  check_formula(s, "leaky_relu", [](double x) { return x > 0 ? x : 0.2 * x; }, {{"alpha", 0.2}});
  check_formula(s, "elu", [](double x) { return x > 0 ? x : 1.5 * std::expm1(x); }, {{"alpha", 1.5}});
  check_formula(s, "gelu", [](double x) { return 0.5 * x * std::erfc(-x / std::sqrt(2)); });
  check_formula(s, "gelu_tanh", [](double x) {
    return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * std::pow(x, 3))));
  });
  check_formula(s, "silu", [](double x) { return x / (1 + std::exp(-x)); });
  check_formula(s, "softplus", [](double x) { return x > 30 ? x : std::log1p(std::exp(x)); });
  check_formula(s, "hardswish", [](double x) { return x <= -3 ? 0 : x >= 3 ? x : x * (x + 3) / 6; });
}

TEST(Activations, NanStaysAndKinksAreChosen) {
  const Session s;
  for (const char* op : {"relu", "leaky_relu", "elu", "gelu", "gelu_tanh", "silu", "softplus", "hardswish"})
    EXPECT_TRUE(std::isnan(s.one(op, {Array(NAN)}).values[0])) << op;
  EXPECT_EQ(Loss(s, "relu", {}).gradient_values({Array(0.0)}, {0})[0].values[0], 0);
}

TEST(Softmax, RowsSumToOneWithoutOverflow) {
  const Session s;
  const Array x({2, 3}, {1000, 1001, 1002, -1000, 0, -INFINITY});
  const Array y = s.one("softmax", {x}), l = s.one("log_softmax", {x});
  const double total = 1 + std::exp(-1.0) + std::exp(-2.0);
  expect_close(y, Array({2, 3}, {std::exp(-2.0) / total, std::exp(-1.0) / total, 1 / total, 0, 1, 0}), 1e-12,
               "softmax");
  EXPECT_NEAR(l.values[0], -2 - std::log(total), 1e-12);
  EXPECT_NEAR(l.values[3], -1000, 1e-9);
  const Array z = random_array({3, 4, 2}, 1), w = s.one("softmax", {z}, {{"axis", int64_t{1}}});
  for (size_t n = 0; n < 3; ++n)
    for (size_t k = 0; k < 2; ++k) {
      double sum = 0;
      for (size_t c = 0; c < 4; ++c) sum += w.values[(n * 4 + c) * 2 + k];
      EXPECT_NEAR(sum, 1, 1e-12);
    }
  EXPECT_EQ(s.status("softmax", {z}, {{"axis", int64_t{3}}}), DS_OUT_OF_RANGE);
}

// Normalizes groups of elements: group g holds the elements that `group` says.
Array normalized(const Array& x, const std::function<size_t(size_t)>& group, size_t groups, double epsilon) {
  Doubles mean(groups), variance(groups), count(groups);
  for (size_t i = 0; i < x.values.size(); ++i) ++count[group(i)];
  for (size_t i = 0; i < x.values.size(); ++i) mean[group(i)] += x.values[i] / count[group(i)];
  for (size_t i = 0; i < x.values.size(); ++i)
    variance[group(i)] += std::pow(x.values[i] - mean[group(i)], 2) / count[group(i)];
  Array y(x.shape, {});
  for (size_t i = 0; i < x.values.size(); ++i)
    y.values.push_back((x.values[i] - mean[group(i)]) / std::sqrt(variance[group(i)] + epsilon));
  return y;
}

TEST(Norms, AgainstLoops) {
  const Session s;
  const Array x = random_array({3, 4, 5}, 1, 90, 110), w = random_array({4, 5}, 2), b = random_array({4, 5}, 3);
  expect_close(s.one("layer_norm", {x}),
               normalized(
                   x, [](size_t i) { return i / 5; }, 12, 1e-5),
               1e-9, "last axis");
  Array scaled = normalized(
      x, [](size_t i) { return i / 20; }, 3, 1e-3);
  for (size_t i = 0; i < 60; ++i) scaled.values[i] = scaled.values[i] * w.values[i % 20] + b.values[i % 20];
  expect_close(s.one("layer_norm", {x, w, b}, {{"axis", int64_t{1}}, {"epsilon", 1e-3}}), scaled, 1e-9, "two axes");
  expect_close(s.one("group_norm", {x}, {{"groups", int64_t{2}}}),
               normalized(
                   x, [](size_t i) { return i / 10; }, 6, 1e-5),
               1e-9, "groups");
  const auto outputs = s.run("batch_norm", {x});
  ASSERT_EQ(outputs.size(), 3u);
  expect_close(outputs[0],
               normalized(
                   x, [](size_t i) { return i / 5 % 4; }, 4, 1e-5),
               1e-9, "batch");
  EXPECT_EQ(outputs[1].shape, Dims{4});
  expect_close(s.one("batch_norm_inference", {x, outputs[1], outputs[2]}), outputs[0], 1e-9,
               "inference with its statistics");
  EXPECT_EQ(s.status("layer_norm", {x, random_array({4}, 1)}), DS_SHAPE_MISMATCH);
  EXPECT_EQ(s.status("batch_norm", {x, random_array({5}, 1)}), DS_SHAPE_MISMATCH);
  EXPECT_EQ(s.status("group_norm", {x}, {{"groups", int64_t{3}}}), DS_SHAPE_MISMATCH);
}

TEST(Norms, GradientsThroughTheStatistics) {
  const Session s;
  check_gradients(s, "batch_norm", {random_array({4, 2, 3}, 1), random_array({2}, 2), random_array({2}, 3)});
  check_gradients(s, "layer_norm", {random_array({2, 6}, 1), random_array({6}, 2), random_array({6}, 3)});
}

double log_probability(const Array& logits, size_t row, size_t c, size_t classes) {
  double total = 0;
  for (size_t k = 0; k < classes; ++k) total += std::exp(logits.values[row * classes + k]);
  return logits.values[row * classes + c] - std::log(total);
}

TEST(CrossEntropy, ClassesSmoothingAndIgnoring) {
  const Session s;
  const Array logits = random_array({4, 3}, 1), target({4}, {2, 0, 1, 1}, DS_I64);
  for (double smoothing : {0.0, 0.2})
    for (int64_t ignored : {-100, 1}) {
      double sum = 0, count = 0;
      for (size_t row = 0; row < 4; ++row) {
        if (target.values[row] == double(ignored)) continue;
        ++count;
        for (size_t c = 0; c < 3; ++c)
          sum -= ((double(c) == target.values[row]) * (1 - smoothing) + smoothing / 3) *
                 log_probability(logits, row, c, 3);
      }
      Options options{{"label_smoothing", smoothing}, {"ignore_index", ignored}};
      EXPECT_NEAR(s.one("cross_entropy", {logits, target}, options).values[0], sum / count, 1e-12);
      options["reduction"] = std::string("sum");
      EXPECT_NEAR(s.one("cross_entropy", {logits, target}, options).values[0], sum, 1e-12);
      options["reduction"] = std::string("none");
      const Array each = s.one("cross_entropy", {logits, target}, options);
      EXPECT_EQ(each.shape, Dims{4});
      EXPECT_NEAR(each.values[0] + each.values[1] + each.values[2] + each.values[3], sum, 1e-12);
    }
}

TEST(CrossEntropy, ProbabilitiesAndErrors) {
  const Session s;
  const Array logits = random_array({2, 3}, 1), p({2, 3}, {0.2, 0.3, 0.5, 1, 0, 0});
  double sum = 0;
  for (size_t i = 0; i < 6; ++i) sum -= p.values[i] * log_probability(logits, i / 3, i % 3, 3);
  EXPECT_NEAR(s.one("cross_entropy", {logits, p}).values[0], sum / 2, 1e-12);
  EXPECT_EQ(s.status("cross_entropy", {logits, Array({2}, {0, 3}, DS_I64)}), DS_OUT_OF_RANGE);
  EXPECT_EQ(s.status("cross_entropy", {logits, Array({3}, {0, 1, 2}, DS_I64)}), DS_SHAPE_MISMATCH);
  EXPECT_EQ(s.status("cross_entropy", {logits, p}, {{"reduction", std::string("most")}}), DS_INVALID_ARGUMENT);
}

TEST(Losses, Formulas) {
  const Session s;
  const Array x({2}, {1, -3}), t({2}, {0.5, 1}), positive({2}, {2, 3});
  EXPECT_NEAR(s.one("mse_loss", {x, t}).values[0], (0.25 + 16) / 2, 1e-12);
  EXPECT_NEAR(s.one("l1_loss", {x, t}, {{"reduction", std::string("sum")}}).values[0], 4.5, 1e-12);
  const auto bce = [&](size_t i, double w) {
    const double p = 1 / (1 + std::exp(-x.values[i]));
    return -(w * t.values[i] * std::log(p) + (1 - t.values[i]) * std::log(1 - p));
  };
  EXPECT_NEAR(s.one("bce_with_logits", {x, t}).values[0], (bce(0, 1) + bce(1, 1)) / 2, 1e-12);
  EXPECT_NEAR(s.one("bce_with_logits", {x, t, Array(), positive}).values[0], (bce(0, 2) + bce(1, 3)) / 2, 1e-12);
  EXPECT_NEAR(s.one("bce_with_logits", {x, t, positive}).values[0], (2 * bce(0, 1) + 3 * bce(1, 1)) / 2, 1e-12);
  EXPECT_NEAR(s.one("bce_with_logits", {Array(800.0), Array(0.0)}).values[0], 800, 1e-9) << "no overflow";
}

TEST(Dropout, DropsTheSameInTheGradient) {
  const Session s;
  const Array x({1000}, Doubles(1000, 1)), state({2}, {3, 4}, DS_U64);
  const Options options{{"p", 0.3}};
  const Array y = s.one("dropout", {x, state}, options);
  double kept = 0;
  for (double v : y.values) {
    EXPECT_NEAR(v, v != 0 ? 1 / 0.7 : 0, 1e-12);
    kept += v != 0;
  }
  EXPECT_NEAR(kept, 700, 50);
  const ds_handle leaf = s.tensor(x);
  s.ok(ds_set_requires_grad(s.context, leaf, 1));
  const ds_handle loss = s.call("sum", s.call("dropout", {leaf, s.tensor(state)}, options))[0];
  s.ok(ds_backward(s.context, &loss, nullptr, 1, 0, 0));
  ds_handle gradient = 0;
  s.ok(ds_tensor_grad(s.context, leaf, &gradient));
  EXPECT_EQ(s.read(gradient).values, y.values);
  EXPECT_EQ(s.one("dropout", {x, state}, {{"training", false}}).values, x.values);
  EXPECT_NE(s.one("dropout", {x}, options).values, s.one("dropout", {x}, options).values) << "the context counts on";
  EXPECT_EQ(s.status("dropout", {x, state}, {{"p", 1.5}}), DS_INVALID_ARGUMENT);
}

TEST(Embedding, RowsAndTheirGradients) {
  const Session s;
  const Array table({3, 2}, {1, 2, 3, 4, 5, 6}), index({4}, {2, 0, 2, 1}, DS_I64);
  EXPECT_EQ(s.one("embedding", {table, index}).values, (Doubles{5, 6, 1, 2, 5, 6, 3, 4}));
  const Array dy({4, 2}, {1, 1, 10, 10, 100, 100, 7, 7});
  EXPECT_EQ(s.one("embedding_gradient", {dy, index}, {{"rows", int64_t{3}}}).values, (Doubles{10, 10, 7, 7, 101, 101}));
  EXPECT_EQ(s.one("embedding_gradient", {dy, index}, {{"rows", int64_t{3}}, {"padding_index", int64_t{2}}}).values,
            (Doubles{10, 10, 7, 7, 0, 0}));
  EXPECT_EQ(s.status("embedding", {table, Array({1}, {3}, DS_I64)}), DS_OUT_OF_RANGE);
  EXPECT_EQ(s.status("embedding", {table, Array({1}, {-1}, DS_I64)}), DS_OUT_OF_RANGE);
}

}  // namespace
}  // namespace ds::test
