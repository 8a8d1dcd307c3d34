#include "core/registry/host.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <vector>

#include "core/registry/folders.h"

namespace ds::core {
namespace {

int32_t unimplemented(const void*) { return DS_UNIMPLEMENTED; }

std::atomic<const ds_threads*> pool{nullptr};

int32_t parallel_for(const ds_threads*, int64_t count, int64_t grain, ds_range_fn fn, void* user) {
  if (const ds_threads* threads = pool.load(std::memory_order_acquire))
    return threads->parallel_for(threads, count, grain, fn, user);
  return count > 0 ? fn(user, 0, count) : DS_OK;
}
int32_t thread_count(const ds_threads*, int32_t* count) {
  const ds_threads* threads = pool.load(std::memory_order_acquire);
  return threads ? threads->thread_count(threads, count) : (*count = 1, DS_OK);
}
constexpr ds_threads kThreads{sizeof(ds_threads), nullptr, parallel_for, thread_count};

int32_t get_interface(const ds_host*, const char* id, uint64_t length, void* table, uint64_t size) {
  if (!id || !table || std::string_view(id, length) != DS_THREADS_INTERFACE) return DS_NOT_FOUND;
  if (size < sizeof(uint64_t) || size % sizeof(void*)) return DS_INVALID_ARGUMENT;
  auto* bytes = static_cast<char*>(table);
  uint64_t own = std::min<uint64_t>(size, sizeof kThreads);
  std::memcpy(bytes, &kThreads, own);
  std::memcpy(bytes, &own, sizeof own);
  auto stub = &unimplemented;
  for (uint64_t at = own; at < size; at += sizeof stub) std::memcpy(bytes + at, &stub, sizeof stub);
  return DS_OK;
}

int32_t allocate(const ds_host*, uint64_t size, uint64_t alignment, void** memory) {
  if (!memory || !alignment || (alignment & (alignment - 1)) || alignment > 4096) return DS_INVALID_ARGUMENT;
  void* made = nullptr;
  if (posix_memalign(&made, std::max<uint64_t>(alignment, sizeof(void*)), std::max<uint64_t>(size, 1)))
    return DS_OUT_OF_MEMORY;
  return *memory = made, DS_OK;
}
int32_t release(const ds_host*, void* memory) { return std::free(memory), DS_OK; }

// DS_LOG=0..3 sends lines up to that level to stderr; without it nothing is printed.
int32_t log(const ds_host*, int32_t level, const char* text, uint64_t length) {
  static const int limit = [] {
    const char* value = environment("DS_LOG");
    return value ? std::atoi(value) : -1;
  }();
  if (level > limit || !text) return DS_OK;
  constexpr const char* kLevels[] = {"error", "warning", "info", "debug"};
  std::fprintf(stderr, "deepseek %s: %.*s\n", kLevels[std::clamp(level, 0, 3)], int(std::min<uint64_t>(length, 4096)),
               text);
  return DS_OK;
}

std::mutex idle_mutex;
std::vector<Host*>& idle() {
  static auto* hosts = new std::vector<Host*>;  // never destroyed: plugins may log while the process ends
  return *hosts;
}

}  // namespace

Host::Host() {
  table_.host = {sizeof(ds_host), DS_ABI_MAJOR, DS_ABI_MINOR, this, get_interface, provide, allocate, release, log};
  std::fill(std::begin(table_.gap), std::end(table_.gap), &unimplemented);
}

Host* Host::take() {
  std::lock_guard lock(idle_mutex);
  if (idle().empty()) return new Host;
  Host* host = idle().back();
  idle().pop_back();
  return host;
}

void Host::give_back(Host* host) {
  std::lock_guard lock(idle_mutex);
  idle().push_back(host);
}

const ds_threads* Host::threads() { return &kThreads; }
void Host::set_threads(const ds_threads* threads) { pool.store(threads, std::memory_order_release); }

int32_t Host::provide(const ds_host* table, const char* id, uint64_t length, const void* descriptor) {
  auto* self = static_cast<Host*>(table->context);
  if (self->initializing_ != std::this_thread::get_id()) return DS_INVALID_ARGUMENT;  // [init]
  try {
    Status status =
        (*self->provide_)(std::string_view(id ? id : "", id ? std::min<uint64_t>(length, 200) : 0), descriptor);
    int32_t code = status.code();
    if (code && self->failure_.ok()) self->failure_ = std::move(status);
    return code;
  } catch (const std::bad_alloc&) {
    return DS_OUT_OF_MEMORY;
  } catch (...) {
    return DS_INTERNAL;
  }
}

Status Host::initialize(const ds_plugin& plugin, const ds_plugin* door, const Provide& provide) {
  ErrorSink sink;
  failure_ = Status();
  provide_ = &provide;
  initializing_ = std::this_thread::get_id();
  int32_t status = DS_OK;
  bool threw = false;
  try {
    status = plugin.initialize(door, table(), sink.get());
  } catch (...) {
    threw = true;
  }
  initializing_ = std::thread::id();
  provide_ = nullptr;
  // A plugin that ignores a refused descriptor is refused as a whole.
  if (failure_) return std::move(failure_);
  if (threw) return error(DS_BAD_PLUGIN, "initialize threw an exception");
  return sink.take(status, status ? "initialize" : "");
}

}  // namespace ds::core
