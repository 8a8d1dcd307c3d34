// NULL, released, foreign and made-up handles are DS_STALE_HANDLE, never a crash.
#include <random>

#include "tests/abi/context.h"

namespace ds::test {
namespace {

// Calls that take a tensor and need no more than it.
void expect_stale(ds_handle c, ds_handle t, const char* what) {
  ds_spec spec{};
  ds_view_spec layout{};
  ds_value value{DS_FLOAT, 0, {.f = 1}};
  ds_handle out = 77;
  float room[4];
  const ds_tensor* exported = nullptr;
  int32_t flag = 0, leaf = 0;
  EXPECT_EQ(ds_tensor_spec(c, t, &spec), DS_STALE_HANDLE) << what;
  EXPECT_EQ(ds_tensor_layout(c, t, &layout), DS_STALE_HANDLE) << what;
  EXPECT_EQ(ds_tensor_read(c, t, room, sizeof room, 0), DS_STALE_HANDLE) << what;
  EXPECT_EQ(ds_tensor_item(c, t, 0, &value), DS_STALE_HANDLE) << what;
  EXPECT_EQ(ds_tensor_export(c, t, 0, 0, &exported), DS_STALE_HANDLE) << what;
  EXPECT_EQ(ds_assign(c, t, &value, 0), DS_STALE_HANDLE) << what;
  EXPECT_EQ(ds_set_requires_grad(c, t, 1), DS_STALE_HANDLE) << what;
  EXPECT_EQ(ds_requires_grad(c, t, &flag, &leaf), DS_STALE_HANDLE) << what;
  EXPECT_EQ(ds_detach(c, t, &out), DS_STALE_HANDLE) << what;
  EXPECT_EQ(ds_tensor_grad(c, t, &out), DS_STALE_HANDLE) << what;
  EXPECT_EQ(ds_backward(c, &t, nullptr, 1, 0, 0), DS_STALE_HANDLE) << what;
  EXPECT_EQ(ds_evaluate(c, &t, 1, 0), DS_STALE_HANDLE) << what;
  EXPECT_EQ(ds_retain(c, t), DS_STALE_HANDLE) << what;
  EXPECT_EQ(ds_release(c, t), DS_STALE_HANDLE) << what;
  EXPECT_EQ(out, 77u) << "outputs are untouched on failure";
}

TEST(Handles, GarbageTensors) {
  Context context;
  std::mt19937_64 random(3);
  for (ds_handle h : {ds_handle(0), ~ds_handle(0), ds_handle(1), ds_handle(1) << 32, context.handle})
    expect_stale(context.handle, h, "chosen");
  for (int i = 0; i < 200; ++i) expect_stale(context.handle, random(), "random");
}

TEST(Handles, ReleasedTensors) {
  Context context;
  ds_handle t = context.tensor({1, 2, 3});
  ASSERT_EQ(ds_release(context.handle, t), DS_OK) << context.error();
  expect_stale(context.handle, t, "released");
  ds_handle next = context.tensor({4, 5, 6});  // takes the slot, not the generation
  EXPECT_NE(next, t);
  expect_stale(context.handle, t, "its slot is used again");
  EXPECT_EQ(ds_release(context.handle, next), DS_OK);
  ds_handle both[] = {t, next, 0, ~ds_handle(0)};
  EXPECT_EQ(ds_release_many(context.handle, both, 4), DS_OK);  // stale ones are skipped
}

TEST(Handles, OfAnotherContext) {
  Context a, b;
  for (int i = 0; i < 3; ++i) b.tensor({1});
  ds_handle t = a.tensor({1, 2, 3});
  expect_stale(b.handle, t, "foreign");
  ds_spec spec{};
  EXPECT_EQ(ds_tensor_spec(a.handle, t, &spec), DS_OK);
}

TEST(Handles, DeadContexts) {
  Context context;
  ds_handle c = context.handle, t = context.tensor({1, 2, 3});
  ASSERT_EQ(ds_context_destroy(c), DS_OK);
  context.handle = 0;
  for (ds_handle dead : {c, ds_handle(0), ~ds_handle(0), t}) {
    expect_stale(dead, t, "dead context");
    ds_operator_id op = 0;
    EXPECT_EQ(ds_operator_find(dead, "add", 3, &op), DS_STALE_HANDLE);
    EXPECT_EQ(ds_plugin_load(dead, "/x.so", 5), DS_STALE_HANDLE);
    EXPECT_EQ(ds_context_destroy(dead), DS_STALE_HANDLE);
  }
}

TEST(Handles, MadeUpOperatorsAndInputs) {
  Context context;
  ASSERT_EQ(context.load(plugin_path("plain")), DS_OK);
  ds_handle x = context.tensor({1}), y = 77;
  for (ds_operator_id op : {ds_operator_id(0), ds_operator_id(99999), ~ds_operator_id(0)})
    EXPECT_NE(context.call(op, x, &y), DS_OK) << op;
  EXPECT_EQ(context.call(context.find("twice"), ~ds_handle(0), &y), DS_STALE_HANDLE);
  ds_value odd{99, 12345, {.p = nullptr}};
  uint32_t count = 1;
  EXPECT_NE(ds_call(context.handle, context.find("twice"), &odd, 1, nullptr, 0, 0, &y, &count), DS_OK);
  EXPECT_NE(ds_call(context.handle, context.find("twice"), nullptr, 0, nullptr, 0, 0, &y, &count), DS_OK);
  EXPECT_EQ(y, 77u);
}

TEST(Handles, GarbageGraphs) {
  Context context;
  ds_handle t = context.tensor({1}), out = 77;
  uint32_t count = 1;
  auto sink = [](void*, const char*, uint64_t) -> int32_t { return 0; };
  for (ds_handle h : {ds_handle(0), t, ~ds_handle(0)}) {
    EXPECT_EQ(ds_graph_print(context.handle, h, sink, nullptr), DS_STALE_HANDLE);
    EXPECT_EQ(ds_graph_call(context.handle, h, &t, 1, &out, &count), DS_STALE_HANDLE);
  }
  EXPECT_EQ(out, 77u);
}

}  // namespace
}  // namespace ds::test
