// take_along_axis: one index per element along an axis (NumPy, ONNX GatherElements).
#include "indexing.h"
using namespace ds;

struct TakeAlongAxis {
  static constexpr auto schema = "take_along_axis(x: any, index: int, *, axis: int = -1) -> any";
  static constexpr auto summary = "y[.., i, ..] = x[.., index[.., i, ..], ..]; other axes broadcast (NumPy)";
  static constexpr uint32_t op_class = DS_CLASS_GATHER;
  static constexpr uint64_t traits = DS_TRAIT_MAY_FAIL, reads_inputs = 2;

  static void infer(Infer& i) {
    along_axis(i.shape(0), i.shape(1), i.attr<int64_t>("axis"));
    Shape wide = i.shape(0);
    wide[i.attr<int64_t>("axis")] = 1;
    i.output(0, broadcast_shapes(i.shape(1), wide));
  }
  static void gradient(Gradient& g) {
    Node index = g.call("broadcast_to", {g.input(1)}, {{"shape", g.dy().shape()}});
    g.set(0, g.call("scatter_add", {g.zeros_like(g.input(0)), index, g.dy()}, {{"axis", g.attr<int64_t>("axis")}}));
  }
  static void reference(Run& r) {
    with_size(r.dtype(), [&]<class T>() {
      auto x = r.in<T>(0);
      int64_t axis = along_axis(r.shape(0), r.shape(1), r.attr<int64_t>("axis"));
      Shape wide = r.output_shape(), strides = broadcast_strides(x.shape(), x.strides(), wide);
      strides[axis] = 0;
      IndexReader index(r.input(1));
      T* y = r.out<T>().data();
      for (Walk at(wide, {strides, broadcast_strides(r.shape(1), strides_of(r.input(1)), wide)}); at; ++at)
        *y++ = x.data()[at[0] + index(at[1], x.shape(axis), axis) * x.strides()[axis]];
    });
  }
  static Samples samples() {
    return {"f32[4,3], i64[2,3]<4; axis=0", "f32[2,5], i32[2,2]<5", "f32[2,5], i64[1,2]<5; axis=1",
            "f32[4], i64[0]<4; axis=0", "f32[1,4], i64[3,2]<4"};
  }
};
DS_OPERATOR(TakeAlongAxis);
