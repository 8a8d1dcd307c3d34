#include "core/api/context.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>

#include "core/registry/folders.h"
#include "core/registry/loader.h"

namespace ds::core {
namespace {

// Contexts are few.
std::array<ContextSlot, 1024> slots;
std::mutex slots_mutex;  // who gets which slot
std::atomic<uint64_t> serials{0};

// A forked child has one thread: what others held would stay locked in it for ever. Registered again whenever a plugin
// was initialised, because handlers run in reverse: the contexts' locks are taken before those that plugins take below
// them.
thread_local uint32_t forking = 0;
std::vector<ContextSlot*> held;

void before_fork() {
  if (forking++) return;
  slots_mutex.lock();
  for (auto& slot : slots)
    if (slot.context.load()) slot.mutex.lock(), held.push_back(&slot);
}
void after_fork() {
  if (--forking) return;
  for (ContextSlot* slot : held) slot->mutex.unlock();
  held.clear();
  slots_mutex.unlock();
}
void watch_forks() { pthread_atfork(before_fork, after_fork, after_fork); }

thread_local std::string orphan_text;
thread_local int32_t orphan_code = DS_OK;

}  // namespace

int32_t report_orphan(int32_t code, std::string_view text) {
  orphan_code = code;
  orphan_text = text;
  return code;
}

int32_t report(Context& context, ThreadState& thread, Status status) {
  std::string text = status.text();
  if (status.location()) {
    std::string where = context.location_text(status.location());
    if (!where.empty()) text += "\n  recorded at " + where;
  }
  thread.error_code = status.code();
  thread.error_text = std::move(text);
  thread.error_location = status.location();
  return status.code();
}

int32_t Context::create(ds_handle* handle) {
  static const bool watching = (plugin_initialised = watch_forks, watch_forks(), true);
  (void)watching;
  std::lock_guard creating(slots_mutex);
  auto slot = std::find_if(slots.begin(), slots.end(), [](auto& s) { return !s.context.load(); });
  if (slot == slots.end()) return report_orphan(DS_OUT_OF_MEMORY, "1024 contexts are open");
  auto context = std::make_unique<Context>(++serials, slot->mutex);
  RecordOptions& options = context->executor.options_;
  auto on = [](std::string_view v) { return !v.empty() && v != "0"; };
  auto variable = [](const char* name) {
    const char* value = environment(name);
    return std::string_view(value ? value : "");
  };
  options.eager = on(variable("DS_EAGER"));
  std::string_view numerics = variable("DS_NUMERICS");
  if (!numerics.empty() && numerics != "default" && numerics != "strict")
    return report_orphan(DS_INVALID_ARGUMENT, cat("DS_NUMERICS is '", numerics, "', not default or strict"));
  options.strict = numerics == "strict";
  options.flush_bytes = uint64_t(sysconf(_SC_PHYS_PAGES)) * uint64_t(sysconf(_SC_PAGESIZE)) / 4;
  if (Status status = context->executor.registry.discover()) return report_orphan(status.code(), status.text());
  std::lock_guard lock(slot->mutex);
  slot->context = context.release();
  *handle = uint64_t(slot->generation) << 32 | uint32_t(slot - slots.begin()) << 2 | 3;
  return DS_OK;
}

ContextSlot* ContextSlot::of(ds_handle handle) {
  uint32_t index = uint32_t(handle) >> 2;
  return (handle & 3) == 3 && index < slots.size() ? &slots[index] : nullptr;
}

int32_t Context::destroy(ds_handle handle) {
  ContextSlot* slot = ContextSlot::of(handle);
  if (!slot) return report_orphan(DS_STALE_HANDLE, "no such context");
  std::vector<std::function<void()>> deferred;
  std::unique_ptr<Context> context;
  {
    std::lock_guard lock(slot->mutex);
    if (!slot->holds(handle)) return report_orphan(DS_STALE_HANDLE, "no such context");
    if (slot->calls)
      return report_orphan(DS_INVALID_ARGUMENT,
                           "context_destroy: a call of this context is running, in a callback maybe");
    context.reset(slot->context.load());
    for (auto& [number, thread] : context->threads_) {
      for (auto& node : thread->recorder.graph().nodes())
        if (node.op->has(DS_TRAIT_EFFECT)) {  // what was to happen happens
          (void)thread->recorder.flush(FlushReason::kFinish, 0);
          break;
        }
      thread->recorder.clear();
    }
    context->executor.devices.each([](Device& device) { (void)device.synchronize(); });
    context->tensors = HandleTable<Tensor>(1, 0);
    context->graphs = HandleTable<ParsedGraph>(2, 0);
    context->threads_.clear();
    deferred = context->take_deferred();
    slot->generation += 2;
    slot->context = nullptr;
  }
  for (auto& task : deferred) task();
  return DS_OK;
}

Context::~Context() = default;

ThreadState::ThreadState(Engine& engine) : recorder(engine) {
  struct Life {
    std::shared_ptr<std::atomic<bool>> alive = std::make_shared<std::atomic<bool>>(true);
    ~Life() { *alive = false; }
  };
  static thread_local Life life;
  alive = life.alive;
}

ThreadState& Context::thread() {
  static thread_local uint64_t cached_serial = 0;
  static thread_local ThreadState* cached = nullptr;
  if (cached_serial == serial_) return *cached;
  auto& slot = threads_[thread_number()];
  if (!slot) {
    slot = std::make_unique<ThreadState>(executor);
    std::erase_if(threads_, [](auto& entry) { return entry.second->ended(); });
  }
  cached_serial = serial_;
  return *(cached = slot.get());
}

std::string Context::location_text(uint64_t location) {
  std::string text;
  if (!resolver) return text;
  auto append = [](void* user, const char* data, uint64_t size) -> int32_t {
    static_cast<std::string*>(user)->append(data, size);
    return DS_OK;
  };
  resolver(resolver_user, location, append, &text);
  return text;
}

Status Context::tensor(ds_handle handle, Tensor** tensor) {
  *tensor = tensors.find(handle);
  if (*tensor) return {};
  return error(DS_STALE_HANDLE, handle ? "a tensor handle that was released, or never was one" : "a tensor is missing");
}

ds_handle Context::add(Value value) {
  return tensors.add(Ref<Tensor>(new Tensor(Ref<Storage>(new Storage(std::move(value))))));
}

int32_t enter_with(ds_handle handle, void* body, Entered run) noexcept {
  ContextSlot* slot = ContextSlot::of(handle);
  if (!slot) return report_orphan(DS_STALE_HANDLE, "no such context");
  slot->mutex.lock();
  if (!slot->holds(handle)) {
    slot->mutex.unlock();
    return report_orphan(DS_STALE_HANDLE, "no such context");
  }
  ++slot->calls;
  int32_t code = DS_OUT_OF_MEMORY;
  bool locked = true;
  try {
    Context& context = *slot->context.load(std::memory_order_relaxed);
    ThreadState& thread = context.thread();
    Status status;
    try {
      status = run(body, context, thread);
    } catch (const std::bad_alloc&) {
      status = Status(DS_OUT_OF_MEMORY, "out of memory");
    } catch (const std::exception& e) {
      status = Status(DS_INTERNAL, e.what());
    } catch (...) {
      status = Status(DS_INTERNAL, "unknown exception");
    }
    std::vector<std::function<void()>> deferred = context.take_deferred();
    if (status || !deferred.empty()) {
      slot->mutex.unlock();
      locked = false;
      for (auto& task : deferred) task();
    }
    code = status.ok() ? DS_OK : report(context, thread, std::move(status));
  } catch (...) {
  }
  if (!locked) slot->mutex.lock();
  --slot->calls;
  slot->mutex.unlock();
  return code;
}

}  // namespace ds::core

