// matmul: oneDNN's matmul; vectors become matrices of one row or column.
#include "product.h"

namespace ds::onednn {
namespace {

class MatmulProblem : public Product {
 public:
  explicit MatmulProblem(const ds_node& node) : Product(node, operand(node, 0), operand(node, 1), false) {}

 private:
  static Matrices operand(const ds_node& node, uint32_t k) {
    Matrices m{dims_of(*node.inputs[k]), input_strides(node, k)};
    if (m.dims.size() == 1) {
      m.dims.insert(k == 0 ? m.dims.begin() : m.dims.end(), 1);
      m.strides.insert(k == 0 ? m.strides.begin() : m.strides.end(), 0);
    }
    size_t rank = std::max<size_t>({2, size_t(node.inputs[0]->rank), size_t(node.inputs[1]->rank)});
    m.dims.insert(m.dims.begin(), rank - m.dims.size(), 1);
    m.strides.insert(m.strides.begin(), rank - m.strides.size(), 0);
    return m;
  }
};

struct Matmul : State<MatmulProblem> {
  static constexpr std::string_view name = "onednn.matmul", op = "matmul", dtypes = "f32 bf16 f16";
  static constexpr int32_t priority = 10;
  using State::State;
  static bool supports(const ds_node& node, ds_kernel_offer& offer) {
    offer.strided_inputs = 3;
    return takes<MatmulProblem>(node);
  }
};
DS_KERNEL(Matmul);

}  // namespace
}  // namespace ds::onednn
