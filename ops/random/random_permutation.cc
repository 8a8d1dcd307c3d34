// random_permutation: 0 .. n - 1 shuffled (Fisher and Yates), Philox4x32-10 (Salmon et al. 2011).
#include <numeric>

#include "draw.h"

namespace ds::random {

struct RandomPermutation {
  static constexpr auto schema = "random_permutation(state: u64, *, n: int, dtype: dtype = i64) -> any";
  static constexpr auto summary =
      "the numbers below n in random order: element i is swapped with one of 0 .. i, from the last";
  static constexpr uint32_t op_class = DS_CLASS_RANDOM;
  static constexpr uint64_t traits = DS_TRAIT_NOT_DIFFERENTIABLE;

  static void infer(Infer& i) {
    const auto dtype = i.attr<ds_dtype>("dtype");
    DS_REQUIRE_AS(DS_DTYPE_MISMATCH, is_integer(dtype), "dtype is an integer, got ", dtype_name(dtype));
    DS_REQUIRE_AS(DS_INVALID_ARGUMENT, i.attr<int64_t>("n") >= 0, "n is negative");
    DS_REQUIRE(i.shape(0) == Shape{2}, "a random state is [seed, offset], got ", i.shape(0));
    i.output(0, {i.attr<int64_t>("n")}, dtype);
  }
  static void reference(Run& r) {
    Philox random = philox_of(r);
    with_integer(r.output_dtype(), [&]<class T>() {
      const auto y = r.out<T>();
      std::iota(y.data(), y.data() + y.size(), T(0));
      for (int64_t i = y.size() - 1; i > 0; --i) std::swap(y.data()[i], y.data()[random.below(i, uint64_t(i) + 1)]);
    });
  }
  static Samples samples() { return {"u64[2]; n=10", "u64[2]; n=1", "u64[2]; n=0", "u64[2]; n=100, dtype=i32"}; }
};
DS_OPERATOR(RandomPermutation);

}  // namespace ds::random
