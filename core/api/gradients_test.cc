#include "core/api/session.h"

namespace ds::core {
namespace {

TEST(Gradients, OfASumOfSquares) {
  Session s;
  ds_handle x = s.tensor({3}, {1, 2, 3});
  s.require_grad(x);
  s.backward(s.call("sum", {h(s.call("mul", {h(x), h(x)}))}));
  EXPECT_EQ(s.counter("flushes"), 0) << "backward only records";
  EXPECT_EQ(s.read(s.grad(x)), (Floats{2, 4, 6}));
}

TEST(Gradients, AddUpAndSurviveAFlush) {
  Session s;
  ds_handle x = s.tensor({2}, {3, 4});
  s.require_grad(x);
  for (int n = 0; n < 2; ++n) {
    ds_handle y = s.call("exp", {h(s.call("mul", {h(x), f(0)}))});
    ds_handle loss = s.call("sum", {h(s.call("mul", {h(y), h(x)}))});
    EXPECT_EQ(s.read(loss), (Floats{7})) << "looking at the loss keeps what backward needs";
    s.backward(loss);
  }
  EXPECT_EQ(s.read(s.grad(x)), (Floats{2, 2}));
}

TEST(Gradients, SecondDerivatives) {
  Session s;
  ds_handle x = s.tensor({2}, {2, 3});
  s.require_grad(x);
  ds_handle cube = s.call("mul", {h(s.call("mul", {h(x), h(x)})), h(x)});
  ds_handle loss = s.call("sum", {h(cube)}), first = 0, second = 0;
  s.ok(ds_grad(s.context, &loss, nullptr, 1, &x, 1, DS_CREATE_GRAPH, 0, &first));
  ds_handle total = s.call("sum", {h(first)});
  s.ok(ds_grad(s.context, &total, nullptr, 1, &x, 1, 0, 0, &second));
  EXPECT_EQ(s.read(first), (Floats{12, 27}));
  EXPECT_EQ(s.read(second), (Floats{12, 18}));
}

TEST(Gradients, BroadcastInputsGetTheirShape) {
  Session s;
  ds_handle a = s.tensor({2, 3}, {1, 2, 3, 4, 5, 6}), b = s.tensor({3}, {1, 2, 3});
  s.require_grad(a);
  s.require_grad(b);
  s.backward(s.call("sum", {h(s.call("mul", {h(a), h(b)}))}));
  EXPECT_EQ(s.read(s.grad(a)), (Floats{1, 2, 3, 1, 2, 3}));
  EXPECT_EQ(s.read(s.grad(b)), (Floats{5, 7, 9}));
}

TEST(Gradients, FlowThroughViewsAndWrites) {
  Session s;
  ds_handle x = s.tensor({2, 3}, {1, 2, 3, 4, 5, 6});
  s.require_grad(x);
  ds_handle y = s.call("mul", {h(x), f(2)});
  ds_handle turned = s.call("transpose", {h(y)});  // [3,2], shares y
  std::vector<int64_t> start{0, 0}, stop{1, 2}, step{1, 1};
  ds_handle corner = s.call("slice", {h(turned)}, {ints(start), ints(stop), ints(step)});
  ds_value zero = f(0);
  s.ok(ds_assign(s.context, corner, &zero, 0));  // y[0,0] = y[1,0] = 0
  EXPECT_EQ(s.read(y), (Floats{0, 4, 6, 0, 10, 12}));
  s.backward(s.call("sum", {h(s.call("mul", {h(y), h(y)}))}));
  EXPECT_EQ(s.read(s.grad(x)), (Floats{0, 16, 24, 0, 40, 48}));
}

TEST(Gradients, LeavesAreNotWrittenUnlessNobodyWatches) {
  Session s;
  ds_handle x = s.tensor({2}, {1, 2});
  s.require_grad(x);
  ds_value five = f(5);
  EXPECT_EQ(ds_assign(s.context, x, &five, 0), DS_INVALID_ARGUMENT);
  s.ok(ds_set_grad_enabled(s.context, 0, nullptr));
  s.ok(ds_assign(s.context, x, &five, 0));
  s.ok(ds_set_grad_enabled(s.context, 1, nullptr));
  int32_t requires_grad, leaf;
  s.ok(ds_requires_grad(s.context, x, &requires_grad, &leaf));
  EXPECT_TRUE(requires_grad && leaf);
  EXPECT_EQ(s.read(x), (Floats{5, 5}));
}

TEST(Gradients, AreGivenUpAfterBackward) {
  Session s;
  ds_handle x = s.tensor({2}, {1, 2});
  s.require_grad(x);
  ds_handle loss = s.call("sum", {h(s.call("mul", {h(x), h(x)}))});
  s.backward(loss, DS_RETAIN_GRAPH);
  s.backward(loss);
  EXPECT_EQ(ds_backward(s.context, &loss, nullptr, 1, 0, 0), DS_INVALID_ARGUMENT);
  EXPECT_NE(s.error().find("retain_graph"), std::string::npos) << s.error();
  EXPECT_EQ(s.read(s.grad(x)), (Floats{4, 8}));
}

TEST(Gradients, OfWhatDoesNotRequireThemAreAnError) {
  Session s;
  ds_handle x = s.tensor({2}, {1, 2});
  EXPECT_EQ(ds_backward(s.context, &x, nullptr, 1, 0, 0), DS_INVALID_ARGUMENT);
  s.require_grad(x);
  ds_handle y = s.call("mul", {h(x), f(2)});
  EXPECT_EQ(ds_backward(s.context, &y, nullptr, 1, 0, 0), DS_SHAPE_MISMATCH) << "two elements need a gradient";
}

struct HookState {
  Session* session;
  Floats seen;
  int released = 0;
};

TEST(Hooks, SeeTheValueAndReplaceIt) {
  Session s;
  HookState state{&s, {}};
  ds_handle x = s.tensor({2}, {1, 2});
  s.require_grad(x);
  ds_handle y = s.call("mul", {h(x), f(3)});
  uint64_t id;
  s.ok(ds_hook_add(
      s.context, y,
      [](void* user, ds_handle gradient, ds_handle* replacement) -> int32_t {
        auto& state = *static_cast<HookState*>(user);
        state.seen = state.session->read(gradient);  // a flush in the middle of backward
        *replacement = state.session->call("mul", {h(gradient), f(10)});
        return DS_OK;
      },
      [](void* user) { ++static_cast<HookState*>(user)->released; }, &state, &id));
  s.backward(s.call("sum", {h(s.call("mul", {h(y), h(y)}))}));
  EXPECT_EQ(state.seen, (Floats{6, 12}));
  EXPECT_EQ(s.read(s.grad(x)), (Floats{180, 360}));
  s.ok(ds_hook_remove(s.context, y, id));
  EXPECT_EQ(state.released, 1);
  EXPECT_EQ(ds_hook_remove(s.context, y, id), DS_NOT_FOUND);
}

TEST(Training, AStepIsOneProgramAndReplays) {
  Session s;
  ds_handle w = s.tensor({4}, {1, 1, 1, 1}), data = s.tensor({4}, {1, 2, 3, 4});
  s.require_grad(w);
  int64_t compiled = 0;
  for (int step = 0; step < 20; ++step) {
    ds_handle product = s.call("mul", {h(w), h(data)});
    ds_handle loss = s.call("mean", {h(s.call("mul", {h(product), h(product)}))});
    s.release(product);
    s.backward(loss);
    s.ok(ds_set_grad_enabled(s.context, 0, nullptr));
    ds_handle gradient = s.grad(w);
    ds_handle scaled = s.call("mul", {h(gradient), f(0.01 / (1 + step))});
    ds_handle next = s.call("sub", {h(w), h(scaled)});
    ds_value value = h(next);
    s.ok(ds_assign(s.context, w, &value, 0));
    s.ok(ds_set_grad(s.context, w, 0));
    s.ok(ds_set_grad_enabled(s.context, 1, nullptr));
    for (ds_handle used : {gradient, scaled, next}) s.release(used);
    s.read(loss);
    s.release(loss);
    if (step == 2) compiled = s.counter("programs_compiled");
  }
  EXPECT_EQ(s.counter("programs_compiled"), compiled) << "another learning rate compiled again";
  EXPECT_EQ(s.counter("flushes"), 20);
  EXPECT_LT(s.read(w)[3], 1);
}

}  // namespace
}  // namespace ds::core
