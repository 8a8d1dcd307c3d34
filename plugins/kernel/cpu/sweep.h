// sweep.h: one pass over dense memory that makes one number out of the elements of some axes.
#pragma once
#include <cstdint>
#include <vector>

#include "simd.h"

namespace ds::cpu {

// One output while it is being made: f for floating types, i or u for integers.
union Accumulator {
  double f;
  int64_t i;
  uint64_t u;
};

enum Pass { kPassSum = kSum, kPassProd = kProd, kPassMax = kMax, kPassMin = kMin, kPassSquares, kPassExp };

// Work is cut at places that depend on shapes only, so results do not depend on the number of threads.
class Sweep {
 public:
  // kept[d]: axis d stays. type: DS_EXPR_* of the elements.
  Sweep(std::vector<int64_t> extents, std::vector<bool> kept, int type);

  int64_t outputs() const { return kept_ * width_; }
  int64_t reduced() const { return reduced_; }
  int64_t partials() const { return kept_ * units_ * width_; }  // accumulators that run needs
  bool floating() const { return floating_; }
  // result[output]; partial may be result where partials() == outputs(). centers: per output what kPassSquares and
  // kPassExp subtract. truth: elements count as 0 or 1.
  void run(Pass pass, const char* x, Accumulator* result, Accumulator* partial, const Accumulator* centers,
           bool truth) const;

 private:
  int64_t kept_offset(int64_t index) const;
  int64_t reduced_offset(int64_t index) const;
  void rows(Pass pass, const char* x, Accumulator* out, int64_t kept, int64_t unit, const Accumulator* centers,
            bool truth) const;
  void columns(Pass pass, const char* x, Accumulator* out, int64_t kept, int64_t unit, int64_t first, int64_t n,
               const Accumulator* centers, bool truth) const;
  const void* load(Pass pass, const char* x, int64_t n, void* buffer, void* spare, bool truth) const;
  int compute_type(Pass pass) const;
  Accumulator combine(Pass pass, Accumulator a, Accumulator b) const;
  Accumulator start(Pass pass) const;

  int type_, size_;
  bool floating_, unsigned_;
  std::vector<int64_t> kept_extents_, kept_steps_, reduced_extents_, reduced_steps_;  // outer axes, elements
  int64_t kept_ = 1;                                                                  // outer outputs
  int64_t width_ = 1;                        // inner outputs that lie side by side; 1: rows are reduced
  int64_t row_ = 1;                          // elements that are reduced side by side; 1: columns are
  int64_t outer_ = 1;                        // reduced rows per output
  int64_t reduced_ = 1;                      // elements per output
  int64_t units_ = 1;                        // pieces that an output's work is cut into
  int64_t unit_rows_ = 1, unit_length_ = 1;  // rows per piece, or length of the pieces of a row
};

}  // namespace ds::cpu
