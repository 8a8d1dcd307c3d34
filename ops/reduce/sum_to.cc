// sum_to: sums the axes along which a shape was broadcast; what gradients of broadcasting operators end with.
#include "reduction.h"
using namespace ds;

struct SumTo {
  static constexpr auto schema = "sum_to(x: number, *, shape: ints) -> number";
  static constexpr auto summary = "x summed over the axes along which shape was broadcast to x's shape";
  static constexpr auto role = "sum_to";
  static constexpr uint32_t op_class = DS_CLASS_REDUCE;
  static constexpr uint64_t reads_inputs = 0;

  static void infer(Infer& i) {
    Shape shape = i.attr<Shape>("shape"), wide;
    DS_REQUIRE(broadcasts(shape, i.shape(), &wide) && wide == i.shape(), "sum_to: ", shape, " does not broadcast to ",
               i.shape());
    i.output(0, shape);
  }
  static void gradient(Gradient& g) { g.set(0, broadcast_to(g.dy(), g.input(0).shape())); }
  static void reference(Run& r) {
    Shape x = r.shape(), shape = r.output_shape(), axes;
    int64_t lead = x.rank() - shape.rank();
    for (int64_t i = 0; i < x.rank(); ++i)
      if (i < lead || (shape[i - lead] == 1 && x[i] != 1)) axes.push_back(i);
    with_dtype(r.dtype(), [&]<class T>() {
      T* y = r.out<T>().data();
      each_reduction<T>(r.input(0), axes, [&](int64_t k, Walk<1>& at, const T* x) {
        sum_of<T> sum{};
        for (; at; ++at) sum += x[at[0]];
        if constexpr (is_float_v<T>)
          y[k] = T(double(sum));
        else
          y[k] = T(sum);
      });
    });
  }
  static Samples samples() {
    return {"f32[2,3]; shape=[3]",   "f32[2,3]; shape=[2,1]", "f32[4,2,3]; shape=[1,3]", "f32[2,3]; shape=[]",
            "f32[2,3]; shape=[2,3]", "f32[0,3]; shape=[3]",   "i32[4]<9; shape=[1]"};
  }
};
DS_OPERATOR(SumTo);
