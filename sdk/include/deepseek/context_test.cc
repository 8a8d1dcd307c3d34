// A C++ program over ds.h.
#include "deepseek/context.hpp"

#include <gtest/gtest.h>

namespace ds {
namespace {

using Floats = std::vector<float>;

TEST(Context, ComputesAndDifferentiates) {
  Context c;
  Tensor w = c.tensor({2, 2}, {1, 2, 3, 4}).require_grad();
  Tensor x = c.tensor({2, 1}, {1, -1});
  Tensor loss = (matmul(w, x) * 3 - 1.0).call("square").call("sum", {}, {{"axis", Shape{0, 1}}});
  EXPECT_EQ(loss.item(), 32);
  loss.backward();
  EXPECT_EQ(w.grad().values<float>(), (Floats{-24, 24, -24, 24}));
  w.clear_grad();
  EXPECT_FALSE(w.grad());
}

TEST(Context, NumbersAdaptAndTypesAreKept) {
  Context c;
  Tensor i = c.tensor({3}, std::vector<int64_t>{1, 2, 3});
  EXPECT_EQ((i * 2).dtype(), DS_F32) << "2 is a double here";
  EXPECT_EQ(c.call("mul", {i, 2}).values<int64_t>(), (std::vector<int64_t>{2, 4, 6}));
  EXPECT_EQ(c.call("less", {i, 2}).values<bool>(), (std::vector<bool>{true, false, false}));
  EXPECT_EQ(c.fill({2}, 0.5, DS_F16).values<half>()[1], 0.5f);
  EXPECT_THROW(i.values<float>(), Error);
}

TEST(Context, FailuresCarryCodeAndText) {
  Context c;
  try {
    matmul(c.fill({2, 3}, 1), c.fill({4, 5}, 1));
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code, DS_SHAPE_MISMATCH);
    EXPECT_NE(e.text.find("[2,3] @ [4,5]"), std::string::npos) << e.text;
  }
  EXPECT_THROW(c.call("sum", {c.fill({2}, 1)}, {{"axes", Shape{0}}}), Error);
  EXPECT_THROW(c.tensor({3}, {1, 2}), Error);
}

TEST(Context, ViewsShareMemory) {
  Context c;
  Tensor x = c.tensor({2, 3}, {0, 1, 2, 3, 4, 5});
  Tensor row = x.call("slice", {}, {{"start", Shape{1}}, {"stop", Shape{2}}});
  row.assign(9.0);
  EXPECT_EQ(x.values<float>(), (Floats{0, 1, 2, 9, 9, 9}));
}

}  // namespace
}  // namespace ds
