// product.h: stacks of matrix products, with a bias or without: what matmul and linear share.
#pragma once
#include <optional>

#include "session.h"

namespace ds::onednn {

// [stack.., rows, columns] in the memory of an input; strides in elements, 0 where the stack broadcasts.
struct Matrices {
  Dims dims;
  std::vector<int64_t> strides;
};

class Product {
 public:
  // Both of one rank; stacks broadcast. bias: input 2 is [columns of b]. Throws Unsupported.
  Product(const ds_node& node, Matrices a, Matrices b, bool bias);

  void build();
  uint64_t workspace() const { return std::max(plain_->workspace(), packed_ ? packed_->workspace() : 0); }
  void run(const ds_run_args& args);

 private:
  // An operand as oneDNN takes it; gathered: only after a copy.
  struct Operand {
    Dims dims, strides;
    bool gathered = false;
    Desc desc(Type type) const { return Desc(dims, type, strides); }
  };
  static Operand operand(const Matrices& m, bool allow_strides);
  void join_stacks(Matrices& a, Matrices& b);
  bool choose(bool allow_strides);
  dnnl::matmul::primitive_desc describe(Type type, bool pack) const;
  Task task(const dnnl::matmul::primitive_desc& pd) const;

  Matrices given_[2];
  Operand operands_[2];
  Dims result_;
  ds_dtype dtype_;
  Type type_ = Type::undef;
  bool bias_, constant_;
  std::optional<Task> plain_, packed_;
  const void* seen_ = nullptr;
  uint64_t seen_version_ = 0;
};

}  // namespace ds::onednn
