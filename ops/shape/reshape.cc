// reshape: the same elements in C order under another shape (NumPy, ONNX Reshape).
#include <deepseek/operator.hpp>
using namespace ds;

struct Reshape {
  static constexpr auto schema = "reshape(x: any, *, shape: ints) -> any";
  static constexpr auto summary = "x's elements in C order as shape, in which one -1 is worked out (NumPy)";

  static bool view(ViewOf& v) {
    Shape from = v.shape(), to = complete(v.attr<Shape>("shape"), from), strides;
    if (element_count(from) == 0) {
      v.result(v.offset(), to, dense_strides(to));
      return true;
    }
    if (!fold(from, v.strides(), to, &strides)) return false;
    v.result(v.offset(), to, strides);
    return true;
  }
  static Samples samples() {
    return {"f32[2,3]; shape=[3,2]", "f32[2,3]; shape=[-1]",  "f32[6]; shape=[2,-1,1]",
            "f32[]; shape=[1,1]",    "f32[0,3]; shape=[3,0]", "f32[1]; shape=[]"};
  }

 private:
  static Shape complete(Shape to, const Shape& from) {
    Shape asked = to;
    int64_t count = element_count(from), known = 1, open = -1;
    for (int64_t i = 0; i < to.rank(); ++i) {
      if (to[i] != -1) {
        DS_REQUIRE(to[i] >= 0 && !__builtin_mul_overflow(known, to[i], &known), "cannot reshape ", from, " to ", asked);
        continue;
      }
      DS_REQUIRE(open < 0, "cannot reshape ", from, " to ", asked, ": more than one -1");
      open = i;
    }
    if (open >= 0) {
      DS_REQUIRE(known > 0 && count % known == 0, "cannot reshape ", from, " to ", asked, ": ", count,
                 " elements are no multiple of ", known);
      to[open] = count / known;
      known = count;
    }
    DS_REQUIRE(known == count, "cannot reshape ", from, " to ", asked, ": ", count, " elements are not ", known);
    return to;
  }

  // Groups of axes with equal numbers of elements on both sides; each group of `from` must lie like one axis.
  static bool fold(const Shape& from, const Shape& from_strides, const Shape& to, Shape* strides) {
    Shape old, old_strides;
    for (int64_t i = 0; i < from.rank(); ++i)
      if (from[i] != 1) old.push_back(from[i]), old_strides.push_back(from_strides[i]);
    *strides = Shape::filled(to.rank(), 1);
    int64_t o = 0, n = 0;
    while (o < old.rank()) {
      int64_t o_end = o + 1, n_end = n + 1, o_size = old[o], n_size = to[n];
      while (o_size != n_size) {
        if (n_size < o_size)
          n_size *= to[n_end++];
        else
          o_size *= old[o_end++];
      }
      for (int64_t i = o; i + 1 < o_end; ++i)
        if (old_strides[i] != old[i + 1] * old_strides[i + 1]) return false;
      int64_t step = old_strides[o_end - 1];
      for (int64_t i = n_end; i-- > n;) {
        (*strides)[i] = step;
        step *= to[i];
      }
      o = o_end;
      n = n_end;
    }
    return true;
  }
};
DS_OPERATOR(Reshape);
