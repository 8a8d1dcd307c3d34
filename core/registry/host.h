// The core's table as one plugin host sees it. A host outlives its registry, since plugins keep it for the life of the
// process: hosts of gone registries are handed to new ones.
#pragma once
#include <atomic>
#include <functional>
#include <string_view>
#include <thread>

#include "core/base/status.h"
#include "deepseek/ds_plugin.h"

namespace ds::core {

using Provide = std::function<Status(std::string_view id, const void* descriptor)>;

class Host {
 public:
  static Host* take();
  static void give_back(Host* host);

  const ds_host* table() const { return &table_.host; }

  // Runs a plugin's initialize; what it provides reaches `provide`, on this thread only. One at a time.
  Status initialize(const ds_plugin& plugin, const ds_plugin* door, const Provide& provide);

  // The pool of the process, serial until a device brings one.
  static const ds_threads* threads();
  static void set_threads(const ds_threads* threads);

 private:
  Host();
  static int32_t provide(const ds_host* host, const char* id, uint64_t length, const void* descriptor);

  // A plugin built against a younger, larger table finds stubs behind ours.
  struct Table {
    ds_host host;
    int32_t (*gap[32])(const void*);
  } table_;
  std::atomic<std::thread::id> initializing_{};
  const Provide* provide_ = nullptr;
  Status failure_;  // of the first provide that failed
};

}  // namespace ds::core
