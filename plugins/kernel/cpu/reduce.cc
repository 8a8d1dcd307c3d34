// reduce.cc: reductions over any axes of dense memory, in one or two sweeps, for any dtype.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "attributes.h"
#include "program.h"
#include "sweep.h"

namespace ds::cpu {
namespace {

// Which axes of input 0 stay, from the attribute `axis` ([] = all go) or, for sum_to, from the output's shape.
std::vector<bool> kept_axes(const ds_node& node) {
  const ds_spec& x = *node.inputs[0];
  std::vector<bool> kept(size_t(x.rank), true);
  if (view(node.op) == "sum_to") {
    const ds_spec& y = *node.outputs[0];
    for (int32_t d = 0; d < x.rank; ++d) {
      int32_t at = d - (x.rank - y.rank);
      kept[size_t(d)] = at >= 0 && (y.shape[at] == x.shape[d]);
    }
    return kept;
  }
  std::vector<int64_t> axes = attribute(node, 0).tag == DS_NONE ? std::vector<int64_t>() : ints_attribute(node, 0);
  if (axes.empty()) kept.assign(kept.size(), false);
  for (int64_t a : axes) {
    a += a < 0 ? x.rank : 0;
    if (a < 0 || a >= x.rank) throw Unsupported("an axis outside the tensor");
    kept[size_t(a)] = false;
  }
  return kept;
}

Sweep sweep_of(const ds_node& node) {
  const ds_spec& x = *node.inputs[0];
  int type = expr_type(x.dtype);
  if (type <= 0) throw Unsupported("a dtype reductions do not know");
  return Sweep({x.shape, x.shape + x.rank}, kept_axes(node), type);
}

// Finished accumulators into the output's dtype, in groups.
void store(const Accumulator* from, bool floating, bool is_unsigned, char* to, int type, int64_t count) {
  int source = floating ? DS_EXPR_F64 : is_unsigned ? DS_EXPR_U64 : DS_EXPR_I64, size = expr_size(type);
  const Simd& s = simd();
  parallel_for((count + kTileGroup - 1) / kTileGroup, 256, [&](int64_t begin, int64_t end) {
    alignas(64) char in[kTileGroup * 8], middle[kTileGroup * 8], out[kTileGroup * 8];
    for (int64_t g = begin; g < end; ++g) {
      int64_t first = g * kTileGroup, n = std::min(kTileGroup, count - first);
      std::memcpy(in, from + first, size_t(n * 8));
      if (type == DS_EXPR_F16 || type == DS_EXPR_BF16) {
        s.convert(source, floating ? kOddF32 : DS_EXPR_F32)(middle, in, nullptr, nullptr, n);
        s.convert(DS_EXPR_F32, type)(out, middle, nullptr, nullptr, n);
      } else {
        s.convert(source, type)(out, in, nullptr, nullptr, n);
      }
      std::memcpy(to + first * size, out, size_t(n * size));
    }
  });
}

class Reduction {
 public:
  static bool takes(const ds_node& node) {
    return node.input_count == 1 && node.output_count == 1 && expr_type(node.outputs[0]->dtype) > 0;
  }
  explicit Reduction(const ds_node& node) : sweep_(sweep_of(node)) {
    type_ = expr_type(node.outputs[0]->dtype);
    unsigned_ = node.inputs[0]->dtype == DS_U64;
    if (element_count(*node.outputs[0]) != sweep_.outputs()) throw Unsupported("an output of another size");
  }

 protected:
  static int64_t bytes(int64_t accumulators) { return accumulators * int64_t(sizeof(Accumulator)); }
  void store_result(const Accumulator* from, const ds_run_args& args) const {
    store(from, sweep_.floating(), unsigned_, memory(args.outputs[0]), type_, sweep_.outputs());
  }
  Sweep sweep_;
  int type_;
  bool unsigned_;
};

class Reduce : public Reduction {
 public:
  static constexpr std::string_view name = "cpu.reduce", op = "sum mean prod max min any all sum_to";
  static bool supports(const ds_node& node, ds_kernel_offer&) { return takes(node) && binds<Reduce>(node); }

