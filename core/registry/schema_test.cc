#include <gtest/gtest.h>

#include <cmath>

#include "core/registry/operator.h"

namespace ds::core {
namespace {

Schema parse(std::string_view text) {
  Schema schema;
  Status status = parse_schema(text, &schema);
  EXPECT_TRUE(status.ok()) << status.text();
  return schema;
}

std::string refusal(std::string_view text) {
  Schema schema;
  schema.name = "untouched";
  Status status = parse_schema(text, &schema);
  EXPECT_EQ(status.code(), DS_BAD_PLUGIN) << text;
  EXPECT_EQ(schema.name, "untouched");
  return status.text();
}

TEST(Schema, ReadsInputsAttributesAndOutputs) {
  Schema s = parse("conv2d(x: float, weight: float, bias: float?, *, stride: ints = [1,1], groups: int = 1) -> float");
  EXPECT_EQ(s.name, "conv2d");
  ASSERT_EQ(s.inputs.size(), 3u);
  EXPECT_EQ(s.inputs[1].name, "weight");
  EXPECT_TRUE(s.inputs[2].optional);
  EXPECT_FALSE(s.inputs[0].optional);
  ASSERT_EQ(s.variables.size(), 1u);  // all of one class share a variable, the output too
  EXPECT_EQ(s.variables[0].type_class, TypeClass::kFloat);
  EXPECT_EQ(s.outputs[0].variable, 0);
  ASSERT_EQ(s.attributes.size(), 2u);
  EXPECT_EQ(s.attributes[0].tag, DS_INTS);
  ASSERT_EQ(s.attributes[0].fallback.count, 2u);
  EXPECT_EQ(s.attributes[0].fallback.u.is[1], 1);
  EXPECT_EQ(s.attributes[1].fallback.u.i, 1);
  EXPECT_FALSE(s.attributes[1].required);
}

TEST(Schema, DigitsAndDtypesMakeVariables) {
  Schema s = parse("where(cond: bool, a: any, b: any, c: any2, i: i64) -> any, second: any2");
  ASSERT_EQ(s.variables.size(), 4u);
  EXPECT_EQ(s.variables[0].exact, DS_BOOL);
  EXPECT_EQ(s.inputs[1].variable, s.inputs[2].variable);
  EXPECT_NE(s.inputs[1].variable, s.inputs[3].variable);
  EXPECT_EQ(s.variables[s.inputs[4].variable].type_class, TypeClass::kExact);
  EXPECT_EQ(s.variables[s.inputs[4].variable].exact, DS_I64);
  EXPECT_EQ(s.outputs[0].variable, s.inputs[1].variable);
  EXPECT_EQ(s.outputs[1].variable, s.inputs[3].variable);
  EXPECT_EQ(s.outputs[1].name, "second");
}

TEST(Schema, Variadic) {
  Schema s = parse("map(x: any*, *, expr: bytes) -> any*");
  EXPECT_TRUE(s.variadic_inputs());
  EXPECT_TRUE(s.variadic_outputs());
  EXPECT_TRUE(s.attributes[0].required);
}

TEST(Schema, EveryDefault) {
  Schema s = parse(
      "acme.f(*, a: int = -3, b: float = 2, c: float = -1.5e-3, d: flag = true, e: string = \"a \\\"b\\\"\", f: ints = "
      "[], "
      "g: floats = [1, 2.5], h: dtype = f32, i: ints = none, j: float = inf, k: bytes = none, l: int) -> f32");
  EXPECT_EQ(s.name, "acme.f");
  EXPECT_TRUE(s.inputs.empty());
  auto& a = s.attributes;
  EXPECT_EQ(a[0].fallback.u.i, -3);
  EXPECT_EQ(a[1].fallback.tag, DS_FLOAT);
  EXPECT_EQ(a[1].fallback.u.f, 2.0);
  EXPECT_EQ(a[2].fallback.u.f, -1.5e-3);
  EXPECT_EQ(a[3].fallback.u.i, 1);
  EXPECT_EQ(std::string_view(a[4].fallback.u.s, a[4].fallback.count), "a \"b\"");
  EXPECT_EQ(a[5].fallback.tag, DS_INTS);
  EXPECT_EQ(a[5].fallback.count, 0u);
  EXPECT_EQ(a[6].fallback.u.fs[1], 2.5);
  EXPECT_EQ(a[7].fallback.u.i, int64_t(DS_F32));
  EXPECT_EQ(a[8].fallback.tag, DS_NONE);
  EXPECT_FALSE(a[8].required);
  EXPECT_TRUE(std::isinf(a[9].fallback.u.f));
  EXPECT_FALSE(a[10].required);
  EXPECT_TRUE(a[11].required);
}

TEST(Schema, DefaultsSurviveCopies) {
  Schema copy;
  {
    Schema s = parse("f(x: any, *, axes: ints = [7,8,9]) -> any");
    copy = s;
  }
  EXPECT_EQ(copy.attributes[0].fallback.u.is[2], 9);
}

TEST(Schema, ErrorsNameTheColumn) {
  EXPECT_EQ(refusal("twice(x float) -> float"),
            "schema \"twice(x float) -> float\", column 9: expected ':', found 'f'");
  EXPECT_NE(refusal("f(x: flaot) -> float").find("column 6: 'flaot' is neither a class"), std::string::npos);
  EXPECT_NE(refusal("f(x: int8) -> float").find("column 6: 'int8'"), std::string::npos);
  EXPECT_NE(refusal("f(x: any, *, a: integer = 1) -> any").find("column 17: 'integer' is not a kind"),
            std::string::npos);
  EXPECT_NE(refusal("f(x: any, *, a: int = 1.5) -> any").find("expected an integer"), std::string::npos);
  EXPECT_NE(refusal("f(x: any, *, a: int = 99999999999999999999) -> any").find("out of range"), std::string::npos);
  EXPECT_NE(refusal("f(x: any, *, a: flag = 1) -> any").find("true, false or none"), std::string::npos);
  EXPECT_NE(refusal("f(x: any, x: any) -> any").find("the name x is taken"), std::string::npos);
  EXPECT_NE(refusal("f(x: any*, y: any) -> any").find("after the variadic input"), std::string::npos);
  EXPECT_NE(refusal("f(x: any").find("found the end"), std::string::npos);
}

TEST(Schema, RefusesEveryPrefixAndNeverReadsBehindTheEnd) {
  std::string whole = "f(x: any, y: f32?, *, a: ints = [1,2], s: string = \"t\") -> y: any, z: f32";
  size_t complete = 0;
  for (size_t n = 0; n < whole.size(); ++n) {
    std::unique_ptr<char[]> exact(new char[n]);  // the sanitizer sees a read behind it
    std::copy_n(whole.data(), n, exact.get());
    Schema schema;
    complete += parse_schema({exact.get(), n}, &schema).ok();
  }
  EXPECT_LE(complete, 3u);  // the prefixes that end behind an output's type
}

}  // namespace
}  // namespace ds::core
