// elementwise.cc: the row for any elementwise node: its program run tile by tile.
#include <alloca.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "program.h"

namespace ds::cpu {
namespace {

constexpr double kWorthAThread = 8e-6;        // seconds of work that a range should hold at least
constexpr int64_t kBeyondCache = 24ll << 20;  // bytes moved from which outputs go past the caches

class Elementwise {
 public:
  static constexpr std::string_view name = "cpu.elementwise", op = "*";

  static bool supports(const ds_node& node, ds_kernel_offer& offer) {
    const void* bytes;
    uint64_t size;
    if (!has_program(node, &bytes, &size) || node.output_count == 0) return false;
    const ds_spec& out = *node.outputs[0];
    for (uint32_t k = 1; k < node.output_count; ++k)
      if (!same_shape(*node.outputs[k], out)) return false;
    try {
      compile(node, make_space(node), simd(), false, true);
    } catch (const Unsupported&) {
      return false;
    }
    for (uint32_t i = 0; i < node.input_count && i < 64; ++i) {
      offer.strided_inputs |= 1ull << i;
      const ds_spec& in = *node.inputs[i];
      if (same_shape(in, out) && item_size(in.dtype) == item_size(out.dtype)) offer.in_place |= 1ull << i;
    }
    return true;
  }

  explicit Elementwise(const ds_node& node) : space_(make_space(node)) {
    int64_t bytes = 0;
    for (uint32_t i = 0; i < node.input_count; ++i)
      bytes += element_count(*node.inputs[i]) * item_size(node.inputs[i]->dtype);
    for (uint32_t k = 0; k < node.output_count; ++k) bytes += space_.count * item_size(node.outputs[k]->dtype);
    bool contract = !(node.flags & DS_NODE_STRICT);
    program_ = compile(node, space_, simd(), bytes > kBeyondCache, contract);
    double seconds = program_.seconds_per_element;
    if (space_.count) seconds += double(bytes) / double(space_.count) * 5e-11;
    int64_t line = space_.by_rows ? space_.inner : space_.count;
    tiles_ = line ? (line + program_.tile - 1) / program_.tile : 0;
    // Rows are cut into equal tiles, as far as groups allow.
    length_ = tiles_ ? (line + tiles_ - 1) / tiles_ : 0;
    length_ = std::min((length_ + kTileGroup - 1) / kTileGroup * kTileGroup, program_.tile);
    tiles_ = line ? (line + length_ - 1) / length_ : 0;
    grain_ = std::max<int64_t>(1, int64_t(kWorthAThread / (seconds * double(std::min(length_, line)) + 1e-9)));
    for (Input& in : space_.inputs)
      if (in.access == Access::kPeriodic) {
        repeat_offset_.push_back(repeat_bytes_);
        repeat_bytes_ += ((in.period + program_.tile) * in.size + 63) / 64 * 64;
      } else {
        repeat_offset_.push_back(-1);
      }
  }

  uint64_t workspace() const { return repeat_bytes_; }

  int32_t run(const ds_run_args& args) {
    if (!space_.count) return DS_OK;
    size_t inputs = program_.input_slot.size();
    auto** in = static_cast<char**>(alloca(sizeof(char*) * (inputs + 1)));
    for (size_t i = 0; i < inputs; ++i) {
      in[i] = memory(args.inputs[i]);
      if (repeat_offset_[i] >= 0)
        in[i] = repeat(space_.inputs[i], in[i], static_cast<char*>(args.workspace) + repeat_offset_[i]);
    }
    // Values of the whole call, computed once and read by every thread.
    char* values = align(alloca(program_.call_bytes + 64));
    Call call = {args, in, values};
    auto** slots = static_cast<void**>(alloca(sizeof(void*) * (program_.slots.size() + 1)));
    for (size_t i = 0; i < inputs; ++i)
      if (space_.inputs[i].access == Access::kScalar)
        std::memcpy(values + program_.slots[program_.input_slot[i]].index, in[i], space_.inputs[i].size);
    if (!program_.steps[kCall].empty()) {
      bind(slots, call, nullptr, nullptr);
      execute(kCall, slots, 1);
    }
    parallel_for(space_.rows * tiles_, grain_, [&](int64_t begin, int64_t end) { range(call, begin, end); });
    return DS_OK;
  }

