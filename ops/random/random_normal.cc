// random_normal: normal by Box and Muller (1958) on counters of Philox4x32-10 (Salmon et al. 2011).
#include "draw.h"

namespace ds::random {

struct RandomNormal {
  static constexpr auto schema =
      "random_normal(state: u64, *, shape: ints, mean: float = 0, std: float = 1, dtype: dtype = f32) -> any";
  static constexpr auto summary = "normal of that mean and standard deviation; at most 5.8 (f64: 8.6) deviations away";
  static constexpr uint32_t op_class = DS_CLASS_RANDOM;
  static constexpr uint64_t traits = DS_TRAIT_NOT_DIFFERENTIABLE;

  static void infer(Infer& i) {
    require_float(i);
    infer_draw(i);
  }
  static void reference(Run& r) {
    Philox random = philox_of(r);
    const double mean = r.attr<double>("mean"), std = r.attr<double>("std");
    with_float(r.output_dtype(), [&]<class T>() {
      const auto y = r.out<T>();
      for (int64_t k = 0; k < y.size(); ++k) {
        const double z = std::is_same_v<T, double> ? random.normal53(k) : random.normal24(k);
        y.data()[k] = T(mean + z * std);
      }
    });
  }
  static Samples samples() {
    return {"u64[2]; shape=[2,3]", "u64[2]; shape=[101], mean=3, std=0.5", "u64[2]; shape=[]", "u64[2]; shape=[0]",
            "u64[2]; shape=[7], dtype=f64"};
  }
};
DS_OPERATOR(RandomNormal);

}  // namespace ds::random
