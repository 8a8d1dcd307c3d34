// A growing array whose first N elements need no allocation. For trivially copyable elements.
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <type_traits>

namespace ds::core {

template <class T, uint32_t N>
class Small {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Small() = default;
  explicit Small(uint32_t count) { resize(count); }
  Small(const Small&) = delete;
  Small& operator=(const Small&) = delete;

  T* data() { return heap_ ? heap_.get() : reinterpret_cast<T*>(inline_); }
  const T* data() const { return const_cast<Small*>(this)->data(); }
  uint32_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T& operator[](uint32_t i) { return data()[i]; }
  const T& operator[](uint32_t i) const { return data()[i]; }
  T* begin() { return data(); }
  T* end() { return data() + size_; }
  const T* begin() const { return data(); }
  const T* end() const { return data() + size_; }
  operator std::span<const T>() const { return {data(), size_}; }

  void push_back(const T& value) {
    T copy = value;
    resize(size_ + 1);
    data()[size_ - 1] = copy;
  }
  // New elements are left as they are: whoever grows it fills them.
  void resize(uint32_t count) {
    if (count > capacity_) {
      uint32_t capacity = std::max(count, capacity_ * 2);
      std::unique_ptr<T[]> grown(new T[capacity]);
      std::memcpy(static_cast<void*>(grown.get()), data(), size_ * sizeof(T));
      heap_ = std::move(grown);
      capacity_ = capacity;
    }
    size_ = count;
  }

 private:
  alignas(T) unsigned char inline_[N * sizeof(T)];
  std::unique_ptr<T[]> heap_;
  uint32_t size_ = 0, capacity_ = N;
};

}  // namespace ds::core
