// eye: ones on a diagonal (NumPy, ONNX EyeLike).
#include <deepseek/operator.hpp>
using namespace ds;

struct Eye {
  static constexpr auto schema = "eye(*, rows: int, columns: int = none, diagonal: int = 0, dtype: dtype = f32) -> any";
  static constexpr auto summary = "ones where column - row is diagonal, zeros elsewhere (NumPy)";
  static constexpr uint32_t op_class = DS_CLASS_CREATE;

  static void infer(Infer& i) {
    Shape shape = {i.attr<int64_t>("rows"), i.attr<int64_t>(i.has("columns") ? "columns" : "rows")};
    DS_REQUIRE_AS(DS_INVALID_ARGUMENT, shape[0] >= 0 && shape[1] >= 0, "eye shape ", shape, " is negative");
    expr_type(i.attr<ds_dtype>("dtype"));
    i.output(0, shape, i.attr<ds_dtype>("dtype"));
  }
  static void reference(Run& r) {
    int64_t diagonal = r.attr<int64_t>("diagonal");
    with_dtype(r.output_dtype(), [&]<class T>() {
      auto y = r.out<T>();
      for (int64_t i = 0; i < y.shape(0); ++i)
        for (int64_t k = 0; k < y.shape(1); ++k) y(i, k) = T(float(k - i == diagonal));
    });
  }
  static Samples samples() {
    return {"; rows=3", "; rows=2, columns=4, diagonal=1, dtype=f64", "; rows=3, diagonal=-1, dtype=i32", "; rows=0",
            "; rows=2, dtype=bool"};
  }
};
DS_OPERATOR(Eye);
