// topk: the k largest or smallest elements of an axis, in order (PyTorch topk, ONNX TopK).
#include "sorting.h"
using namespace ds;

struct Topk {
  static constexpr auto schema =
      "topk(x: number, *, k: int, axis: int = -1, largest: flag = true) -> values: number, indices: i64";
  static constexpr auto summary = "the k largest (or smallest) elements along axis, best first, and where they were";

  static void infer(Infer& i) {
    int64_t k = i.attr<int64_t>("k"), axis = normalize_axis(i.attr<int64_t>("axis"), i.rank());
    Shape shape = i.shape();
    DS_REQUIRE_AS(DS_OUT_OF_RANGE, k >= 0 && k <= shape[axis], "topk of ", k, " from axis ", axis, " of ", shape);
    shape[axis] = k;
    i.output(0, shape);
    i.output(1, shape);
  }
  static void decompose(Build& b) {
    Node x = b.input(0);
    int64_t axis = normalize_axis(b.attr<int64_t>("axis"), x.rank());
    Named order[] = {{"axis", axis}, {"descending", b.attr<bool>("largest")}};
    Node inputs[] = {x};
    std::vector<Node> sorted = b.call_many("sort", inputs, order, 2);
    Shape start = Shape::filled(x.rank(), 0), stop = x.shape();
    stop[axis] = b.attr<int64_t>("k");
    for (uint32_t k = 0; k < 2; ++k) b.output(k, b.call("slice", {sorted[k]}, {{"start", start}, {"stop", stop}}));
  }
  static Samples samples() {
    return {"f32[2,5]; k=3", "f32[5,2]; k=2, axis=0, largest=false", "i32[8]<40; k=8", "f32[4]; k=0"};
  }
};
DS_OPERATOR(Topk);