using namespace ds::core;

int32_t ds_context_create(ds_handle* context) {
  if (!context) return report_orphan(DS_INVALID_ARGUMENT, "context_create: nowhere to put the handle");
  try {
    return Context::create(context);
  } catch (const std::exception& e) {
    return report_orphan(DS_INTERNAL, e.what());
  }
}

int32_t ds_context_destroy(ds_handle context) {
  try {
    return Context::destroy(context);
  } catch (const std::exception& e) {
    return report_orphan(DS_INTERNAL, e.what());
  }
}

int32_t ds_error(ds_handle handle, int32_t* code, ds_text* text, uint64_t* location) {
  const std::string* message = &orphan_text;
  int32_t status = orphan_code;
  uint64_t where = 0;
  if (ContextSlot* slot = ContextSlot::of(handle)) {
    std::lock_guard lock(slot->mutex);
    if (slot->holds(handle)) {
      ThreadState& thread = slot->context.load()->thread();
      message = &thread.error_text;
      status = thread.error_code;
      where = thread.error_location;
    }
  }
  if (code) *code = status;
  if (text) *text = {message->data(), message->size()};
  if (location) *location = where;
  return DS_OK;
}

const char* ds_status_name(int32_t status) {
  static const char* const names[] = {"DS_OK",
                                      "DS_INVALID_ARGUMENT",
                                      "DS_SHAPE_MISMATCH",
                                      "DS_DTYPE_MISMATCH",
                                      "DS_DEVICE_MISMATCH",
                                      "DS_OUT_OF_RANGE",
                                      "DS_NOT_FOUND",
                                      "DS_OUT_OF_MEMORY",
                                      "DS_OVERFLOW",
                                      "DS_UNSUPPORTED",
                                      "DS_UNIMPLEMENTED",
                                      "DS_STALE_HANDLE",
                                      "DS_BAD_PLUGIN",
                                      "DS_IO_ERROR",
                                      "DS_CORRUPT",
                                      "DS_NON_FINITE",
                                      "DS_READ_ONLY",
                                      "DS_INTERNAL"};
  return status >= 0 && size_t(status) < std::size(names) ? names[status] : "DS_?";
}

