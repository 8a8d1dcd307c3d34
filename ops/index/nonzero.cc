// nonzero: where a tensor is not zero, one row of indices each (NumPy argwhere, ONNX NonZero transposed).
#include <deepseek/operator.hpp>
using namespace ds;

struct Nonzero {
  static constexpr auto schema = "nonzero(x: any) -> i64";
  static constexpr auto summary = "indices [n, rank] of the elements that are not zero, in C order (NumPy argwhere)";
  static constexpr uint64_t traits = DS_TRAIT_DATA_DEPENDENT | DS_TRAIT_NOT_DIFFERENTIABLE;

  // As many rows as there could be; the run says how many there are.
  static void infer(Infer& i) { i.output(0, {element_count(i.shape()), i.rank()}); }
  static void reference(Run& r) {
    with_dtype(r.dtype(), [&]<class T>() {
      auto x = r.in<T>();
      int64_t *y = r.out<int64_t>().data(), rows = 0;
      for (Walk at(x.shape(), {x.strides()}); at; ++at) {
        if (x.data()[at[0]] == T(0.0f)) continue;
        y = std::copy(at.index().begin(), at.index().end(), y);
        ++rows;
      }
      r.output().dl.shape[0] = rows;
    });
  }
  static Samples samples() { return {"bool[2,3]", "i32[5]<2", "f32[2,2]", "bool[]", "f32[0,2]"}; }
};
DS_OPERATOR(Nonzero);