  explicit Reduce(const ds_node& node) : Reduction(node) {
    std::string_view op = view(node.op);
    truth_ = op == "any" || op == "all";
    mean_ = op == "mean";
    pass_ = op == "prod"                 ? kPassProd
            : op == "max" || op == "any" ? kPassMax
            : op == "min" || op == "all" ? kPassMin
                                         : kPassSum;
    if (mean_ && !sweep_.floating()) throw Unsupported("a mean of integers");
  }
  uint64_t workspace() const { return uint64_t(bytes(sweep_.outputs() + sweep_.partials())); }
  int32_t run(const ds_run_args& args) {
    auto* partial = static_cast<Accumulator*>(args.workspace);
    Accumulator* result = sweep_.partials() == sweep_.outputs() ? partial : partial + sweep_.partials();
    sweep_.run(pass_, memory(args.inputs[0]), result, partial, nullptr, truth_);
    if (truth_ && sweep_.reduced() == 0)
      std::fill(
          result, result + sweep_.outputs(),
          sweep_.floating() ? Accumulator{.f = pass_ == kPassMin ? 1.0 : 0.0} : Accumulator{.i = pass_ == kPassMin});
    if (mean_)
      for (int64_t k = 0; k < sweep_.outputs(); ++k) result[k].f /= double(sweep_.reduced());
    store_result(result, args);
    return DS_OK;
  }

 private:
  Pass pass_;
  bool truth_, mean_;
};
DS_KERNEL(Reduce);

// A second sweep needs a number per output from the first.
class TwoSweeps : public Reduction {
 public:
  static constexpr std::string_view name = "cpu.reduce2", op = "var std logsumexp";
  static bool supports(const ds_node& node, ds_kernel_offer&) { return takes(node) && binds<TwoSweeps>(node); }

  explicit TwoSweeps(const ds_node& node) : Reduction(node) {
    std::string_view op = view(node.op);
    exp_ = op == "logsumexp";
    root_ = op == "std";
    if (!sweep_.floating()) throw Unsupported("needs a floating dtype");
    if (!exp_)
      for (uint32_t i = 1; i < node.attribute_count; ++i)
        if (node.attributes[i].tag == DS_INT || node.attributes[i].tag == DS_FLOAT)
          correction_ = float_attribute(node, i);
  }
  uint64_t workspace() const { return uint64_t(bytes(2 * sweep_.outputs() + sweep_.partials())); }
  int32_t run(const ds_run_args& args) {
    auto* result = static_cast<Accumulator*>(args.workspace);
    Accumulator *center = result + sweep_.outputs(), *partial = center + sweep_.outputs();
    const char* x = memory(args.inputs[0]);
    int64_t count = sweep_.outputs();
    sweep_.run(exp_ ? kPassMax : kPassSum, x, center, partial, nullptr, false);
    for (int64_t k = 0; k < count; ++k) {
      double& c = center[k].f;
      if (!exp_)
        c /= double(sweep_.reduced());
      else if (std::isinf(c))
        c = c < 0 ? 0 : c;  // all -inf: exp(-inf) sums to 0
    }
    sweep_.run(exp_ ? kPassExp : kPassSquares, x, result, partial, center, false);
    for (int64_t k = 0; k < count; ++k) {
      double& r = result[k].f;
      if (exp_) {
        r = center[k].f == HUGE_VAL ? HUGE_VAL : std::log(r) + center[k].f;
      } else {
        double divisor = double(sweep_.reduced()) - correction_;
        r /= divisor > 0 ? divisor : 0;
        if (root_) r = std::sqrt(r);
      }
    }
    store_result(result, args);
    return DS_OK;
  }

