// fill: one value everywhere (NumPy full, ONNX ConstantOfShape).
#include <deepseek/operator.hpp>
using namespace ds;

struct Fill {
  static constexpr auto schema = "fill(*, shape: ints, value: float = 0, dtype: dtype = f32) -> any";
  static constexpr auto summary = "a tensor of that shape with value everywhere (NumPy full)";
  static constexpr auto role = "fill";
  static constexpr uint32_t op_class = DS_CLASS_CREATE;

  static void infer(Infer& i) {
    Shape shape = i.attr<Shape>("shape");
    for (int64_t dim : shape) DS_REQUIRE_AS(DS_INVALID_ARGUMENT, dim >= 0, "fill shape ", shape, " is negative");
    element_count(shape);
    i.output(0, shape, i.attr<ds_dtype>("dtype"));
  }
  static void reference(Run& r) {
    int64_t size = byte_size(r.output_dtype()), count = element_count(r.output_shape());
    double value = r.attr<double>("value");
    char element[16] = {}, *y = memory_of(r.output());
    switch (r.output_dtype()) {
      case DS_C64:
        std::memcpy(element, std::initializer_list<float>{float(value), 0}.begin(), 8);
        break;
      case DS_C128:
        std::memcpy(element, &value, 8);
        break;
      default: {
        uint8_t type = expr_type(r.output_dtype());
        expr::store(element, type, expr::convert({value, 0}, expr::kWeak, type));
      }
    }
    for (int64_t k = 0; k < count; ++k) std::memcpy(y + k * size, element, size_t(size));
  }
  static Samples samples() {
    return {"; shape=[2,3], value=1.5",
            "; shape=[], value=-2, dtype=f64",
            "; shape=[4], value=7, dtype=i32",
            "; shape=[3], value=1, dtype=bool",
            "; shape=[0,2]",
            "; shape=[5], value=0.1, dtype=bf16"};
  }
};
DS_OPERATOR(Fill);
