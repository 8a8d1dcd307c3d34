// avg_pool2d and its gradient. Windows that hang over the padded image (ceil_mode) divide by less than oneDNN would
// when padding counts: those nodes are left to others.
#include "attributes.h"

namespace ds::onednn {
namespace {

using Forward = dnnl::pooling_forward::primitive_desc;
using Backward = dnnl::pooling_backward::primitive_desc;

class Problem {
 public:
  uint64_t workspace() const { return task_.workspace(); }
  void run(const ds_run_args& args) { task_.run(args); }

 protected:
  // Attributes: kernel_size, stride, padding, ceil_mode, count_include_pad.
  Problem(const ds_node& node, const ds_spec& x, const ds_spec& y)
      : x_(dims_of(x)), y_(dims_of(y)), dtype_(x.dtype), window_(window(node)) {
    bool counts = integer(node, 4);
    algorithm_ = counts ? dnnl::algorithm::pooling_avg_include_padding : dnnl::algorithm::pooling_avg_exclude_padding;
    Window exact = window_.fitted({x_[2], x_[3]}, {y_[2], y_[3]});
    if (counts && (exact.end[0] > window_.end[0] || exact.end[1] > window_.end[1]))
      throw Unsupported("windows hang over the padding");
    window_ = exact;
  }
  static Window window(const ds_node& node) {
    Dims kernel = pair_of(ints(node, 0), {});
    return {kernel, pair_of(ints(node, 1), kernel), {1, 1}, ints(node, 2)};
  }
  Forward forward(Type type) const {
    return {engine(),        dnnl::prop_kind::forward_training,
            algorithm_,      dense(x_, type),
            dense(y_, type), window_.stride,
            window_.kernel,  window_.dilation,
            window_.begin,   window_.end,
            attributes(),    true};
  }
  Backward backward(Type type) const {
    Forward hint = forward(type);
    if (!hint.get(true)) return {};
    return {engine(),       algorithm_,     dense(x_, type),  dense(y_, type),
            window_.stride, window_.kernel, window_.dilation, window_.begin,
            window_.end,    hint,           attributes(),     true};
  }
  Desc own(const Dims& dims) const { return dense(dims, type_of(dtype_)); }

  Dims x_, y_;
  ds_dtype dtype_;
  Window window_;
  dnnl::algorithm algorithm_;
  Type type_ = Type::undef;
  Task task_;
};

struct ForwardProblem : Problem {
  explicit ForwardProblem(const ds_node& node) : Problem(node, *node.inputs[0], *node.outputs[0]) {
    type_ = choose_type(dtype_, [&](Type type) { return is_fast(forward(type)); });
  }
  void build() {
    Forward pd = forward(type_);
    Task t;
    int x = t.as(t.input(0, own(x_)), pd.src_desc()), y = t.output(0, own(y_)), to = t.result(y, pd.dst_desc());
    t.step(dnnl::pooling_forward(pd), {{DNNL_ARG_SRC, x}, {DNNL_ARG_DST, to}});
    t.settle(to, y);
    task_ = std::move(t);
  }
};

struct BackwardProblem : Problem {
  explicit BackwardProblem(const ds_node& node) : Problem(node, *node.outputs[0], *node.inputs[0]) {
    type_ = choose_type(dtype_, [&](Type type) { return is_fast(backward(type)); });
  }
  void build() {
    Backward pd = backward(type_);
    Task t;
    int dy = t.as(t.input(0, own(y_)), pd.diff_dst_desc()), dx = t.output(0, own(x_));
    int to = t.result(dx, pd.diff_src_desc());
    t.step(dnnl::pooling_backward(pd), {{DNNL_ARG_DIFF_DST, dy}, {DNNL_ARG_DIFF_SRC, to}});
    t.settle(to, dx);
    task_ = std::move(t);
  }
};

struct AvgPool2d : State<ForwardProblem> {
  static constexpr std::string_view name = "onednn.avg_pool2d", op = "avg_pool2d", dtypes = "f32 bf16 f16";
  static constexpr int32_t priority = 10;
  using State::State;
  static bool supports(const ds_node& node, ds_kernel_offer&) { return takes<ForwardProblem>(node); }
};
DS_KERNEL(AvgPool2d);

struct AvgPool2dGradient : State<BackwardProblem> {
  static constexpr std::string_view name = "onednn.avg_pool2d_gradient", op = "avg_pool2d_gradient",
                                    dtypes = "f32 bf16 f16";
  static constexpr int32_t priority = 10;
  using State::State;
  static bool supports(const ds_node& node, ds_kernel_offer&) { return takes<BackwardProblem>(node); }
};
DS_KERNEL(AvgPool2dGradient);

}  // namespace
}  // namespace ds::onednn
