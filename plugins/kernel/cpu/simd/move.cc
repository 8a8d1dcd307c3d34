// move.cc: elements moved as they are: copies, splats, streaming stores, selection, strided gathers.
#include "simd/scalar.h"

namespace ds::cpu::DS_ISA {
namespace {

template <class T>
void copy(void* out, const void* in, const void*, const void*, int64_t n) {
  loop1<T, T>(out, in, n, [](T x) { return x; });
}
template <class T>
void splat_all(void* out, const void* in, const void*, const void*, int64_t n) {
  T* o = static_cast<T*>(out);
  T x = *static_cast<const T*>(in);
  DS_EACH(i, n) o[i] = x;
}
template <class T>
void stream(void* out, const void* in, const void*, const void*, int64_t n) {
  if (!vector_aligned(out)) return copy<T>(out, in, nullptr, nullptr, n);
  n = (n + kTileGroup - 1) / kTileGroup * kTileGroup;
  for (int64_t i = 0; i < n; i += kLanes<T>) store_past<T>(out, i, load<T>(in, i));
}

// uniform: bit 1 for b, bit 2 for c
template <class T, int uniform>
void select(void* out, const void* a, const void* b, const void* c, int64_t n) {
  T* o = static_cast<T*>(out);
  const uint8_t* choice = static_cast<const uint8_t*>(a);
  const T *x = static_cast<const T*>(b), *y = static_cast<const T*>(c);
  T x0 = *x, y0 = *y;
  DS_EACH(i, n) {
    T yes = uniform & 2 ? x0 : x[i], no = uniform & 4 ? y0 : y[i];
    o[i] = choice[i] ? yes : no;
  }
}

template <class T>
void gather(void* out, const char* in, int64_t stride, int64_t n) {
  T* o = static_cast<T*>(out);
  int64_t i = 0;
  for (; i + 4 <= n; i += 4, in += 4 * stride) {
    T a = *(const T*)in, b = *(const T*)(in + stride), c = *(const T*)(in + 2 * stride),
      d = *(const T*)(in + 3 * stride);
    o[i] = a, o[i + 1] = b, o[i + 2] = c, o[i + 3] = d;
  }
  for (; i < n; ++i, in += stride) o[i] = *(const T*)in;
}

template <class T>
Tile move_of(int kind) {
  return kind == kMoveCopy ? copy<T> : kind == kMoveSplat ? splat_all<T> : stream<T>;
}
template <class T>
Tile select_of(int uniform) {
  switch (uniform) {
    case 0:
      return select<T, 0>;
    case 2:
      return select<T, 2>;
    case 4:
      return select<T, 4>;
    case 6:
      return select<T, 6>;
  }
  return nullptr;
}

}  // namespace

Tile find_move(int size, int kind) {
  switch (size) {
    case 1:
      return move_of<uint8_t>(kind);
    case 2:
      return move_of<uint16_t>(kind);
    case 4:
      return move_of<uint32_t>(kind);
    case 8:
      return move_of<uint64_t>(kind);
  }
  return nullptr;
}
Tile find_select(int size, int uniform) {
  switch (size) {
    case 1:
      return select_of<uint8_t>(uniform);
    case 2:
      return select_of<uint16_t>(uniform);
    case 4:
      return select_of<uint32_t>(uniform);
    case 8:
      return select_of<uint64_t>(uniform);
  }
  return nullptr;
}
void gather_strided(void* out, const char* in, int64_t stride, int64_t n, int size) {
  switch (size) {
    case 1:
      return gather<uint8_t>(out, in, stride, n);
    case 2:
      return gather<uint16_t>(out, in, stride, n);
    case 4:
      return gather<uint32_t>(out, in, stride, n);
    case 8:
      return gather<uint64_t>(out, in, stride, n);
    case 16:
      return gather<unsigned __int128>(out, in, stride, n);
  }
}

}  // namespace ds::cpu::DS_ISA
