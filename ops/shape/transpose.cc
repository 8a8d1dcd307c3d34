// transpose: the axes in another order (NumPy, ONNX Transpose).
#include <deepseek/operator.hpp>
using namespace ds;

struct Transpose {
  static constexpr auto schema = "transpose(x: any, *, axes: ints = []) -> any";
  static constexpr auto summary =
      "axis i of the result is axis axes[i] of x; without axes the order is reversed (NumPy)";

  static bool view(ViewOf& v) {
    Shape axes = v.attr<Shape>("axes"), shape, strides;
    if (axes.empty())
      for (int64_t i = v.rank(); i-- > 0;) axes.push_back(i);
    DS_REQUIRE_AS(DS_INVALID_ARGUMENT, axes.rank() == v.rank(), "transpose axes ", axes, " do not fit shape ",
                  v.shape());
    for (int64_t axis : normalize_axes(axes, v.rank())) {
      shape.push_back(v.shape()[axis]);
      strides.push_back(v.strides()[axis]);
    }
    v.result(v.offset(), shape, strides);
    return true;
  }
  static Samples samples() {
    return {"f32[2,3]", "f32[2,3,4]; axes=[1,2,0]", "f32[2,3]; axes=[-1,0]", "f32[]", "f32[0,3]", "i32[5]<9"};
  }
};
DS_OPERATOR(Transpose);
