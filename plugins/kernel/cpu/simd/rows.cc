// rows.cc: reductions and normalisations over rows, any length and alignment.
#include "simd/math_f32.h"
#include "simd/math_f64.h"

namespace ds::cpu::DS_ISA {
namespace {

constexpr int64_t kBlock = 2048;  // elements added up in float before they go to double

template <int op, class T>
DS_INLINE T combine(T a, T b) {
  if constexpr (op == kSum) return a + b;
  if constexpr (op == kProd) return a * b;
  if constexpr (op == kMax) return (a > b) | (a != a) ? a : b;  // NaN stays
  if constexpr (op == kMin) return (a < b) | (a != a) ? a : b;
}
template <int op, class T>
constexpr T kStart = op == kSum    ? T(0)
                     : op == kProd ? T(1)
                                   : T(0);

// Vectors folded into one by four chains. Of max and min of floats, NaN is looked for apart: so each is one
// instruction.
template <int op, class T, bool watches_nan = op >= kMax && (__is_same(T, float) || __is_same(T, double))>
struct Chains {
  V<T> a[4];
  DS_INLINE explicit Chains(const T* x) {
    for (int k = 0; k < 4; ++k) a[k] = load<T>(x, k * kLanes<T>);
  }
  DS_INLINE void add(int k, V<T> v) { a[k] = combine<op, V<T>>(a[k], v); }
  DS_INLINE V<T> result() const {
    return combine<op, V<T>>(combine<op, V<T>>(a[0], a[1]), combine<op, V<T>>(a[2], a[3]));
  }
};
template <int op, class T>
struct Chains<op, T, true> : Chains<op, T, false> {
  using Base = Chains<op, T, false>;
  Unordered<T> unordered;
  DS_INLINE explicit Chains(const T* x) : Base(x) {
    for (V<T> first : this->a) unordered.look(first);
  }
  DS_INLINE void add(int k, V<T> v) {
    unordered.look(v);
    V<T>& a = this->a[k];
    if constexpr (op == kMax) a = a > v ? a : v;
    if constexpr (op == kMin) a = a < v ? a : v;
  }
  DS_INLINE V<T> result() const { return unordered.seen() ? splat(T(kNan)) : Base::result(); }
};

// Over whole vectors, then lanes, then the tail; n >= 1 for max and min.
template <int op, class T>
DS_INLINE T block(const T* x, int64_t n) {
  constexpr int64_t L = kLanes<T>;
  T result = op >= kMax ? x[0] : kStart<op, T>;
  int64_t i = 0;
  if (n >= 4 * L) {
    Chains<op, T> chains(x);
    for (i = 4 * L; i + 4 * L <= n; i += 4 * L)
      for (int k = 0; k < 4; ++k) chains.add(k, load<T>(x, i + k * L));
    T lanes[L];
    store<T>(lanes, 0, chains.result());
    for (int64_t step = L / 2; step; step /= 2)
      for (int64_t k = 0; k < step; ++k) lanes[k] = combine<op, T>(lanes[k], lanes[k + step]);
    result = op >= kMax ? lanes[0] : combine<op, T>(result, lanes[0]);
  }
  for (; i < n; ++i) result = combine<op, T>(result, x[i]);
  return result;
}

template <int op, class T>
void fold(void* out, const void* in, int64_t n) {
  T* acc = static_cast<T*>(out);
  const T* x = static_cast<const T*>(in);
  int64_t i = 0;
  for (; i + kLanes<T> <= n; i += kLanes<T>) store<T>(acc, i, combine<op, V<T>>(load<T>(acc, i), load<T>(x, i)));
  for (; i < n; ++i) acc[i] = combine<op, T>(acc[i], x[i]);
}

// A vector loop with the tail done on a padded copy. f(index, vector) -> vector; lanes past n are garbage.
template <class T>
DS_INLINE V<T> partial(const T* x, int64_t n, T fill) {
  V<T> v = splat(fill);
  for (int64_t k = 0; k < n; ++k) v[k] = x[k];
  return v;
}
template <class T>
DS_INLINE void store_partial(T* y, int64_t n, V<T> v) {
  for (int64_t k = 0; k < n; ++k) y[k] = v[k];
}
template <class T>
DS_INLINE double lane_sum(V<T> v) {
  double lanes[kLanes<T>];
  for (int64_t k = 0; k < kLanes<T>; ++k) lanes[k] = v[k];
  for (int64_t step = kLanes<T> / 2; step; step /= 2)
    for (int64_t k = 0; k < step; ++k) lanes[k] += lanes[k + step];
  return lanes[0];
}

// Sums of blocks by lane, in double with compensation (Neumaier): the error does not grow with the number of blocks.
struct LaneSums {
  VD sum{}, lost{};
  DS_INLINE void add(VD b) {
    VD t = sum + b;
    VD rest = absolute(sum) >= absolute(b) ? (sum - t) + b : (b - t) + sum;
    lost += absolute(t) < kInf ? rest : VD{};
    sum = t;
  }
  DS_INLINE void add(VF b) {
    HF half[2];
    __builtin_memcpy(half, &b, sizeof b);
    add(__builtin_convertvector(half[0], VD));
    add(__builtin_convertvector(half[1], VD));
  }
};

template <class T>
double total(const T* x, int64_t n) {
  constexpr int64_t L = kLanes<T>;
  LaneSums sums;
  int64_t i = 0;
  for (int64_t whole = n / (4 * L) * (4 * L); i < whole;) {
    V<T> a[4] = {};
    for (int64_t end = whole - i < kBlock ? whole : i + kBlock; i < end; i += 4 * L)
      for (int k = 0; k < 4; ++k) a[k] += load<T>(x, i + k * L);
    sums.add((a[0] + a[1]) + (a[2] + a[3]));
  }
  double rest = 0;
  for (; i < n; ++i) rest += x[i];
  return lane_sum<double>(sums.sum) + (lane_sum<double>(sums.lost) + rest);
}

template <int op, class T>
void reduce(void* out, const void* in, int64_t n) {
  const T* x = static_cast<const T*>(in);
  if constexpr (op == kSum && (__is_same(T, float) || __is_same(T, double)))
    *static_cast<double*>(out) = total<T>(x, n);
  else
    *static_cast<T*>(out) = block<op, T>(x, n);
}

// Sum over f(vector) in blocks; `fill` must give zero where it counts.
template <class T, class F>
DS_INLINE double sum_of(const T* x, int64_t n, T fill, F f) {
  constexpr int64_t L = kLanes<T>;
  double total = 0;
  for (int64_t b = 0; b < n; b += kBlock) {
    int64_t end = n - b < kBlock ? n : b + kBlock, i = b;
    V<T> a0{}, a1{};
    for (; i + 2 * L <= end; i += 2 * L) a0 += f(i, load<T>(x, i)), a1 += f(i + L, load<T>(x, i + L));
    for (; i + L <= end; i += L) a0 += f(i, load<T>(x, i));
    total += lane_sum<T>(a0 + a1);
    if (i < end) {
      V<T> last = f(i, partial<T>(x + i, end - i, fill));
      for (int64_t k = 0; k < end - i; ++k) total += last[k];
    }
  }
  return total;
}

template <class T>
double centered_squares(const void* in, int64_t n, double mean) {
  T m = T(mean);
  return sum_of<T>(static_cast<const T*>(in), n, m, [&](int64_t, V<T> v) { return (v - m) * (v - m); });
}

template <class T>
void moments(const void* in, int64_t n, double center, double* sum, double* squares) {
  constexpr int64_t L = kLanes<T>;
  const T *x = static_cast<const T*>(in), m = T(center);
  double s = 0, q = 0;
  for (int64_t b = 0; b < n; b += kBlock) {
    int64_t end = n - b < kBlock ? n : b + kBlock, i = b;
    V<T> s0{}, s1{}, q0{}, q1{};
    for (; i + 2 * L <= end; i += 2 * L) {
      V<T> d0 = load<T>(x, i) - m, d1 = load<T>(x, i + L) - m;
      s0 += d0, q0 += d0 * d0, s1 += d1, q1 += d1 * d1;
    }
    for (; i < end; i += L) {
      V<T> d = (i + L <= end ? load<T>(x, i) : partial<T>(x + i, end - i, m)) - m;
      s0 += d, q0 += d * d;
    }
    s += lane_sum<T>(s0 + s1), q += lane_sum<T>(q0 + q1);
  }
  *sum = s, *squares = q;
}

template <class T>
double exp_sum(const void* in, int64_t n, double max, void* out) {
  const T* x = static_cast<const T*>(in);
  T* y = static_cast<T*>(out);
  T m = T(max);
  if (!y) return sum_of<T>(x, n, m, [&](int64_t, V<T> v) { return exp(v - m); });
  return sum_of<T>(x, n, m, [&](int64_t i, V<T> v) {
    V<T> e = exp(v - m);
    if (i + kLanes<T> <= n)
      store<T>(y, i, e);
    else
      store_partial<T>(y + i, n - i, e);
    return e;
  });
}

template <class T>
void fold_centered(void* out, const void* in, const void* mean, int64_t n) {
  T* acc = static_cast<T*>(out);
  const T *x = static_cast<const T*>(in), *m = static_cast<const T*>(mean);
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) acc[i] += (x[i] - m[i]) * (x[i] - m[i]);
}

template <class T>
void fold_exp(void* out, const void* in, const void* max, void* exps, int64_t n) {
  T *acc = static_cast<T*>(out), *y = static_cast<T*>(exps);
  const T *x = static_cast<const T*>(in), *m = static_cast<const T*>(max);
  int64_t i = 0;
  for (; i + kLanes<T> <= n; i += kLanes<T>) {
    V<T> e = exp(load<T>(x, i) - load<T>(m, i));
    store<T>(acc, i, load<T>(acc, i) + e);
    if (y) store<T>(y, i, e);
  }
  if (i < n) {
    V<T> e = exp(partial<T>(x + i, n - i, T(0)) - partial<T>(m + i, n - i, T(0)));
    for (int64_t k = 0; i + k < n; ++k) acc[i + k] += e[k];
    if (y) store_partial<T>(y + i, n - i, e);
  }
}

template <class T>
void scale(void* out, const void* in, int64_t n, double factor, double shift) {
  T* y = static_cast<T*>(out);
  const T* x = static_cast<const T*>(in);
  T f = T(factor), s = T(shift);
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) y[i] = x[i] * f + s;
}

