// cast: the same numbers in another dtype (NumPy astype, ONNX Cast).
#include <deepseek/operator.hpp>
using namespace ds;

struct Cast {
  static constexpr auto schema = "cast(x: any, *, dtype: dtype) -> any";
  static constexpr auto summary =
      "x in another dtype; float to integer truncates, NaN and out of range give 0, to bool is x != 0";
  static constexpr auto role = "cast";
  static constexpr uint32_t op_class = DS_CLASS_ELEMENTWISE;
  static constexpr uint64_t reads_inputs = 0;

  static void infer(Infer& i) {
    ds_dtype to = i.attr<ds_dtype>("dtype");
    if (to != i.dtype()) expr_type(to), expr_type(i.dtype());
    i.output(0, i.shape(), to);
  }
  static void gradient(Gradient& g) {
    if (is_float(g.input(0).dtype()) && is_float(g.output().dtype())) g.set(0, g.dy());
  }
  static void decompose(Build& b) {
    b.output(0, b.map({b.input(0)}, [&](Expr x) {
      uint8_t to = expr_type(b.attr<ds_dtype>("dtype"));
      return cast(x, to);
    }));
  }
  static void reference(Run& r) {
    uint8_t from = expr_type(r.dtype()), to = expr_type(r.output_dtype());
    int64_t from_size = byte_size(r.dtype()), to_size = byte_size(r.output_dtype());
    char *in = memory_of(r.input(0)), *out = memory_of(r.output());
    for (Walk at(r.shape(), {strides_of(r.input(0)), strides_of(r.output())}); at; ++at)
      expr::store(out + at[1] * to_size, to,
                  expr::convert_to_store(expr::load(in + at[0] * from_size, from), from, to));
  }
  static Samples samples() {
    return {"f32[2,3]; dtype=f64", "f32[2,3](-100,100); dtype=i32", "f32[4]; dtype=bool",
            "i32[]<9; dtype=f16",  "f32[0,2]; dtype=bf16",          "bool[3]; dtype=f32"};
  }
};
DS_OPERATOR(Cast);
