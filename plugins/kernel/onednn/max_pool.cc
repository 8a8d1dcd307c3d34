// max_pool2d and its gradient: loops of our own, because oneDNN's maxima lose NaN, which must win, and its gradient
// needs a workspace that the operator does not have. Ties go to the first in C order.
#include <cmath>
#include <limits>

#include "attributes.h"
#include "deepseek/dtype.hpp"

namespace ds::onednn {
namespace {

constexpr float kLowest = -std::numeric_limits<float>::infinity();

// best = larger of both, NaN being the largest.
__attribute__((target_clones("avx512f", "avx2", "default"))) void raise_row(float* best, const float* x,
                                                                            int64_t count) {
  for (int64_t i = 0; i < count; ++i) best[i] = x[i] > best[i] || x[i] != x[i] ? x[i] : best[i];
}

struct Pool {
  Dims x, y;
  Window window;
  ds_dtype dtype;

  // Attributes: kernel_size, stride, padding, dilation, ceil_mode.
  Pool(const ds_node& node, const ds_spec& x, const ds_spec& y)
      : x(dims_of(x)), y(dims_of(y)), window(of(node)), dtype(x.dtype) {}
  static Window of(const ds_node& node) {
    Dims kernel = pair_of(ints(node, 0), {});
    return {kernel, pair_of(ints(node, 1), kernel), pair_of(ints(node, 3), {1, 1}), ints(node, 2)};
  }
  int64_t planes() const { return x[0] * x[1]; }
  int64_t grain() const {
    return std::max<int64_t>(1, 32768 / (y[2] * y[3] * window.kernel[0] * window.kernel[1] + 1));
  }

  // Taps [from, to) of the window at position i of axis d that lie inside the image, and where tap 0 would.
  struct Taps {
    int64_t from, to, start, step;
    int64_t at(int64_t k) const { return start + k * step; }
  };
  Taps taps(size_t d, int64_t i) const {
    int64_t start = i * window.stride[d] - window.begin[d], step = window.dilation[d] + 1, size = x[2 + d];
    int64_t from = start < 0 ? (-start + step - 1) / step : 0;
    int64_t to = start < size ? std::min(window.kernel[d], (size - 1 - start) / step + 1) : 0;
    return {from, std::max(from, to), start, step};
  }
};

// Rows are joined first, which vectorizes, then the columns of what is left.
template <class T>
void forward_plane(const Pool& p, const T* x, T* y, float* best, float* row) {
  int64_t width = p.x[3];
  for (int64_t i = 0; i < p.y[2]; ++i) {
    std::fill_n(best, width, kLowest);
    auto down = p.taps(0, i);
    for (int64_t k = down.from; k < down.to; ++k) {
      const T* from = x + down.at(k) * width;
      if constexpr (std::is_same_v<T, float>) {
        raise_row(best, from, width);
      } else {
        for (int64_t j = 0; j < width; ++j) row[j] = float(from[j]);
        raise_row(best, row, width);
      }
    }
    for (int64_t j = 0; j < p.y[3]; ++j) {
      auto right = p.taps(1, j);
      float most = kLowest;
      for (int64_t k = right.from; k < right.to; ++k) {
        float v = best[right.at(k)];
        most = v > most || v != v ? v : most;
      }
      y[i * p.y[3] + j] = T(most);
    }
  }
}

template <class T>
void backward_plane(const Pool& p, const T* x, const T* dy, float* dx) {
  int64_t width = p.x[3];
  std::fill_n(dx, p.x[2] * width, 0.0f);
  for (int64_t i = 0; i < p.y[2]; ++i) {
    auto down = p.taps(0, i);
    for (int64_t j = 0; j < p.y[3]; ++j) {
      auto right = p.taps(1, j);
      int64_t place = -1;
      float most = 0;
      for (int64_t k = down.from; k < down.to; ++k)
        for (int64_t l = right.from; l < right.to; ++l) {
          int64_t at = down.at(k) * width + right.at(l);
          float v = float(x[at]);
          if (place < 0 || v > most || (v != v && most == most)) place = at, most = v;
        }
      if (place >= 0) dx[place] += float(dy[i * p.y[3] + j]);
    }
  }
}

struct MaxPool2d {
  static constexpr std::string_view name = "onednn.max_pool2d", op = "max_pool2d", dtypes = "f32 bf16 f16";
  static constexpr int32_t priority = 10;
  static bool supports(const ds_node& node, ds_kernel_offer&) {
    if (!has_elements(node)) return false;
    Pool::of(node);
    return true;
  }
  explicit MaxPool2d(const ds_node& node) : pool_(node, *node.inputs[0], *node.outputs[0]) {}
  // Two rows of each plane, so that threads need not know each other.
  uint64_t workspace() const { return uint64_t(pool_.planes() * pool_.x[3] * 2) * 4; }

