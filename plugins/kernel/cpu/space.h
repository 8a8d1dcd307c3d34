// space.h: the index space of an elementwise node, and how each input is walked through it.
#pragma once
#include <cstdint>
#include <vector>

#include "deepseek/kernel.hpp"

namespace ds::cpu {

// How the elements of one input reach a tile.
enum class Access {
  kScalar,     // one element for the whole call
  kRowScalar,  // one element per row
  kDirect,     // already dense along a tile: used where it lies
  kPeriodic,   // dense rows repeated: read from a repeated copy
  kStrided,    // one stride along a tile
  kGather,     // tiles cross rows: gathered row by row
};

struct Input {
  Access access = Access::kDirect;
  int size = 4;                  // bytes per element
  std::vector<int64_t> strides;  // bytes, per dimension of the space
  int64_t period = 0;            // elements, of kPeriodic
};

// The output's shape with dimensions joined where every input allows it. Either rows of `inner` elements, which tiles
// do not cross, or (by_rows == false) one line of `count` elements.
struct Space {
  std::vector<int64_t> extents;
  std::vector<Input> inputs;
  int64_t count = 1;
  int64_t inner = 1;
  int64_t rows = 1;
  bool by_rows = true;

  // Byte offset of an input's row; rows of by_rows.
  int64_t row_offset(const Input& input, int64_t row) const {
    int64_t offset = 0;
    for (int64_t d = int64_t(extents.size()) - 2; d >= 0; --d) {
      offset += row % extents[d] * input.strides[d];
      row /= extents[d];
    }
    return offset;
  }
};

// From the node's output shape and its inputs' shapes and strides.
Space make_space(const ds_node& node);

}  // namespace ds::cpu
