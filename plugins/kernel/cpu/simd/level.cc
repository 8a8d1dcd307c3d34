// level.cc: the table of one level.
#include "simd/vector.h"

#define DS_TEXT_(x) #x
#define DS_TEXT(x) DS_TEXT_(x)

namespace ds::cpu::DS_ISA {

Tile find_floating(int op, int type, int uniform);
Tile find_integer(int op, int type, int uniform);
Tile find_convert(int from, int to);
Tile find_move(int size, int kind);
Tile find_select(int size, int uniform);
void gather_strided(void* out, const char* in, int64_t stride, int64_t n, int size);
void transpose_block(char* out, int64_t out_step, const char* in, int64_t in_step, int64_t rows, int64_t columns,
                     int size, bool stream);
void philox_blocks(uint32_t* words, uint64_t first, uint64_t seed, uint64_t offset);
void normal_pairs(double* pairs, int64_t n, bool exact);
extern const Rows rows;

extern const Simd level;
const Simd level = {DS_TEXT(DS_ISA), find_floating,   find_integer,  find_convert, find_move, find_select,
                    gather_strided,  transpose_block, philox_blocks, normal_pairs, &rows};

}  // namespace ds::cpu::DS_ISA
