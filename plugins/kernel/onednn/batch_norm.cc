// batch_norm: the training form, with the batch's mean and biased variance.
#include "attributes.h"

namespace ds::onednn {
namespace {

using Forward = dnnl::batch_normalization_forward::primitive_desc;

class BatchNormProblem {
 public:
  explicit BatchNormProblem(const ds_node& node)
      : x_(dims_of(*node.inputs[0])),
        dtype_(node.inputs[0]->dtype),
        scale_(present(node, 1)),
        shift_(present(node, 2)),
        epsilon_(float(number(node, 0))) {
    // Axes behind the channels are alike: oneDNN knows at most three.
    while (x_.size() > 3) x_[x_.size() - 2] *= x_.back(), x_.pop_back();
    type_ = choose_type(dtype_, [&](Type type) { return is_fast(describe(type)); });
  }
  void build() {
    Forward pd = describe(type_);
    Task t;
    auto own = [&](const Dims& dims) { return dense(dims, type_of(dtype_)); };
    Desc channels = dense({x_[1]}, Type::f32);
    int x = t.as(t.input(0, own(x_)), pd.src_desc());
    int y = t.output(0, own(x_)), mean = t.output(1, own({x_[1]})), variance = t.output(2, own({x_[1]}));
    int to = t.result(y, pd.dst_desc()), to_mean = t.result(mean, channels), to_variance = t.result(variance, channels);
    std::vector<std::pair<int, int>> arguments = {
        {DNNL_ARG_SRC, x}, {DNNL_ARG_DST, to}, {DNNL_ARG_MEAN, to_mean}, {DNNL_ARG_VARIANCE, to_variance}};
    if (scale_) arguments.push_back({DNNL_ARG_SCALE, t.as(t.input(1, own({x_[1]})), channels)});
    if (shift_) arguments.push_back({DNNL_ARG_SHIFT, t.as(t.input(2, own({x_[1]})), channels)});
    t.step(dnnl::batch_normalization_forward(pd), arguments);
    t.settle(to, y);
    t.settle(to_mean, mean);
    t.settle(to_variance, variance);
    task_ = std::move(t);
  }
  uint64_t workspace() const { return task_.workspace(); }
  void run(const ds_run_args& args) { task_.run(args); }

 private:
  Forward describe(Type type) const {
    auto flags = dnnl::normalization_flags::none;
    if (scale_) flags |= dnnl::normalization_flags::use_scale;
    if (shift_) flags |= dnnl::normalization_flags::use_shift;
    Desc x = dense(x_, type);
    return {engine(), dnnl::prop_kind::forward_training, x, x, epsilon_, flags, attributes(), true};
  }

  Dims x_;
  ds_dtype dtype_;
  bool scale_, shift_;
  float epsilon_;
  Type type_ = Type::undef;
  Task task_;
};

struct BatchNorm : State<BatchNormProblem> {
  static constexpr std::string_view name = "onednn.batch_norm", op = "batch_norm", dtypes = "f32 bf16 f16";
  static constexpr int32_t priority = 10;
  using State::State;
  static bool supports(const ds_node& node, ds_kernel_offer&) { return takes<BatchNormProblem>(node); }
};
DS_KERNEL(BatchNorm);

}  // namespace
}  // namespace ds::onednn
