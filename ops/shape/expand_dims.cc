// expand_dims: new axes of size 1 (NumPy, ONNX Unsqueeze).
#include <deepseek/operator.hpp>
using namespace ds;

struct ExpandDims {
  static constexpr auto schema = "expand_dims(x: any, *, axes: ints) -> any";
  static constexpr auto summary = "x with axes of size 1, counted in the result (NumPy)";

  static bool view(ViewOf& v) {
    Shape asked = v.attr<Shape>("axes"), shape, strides;
    int64_t rank = v.rank() + asked.rank(), from = 0;
    Shape axes = normalize_axes(asked, rank);
    for (int64_t i = 0; i < rank; ++i) {
      bool fresh = axes.contains(i);
      shape.push_back(fresh ? 1 : v.shape()[from]);
      strides.push_back(fresh ? 0 : v.strides()[from]);
      from += !fresh;
    }
    v.result(v.offset(), shape, strides);
    return true;
  }
  static Samples samples() {
    return {"f32[2,3]; axes=[0]", "f32[2,3]; axes=[-1,1]", "f32[]; axes=[0]", "f32[0]; axes=[1]", "f32[2]; axes=[]"};
  }
};
DS_OPERATOR(ExpandDims);
