// triu: the upper triangle of matrices (NumPy, ONNX Trilu).
#include <deepseek/operator.hpp>
using namespace ds;

struct Triu {
  static constexpr auto schema = "triu(x: any, *, diagonal: int = 0) -> any";
  static constexpr auto summary = "x where column - row >= diagonal in the last two axes, else 0 (NumPy)";
  static constexpr uint64_t reads_inputs = 0;

  static void infer(Infer& i) {
    DS_REQUIRE(i.rank() >= 2, "triu needs matrices, got ", i.shape());
    i.output(0, i.shape());
  }
  static void gradient(Gradient& g) { g.set(0, g.call("triu", {g.dy()}, {{"diagonal", g.attr<int64_t>("diagonal")}})); }
  static void reference(Run& r) {
    int64_t diagonal = r.attr<int64_t>("diagonal");
    with_size(r.dtype(), [&]<class T>() {
      auto x = r.in<T>();
      T* y = r.out<T>().data();
      for (Walk at(x.shape(), {x.strides()}); at; ++at)
        *y++ = at.index()[-1] - at.index()[-2] >= diagonal ? x.data()[at[0]] : T{};
    });
  }
  static Samples samples() {
    return {"f32[3,3]", "f32[2,3,4]; diagonal=1", "f32[3,2]; diagonal=-1", "f32[0,2]", "i32[2,2]<9"};
  }
};
DS_OPERATOR(Triu);
