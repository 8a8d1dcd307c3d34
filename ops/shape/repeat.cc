// repeat: every slice of an axis several times in a row (NumPy).
#include <deepseek/operator.hpp>
using namespace ds;

struct Repeat {
  static constexpr auto schema = "repeat(x: any, *, count: int, axis: int = 0) -> any";
  static constexpr auto summary = "each slice along axis count times in a row (NumPy)";

  static void infer(Infer& i) {
    int64_t axis = normalize_axis(i.attr<int64_t>("axis"), i.rank()), count = i.attr<int64_t>("count");
    DS_REQUIRE_AS(DS_INVALID_ARGUMENT, count >= 0, "repeat count is ", count);
    Shape shape = i.shape();
    DS_REQUIRE_AS(DS_OVERFLOW, !__builtin_mul_overflow(shape[axis], count, &shape[axis]), "repeat: the size overflows");
    i.output(0, shape);
  }
  static void decompose(Build& b) {
    Node x = b.input(0);
    int64_t axis = normalize_axis(b.attr<int64_t>("axis"), x.rank()), count = b.attr<int64_t>("count");
    Shape wide = x.shape(), result = x.shape();
    wide.insert(axis + 1, count);
    result[axis] *= count;
    b.output(0, reshape(broadcast_to(expand_dims(x, {axis + 1}), wide), result));
  }
  static Samples samples() {
    return {"f32[2,3]; count=2", "f32[2,3]; count=3, axis=-1", "f32[2]; count=0", "f32[0,2]; count=2"};
  }
};
DS_OPERATOR(Repeat);
