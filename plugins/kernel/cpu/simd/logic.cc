// logic.cc: comparisons, tests and logical operations of every type; they yield bool.
#include "simd/scalar.h"

namespace ds::cpu::DS_ISA {
namespace {

#define DS_OP(expression)                                                  \
  [](void* o, const void* a, const void* b, const void*, int64_t n) {      \
    loop2<uint8_t, T, u>(o, a, b, n, [](T x, T y) { return expression; }); \
  }
#define DS_OP1(expression)                                          \
  [](void* o, const void* a, const void*, const void*, int64_t n) { \
    loop1<uint8_t, T>(o, a, n, [](T x) { return expression; });     \
  }

template <class T>
constexpr bool kFloat = T(0.5) != T(0);
template <class T>
DS_INLINE T magnitude(T x) {
  return x < 0 ? -x : x;
}

template <class T, int u>
Tile logic(int op) {
  switch (op) {
    case DS_EXPR_EQ:
      return DS_OP(uint8_t(x == y));
    case DS_EXPR_NE:
      return DS_OP(uint8_t(x != y));
    case DS_EXPR_LT:
      return DS_OP(uint8_t(x < y));
    case DS_EXPR_LE:
      return DS_OP(uint8_t(x <= y));
    case DS_EXPR_GT:
      return DS_OP(uint8_t(x > y));
    case DS_EXPR_GE:
      return DS_OP(uint8_t(x >= y));
    case DS_EXPR_AND:
      return DS_OP(uint8_t((x != 0) & (y != 0)));
    case DS_EXPR_OR:
      return DS_OP(uint8_t((x != 0) | (y != 0)));
    case DS_EXPR_XOR:
      return DS_OP(uint8_t((x != 0) ^ (y != 0)));
  }
  if (u) return nullptr;
  if constexpr (kFloat<T>) {
    constexpr T inf = T(__builtin_inf());
    switch (op) {
      case DS_EXPR_IS_NAN:
        return DS_OP1(uint8_t(x != x));
      case DS_EXPR_IS_INF:
        return DS_OP1(uint8_t(magnitude(x) == inf));
      case DS_EXPR_IS_FINITE:
        return DS_OP1(uint8_t(magnitude(x) < inf));
    }
  } else {
    switch (op) {
      case DS_EXPR_IS_NAN:
      case DS_EXPR_IS_INF:
        return DS_OP1(uint8_t(x != x));
      case DS_EXPR_IS_FINITE:
        return DS_OP1(uint8_t(x == x));
    }
  }
  if (op == DS_EXPR_NOT) return DS_OP1(uint8_t(x == 0));
  return nullptr;
}

template <int u>
Tile of_type(int op, int type) {
  switch (type) {
    case DS_EXPR_BOOL:
    case DS_EXPR_U8:
      return logic<uint8_t, u>(op);
    case DS_EXPR_I8:
      return logic<int8_t, u>(op);
    case DS_EXPR_I16:
      return logic<int16_t, u>(op);
    case DS_EXPR_I32:
      return logic<int32_t, u>(op);
    case DS_EXPR_I64:
      return logic<int64_t, u>(op);
    case DS_EXPR_U16:
      return logic<uint16_t, u>(op);
    case DS_EXPR_U32:
      return logic<uint32_t, u>(op);
    case DS_EXPR_U64:
      return logic<uint64_t, u>(op);
    case DS_EXPR_F32:
      return logic<float, u>(op);
    case DS_EXPR_F64:
      return logic<double, u>(op);
  }
  return nullptr;
}

}  // namespace

Tile find_logic(int op, int type, int uniform) {
  switch (uniform) {
    case 0:
      return of_type<0>(op, type);
    case 1:
      return of_type<1>(op, type);
    case 2:
      return of_type<2>(op, type);
  }
  return nullptr;
}

}  // namespace ds::cpu::DS_ISA
