// take: the slices of an axis that an index tensor names (NumPy take, ONNX Gather).
#include "indexing.h"
using namespace ds;

struct Take {
  static constexpr auto schema = "take(x: any, index: int, *, axis: int = 0) -> any";
  static constexpr auto summary =
      "x's slices along axis, index's shape in the axis' place; negative count from the end";
  static constexpr uint32_t op_class = DS_CLASS_GATHER;
  static constexpr uint64_t traits = DS_TRAIT_MAY_FAIL, reads_inputs = 2;

  static void infer(Infer& i) {
    int64_t axis = normalize_axis(i.attr<int64_t>("axis"), i.rank(0));
    Shape x = i.shape(0);
    i.output(0, x.slice(0, axis) + i.shape(1) + x.slice(axis + 1, x.rank()));
  }
  static void gradient(Gradient& g) {
    Shape axes = {normalize_axis(g.attr<int64_t>("axis"), g.input(0).rank())};
    g.set(0,
          g.call("index_put", {g.zeros_like(g.input(0)), g.dy(), g.input(1)}, {{"axes", axes}, {"accumulate", true}}));
  }
  static void reference(Run& r) {
    with_size(r.dtype(), [&]<class T>() {
      auto x = r.in<T>(0);
      Shape index_shape = r.shape(1), index_strides = strides_of(r.input(1));
      int64_t axis = normalize_axis(r.attr<int64_t>("axis"), x.rank());
      Shape in_outer = x.strides().slice(0, axis), in_inner = x.strides().slice(axis + 1, x.rank());
      Shape none = Shape::filled(index_shape.rank(), 0);
      IndexReader index(r.input(1));
      Shape no_outer = Shape::filled(axis, 0), no_inner = Shape::filled(in_inner.rank(), 0);
      T* y = r.out<T>().data();
      for (Walk at(r.output_shape(), {in_outer + none + in_inner, no_outer + index_strides + no_inner}); at; ++at)
        *y++ = x.data()[at[0] + index(at[1], x.shape(axis), axis) * x.strides()[axis]];
    });
  }
  static Samples samples() {
    return {"f32[4,3], i64[2]<4", "f32[4,3], i32[2,2]<3; axis=1", "f32[4], i64[]<4", "f32[3,2], i64[0]<3; axis=-1",
            "i32[5]<9, u8[3]<5"};
  }
};
DS_OPERATOR(Take);
