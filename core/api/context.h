// A context: everything behind one ds_handle of ds.h, and the way into it.
//
// One lock serialises recording and running. It is let go while callbacks of the frontend run, which may wait for a
// lock of their own (Python's); what must be given back to the frontend, and every listing, is given after the lock.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "core/api/handles.h"
#include "core/autodiff/backward.h"
#include "core/base/lock.h"
#include "core/run/executor.h"
#include "deepseek/ds.h"

namespace ds::core {

class Context;

struct ParsedGraph {
  Graph graph;
  std::vector<ValueId> outputs;
  void retain() { ++references_; }
  void release() {
    if (--references_ == 0) delete this;
  }

 private:
  uint32_t references_ = 0;
};

// What a thread has in a context.
struct ThreadState {
  explicit ThreadState(Engine& engine);
  bool ended() const { return !*alive && recorder.graph().nodes().empty(); }
  Recorder recorder;
  std::shared_ptr<const std::atomic<bool>> alive;  // false when the thread has ended
  int32_t error_code = DS_OK;
  std::string error_text;
  uint64_t error_location = 0;
  // Reused by calls so that recording allocates nothing.
  std::vector<Value> inputs, outputs;
  std::vector<Weak> weak;
};

// Where a context lives. The lock is the slot's, which is never freed: whoever waits for it finds the context gone.
struct ContextSlot {
  RecursiveLock mutex;
  uint32_t generation = 1;
  uint32_t calls = 0;                      // running, also those that let go of the lock for a callback
  std::atomic<Context*> context{nullptr};  // changed under the lock

  static ContextSlot* of(ds_handle handle);  // null: no handle of a context
  bool holds(ds_handle handle) const {
    return context.load(std::memory_order_relaxed) && generation == uint32_t(handle >> 32);
  }
};

class Context {
 public:
  Context(uint64_t serial, RecursiveLock& lock)
      : tensors(1, uint32_t(serial)), graphs(2, uint32_t(serial)), mutex(lock), serial_(serial) {}
  ~Context();

  static int32_t create(ds_handle* handle);
  static int32_t destroy(ds_handle handle);

  ThreadState& thread();
  Status tensor(ds_handle handle, Tensor** tensor);
  ds_handle add(Value value);  // a tensor of its own storage
  // The current content of a tensor; a view is read from its storage.
  Status value_of(Tensor& tensor, Recorder& recorder, uint64_t location, Value* value);
  // Deferred until the lock is released.
  void defer(std::function<void()> task) { deferred_.push_back(std::move(task)); }
  std::vector<std::function<void()>> take_deferred() { return std::move(deferred_); }
  std::string location_text(uint64_t location);  // without the lock

  Executor executor;
  HandleTable<Tensor> tensors;
  HandleTable<ParsedGraph> graphs;
  RecursiveLock& mutex;
  ds_location_resolver resolver = nullptr;
  void* resolver_user = nullptr;
  uint64_t next_hook = 1;

 private:
  uint64_t serial_;  // tells contexts apart in threads' caches
  std::unordered_map<uint64_t, std::unique_ptr<ThreadState>> threads_;
  std::vector<std::function<void()>> deferred_;
};

// Lets go of the context's lock, however often it is held, for a callback.
class Unlocked {
 public:
  explicit Unlocked(Context& context) : context_(context), depth_(context.mutex.let_go()) {}
  ~Unlocked() { context_.mutex.take_back(depth_); }

 private:
  Context& context_;
  uint32_t depth_;
};

// views.cc
Status assign(Context& c, ThreadState& t, Tensor& target, Value source, uint64_t location);
Status view_tensor(Context& c, Tensor& source, const Operator& op, std::span<const ds_value> attributes,
                   ds_handle* handle, bool* made);

// tensors.cc
Status dense_tensor(Context& c, const ds_tensor* source, Value* value);  // copies cpu memory in
Status borrow(Context& c, ThreadState& t, Tensor& tensor, TensorRecord* record,
              Ref<Buffer>* keep);  // evaluated, on cpu

int32_t report(Context& context, ThreadState& thread, Status status);
int32_t report_orphan(int32_t code, std::string_view text);  // there is no context to tell

// The way in: finds the context, takes the lock, runs body(context, thread) -> Status, reports, catches everything.
using Entered = Status (*)(void* body, Context& context, ThreadState& thread);
int32_t enter_with(ds_handle handle, void* body, Entered run) noexcept;
template <class Body>
int32_t enter(ds_handle handle, Body&& body) noexcept {
  return enter_with(handle, &body, [](void* b, Context& context, ThreadState& thread) -> Status {
    return (*static_cast<std::remove_reference_t<Body>*>(b))(context, thread);
  });
}

// A listing: body(context, thread, &lines) -> Status; the lines go out after the lock. The sink's answer is passed on.
template <class Body>
int32_t list(ds_handle handle, ds_text_sink sink, void* user, Body&& body) noexcept {
  std::vector<std::string> lines;
  int32_t status = enter(handle, [&](Context& c, ThreadState& t) -> Status { return body(c, t, &lines); });
  for (auto& line : lines)
    if (!status) status = sink(user, line.data(), line.size());
  return status;
}

}  // namespace ds::core
