// index_get: the elements that several index tensors name together (NumPy's x[i, j], ONNX GatherND).
#include "indexing.h"
using namespace ds;

struct IndexGet {
  static constexpr auto schema = "index_get(x: any, indices: int*, *, axes: ints) -> any";
  static constexpr auto summary =
      "x indexed along axes by index tensors that broadcast together (NumPy's advanced indexing)";
  static constexpr uint32_t op_class = DS_CLASS_GATHER;
  static constexpr uint64_t traits = DS_TRAIT_MAY_FAIL, reads_inputs = ~1ull;

  static void infer(Infer& i) {
    Advanced a(i.shape(0), i.attr<Shape>("axes"), index_shapes(i, 1));
    i.output(0, a.result_shape(i.shape(0)));
  }
  static void gradient(Gradient& g) {
    std::vector<Node> inputs = {g.zeros_like(g.input(0)), g.dy()};
    for (uint32_t k = 1; k < g.inputs(); ++k) inputs.push_back(g.input(k));
    g.set(0, g.call("index_put", inputs, {{"axes", g.attr<Shape>("axes")}, {"accumulate", true}}));
  }
  static void reference(Run& r) {
    Advanced a(r.shape(0), r.attr<Shape>("axes"), index_shapes(r, 1));
    with_size(r.dtype(), [&]<class T>() {
      auto x = r.in<T>(0);
      auto y = r.out<T>();
      each_indexed(a, r.input(0), {r.args().inputs + 1, r.inputs() - 1}, y.strides(),
                   [&](int64_t from, int64_t to) { y.data()[to] = x.data()[from]; });
    });
  }
  static Samples samples() {
    return {"f32[4,3], i64[2]<4; axes=[0]",
            "f32[4,3], i64[2]<4, i32[2]<3; axes=[0,1]",
            "f32[2,3,4], i64[2,1]<2, i64[3]<4; axes=[0,2]",
            "f32[2,3,4], i64[]<3; axes=[1]",
            "f32[3,2], i64[0]<3; axes=[0]",
            "i32[5]<9, u8[3]<5; axes=[0]"};
  }
};
DS_OPERATOR(IndexGet);
