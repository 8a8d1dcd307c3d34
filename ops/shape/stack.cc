// stack: tensors of one shape along a new axis (NumPy).
#include <deepseek/operator.hpp>
using namespace ds;

struct Stack {
  static constexpr auto schema = "stack(x: any*, *, axis: int = 0) -> any";
  static constexpr auto summary = "tensors of equal shape joined along a new axis, counted in the result (NumPy)";

  static void infer(Infer& i) {
    DS_REQUIRE_AS(DS_INVALID_ARGUMENT, i.inputs() > 0, "stack needs an input");
    Shape shape = i.shape(0);
    for (uint32_t k = 1; k < i.inputs(); ++k)
      DS_REQUIRE(i.shape(k) == shape, "stack: shapes differ: ", shape, " and ", i.shape(k));
    shape.insert(normalize_axis(i.attr<int64_t>("axis"), shape.rank() + 1), i.inputs());
    i.output(0, shape);
  }
  static void decompose(Build& b) {
    int64_t axis = normalize_axis(b.attr<int64_t>("axis"), b.input(0).rank() + 1);
    std::vector<Node> parts;
    for (const Node& x : b.all_inputs()) parts.push_back(expand_dims(x, {axis}));
    b.output(0, b.call("concat", parts, {{"axis", axis}}));
  }
  static Samples samples() {
    return {"f32[2,3], f32[2,3]", "f32[2,3], f32[2,3], f32[2,3]; axis=-1", "f32[], f32[]", "f32[0], f32[0]; axis=1"};
  }
};
DS_OPERATOR(Stack);
