#include <sys/wait.h>
#include <unistd.h>

#include "core/api/session.h"

namespace ds::core {
namespace {

TEST(Views, ShareTheStorage) {
  Session s;
  ds_handle x = s.tensor({2, 3}, {0, 1, 2, 3, 4, 5});
  ds_handle turned = s.call("transpose", {h(x)});
  EXPECT_EQ(s.read(turned), (Floats{0, 3, 1, 4, 2, 5}));
  ds_handle before = s.call("add", {h(turned), f(0)});
  std::vector<int64_t> start{0, 0}, stop{3, 2}, step{2, 1};
  ds_handle rows = s.call("slice", {h(turned)}, {ints(start), ints(stop), ints(step)});
  ds_value nine = f(9);
  s.ok(ds_assign(s.context, rows, &nine, 0));
  EXPECT_EQ(s.read(x), (Floats{9, 1, 9, 9, 4, 9}));
  EXPECT_EQ(s.read(turned), (Floats{9, 9, 1, 4, 9, 9}));
  EXPECT_EQ(s.read(before), (Floats{0, 3, 1, 4, 2, 5})) << "recorded before the write";
}

TEST(Views, OverlappingWriteReadsFirst) {
  Session s;
  ds_handle x = s.tensor({5}, {0, 1, 2, 3, 4});
  std::vector<int64_t> zero{0}, one{1}, four{4}, five{5};
  ds_handle left = s.call("slice", {h(x)}, {ints(zero), ints(four), ints(one)});
  ds_handle right = s.call("slice", {h(x)}, {ints(one), ints(five), ints(one)});
  ds_value value = h(left);
  s.ok(ds_assign(s.context, right, &value, 0));
  EXPECT_EQ(s.read(x), (Floats{0, 0, 1, 2, 3}));
}

TEST(Views, BroadcastsAreReadOnly) {
  Session s;
  ds_handle x = s.tensor({1, 2}, {1, 2});
  std::vector<int64_t> shape{3, 2};
  ds_handle wide = s.call("broadcast_to", {h(x)}, {ints(shape)});
  EXPECT_EQ(s.read(wide), (Floats{1, 2, 1, 2, 1, 2}));
  ds_value zero = f(0);
  EXPECT_EQ(ds_assign(s.context, wide, &zero, 0), DS_READ_ONLY);
}

TEST(Views, AsStridedStaysInside) {
  Session s;
  ds_handle x = s.tensor({6}, {0, 1, 2, 3, 4, 5}), view = 0;
  int64_t shape[] = {3, 2}, strides[] = {1, 2};
  s.ok(ds_tensor_as_strided(s.context, x, 0, 2, shape, strides, 0, &view));
  EXPECT_EQ(s.read(view), (Floats{0, 2, 1, 3, 2, 4}));
  int64_t back[] = {-1};
  EXPECT_EQ(ds_tensor_as_strided(s.context, x, 0, 1, shape, back, 0, &view), DS_OUT_OF_RANGE);
  EXPECT_EQ(ds_tensor_as_strided(s.context, x, 5, 2, shape, strides, 0, &view), DS_OUT_OF_RANGE);
}

TEST(Memory, ForeignMemoryIsSharedBothWays) {
  Session s;
  Floats memory{1, 2, 3};
  int released = 0;
  int64_t shape[] = {3};
  ds_tensor t{};
  t.size = sizeof t;
  t.dl = {memory.data(), {DS_DEVICE_CPU, 0}, 1, to_dl(DS_F32), shape, nullptr, 0};
  ds_handle x = 0;
  s.ok(ds_tensor_wrap(
      s.context, &t, [](void* user) { ++*static_cast<int*>(user); }, &released, &x));
  ds_handle doubled = s.call("mul", {h(x), f(2)});
  memory[0] = 100;
  EXPECT_EQ(s.read(doubled), (Floats{2, 4, 6})) << "read when it was recorded";
  EXPECT_EQ(s.read(x), (Floats{100, 2, 3}));
  ds_value five = f(5);
  s.ok(ds_assign(s.context, x, &five, 0));
  EXPECT_EQ(memory, (Floats{5, 5, 5}));
  s.release(x);
  EXPECT_EQ(released, 1);
}

// Kernels keep packed weights as long as the version says so; foreign memory has none.
TEST(Memory, NothingDerivedFromForeignMemoryIsKept) {
  Session s;
  Floats weights(256 * 256, 1);
  int64_t shape[] = {256, 256};
  ds_tensor t{};
  t.size = sizeof t;
  t.dl = {weights.data(), {DS_DEVICE_CPU, 0}, 2, to_dl(DS_F32), shape, nullptr, 0};
  ds_handle b = 0, a = s.tensor({256, 256}, Floats(256 * 256, 1));
  s.ok(ds_tensor_wrap(s.context, &t, nullptr, nullptr, &b));
  for (int n = 1; n <= 4; ++n) {
    std::fill(weights.begin(), weights.end(), float(n));
    EXPECT_EQ(s.read(s.call("matmul", {h(a), h(b)}))[0], float(256 * n));
  }
}

TEST(Memory, AWritableExportSeesAndIsSeen) {
  Session s;
  ds_handle x = s.call("add", {h(s.tensor({3}, {1, 2, 3})), f(0)});
  const ds_tensor* lent = nullptr;
  s.ok(ds_tensor_export(s.context, x, 1, 0, &lent));
  auto* memory = static_cast<float*>(lent->dl.data);
  memory[1] = 50;
  EXPECT_EQ(s.read(s.call("add", {h(x), f(1)})), (Floats{2, 51, 4}));
  ds_value seven = f(7);
  s.ok(ds_assign(s.context, x, &seven, 0));
  EXPECT_EQ(memory[2], 7);
  s.ok(ds_export_release(s.context, lent));
  EXPECT_EQ(s.read(x), (Floats{7, 7, 7}));
}

TEST(Memory, AnExportKeepsItsContent) {
  Session s;
  ds_handle x = s.tensor({2}, {1, 2});
  const ds_tensor* lent = nullptr;
  s.ok(ds_tensor_export(s.context, x, 0, 0, &lent));
  for (int n = 0; n < 3; ++n) {
    ds_handle next = s.call("add", {h(x), f(1)});
    ds_value value = h(next);
    s.ok(ds_assign(s.context, x, &value, 0));
    s.release(next);
    s.read(x);
  }
  EXPECT_EQ(static_cast<float*>(lent->dl.data)[0], 1);
  s.ok(ds_export_release(s.context, lent));
}

TEST(Fork, TheChildComputesAlone) {
  Session s;
  ds_handle x = s.tensor({1000}, Floats(1000, 1));
  EXPECT_EQ(s.read(s.call("sum", {h(x)})), (Floats{1000}));
  pid_t child = fork();
  if (child == 0) {
    alarm(20);
    _exit(s.read(s.call("sum", {h(s.call("add", {h(x), f(1)}))}))[0] == 2000 ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_EQ(s.read(s.call("sum", {h(x)})), (Floats{1000}));
}

std::string graph_text(Session& s, ds_handle tensor) {
  std::string text;
  auto append = [](void* user, const char* data, uint64_t size) -> int32_t {
    static_cast<std::string*>(user)->append(data, size);
    return DS_OK;
  };
  s.ok(ds_graph_text(s.context, &tensor, 1, append, &text));
  return text;
}

TEST(GraphText, PrintsAndParsesBack) {
  Session s;
  ds_handle x = s.tensor({2, 3}, {1, 2, 3, 4, 5, 6});
  ds_handle y = s.call("sum", {h(s.call("exp", {h(s.call("mul", {h(x), f(0.5)}))}))}, {none(), i(1)});
  std::string text = graph_text(s, y);
  ds_handle graph = 0;
  s.ok(ds_graph_parse(s.context, text.data(), text.size(), &graph));
  std::string again;
  auto append = [](void* user, const char* data, uint64_t size) -> int32_t {
    static_cast<std::string*>(user)->append(data, size);
    return DS_OK;
  };
  s.ok(ds_graph_print(s.context, graph, append, &again));
  EXPECT_EQ(text, again);
  ds_handle half = 0;
  ds_value value = f(0.5);
  s.ok(ds_tensor_scalar(s.context, &value, DS_F32, &half));
  ds_handle inputs[] = {x, half}, out = 0;
  uint32_t count = 1;
  s.ok(ds_graph_call(s.context, graph, inputs, 2, &out, &count));
  EXPECT_EQ(s.read(out), s.read(y));
}

TEST(GraphText, NonsenseIsAnErrorWithItsPlace) {
  Session s;
  std::string text = graph_text(s, s.call("sum", {h(s.call("exp", {h(s.tensor({2}, {1, 2}))}))}));
  uint64_t random = 12345;
  auto next = [&] { return random = random * 6364136223846793005ull + 1442695040888963407ull, uint32_t(random >> 33); };
  int parsed = 0;
  for (int n = 0; n < 5000; ++n) {
    std::string broken = text;
    for (uint32_t edits = 1 + next() % 3; edits-- > 0;) {
      size_t at = next() % broken.size();
      switch (next() % 3) {
        case 0:
          broken[at] = char(next() % 256);
          break;
        case 1:
          broken.erase(at, 1 + next() % 8);
          break;
        default:
          broken.insert(at, text.substr(next() % text.size(), next() % 10));
      }
    }
    ds_handle graph = 0;
    int32_t status = ds_graph_parse(s.context, broken.data(), broken.size(), &graph);
    if (status == DS_OK)
      ++parsed, s.release(graph);
    else
      EXPECT_NE(s.error().find("line"), std::string::npos) << s.error();
  }
  EXPECT_LT(parsed, 1000);
}

TEST(Explain, TellsWhyAndHow) {
  Session s;
  ds_handle x = s.call("add", {h(s.tensor({2}, {1, 2})), f(1)});
  std::string text;
  auto append = [](void* user, const char* data, uint64_t size) -> int32_t {
    *static_cast<std::string*>(user) += std::string(data, size) + "\n";
    return DS_OK;
  };
  s.ok(ds_explain(s.context, x, append, &text));
  EXPECT_NE(text.find("not run yet"), std::string::npos) << text;
  s.read(x);
  text.clear();
  s.ok(ds_explain(s.context, x, append, &text));
  EXPECT_NE(text.find("flushed   observed"), std::string::npos) << text;
  EXPECT_NE(text.find("compiled #1"), std::string::npos) << text;
}

}  // namespace
}  // namespace ds::core
