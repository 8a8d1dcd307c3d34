// squeeze: axes of size 1 removed (NumPy, ONNX Squeeze).
#include <deepseek/operator.hpp>
using namespace ds;

struct Squeeze {
  static constexpr auto schema = "squeeze(x: any, *, axes: ints = none) -> any";
  static constexpr auto summary = "x without those axes, which must have size 1; without axes all such (NumPy)";

  static bool view(ViewOf& v) {
    Shape axes = normalize_axes(v.attr<Shape>("axes"), v.rank()), shape, strides;
    for (int64_t axis : axes)
      DS_REQUIRE(v.shape()[axis] == 1, "cannot squeeze axis ", axis, " of ", v.shape(), ": its size is ",
                 v.shape()[axis]);
    for (int64_t i = 0; i < v.rank(); ++i) {
      if (v.has("axes") ? axes.contains(i) : v.shape()[i] == 1) continue;
      shape.push_back(v.shape()[i]);
      strides.push_back(v.strides()[i]);
    }
    v.result(v.offset(), shape, strides);
    return true;
  }
  static Samples samples() {
    return {"f32[1,3,1]", "f32[1,3,1]; axes=[0]", "f32[2,1]; axes=[-1]", "f32[1]", "f32[]", "f32[0,1]"};
  }
};
DS_OPERATOR(Squeeze);
