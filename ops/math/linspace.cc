// linspace: evenly spaced numbers between two ends (NumPy).
#include <deepseek/operator.hpp>
using namespace ds;

struct Linspace {
  static constexpr auto schema =
      "linspace(*, start: float, stop: float, count: int = 50, endpoint: flag = true, dtype: dtype = f32) -> any";
  static constexpr auto summary =
      "count evenly spaced numbers from start to stop, which is the last with endpoint (NumPy)";
  static constexpr uint32_t op_class = DS_CLASS_CREATE;

  static void infer(Infer& i) {
    int64_t count = i.attr<int64_t>("count");
    DS_REQUIRE_AS(DS_INVALID_ARGUMENT, count >= 0, "linspace count is ", count);
    expr_type(i.attr<ds_dtype>("dtype"));
    i.output(0, {count}, i.attr<ds_dtype>("dtype"));
  }
  static void reference(Run& r) {
    double start = r.attr<double>("start"), stop = r.attr<double>("stop");
    bool endpoint = r.attr<bool>("endpoint");
    uint8_t type = expr_type(r.output_dtype());
    int64_t size = byte_size(r.output_dtype()), count = r.output_shape()[0], steps = endpoint ? count - 1 : count;
    for (int64_t k = 0; k < count; ++k) {
      double value = steps > 0 ? start + double(k) * ((stop - start) / double(steps)) : start;
      if (endpoint && k == count - 1 && k > 0) value = stop;
      expr::store(memory_of(r.output()) + k * size, type, expr::convert({value, 0}, expr::kWeak, type));
    }
  }
  static Samples samples() {
    return {"; start=0, stop=1, count=5", "; start=1, stop=-1, count=4, endpoint=false, dtype=f64",
            "; start=2, stop=3, count=1", "; start=0, stop=1, count=0", "; start=0, stop=9, count=4, dtype=i32"};
  }
};
DS_OPERATOR(Linspace);
