// random.cc: uniform, normal and Bernoulli numbers; element i depends on the state and i alone (sdk's philox.hpp).
#include <algorithm>
#include <cstring>

#include "attributes.h"
#include "program.h"
#include "simd.h"

namespace ds::cpu {
namespace {

constexpr int64_t kWords = 64;  // of one call of philox: 16 blocks

class Random {
 public:
  static constexpr std::string_view name = "cpu.random", op = "random_uniform random_normal random_bernoulli";
  static bool supports(const ds_node& node, ds_kernel_offer&) {
    return node.input_count == 1 && node.inputs[0]->dtype == DS_U64 && binds<Random>(node);
  }
  explicit Random(const ds_node& node) {
    std::string_view op = view(node.op);
    kind_ = op == "random_normal" ? kNormal : op == "random_bernoulli" ? kBernoulli : kUniform;
    type_ = expr_type(node.outputs[0]->dtype);
    count_ = element_count(*node.outputs[0]);
    if (type_ <= 0 || (kind_ != kBernoulli && type_ < DS_EXPR_F16)) throw Unsupported("a dtype without random numbers");
    first_ = float_attribute(node, 1);
    if (kind_ != kBernoulli) second_ = float_attribute(node, 2);
    wide_ = type_ == DS_EXPR_F64 && kind_ != kBernoulli;
  }

  int32_t run(const ds_run_args& args) {
    uint64_t state[2];
    std::memcpy(state, memory(args.inputs[0]), sizeof state);
    char* y = memory(args.outputs[0]);
    int64_t per_group = wide_ ? kWords / 2 : kWords, size = expr_size(type_);
    parallel_for((count_ + per_group - 1) / per_group, 64, [&](int64_t begin, int64_t end) {
      alignas(64) double values[kWords];
      alignas(64) char out[kWords * 8], middle[kWords * 8];
      for (int64_t g = begin; g < end; ++g) {
        group(values, uint64_t(g), state);
        int64_t first = g * per_group, n = std::min(per_group, count_ - first);
        bool direct = n == kWords;
        char* to = direct ? y + first * size : out;
        if (type_ == DS_EXPR_F64) {
          std::memcpy(to, values, size_t(n * 8));
        } else if (type_ == DS_EXPR_F16 || type_ == DS_EXPR_BF16) {
          simd().convert(DS_EXPR_F64, DS_EXPR_F32)(middle, values, nullptr, nullptr, n);
          simd().convert(DS_EXPR_F32, type_)(to, middle, nullptr, nullptr, n);
        } else {
          simd().convert(DS_EXPR_F64, type_)(to, values, nullptr, nullptr, n);
        }
        if (!direct) std::memcpy(y + first * size, out, size_t(n * size));
      }
    });
    return DS_OK;
  }

 private:
  enum Kind { kUniform, kNormal, kBernoulli };

  void group(double* values, uint64_t g, const uint64_t* state) const {
    alignas(64) uint32_t words[kWords];
    simd().philox(words, g * 16, state[0], state[1]);
    int64_t n = wide_ ? kWords / 2 : kWords;
    if (wide_) {
      for (int64_t i = 0; i < n; ++i)
        values[i] = double((words[2 * i] | uint64_t{words[2 * i + 1]} << 32) >> 11) * 0x1p-53;
    } else {
      bool half = kind_ == kUniform && type_ == DS_EXPR_F16, brain = kind_ == kUniform && type_ == DS_EXPR_BF16;
      int shift = half ? 21 : brain ? 24 : 8;
      double unit = half ? 0x1p-11 : brain ? 0x1p-8 : 0x1p-24;
      for (int64_t i = 0; i < n; ++i) values[i] = double(int32_t(words[i] >> shift)) * unit;
    }
    switch (kind_) {
      case kUniform:
        if (first_ != 0 || second_ != 1)
          for (int64_t i = 0; i < n; ++i) values[i] = first_ + values[i] * (second_ - first_);
        break;
      case kNormal:
        simd().normal(values, n, wide_);
        for (int64_t i = 0; i < n; ++i) values[i] = first_ + values[i] * second_;
        break;
      case kBernoulli:
        for (int64_t i = 0; i < n; ++i) values[i] = values[i] < first_;
        break;
    }
  }

  Kind kind_;
  int type_;
  int64_t count_;
  double first_ = 0, second_ = 1;
  bool wide_;
};
DS_KERNEL(Random);

}  // namespace
}  // namespace ds::cpu
