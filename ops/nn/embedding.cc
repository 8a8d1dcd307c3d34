// embedding: rows of a table (PyTorch embedding; ONNX Gather on axis 0).
#include "rows.h"

namespace ds::nn {

struct Embedding {
  static constexpr auto schema = "embedding(weight: float, index: int, *, padding_index: int = none) -> float";
  static constexpr auto summary = "weight[index], weight is [rows, ..]; the row padding_index gets no gradient";
  static constexpr uint32_t op_class = DS_CLASS_GATHER;
  static constexpr uint64_t traits = DS_TRAIT_MAY_FAIL, reads_inputs = 2;

  static void infer(Infer& i) {
    const Shape w = i.shape(0);
    DS_REQUIRE(w.rank() >= 1, "embedding's weight is [rows, ..], got ", w);
    i.output(0, i.shape(1) + w.slice(1, w.rank()));
  }

  static void gradient(Gradient& g) {
    g.set(0, g.call("embedding_gradient", {g.dy(), g.input(1)},
                    {{"rows", g.input(0).shape(0)}, {"padding_index", g.attribute("padding_index")}}));
  }

  static void reference(Run& r) {
    with_size(r.output_dtype(), [&]<class T>() {
      const auto w = r.in<T>(0);
      T* y = r.out<T>().data();
      for (const int64_t row : rows_of(r.input(1), w.shape(0))) {
        const auto from = w.tail(row, w.rank() - 1);
        for (int64_t k = 0; k < from.size(); ++k) *y++ = from[k];
      }
    });
  }

  static Samples samples() {
    return {"f32[5,3], i64[4]<5", "f32[5,3], i32[2,2]<5", "f32[5], i64[]<5", "f32[5,3], i64[0]<5"};
  }
};
DS_OPERATOR(Embedding);

}  // namespace ds::nn
