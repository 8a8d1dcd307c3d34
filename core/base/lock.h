// A lock its owner may take again. Uncontended it costs one exchange; whoever waits sleeps.
#pragma once
#include <atomic>
#include <cstdint>

namespace ds::core {

// A number of this thread's own, unlike std::thread::id never given again.
inline uint64_t thread_number() {
  static std::atomic<uint64_t> count{0};
  static thread_local uint64_t number = ++count;
  return number;
}

class RecursiveLock {
 public:
  void lock() {
    uint64_t self = thread_number();
    if (owner_.load(std::memory_order_relaxed) == self) {
      ++depth_;
      return;
    }
    uint32_t open = 0;
    if (!state_.compare_exchange_strong(open, 1, std::memory_order_acquire)) {
      // 2: somebody may be asleep.
      while (state_.exchange(2, std::memory_order_acquire) != 0) state_.wait(2);
    }
    owner_.store(self, std::memory_order_relaxed);
    depth_ = 1;
  }

  void unlock() {
    if (--depth_) return;
    owner_.store(0, std::memory_order_relaxed);
    if (state_.exchange(0, std::memory_order_release) == 2) state_.notify_one();
  }

  // Lets go however often it is held; take_back(n) holds it as often again.
  uint32_t let_go() {
    uint32_t depth = depth_;
    depth_ = 1;
    unlock();
    return depth;
  }
  void take_back(uint32_t depth) {
    lock();
    depth_ = depth;
  }

 private:
  std::atomic<uint32_t> state_{0};
  std::atomic<uint64_t> owner_{0};
  uint32_t depth_ = 0;
};

}  // namespace ds::core
