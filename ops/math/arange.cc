// arange: start, start + step, ... below stop (NumPy, ONNX Range).
#include <deepseek/operator.hpp>
using namespace ds;

struct Arange {
  static constexpr auto schema = "arange(*, start: float = 0, stop: float, step: float = 1, dtype: dtype = i64) -> any";
  static constexpr auto summary = "numbers from start in steps of step, stop excluded (NumPy)";
  static constexpr uint32_t op_class = DS_CLASS_CREATE;

  static void infer(Infer& i) {
    double start = i.attr<double>("start"), stop = i.attr<double>("stop"), step = i.attr<double>("step");
    DS_REQUIRE_AS(DS_INVALID_ARGUMENT, step != 0, "arange step is 0");
    double count = std::ceil((stop - start) / step);
    DS_REQUIRE_AS(DS_INVALID_ARGUMENT, count == count && count < 0x1p62, "arange from ", start, " to ", stop,
                  " in steps of ", step, " has no finite length");
    expr_type(i.attr<ds_dtype>("dtype"));
    i.output(0, {count > 0 ? int64_t(count) : 0}, i.attr<ds_dtype>("dtype"));
  }
  static void reference(Run& r) {
    double start = r.attr<double>("start"), step = r.attr<double>("step");
    uint8_t type = expr_type(r.output_dtype());
    int64_t size = byte_size(r.output_dtype()), count = r.output_shape()[0];
    for (int64_t k = 0; k < count; ++k)
      expr::store(memory_of(r.output()) + k * size, type,
                  expr::convert({start + double(k) * step, 0}, expr::kWeak, type));
  }
  static Samples samples() {
    return {"; stop=5", "; start=1, stop=2, step=0.25, dtype=f32", "; start=5, stop=0, step=-2", "; stop=0",
            "; start=3, stop=1, dtype=f64"};
  }
};
DS_OPERATOR(Arange);
