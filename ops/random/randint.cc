// randint: integers in [low, high), Philox4x32-10 (Salmon et al. 2011); by multiplication (Lemire 2019) without
// rejection.
#include "draw.h"

namespace ds::random {

struct Randint {
  static constexpr auto schema =
      "randint(state: u64, *, shape: ints, low: int = 0, high: int, dtype: dtype = i64) -> any";
  static constexpr auto summary = "integers in [low, high), each with the same probability up to 2^-64 of the range";
  static constexpr uint32_t op_class = DS_CLASS_RANDOM;
  static constexpr uint64_t traits = DS_TRAIT_NOT_DIFFERENTIABLE;

  static void infer(Infer& i) {
    const auto dtype = i.attr<ds_dtype>("dtype");
    DS_REQUIRE_AS(DS_DTYPE_MISMATCH, is_integer(dtype), "dtype is an integer, got ", dtype_name(dtype));
    DS_REQUIRE_AS(DS_INVALID_ARGUMENT, i.attr<int64_t>("low") < i.attr<int64_t>("high"), "low ", i.attr<int64_t>("low"),
                  " is not below high ", i.attr<int64_t>("high"));
    infer_draw(i);
  }
  static void reference(Run& r) {
    Philox random = philox_of(r);
    const auto low = uint64_t(r.attr<int64_t>("low")), range = uint64_t(r.attr<int64_t>("high")) - low;
    with_integer(r.output_dtype(), [&]<class T>() {
      const auto y = r.out<T>();
      for (int64_t k = 0; k < y.size(); ++k) y.data()[k] = T(low + random.below(k, range));
    });
  }
  static Samples samples() {
    return {"u64[2]; shape=[2,3], high=10", "u64[2]; shape=[50], low=-5, high=5, dtype=i32",
            "u64[2]; shape=[], high=1"};
  }
};
DS_OPERATOR(Randint);

}  // namespace ds::random
