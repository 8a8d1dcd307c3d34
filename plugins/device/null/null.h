// null.h: a device without hardware. It behaves as an accelerator does: memory is reached by opaque handles only, all
// work is queued on streams and done later by their threads, and errors come with the events that follow the failure.
// A vendor's driver starts as a copy of this folder: what touches hardware is Block, the Work given to streams, and
// info.
#pragma once
#include <unistd.h>

#include <array>
#include <map>

#include "stream.h"

namespace ds::null {

inline constexpr std::string_view kName = "null";
inline constexpr int32_t kType = 1024;
inline constexpr int32_t kDevices = 2;
inline constexpr uint64_t kMemory = uint64_t{1} << 30;

struct Block {
  std::unique_ptr<char[]> bytes;
  uint64_t size = 0;
};

struct Event {
  std::mutex mutex;
  std::shared_ptr<Mark> mark;  // of the last record
};

// Objects behind handles that mean nothing to the processor; what is still in use outlives its handle.
template <class T>
class Handles {
 public:
  void* add(std::shared_ptr<T> object) {
    std::lock_guard lock(mutex_);
    // Not canonical: following it as an address faults at once.
    const uint64_t handle = uint64_t{0x6e75} << 48 | ++last_ << 4;
    objects_[handle] = std::move(object);
    return reinterpret_cast<void*>(handle);
  }
  std::shared_ptr<T> find(const void* handle) {
    std::lock_guard lock(mutex_);
    const auto found = objects_.find(reinterpret_cast<uint64_t>(handle));
    return found == objects_.end() ? nullptr : found->second;
  }
  std::shared_ptr<T> take(const void* handle) {
    std::lock_guard lock(mutex_);
    auto node = objects_.extract(reinterpret_cast<uint64_t>(handle));
    return node ? std::move(node.mapped()) : nullptr;
  }

 private:
  std::mutex mutex_;
  std::map<uint64_t, std::shared_ptr<T>> objects_;
  uint64_t last_ = 0;
};

// One device.
struct Machine {
  std::shared_ptr<Switches> switches = std::make_shared<Switches>();
  Handles<Block> blocks;
  Handles<Stream> streams;
  Handles<Event> events;
  std::mutex mutex;
  std::shared_ptr<Stream> default_stream;  // its thread starts with the first use
  uint64_t allocated = 0;
  const pid_t process = getpid();

  // A forked child has no threads behind the streams: there the device is lost.
  bool usable() { return process == getpid() && !switches->get(&Switches::lost); }
  std::shared_ptr<Stream> stream(void* handle);  // NULL handle: the default stream; answers nullptr if unknown
};

std::array<Machine, kDevices>& machines();

}  // namespace ds::null
