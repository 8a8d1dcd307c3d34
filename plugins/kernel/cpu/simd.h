// simd.h: the tables of vector code, one per instruction set; the best one this machine has is chosen at run time.
//
// simd/*.cc are compiled once per level with its flags and live in the namespace of the level. They include no header
// whose inline functions another level could end up using.
#pragma once
#include <cstddef>
#include <cstdint>

namespace ds::cpu {

// One operation over a tile. Reads and writes whole groups of kTileGroup elements: buffers are padded to that, so no
// loop has a tail. Operands at the same address as out, with elements of the same size, are allowed.
using Tile = void (*)(void* out, const void* a, const void* b, const void* c, int64_t n);
inline constexpr int64_t kTileGroup = 64;

struct Simd {
  const char* name;
  // op and type as in ds.expr/1, type being what the operation computes in: one of bool, the integers, f32, f64.
  // uniform: bit i says that operand i is one element instead of n. Null: there is no such function.
  Tile (*floating)(int op, int type, int uniform);  // with kStreaming in uniform: simple arithmetic only
  Tile (*integer)(int op, int type, int uniform);
  Tile (*convert)(int from, int to);      // C++ conversion with defined corners; f16, bf16 only from and to f32, or
                                          // from f64 by way of kOddF32
  Tile (*move)(int size, int kind);       // kMove*
  Tile (*select)(int size, int uniform);  // a: bool, b and c: any element of that size
  // Elements `stride` bytes apart made dense: n exactly. size: 1, 2, 4, 8 or 16 bytes.
  void (*gather)(void* out, const char* in, int64_t stride, int64_t n, int size);
  // Transposes rows x columns elements of `size` bytes; steps in bytes between rows of in and rows of out. stream: past
  // the caches where aligned.
  void (*transpose)(char* out, int64_t out_step, const char* in, int64_t in_step, int64_t rows, int64_t columns,
                    int size, bool stream);
  // Blocks [first, first + 16) of Philox4x32-10 as words in element order (sdk's philox.hpp).
  void (*philox)(uint32_t* words, uint64_t first, uint64_t seed, uint64_t offset);
  // Pairs u, v of [0, 1) to pairs of normal numbers (Box-Muller), in place; exact: libm's sine and cosine. n even.
  void (*normal)(double* pairs, int64_t n, bool exact);
  const struct Rows* rows;
};
// f64 to f32, rounded to odd: rounding that to 16 bits is as rounding once.
inline constexpr int kOddF32 = 100;
inline constexpr int kStreaming = 8;                                  // the result goes past the caches where aligned
inline constexpr int kMoveCopy = 0, kMoveSplat = 1, kMoveStream = 2;  // stream: past the caches where aligned

// Row functions over n elements, exactly n, any alignment. T: f32 or f64 by index 0 or 1; i64, u64 are 2, 3.
struct Rows {
  // x[0..n) reduced into *out; sums of f32 give double, everything else its own type. op: kSum ..
  void (*reduce[4][4])(void* out, const void* x, int64_t n);
  // acc[j] = acc[j] op x[j]
  void (*fold[4][4])(void* acc, const void* x, int64_t n);
  double (*centered_squares[2])(const void* x, int64_t n, double mean);  // sum of (x - mean)^2
  // Sums of x - center and of its square: center may be any number near the mean.
  void (*moments[2])(const void* x, int64_t n, double center, double* sum, double* squares);
  double (*exp_sum[2])(const void* x, int64_t n, double max, void* exps);                 // exps may be null
  void (*fold_centered[2])(void* acc, const void* x, const void* mean, int64_t n);        // acc += (x - mean)^2
  void (*fold_exp[2])(void* acc, const void* x, const void* max, void* exps, int64_t n);  // acc += exp(x - max)
  void (*scale[2])(void* y, const void* x, int64_t n, double factor, double shift);       // y = x * factor + shift
  // y = (x - mean) * inverse * weight + bias; weight and bias may be null
  void (*normalize[2])(void* y, const void* x, const void* weight, const void* bias, int64_t n, double mean,
                       double inverse);
  // Column by column: y = x - a - b (log) or x * a.
  void (*subtract[2])(void* y, const void* x, const void* a, const void* b, int64_t n);
  void (*multiply[2])(void* y, const void* x, const void* a, int64_t n);
  double (*dot[2])(const void* x, const void* y, int64_t n);
  // Index of the first maximum (minimum), or of the first NaN.
  int64_t (*arg[2][4])(const void* x, int64_t n);  // [max, min][type]
};
inline constexpr int kSum = 0, kProd = 1, kMax = 2, kMin = 3;

const Simd& simd();                          // the best level, or the one DS_CPU_ISA names
const Simd* simd_level(const char* name);    // base, avx2, avx512; null when this machine lacks it
const Simd* const* simd_levels(int* count);  // those this machine has, best first

}  // namespace ds::cpu
