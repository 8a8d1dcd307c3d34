// Memory of one device, counted. Who owns it says how it is given back.
#pragma once
#include <atomic>

#include "core/base/ref.h"
#include "deepseek/ds_types.h"

namespace ds::core {

class Buffer {
 public:
  using Release = void (*)(Buffer* buffer, void* owner);
  Buffer(void* memory, uint64_t nbytes, ds_device_id device, Release release, void* owner)
      : memory(memory), nbytes(nbytes), device(device), release_(release), owner_(owner) {}

  void retain() { ++references_; }
  void release() {
    if (--references_ == 0) {
      release_(this, owner_);
      delete this;
    }
  }
  uint32_t references() const { return references_; }

  // The content may have changed: kernels that keep something derived from it look at this number.
  void touch() { version = next_version(); }
  bool foreign() const { return is_foreign || exports > 0; }  // somebody outside may write it at any time

  void* memory;
  uint64_t nbytes;
  ds_device_id device;
  uint64_t version = next_version();
  uint32_t exports = 0;     // writable exports alive
  bool is_foreign = false;  // memory of somebody else
  bool read_only = false;

 private:
  static uint64_t next_version() {
    static std::atomic<uint64_t> counter{0};
    return counter.fetch_add(1, std::memory_order_relaxed) + 1;
  }
  Release release_;
  void* owner_;
  uint32_t references_ = 0;
};

}  // namespace ds::core