 private:
  struct Call {
    const ds_run_args& args;
    char* const* inputs;
    char* values;
  };

  static bool same_shape(const ds_spec& a, const ds_spec& b) {
    return a.rank == b.rank && std::equal(a.shape, a.shape + a.rank, b.shape);
  }
  static char* align(void* p) {
    return reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(p) + 63) & ~uintptr_t{63});
  }

  char* repeat(const Input& in, const char* from, char* to) const {
    int64_t row = in.period * in.size, whole = row + program_.tile * in.size;
    for (int64_t at = 0; at < whole; at += row) std::memcpy(to + at, from, size_t(std::min(row, whole - at)));
    return to;
  }

  void bind(void** slots, const Call& call, char* rows, char* scratch) const {
    for (size_t s = 0; s < program_.slots.size(); ++s) {
      const Slot& slot = program_.slots[s];
      switch (slot.kind) {
        case Slot::kConstant:
          slots[s] = const_cast<uint64_t*>(&program_.constants[slot.index]);
          break;
        case Slot::kCallValue:
          slots[s] = call.values + slot.index;
          break;
        case Slot::kRowValue:
          slots[s] = rows + slot.index;
          break;
        case Slot::kRegister:
          slots[s] = scratch + slot.index;
          break;
        case Slot::kInput:
        case Slot::kOutput:
          slots[s] = nullptr;
          break;
      }
    }
  }

  void execute(Level level, void** slots, int64_t n) const {
    for (const Step& s : program_.steps[level]) s.fn(slots[s.out], slots[s.a], slots[s.b], slots[s.c], n);
  }

  // Tiles [begin, end), counted over rows.
  __attribute__((noinline)) void range(const Call& call, int64_t begin, int64_t end) const {
    char* rows = align(alloca(program_.row_bytes + program_.scratch_bytes + 64));
    char* scratch = rows + program_.row_bytes;
    auto** slots = static_cast<void**>(alloca(sizeof(void*) * (program_.slots.size() + 1)));
    auto* row_in = static_cast<const char**>(alloca(sizeof(char*) * (program_.input_slot.size() + 1)));
    bind(slots, call, rows, scratch);
    int64_t line = space_.inner, row = begin / tiles_, tile = begin % tiles_;
    if (!space_.by_rows || space_.rows == 1) std::copy_n(call.inputs, program_.input_slot.size(), row_in);
    bool fresh_row = space_.by_rows && space_.rows > 1;
    for (int64_t t = begin; t < end; ++t) {
      if (fresh_row) enter_row(call, row, row_in, rows, slots), fresh_row = false;
      int64_t at = tile * length_, n = std::min(length_, line - at);
      // A long tile's whole groups are computed in place, only what is left goes through staging tiles.
      int64_t whole = n < 4 * kTileGroup ? 0 : n / kTileGroup * kTileGroup;
      if (whole) one_tile(call, slots, scratch, row_in, row * line + at, at, whole);
      if (n > whole) one_tile(call, slots, scratch, row_in, row * line + at + whole, at + whole, n - whole);
      if (++tile == tiles_) tile = 0, ++row, fresh_row = space_.rows > 1;
    }
#if defined(__x86_64__)
    __builtin_ia32_sfence();  // streaming stores become visible before this range counts as done
#endif
  }

  void enter_row(const Call& call, int64_t row, const char** row_in, char* rows, void** slots) const {
    for (size_t i = 0; i < program_.input_slot.size(); ++i) {
      const Input& in = space_.inputs[i];
      row_in[i] = call.inputs[i] + space_.row_offset(in, row);
      if (in.access == Access::kRowScalar)
        std::memcpy(rows + program_.slots[program_.input_slot[i]].index, row_in[i], in.size);
    }
    execute(kRow, slots, 1);
  }

