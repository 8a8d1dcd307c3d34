// kernel.hpp: rows of a kernel library in C++. A row is a struct, registered by DS_KERNEL(Row):
//
//   struct Softmax {
//     static constexpr std::string_view name = "cpu.softmax", op = "softmax", dtypes = "f32";  // op: one or several
//     static constexpr int32_t priority = 0;                                  // optional, as are device and dtypes
//     static bool supports(const ds_node& node, ds_kernel_offer& offer);      // false: not this node
//     explicit Softmax(const ds_node& node);                                  // binds all that can be bound
//     uint64_t workspace() const;                                             // optional: bytes each run needs
//     int32_t run(const ds_run_args& args);                                   // [serial per instance]
//   };
//   DS_KERNEL(Softmax);
//
// Exceptions are caught: Unsupported thrown by a constructor becomes DS_UNSUPPORTED.
#pragma once
#include <memory>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#include "deepseek/draft/kernel.h"
#include "deepseek/plugin.hpp"

namespace ds {

struct Unsupported : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// ---- threads ---------------------------------------------------------------------------------------------------

// The cpu device's pool; serial as long as no device offers one. [any]
inline const ds_threads& threads() {
  struct Pool {
    ds_threads table{};
    Pool() {
      constexpr std::string_view id = DS_THREADS_INTERFACE;
      table.size = sizeof table;
      if (!host || host->get_interface(host, id.data(), id.size(), &table, sizeof table) != DS_OK) table = {};
      if (!table.parallel_for || !table.thread_count) {
        table.parallel_for = [](const ds_threads*, int64_t count, int64_t, ds_range_fn fn, void* user) {
          return count > 0 ? fn(user, 0, count) : DS_OK;
        };
        table.thread_count = [](const ds_threads*, int32_t* count) { return *count = 1, int32_t{DS_OK}; };
      }
    }
  };
  static const Pool pool;
  return pool.table;
}

// body(begin, end) over disjoint ranges of [0, count), each at least `grain` long but for the last; serial when one
// range would do. The body must not throw.
template <class Body>
void parallel_for(int64_t count, int64_t grain, Body&& body) {
  if (count <= 0) return;
  if (count <= grain) return body(int64_t{0}, count);
  using Plain = std::remove_reference_t<Body>;
  const ds_threads& pool = threads();
  pool.parallel_for(
      &pool, count, grain < 1 ? 1 : grain,
      [](void* user, int64_t begin, int64_t end) -> int32_t {
        (*static_cast<Plain*>(user))(begin, end);
        return DS_OK;
      },
      const_cast<void*>(static_cast<const void*>(&body)));
}

// ---- what rows ask of nodes and tensors --------------------------------------------------------------------------

inline int64_t element_count(const ds_spec& spec) {
  int64_t n = 1;
  for (int32_t i = 0; i < spec.rank; ++i) n *= spec.shape[i];
  return n;
}

inline int64_t item_size(ds_dtype dtype) { return (DS_DTYPE_BITS(dtype) + 7) / 8; }

// First element of a tensor in host memory.
inline char* memory(const ds_tensor* t) { return static_cast<char*>(t->dl.data) + t->dl.byte_offset; }

// Strides of input i in elements; those of dense memory where the host gave none.
inline std::vector<int64_t> input_strides(const ds_node& node, uint32_t i) {
  const ds_spec& spec = *node.inputs[i];
  if (node.input_strides && node.input_strides[i]) return {node.input_strides[i], node.input_strides[i] + spec.rank};
  std::vector<int64_t> strides(spec.rank);
  for (int64_t d = spec.rank - 1, step = 1; d >= 0; --d) strides[d] = step, step *= spec.shape[d];
  return strides;
}

inline bool present(const ds_node& node, uint32_t i) {
  return i < node.input_count && node.inputs[i]->kind == DS_KIND_TENSOR;
}

namespace detail {

template <class Row>
struct KernelRow {
  static constexpr std::string_view device() {
    if constexpr (requires { Row::device; }) return Row::device;
    return "cpu";
  }
  static constexpr std::string_view dtypes() {
    if constexpr (requires { Row::dtypes; }) return Row::dtypes;
    return "";
  }
  static constexpr int32_t priority() {
    if constexpr (requires { Row::priority; }) return Row::priority;
    return 0;
  }
  static int32_t supports(void*, const ds_node* node, ds_kernel_offer* offer) {
    return guarded(nullptr, [&]() -> int32_t { return Row::supports(*node, *offer) ? DS_OK : DS_UNSUPPORTED; });
  }
  static int32_t create(void*, const ds_node* node, const ds_error_sink* error, void** state, uint64_t* workspace) {
    return guarded(error, [&]() -> int32_t {
      try {
        auto row = std::make_unique<Row>(*node);
        *workspace = 0;
        if constexpr (requires { row->workspace(); }) *workspace = row->workspace();
        *state = row.release();
        return DS_OK;
      } catch (const Unsupported& e) {
        return fail(error, DS_UNSUPPORTED, e.what());
      }
    });
  }
  static int32_t run(void* state, const ds_run_args* args) {
    return guarded(args->error, [&]() -> int32_t { return static_cast<Row*>(state)->run(*args); });
  }
  static void destroy(void* state) { delete static_cast<Row*>(state); }

  // One descriptor for the index-th name in Row::op.
  template <int index>
  static const void* describe() {
    std::string_view rest = Row::op, op;
    for (int i = 0; i <= index; ++i) {
      size_t blank = rest.find(' ');
      op = rest.substr(0, blank);
      rest = blank == rest.npos ? std::string_view{} : rest.substr(blank + 1);
    }
    static const ds_kernel kernel = {
        sizeof(ds_kernel), 0, text(Row::name), text(op), 0,      0,   text(device()), text(dtypes()),
        priority(),        0, nullptr,         supports, create, run, destroy};
    return &kernel;
  }
  static constexpr int count() {
    int n = 1;
    for (char c : Row::op) n += c == ' ';
    return n;
  }
  template <int... index>
  static void add(std::integer_sequence<int, index...>) {
    static Registration registrations[] = {{DS_KERNEL_INTERFACE, &describe<index>}...};
    (void)registrations;
  }
  KernelRow() { add(std::make_integer_sequence<int, count()>()); }
};

}  // namespace detail
}  // namespace ds

#define DS_KERNEL(Row) static const ::ds::detail::KernelRow<Row> ds_kernel_row_##Row
