// sweep.cc: rows (the last axis is reduced) and columns (it stays), cut into pieces for threads.
#include "sweep.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "deepseek/kernel.hpp"
#include "program.h"

namespace ds::cpu {
namespace {

constexpr int64_t kChunk = 2048;    // elements converted at a time; floats are added up in float within one
constexpr int64_t kPiece = 32768;   // elements that make a piece of work
constexpr int64_t kColumns = 1024;  // columns treated together
constexpr int64_t kFloatRows = 32;  // rows added up in float before they go to double

int table_index(int type) { return type == DS_EXPR_F32 ? 0 : type == DS_EXPR_F64 ? 1 : type == DS_EXPR_I64 ? 2 : 3; }
int operation_of(Pass pass) { return pass >= kPassSquares ? int(kSum) : int(pass); }

}  // namespace

Sweep::Sweep(std::vector<int64_t> extents, std::vector<bool> kept, int type) : type_(type), size_(expr_size(type)) {
  floating_ = type >= DS_EXPR_F16;
  unsigned_ = type == DS_EXPR_U64;
  struct Axis {
    int64_t extent;
    bool kept;
  };
  std::vector<Axis> axes;
  for (size_t d = 0; d < extents.size(); ++d) {
    if (!kept[d]) reduced_ *= extents[d];
    if (extents[d] == 1) continue;
    if (!axes.empty() && axes.back().kept == kept[d])
      axes.back().extent *= extents[d];
    else
      axes.push_back({extents[d], kept[d]});
  }
  int64_t step = 1;
  if (!axes.empty()) {
    (axes.back().kept ? width_ : row_) = axes.back().extent;
    step = axes.back().extent;
    axes.pop_back();
  }
  for (size_t d = axes.size(); d-- > 0; step *= axes[d].extent) {
    (axes[d].kept ? kept_extents_ : reduced_extents_).push_back(axes[d].extent);
    (axes[d].kept ? kept_steps_ : reduced_steps_).push_back(step);
    (axes[d].kept ? kept_ : outer_) *= axes[d].extent;
  }
  if (kept_ * width_ * reduced_ == 0) {
    unit_rows_ = outer_, unit_length_ = row_;
    return;
  }
  if (row_ >= kPiece) {
    unit_length_ = kPiece, unit_rows_ = 1;
    units_ = outer_ * ((row_ + kPiece - 1) / kPiece);
  } else {
    unit_length_ = row_;
    int64_t per_row = row_ * std::min(width_, kColumns);
    unit_rows_ = std::max<int64_t>(1, kPiece / per_row);
    // Many outputs give threads enough to do.
    if (kept_ * ((width_ + kColumns - 1) / kColumns) >= 64) unit_rows_ = outer_;
    unit_rows_ = std::min(unit_rows_, outer_);
    units_ = (outer_ + unit_rows_ - 1) / unit_rows_;
  }
}

int64_t Sweep::kept_offset(int64_t index) const {
  int64_t at = 0;
  for (size_t d = 0; d < kept_extents_.size(); ++d)
    at += index % kept_extents_[d] * kept_steps_[d], index /= kept_extents_[d];
  return at;
}
int64_t Sweep::reduced_offset(int64_t index) const {
  int64_t at = 0;
  for (size_t d = 0; d < reduced_extents_.size(); ++d)
    at += index % reduced_extents_[d] * reduced_steps_[d], index /= reduced_extents_[d];
  return at;
}

int Sweep::compute_type(Pass pass) const {
  if (floating_) return type_ == DS_EXPR_F64 || pass == kPassProd ? DS_EXPR_F64 : DS_EXPR_F32;
  return unsigned_ ? DS_EXPR_U64 : DS_EXPR_I64;
}

Accumulator Sweep::start(Pass pass) const {
  if (floating_)
    return {.f = pass == kPassProd ? 1.0 : pass == kPassMax ? -HUGE_VAL : pass == kPassMin ? HUGE_VAL : 0.0};
  if (pass == kPassMax) return {.i = unsigned_ ? 0 : INT64_MIN};
  if (pass == kPassMin) return {.i = unsigned_ ? -1 : INT64_MAX};
  return {.i = pass == kPassProd};
}

Accumulator Sweep::combine(Pass pass, Accumulator a, Accumulator b) const {
  switch (operation_of(pass)) {
    case kSum:
      if (floating_) return {.f = a.f + b.f};
      return {.u = a.u + b.u};
    case kProd:
      if (floating_) return {.f = a.f * b.f};
      return {.u = a.u * b.u};
    case kMax:
      if (floating_) return a.f > b.f || a.f != a.f ? a : b;
      return (unsigned_ ? a.u > b.u : a.i > b.i) ? a : b;
    default:
      if (floating_) return a.f < b.f || a.f != a.f ? a : b;
      return (unsigned_ ? a.u < b.u : a.i < b.i) ? a : b;
  }
}

// n <= kChunk elements in the computing type: where they lie, or converted.
const void* Sweep::load(Pass pass, const char* x, int64_t n, void* buffer, void* spare, bool truth) const {
  int to = compute_type(pass), from = type_;
  if (from == to && !truth) return x;
  // Conversions read whole groups.
  if (n % kTileGroup) std::memcpy(spare, x, size_t(n * size_)), x = static_cast<const char*>(spare);
  const Simd& s = simd();
  if (from == DS_EXPR_F16 || from == DS_EXPR_BF16) {
    s.convert(from, DS_EXPR_F32)(buffer, x, nullptr, nullptr, n);
    std::swap(buffer, spare);
    x = static_cast<const char*>(spare), from = DS_EXPR_F32;
    if (from == to && !truth) return x;
  }
  if (truth) {
    s.convert(from, DS_EXPR_BOOL)(buffer, x, nullptr, nullptr, n);
    std::swap(buffer, spare);
    x = static_cast<const char*>(spare), from = DS_EXPR_BOOL;
  }
  s.convert(from, to)(buffer, x, nullptr, nullptr, n);
  return buffer;
}

void Sweep::rows(Pass pass, const char* x, Accumulator* out, int64_t kept, int64_t unit, const Accumulator* centers,
                 bool truth) const {
  alignas(64) char buffer[kChunk * 8], spare[kChunk * 8];
  const Rows& f = *simd().rows;
  int type = compute_type(pass), index = table_index(type);
  bool direct = type == type_ && !truth;
  int64_t pieces = (row_ + unit_length_ - 1) / unit_length_;
  int64_t first_row = pieces > 1 ? unit / pieces : unit * unit_rows_;
  int64_t last_row = std::min(outer_, first_row + unit_rows_);
  int64_t begin = pieces > 1 ? unit % pieces * unit_length_ : 0, end = std::min(row_, begin + unit_length_);
  Accumulator acc = start(pass);
  double center = centers ? centers[kept].f : 0;
  for (int64_t r = first_row; r < last_row; ++r) {
    const char* row = x + (kept_offset(kept) + reduced_offset(r)) * size_;
    for (int64_t at = begin; at < end;) {
      int64_t n = direct ? end - at : std::min(kChunk, end - at);
      const void* values = load(pass, row + at * size_, n, buffer, spare, truth);
      Accumulator part{};
      if (pass == kPassSquares) {
        part.f = f.centered_squares[index](values, n, center);
      } else if (pass == kPassExp) {
        part.f = f.exp_sum[index](values, n, center, nullptr);
      } else if (type == DS_EXPR_F32 && pass != kPassSum) {
        float one;
        f.reduce[pass][index](&one, values, n);
        part.f = one;
      } else {
        f.reduce[pass][index](&part, values, n);
      }
      acc = combine(pass, acc, part);
      at += n;
    }
  }
  *out = acc;
}

void Sweep::columns(Pass pass, const char* x, Accumulator* out, int64_t kept, int64_t unit, int64_t first, int64_t n,
                    const Accumulator* centers, bool truth) const {
  alignas(64) char buffer[kChunk * 8], spare[kChunk * 8];
  alignas(64) char acc[kColumns * 8];
  alignas(64) char center[kColumns * 8];
  const Simd& s = simd();
  const Rows& f = *s.rows;
  int type = compute_type(pass), index = table_index(type), bytes = expr_size(type);
  int64_t begin = unit * unit_rows_, end = std::min(outer_, begin + unit_rows_);
  int64_t padded = (n + kTileGroup - 1) / kTileGroup * kTileGroup;
  bool float_sum = type == DS_EXPR_F32 && operation_of(pass) == kSum;
  if (centers) {
    std::memcpy(spare, centers + kept * width_ + first, size_t(n * 8));
    if (type == DS_EXPR_F32)
      s.convert(DS_EXPR_F64, DS_EXPR_F32)(center, spare, nullptr, nullptr, n);
    else
      std::memcpy(center, spare, size_t(n * 8));
  }
  Accumulator* total = out + first;
  std::fill(total, total + n, start(pass));
  for (int64_t r = begin; r < end;) {
    int64_t group = float_sum ? std::min(end - r, kFloatRows) : end - r;
    for (int64_t k = 0; k < group; ++k, ++r) {
      const char* row = x + (kept_offset(kept) + reduced_offset(r) + first) * size_;
      const void* values = load(pass, row, n, buffer, spare, truth);
      if (pass >= kPassSquares) {
        if (k == 0) std::memset(acc, 0, size_t(padded * bytes));
        if (pass == kPassSquares)
          f.fold_centered[index](acc, values, center, n);
        else
          f.fold_exp[index](acc, values, center, nullptr, n);
      } else if (k == 0) {
        std::memcpy(acc, values, size_t(n * bytes));
      } else {
        f.fold[pass][index](acc, values, n);
      }
    }
    const void* wide = acc;
    if (type == DS_EXPR_F32) s.convert(DS_EXPR_F32, DS_EXPR_F64)(buffer, acc, nullptr, nullptr, n), wide = buffer;
    const auto* part = static_cast<const Accumulator*>(wide);
    for (int64_t j = 0; j < n; ++j) total[j] = combine(pass, total[j], part[j]);
  }
}

void Sweep::run(Pass pass, const char* x, Accumulator* result, Accumulator* partial, const Accumulator* centers,
                bool truth) const {
  if (outputs() == 0) return;
  if (reduced_ == 0) {
    std::fill(result, result + outputs(), start(pass));
    return;
  }
  int64_t blocks = (width_ + kColumns - 1) / kColumns;
  int64_t work = std::max<int64_t>(1, unit_rows_ * unit_length_ * std::min(width_, kColumns));
  double weight = pass == kPassExp ? 4 : type_ == DS_EXPR_F32 || type_ == DS_EXPR_F64 ? 1 : 2;
  int64_t grain = std::max<int64_t>(1, int64_t(double(2 * kPiece) / (double(work) * weight)));
  parallel_for(kept_ * units_ * blocks, grain, [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; ++t) {
      int64_t block = t % blocks, piece = t / blocks, unit = piece % units_, kept = piece / units_;
      if (width_ == 1) {
        rows(pass, x, partial + piece, kept, unit, centers, truth);
      } else {
        int64_t first = block * kColumns;
        columns(pass, x, partial + piece * width_, kept, unit, first, std::min(kColumns, width_ - first), centers,
                truth);
      }
    }
  });
  if (units_ == 1) {
    if (result != partial) std::copy_n(partial, outputs(), result);
    return;
  }
  parallel_for(kept_, std::max<int64_t>(1, 8192 / (units_ * width_)), [&](int64_t begin, int64_t end) {
    for (int64_t k = begin; k < end; ++k)
      for (int64_t j = 0; j < width_; ++j) {
        Accumulator acc = partial[k * units_ * width_ + j];
        for (int64_t u = 1; u < units_; ++u) acc = combine(pass, acc, partial[(k * units_ + u) * width_ + j]);
        result[k * width_ + j] = acc;
      }
  });
}

}  // namespace ds::cpu
