// An operator from its struct: what is found out, and what its slots answer.
#define DS_NO_DOOR
#include "deepseek/operator.hpp"

#include <gtest/gtest.h>

namespace ds {
namespace {

struct Softclip {
  static constexpr auto schema = "acme.softclip(x: float, *, limit: float = 1) -> float";
  static Expr body(Expr x, Expr limit) { return x / (1 + abs(x) / limit); }
  static Samples samples() { return {"f32[2,3]"}; }
};
struct Swap {
  static constexpr auto schema = "swap(x: any, *, a: int = 0, tag: string = \"x,y\", axes: ints = [1,2]) -> any, i64";
  static bool view(ViewOf& v) {
    v.result(v.offset(), v.shape(), v.strides());
    return false;
  }
};
struct Checked {
  static constexpr auto schema = "checked(a: float, b: float) -> float";
  static void infer(Infer& i) { DS_REQUIRE(i.shape(0) == i.shape(1), "checked: ", i.input(0), " is not ", i.shape(1)); }
  static void gradient(Gradient&) {}
};

ds_spec spec(ds_dtype dtype, const Shape& shape) {
  ds_spec s{};
  s.dtype = dtype;
  s.rank = int32_t(shape.rank());
  std::copy(shape.begin(), shape.end(), s.shape);
  return s;
}

struct Caught {
  ds_status code = DS_OK;
  std::string text;
  ds_error_sink sink{this, [](void* self, ds_status code, const char* text, uint64_t length) {
                       *static_cast<Caught*>(self) = {code, std::string(text, length)};
                     }};
  Caught() = default;
  Caught(ds_status c, std::string t) : code(c), text(std::move(t)) {}
  Caught& operator=(const Caught& other) { return code = other.code, text = other.text, *this; }
};

TEST(Operator, AnElementwiseOneFollowsFromItsBody) {
  ds_operator op = detail::OperatorOf<Softclip>::make();
  EXPECT_EQ(op.op_class, DS_CLASS_ELEMENTWISE);
  EXPECT_TRUE(op.infer && op.gradient && op.reference && op.samples && op.expr);
  EXPECT_EQ(op.reads_inputs, 1u);
  EXPECT_EQ(op.reads_outputs, 0u);

  float x[] = {3, -1, 0}, y[3];
  int64_t shape[] = {3}, back[] = {-1}, one[] = {1};
  ds_tensor in{}, out{};
  in.dl = {x + 2, {DS_DEVICE_CPU, 0}, 1, to_dl(DS_F32), shape, back, 0};
  out.dl = {y, {DS_DEVICE_CPU, 0}, 1, to_dl(DS_F32), shape, one, 0};
  const ds_tensor* inputs[] = {&in};
  ds_tensor* outputs[] = {&out};
  ds_value limit{DS_FLOAT, 0, {.f = 3}};
  Caught caught;
  ds_run_args args{&caught.sink, inputs, outputs, &limit, 1, 1, 1, 0, nullptr, nullptr};
  ASSERT_EQ(op.reference(nullptr, &args), DS_OK) << caught.text;
  EXPECT_EQ(y[0], 0);
  EXPECT_FLOAT_EQ(y[1], -0.75f);
  EXPECT_FLOAT_EQ(y[2], 1.5f);
}

TEST(Operator, ErrorsTellBothShapesAndKeepTheirCode) {
  ds_spec a = spec(DS_F32, {2, 3}), b = spec(DS_F32, {4}), out{};
  const ds_spec* inputs[] = {&a, &b};
  ds_spec* outputs[] = {&out};
  Caught caught;
  ds_infer_args args{&caught.sink, inputs, nullptr, outputs, 2, 0, 1, 0};
  ds_operator checked = detail::OperatorOf<Checked>::make();
  EXPECT_EQ(checked.infer(nullptr, &args), DS_SHAPE_MISMATCH);
  EXPECT_EQ(caught.text, "checked: f32[2,3] is not [4]");
  EXPECT_EQ(checked.reads_inputs, 3u) << "all inputs, with a gradient of its own";
  EXPECT_EQ(checked.reference, nullptr);
}

TEST(Operator, ViewsMayRefuse) {
  ds_operator op = detail::OperatorOf<Swap>::make();
  EXPECT_EQ(op.op_class, DS_CLASS_VIEW);
  ds_spec in = spec(DS_F32, {2});
  ds_view_spec source{}, result{};
  Caught caught;
  ds_view_args args{&caught.sink, &in, &source, nullptr, &result};
  EXPECT_EQ(op.view(nullptr, &args), DS_UNIMPLEMENTED);
}

TEST(Schema, IsReadWhileCompiling) {
  constexpr Schema s{Swap::schema};
  static_assert(s.name == "swap" && s.input_count == 1 && s.attribute_count == 3 && s.output_count == 2);
  static_assert(s.attributes[2].name == "axes" && s.attributes[2].type == "ints" && s.outputs[1].type == "i64");
  constexpr Schema map{"map(x: any*, *, expr: bytes) -> any*"};
  static_assert(map.variadic() && map.outputs[0].variadic && map.numeric_count() == 0);
}

TEST(Shape, BroadcastsAndOverflows) {
  EXPECT_EQ(broadcast_shapes({2, 1}, {3}), (Shape{2, 3}));
  EXPECT_THROW(broadcast_shapes({2}, {3}), Error);
  EXPECT_EQ(element_count(Shape{int64_t{1} << 40, 0, int64_t{1} << 40}), 0);
  EXPECT_THROW(element_count(Shape{int64_t{1} << 40, int64_t{1} << 40}), Error);
  EXPECT_THROW(normalize_axis(2, 2), Error);
  EXPECT_THROW(normalize_axes(Shape{0, -2}, 2), Error);
  EXPECT_EQ(cat(Shape{2, -1}, " ", 1.5, " ", true), "[2,-1] 1.5 true");
}

TEST(Dtype, PromotesAsNumpy) {
  EXPECT_EQ(promote(DS_I32, DS_F32), DS_F64);
  EXPECT_EQ(promote(DS_U64, DS_I64), DS_F64);
  EXPECT_EQ(promote(DS_BF16, DS_F16), DS_F32);
  EXPECT_EQ(promote(DS_U8, DS_I8), DS_I16);
  EXPECT_EQ(promote(DS_BOOL, DS_U8), DS_U8);
}

}  // namespace
}  // namespace ds
