// split: a tensor cut into pieces along an axis (NumPy, ONNX Split).
#include <deepseek/operator.hpp>
using namespace ds;

struct Split {
  static constexpr auto schema = "split(x: any, *, sizes: ints, axis: int = 0) -> any*";
  static constexpr auto summary = "x cut along axis into pieces of these sizes (ONNX Split)";

  static void infer(Infer& i) {
    int64_t axis = normalize_axis(i.attr<int64_t>("axis"), i.rank()), sum = 0;
    auto sizes = i.attr<std::span<const int64_t>>("sizes");
    bool sound = !sizes.empty();
    for (int64_t size : sizes) sound = sound && size >= 0 && !__builtin_add_overflow(sum, size, &sum);
    DS_REQUIRE(sound && sum == i.shape()[axis], "split: sizes ", sizes, " do not add up to axis ", axis, " of ",
               i.shape());
    i.outputs(uint32_t(sizes.size()));
    for (uint32_t k = 0; k < sizes.size(); ++k) {
      Shape shape = i.shape();
      shape[axis] = sizes[k];
      i.output(k, shape);
    }
  }
  static void decompose(Build& b) {
    Node x = b.input(0);
    int64_t axis = normalize_axis(b.attr<int64_t>("axis"), x.rank()), at = 0;
    auto sizes = b.attr<std::span<const int64_t>>("sizes");
    for (uint32_t k = 0; k < b.outputs(); ++k) {
      Shape start = Shape::filled(x.rank(), 0), stop = x.shape();
      start[axis] = at;
      stop[axis] = at += sizes[k];
      b.output(k, b.call("slice", {x}, {{"start", start}, {"stop", stop}}));
    }
  }
  static Samples samples() {
    return {"f32[5,2]; sizes=[2,3]", "f32[2,4]; sizes=[1,0,3], axis=-1", "f32[3]; sizes=[3]"};
  }
};
DS_OPERATOR(Split);
