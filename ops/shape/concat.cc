// concat: tensors one after the other along an axis (NumPy concatenate, ONNX Concat).
#include <deepseek/operator.hpp>
using namespace ds;

struct Concat {
  static constexpr auto schema = "concat(x: any*, *, axis: int = 0) -> any";
  static constexpr auto summary = "tensors of equal other axes joined along axis (NumPy concatenate)";
  static constexpr uint64_t reads_inputs = 0;

  static void infer(Infer& i) {
    DS_REQUIRE_AS(DS_INVALID_ARGUMENT, i.inputs() > 0, "concat needs an input");
    int64_t axis = normalize_axis(i.attr<int64_t>("axis"), i.rank(0));
    Shape shape = i.shape(0);
    for (uint32_t k = 1; k < i.inputs(); ++k) {
      Shape other = i.shape(k), like = shape;
      bool fits = other.rank() == shape.rank();
      if (fits) like[axis] = other[axis];
      DS_REQUIRE(fits && like == other, "concat along axis ", axis, ": ", i.shape(0), " and ", other,
                 " differ elsewhere");
      shape[axis] += other[axis];
    }
    i.output(0, shape);
  }
  static void gradient(Gradient& g) {
    int64_t axis = normalize_axis(g.attr<int64_t>("axis"), g.dy().rank()), at = 0;
    for (uint32_t k = 0; k < g.inputs(); ++k) {
      Shape start = Shape::filled(g.dy().rank(), 0), stop = g.dy().shape();
      start[axis] = at;
      stop[axis] = at += g.input(k).shape(axis);
      if (g.needs(k)) g.set(k, g.call("slice", {g.dy()}, {{"start", start}, {"stop", stop}}));
    }
  }
  static void reference(Run& r) {
    with_size(r.output_dtype(), [&]<class T>() {
      auto y = r.out<T>();
      int64_t axis = normalize_axis(r.attr<int64_t>("axis"), y.rank());
      T* to = y.data();
      for (uint32_t k = 0; k < r.inputs(); ++k) {
        auto x = r.in<T>(k);
        for (Walk at(x.shape(), {x.strides(), y.strides()}); at; ++at) to[at[1]] = x.data()[at[0]];
        to += x.shape(axis) * y.strides()[axis];
      }
    });
  }
  static Samples samples() {
    return {"f32[2,3], f32[4,3]", "f32[2,3], f32[2,1], f32[2,2]; axis=-1", "f32[3]", "f32[0,3], f32[2,3]",
            "i32[2]<9, i32[3]<9"};
  }
};
DS_OPERATOR(Concat);
