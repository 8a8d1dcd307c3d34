// Contexts and threads: who may end one, what a thread leaves behind, what a forked child may still do.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "core/api/session.h"

namespace ds::core {
namespace {

ds_handle new_context() {
  setenv("DS_PLUGIN_PATH", DS_BUILD_DIR "/lib/deepseek/plugins", 1);
  ds_handle context = 0;
  EXPECT_EQ(ds_context_create(&context), DS_OK);
  return context;
}

TEST(Context, IsNotEndedFromItsOwnCallback) {
  Session s;
  ds_handle x = s.tensor({2}, {1, 2});
  s.require_grad(x);
  struct Tried {
    ds_handle context;
    int32_t status = DS_OK;
  } tried{s.context};
  auto hook = [](void* user, ds_handle, ds_handle*) -> int32_t {
    auto* t = static_cast<Tried*>(user);
    t->status = ds_context_destroy(t->context);
    return DS_OK;
  };
  uint64_t id;
  s.ok(ds_hook_add(s.context, x, hook, nullptr, &tried, &id));
  s.backward(s.call("sum", {h(x)}));
  EXPECT_EQ(tried.status, DS_INVALID_ARGUMENT);
  EXPECT_EQ(s.read(s.grad(x)), (Floats{1, 1}));
}

TEST(Context, MayEndWhileOthersCall) {
  for (int round = 0; round < 20; ++round) {
    ds_handle context = new_context();
    std::atomic<bool> begun{false};
    std::thread other([&] {
      ds_value number{DS_FLOAT, 0, {.f = 1}};
      ds_handle scalar = 0;
      while (ds_tensor_scalar(context, &number, DS_F32, &scalar) == DS_OK) begun = true;
      EXPECT_EQ(ds_release(context, scalar), DS_STALE_HANDLE);
    });
    while (!begun) std::this_thread::yield();
    int32_t status;
    do status = ds_context_destroy(context);
    while (status == DS_INVALID_ARGUMENT);  // a call was running
    EXPECT_EQ(status, DS_OK);
    other.join();
  }
}

TEST(Context, ListingsMayCallBack) {
  Session s;
  auto sink = [](void* user, const char*, uint64_t) -> int32_t {
    auto& session = *static_cast<Session*>(user);
    int64_t flushes = 0;
    std::thread([&] { flushes = session.counter("flushes"); }).join();  // no lock is held
    return flushes < 0;
  };
  EXPECT_EQ(ds_devices(s.context, sink, &s), DS_OK);
  EXPECT_EQ(ds_plugins(s.context, sink, &s), DS_OK);
  auto stop = [](void*, const char*, uint64_t) -> int32_t { return 77; };
  EXPECT_EQ(ds_operators(s.context, stop, nullptr), 77);
}

TEST(Context, ThreadsInheritNothingFromEndedOnes) {
  Session s;
  ds_handle x = s.tensor({2}, {1, 2}), pending = 0;
  for (int round = 0; round < 5; ++round) {
    std::thread([&] {
      int32_t before = 0;
      s.ok(ds_set_grad_enabled(s.context, 0, &before));
      EXPECT_EQ(before, 1) << round;
      EXPECT_EQ(s.error(), "") << round;
      std::vector<ds_handle> outputs;
      EXPECT_NE(s.try_call("matmul", {h(x), f(1), f(2)}, {}, &outputs), DS_OK);
      pending = s.call("add", {h(x), f(round)});
    }).join();
    EXPECT_EQ(s.read(pending), (Floats{1.0f + float(round), 2.0f + float(round)})) << "recorded by a thread that ended";
  }
}

TEST(Context, ForkedChildrenGoOnWhateverOthersHeld) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "the sanitizer's allocator forks with its own lock held by the other thread";
#endif
  Session s;
  std::atomic<bool> stop{false};
  ds_handle x = s.tensor({300, 300}, std::vector<float>(90000, 0.01f));
  std::thread busy([&] {
    while (!stop) s.read(s.call("matmul", {h(x), h(x)}));
  });
  for (int round = 0; round < 20; ++round) {
    pid_t child = fork();
    if (child == 0) {
      alarm(20);
      _exit(s.read(s.call("add", {h(x), f(1)}))[7] == 1.01f ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "status " << status;
  }
  stop = true;
  busy.join();
}

}  // namespace
}  // namespace ds::core
