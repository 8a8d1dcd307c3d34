// sorting.h: the order of the elements along an axis, as NumPy sorts: stable, NaN last.
#pragma once
#include <deepseek/operator.hpp>
#include <numeric>

namespace ds {

template <class T>
bool sorts_before(T a, T b) {
  if (a != a) return false;
  return b != b || a < b;
}

// Calls f(row of y, sorted positions, row of x) for every row along the axis. Descending keeps NaN in front, as the
// order reversed; equal elements stay in their order.
template <class T, class Y, class F>
void each_sorted_row(const View<const T>& x, const View<Y>& y, bool descending, F&& f) {
  int64_t length = x.shape(-1), rows = 1;
  for (int64_t i = 0; i + 1 < x.rank(); ++i) rows *= x.shape(i);
  std::vector<int64_t> order{};
  for (int64_t row = 0; row < rows; ++row) {
    View<const T> from = x.tail(row, 1);
    order.resize(size_t(length));
    std::iota(order.begin(), order.end(), int64_t{0});
    std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
      return descending ? sorts_before<T>(from(b), from(a)) : sorts_before<T>(from(a), from(b));
    });
    f(y.tail(row, 1), order, from);
  }
}

}  // namespace ds
