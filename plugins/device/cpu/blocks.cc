#include "blocks.h"

#include <sys/mman.h>

#include <bit>
#include <cstdlib>

namespace ds::cpu {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kKeep = false;                     // kept blocks would hide reads after release
constexpr uint64_t kLargest = uint64_t{1} << 40;  // the sanitizer ends the process beyond
#else
constexpr bool kKeep = true;
constexpr uint64_t kLargest = uint64_t{1} << 47;  // addresses there are
#endif
constexpr uint64_t kHuge = 2u << 20;

// Large sizes are rounded to eighths of a power of two, so that a slightly different shape finds a kept block.
uint64_t size_class(uint64_t nbytes) {
  const uint64_t step = std::bit_floor(nbytes) / 8;
  return (nbytes + step - 1) / step * step;
}

void* map(uint64_t size) {
  const uint64_t extent = size + kHuge;  // room to start at a huge page
  void* raw = mmap(nullptr, extent, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (raw == MAP_FAILED) return nullptr;
  auto address = reinterpret_cast<uintptr_t>(raw);
  const uintptr_t start = (address + kHuge - 1) & ~(kHuge - 1);
  if (start > address) munmap(raw, start - address);
  if (const uint64_t tail = address + extent - (start + size)) munmap(reinterpret_cast<void*>(start + size), tail);
  if (size >= kHuge) madvise(reinterpret_cast<void*>(start), size, MADV_HUGEPAGE);
  return reinterpret_cast<void*>(start);
}

}  // namespace

void* Blocks::allocate(uint64_t nbytes) {
  if (nbytes > kLargest) return nullptr;
  if (nbytes < kLarge || !kKeep) {
    const uint64_t rounded = (nbytes + kAlignment - 1) / kAlignment * kAlignment;
    return std::aligned_alloc(kAlignment, rounded ? rounded : kAlignment);
  }
  const uint64_t size = size_class(nbytes);
  {
    std::lock_guard lock(mutex_);
    if (auto found = free_.find(size); found != free_.end() && !found->second.empty()) {
      void* memory = found->second.back();
      found->second.pop_back();
      kept_ -= size;
      return memory;
    }
  }
  if (void* memory = map(size)) return memory;
  trim();
  return map(size);
}

void Blocks::release(void* memory, uint64_t nbytes) {
  if (!memory) return;
  if (nbytes < kLarge || !kKeep) return std::free(memory);
  const uint64_t size = size_class(nbytes);
  std::lock_guard lock(mutex_);
  if (size > keep_at_most_) {
    munmap(memory, size);
    return;
  }
  if (kept_ + size > keep_at_most_) trim_locked();
  free_[size].push_back(memory);
  kept_ += size;
}

void Blocks::trim() {
  std::lock_guard lock(mutex_);
  trim_locked();
}

void Blocks::trim_locked() {
  for (auto& [size, blocks] : free_)
    for (void* memory : blocks) munmap(memory, size);
  free_.clear();
  kept_ = 0;
}

uint64_t Blocks::kept() const {
  std::lock_guard lock(mutex_);
  return kept_;
}

}  // namespace ds::cpu
