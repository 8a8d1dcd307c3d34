// embedding_gradient: each dy added to the row of the table it came from.
#include "rows.h"

namespace ds::nn {

struct EmbeddingGradient {
  static constexpr auto schema =
      "embedding_gradient(dy: float, index: int, *, rows: int, padding_index: int = none) -> float";
  static constexpr auto summary = "gradient of embedding: [rows, ..], the sum of the dy of each row";
  static constexpr uint32_t op_class = DS_CLASS_GATHER;
  static constexpr uint64_t traits = DS_TRAIT_MAY_FAIL, reads_inputs = 2;

  static void infer(Infer& i) {
    const Shape dy = i.shape(0), index = i.shape(1);
    DS_REQUIRE(dy.rank() >= index.rank() && dy.slice(0, index.rank()) == index, "dy ", dy,
               " does not begin with index ", index);
    DS_REQUIRE_AS(DS_INVALID_ARGUMENT, i.attr<int64_t>("rows") >= 0, "rows is negative");
    i.output(0, Shape{i.attr<int64_t>("rows")} + dy.slice(index.rank(), dy.rank()));
  }

  static void gradient(Gradient& g) {
    const Node dy = g.input(0), index = g.input(1), e = g.call("embedding", {g.dy(), index});
    if (!g.has("padding_index")) return g.set(0, e);
    Shape column = index.shape();
    while (column.rank() < dy.rank()) column.push_back(1);
    const double padding = double(g.attr<int64_t>("padding_index"));
    g.set(0, g.map({e, reshape(index, column)}, [&](Expr v, Expr i) { return select(i == padding, 0, v); }));
  }

  static void reference(Run& r) {
    with_float(r.output_dtype(), [&]<class T>() {
      const auto dy = r.in<T>(0);
      const auto out = r.out<T>();
      const int64_t rows = out.shape(0), width = rows ? out.size() / rows : 0;
      std::vector<double> sums(static_cast<size_t>(out.size()));
      int64_t at = 0;
      for (const int64_t row : rows_of(r.input(1), rows)) {
        const bool padding = r.has("padding_index") && row == r.attr<int64_t>("padding_index");
        for (int64_t k = 0; k < width; ++k, ++at)
          if (!padding) sums[size_t(row * width + k)] += double(dy[at]);
      }
      for (int64_t k = 0; k < out.size(); ++k) out.data()[k] = T(sums[size_t(k)]);
    });
  }

  static Samples samples() {
    return {"f32[4,3], i64[4]<5; rows=5", "f32[2,2,3], i32[2,2]<5; rows=5, padding_index=0", "f32[], i64[]<5; rows=5",
            "f32[0,3], i64[0]<5; rows=5"};
  }
};
DS_OPERATOR(EmbeddingGradient);

}  // namespace ds::nn
