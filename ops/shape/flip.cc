// flip: the order along axes reversed (NumPy).
#include <deepseek/operator.hpp>
using namespace ds;

struct Flip {
  static constexpr auto schema = "flip(x: any, *, axes: ints = none) -> any";
  static constexpr auto summary = "x read backwards along axes, without axes along all; a view (NumPy)";

  static bool view(ViewOf& v) {
    Shape axes = normalize_axes(v.attr<Shape>("axes"), v.rank()), strides = v.strides();
    int64_t offset = v.offset();
    for (int64_t i = 0; i < v.rank(); ++i) {
      if ((v.has("axes") && !axes.contains(i)) || v.shape()[i] == 0) continue;
      offset += (v.shape()[i] - 1) * strides[i];
      strides[i] = -strides[i];
    }
    v.result(offset, v.shape(), strides);
    return true;
  }
  static Samples samples() {
    return {"f32[2,3]", "f32[2,3]; axes=[1]", "f32[2,3,4]; axes=[0,-1]", "f32[]", "f32[0,3]", "f32[4]; axes=[]"};
  }
};
DS_OPERATOR(Flip);
