// linear: x @ weight^T + bias as one matmul over all rows of x.
#include "product.h"

namespace ds::onednn {
namespace {

class LinearProblem : public Product {
 public:
  explicit LinearProblem(const ds_node& node) : Product(node, rows(node), weight(node), present(node, 2)) {
    if (present(node, 2) && input_strides(node, 2)[0] != 1 && node.inputs[2]->shape[0] > 1)
      throw Unsupported("a strided bias");
  }

 private:
  static Matrices rows(const ds_node& node) {
    Matrices x{dims_of(*node.inputs[0]), input_strides(node, 0)};
    if (x.dims.size() == 1) x.dims.insert(x.dims.begin(), 1), x.strides.insert(x.strides.begin(), 0);
    return x;
  }
  static Matrices weight(const ds_node& node) {
    const ds_spec& w = *node.inputs[1];
    std::vector<int64_t> strides = input_strides(node, 1);
    Matrices m{{w.shape[1], w.shape[0]}, {strides[1], strides[0]}};
    size_t stack = size_t(std::max(node.inputs[0]->rank, 2)) - 2;
    m.dims.insert(m.dims.begin(), stack, 1);
    m.strides.insert(m.strides.begin(), stack, 0);
    return m;
  }
};

struct Linear : State<LinearProblem> {
  static constexpr std::string_view name = "onednn.linear", op = "linear", dtypes = "f32 bf16 f16";
  static constexpr int32_t priority = 10;
  using State::State;
  static bool supports(const ds_node& node, ds_kernel_offer& offer) {
    offer.strided_inputs = 3;
    return takes<LinearProblem>(node);
  }
};
DS_KERNEL(Linear);

}  // namespace
}  // namespace ds::onednn
