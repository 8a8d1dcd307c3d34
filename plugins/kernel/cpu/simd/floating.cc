// floating.cc: operations on tiles of float and double.
#include "simd/math_f32.h"
#include "simd/math_f64.h"

extern "C" {
double log2(double) noexcept;
double log10(double) noexcept;
double log1p(double) noexcept;
double exp2(double) noexcept;
double sin(double) noexcept;
double cos(double) noexcept;
double tan(double) noexcept;
double asin(double) noexcept;
double acos(double) noexcept;
double atan(double) noexcept;
double atan2(double, double) noexcept;
double sinh(double) noexcept;
double cosh(double) noexcept;
double asinh(double) noexcept;
double acosh(double) noexcept;
double atanh(double) noexcept;
double erf(double) noexcept;
double erfc(double) noexcept;
float erfcf(float) noexcept;
double pow(double, double) noexcept;
double fmod(double, double) noexcept;
float fmodf(float, float) noexcept;
}

namespace ds::cpu::DS_ISA {
namespace {

template <class T, class F>
DS_INLINE void map1(void* out, const void* a, int64_t n, F f) {
  for (int64_t i = 0; i < n; i += kLanes<T>) store<T>(out, i, f(load<T>(a, i)));
}
// form: bit 0 for a uniform, bit 1 for b uniform, bit 2 for c, or kStreaming
template <class T, int form>
DS_INLINE void put(void* out, int64_t i, V<T> v) {
  if constexpr (form & kStreaming)
    store_past<T>(out, i, v);
  else
    store<T>(out, i, v);
}
template <class T, int form, class F>
DS_INLINE void map2(void* out, const void* a, const void* b, int64_t n, F f) {
  if constexpr (form & kStreaming)
    if (!vector_aligned(out)) return map2<T, (form & ~kStreaming)>(out, a, b, n, f);
  V<T> ua = splat(*static_cast<const T*>(a)), ub = splat(*static_cast<const T*>(b));
  for (int64_t i = 0; i < n; i += kLanes<T>)
    put<T, form>(out, i, f(form & 1 ? ua : load<T>(a, i), form & 2 ? ub : load<T>(b, i)));
}

// Functions of float computed in double, half a vector at a time.
template <class F>
DS_INLINE void widened(void* out, const void* a, int64_t n, F f) {
  for (int64_t i = 0; i < n; i += kLanes<double>) {
    HF x = *reinterpret_cast<const HFLoose*>(static_cast<const float*>(a) + i);
    HF y = __builtin_convertvector(f(__builtin_convertvector(x, VD)), HF);
    *reinterpret_cast<HFLoose*>(static_cast<float*>(out) + i) = y;
  }
}
template <int uniform, class F>
DS_INLINE void widened2(void* out, const void* a, const void* b, int64_t n, F f) {
  VD ua = splat<double>(*static_cast<const float*>(a)), ub = splat<double>(*static_cast<const float*>(b));
  for (int64_t i = 0; i < n; i += kLanes<double>) {
    VD x = uniform & 1 ? ua : __builtin_convertvector(*reinterpret_cast<const HFLoose*>((const float*)a + i), VD);
    VD y = uniform & 2 ? ub : __builtin_convertvector(*reinterpret_cast<const HFLoose*>((const float*)b + i), VD);
    *reinterpret_cast<HFLoose*>(static_cast<float*>(out) + i) = __builtin_convertvector(f(x, y), HF);
  }
}
// Angles beyond the vector reduction go through libm, one by one.
template <class F, class G>
DS_INLINE void angles(void* out, const void* a, int64_t n, F f, G whole_range) {
  widened(out, a, n, [&](VD x) {
    VD y = f(x);
    for (int64_t i = 0; i < kLanes<double>; ++i)
      if (!(__builtin_fabs(x[i]) < kAngleLimit)) [[unlikely]]
        y[i] = whole_range(x[i]);
    return y;
  });
}

#define DS_UNARY [](void* o, const void* a, const void*, const void*, int64_t n)
#define DS_BINARY [](void* o, const void* a, const void* b, const void*, int64_t n)

// What both types share and vectors do directly.
template <class T>
Tile unary(int op) {
  switch (op) {
    case DS_EXPR_NEG:
      return DS_UNARY {
        map1<T>(o, a, n, [](V<T> x) { return -x; });
      };
    case DS_EXPR_ABS:
      return DS_UNARY {
        map1<T>(o, a, n, [](V<T> x) { return absolute(x); });
      };
    case DS_EXPR_SIGN:
      return DS_UNARY {
        map1<T>(o, a, n, [](V<T> x) {
          V<T> y = x > T(0) ? splat(T(1)) : splat(T(0));
          y = x < T(0) ? splat(T(-1)) : y;
          return x != x ? x : y;
        });
      };
    case DS_EXPR_FLOOR:
      return DS_UNARY {
        map1<T>(o, a, n, [](V<T> x) { return rounded<kDown>(x); });
      };
    case DS_EXPR_CEIL:
      return DS_UNARY {
        map1<T>(o, a, n, [](V<T> x) { return rounded<kUp>(x); });
      };
    case DS_EXPR_ROUND:
      return DS_UNARY {
        map1<T>(o, a, n, [](V<T> x) { return rounded<kNearest>(x); });
      };
    case DS_EXPR_TRUNC:
      return DS_UNARY {
        map1<T>(o, a, n, [](V<T> x) { return rounded<kToZero>(x); });
      };
    case DS_EXPR_SQRT:
      return DS_UNARY {
        map1<T>(o, a, n, [](V<T> x) { return sqrt_(x); });
      };
    case DS_EXPR_RSQRT:
      return DS_UNARY {
        map1<T>(o, a, n, [](V<T> x) { return T(1) / sqrt_(x); });
      };
    case DS_EXPR_RECIPROCAL:
      return DS_UNARY {
        map1<T>(o, a, n, [](V<T> x) { return T(1) / x; });
      };
    case DS_EXPR_EXP:
      return DS_UNARY {
        map1<T>(o, a, n, [](V<T> x) { return exp(x); });
      };
    case DS_EXPR_EXPM1:
      return DS_UNARY {
        map1<T>(o, a, n, [](V<T> x) { return expm1(x); });
      };
    case DS_EXPR_LOG:
      return DS_UNARY {
        map1<T>(o, a, n, [](V<T> x) { return log(x); });
      };
    case DS_EXPR_TANH:
      return DS_UNARY {
        map1<T>(o, a, n, [](V<T> x) { return tanh(x); });
      };
    case DS_EXPR_SIGMOID:
      return DS_UNARY {
        map1<T>(o, a, n, [](V<T> x) { return sigmoid(x); });
      };
  }
  return nullptr;
}

#define DS_WIDE(f)                               \
  DS_UNARY {                                     \
    widened(o, a, n, [](VD x) { return f(x); }); \
  }
#define DS_ANGLE(f)                                                               \
  DS_UNARY {                                                                      \
    angles(                                                                       \
        o, a, n, [](VD x) { return f##_f(x); }, [](double x) { return ::f(x); }); \
  }
Tile unary_f32(int op) {
  switch (op) {
    case DS_EXPR_EXP2:
      return DS_UNARY {
        map1<float>(o, a, n, [](VF x) { return exp2(x); });
      };
    case DS_EXPR_ERF:
      return DS_UNARY {
        map1<float>(o, a, n, [](VF x) { return erf(x); });
      };
    case DS_EXPR_ERFC:
      return DS_UNARY {
        map1<float>(o, a, n, [](VF x) { return each_lane<float>(x, [](float v) { return erfcf(v); }); });
      };
    case DS_EXPR_LOG2:
      return DS_UNARY {
        widened(o, a, n, [](VD x) { return log_f(x) * 1.44269504088896340736; });
      };
    case DS_EXPR_LOG10:
      return DS_UNARY {
        widened(o, a, n, [](VD x) { return log_f(x) * 0.43429448190325182765; });
      };
    case DS_EXPR_LOG1P:
      return DS_WIDE(log1p_f);
    case DS_EXPR_SIN:
      return DS_ANGLE(sin);
    case DS_EXPR_COS:
      return DS_ANGLE(cos);
    case DS_EXPR_TAN:
      return DS_ANGLE(tan);
    case DS_EXPR_ASIN:
      return DS_WIDE(asin_f);
    case DS_EXPR_ACOS:
      return DS_WIDE(acos_f);
    case DS_EXPR_ATAN:
      return DS_WIDE(atan_f);
    case DS_EXPR_SINH:
      return DS_WIDE(sinh_f);
    case DS_EXPR_COSH:
      return DS_WIDE(cosh_f);
    case DS_EXPR_ASINH:
      return DS_WIDE(asinh_f);
    case DS_EXPR_ACOSH:
      return DS_WIDE(acosh_f);
    case DS_EXPR_ATANH:
      return DS_WIDE(atanh_f);
  }
  return nullptr;
}

#define DS_LIBM(f)                                                                                     \
  DS_UNARY {                                                                                           \
    map1<double>(o, a, n, [](VD x) { return each_lane<double>(x, [](double v) { return ::f(v); }); }); \
  }
Tile unary_f64(int op) {
  switch (op) {
    case DS_EXPR_EXP2:
      return DS_LIBM(exp2);
    case DS_EXPR_LOG2:
      return DS_LIBM(log2);
    case DS_EXPR_LOG10:
      return DS_LIBM(log10);
    case DS_EXPR_LOG1P:
      return DS_LIBM(log1p);
    case DS_EXPR_SIN:
      return DS_LIBM(sin);
    case DS_EXPR_COS:
      return DS_LIBM(cos);
    case DS_EXPR_TAN:
      return DS_LIBM(tan);
    case DS_EXPR_ASIN:
      return DS_LIBM(asin);
    case DS_EXPR_ACOS:
      return DS_LIBM(acos);
    case DS_EXPR_ATAN:
      return DS_LIBM(atan);
    case DS_EXPR_SINH:
      return DS_LIBM(sinh);
    case DS_EXPR_COSH:
      return DS_LIBM(cosh);
    case DS_EXPR_ASINH:
      return DS_LIBM(asinh);
    case DS_EXPR_ACOSH:
      return DS_LIBM(acosh);
    case DS_EXPR_ATANH:
      return DS_LIBM(atanh);
    case DS_EXPR_ERF:
      return DS_LIBM(erf);
    case DS_EXPR_ERFC:
      return DS_LIBM(erfc);
  }
  return nullptr;
}

DS_INLINE float remainder_of(float a, float b) { return fmodf(a, b); }
DS_INLINE double remainder_of(double a, double b) { return fmod(a, b); }
// NumPy's mod and floor_divide.
template <class T>
T mod(T a, T b) {
  T m = remainder_of(a, b);
  if (m == 0) return __builtin_copysign(T(0), b);
  return (b < 0) != (m < 0) ? m + b : m;
}
template <class T>
T floor_div(T a, T b) {
  if (b == 0) return a / b;
  T m = remainder_of(a, b), q = (a - m) / b;
  if (m != 0 && (b < 0) != (m < 0)) q -= 1;
  if (q == 0) return __builtin_copysign(T(0), a / b);
  T whole = __builtin_floor(q);
  return q - whole > T(0.5) ? whole + 1 : whole;
}

template <class T, class F>
DS_INLINE V<T> lanes2(V<T> a, V<T> b, F f) {
  for (int64_t i = 0; i < kLanes<T>; ++i) a[i] = f(a[i], b[i]);
  return a;
}

template <class T, int u>
Tile arithmetic(int op) {
  switch (op) {
    case DS_EXPR_ADD:
      return DS_BINARY {
        map2<T, u>(o, a, b, n, [](V<T> x, V<T> y) { return x + y; });
      };
    case DS_EXPR_SUB:
      return DS_BINARY {
        map2<T, u>(o, a, b, n, [](V<T> x, V<T> y) { return x - y; });
      };
    case DS_EXPR_MUL:
      return DS_BINARY {
        map2<T, u>(o, a, b, n, [](V<T> x, V<T> y) { return x * y; });
      };
    case DS_EXPR_DIV:
      return DS_BINARY {
        map2<T, u>(o, a, b, n, [](V<T> x, V<T> y) { return x / y; });
      };
    case DS_EXPR_MIN:
      return DS_BINARY {
        map2<T, u>(o, a, b, n, [](V<T> x, V<T> y) { return (x < y) | (x != x) ? x : y; });
      };
    case DS_EXPR_MAX:
      return DS_BINARY {
        map2<T, u>(o, a, b, n, [](V<T> x, V<T> y) { return (x > y) | (x != x) ? x : y; });
      };
  }
  return nullptr;
}
template <class T, int u>
Tile binary(int op) {
  switch (op) {
    case DS_EXPR_MOD:
      return DS_BINARY {
        map2<T, u>(o, a, b, n, [](V<T> x, V<T> y) { return lanes2<T>(x, y, [](T p, T q) { return mod(p, q); }); });
      };
    case DS_EXPR_FLOOR_DIV:
      return DS_BINARY {
        map2<T, u>(o, a, b, n,
                   [](V<T> x, V<T> y) { return lanes2<T>(x, y, [](T p, T q) { return floor_div(p, q); }); });
      };
    case DS_EXPR_POW:
      return DS_BINARY {
        if constexpr (sizeof(T) == 4)
          widened2<u>(o, a, b, n, [](VD x, VD y) { return pow_f(x, y); });
        else
          map2<T, u>(o, a, b, n,
                     [](V<T> x, V<T> y) { return lanes2<T>(x, y, [](T p, T q) { return T(::pow(p, q)); }); });
      };
    case DS_EXPR_ATAN2:
      return DS_BINARY {
        if constexpr (sizeof(T) == 4)
          widened2<u>(o, a, b, n, [](VD x, VD y) { return atan2_f(x, y); });
        else
          map2<T, u>(o, a, b, n,
                     [](V<T> x, V<T> y) { return lanes2<T>(x, y, [](T p, T q) { return T(::atan2(p, q)); }); });
      };
  }
  return nullptr;
}

template <class T, int form>
void fma(void* o, const void* a, const void* b, const void* c, int64_t n) {
  if constexpr (form & kStreaming)
    if (!vector_aligned(o)) return fma<T, (form & ~kStreaming)>(o, a, b, c, n);
  V<T> ua = splat(*(const T*)a), ub = splat(*(const T*)b), uc = splat(*(const T*)c);
  for (int64_t i = 0; i < n; i += kLanes<T>)
    put<T, form>(o, i,
                 (form & 1 ? ua : load<T>(a, i)) * (form & 2 ? ub : load<T>(b, i)) + (form & 4 ? uc : load<T>(c, i)));
}
template <class T>
constexpr Tile kFma[16] = {fma<T, 0>, fma<T, 1>, fma<T, 2>,  fma<T, 3>,  fma<T, 4>,  fma<T, 5>,  fma<T, 6>,  nullptr,
                           fma<T, 8>, fma<T, 9>, fma<T, 10>, fma<T, 11>, fma<T, 12>, fma<T, 13>, fma<T, 14>, nullptr};

template <class T>
Tile find(int op, int form) {
  if (op == DS_EXPR_FMA) return kFma<T>[form];
  switch (form) {
    case 0:
      if (Tile found = arithmetic<T, 0>(op)) return found;
      if (Tile found = binary<T, 0>(op)) return found;
      return unary<T>(op);
    case 1:
      if (Tile found = arithmetic<T, 1>(op)) return found;
      return binary<T, 1>(op);
    case 2:
      if (Tile found = arithmetic<T, 2>(op)) return found;
      return binary<T, 2>(op);
    case kStreaming:
      return arithmetic<T, kStreaming>(op);
    case kStreaming | 1:
      return arithmetic<T, kStreaming | 1>(op);
    case kStreaming | 2:
      return arithmetic<T, kStreaming | 2>(op);
  }
  return nullptr;
}

}  // namespace

Tile find_floating(int op, int type, int uniform) {
  if (type == DS_EXPR_F32) {
    Tile found = find<float>(op, uniform);
    return found || uniform ? found : unary_f32(op);
  }
  if (type != DS_EXPR_F64) return nullptr;
  Tile found = find<double>(op, uniform);
  return found || uniform ? found : unary_f64(op);
}

}  // namespace ds::cpu::DS_ISA
