// copy: the same elements in memory of their own (NumPy copy).
#include <deepseek/operator.hpp>
using namespace ds;

struct Copy {
  static constexpr auto schema = "copy(x: any) -> any";
  static constexpr auto summary = "the elements of x, dense, in memory of their own (NumPy)";
  static constexpr auto role = "copy";

  static Expr body(Expr x) { return copy(x); }
  static void infer(Infer& i) { i.output(0, i.shape()); }
  static void reference(Run& r) {  // complex too, which no body can express
    with_size(r.dtype(), [&]<class T>() {
      auto x = r.in<T>();
      T* y = r.out<T>().data();
      for (Walk at(x.shape(), {x.strides()}); at; ++at) *y++ = x.data()[at[0]];
    });
  }
  static Samples samples() { return {"f32[2,3]", "f32[]", "i32[0,3]<9", "bool[4]"}; }
};
DS_OPERATOR(Copy);
