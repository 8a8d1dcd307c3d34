// sort: an axis in order, with the positions the elements had (NumPy sort, PyTorch sort).
#include "sorting.h"
using namespace ds;

struct Sort {
  static constexpr auto schema =
      "sort(x: number, *, axis: int = -1, descending: flag = false) -> values: number, indices: i64";
  static constexpr auto summary = "x sorted along axis and where each element was; stable, NaN counts as largest";
  static constexpr uint64_t reads_inputs = 0, reads_outputs = 2;

  static void infer(Infer& i) {
    normalize_axis(i.attr<int64_t>("axis"), i.rank());
    i.output(0, i.shape());
    i.output(1, i.shape());
  }
  static void gradient(Gradient& g) {
    if (!g.dy(0)) return;
    g.set(0,
          g.call("scatter_add", {g.zeros_like(g.input(0)), g.output(1), g.dy(0)}, {{"axis", g.attr<int64_t>("axis")}}));
  }
  static void reference(Run& r) {
    with_dtype(r.dtype(), [&]<class T>() {
      int64_t axis = normalize_axis(r.attr<int64_t>("axis"), r.input(0).dl.ndim), row = 0;
      auto values = r.out<T>(0).last(axis);
      each_sorted_row<T>(r.in<T>().last(axis), r.out<int64_t>(1).last(axis), r.attr<bool>("descending"),
                         [&](View<int64_t> y, const std::vector<int64_t>& order, const auto& x) {
                           auto sorted = values.tail(row++, 1);
                           for (size_t k = 0; k < order.size(); ++k) y(k) = order[k], sorted(k) = x(order[k]);
                         });
    });
  }
  static Samples samples() {
    return {"f32[2,5]", "f32[5,2]; axis=0, descending=true", "i32[8]<4", "f32[0,3]", "bool[4]"};
  }
};
DS_OPERATOR(Sort);
