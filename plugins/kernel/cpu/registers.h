// registers.h: what the compiler hands to register allocation: tile steps on virtual registers.
#pragma once
#include <cstdint>
#include <vector>

#include "program.h"

namespace ds::cpu {

inline constexpr int kNoOperand = INT32_MIN;

struct TileStep {
  Tile fn;         // null: the step was merged into another
  int out;         // virtual register
  int operand[3];  // virtual register, ~slot, or kNoOperand
  int value[3];    // value numbers of the operands, -1
  int op, type;    // as in ds.expr/1; op 0: a conversion or a move
};

struct Register {
  int size = 4;     // bytes per element
  int step = -1;    // that writes it
  int output = -1;  // it is that output of the program
};

// Gives every register a slot: its output's, or a piece of scratch memory that is free while it lives. Chooses the
// tile, lays the scratch memory out and appends the steps.
void allocate(Program& program, const std::vector<TileStep>& steps, const std::vector<Register>& registers);

}  // namespace ds::cpu
