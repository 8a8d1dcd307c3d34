// indexing.h: integer tensors as indices: read in any integer dtype, negative ones counted from the end, checked.
#pragma once
#include <deepseek/operator.hpp>

namespace ds {

// Element number k (C order) of an integer tensor. Fails: DS_OUT_OF_RANGE naming the index and the extent.
class IndexReader {
 public:
  explicit IndexReader(const ds_tensor& t)
      : memory_(memory_of(t)), type_(expr_type(dtype_of(t))), size_(byte_size(dtype_of(t))) {}
  // offset: in elements.
  int64_t operator()(int64_t offset, int64_t extent, int64_t axis) const {
    int64_t index = expr::load(memory_ + offset * size_, type_).i;
    DS_REQUIRE_AS(DS_OUT_OF_RANGE, index >= -extent && index < extent, "index ", index, " is out of bounds for axis ",
                  axis, " with size ", extent);
    return index < 0 ? index + extent : index;
  }

 private:
  const char* memory_;
  uint8_t type_;
  int64_t size_;
};

}  // namespace ds
