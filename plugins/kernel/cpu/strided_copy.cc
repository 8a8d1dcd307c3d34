// strided_copy.cc: puts dimensions into the order of the destination, joins them, picks rows or blocks.
#include "strided_copy.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <numeric>

#include "deepseek/kernel.hpp"
#include "simd.h"

namespace ds::cpu {
namespace {

constexpr int64_t kBytesPerRange = 32 << 10;
constexpr int64_t kSquare = 512;              // rows and columns of a transposition done together
constexpr int64_t kBeyondCache = 12ll << 20;  // bytes from which transpositions go past the caches

void reorder(std::vector<int64_t>& v, const std::vector<size_t>& order) {
  std::vector<int64_t> old = v;
  for (size_t i = 0; i < order.size(); ++i) v[i] = old[order[i]];
}

template <class T>
void strided_row(char* to, int64_t to_step, const char* from, int64_t from_step, int64_t n) {
  for (int64_t i = 0; i < n; ++i, to += to_step, from += from_step) {
    T v;
    std::memcpy(&v, from, sizeof v);
    std::memcpy(to, &v, sizeof v);
  }
}

void copy_row(char* to, int64_t to_step, const char* from, int64_t from_step, int64_t n, int size) {
  if (to_step == size && from_step == size) {
    std::memcpy(to, from, size_t(n * size));
    return;
  }
  if (to_step == size) return simd().gather(to, from, from_step, n, size);
  switch (size) {
    case 1:
      return strided_row<uint8_t>(to, to_step, from, from_step, n);
    case 2:
      return strided_row<uint16_t>(to, to_step, from, from_step, n);
    case 4:
      return strided_row<uint32_t>(to, to_step, from, from_step, n);
    case 8:
      return strided_row<uint64_t>(to, to_step, from, from_step, n);
    case 16:
      return strided_row<unsigned __int128>(to, to_step, from, from_step, n);
  }
}

}  // namespace

bool injective(const std::vector<int64_t>& extents, const std::vector<int64_t>& strides) {
  std::vector<size_t> order(extents.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return std::abs(strides[a]) < std::abs(strides[b]); });
  int64_t span = 0;  // largest distance within the dimensions so far
  for (size_t d : order) {
    if (extents[d] <= 1) continue;
    if (std::abs(strides[d]) <= span) return false;
    span += std::abs(strides[d]) * (extents[d] - 1);
  }
  return true;
}

StridedCopy::StridedCopy(std::vector<int64_t> extents, std::vector<int64_t> to, std::vector<int64_t> from, int size,
                         bool ordered)
    : size_(size), ordered_(ordered && !injective(extents, to)), empty_(false) {
  for (size_t d = 0; d < extents.size();) {
    if (extents[d] == 0) empty_ = true;
    if (extents[d] != 1) {
      ++d;
      continue;
    }
    for (auto* v : {&extents, &to, &from}) v->erase(v->begin() + int64_t(d));
  }
  if (empty_) return;
  if (!ordered_) {  // the destination's order; among equals the source's
    std::vector<size_t> order(extents.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      return std::abs(to[a]) != std::abs(to[b]) ? std::abs(to[a]) > std::abs(to[b])
                                                : std::abs(from[a]) > std::abs(from[b]);
    });
    for (auto* v : {&extents, &to, &from}) reorder(*v, order);
  }
  for (size_t d = 0; d + 1 < extents.size();) {
    if (to[d] != to[d + 1] * extents[d + 1] || from[d] != from[d + 1] * extents[d + 1]) {
      ++d;
      continue;
    }
    extents[d + 1] *= extents[d];
    for (auto* v : {&extents, &to, &from}) v->erase(v->begin() + int64_t(d));
  }
  if (extents.empty()) extents = {1}, to = {size}, from = {size};
  columns_ = extents.back(), to_step_ = to.back(), from_step_ = from.back();
  for (auto* v : {&extents, &to, &from}) v->pop_back();
  // Rows: the dimension along which the source is dense, else the next one.
  size_t row = extents.size();
  if (!ordered_ && to_step_ == size && from_step_ != size)
    for (size_t d = 0; d < extents.size(); ++d)
      if (from[d] == size && extents[d] >= 4 && columns_ >= 4) row = d, transposes_ = true;
  if (row == extents.size() && row) --row;
  if (row < extents.size()) {
    rows_ = extents[row], to_row_ = to[row], from_row_ = from[row];
    for (auto* v : {&extents, &to, &from}) v->erase(v->begin() + int64_t(row));
  }
  extents_ = extents, to_ = to, from_ = from;
  for (int64_t e : extents_) outer_ *= e;
  panel_ = rows_;
  int64_t row_bytes = columns_ * size;
  if (!ordered_ && transposes_) {
    // Squares this large use whole pages; smaller matrices are cut for two threads or four.
    panel_ = std::min(kSquare, std::max<int64_t>(64, (rows_ + 3) / 4 / 64 * 64));
    stream_ = outer_ * rows_ * row_bytes > kBeyondCache;
  } else if (!ordered_) {
    panel_ = std::max<int64_t>(1, kBytesPerRange / row_bytes);
    if (outer_ == 1 && rows_ == 1) {  // one long row
      int64_t piece = std::max<int64_t>(1, kBytesPerRange / size);
      if (columns_ > 2 * piece) {
        rows_ = columns_ / piece;
        int64_t rest = columns_ % piece;
        if (rest == 0) {
          to_row_ = piece * to_step_, from_row_ = piece * from_step_, columns_ = piece;
        } else {
          rows_ = 1;
        }
      }
      row_bytes = columns_ * size;
      panel_ = 1;
    }
  }
  panel_ = std::min(panel_, rows_);
  panels_ = (rows_ + panel_ - 1) / panel_;
  grain_ = ordered_ ? outer_ * panels_ : std::max<int64_t>(1, kBytesPerRange / (panel_ * row_bytes));
}

void StridedCopy::run(char* to, const char* from) const {
  if (empty_) return;
  parallel_for(outer_ * panels_, grain_, [&](int64_t begin, int64_t end) { part(to, from, begin, end); });
}

void StridedCopy::part(char* to, const char* from, int64_t begin, int64_t end) const {
  for (int64_t unit = begin; unit < end; ++unit) {
    int64_t rest = unit / panels_, first = unit % panels_ * panel_, rows = std::min(panel_, rows_ - first);
    char* t = to + first * to_row_;
    const char* f = from + first * from_row_;
    for (size_t d = extents_.size(); d-- > 0; rest /= extents_[d]) {
      t += rest % extents_[d] * to_[d];
      f += rest % extents_[d] * from_[d];
    }
    // In the source's view of a transposition its rows are our columns.
    if (transposes_) {
      for (int64_t c = 0; c < columns_; c += kSquare)
        simd().transpose(t + c * size_, to_row_, f + c * from_step_, from_step_, std::min(kSquare, columns_ - c), rows,
                         size_, stream_);
      continue;
    }
    for (int64_t r = 0; r < rows; ++r)
      copy_row(t + r * to_row_, to_step_, f + r * from_row_, from_step_, columns_, size_);
  }
}

}  // namespace ds::cpu
