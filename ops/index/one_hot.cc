// one_hot: a 1 where the index says, along a new last axis (PyTorch one_hot, ONNX OneHot).
#include "indexing.h"
using namespace ds;

struct OneHot {
  static constexpr auto schema = "one_hot(index: int, *, depth: int, dtype: dtype = f32) -> any";
  static constexpr auto summary =
      "vectors of length depth that are 1 at index and 0 elsewhere; negative count from the end";
  static constexpr uint32_t op_class = DS_CLASS_GATHER;
  static constexpr uint64_t traits = DS_TRAIT_MAY_FAIL | DS_TRAIT_NOT_DIFFERENTIABLE;

  static void infer(Infer& i) {
    int64_t depth = i.attr<int64_t>("depth");
    DS_REQUIRE_AS(DS_INVALID_ARGUMENT, depth >= 0, "one_hot depth is ", depth);
    expr_type(i.attr<ds_dtype>("dtype"));
    i.output(0, i.shape() + Shape{depth}, i.attr<ds_dtype>("dtype"));
  }
  static void reference(Run& r) {
    with_dtype(r.output_dtype(), [&]<class T>() {
      auto y = r.out<T>();
      std::fill(y.data(), y.data() + y.size(), T(0.0f));
      int64_t depth = y.shape(-1), k = 0;
      IndexReader index(r.input(0));
      for (Walk at(r.shape(), {strides_of(r.input(0))}); at; ++at)
        y.data()[depth * k++ + index(at[0], depth, r.shape().rank())] = T(1.0f);
    });
  }
  static Samples samples() {
    return {"i64[3]<4; depth=4", "i32[2,2]<3; depth=3, dtype=f64", "i64[]<2; depth=2, dtype=bool", "u8[0]<3; depth=3"};
  }
};
DS_OPERATOR(OneHot);
