// Kernels of views that get aliasing wrong, one a plugin: -DBUG=Name. They go before the built-in ones.
#include <cstdlib>
#include <cstring>

#include "view.h"

namespace ds::fuzz {

struct Row {
  static constexpr int32_t priority = 1000;
  static bool supports(const ds_node& node, ds_kernel_offer&) { return movable(node); }
  static bool movable(const ds_node& node) { return DS_DTYPE_BITS(node.inputs[0]->dtype) % 8 == 0; }

  explicit Row(const ds_node& node)
      : view({node.attributes, node.attribute_count}),
        size(item_size(node.inputs[0]->dtype)),
        count(element_count(*node.inputs[0])) {}

  void move(char* to, int64_t to_index, const char* from, int64_t from_index) const {
    std::memcpy(to + to_index * size, from + from_index * size, size_t(size));
  }

  View view;
  int64_t size, count;
};

// ---- read_view ------------------------------------------------------------------------------------------------------
struct Read : Row {
  static constexpr std::string_view op = "read_view";
  using Row::Row;
  // The view as the bug understands it.
  int32_t run(const ds_run_args& args) const {
    char* to = memory(args.outputs[0]);
    int64_t n = 0;
    // Within the memory in any case: crashes are not what is looked for.
    view.walk([&](int64_t at) { move(to, n++, memory(args.inputs[0]), (at % count + count) % count); });
    return DS_OK;
  }
};

// Nothing is wrong with these two: what is found with the others is theirs.
struct HonestRead : Read {
  static constexpr std::string_view name = "honest_read";
  using Read::Read;
};

struct ReadIgnoresOffset : Read {
  static constexpr std::string_view name = "read_ignores_offset";
  explicit ReadIgnoresOffset(const ds_node& node) : Read(node) { view.offset = 0; }
};

// Backwards is read as forwards from the same lowest element.
struct ReadNegativeAsPositive : Read {
  static constexpr std::string_view name = "read_negative_as_positive";
  explicit ReadNegativeAsPositive(const ds_node& node) : Read(node) {
    for (size_t d = 0; d < view.shape.size(); ++d) {
      if (view.strides[d] < 0) view.offset += view.strides[d] * (view.shape[d] - 1);
      view.strides[d] = std::abs(view.strides[d]);
    }
  }
};

// A repeated axis walks on.
struct ReadZeroStrideAsOne : Read {
  static constexpr std::string_view name = "read_zero_stride_as_one";
  explicit ReadZeroStrideAsOne(const ds_node& node) : Read(node) {
    for (int64_t& stride : view.strides) stride = stride ? stride : 1;
  }
};

// A transposed matrix is read untransposed when it is square, as only that looks the same from outside.
struct ReadSquaresUntransposed : Read {
  static constexpr std::string_view name = "read_squares_untransposed";
  explicit ReadSquaresUntransposed(const ds_node& node) : Read(node) {
    size_t rank = view.shape.size();
    if (rank >= 2 && view.shape[rank - 1] == view.shape[rank - 2] && view.strides[rank - 2] < view.strides[rank - 1])
      std::swap(view.strides[rank - 1], view.strides[rank - 2]);
  }
};

// Offers to work in place, which only views that do not move elements can.
struct ReadInPlace : Read {
  static constexpr std::string_view name = "read_in_place";
  using Read::Read;
  static bool supports(const ds_node& node, ds_kernel_offer& offer) {
    offer.in_place = 1;
    return movable(node);
  }
};

// ---- write_view -----------------------------------------------------------------------------------------------------
struct Write : Row {
  static constexpr std::string_view op = "write_view";
  static bool supports(const ds_node& node, ds_kernel_offer& offer) {
    offer.in_place = 1;
    offer.strided_inputs = 2;
    return movable(node);
  }
  explicit Write(const ds_node& node) : Row(node), value(*node.inputs[1], input_strides(node, 1)) {}
  void base(const ds_run_args& args) const {
    char *to = memory(args.outputs[0]), *from = memory(args.inputs[0]);
    if (to != from) std::memcpy(to, from, size_t(count * size));
  }
  // keep(n): whether the n-th element is written.
  template <class Keep>
  void write(char* to, const ds_run_args& args, Keep&& keep) const {
    std::vector<int64_t> sources;
    value.walk([&](int64_t at) { sources.push_back(at); });
    int64_t n = 0;
    view.walk([&](int64_t at) {
      if (keep(n)) move(to, at, memory(args.inputs[1]), sources[size_t(n)]);
      ++n;
    });
  }
  static bool all(int64_t) { return true; }
  int32_t run(const ds_run_args& args) const {
    base(args);
    write(memory(args.outputs[0]), args, all);
    return DS_OK;
  }
  View value;
};

struct HonestWrite : Write {
  static constexpr std::string_view name = "honest_write";
  using Write::Write;
};

// Of elements that coincide the first in C order wins: the last axis is walked backwards, and so are all others.
struct WriteBackwards : Write {
  static constexpr std::string_view name = "write_backwards";
  explicit WriteBackwards(const ds_node& node) : Write(node) {
    for (View* v : {&view, &value})
      for (size_t d = 0; d < v->shape.size(); ++d) {
        v->offset += v->strides[d] * (v->shape[d] - 1);
        v->strides[d] = -v->strides[d];
      }
  }
};

// The last row of a matrix that does not reach over whole rows is forgotten.
struct WriteSkipsLastRow : Write {
  static constexpr std::string_view name = "write_skips_last_row";
  using Write::Write;
  int32_t run(const ds_run_args& args) const {
    size_t rank = view.shape.size();
    bool narrow = rank >= 2 && view.shape[rank - 2] > 1 && view.strides[rank - 2] > view.shape[rank - 1];
    int64_t columns = narrow ? view.shape[rank - 1] : 0, rows = narrow ? view.shape[rank - 2] : 0;
    base(args);
    write(memory(args.outputs[0]), args, [&](int64_t n) { return !narrow || n / columns % rows != rows - 1; });
    return DS_OK;
  }
};

// A transposed or otherwise strided value is taken as dense.
struct WriteDenseValue : Write {
  static constexpr std::string_view name = "write_dense_value";
  explicit WriteDenseValue(const ds_node& node) : Write(node) { value.pretend_dense(); }
};

// Changes the old version too, which others may still read.
struct WriteChangesBase : Write {
  static constexpr std::string_view name = "write_changes_base";
  using Write::Write;
  int32_t run(const ds_run_args& args) const {
    if (!(args.inputs[0]->flags & DS_TENSOR_CONSTANT)) write(memory(args.inputs[0]), args, all);
    return Write::run(args);
  }
};

// Offers to put the result where the value is.
struct WriteOverValue : Write {
  static constexpr std::string_view name = "write_over_value";
  using Write::Write;
  static bool supports(const ds_node& node, ds_kernel_offer& offer) {
    Write::supports(node, offer);
    offer.in_place = 3;
    return movable(node);
  }
};

// ---- copy -----------------------------------------------------------------------------------------------------------
// Asks for strided operands and copies them as they lie in memory.
struct CopyIgnoresStrides {
  static constexpr int32_t priority = 1000;
  static constexpr std::string_view name = "copy_ignores_strides", op = "copy";
  static bool supports(const ds_node& node, ds_kernel_offer& offer) {
    offer.strided_inputs = 1;
    return Row::movable(node);
  }
  explicit CopyIgnoresStrides(const ds_node& node)
      : from(*node.inputs[0], input_strides(node, 0)), size(item_size(node.inputs[0]->dtype)) {
    from.pretend_dense();
  }
  int32_t run(const ds_run_args& args) const {
    char* to = memory(args.outputs[0]);
    from.walk([&](int64_t at) {
      std::memcpy(to, memory(args.inputs[0]) + at * size, size_t(size));
      to += size;
    });
    return DS_OK;
  }
  View from;
  int64_t size;
};

DS_KERNEL(BUG);

}  // namespace ds::fuzz
