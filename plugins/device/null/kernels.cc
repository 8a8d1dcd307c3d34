// A few kernels, enough for a small network: each resolves handles, queues the work and returns.
#include <cmath>
#include <cstring>
#include <numeric>

#include "deepseek/expr_program.hpp"
#include "deepseek/kernel.hpp"
#include "null.h"

namespace ds::null {
namespace {

// A tensor's memory, kept alive until the work that uses it is done.
struct Span {
  std::shared_ptr<Block> block;
  char* at = nullptr;
};

struct Launch {
  std::shared_ptr<Stream> stream;
  std::vector<Span> inputs, outputs;

  explicit Launch(const ds_run_args& args) {
    Machine& m = machines()[static_cast<size_t>(args.outputs[0]->dl.device.index % kDevices)];
    stream = m.usable() ? m.stream(args.stream) : nullptr;
    const auto resolve = [&](const ds_tensor* t) {
      if (!t) return Span{};
      auto block = m.blocks.find(t->dl.data);
      // What the elements span must lie inside the block, as hardware would insist.
      if (!block || t->dl.byte_offset > block->size || t->nbytes > block->size - t->dl.byte_offset) stream = nullptr;
      char* at = block ? block->bytes.get() + t->dl.byte_offset : nullptr;
      return Span{std::move(block), at};
    };
    for (uint32_t i = 0; i < args.input_count; ++i) inputs.push_back(resolve(args.inputs[i]));
    for (uint32_t i = 0; i < args.output_count; ++i) outputs.push_back(resolve(args.outputs[i]));
  }
  template <class F>
  static int32_t enqueue(const ds_run_args& args, F&& body) {
    auto launch = std::make_shared<Launch>(args);
    if (!launch->stream) return fail(args.error, DS_DEVICE_MISMATCH, "null: device lost, or memory of another device");
    const auto stream = std::exchange(launch->stream, nullptr);
    stream->enqueue([launch, body]() -> ds_status { return body(*launch), DS_OK; });
    return DS_OK;
  }
};

template <class T>
T* elements(const Span& span) {
  return reinterpret_cast<T*>(span.at);
}

// Offset of the flat index-th element of `shape` under these strides.
int64_t offset_of(int64_t index, const std::vector<int64_t>& shape, const std::vector<int64_t>& strides) {
  int64_t offset = 0;
  for (size_t d = shape.size(); d-- > 0; index /= shape[d]) offset += index % shape[d] * strides[d];
  return offset;
}

struct Copy {
  static constexpr std::string_view name = "null.copy", op = "copy", device = kName;
  static bool supports(const ds_node&, ds_kernel_offer&) { return true; }
  explicit Copy(const ds_node& node) : bytes(element_count(*node.inputs[0]) * item_size(node.inputs[0]->dtype)) {}
  int32_t run(const ds_run_args& args) const {
    return Launch::enqueue(args, [n = bytes](Launch& l) {
      if (n) std::memmove(l.outputs[0].at, l.inputs[0].at, static_cast<size_t>(n));
    });
  }
  int64_t bytes;
};
DS_KERNEL(Copy);

struct ReadView {
  static constexpr std::string_view name = "null.read_view", op = "read_view", device = kName;
  static bool supports(const ds_node& node, ds_kernel_offer&) { return node.attribute_count == 3; }
  explicit ReadView(const ds_node& node)
      : item(item_size(node.inputs[0]->dtype)),
        start(node.attributes[0].u.i),
        shape(node.attributes[1].u.is, node.attributes[1].u.is + node.attributes[1].count),
        strides(node.attributes[2].u.is, node.attributes[2].u.is + node.attributes[2].count) {}
  int32_t run(const ds_run_args& args) const {
    return Launch::enqueue(args, [self = *this, count = element_count(shape)](Launch& l) {
      for (int64_t i = 0; i < count; ++i)
        std::memcpy(l.outputs[0].at + i * self.item,
                    l.inputs[0].at + (self.start + offset_of(i, self.shape, self.strides)) * self.item,
                    static_cast<size_t>(self.item));
    });
  }
  static int64_t element_count(const std::vector<int64_t>& shape) {
    return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
  }
  int64_t item, start;
  std::vector<int64_t> shape, strides;
};
DS_KERNEL(ReadView);

struct Fill {
  static constexpr std::string_view name = "null.fill", op = "fill", dtypes = "f32", device = kName;
  static bool supports(const ds_node& node, ds_kernel_offer&) { return node.attributes[1].tag == DS_FLOAT; }
  explicit Fill(const ds_node& node) : count(element_count(*node.outputs[0])), value(node.attributes[1].u.f) {}
  int32_t run(const ds_run_args& args) const {
    return Launch::enqueue(args, [self = *this](Launch& l) {
      std::fill_n(elements<float>(l.outputs[0]), self.count, static_cast<float>(self.value));
    });
  }
  int64_t count;
  double value;
};
DS_KERNEL(Fill);

struct Matmul {
  static constexpr std::string_view name = "null.matmul", op = "matmul", dtypes = "f32", device = kName;
  static bool supports(const ds_node& node, ds_kernel_offer&) {
    return node.inputs[0]->rank == 2 && node.inputs[1]->rank == 2;
  }
  explicit Matmul(const ds_node& node)
      : rows(node.inputs[0]->shape[0]), inner(node.inputs[0]->shape[1]), columns(node.inputs[1]->shape[1]) {}
  int32_t run(const ds_run_args& args) const {
    return Launch::enqueue(args, [self = *this](Launch& l) {
      const float *a = elements<float>(l.inputs[0]), *b = elements<float>(l.inputs[1]);
      float* y = elements<float>(l.outputs[0]);
      for (int64_t i = 0; i < self.rows; ++i)
        for (int64_t j = 0; j < self.columns; ++j) {
          double sum = 0;
          for (int64_t k = 0; k < self.inner; ++k) sum += double{a[i * self.inner + k]} * b[k * self.columns + j];
          y[i * self.columns + j] = static_cast<float>(sum);
        }
    });
  }
  int64_t rows, inner, columns;
};
DS_KERNEL(Matmul);

// The scalar operations this device knows.
bool compute(int op, float a, float b, float c, float* y) {
  switch (op) {
    case DS_EXPR_ADD:
      return *y = a + b, true;
    case DS_EXPR_SUB:
      return *y = a - b, true;
    case DS_EXPR_MUL:
      return *y = a * b, true;
    case DS_EXPR_DIV:
      return *y = a / b, true;
    case DS_EXPR_NEG:
      return *y = -a, true;
    case DS_EXPR_MIN:
      return *y = std::isnan(a) || a < b ? a : b, true;
    case DS_EXPR_MAX:
      return *y = std::isnan(a) || a > b ? a : b, true;
    case DS_EXPR_EXP:
      return *y = std::exp(a), true;
    case DS_EXPR_LOG:
      return *y = std::log(a), true;
    case DS_EXPR_TANH:
      return *y = std::tanh(a), true;
    case DS_EXPR_SQRT:
      return *y = std::sqrt(a), true;
    case DS_EXPR_SIGMOID:
      return *y = 1 / (1 + std::exp(-a)), true;
    case DS_EXPR_GT:
      return *y = a > b, true;
    case DS_EXPR_LT:
      return *y = a < b, true;
    case DS_EXPR_SELECT:
      return *y = a != 0 ? b : c, true;
    case DS_EXPR_COPY:
      return *y = a, true;
    default:
      return false;
  }
}

// Any elementwise node in f32 whose program uses only these.
struct Elementwise {
  static constexpr std::string_view name = "null.elementwise", op = "*", dtypes = "f32", device = kName;

