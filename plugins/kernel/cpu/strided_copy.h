// strided_copy.h: elements copied between two strided layouts of one shape, in parallel.
#pragma once
#include <cstdint>
#include <vector>

namespace ds::cpu {

class StridedCopy {
 public:
  // Strides in bytes, of any sign. ordered: destination elements may coincide, the last in C order wins.
  StridedCopy(std::vector<int64_t> extents, std::vector<int64_t> to_strides, std::vector<int64_t> from_strides,
              int size, bool ordered = false);
  StridedCopy() = default;
  void run(char* to, const char* from) const;

 private:
  void part(char* to, const char* from, int64_t begin, int64_t end) const;

  std::vector<int64_t> extents_, to_, from_;  // outer dimensions
  // The innermost one or two: rows of `columns_` elements; a transposition when the source is dense along rows_.
  int64_t rows_ = 1, columns_ = 1;
  int64_t to_row_ = 0, from_row_ = 0, to_step_ = 0, from_step_ = 0;
  int64_t outer_ = 1;   // product of extents_
  int64_t panels_ = 1;  // pieces of rows_ that threads share
  int64_t panel_ = 1;   // rows in each
  int64_t grain_ = 1;
  int size_ = 4;
  bool transposes_ = false, stream_ = false, ordered_ = false, empty_ = true;
};

// Whether different indices always give different elements.
bool injective(const std::vector<int64_t>& extents, const std::vector<int64_t>& strides);

}  // namespace ds::cpu
