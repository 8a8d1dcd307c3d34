// slice: part of each axis, forwards or backwards (Python's x[start:stop:step], ONNX Slice).
#include <deepseek/operator.hpp>
using namespace ds;

struct Slice {
  static constexpr auto schema = "slice(x: any, *, start: ints, stop: ints, step: ints = []) -> any";
  static constexpr auto summary =
      "x[start:stop:step] per axis, as in Python: negative numbers count from the end, what lies outside is cut off; "
      "later axes stay whole; a view";

  static bool view(ViewOf& v) {
    Shape start = v.attr<Shape>("start"), stop = v.attr<Shape>("stop"), step = v.attr<Shape>("step");
    Shape shape = v.shape(), strides = v.strides();
    int64_t offset = v.offset();
    DS_REQUIRE_AS(DS_INVALID_ARGUMENT,
                  start.rank() == stop.rank() && start.rank() <= shape.rank() && step.rank() <= start.rank(), "slice ",
                  start, " to ", stop, " does not fit shape ", shape);
    for (int64_t i = 0; i < start.rank(); ++i) {
      int64_t by = i < step.rank() ? step[i] : 1, size = shape[i];
      DS_REQUIRE_AS(DS_INVALID_ARGUMENT, by != 0 && by != std::numeric_limits<int64_t>::min(), "slice step is ", by);
      int64_t first = clamp(start[i], size, by), last = clamp(stop[i], size, by);
      shape[i] =
          by > 0 ? (last > first ? (last - first - 1) / by + 1 : 0) : (first > last ? (first - last - 1) / -by + 1 : 0);
      if (shape[i]) offset += first * strides[i];
      if (shape[i] < 2) by = 1;
      strides[i] *= by;
    }
    v.result(offset, shape, strides);
    return true;
  }
  static Samples samples() {
    return {"f32[5]; start=[1], stop=[4]",
            "f32[6]; start=[-1], stop=[-9], step=[-2]",
            "f32[3,4]; start=[0,1], stop=[2,9], step=[1,2]",
            "f32[3,4]; start=[1], stop=[2]",
            "f32[4]; start=[3], stop=[1]",
            "f32[]; start=[], stop=[]",
            "f32[0,3]; start=[0,0], stop=[9,9]"};
  }

 private:
  // Where a bound lies: [0, size] forwards, [-1, size - 1] backwards.
  static int64_t clamp(int64_t bound, int64_t size, int64_t by) {
    if (bound < 0) bound += size;
    return by > 0 ? std::clamp<int64_t>(bound, 0, size) : std::clamp<int64_t>(bound, -1, size - 1);
  }
};
DS_OPERATOR(Slice);
