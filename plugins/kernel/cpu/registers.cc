// registers.cc: register allocation by liveness, in one pass over the steps.
#include "registers.h"

#include <algorithm>

namespace ds::cpu {
namespace {

constexpr int64_t kCacheBytes = 24 << 10;  // what the tiles of a program should not exceed
constexpr int64_t kLongTile = 4096, kTile512 = 512;

int64_t tile_for(int64_t bytes_per_element, size_t steps) {
  int64_t tile = steps <= 1 ? kLongTile : kTile512;
  while (tile > kTileGroup && bytes_per_element * tile > kCacheBytes && steps > 1) tile /= 2;
  return tile;
}

}  // namespace

void allocate(Program& p, const std::vector<TileStep>& steps, const std::vector<Register>& registers) {
  std::vector<int> last(registers.size(), -1), piece(registers.size(), -1);
  for (size_t s = 0; s < steps.size(); ++s)
    if (steps[s].fn)
      for (int o : steps[s].operand)
        if (o >= 0) last[o] = int(s);

  std::vector<int> piece_size;            // bytes per element
  std::vector<std::vector<int>> free(9);  // pieces by size
  size_t live_steps = 0;
  for (size_t s = 0; s < steps.size(); ++s) {
    const TileStep& step = steps[s];
    if (!step.fn) continue;
    ++live_steps;
    // Operands that die here give their piece to the result first: in place is allowed for equal sizes.
    for (int k = 0; k < 3; ++k) {
      int o = step.operand[k];
      bool again = std::find(step.operand, step.operand + k, o) != step.operand + k;
      if (o >= 0 && !again && last[o] == int(s) && piece[o] >= 0) free[registers[o].size].push_back(piece[o]);
    }
    const Register& r = registers[step.out];
    if (r.output >= 0) continue;
    auto& pool = free[r.size];
    if (pool.empty()) {
      pool.push_back(int(piece_size.size()));
      piece_size.push_back(r.size);
    }
    piece[step.out] = pool.back();
    pool.pop_back();
    if (last[step.out] < 0) pool.push_back(piece[step.out]);  // never read
  }

  int64_t per_element = 0;
  for (int size : piece_size) per_element += size;
  int64_t tensors = 0;
  for (size_t i = 0; i < p.input_size.size(); ++i) tensors += p.input_tile[i] ? p.input_size[i] : 0;
  for (int size : p.output_size) tensors += size;
  p.tile = tile_for(per_element + tensors, live_steps);

  std::vector<int> slot_of_piece;
  auto take = [&](int size) {
    int64_t offset = p.scratch_bytes;
    p.scratch_bytes += size * p.tile;
    return offset;
  };
  for (int size : piece_size) {
    slot_of_piece.push_back(int(p.slots.size()));
    p.slots.push_back({Slot::kRegister, uint32_t(take(size))});
  }
  for (size_t i = 0; i < p.input_size.size(); ++i)
    p.input_stage.push_back(p.input_tile[i] ? take(p.input_size[i]) : -1);
  for (int size : p.output_size) p.output_stage.push_back(take(size));

  auto slot = [&](int o) {
    if (o == kNoOperand) return 0;
    if (o < 0) return ~o;
    return registers[o].output >= 0 ? p.output_slot[registers[o].output] : slot_of_piece[piece[o]];
  };
  for (const TileStep& s : steps)
    if (s.fn)
      p.steps[kTile].push_back({s.fn, uint16_t(slot(s.out)), uint16_t(slot(s.operand[0])), uint16_t(slot(s.operand[1])),
                                uint16_t(slot(s.operand[2]))});
}

}  // namespace ds::cpu
