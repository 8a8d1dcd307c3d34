// Whole programs through every pass: the same bits as operator by operator under strict numerics, and what explain
// says.
#include <cmath>

#include "core/api/session.h"

namespace ds::core {
namespace {

Floats numbers(size_t count, uint32_t seed) {
  Floats out(count);
  for (float& v : out) {
    seed = seed * 1664525u + 1013904223u;
    v = float(int32_t(seed)) / 4294967296.0f;
  }
  return out;
}

void text_option(const Session& s, std::string_view name, std::string_view value) {
  ds_value v{DS_STRING, uint32_t(value.size()), {.s = value.data()}};
  s.ok(ds_set_option(s.context, name.data(), name.size(), &v));
}
void flag_option(const Session& s, std::string_view name, bool value) {
  ds_value v{DS_FLAG, 0, {.i = value}};
  s.ok(ds_set_option(s.context, name.data(), name.size(), &v));
}

std::string explain(const Session& s, ds_handle value) {
  std::string out;
  s.ok(ds_explain(
      s.context, value,
      [](void* user, const char* text, uint64_t size) -> int32_t {
        static_cast<std::string*>(user)->append(text, size).append("\n");
        return DS_OK;
      },
      &out));
  return out;
}

// tanh form of GELU, from its parts, which nobody keeps.
ds_handle gelu(const Session& s, ds_handle x) {
  std::vector<ds_handle> parts;
  auto call = [&](std::string_view op, std::vector<ds_value> inputs) {
    return h(parts.emplace_back(s.call(op, std::move(inputs))));
  };
  ds_value cube = call("mul", {call("mul", {h(x), h(x)}), h(x)});
  ds_value inner = call("add", {h(x), call("mul", {cube, f(0.044715)})});
  ds_value t = call("tanh", {call("mul", {inner, f(0.7978845608)})});
  ds_handle y = s.call("mul", {call("mul", {h(x), f(0.5)}), call("add", {t, f(1)})});
  for (ds_handle part : parts) s.release(part);
  return y;
}

TEST(Passes, AnElementwiseChainIsOneCluster) {
  Session s;
  ds_handle x = s.tensor({64, 33}, numbers(64 * 33, 1));
  ds_handle y = gelu(s, x);
  Floats fused = s.read(y);
  EXPECT_NE(explain(s, y).find("fused     ["), std::string::npos) << explain(s, y);
  for (size_t k = 0; k < fused.size(); k += 97) {
    double v = numbers(64 * 33, 1)[k];
    double want = 0.5 * v * (1 + std::tanh(0.7978845608 * (v + 0.044715 * v * v * v)));
    ASSERT_NEAR(fused[k], want, 1e-6);
  }
}

struct Step {
  std::vector<Floats> parameters;
  std::string explained;
};

// Some steps of a two-layer network with momentum.
Step train(Session& s, int steps) {
  const int64_t batch = 32, in = 20, hidden = 48, out = 7;
  ds_handle x = s.tensor({batch, in}, numbers(size_t(batch * in), 1));
  ds_handle target = s.tensor({batch, out}, numbers(size_t(batch * out), 2));
  std::vector<std::vector<int64_t>> shapes = {{hidden, in}, {hidden}, {out, hidden}, {out}};
  std::vector<ds_handle> p, m;
  for (auto& shape : shapes) {
    size_t count = 1;
    for (int64_t extent : shape) count *= size_t(extent);
    p.push_back(s.tensor(shape, numbers(count, uint32_t(10 + p.size()))));
    m.push_back(s.tensor(shape, Floats(count)));
  }
  Step result;
  for (int step = 0; step < steps; ++step) {
    for (ds_handle v : p) s.require_grad(v);
    ds_handle hid = gelu(s, s.call("linear", {h(x), h(p[0]), h(p[1])}));
    ds_handle y = s.call("linear", {h(hid), h(p[2]), h(p[3])});
    ds_handle d = s.call("sub", {h(y), h(target)});
    ds_handle loss = s.call("sum", {h(s.call("mul", {h(d), h(d)}))});
    s.backward(loss);
    for (size_t k = 0; k < p.size(); ++k) {
      ds_handle grad = s.grad(p[k]), old = 0, old_m = m[k];
      s.ok(ds_detach(s.context, p[k], &old));
      m[k] = s.call("add", {h(s.call("mul", {h(old_m), f(0.9)})), h(grad)});
      ds_handle next = s.call("sub", {h(old), h(s.call("mul", {h(m[k]), f(1e-3)}))});
      for (ds_handle gone : {grad, old, old_m, p[k]}) s.release(gone);
      s.ok(ds_detach(s.context, next, &p[k]));
      s.release(next);
    }
    s.ok(ds_evaluate(s.context, p.data(), p.size(), 0));
    result.explained = explain(s, p[0]);
    for (ds_handle gone : {hid, y, d, loss}) s.release(gone);
  }
  for (ds_handle v : p) result.parameters.push_back(s.read(v));
  for (ds_handle v : m) result.parameters.push_back(s.read(v));
  return result;
}

TEST(Passes, StrictStepsEqualEagerBitForBit) {
  Session strict, eager;
  text_option(strict, "numerics", "strict");
  flag_option(eager, "eager", true);
  Step a = train(strict, 4), b = train(eager, 4);
  EXPECT_EQ(a.parameters, b.parameters);
}

TEST(Passes, StepsAgreeWithoutKernelsAndReplay) {
  Session fast, plain;
  flag_option(plain, "kernels", false);
  Step a = train(fast, 4), b = train(plain, 4);
  for (size_t k = 0; k < a.parameters.size(); ++k)
    for (size_t n = 0; n < a.parameters[k].size(); ++n)
      ASSERT_NEAR(a.parameters[k][n], b.parameters[k][n], 2e-4f) << k << ", " << n;
  EXPECT_NE(a.explained.find("fused     [mul mul mul add mul tanh mul add mul] -> 1 cluster (saves 7 x"),
            std::string::npos)
      << a.explained;
  EXPECT_NE(a.explained.find("peak "), std::string::npos) << a.explained;
}

TEST(Passes, AConvolutionalStepAgreesWithReferences) {
  auto step = [](Session& s) {
    ds_handle x = s.tensor({2, 3, 12, 12}, numbers(2 * 3 * 144, 1));
    ds_handle w = s.tensor({8, 3, 3, 3}, numbers(8 * 27, 2));
    s.require_grad(w);
    std::vector<int64_t> one{1, 1}, two{2, 2};
    ds_handle y = s.call("conv2d", {h(x), h(w), none()}, {ints(one), ints(one)});
    std::vector<ds_handle> normal;
    s.ok(s.try_call("batch_norm", {h(y), none(), none()}, {}, &normal));
    ds_handle pooled = s.call("max_pool2d", {h(s.call("relu", {h(normal[0])}))}, {ints(two)});
    ds_handle mean = s.call("avg_pool2d", {h(pooled)}, {ints(two)});
    s.backward(s.call("sum", {h(s.call("mul", {h(mean), h(mean)}))}));
    Floats out = s.read(s.grad(w));
    for (float v : s.read(mean)) out.push_back(v);
    return out;
  };
  Session fast, plain;
  flag_option(plain, "kernels", false);
  Floats a = step(fast), b = step(plain);
  ASSERT_EQ(a.size(), b.size());
  for (size_t k = 0; k < a.size(); ++k) ASSERT_NEAR(a[k], b[k], 1e-3f * (1 + std::fabs(b[k]))) << k;
}

}  // namespace
}  // namespace ds::core
