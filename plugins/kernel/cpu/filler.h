// filler.h: one value everywhere.
#pragma once
#include <algorithm>
#include <cstring>

#include "program.h"
#include "simd.h"

namespace ds::cpu {

class Filler {
 public:
  Filler(double number, ds_dtype dtype) : size_(int(item_size(dtype))) {
    int type = expr_type(dtype);
    if (type <= 0) throw Unsupported("a dtype that cannot be filled");
    alignas(64) double value[kTileGroup];
    alignas(64) char narrow[kTileGroup * 8] = {};
    std::fill(value, value + kTileGroup, number);
    bool half = type == DS_EXPR_F16 || type == DS_EXPR_BF16;
    simd().convert(DS_EXPR_F64, half ? DS_EXPR_F32 : type)(narrow, value, nullptr, nullptr, kTileGroup);
    if (half) {
      std::memcpy(value, narrow, sizeof narrow);
      simd().convert(DS_EXPR_F32, type)(narrow, value, nullptr, nullptr, kTileGroup);
    }
    std::memcpy(element_, narrow, 8);
    zero_ = std::all_of(element_, element_ + size_, [](char c) { return c == 0; });
  }

  void run(char* to, int64_t count) const {
    constexpr int64_t kPiece = 16384;
    parallel_for((count + kPiece - 1) / kPiece, 4, [&](int64_t begin, int64_t end) {
      int64_t first = begin * kPiece, n = std::min(end * kPiece, count) - first;
      if (zero_) {
        std::memset(to + first * size_, 0, size_t(n * size_));
        return;
      }
      int64_t whole = n / kTileGroup * kTileGroup;
      if (whole) simd().move(size_, kMoveSplat)(to + first * size_, element_, nullptr, nullptr, whole);
      for (int64_t i = whole; i < n; ++i) std::memcpy(to + (first + i) * size_, element_, size_t(size_));
    });
  }

 private:
  int size_;
  alignas(8) char element_[8] = {};
  bool zero_ = false;
};

}  // namespace ds::cpu
