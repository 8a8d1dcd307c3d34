// broadcast_to: read as a larger shape, without copying (NumPy, ONNX Expand).
#include <deepseek/operator.hpp>
using namespace ds;

struct BroadcastTo {
  static constexpr auto schema = "broadcast_to(x: any, *, shape: ints) -> any";
  static constexpr auto summary = "x repeated along axes of size 1 and new leading axes; a view (NumPy)";

  static bool view(ViewOf& v) {
    Shape shape = v.attr<Shape>("shape"), wide;
    DS_REQUIRE(broadcasts(v.shape(), shape, &wide) && wide == shape, "cannot broadcast ", v.shape(), " to ", shape);
    v.result(v.offset(), shape, broadcast_strides(v.shape(), v.strides(), shape));
    return true;
  }
  static Samples samples() {
    return {"f32[3]; shape=[2,3]", "f32[2,1]; shape=[2,3]", "f32[]; shape=[2,2]", "f32[1]; shape=[0]",
            "f32[2,3]; shape=[2,3]"};
  }
};
DS_OPERATOR(BroadcastTo);
