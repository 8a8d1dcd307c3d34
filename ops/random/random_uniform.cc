// random_uniform: uniform in [low, high), Philox4x32-10 (Salmon et al. 2011).
#include "draw.h"

namespace ds::random {

struct RandomUniform {
  static constexpr auto schema =
      "random_uniform(state: u64, *, shape: ints, low: float = 0, high: float = 1, dtype: dtype = f32) -> any";
  static constexpr auto summary = "uniform in [low, high); rounding may reach high when low and high are not 0 and 1";
  static constexpr uint32_t op_class = DS_CLASS_RANDOM;
  static constexpr uint64_t traits = DS_TRAIT_NOT_DIFFERENTIABLE;

  static void infer(Infer& i) {
    require_float(i);
    infer_draw(i);
  }
  static void reference(Run& r) {
    Philox random = philox_of(r);
    const double low = r.attr<double>("low"), high = r.attr<double>("high");
    with_float(r.output_dtype(), [&]<class T>() {
      const auto y = r.out<T>();
      for (int64_t k = 0; k < y.size(); ++k) y.data()[k] = T(low + uniform<T>(random, k) * (high - low));
    });
  }
  static Samples samples() {
    return {"u64[2]; shape=[2,3]", "u64[2]; shape=[101], low=-2, high=5", "u64[2]; shape=[]",
            "u64[2]; shape=[0]",   "u64[2]; shape=[7], dtype=f64",        "u64[2]; shape=[7], dtype=bf16"};
  }
};
DS_OPERATOR(RandomUniform);

}  // namespace ds::random
