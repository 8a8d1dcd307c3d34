// conv2d and its two gradients: direct convolutions in oneDNN's blocked layouts; filters are reordered once as long as
// they stay the same.
#include "attributes.h"

namespace ds::onednn {
namespace {

using Forward = dnnl::convolution_forward::primitive_desc;
using BackwardData = dnnl::convolution_backward_data::primitive_desc;
using BackwardWeights = dnnl::convolution_backward_weights::primitive_desc;

// Shapes of x, weight and y, whichever of them the node has.
struct Geometry {
  Dims x, w, y;
  Window window;
  bool bias = false;

  // Attributes from `first` on: stride, padding, dilation, groups.
  Geometry(const ds_node& node, const ds_spec& x, const ds_spec& w, const ds_spec& y, uint32_t first)
      : x(dims_of(x)),
        w(dims_of(w)),
        y(dims_of(y)),
        window({w.shape[2], w.shape[3]}, pair_of(ints(node, first), {1, 1}), pair_of(ints(node, first + 2), {1, 1}),
               ints(node, first + 1)) {
    window = window.fitted({x.shape[2], x.shape[3]}, {y.shape[2], y.shape[3]});
    int64_t groups = integer(node, first + 3);
    if (groups > 1) {
      this->w[0] /= groups;
      this->w.insert(this->w.begin(), groups);
    }
  }

  Forward forward(Type type) const {
    auto direct = dnnl::algorithm::convolution_direct;
    Desc bx = any_layout(x, type), bw = any_layout(w, type), by = any_layout(y, type);
    if (bias)
      return {engine(),
              dnnl::prop_kind::forward_training,
              direct,
              bx,
              bw,
              dense({y[1]}, type),
              by,
              window.stride,
              window.dilation,
              window.begin,
              window.end,
              attributes(),
              true};
    return {engine(),
            dnnl::prop_kind::forward_training,
            direct,
            bx,
            bw,
            by,
            window.stride,
            window.dilation,
            window.begin,
            window.end,
            attributes(),
            true};
  }
  BackwardData backward_data(Type type) const {
    Forward hint = without_bias(type);
    if (!hint.get(true)) return {};
    return {engine(),
            dnnl::algorithm::convolution_direct,
            any_layout(x, type),
            any_layout(w, type),
            any_layout(y, type),
            window.stride,
            window.dilation,
            window.begin,
            window.end,
            hint,
            attributes(),
            true};
  }
  BackwardWeights backward_weights(Type type) const {
    Forward hint = without_bias(type);
    if (!hint.get(true)) return {};
    return {engine(),
            dnnl::algorithm::convolution_direct,
            any_layout(x, type),
            any_layout(w, type),
            any_layout(y, type),
            window.stride,
            window.dilation,
            window.begin,
            window.end,
            hint,
            attributes(),
            true};
  }

 private:
  Forward without_bias(Type type) const {
    Geometry g = *this;
    g.bias = false;
    return g.forward(type);
  }
};

class Problem {
 public:
  uint64_t workspace() const { return task_.workspace(); }
  void run(const ds_run_args& args) { task_.run(args); }

 protected:
  Problem(const ds_node& node, const Geometry& g) : g_(g), dtype_(node.inputs[0]->dtype) {}
  Desc own(const Dims& dims) const { return dense(dims, type_of(dtype_)); }
  // Filters that may come again are kept in oneDNN's layout.
  int filters(Task& t, const Desc& desc) const { return t.kept(1, t.input(1, own(g_.w)), desc); }
  // The primitive, its result converted to output 0.
  template <class Primitive, class Pd>
  void finish(Task t, const Pd& pd, std::vector<std::pair<int, int>> arguments, int argument, const Desc& made,
              const Dims& dims) {
    int y = t.output(0, own(dims)), to = t.result(y, made);
    arguments.push_back({argument, to});
    t.step(Primitive(pd), arguments);
    t.settle(to, y);
    task_ = std::move(t);
  }

