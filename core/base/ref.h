// Intrusive counted references. Counts are not atomic: everything counted lives under its context's lock.
#pragma once
#include <cstdint>
#include <utility>

namespace ds::core {

template <class T>
class Ref {
 public:
  Ref() = default;
  Ref(T* object) : object_(object) { retain(); }
  Ref(const Ref& other) : object_(other.object_) { retain(); }
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() { reset(); }

  void reset() {
    if (T* object = std::exchange(object_, nullptr)) object->release();
  }
  T* get() const { return object_; }
  T* operator->() const { return object_; }
  T& operator*() const { return *object_; }
  explicit operator bool() const { return object_; }
  bool operator==(const Ref& other) const { return object_ == other.object_; }

 private:
  void retain() {
    if (object_) object_->retain();
  }
  T* object_ = nullptr;
};

// Keeps freed blocks of one type for the next allocation.
template <class T>
class Pool {
 public:
  static void* take() {
    if (!free_) return ::operator new(sizeof(T));
    --count_;
    return std::exchange(free_, *static_cast<void**>(free_));
  }
  static void give(void* block) {
    if (count_ == kMost) return ::operator delete(block);
    ++count_;
    *static_cast<void**>(block) = free_;
    free_ = block;
  }

 private:
  static constexpr uint32_t kMost = 8192;  // where one thread makes what another lets go
  static inline thread_local void* free_ = nullptr;
  static inline thread_local uint32_t count_ = 0;
};

}  // namespace ds::core