int32_t ds_version(uint32_t* major, uint32_t* minor, ds_text* text) {
  static constexpr std::string_view version = "1.0.0";
  if (major) *major = DS_ABI_MAJOR;
  if (minor) *minor = DS_ABI_MINOR;
  if (text) *text = {version.data(), version.size()};
  return DS_OK;
}

int32_t ds_set_location_resolver(ds_handle context, ds_location_resolver resolver, void* user) {
  return enter(context, [&](Context& c, ThreadState&) {
    c.resolver = resolver;
    c.resolver_user = user;
    return Status();
  });
}

int32_t ds_set_option(ds_handle context, const char* name, uint64_t length, const ds_value* value) {
  return enter(context, [&](Context& c, ThreadState& t) -> Status {
    if (!name || !value) return error(DS_INVALID_ARGUMENT, "set_option: a name and a value are needed");
    DS_RETURN_IF_ERROR(t.recorder.flush(FlushReason::kFinish, 0));
    RecordOptions& options = c.executor.options_;
    std::string_view key(name, length);
    auto flag = [&](bool& target) { return target = value->u.i != 0, Status(); };
    bool number = value->tag == DS_INT || value->tag == DS_FLAG;
    c.executor.forget_programs();
    if (key == "eager" && number) return flag(options.eager);
    if (key == "check_finite" && number) return flag(options.check_finite);
    if (key == "kernels" && number) return flag(options.kernels);
    if (key == "composites" && number) return flag(options.composites);
    if (key == "numerics" && value->tag == DS_STRING) {
      std::string_view mode(value->u.s, value->count);
      if (mode != "strict" && mode != "default")
        return error(DS_INVALID_ARGUMENT, "numerics is default or strict, not '", mode, "'");
      options.strict = mode == "strict";
      return {};
    }
    if (key == "flush_nodes" && number && value->u.i > 0) return options.flush_nodes = uint64_t(value->u.i), Status();
    if (key == "flush_bytes" && number && value->u.i >= 0) return options.flush_bytes = uint64_t(value->u.i), Status();
    if (key == "float" && value->tag == DS_TYPE && is_float(ds_dtype(value->u.i)))
      return options.default_float = ds_dtype(value->u.i), Status();
    return error(DS_INVALID_ARGUMENT, "set_option: no option '", key, "' that takes such a value");
  });
}