template <class T>
void normalize(void* out, const void* in, const void* weight, const void* bias, int64_t n, double mean,
               double inverse) {
  T* y = static_cast<T*>(out);
  const T *x = static_cast<const T*>(in), *w = static_cast<const T*>(weight), *b = static_cast<const T*>(bias);
  // What rounding takes from the mean is put back.
  T m = T(mean), s = T(inverse), rest = T((double(m) - mean) * inverse);
  auto loop = [&](auto f) {
#pragma GCC ivdep
    for (int64_t i = 0; i < n; ++i) y[i] = f((x[i] - m) * s + rest, i);
  };
  if (w && b)
    loop([&](T v, int64_t i) { return v * w[i] + b[i]; });
  else if (w)
    loop([&](T v, int64_t i) { return v * w[i]; });
  else if (b)
    loop([&](T v, int64_t i) { return v + b[i]; });
  else
    loop([](T v, int64_t) { return v; });
}

template <class T>
void subtract(void* out, const void* in, const void* a, const void* b, int64_t n) {
  T* y = static_cast<T*>(out);
  const T *x = static_cast<const T*>(in), *p = static_cast<const T*>(a), *q = static_cast<const T*>(b);
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) y[i] = x[i] - p[i] - q[i];
}
template <class T>
void multiply(void* out, const void* in, const void* a, int64_t n) {
  T* y = static_cast<T*>(out);
  const T *x = static_cast<const T*>(in), *p = static_cast<const T*>(a);
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) y[i] = x[i] * p[i];
}