  // n elements from `at` of the row, `first` of the output.
  void one_tile(const Call& call, void** slots, char* scratch, const char* const* row_in, int64_t first, int64_t at,
                int64_t n) const {
    bool tail = n % kTileGroup != 0;
    for (size_t i = 0; i < program_.input_slot.size(); ++i) {
      const Input& in = space_.inputs[i];
      if (!program_.input_tile[i]) continue;
      void*& slot = slots[program_.input_slot[i]];
      char* stage = scratch + program_.input_stage[i];
      const char* from = row_in[i];
      switch (in.access) {
        case Access::kPeriodic:
          from += at % in.period * in.size;
          break;
        case Access::kDirect:
          from += at * in.size;
          break;
        case Access::kStrided:
          simd().gather(slot = stage, from + at * in.strides.back(), in.strides.back(), n, in.size);
          continue;
        case Access::kGather:
          gather(in, from, at, n, stage);
          slot = stage;
          continue;
        default:
          continue;
      }
      slot = const_cast<char*>(from);
      if (tail) std::memcpy(slot = stage, from, size_t(n * in.size));
    }
    for (size_t k = 0; k < program_.output_slot.size(); ++k)
      slots[program_.output_slot[k]] =
          tail ? scratch + program_.output_stage[k] : memory(call.args.outputs[k]) + first * program_.output_size[k];
    execute(kTile, slots, n);
    if (!tail) return;
    for (size_t k = 0; k < program_.output_slot.size(); ++k)
      std::memcpy(memory(call.args.outputs[k]) + first * program_.output_size[k], scratch + program_.output_stage[k],
                  size_t(n * program_.output_size[k]));
  }

  // Elements [at, at + n) of the whole space, row after row.
  void gather(const Input& in, const char* from, int64_t at, int64_t n, char* to) const {
    const auto& extents = space_.extents;
    int last = int(extents.size()) - 1;
    int64_t index[DS_MAX_RANK];
    int64_t rest = at;
    for (int d = last; d >= 0; --d) {
      index[d] = rest % extents[d];
      rest /= extents[d];
      from += index[d] * in.strides[d];
    }
    int64_t step = in.strides[last];
    while (n > 0) {
      int64_t run = std::min(n, extents[last] - index[last]);
      if (step == in.size)
        std::memcpy(to, from, size_t(run * in.size));
      else
        simd().gather(to, from, step, run, in.size);
      to += run * in.size;
      n -= run;
      from -= index[last] * step;
      index[last] = 0;
      for (int d = last - 1; d >= 0; --d) {
        from += in.strides[d];
        if (++index[d] < extents[d]) break;
        from -= extents[d] * in.strides[d];
        index[d] = 0;
      }
    }
  }

  Space space_;
  Program program_;
  int64_t tiles_ = 0;   // per row
  int64_t length_ = 0;  // elements of a tile
  int64_t grain_ = 1;
  int64_t repeat_bytes_ = 0;
  std::vector<int64_t> repeat_offset_;
};
DS_KERNEL(Elementwise);

// cast is no elementwise node with a program; it gets one of a single instruction.
class Cast : public Elementwise {
  struct Bytes {
    alignas(8) char data[sizeof(ds_expr_header) + sizeof(ds_expr_instruction) + 4] = {};
  };

 public:
  static constexpr std::string_view name = "cpu.cast", op = "cast";

  static bool supports(const ds_node& node, ds_kernel_offer& offer) {
    Bytes bytes;
    return node.input_count == 1 && expr_type(node.inputs[0]->dtype) > 0 && expr_type(node.outputs[0]->dtype) > 0 &&
           Elementwise::supports(with_program(node, bytes), offer);
  }
  explicit Cast(const ds_node& node) : Cast(node, Bytes()) {}

 private:
  Cast(const ds_node& node, Bytes bytes) : Elementwise(with_program(node, bytes)) {}
  static ds_node with_program(const ds_node& node, Bytes& bytes) {
    ds_expr_header header = {DS_EXPR_MAGIC, 1, 0, 1, 1, sizeof bytes.data};
    ds_expr_instruction cast = {};
    cast.op = DS_EXPR_CAST;
    cast.type = uint8_t(expr_type(node.outputs[0]->dtype));
    cast.operand = uint8_t(expr_type(node.inputs[0]->dtype));
    const uint16_t output = 1;
    std::memcpy(bytes.data, &header, sizeof header);
    std::memcpy(bytes.data + sizeof header, &cast, sizeof cast);
    std::memcpy(bytes.data + sizeof header + sizeof cast, &output, sizeof output);
    ds_node with = node;
    with.expr = bytes.data;
    with.expr_size = sizeof bytes.data;
    return with;
  }
};
DS_KERNEL(Cast);

}  // namespace
}  // namespace ds::cpu
