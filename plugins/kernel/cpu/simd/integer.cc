// integer.cc: operations on tiles of integers and bool; wrapping, division by zero gives 0, mod as in NumPy.
#include "simd/scalar.h"

namespace ds::cpu::DS_ISA {
namespace {

#define DS_OP(expression)                                             \
  [](void* o, const void* a, const void* b, const void*, int64_t n) { \
    loop2<T, T, u>(o, a, b, n, [](T x, T y) { return expression; });  \
  }
#define DS_OP1(expression)                                          \
  [](void* o, const void* a, const void*, const void*, int64_t n) { \
    loop1<T, T>(o, a, n, [](T x) { return expression; });           \
  }

// Same bits whatever the sign: compiled for unsigned types only.
template <class T, int u>
Tile modular(int op) {
  switch (op) {
    case DS_EXPR_ADD:
      return DS_OP(T(x + y));
    case DS_EXPR_SUB:
      return DS_OP(T(x - y));
    case DS_EXPR_MUL:
      return DS_OP(T(uint64_t(x) * y));
    case DS_EXPR_BIT_AND:
      return DS_OP(T(x & y));
    case DS_EXPR_BIT_OR:
      return DS_OP(T(x | y));
    case DS_EXPR_BIT_XOR:
      return DS_OP(T(x ^ y));
    case DS_EXPR_SHL:
      return DS_OP(T(y < 8 * sizeof(T) ? uint64_t(x) << (y & 63) : 0));
  }
  if (u) return nullptr;
  switch (op) {
    case DS_EXPR_NEG:
      return DS_OP1(T(0 - x));
    case DS_EXPR_BIT_NOT:
      return DS_OP1(T(~x));
  }
  return nullptr;
}

template <class T>
constexpr bool kSigned = T(-1) < T(0);

template <class T>
DS_INLINE T quotient(T x, T y) {
  if (y == 0) return 0;
  if (kSigned<T> && y == T(-1)) return T(0 - uint64_t(x));
  return T(x / y);
}
template <class T>
DS_INLINE T modulo(T x, T y) {
  if (y == 0 || (kSigned<T> && y == T(-1))) return 0;
  T m = T(x % y);
  return m != 0 && (m < 0) != (y < 0) ? T(m + y) : m;
}
template <class T>
DS_INLINE T floor_quotient(T x, T y) {
  T q = quotient(x, y);
  if (kSigned<T> && y != 0 && y != T(-1) && x % y != 0 && (x < 0) != (y < 0)) q = T(q - 1);
  return q;
}
template <class T>
DS_INLINE T power(T x, T y) {
  if (kSigned<T> && y < 0) return x == 1 ? T(1) : x == T(-1) ? (y & 1 ? T(-1) : T(1)) : T(0);
  uint64_t result = 1, base = uint64_t(x);
  for (uint64_t e = uint64_t(y); e; e >>= 1, base *= base)
    if (e & 1) result *= base;
  return T(result);
}
template <class T>
DS_INLINE T shifted_right(T x, T y) {
  bool inside = !(y < 0) && uint64_t(y) < 8 * sizeof(T);
  return inside ? T(x >> (y & T(8 * sizeof(T) - 1))) : kSigned<T> && x < 0 ? T(-1) : T(0);
}

template <class T, int u>
Tile ordered(int op) {
  switch (op) {
    case DS_EXPR_MIN:
      return DS_OP(x < y ? x : y);
    case DS_EXPR_MAX:
      return DS_OP(x > y ? x : y);
    case DS_EXPR_DIV:
      return DS_OP(quotient(x, y));
    case DS_EXPR_MOD:
      return DS_OP(modulo(x, y));
    case DS_EXPR_FLOOR_DIV:
      return DS_OP(floor_quotient(x, y));
    case DS_EXPR_POW:
      return DS_OP(power(x, y));
    case DS_EXPR_SHR:
      return DS_OP(shifted_right(x, y));
  }
  if (u) return nullptr;
  switch (op) {
    case DS_EXPR_ABS:
      return DS_OP1(T(x < 0 ? 0 - uint64_t(x) : uint64_t(x)));
    case DS_EXPR_SIGN:
      return DS_OP1(T((x > 0) - (x < 0)));
    case DS_EXPR_RECIPROCAL:
      return DS_OP1(quotient(T(1), x));
    case DS_EXPR_FLOOR:
    case DS_EXPR_CEIL:
    case DS_EXPR_ROUND:
    case DS_EXPR_TRUNC:
      return DS_OP1(x);
  }
  return nullptr;
}

// NumPy's bool: + and max are or, * and min are and, - is exclusive or.
template <int u>
Tile boolean(int op) {
  using T = uint8_t;
  switch (op) {
    case DS_EXPR_ADD:
    case DS_EXPR_MAX:
    case DS_EXPR_BIT_OR:
      return DS_OP(T(x | y));
    case DS_EXPR_MUL:
    case DS_EXPR_MIN:
    case DS_EXPR_DIV:
    case DS_EXPR_FLOOR_DIV:
    case DS_EXPR_BIT_AND:
      return DS_OP(T(x & y));
    case DS_EXPR_SUB:
    case DS_EXPR_BIT_XOR:
      return DS_OP(T(x ^ y));
    case DS_EXPR_MOD:
      return DS_OP(T(x & y & 0));
    case DS_EXPR_POW:
      return DS_OP(T(x | (y ^ 1)));
  }
  if (u) return nullptr;
  switch (op) {
    case DS_EXPR_BIT_NOT:
      return DS_OP1(T(x ^ 1));
    case DS_EXPR_NEG:
    case DS_EXPR_ABS:
    case DS_EXPR_SIGN:
    case DS_EXPR_RECIPROCAL:
    case DS_EXPR_FLOOR:
    case DS_EXPR_CEIL:
    case DS_EXPR_ROUND:
    case DS_EXPR_TRUNC:
      return DS_OP1(x);
  }
  return nullptr;
}

template <int u>
Tile arithmetic(int op, int type) {
  Tile found = nullptr;
  switch (type) {
    case DS_EXPR_BOOL:
      return boolean<u>(op);
    case DS_EXPR_I8:
    case DS_EXPR_U8:
      found = modular<uint8_t, u>(op);
      break;
    case DS_EXPR_I16:
    case DS_EXPR_U16:
      found = modular<uint16_t, u>(op);
      break;
    case DS_EXPR_I32:
    case DS_EXPR_U32:
      found = modular<uint32_t, u>(op);
      break;
    case DS_EXPR_I64:
    case DS_EXPR_U64:
      found = modular<uint64_t, u>(op);
      break;
  }
  if (found) return found;
  switch (type) {
    case DS_EXPR_I8:
      return ordered<int8_t, u>(op);
    case DS_EXPR_I16:
      return ordered<int16_t, u>(op);
    case DS_EXPR_I32:
      return ordered<int32_t, u>(op);
    case DS_EXPR_I64:
      return ordered<int64_t, u>(op);
    case DS_EXPR_U8:
      return ordered<uint8_t, u>(op);
    case DS_EXPR_U16:
      return ordered<uint16_t, u>(op);
    case DS_EXPR_U32:
      return ordered<uint32_t, u>(op);
    case DS_EXPR_U64:
      return ordered<uint64_t, u>(op);
  }
  return nullptr;
}

}  // namespace

Tile find_logic(int op, int type, int uniform);

Tile find_integer(int op, int type, int uniform) {
  if ((op >= DS_EXPR_EQ && op <= DS_EXPR_IS_FINITE) || (op >= DS_EXPR_AND && op <= DS_EXPR_NOT))
    return find_logic(op, type, uniform);
  switch (uniform) {
    case 0:
      return arithmetic<0>(op, type);
    case 1:
      return arithmetic<1>(op, type);
    case 2:
      return arithmetic<2>(op, type);
  }
  return nullptr;
}

}  // namespace ds::cpu::DS_ISA
