// program.h: a ds.expr/1 program compiled for one node: steps over tiles, their operands bound to slots.
//
// A slot is a place in a table of addresses that every thread fills for itself: inputs and outputs point into tensors
// or staging tiles, registers into scratch memory small enough for the first-level cache.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "deepseek/draft/expr.h"
#include "simd.h"
#include "space.h"

namespace ds::cpu {

struct Step {
  Tile fn;
  uint16_t out, a, b, c;
};

// When a step runs: its operands are the same for the whole call, for a row, or differ by element.
enum Level { kCall = 0, kRow = 1, kTile = 2 };

struct Slot {
  enum Kind : uint8_t { kInput, kOutput, kConstant, kCallValue, kRowValue, kRegister } kind;
  uint32_t index;  // of the input, output or constant; byte offset of the others
};

struct Program {
  std::array<std::vector<Step>, 3> steps;  // by level
  std::vector<Slot> slots;
  std::vector<uint64_t> constants;  // padded so that whole groups may be read from each
  std::vector<int> input_slot, output_slot;
  std::vector<int> input_size, output_size;        // bytes per element
  std::vector<bool> input_tile;                    // differs by element, else a scalar of a call or row
  std::vector<int64_t> input_stage, output_stage;  // scratch offsets of staging tiles, for tails and gathered inputs
  int64_t tile = 512;                              // elements
  int64_t call_bytes = 0;                          // of values computed once per call, and per row
  int64_t row_bytes = 0;
  int64_t scratch_bytes = 0;
  double seconds_per_element = 0;  // rough, to decide how much work a thread should get
};

int expr_type(ds_dtype dtype);  // DS_EXPR_*, -1 when there is none
int expr_size(int type);        // bytes
bool has_program(const ds_node& node, const void** bytes, uint64_t* size);

// stream: outputs go past the caches. contract: a * b + c may become one step. Throws Unsupported.
Program compile(const ds_node& node, const Space& space, const Simd& simd, bool stream, bool contract);

}  // namespace ds::cpu