  static bool supports(const ds_node& node, ds_kernel_offer&) {
    ExprProgram program;
    if (!program.read(node.expr, node.expr_size) || program.inputs != node.input_count) return false;
    for (uint32_t i = 0; i < node.input_count; ++i)
      if (node.inputs[i]->dtype != DS_F32) return false;
    for (uint32_t i = 0; i < node.output_count; ++i)
      if (node.outputs[i]->dtype != DS_F32) return false;
    float unused;
    for (const auto& step : program.instructions)
      if ((step.type != DS_EXPR_T && step.type != DS_EXPR_F32 && step.type != DS_EXPR_BOOL) ||
          !compute(step.op, 0, 0, 0, &unused))
        return false;
    return true;
  }

  explicit Elementwise(const ds_node& node) : plan(std::make_shared<Plan>()) {
    plan->program.read(node.expr, node.expr_size);
    const ds_spec& y = *node.outputs[0];
    plan->shape.assign(y.shape, y.shape + y.rank);
    plan->count = element_count(y);
    for (uint32_t i = 0; i < node.input_count; ++i) {
      const ds_spec& x = *node.inputs[i];
      std::vector<int64_t> own = input_strides(node, i), strides(static_cast<size_t>(y.rank), 0);
      for (int32_t d = 0; d < x.rank; ++d)
        if (x.shape[d] != 1) strides[static_cast<size_t>(d + y.rank - x.rank)] = own[static_cast<size_t>(d)];
      plan->strides.push_back(std::move(strides));
    }
  }

  int32_t run(const ds_run_args& args) const {
    return Launch::enqueue(args, [plan = plan](Launch& l) {
      const ExprProgram& p = plan->program;
      std::vector<float> r(p.results());
      for (size_t k = 0; k < p.constants.size(); ++k) r[p.inputs + k] = static_cast<float>(p.constants[k]);
      for (int64_t i = 0; i < plan->count; ++i) {
        for (uint32_t k = 0; k < p.inputs; ++k)
          r[k] = elements<float>(l.inputs[k])[offset_of(i, plan->shape, plan->strides[k])];
        size_t next = p.first_instruction();
        for (const auto& step : p.instructions) compute(step.op, r[step.a], r[step.b], r[step.c], &r[next++]);
        for (size_t k = 0; k < p.outputs.size(); ++k) elements<float>(l.outputs[k])[i] = r[p.outputs[k]];
      }
    });
  }

  struct Plan {
    ExprProgram program;
    std::vector<int64_t> shape;
    std::vector<std::vector<int64_t>> strides;
    int64_t count = 0;
  };
  std::shared_ptr<Plan> plan;
};
DS_KERNEL(Elementwise);

}  // namespace
}  // namespace ds::null