  Geometry g_;
  ds_dtype dtype_;
  Type type_ = Type::undef;
  Task task_;
};

struct ForwardProblem : Problem {
  explicit ForwardProblem(const ds_node& n) : Problem(n, Geometry(n, *n.inputs[0], *n.inputs[1], *n.outputs[0], 0)) {
    g_.bias = present(n, 2);
    type_ = choose_type(dtype_, [&](Type type) { return is_fast(g_.forward(type)); });
  }
  void build() {
    Forward pd = g_.forward(type_);
    Task t;
    std::vector<std::pair<int, int>> arguments = {{DNNL_ARG_SRC, t.as(t.input(0, own(g_.x)), pd.src_desc())},
                                                  {DNNL_ARG_WEIGHTS, filters(t, pd.weights_desc())}};
    if (g_.bias) arguments.push_back({DNNL_ARG_BIAS, t.as(t.input(2, own({g_.y[1]})), pd.bias_desc())});
    finish<dnnl::convolution_forward>(std::move(t), pd, arguments, DNNL_ARG_DST, pd.dst_desc(), g_.y);
  }
};

struct InputGradientProblem : Problem {
  explicit InputGradientProblem(const ds_node& n)
      : Problem(n, Geometry(n, *n.outputs[0], *n.inputs[1], *n.inputs[0], 1)) {
    type_ = choose_type(dtype_, [&](Type type) { return is_fast(g_.backward_data(type)); });
  }
  void build() {
    BackwardData pd = g_.backward_data(type_);
    Task t;
    int dy = t.as(t.input(0, own(g_.y)), pd.diff_dst_desc()), w = filters(t, pd.weights_desc());
    finish<dnnl::convolution_backward_data>(std::move(t), pd, {{DNNL_ARG_DIFF_DST, dy}, {DNNL_ARG_WEIGHTS, w}},
                                            DNNL_ARG_DIFF_SRC, pd.diff_src_desc(), g_.x);
  }
};

struct WeightGradientProblem : Problem {
  explicit WeightGradientProblem(const ds_node& n)
      : Problem(n, Geometry(n, *n.inputs[0], *n.outputs[0], *n.inputs[1], 1)) {
    type_ = choose_type(dtype_, [&](Type type) { return is_fast(g_.backward_weights(type)); });
  }
  void build() {
    BackwardWeights pd = g_.backward_weights(type_);
    Task t;
    int x = t.as(t.input(0, own(g_.x)), pd.src_desc()), dy = t.as(t.input(1, own(g_.y)), pd.diff_dst_desc());
    finish<dnnl::convolution_backward_weights>(std::move(t), pd, {{DNNL_ARG_SRC, x}, {DNNL_ARG_DIFF_DST, dy}},
                                               DNNL_ARG_DIFF_WEIGHTS, pd.diff_weights_desc(), g_.w);
  }
};

struct Conv2d : State<ForwardProblem> {
  static constexpr std::string_view name = "onednn.conv2d", op = "conv2d", dtypes = "f32 bf16 f16";
  static constexpr int32_t priority = 10;
  using State::State;
  static bool supports(const ds_node& node, ds_kernel_offer&) { return takes<ForwardProblem>(node); }
};
DS_KERNEL(Conv2d);

struct Conv2dInputGradient : State<InputGradientProblem> {
  static constexpr std::string_view name = "onednn.conv2d_input_gradient", op = "conv2d_input_gradient",
                                    dtypes = "f32 bf16 f16";
  static constexpr int32_t priority = 10;
  using State::State;
  static bool supports(const ds_node& node, ds_kernel_offer&) { return takes<InputGradientProblem>(node); }
};
DS_KERNEL(Conv2dInputGradient);

struct Conv2dWeightGradient : State<WeightGradientProblem> {
  static constexpr std::string_view name = "onednn.conv2d_weight_gradient", op = "conv2d_weight_gradient",
                                    dtypes = "f32 bf16 f16";
  static constexpr int32_t priority = 10;
  using State::State;
  static bool supports(const ds_node& node, ds_kernel_offer&) { return takes<WeightGradientProblem>(node); }
};
DS_KERNEL(Conv2dWeightGradient);

}  // namespace
}  // namespace ds::onednn
