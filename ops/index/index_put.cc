// index_put: x with the elements that index tensors name replaced or added to (NumPy's x[i, j] = v, add.at).
#include "indexing.h"
using namespace ds;

struct IndexPut {
  static constexpr auto schema =
      "index_put(x: any, value: any, indices: int*, *, axes: ints, accumulate: flag = false) -> any";
  static constexpr auto summary =
      "x with value at the elements the index tensors name; the last write of an element wins, accumulate adds them "
      "all";
  static constexpr uint32_t op_class = DS_CLASS_GATHER;
  static constexpr uint64_t traits = DS_TRAIT_MAY_FAIL, reads_inputs = ~3ull;

  static void infer(Infer& i) {
    Advanced a(i.shape(0), i.attr<Shape>("axes"), index_shapes(i, 2));
    Shape place = a.result_shape(i.shape(0)), wide;
    DS_REQUIRE(broadcasts(i.shape(1), place, &wide) && wide == place, "index_put: value ", i.shape(1),
               " does not broadcast to ", place);
    i.output(0, i.shape(0));
  }
  static void gradient(Gradient& g) {
    std::vector<Node> indices;
    for (uint32_t k = 2; k < g.inputs(); ++k) indices.push_back(g.input(k));
    Shape axes = g.attr<Shape>("axes");
    auto with = [&](std::initializer_list<Node> first) {
      std::vector<Node> inputs = first;
      inputs.insert(inputs.end(), indices.begin(), indices.end());
      return inputs;
    };
    bool accumulate = g.attr<bool>("accumulate");
    if (g.needs(0))
      g.set(0,
            accumulate ? g.dy() : g.call("index_put", with({g.dy(), g.constant(0, g.dy().dtype())}), {{"axes", axes}}));
    if (!g.needs(1)) return;
    Node dv = g.call("index_get", with({g.dy()}), {{"axes", axes}});
    if (!accumulate) {  // only the write that was last counts
      Node number = g.call("arange", {}, {{"stop", double(element_count(dv.shape()))}, {"dtype", Dtype{DS_I64}}});
      number = reshape(number, dv.shape());
      Node last = g.call("index_put", with({g.fill(g.input(0).shape(), -1, DS_I64), number}), {{"axes", axes}});
      Node counts = g.call("equal", {g.call("index_get", with({last}), {{"axes", axes}}), number});
      dv = where(counts, dv, g.constant(0, dv.dtype()));
    }
    g.set(1, dv);
  }
  static void reference(Run& r) {
    Advanced a(r.shape(0), r.attr<Shape>("axes"), index_shapes(r, 2));
    Shape place = a.result_shape(r.shape(0));
    Shape value_strides = broadcast_strides(r.shape(1), strides_of(r.input(1)), place);
    std::span<const ds_tensor* const> indices(r.args().inputs + 2, r.inputs() - 2);
    auto copy = [&]<class T>() {
      auto x = r.in<T>(0);
      T* y = r.out<T>().data();
      for (Walk at(x.shape(), {x.strides()}); at; ++at) *y++ = x.data()[at[0]];
    };
    if (!r.attr<bool>("accumulate")) {
      with_size(r.dtype(), [&]<class T>() {
        copy.template operator()<T>();
        const T* value = r.in<T>(1).data();
        T* y = r.out<T>().data();
        each_indexed(a, r.output(), indices, value_strides, [&](int64_t to, int64_t from) { y[to] = value[from]; });
      });
      return;
    }
    with_dtype(r.dtype(), [&]<class T>() {
      copy.template operator()<T>();
      using Wide = std::conditional_t<is_float_v<T>, double, uint64_t>;
      const T* value = r.in<T>(1).data();
      auto y = r.out<T>();
      std::vector<Wide> sums(y.data(), y.data() + y.size());
      each_indexed(a, r.output(), indices, value_strides,
                   [&](int64_t to, int64_t from) { sums[size_t(to)] += Wide(value[from]); });
      for (int64_t k = 0; k < y.size(); ++k) y.data()[k] = T(sums[size_t(k)]);
    });
  }
  static Samples samples() {
    return {"f32[4,3], f32[2,3], i64[2]<4; axes=[0]",
            "f32[4,3], f32[2], i64[2]<4, i32[2]<3; axes=[0,1], accumulate=true",
            "f32[2,3,4], f32[], i64[2,1]<2, i64[3]<4; axes=[0,2]",
            "f32[3], f32[5], i64[5]<3; axes=[0], accumulate=true",
            "f32[3], f32[5], i64[5]<3; axes=[0]",
            "f32[3,2], f32[0,2], i64[0]<3; axes=[0]",
            "i32[5]<9, i32[3]<9, u8[3]<5; axes=[0], accumulate=true"};
  }
};
DS_OPERATOR(IndexPut);
