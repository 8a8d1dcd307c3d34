// tile: a tensor repeated side by side (NumPy, ONNX Tile).
#include <deepseek/operator.hpp>
using namespace ds;

struct Tile {
  static constexpr auto schema = "tile(x: any, *, repeats: ints) -> any";
  static constexpr auto summary =
      "x repeated repeats[i] times along axis i; the shorter list is filled up with 1 (NumPy)";

  static void infer(Infer& i) {
    Shape shape = aligned(i.shape(), i.attr<Shape>("repeats")), repeats = aligned(i.attr<Shape>("repeats"), shape);
    for (int64_t axis = 0; axis < shape.rank(); ++axis) {
      DS_REQUIRE_AS(DS_INVALID_ARGUMENT, repeats[axis] >= 0, "tile repeats ", repeats, " are negative");
      DS_REQUIRE_AS(DS_OVERFLOW, !__builtin_mul_overflow(shape[axis], repeats[axis], &shape[axis]),
                    "tile: the size overflows");
    }
    i.output(0, shape);
  }
  // Each axis becomes (repeat, extent), of which the first is broadcast.
  static void decompose(Build& b) {
    Node x = b.input(0);
    Shape shape = aligned(x.shape(), b.attr<Shape>("repeats")), repeats = aligned(b.attr<Shape>("repeats"), shape);
    Shape apart, wide, result;
    for (int64_t axis = 0; axis < shape.rank(); ++axis) {
      if (repeats[axis] != 1) apart.push_back(1), wide.push_back(repeats[axis]);
      apart.push_back(shape[axis]);
      wide.push_back(shape[axis]);
      result.push_back(shape[axis] * repeats[axis]);
    }
    b.output(0, reshape(broadcast_to(reshape(x, apart), wide), result));
  }
  static Samples samples() {
    return {"f32[2,3]; repeats=[2,1]", "f32[3]; repeats=[2,2]", "f32[2,2]; repeats=[3]", "f32[]; repeats=[2]",
            "f32[2]; repeats=[0]"};
  }

 private:
  // Leading ones, so that it has at least the other's rank.
  static Shape aligned(const Shape& dims, const Shape& other) {
    return Shape::filled(std::max<int64_t>(other.rank() - dims.rank(), 0), 1) + dims;
  }
};
DS_OPERATOR(Tile);
