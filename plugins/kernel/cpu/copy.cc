// copy.cc: elements moved unchanged: copy, read_view, write_view, add_view, fill.
#include <algorithm>
#include <cstring>

#include "attributes.h"
#include "filler.h"
#include "layout.h"
#include "program.h"
#include "simd.h"
#include "strided_copy.h"

namespace ds::cpu {
namespace {

struct Copy {
  static constexpr std::string_view name = "cpu.copy", op = "copy";
  static bool supports(const ds_node& node, ds_kernel_offer& offer) {
    offer.strided_inputs = 1;
    return node.input_count == 1 && movable(node.inputs[0]->dtype);
  }
  explicit Copy(const ds_node& node) {
    int64_t size = item_size(node.inputs[0]->dtype);
    std::vector<int64_t> extents = extents_of(*node.inputs[0]);
    copy = StridedCopy(extents, dense_strides(extents, size), in_bytes(input_strides(node, 0), size), int(size));
  }
  int32_t run(const ds_run_args& args) {
    copy.run(memory(args.outputs[0]), memory(args.inputs[0]));
    return DS_OK;
  }
  StridedCopy copy;
};
DS_KERNEL(Copy);

// Attributes of the three views: offset, shape, strides, in elements of dense memory.
struct Window {
  int64_t offset;
  std::vector<int64_t> extents, strides;  // bytes
  explicit Window(const ds_node& node) {
    int64_t size = item_size(node.inputs[0]->dtype);
    offset = int_attribute(node, 0) * size;
    extents = ints_attribute(node, 1);
    strides = in_bytes(ints_attribute(node, 2), size);
    if (extents.size() != strides.size()) throw Unsupported("a view with different numbers of extents and strides");
  }
};

struct ReadView {
  static constexpr std::string_view name = "cpu.read_view", op = "read_view";
  static bool supports(const ds_node& node, ds_kernel_offer&) {
    return node.input_count == 1 && movable(node.inputs[0]->dtype);
  }
  explicit ReadView(const ds_node& node) : window(node) {
    int64_t size = item_size(node.inputs[0]->dtype);
    copy = StridedCopy(window.extents, dense_strides(window.extents, size), window.strides, int(size));
  }
  int32_t run(const ds_run_args& args) {
    copy.run(memory(args.outputs[0]), memory(args.inputs[0]) + window.offset);
    return DS_OK;
  }
  Window window;
  StridedCopy copy;
};
DS_KERNEL(ReadView);

// Strides of a value that broadcasts to the window.
std::vector<int64_t> value_strides(const ds_node& node, const Window& window, int64_t size) {
  const ds_spec& value = *node.inputs[1];
  std::vector<int64_t> own = in_bytes(input_strides(node, 1), size), strides(window.extents.size(), 0);
  int64_t skip = int64_t(window.extents.size()) - value.rank;
  if (skip < 0) throw Unsupported("a value with more dimensions than its view");
  for (int32_t d = 0; d < value.rank; ++d) {
    if (value.shape[d] != 1 && value.shape[d] != window.extents[size_t(d + skip)])
      throw Unsupported("a value that does not fit its view");
    if (value.shape[d] != 1) strides[size_t(d + skip)] = own[size_t(d)];
  }
  return strides;
}

// The whole of input 0, unless the output is that memory already.
struct Whole {
  explicit Whole(const ds_node& node) {
    int64_t size = item_size(node.inputs[0]->dtype);
    std::vector<int64_t> extents = extents_of(*node.inputs[0]);
    copy = StridedCopy(extents, dense_strides(extents, size), dense_strides(extents, size), int(size));
  }
  void run(const ds_run_args& args) const {
    if (memory(args.outputs[0]) != memory(args.inputs[0])) copy.run(memory(args.outputs[0]), memory(args.inputs[0]));
  }
  StridedCopy copy;
};

struct WriteView {
  static constexpr std::string_view name = "cpu.write_view", op = "write_view";
  static bool supports(const ds_node& node, ds_kernel_offer& offer) {
    offer.in_place = 1;
    offer.strided_inputs = 2;
    return node.input_count == 2 && movable(node.inputs[0]->dtype) && node.inputs[0]->dtype == node.inputs[1]->dtype &&
           binds<WriteView>(node);
  }
  explicit WriteView(const ds_node& node) : window(node), whole(node) {
    int64_t size = item_size(node.inputs[0]->dtype);
    copy = StridedCopy(window.extents, window.strides, value_strides(node, window, size), int(size), true);
  }
  int32_t run(const ds_run_args& args) {
    whole.run(args);
    copy.run(memory(args.outputs[0]) + window.offset, memory(args.inputs[1]));
    return DS_OK;
  }
  Window window;
  Whole whole;
  StridedCopy copy;
};
DS_KERNEL(WriteView);

struct AddView {
  static constexpr std::string_view name = "cpu.add_view", op = "add_view";
  static bool supports(const ds_node& node, ds_kernel_offer& offer) {
    offer.in_place = 1;
    offer.strided_inputs = 2;
    return node.input_count == 2 && expr_type(node.inputs[0]->dtype) > 0 &&
           node.inputs[0]->dtype == node.inputs[1]->dtype && binds<AddView>(node);
  }
  explicit AddView(const ds_node& node) : window(node), whole(node) {
    size = int(item_size(node.inputs[0]->dtype));
    type = expr_type(node.inputs[0]->dtype);
    strides = value_strides(node, window, size);
    bool half = type == DS_EXPR_F16 || type == DS_EXPR_BF16;
    add = half                  ? simd().floating(DS_EXPR_ADD, DS_EXPR_F32, 0)
          : type >= DS_EXPR_F32 ? simd().floating(DS_EXPR_ADD, type, 0)
                                : simd().integer(DS_EXPR_ADD, type, 0);
    int rank = int(window.extents.size());
    columns = rank ? window.extents[size_t(rank) - 1] : 1;
    to_step = rank ? window.strides[size_t(rank) - 1] : size;
    from_step = rank ? strides[size_t(rank) - 1] : size;
    rows = 1;
    for (int d = 0; d + 1 < rank; ++d) rows *= window.extents[size_t(d)];
    separate = injective(window.extents, window.strides);
    // Rows that all lie apart may go in parallel.
    grain = separate ? std::max<int64_t>(1, 8192 / std::max<int64_t>(columns, 1)) : rows;
  }
  int32_t run(const ds_run_args& args) {
    whole.run(args);
    char* to = memory(args.outputs[0]) + window.offset;
    const char* from = memory(args.inputs[1]);
    if (columns)
      parallel_for(rows, grain, [&](int64_t begin, int64_t end) {
        for (int64_t r = begin; r < end; ++r) {
          char* t = to;
          const char* f = from;
          int64_t rest = r;
          for (size_t d = window.extents.size(); d-- > 1; rest /= window.extents[d - 1]) {
            t += rest % window.extents[d - 1] * window.strides[d - 1];
            f += rest % window.extents[d - 1] * strides[d - 1];
          }
          row(t, f);
        }
      });
    return DS_OK;
  }

