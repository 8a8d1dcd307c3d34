// Handles: generation and index. A released or invented one is found out, whatever its bits are.
#pragma once
#include <cstdint>
#include <utility>
#include <vector>

#include "core/base/ref.h"

namespace ds::core {

template <class T>
class HandleTable {
 public:
  // Tables with different salts refuse each other's handles.
  HandleTable(uint32_t kind, uint32_t salt) : first_generation_(salt * 0x9e3779b1u | 1), kind_(kind) {}

  uint64_t add(Ref<T> object) {
    uint32_t index;
    if (free_ != kEnd) {
      index = free_;
      free_ = slots_[index].next;
    } else {
      index = uint32_t(slots_.size());
      slots_.emplace_back().generation = first_generation_;
    }
    Slot& slot = slots_[index];
    slot.object = std::move(object);
    slot.references = 1;
    return uint64_t(slot.generation) << 32 | index << 2 | kind_;
  }

  T* find(uint64_t handle) const {
    uint32_t index = uint32_t(handle) >> 2;
    if ((handle & 3) != kind_ || index >= slots_.size()) return nullptr;
    const Slot& slot = slots_[index];
    return slot.generation == uint32_t(handle >> 32) ? slot.object.get() : nullptr;
  }

  bool retain(uint64_t handle) {
    if (!find(handle)) return false;
    ++slots_[uint32_t(handle) >> 2].references;
    return true;
  }

  bool release(uint64_t handle) {
    if (!find(handle)) return false;
    uint32_t index = uint32_t(handle) >> 2;
    Slot& slot = slots_[index];
    if (--slot.references) return true;
    Ref<T> last = std::move(slot.object);
    slot.generation += 2;  // stays odd, so that 0 is never a handle
    slot.next = free_;
    free_ = index;
    return true;
  }

  size_t live() const {
    size_t n = 0;
    for (auto& slot : slots_) n += bool(slot.object);
    return n;
  }

 private:
  static constexpr uint32_t kEnd = 0xffffffffu;
  struct Slot {
    Ref<T> object;
    uint32_t generation = 0, references = 0, next = kEnd;
  };
  std::vector<Slot> slots_;
  uint32_t free_ = kEnd, first_generation_, kind_;
};

}  // namespace ds::core
