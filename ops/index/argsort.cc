// argsort: the positions that sort an axis (NumPy).
#include "sorting.h"
using namespace ds;

struct Argsort {
  static constexpr auto schema = "argsort(x: number, *, axis: int = -1, descending: flag = false) -> i64";
  static constexpr auto summary = "indices that sort x along axis; stable, NaN counts as largest (NumPy)";
  static constexpr uint64_t traits = DS_TRAIT_NOT_DIFFERENTIABLE;

  static void infer(Infer& i) {
    normalize_axis(i.attr<int64_t>("axis"), i.rank());
    i.output(0, i.shape());
  }
  static void reference(Run& r) {
    with_dtype(r.dtype(), [&]<class T>() {
      int64_t axis = normalize_axis(r.attr<int64_t>("axis"), r.input(0).dl.ndim);
      each_sorted_row<T>(r.in<T>().last(axis), r.out<int64_t>().last(axis), r.attr<bool>("descending"),
                         [](View<int64_t> y, const std::vector<int64_t>& order, const auto&) {
                           for (size_t k = 0; k < order.size(); ++k) y(k) = order[k];
                         });
    });
  }
  static Samples samples() {
    return {"f32[2,5]", "f32[5,2]; axis=0, descending=true", "i32[8]<4", "f32[0,3]", "bool[4]"};
  }
};
DS_OPERATOR(Argsort);
