// A kernel for relu on the cpu. Its higher priority wins over the built-in one; the operator's reference defines what
// it must compute, and `ds-plugin check` compares.
#include <deepseek/kernel.hpp>

struct Thing {
  static constexpr std::string_view name = "acme.thing", op = "relu", dtypes = "f32";
  static constexpr int32_t priority = 20;

  static bool supports(const ds_node&, ds_kernel_offer& offer) {
    offer.in_place = 1;  // the output may be the memory of input 0
    return true;
  }
  explicit Thing(const ds_node& node) : count_(ds::element_count(*node.inputs[0])) {}

  int32_t run(const ds_run_args& args) {
    auto* x = reinterpret_cast<const float*>(ds::memory(args.inputs[0]));
    auto* y = reinterpret_cast<float*>(ds::memory(args.outputs[0]));
    ds::parallel_for(count_, 16384, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) y[i] = x[i] < 0 ? 0 : x[i];  // NaN stays NaN
    });
    return DS_OK;
  }

 private:
  int64_t count_;
};
DS_KERNEL(Thing);