template <class T>
double dot(const void* a, const void* b, int64_t n) {
  const T *x = static_cast<const T*>(a), *y = static_cast<const T*>(b);
  return sum_of<T>(x, n, T(0), [&](int64_t i, V<T> v) {
    return i + kLanes<T> <= n ? v * load<T>(y, i) : v * partial<T>(y + i, n - i, T(0));
  });
}

// The extreme value by vectors, then its first place.
template <int op, class T>
int64_t arg(const void* in, int64_t n) {
  const T* x = static_cast<const T*>(in);
  T best = block<op, T>(x, n);
  for (int64_t i = 0; i < n; ++i)
    if (x[i] == best || x[i] != x[i]) return i;
  return 0;
}

#define DS_TYPES(f) \
  { f<float>, f<double> }
#define DS_FOUR(f, op) \
  { f<op, float>, f<op, double>, f<op, int64_t>, f<op, uint64_t> }

}  // namespace

extern const Rows rows;
const Rows rows = {{DS_FOUR(reduce, kSum), DS_FOUR(reduce, kProd), DS_FOUR(reduce, kMax), DS_FOUR(reduce, kMin)},
                   {DS_FOUR(fold, kSum), DS_FOUR(fold, kProd), DS_FOUR(fold, kMax), DS_FOUR(fold, kMin)},
                   DS_TYPES(centered_squares),
                   DS_TYPES(moments),
                   DS_TYPES(exp_sum),
                   DS_TYPES(fold_centered),
                   DS_TYPES(fold_exp),
                   DS_TYPES(scale),
                   DS_TYPES(normalize),
                   DS_TYPES(subtract),
                   DS_TYPES(multiply),
                   DS_TYPES(dot),
                   {DS_FOUR(arg, kMax), DS_FOUR(arg, kMin)}};

}  // namespace ds::cpu::DS_ISA
