// write_view: x with the elements of a view replaced; what writes through views are recorded as.
#include "view_spec.h"
using namespace ds;

struct WriteView {
  static constexpr auto schema = "write_view(x: any, value: any, *, offset: int, shape: ints, strides: ints) -> any";
  static constexpr auto summary =
      "x with the elements at offset + sum(index * stride) replaced, in C order of the index: the last write wins";
  static constexpr auto role = "write_view";
  static constexpr uint64_t reads_inputs = 0;

  static void infer(Infer& i) {
    ViewSpec v(i);
    v.check(element_count(i.shape(0)));
    DS_REQUIRE(i.shape(1) == v.shape, "write_view: value ", i.shape(1), " is not of the view's shape ", v.shape);
    i.output(0, i.shape(0));
  }
  static void gradient(Gradient& g) {
    ViewSpec v(g);
    if (g.needs(0)) g.set(0, write_view(g.dy(), g.fill(v.shape, 0, g.dy().dtype()), v));
    if (!g.needs(1)) return;
    Node dv = read_view(g.dy(), v.offset, v.shape, v.strides);
    if (!v.injective()) {  // only the write that was last counts
      Node number = g.call("arange", {}, {{"stop", double(element_count(v.shape))}, {"dtype", Dtype{DS_I64}}});
      number = reshape(number, v.shape);
      Node last = write_view(g.fill(g.input(0).shape(), -1, DS_I64), number, v);
      Node counts = g.call("equal", {read_view(last, v.offset, v.shape, v.strides), number});
      dv = where(counts, dv, g.constant(0, dv.dtype()));
    }
    g.set(1, dv);
  }
  static void reference(Run& r) {
    ViewSpec v(r);
    with_size(r.dtype(), [&]<class T>() {
      Flat<const T> x(r.input(0));
      auto value = r.in<T>(1);
      T* y = r.out<T>().data();
      for (int64_t k = 0; k < x.size(); ++k) y[k] = x[k];
      for (Walk at(v.shape, {v.strides, value.strides()}); at; ++at) y[v.offset + at[0]] = value.data()[at[1]];
    });
  }
  static Samples samples() {
    return {
        "f32[2,3], f32[2,2]; offset=0, shape=[2,2], strides=[3,1]", "f32[6], f32[3]; offset=5, shape=[3], strides=[-2]",
        "f32[5], f32[3,3]; offset=0, shape=[3,3], strides=[1,1]",   "f32[4], f32[]; offset=2, shape=[], strides=[]",
        "f32[3], f32[4]; offset=1, shape=[4], strides=[0]",         "f32[3], f32[0]; offset=0, shape=[0], strides=[1]"};
  }
};
DS_OPERATOR(WriteView);
