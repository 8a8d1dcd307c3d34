// random_bernoulli: 1 with probability p, Philox4x32-10 (Salmon et al. 2011).
#include "draw.h"

namespace ds::random {

struct RandomBernoulli {
  static constexpr auto schema =
      "random_bernoulli(state: u64, *, shape: ints, p: float = 0.5, dtype: dtype = bool) -> any";
  static constexpr auto summary =
      "1 with probability p, where the f32 uniform of the same counter is below p; 0 otherwise";
  static constexpr uint32_t op_class = DS_CLASS_RANDOM;
  static constexpr uint64_t traits = DS_TRAIT_NOT_DIFFERENTIABLE;

  static void infer(Infer& i) {
    const double p = i.attr<double>("p");
    DS_REQUIRE_AS(DS_INVALID_ARGUMENT, p >= 0 && p <= 1, "p is between 0 and 1, got ", p);
    infer_draw(i);
  }
  static void reference(Run& r) {
    Philox random = philox_of(r);
    const double p = r.attr<double>("p");
    with_dtype(r.output_dtype(), [&]<class T>() {
      const auto y = r.out<T>();
      for (int64_t k = 0; k < y.size(); ++k) y.data()[k] = T(random.uniform24(k) < p ? 1 : 0);
    });
  }
  static Samples samples() {
    return {"u64[2]; shape=[2,3]", "u64[2]; shape=[50], p=0.1, dtype=f32", "u64[2]; shape=[], p=1"};
  }
};
DS_OPERATOR(RandomBernoulli);

}  // namespace ds::random
