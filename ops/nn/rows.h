// rows.h: row numbers of a table, checked.
#pragma once
#include <deepseek/operator.hpp>

namespace ds::nn {

// In C order. Fails: DS_OUT_OF_RANGE.
inline std::vector<int64_t> rows_of(const ds_tensor& index, int64_t rows) {
  std::vector<int64_t> numbers;
  const ds_dtype dtype = dtype_of(index);
  for (Walk at(shape_of(index), {strides_of(index)}); at; ++at) {
    const int64_t row = expr::load(memory_of(index) + at[0] * byte_size(dtype), expr_type(dtype)).i;
    DS_REQUIRE_AS(DS_OUT_OF_RANGE, row >= 0 && row < rows, "index ", row, " is not one of ", rows, " rows");
    numbers.push_back(row);
  }
  return numbers;
}

}  // namespace ds::nn
