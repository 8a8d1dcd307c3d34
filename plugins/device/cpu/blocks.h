// blocks.h: host memory. Small blocks come from malloc; large ones are mapped, ask for huge pages and are kept when
// released, because fresh pages (zeroed and faulted in one by one) are what makes big tensors slow.
#pragma once
#include <cstdint>
#include <map>
#include <mutex>
#include <vector>

namespace ds::cpu {

class Blocks {
 public:
  static constexpr uint64_t kAlignment = 64;
  static constexpr uint64_t kLarge = 1u << 20;

  explicit Blocks(uint64_t keep_at_most) : keep_at_most_(keep_at_most) {}
  // [any] 64-byte aligned, never NULL for 0 bytes; NULL: out of memory, also after giving back all that was kept.
  void* allocate(uint64_t nbytes);
  // [any] nbytes as allocated.
  void release(void* memory, uint64_t nbytes);
  // [any] Gives kept blocks back to the system.
  void trim();
  uint64_t kept() const;

  // Around fork, so that the child never inherits a locked list.
  void lock() { mutex_.lock(); }
  void unlock() { mutex_.unlock(); }

 private:
  void trim_locked();
  mutable std::mutex mutex_;
  std::map<uint64_t, std::vector<void*>> free_;  // by size class
  uint64_t kept_ = 0;
  const uint64_t keep_at_most_;
};

}  // namespace ds::cpu
