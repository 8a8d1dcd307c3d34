// Bump allocation for what dies together; clearing keeps the pages.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

namespace ds::core {

class Arena {
 public:
  void* allocate(size_t size) {
    size = (size + 15) & ~size_t(15);
    if (size > left_) grow(size);
    left_ -= size;
    return std::exchange(next_, next_ + size);
  }
  template <class T>
  T* array(size_t count) {
    static_assert(alignof(T) <= 16);
    return static_cast<T*>(allocate(count * sizeof(T)));
  }
  void* copy(const void* bytes, size_t size) {
    void* target = allocate(size);
    if (size) std::memcpy(target, bytes, size);
    return target;
  }
  void clear() {
    block_ = 0;
    left_ = 0;
    if (!blocks_.empty()) use(0);
  }

 private:
  struct Block {
    std::unique_ptr<std::byte[]> memory;
    size_t size;
  };
  void use(size_t index) {
    next_ = blocks_[index].memory.get();
    left_ = blocks_[index].size;
    block_ = index + 1;
  }
  void grow(size_t size) {
    while (block_ < blocks_.size()) {
      use(block_);
      if (left_ >= size) return;
    }
    size_t bytes = size > kBlock ? size : kBlock;
    blocks_.push_back({std::unique_ptr<std::byte[]>(new std::byte[bytes]), bytes});
    use(blocks_.size() - 1);
  }
  static constexpr size_t kBlock = 16384;
  std::vector<Block> blocks_;
  size_t block_ = 0;  // blocks in use
  std::byte* next_ = nullptr;
  size_t left_ = 0;
};

}  // namespace ds::core