  void row(char* to, const char* from) const {
    alignas(64) char a[kTileGroup * 8], b[kTileGroup * 8], wide_a[kTileGroup * 8], wide_b[kTileGroup * 8];
    bool half = type == DS_EXPR_F16 || type == DS_EXPR_BF16;
    // Elements that coincide within a row are added one by one.
    int64_t group = separate || std::abs(to_step) >= size ? kTileGroup : 1;
    for (int64_t i = 0; i < columns; i += group) {
      int64_t n = std::min(group, columns - i);
      char* t = to + i * to_step;
      simd().gather(a, t, to_step, n, size);
      simd().gather(b, from + i * from_step, from_step, n, size);
      if (half) {
        simd().convert(type, DS_EXPR_F32)(wide_a, a, nullptr, nullptr, n);
        simd().convert(type, DS_EXPR_F32)(wide_b, b, nullptr, nullptr, n);
        add(wide_a, wide_a, wide_b, nullptr, n);
        simd().convert(DS_EXPR_F32, type)(a, wide_a, nullptr, nullptr, n);
      } else {
        add(a, a, b, nullptr, n);
      }
      if (to_step == size)
        std::memcpy(t, a, size_t(n * size));
      else
        for (int64_t k = 0; k < n; ++k) std::memcpy(t + k * to_step, a + k * size, size_t(size));
    }
  }

  Window window;
  Whole whole;
  std::vector<int64_t> strides;
  Tile add = nullptr;
  int size = 4, type = 0;
  int64_t rows = 1, columns = 1, to_step = 0, from_step = 0, grain = 1;
  bool separate = false;
};
DS_KERNEL(AddView);

struct Fill {
  static constexpr std::string_view name = "cpu.fill", op = "fill";
  static bool supports(const ds_node& node, ds_kernel_offer&) {
    return node.input_count == 0 && expr_type(node.outputs[0]->dtype) > 0;
  }
  explicit Fill(const ds_node& node)
      : filler(float_attribute(node, 1), node.outputs[0]->dtype), count(element_count(*node.outputs[0])) {}
  int32_t run(const ds_run_args& args) {
    filler.run(memory(args.outputs[0]), count);
    return DS_OK;
  }
  Filler filler;
  int64_t count;
};
DS_KERNEL(Fill);

}  // namespace
}  // namespace ds::cpu
