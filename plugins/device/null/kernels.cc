// A few kernels, enough for a small network: each resolves handles, queues the work and returns.
#include <cstring>
#include <numeric>

#include "deepseek/interpret.hpp"
#include "deepseek/kernel.hpp"
#include "null.h"

namespace ds::null {
namespace {

// What one call works on: copies of its tensors, whose memory is held until the work is done.
class Launch {
 public:
  template <class F>
  static int32_t enqueue(const ds_run_args& args, F body) {
    auto launch = std::make_shared<Launch>();
    Machine& m = machines()[static_cast<size_t>(args.outputs[0]->dl.device.index % kDevices)];
    const auto stream = m.usable() ? m.stream(args.stream) : nullptr;
    bool known = stream != nullptr;
    for (uint32_t i = 0; i < args.input_count; ++i) known = known && launch->add(m, args.inputs[i]);
    for (uint32_t i = 0; i < args.output_count; ++i) known = known && launch->add(m, args.outputs[i]);
    if (!known) return fail(args.error, DS_DEVICE_MISMATCH, "null: device lost, or memory that is not this device's");
    for (Operand& o : launch->operands_) launch->pointers_.push_back(&o.tensor);
    launch->args_.inputs = launch->pointers_.data();
    launch->args_.outputs = launch->pointers_.data() + args.input_count;
    launch->args_.input_count = args.input_count;
    launch->args_.output_count = args.output_count;
    stream->enqueue(
        [launch, body]() -> ds_status { return guarded(nullptr, [&] { return body(launch->args_), DS_OK; }); });
    return DS_OK;
  }

 private:
  struct Operand {
    ds_tensor tensor;
    Shape shape, strides;
    std::shared_ptr<Block> block;
  };
  // What the elements span must lie inside its block, as hardware would insist.
  bool add(Machine& m, const ds_tensor* t) {
    auto block = t ? m.blocks.find(t->dl.data) : nullptr;
    if (!block || t->dl.byte_offset > block->size || t->nbytes > block->size - t->dl.byte_offset) return false;
    Operand& o = operands_.emplace_back(Operand{*t, shape_of(*t), strides_of(*t), std::move(block)});
    o.tensor.dl.data = o.block->bytes.get();
    o.tensor.dl.shape = o.shape.data();
    o.tensor.dl.strides = o.strides.data();
    return true;
  }
  std::deque<Operand> operands_;  // addresses of shapes stay
  std::vector<ds_tensor*> pointers_;
  ds_run_args args_{};
};

struct Copy {
  static constexpr std::string_view name = "null.copy", op = "copy", device = kName;
  static bool supports(const ds_node&, ds_kernel_offer&) { return true; }
  explicit Copy(const ds_node&) {}
  int32_t run(const ds_run_args& args) const {
    return Launch::enqueue(args, [](const ds_run_args& a) {
      if (a.outputs[0]->nbytes) std::memmove(memory_of(*a.outputs[0]), memory_of(*a.inputs[0]), a.outputs[0]->nbytes);
    });
  }
};
DS_KERNEL(Copy);

struct Fill {
  static constexpr std::string_view name = "null.fill", op = "fill", dtypes = "f32", device = kName;
  static bool supports(const ds_node& node, ds_kernel_offer&) { return node.attributes[1].tag == DS_FLOAT; }
  explicit Fill(const ds_node& node) : value(static_cast<float>(node.attributes[1].u.f)) {}
  int32_t run(const ds_run_args& args) const {
    return Launch::enqueue(args, [value = value](const ds_run_args& a) {
      const View<float> y(*a.outputs[0]);
      std::fill_n(y.data(), y.size(), value);
    });
  }
  float value;
};
DS_KERNEL(Fill);

struct Matmul {
  static constexpr std::string_view name = "null.matmul", op = "matmul", dtypes = "f32", device = kName;
  static bool supports(const ds_node& node, ds_kernel_offer&) {
    return node.inputs[0]->rank == 2 && node.inputs[1]->rank == 2;
  }
  explicit Matmul(const ds_node&) {}
  int32_t run(const ds_run_args& args) const {
    return Launch::enqueue(args, [](const ds_run_args& arguments) {
      const View<const float> a(*arguments.inputs[0]), b(*arguments.inputs[1]);
      const View<float> y(*arguments.outputs[0]);
      for (int64_t i = 0; i < y.shape(0); ++i)
        for (int64_t j = 0; j < y.shape(1); ++j) {
          double sum = 0;
          for (int64_t k = 0; k < a.shape(1); ++k) sum += double{a(i, k)} * b(k, j);
          y(i, j) = static_cast<float>(sum);
        }
    });
  }
};
DS_KERNEL(Matmul);

// Any elementwise node: its program is run as it is, add, mul, relu and fused chains alike.
struct Elementwise {
  static constexpr std::string_view name = "null.elementwise", op = "*", device = kName;

  static bool supports(const ds_node& node, ds_kernel_offer& offer) {
    for (uint32_t i = 0; i < node.input_count; ++i)
      if (!present(node, i)) return false;
    offer.strided_inputs = ~uint64_t{0};
    return node.expr != nullptr && node.input_count > 0 && !is_complex(node.inputs[0]->dtype);
  }
  explicit Elementwise(const ds_node& node)
      : program(std::make_shared<std::string>(static_cast<const char*>(node.expr), node.expr_size)) {
    ds_dtype t = DS_BOOL;
    for (uint32_t i = 0; i < node.input_count; ++i) t = promote(t, node.inputs[i]->dtype);
    type = expr_type(t);
    // The program's inputs are the tensors, then the numeric attributes.
    for (uint32_t i = 0; i < node.attribute_count; ++i) {
      const ds_value& v = node.attributes[i];
      if (v.tag == DS_FLOAT) numbers.push_back(v.u.f);
      if (v.tag == DS_INT || v.tag == DS_FLAG) numbers.push_back(static_cast<double>(v.u.i));
    }
  }
  int32_t run(const ds_run_args& args) const {
    return Launch::enqueue(args, [self = *this](const ds_run_args& a) {
      expr::interpret(self.program->data(), self.program->size(), self.type, a, self.numbers);
    });
  }
  std::shared_ptr<std::string> program;
  uint8_t type;
  std::vector<double> numbers;
};
DS_KERNEL(Elementwise);

}  // namespace
}  // namespace ds::null
