// add_view: x with a value added to the elements of a view, each index counted.
#include "view_spec.h"
using namespace ds;

struct AddView {
  static constexpr auto schema =
      "add_view(x: number, value: number, *, offset: int, shape: ints, strides: ints) -> number";
  static constexpr auto summary =
      "x with value added at offset + sum(index * stride), also where an element comes twice";
  static constexpr auto role = "add_view";
  static constexpr uint64_t reads_inputs = 0;

  static void infer(Infer& i) {
    ViewSpec v(i);
    v.check(element_count(i.shape(0)));
    DS_REQUIRE(i.shape(1) == v.shape, "add_view: value ", i.shape(1), " is not of the view's shape ", v.shape);
    i.output(0, i.shape(0));
  }
  static void gradient(Gradient& g) {
    ViewSpec v(g);
    g.set(0, g.dy());
    if (g.needs(1)) g.set(1, read_view(g.dy(), v.offset, v.shape, v.strides));
  }
  static void reference(Run& r) {
    ViewSpec v(r);
    with_dtype(r.dtype(), [&]<class T>() {
      using Wide = std::conditional_t<is_float_v<T>, double, uint64_t>;
      Flat<const T> x(r.input(0));
      auto value = r.in<T>(1);
      std::vector<Wide> sums(size_t(x.size()));
      for (int64_t k = 0; k < x.size(); ++k) sums[size_t(k)] = Wide(x[k]);
      for (Walk at(v.shape, {v.strides, value.strides()}); at; ++at)
        sums[size_t(v.offset + at[0])] += Wide(value.data()[at[1]]);
      T* y = r.out<T>().data();
      for (int64_t k = 0; k < x.size(); ++k) y[k] = T(sums[size_t(k)]);
    });
  }
  static Samples samples() {
    return {"f32[2,3], f32[2,2]; offset=0, shape=[2,2], strides=[3,1]",
            "f32[5], f32[3,3]; offset=0, shape=[3,3], strides=[1,1]", "f32[4], f32[]; offset=2, shape=[], strides=[]",
            "f32[3], f32[4]; offset=1, shape=[4], strides=[0]",
            "i32[3]<9, i32[2]<9; offset=2, shape=[2], strides=[-1]"};
  }
};
DS_OPERATOR(AddView);
