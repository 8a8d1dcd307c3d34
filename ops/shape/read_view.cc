// read_view: elements of dense memory at offset + sum(index * stride); what every view operator is recorded as.
#include "view_spec.h"
using namespace ds;

struct ReadView {
  static constexpr auto schema = "read_view(x: any, *, offset: int, shape: ints, strides: ints) -> any";
  static constexpr auto summary = "elements of x's dense memory at offset + sum(index * stride)";
  static constexpr auto role = "read_view";
  static constexpr uint64_t reads_inputs = 0;

  static void infer(Infer& i) {
    ViewSpec v(i);
    v.check(element_count(i.shape()));
    i.output(0, v.shape);
  }

  static void gradient(Gradient& g) {
    ViewSpec v(g);
    Shape base = g.input(0).shape(), repeated;
    for (int64_t i = 0; i < v.shape.rank(); ++i)
      if (v.strides[i] == 0 && v.shape[i] > 1) repeated.push_back(i);
    Node dy = g.dy();
    if (!repeated.empty()) {
      dy = sum(dy, repeated, true);
      for (int64_t i : repeated) v.shape[i] = 1;
    }
    Shape order, signs;
    if (covers(v, element_count(base), &order, &signs)) return g.set(0, inverse(dy, v, order, signs, base));
    Node zeros = g.fill(base, 0, dy.dtype());
    if (v.injective()) return g.set(0, write_view(zeros, dy, v));
    g.set(0, g.call("@add_view", {zeros, dy}, {{"offset", v.offset}, {"shape", v.shape}, {"strides", v.strides}}));
  }

  static void reference(Run& r) {
    ViewSpec v(r);
    with_size(r.dtype(), [&]<class T>() {
      Flat<const T> x(r.input(0));
      T* y = r.out<T>().data();
      for (Walk at(v.shape, {v.strides}); at; ++at) *y++ = x[v.offset + at[0]];
    });
  }
  static Samples samples() {
    return {"f32[2,3]; offset=0, shape=[3,2], strides=[1,3]",     "f32[6]; offset=5, shape=[3], strides=[-2]",
            "f32[2,3]; offset=1, shape=[2,4,2], strides=[3,0,1]", "f32[5]; offset=0, shape=[3,3], strides=[1,1]",
            "f32[2,3]; offset=0, shape=[6], strides=[1]",         "f32[4]; offset=2, shape=[], strides=[]",
            "f32[0]; offset=0, shape=[0,3], strides=[3,1]",       "f32[2,3]; offset=5, shape=[2,3], strides=[-3,-1]"};
  }

 private:
  // Every element of the base exactly once? order: axes whose indices, in that order, count the base in C order.
  static bool covers(const ViewSpec& v, int64_t count, Shape* order, Shape* signs) {
    if (element_count(v.shape) != count || count == 0) return false;
    int64_t step = 1, offset = 0;
    *order = v.by_stride();
    *signs = Shape::filled(v.shape.rank(), 1);
    for (int64_t i = order->rank(); i-- > 0;) {
      int64_t axis = (*order)[i];
      if (v.shape[axis] == 1) continue;
      if (std::abs(v.strides[axis]) != step) return false;
      if (v.strides[axis] < 0) offset += step * (v.shape[axis] - 1), (*signs)[axis] = -1;
      step *= v.shape[axis];
    }
    return offset == v.offset;
  }

  static Node inverse(const Node& dy, const ViewSpec& v, const Shape& order, const Shape& signs, const Shape& base) {
    Shape dense = dense_strides(v.shape), shape, strides;
    int64_t offset = 0;
    bool straight = true;  // dy's elements lie as the base's: only the shape differs
    int64_t before = -1;
    for (int64_t axis : order) {
      if (v.shape[axis] == 1) continue;
      straight = straight && signs[axis] > 0 && axis > before;
      before = axis;
      shape.push_back(v.shape[axis]);
      strides.push_back(dense[axis] * signs[axis]);
      if (signs[axis] < 0) offset += dense[axis] * (v.shape[axis] - 1);
    }
    if (straight) return v.shape == base ? dy : read_view(dy, 0, base, dense_strides(base));
    Shape narrow, wide_strides;
    for (int64_t dim : base)
      if (dim != 1) narrow.push_back(dim);
    if (!(narrow == shape)) return read_view(read_view(dy, offset, shape, strides), 0, base, dense_strides(base));
    int64_t next = 0;
    for (int64_t dim : base) wide_strides.push_back(dim == 1 ? 0 : strides[next++]);
    return read_view(dy, offset, base, wide_strides);
  }
};
DS_OPERATOR(ReadView);