  int32_t run(const ds_run_args& args) {
    with_float(pool_.dtype, [&]<class T>() {
      if constexpr (sizeof(T) <= 4) {
        auto* x = reinterpret_cast<const T*>(memory(args.inputs[0]));
        auto* y = reinterpret_cast<T*>(memory(args.outputs[0]));
        auto* rows = static_cast<float*>(args.workspace);
        int64_t in = pool_.x[2] * pool_.x[3], out = pool_.y[2] * pool_.y[3], width = pool_.x[3];
        parallel_for(pool_.planes(), pool_.grain(), [&](int64_t begin, int64_t end) {
          for (int64_t n = begin; n < end; ++n) {
            float* own = rows + begin * width * 2;  // one pair of rows per range stays in the cache
            forward_plane(pool_, x + n * in, y + n * out, own, own + width);
          }
        });
      }
    });
    return DS_OK;
  }

 private:
  Pool pool_;
};
DS_KERNEL(MaxPool2d);

struct MaxPool2dGradient {
  static constexpr std::string_view name = "onednn.max_pool2d_gradient", op = "max_pool2d_gradient",
                                    dtypes = "f32 bf16 f16";
  static constexpr int32_t priority = 10;
  static bool supports(const ds_node& node, ds_kernel_offer&) {
    if (!has_elements(node)) return false;
    Pool::of(node);
    return true;
  }
  explicit MaxPool2dGradient(const ds_node& node) : pool_(node, *node.inputs[0], *node.inputs[1]) {}
  // Narrow types are summed in f32.
  uint64_t workspace() const {
    return pool_.dtype == DS_F32 ? 0 : uint64_t(pool_.planes() * pool_.x[2] * pool_.x[3]) * 4;
  }

  int32_t run(const ds_run_args& args) {
    with_float(pool_.dtype, [&]<class T>() {
      if constexpr (sizeof(T) <= 4) {
        auto* x = reinterpret_cast<const T*>(memory(args.inputs[0]));
        auto* dy = reinterpret_cast<const T*>(memory(args.inputs[1]));
        auto* dx = reinterpret_cast<T*>(memory(args.outputs[0]));
        int64_t in = pool_.x[2] * pool_.x[3], out = pool_.y[2] * pool_.y[3];
        parallel_for(pool_.planes(), pool_.grain(), [&](int64_t begin, int64_t end) {
          for (int64_t n = begin; n < end; ++n) {
            if constexpr (std::is_same_v<T, float>) {
              backward_plane(pool_, x + n * in, dy + n * out, dx + n * in);
            } else {
              float* sum = static_cast<float*>(args.workspace) + n * in;
              backward_plane(pool_, x + n * in, dy + n * out, sum);
              for (int64_t i = 0; i < in; ++i) dx[n * in + i] = T(sum[i]);
            }
          }
        });
      }
    });
    return DS_OK;
  }

 private:
  Pool pool_;
};
DS_KERNEL(MaxPool2dGradient);

}  // namespace
}  // namespace ds::onednn
