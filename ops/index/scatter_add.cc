// scatter_add: adds each value to the element its index names along an axis (PyTorch scatter_add, ONNX
// ScatterElements).
#include "indexing.h"
using namespace ds;

struct ScatterAdd {
  static constexpr auto schema = "scatter_add(x: number, index: int, value: number, *, axis: int = -1) -> number";
  static constexpr auto summary =
      "x with value[.., i, ..] added at [.., index[.., i, ..], ..], every index counted; where x has size 1 elsewhere, "
      "all go there";
  static constexpr uint32_t op_class = DS_CLASS_GATHER;
  static constexpr uint64_t traits = DS_TRAIT_MAY_FAIL, reads_inputs = 2;

  static void infer(Infer& i) {
    int64_t axis = along_axis(i.shape(0), i.shape(1), i.attr<int64_t>("axis"));
    DS_REQUIRE(i.shape(1) == i.shape(2), "scatter_add: index ", i.shape(1), " and value ", i.shape(2), " differ");
    Shape x = i.shape(0), index = i.shape(1);
    for (int64_t k = 0; k < x.rank(); ++k)
      DS_REQUIRE(k == axis || x[k] == index[k] || x[k] == 1, "scatter_add: index ", index, " does not fit x ", x);
    i.output(0, x);
  }
  static void gradient(Gradient& g) {
    g.set(0, g.dy());
    if (g.needs(2)) g.set(2, g.call("take_along_axis", {g.dy(), g.input(1)}, {{"axis", g.attr<int64_t>("axis")}}));
  }
  static void reference(Run& r) {
    with_dtype(r.dtype(), [&]<class T>() {
      using Wide = std::conditional_t<is_float_v<T>, double, uint64_t>;
      auto x = r.in<T>(0);
      auto value = r.in<T>(2);
      auto y = r.out<T>();
      int64_t axis = along_axis(r.shape(0), r.shape(1), r.attr<int64_t>("axis")), k = 0;
      std::vector<Wide> sums(size_t(y.size()));
      for (Walk at(x.shape(), {x.strides()}); at; ++at) sums[size_t(k++)] = Wide(x.data()[at[0]]);
      Shape strides = broadcast_strides(y.shape(), y.strides(), r.shape(1));
      strides[axis] = 0;
      IndexReader index(r.input(1));
      for (Walk at(r.shape(1), {strides, strides_of(r.input(1)), value.strides()}); at; ++at)
        sums[size_t(at[0] + index(at[1], y.shape(axis), axis) * y.strides()[axis])] += Wide(value.data()[at[2]]);
      for (k = 0; k < y.size(); ++k) y.data()[k] = T(sums[size_t(k)]);
    });
  }
  static Samples samples() {
    return {"f32[4,3], i64[2,3]<4, f32[2,3]; axis=0", "f32[2,5], i32[2,2]<5, f32[2,2]", "f32[3], i64[6]<3, f32[6]",
            "f32[4], i64[0]<4, f32[0]; axis=0", "i32[1,4]<9, i64[3,2]<4, i32[3,2]<9"};
  }
};
DS_OPERATOR(ScatterAdd);
