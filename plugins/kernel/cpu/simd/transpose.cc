// transpose.cc: square blocks of one cache line, so that every line is read once and written once.
#include "simd/vector.h"

namespace ds::cpu::DS_ISA {
namespace {

typedef int32_t Eight __attribute__((vector_size(32)));
typedef int32_t EightLoose __attribute__((vector_size(32), aligned(1), may_alias));
typedef int64_t Four __attribute__((vector_size(32)));
typedef int64_t FourLoose __attribute__((vector_size(32), aligned(1), may_alias));

// 8 x 8 elements of 4 bytes; steps in bytes.
DS_INLINE void block8(char* out, int64_t out_step, const char* in, int64_t in_step) {
  Eight r[8], t[8];
  for (int i = 0; i < 8; ++i) r[i] = *reinterpret_cast<const EightLoose*>(in + i * in_step);
  for (int i = 0; i < 4; ++i) {
    t[2 * i] = __builtin_shufflevector(r[2 * i], r[2 * i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
    t[2 * i + 1] = __builtin_shufflevector(r[2 * i], r[2 * i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
  }
  for (int h = 0; h < 2; ++h)
    for (int i = 0; i < 2; ++i) {
      r[4 * h + 2 * i] = __builtin_shufflevector(t[4 * h + i], t[4 * h + i + 2], 0, 1, 8, 9, 4, 5, 12, 13);
      r[4 * h + 2 * i + 1] = __builtin_shufflevector(t[4 * h + i], t[4 * h + i + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    }
  for (int i = 0; i < 4; ++i) {
    Eight low = __builtin_shufflevector(r[i], r[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    Eight high = __builtin_shufflevector(r[i], r[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    *reinterpret_cast<EightLoose*>(out + i * out_step) = low;
    *reinterpret_cast<EightLoose*>(out + (i + 4) * out_step) = high;
  }
}
// 4 x 4 elements of 8 bytes.
DS_INLINE void block4(char* out, int64_t out_step, const char* in, int64_t in_step) {
  Four r[4];
  for (int i = 0; i < 4; ++i) r[i] = *reinterpret_cast<const FourLoose*>(in + i * in_step);
  Four a = __builtin_shufflevector(r[0], r[1], 0, 4, 2, 6), b = __builtin_shufflevector(r[0], r[1], 1, 5, 3, 7);
  Four c = __builtin_shufflevector(r[2], r[3], 0, 4, 2, 6), d = __builtin_shufflevector(r[2], r[3], 1, 5, 3, 7);
  *reinterpret_cast<FourLoose*>(out) = __builtin_shufflevector(a, c, 0, 1, 4, 5);
  *reinterpret_cast<FourLoose*>(out + out_step) = __builtin_shufflevector(b, d, 0, 1, 4, 5);
  *reinterpret_cast<FourLoose*>(out + 2 * out_step) = __builtin_shufflevector(a, c, 2, 3, 6, 7);
  *reinterpret_cast<FourLoose*>(out + 3 * out_step) = __builtin_shufflevector(b, d, 2, 3, 6, 7);
}

template <class T>
void scalars(char* out, int64_t out_step, const char* in, int64_t in_step, int64_t rows, int64_t columns) {
  for (int64_t c = 0; c < columns; ++c) {
    T* o = reinterpret_cast<T*>(out + c * out_step);
    const char* i = in + c * int64_t(sizeof(T));
    for (int64_t r = 0; r < rows; ++r) o[r] = *reinterpret_cast<const T*>(i + r * in_step);
  }
}

// One line of elements in each direction: read into a buffer, then written line by line, past the caches if aligned.
template <class T>
DS_INLINE void line_block(char* out, int64_t out_step, const char* in, int64_t in_step, bool stream) {
  constexpr int64_t kLine = 64 / sizeof(T), kPart = 32 / sizeof(T);
  alignas(64) char buffer[kLine * 64];
  for (int64_t r = 0; r < kLine; r += kPart)
    for (int64_t c = 0; c < kLine; c += kPart) {
      const char* from = in + r * in_step + c * int64_t(sizeof(T));
      char* to = buffer + c * 64 + r * int64_t(sizeof(T));
      if constexpr (sizeof(T) == 4)
        block8(to, 64, from, in_step);
      else
        block4(to, 64, from, in_step);
    }
  for (int64_t c = 0; c < kLine; ++c)
    for (int64_t b = 0; b < 64; b += DS_VECTOR_BYTES) {
      VL v = *reinterpret_cast<const VL*>(buffer + c * 64 + b);
      char* to = out + c * out_step + b;
#if DS_VECTOR_BYTES == 64
      if (stream)
        _mm512_stream_si512(reinterpret_cast<__m512i*>(to), (__m512i)v);
      else
#elif DS_VECTOR_BYTES == 32
      if (stream)
        _mm256_stream_si256(reinterpret_cast<__m256i*>(to), (__m256i)v);
      else
#endif
        store<int64_t>(to, 0, v);
    }
  (void)stream;
}

template <class T>
void lines(char* out, int64_t out_step, const char* in, int64_t in_step, int64_t rows, int64_t columns, bool stream) {
  constexpr int64_t kLine = 64 / sizeof(T), kSize = sizeof(T);
  int64_t whole_rows = rows / kLine * kLine, whole_columns = columns / kLine * kLine;
  stream = stream && reinterpret_cast<uintptr_t>(out) % 64 == 0 && out_step % 64 == 0;
  for (int64_t r = 0; r < whole_rows; r += kLine)
    for (int64_t c = 0; c < whole_columns; c += kLine)
      line_block<T>(out + c * out_step + r * kSize, out_step, in + r * in_step + c * kSize, in_step, stream);
#if defined(__SSE2__)
  _mm_sfence();
#endif
  scalars<T>(out + whole_columns * out_step, out_step, in + whole_columns * kSize, in_step, rows,
             columns - whole_columns);
  scalars<T>(out + whole_rows * kSize, out_step, in + whole_rows * in_step, in_step, rows - whole_rows, whole_columns);
}

template <class T>
void small_blocks(char* out, int64_t out_step, const char* in, int64_t in_step, int64_t rows, int64_t columns) {
  constexpr int64_t kBlock = 32, kSize = sizeof(T);
  for (int64_t r = 0; r < rows; r += kBlock)
    for (int64_t c = 0; c < columns; c += kBlock)
      scalars<T>(out + c * out_step + r * kSize, out_step, in + r * in_step + c * kSize, in_step,
                 rows - r < kBlock ? rows - r : kBlock, columns - c < kBlock ? columns - c : kBlock);
}

}  // namespace

void transpose_block(char* out, int64_t out_step, const char* in, int64_t in_step, int64_t rows, int64_t columns,
                     int size, bool stream) {
  switch (size) {
    case 1:
      return small_blocks<uint8_t>(out, out_step, in, in_step, rows, columns);
    case 2:
      return small_blocks<uint16_t>(out, out_step, in, in_step, rows, columns);
    case 4:
      return lines<uint32_t>(out, out_step, in, in_step, rows, columns, stream);
    case 8:
      return lines<uint64_t>(out, out_step, in, in_step, rows, columns, stream);
    case 16:
      return small_blocks<unsigned __int128>(out, out_step, in, in_step, rows, columns);
  }
}

}  // namespace ds::cpu::DS_ISA
