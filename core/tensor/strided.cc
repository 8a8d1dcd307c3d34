#include "core/tensor/strided.h"

#include <cstring>

namespace ds::core {
namespace {

// Walks the view in C order and hands out runs of the innermost axis.
template <class Run>
void each_run(const ds_view_spec& view, Run&& run) {
  if (view_elements(view) == 0) return;
  int inner = view.rank - 1;
  int64_t count = view.rank ? view.shape[inner] : 1, step = view.rank ? view.strides[inner] : 1;
  int64_t index[DS_MAX_RANK] = {}, at = view.offset;
  for (;;) {
    run(at, count, step);
    int axis = inner - 1;
    for (; axis >= 0; --axis) {
      at += view.strides[axis];
      if (++index[axis] < view.shape[axis]) break;
      at -= view.strides[axis] * view.shape[axis];
      index[axis] = 0;
    }
    if (axis < 0) return;
  }
}

template <class Word>
void gather_words(const Word* source, const ds_view_spec& view, Word* target) {
  each_run(view, [&](int64_t at, int64_t count, int64_t step) {
    for (int64_t i = 0; i < count; ++i) *target++ = source[at + i * step];
  });
}

template <class Word>
void scatter_words(const Word* source, const ds_view_spec& view, Word* target) {
  each_run(view, [&](int64_t at, int64_t count, int64_t step) {
    for (int64_t i = 0; i < count; ++i) target[at + i * step] = *source++;
  });
}

struct Word16 {
  uint64_t low, high;
};

template <class F>
void with_word(uint64_t size, F&& f) {
  switch (size) {
    case 1:
      return f(uint8_t{});
    case 2:
      return f(uint16_t{});
    case 4:
      return f(uint32_t{});
    case 8:
      return f(uint64_t{});
    default:
      return f(Word16{});
  }
}

}  // namespace

void gather(const void* source, const ds_view_spec& view, void* target) {
  uint64_t size = dtype_size(view.dtype);
  if (is_dense(view)) {
    if (uint64_t bytes = view_elements(view) * size)
      std::memcpy(target, static_cast<const char*>(source) + view.offset * int64_t(size), bytes);
    return;
  }
  with_word(size, [&]<class W>(W) { gather_words(static_cast<const W*>(source), view, static_cast<W*>(target)); });
}

void scatter(const void* source, const ds_view_spec& view, void* target) {
  with_word(dtype_size(view.dtype),
            [&]<class W>(W) { scatter_words(static_cast<const W*>(source), view, static_cast<W*>(target)); });
}

}  // namespace ds::core
