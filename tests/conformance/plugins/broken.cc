// Operators that each break one promise, and a kernel that disagrees with its reference. The suite must find all.
#include <deepseek/kernel.hpp>
#include <deepseek/operator.hpp>
using namespace ds;

struct BrokenGradient {
  static constexpr auto schema = "broken.gradient(x: float) -> float";
  static Expr body(Expr x) { return x * x; }
  static void gradient(Gradient& g) {
    g.set(0, g.map({g.input(0), g.dy()}, [](Expr x, Expr dy) { return dy * x * 2.01; }));
  }
};
DS_OPERATOR(BrokenGradient);

// The first gradient is right, but made of something that has none.
struct BrokenSecond {
  static constexpr auto schema = "broken.second(x: float) -> float";
  static Expr body(Expr x) { return x * x; }
  static void gradient(Gradient& g) { g.set(0, g.dy() * 2.0 * g.call("broken.opaque_copy", {g.input(0)})); }
};
DS_OPERATOR(BrokenSecond);

struct OpaqueCopy {
  static constexpr auto schema = "broken.opaque_copy(x: float) -> float";
  static constexpr uint64_t traits = DS_TRAIT_NOT_DIFFERENTIABLE;
  static Expr body(Expr x) { return copy(x); }
};
DS_OPERATOR(OpaqueCopy);

struct BrokenStrides {
  static constexpr auto schema = "broken.strides(x: float) -> float";
  static void infer(Infer& i) { i.output(0, i.shape()); }
  static void reference(Run& r) {
    std::memcpy(memory_of(r.output()), memory_of(r.input(0)), size_t(r.output().nbytes));
  }
  static Samples samples() { return {"f32[3]"}; }
};
DS_OPERATOR(BrokenStrides);

struct BrokenSample {
  static constexpr auto schema = "broken.sample(x: float) -> float";
  static Expr body(Expr x) { return x; }
  static Samples samples() { return {"f32[2,3]; axis=1"}; }
};
DS_OPERATOR(BrokenSample);

struct ServedBadly {
  static constexpr auto schema = "broken.served(x: float) -> float";
  static void infer(Infer& i) { i.output(0, i.shape()); }
  static void reference(Run& r) {
    with_float(r.dtype(), [&]<class T>() {
      for (int64_t k = 0; k < r.in<T>().size(); ++k) r.out<T>()[k] = r.in<T>()[k];
    });
  }
  static Samples samples() { return {"f32[2,3]"}; }
};
DS_OPERATOR(ServedBadly);

struct BrokenKernel {
  static constexpr std::string_view name = "broken.served", op = "broken.served", dtypes = "f32";
  static bool supports(const ds_node&, ds_kernel_offer&) { return true; }
  explicit BrokenKernel(const ds_node& node) : count(element_count(*node.inputs[0])) {}
  int32_t run(const ds_run_args& args) {
    for (int64_t k = 0; k < count; ++k)
      reinterpret_cast<float*>(memory(args.outputs[0]))[k] =
          reinterpret_cast<const float*>(memory(args.inputs[0]))[k] * 1.001f;
    return DS_OK;
  }
  int64_t count;
};
DS_KERNEL(BrokenKernel);
