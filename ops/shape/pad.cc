// pad: a border of one value (NumPy pad with mode constant, ONNX Pad).
#include <deepseek/operator.hpp>
using namespace ds;

struct Pad {
  static constexpr auto schema = "pad(x: any, *, before: ints, after: ints, value: float = 0) -> any";
  static constexpr auto summary = "x with before[i] and after[i] elements of value around axis i (NumPy pad)";
  static constexpr uint64_t reads_inputs = 0;

  static void infer(Infer& i) {
    Shape shape = i.shape(), before = i.attr<Shape>("before"), after = i.attr<Shape>("after");
    DS_REQUIRE_AS(DS_INVALID_ARGUMENT, before.rank() == shape.rank() && after.rank() == shape.rank(), "pad ", before,
                  " and ", after, " do not fit shape ", shape);
    for (int64_t axis = 0; axis < shape.rank(); ++axis) {
      DS_REQUIRE_AS(DS_INVALID_ARGUMENT, before[axis] >= 0 && after[axis] >= 0, "pad ", before, " and ", after,
                    " has a negative width");
      DS_REQUIRE_AS(DS_OVERFLOW,
                    !__builtin_add_overflow(shape[axis], before[axis], &shape[axis]) &&
                        !__builtin_add_overflow(shape[axis], after[axis], &shape[axis]),
                    "pad: the size overflows");
    }
    i.output(0, shape);
  }
  static void gradient(Gradient& g) {
    Shape start = g.attr<Shape>("before"), stop = g.input(0).shape();
    for (int64_t axis = 0; axis < stop.rank(); ++axis) stop[axis] += start[axis];
    g.set(0, g.call("slice", {g.dy()}, {{"start", start}, {"stop", stop}}));
  }
  static void reference(Run& r) {
    with_dtype(r.dtype(), [&]<class T>() {
      auto x = r.in<T>();
      auto y = r.out<T>();
      Shape before = r.attr<Shape>("before");
      uint8_t type = expr_type(r.dtype());
      T value;
      expr::store(reinterpret_cast<char*>(&value), type,
                  expr::convert({r.attr<double>("value"), 0}, expr::kWeak, type));
      std::fill(y.data(), y.data() + y.size(), value);
      int64_t first = 0;
      for (int64_t axis = 0; axis < x.rank(); ++axis) first += before[axis] * y.strides()[axis];
      for (Walk at(x.shape(), {x.strides(), y.strides()}); at; ++at) y.data()[first + at[1]] = x.data()[at[0]];
    });
  }
  static Samples samples() {
    return {"f32[2,3]; before=[1,0], after=[0,2]", "f32[3]; before=[2], after=[1], value=1.5",
            "f32[]; before=[], after=[], value=1", "f32[0,2]; before=[1,0], after=[0,0]",
            "i32[2]<9; before=[1], after=[1], value=7"};
  }
};
DS_OPERATOR(Pad);