 private:
  bool exp_, root_;
  double correction_ = 0;
};
DS_KERNEL(TwoSweeps);

// The first place of an extreme along one axis, or in the whole tensor.
class Arg {
 public:
  static constexpr std::string_view name = "cpu.arg", op = "argmax argmin";
  static bool supports(const ds_node& node, ds_kernel_offer&) {
    return node.input_count == 1 && node.outputs[0]->dtype == DS_I64 && binds<Arg>(node);
  }
  explicit Arg(const ds_node& node) {
    const ds_spec& x = *node.inputs[0];
    type_ = expr_type(x.dtype);
    if (type_ <= 0) throw Unsupported("a dtype argmax does not know");
    bool half = type_ == DS_EXPR_F16 || type_ == DS_EXPR_BF16;
    to_ = half ? DS_EXPR_F32 : type_ >= DS_EXPR_F32 ? type_ : type_ == DS_EXPR_U64 ? DS_EXPR_U64 : DS_EXPR_I64;
    minimum_ = view(node.op) == "argmin";
    const ds_value& v = attribute(node, 0);
    std::vector<int64_t> axes;
    if (v.tag == DS_INT)
      axes = {v.u.i};
    else if (v.tag == DS_INTS)
      axes.assign(v.u.is, v.u.is + v.count);
    if (axes.size() > 1) throw Unsupported("several axes");
    if (axes.empty()) {
      length_ = element_count(x);
    } else {
      int64_t axis = axes[0] + (axes[0] < 0 ? x.rank : 0);
      if (axis < 0 || axis >= std::max(x.rank, 1)) throw Unsupported("an axis outside the tensor");
      if (x.rank) length_ = x.shape[axis];
      for (int64_t d = 0; d < axis; ++d) outer_ *= x.shape[d];
      for (int64_t d = axis + 1; d < x.rank; ++d) inner_ *= x.shape[d];
    }
    if (length_ == 0) throw Unsupported("no elements to choose from");
  }
  // Rows gathered into the computing type, one per thread's piece, come from the stack when short.
  int32_t run(const ds_run_args& args) {
    const char* x = memory(args.inputs[0]);
    auto* y = reinterpret_cast<int64_t*>(memory(args.outputs[0]));
    int64_t grain = std::max<int64_t>(1, 16384 / length_);
    parallel_for(outer_ * inner_, grain, [&](int64_t begin, int64_t end) {
      for (int64_t k = begin; k < end; ++k)
        y[k] = along(x + (k / inner_ * length_ * inner_ + k % inner_) * expr_size(type_));
    });
    return DS_OK;
  }

 private:
  static constexpr int64_t kChunk = 1024;

  static bool wins(int type, bool minimum, const char* a, const char* b) {
    auto better = [&](auto x, auto y) { return x != x ? y == y : minimum ? x < y : x > y; };
    auto read = [](auto* out, const char* p) { std::memcpy(out, p, sizeof *out); };
    if (type == DS_EXPR_F32) {
      float x, y;
      read(&x, a), read(&y, b);
      return better(x, y);
    }
    if (type == DS_EXPR_F64) {
      double x, y;
      read(&x, a), read(&y, b);
      return better(x, y);
    }
    if (type == DS_EXPR_I64) {
      int64_t x, y;
      read(&x, a), read(&y, b);
      return better(x, y);
    }
    uint64_t x, y;
    read(&x, a), read(&y, b);
    return better(x, y);
  }

  int64_t along(const char* x) const {
    alignas(64) char raw[kChunk * 8], wide[kChunk * 8];
    int size = expr_size(type_), wide_size = expr_size(to_);
    int index = to_ == DS_EXPR_F32 ? 0 : to_ == DS_EXPR_F64 ? 1 : to_ == DS_EXPR_I64 ? 2 : 3;
    char best[8];
    int64_t place = -1;
    for (int64_t at = 0; at < length_; at += kChunk) {
      int64_t n = std::min(kChunk, length_ - at);
      const char* values = x + at * inner_ * size;
      if (inner_ != 1 || to_ != type_) {
        simd().gather(raw, values, inner_ * size, n, size);
        values = raw;
        if (to_ != type_) simd().convert(type_, to_)(wide, raw, nullptr, nullptr, n), values = wide;
      }
      int64_t i = simd().rows->arg[minimum_][index](values, n);
      if (place >= 0 && !wins(to_, minimum_, values + i * wide_size, best)) continue;
      place = at + i;
      std::memcpy(best, values + i * wide_size, size_t(wide_size));
    }
    return place;
  }

  int type_, to_;
  bool minimum_;
  int64_t outer_ = 1, inner_ = 1, length_ = 1;
};
DS_KERNEL(Arg);

}  // namespace
}  // namespace ds::cpu
