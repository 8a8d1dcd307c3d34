// What has an effect runs once for every call, in order, whoever wants its result.
#include <array>
#include <memory>
#include <vector>

#include "tests/abi/context.h"

namespace ds::test {
namespace {

struct Log {
  int64_t count = 0;
  std::array<int64_t, 1000> tags{};
  std::vector<int64_t> all() const { return {tags.begin(), tags.begin() + std::min<int64_t>(count, 1000)}; }
};
using Tags = std::vector<int64_t>;
using Floats = std::vector<float>;

class Effects : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(context.load(plugin_path("effect")), DS_OK) << context.error();
    x = context.tensor({1, 2, 3});
  }
  void option(std::string_view name, int64_t on) {
    ds_value value{DS_INT, 0, {.i = on}};
    ASSERT_EQ(ds_set_option(context.handle, name.data(), name.size(), &value), DS_OK) << context.error();
  }
  ds_handle effect(ds_handle input, int64_t tag) {
    ds_value in{DS_HANDLE, 0, {.h = input}};
    ds_value attributes[] = {{DS_INT, 0, {.i = int64_t(reinterpret_cast<uintptr_t>(log.get()))}},
                             {DS_INT, 0, {.i = tag}}};
    ds_handle out = 0;
    uint32_t count = 1;
    EXPECT_EQ(ds_call(context.handle, context.find("effect"), &in, 1, attributes, 2, 0, &out, &count), DS_OK)
        << context.error();
    return out;
  }
  void drop(ds_handle handle) { EXPECT_EQ(ds_release(context.handle, handle), DS_OK); }
  ds_handle call(const char* name, ds_handle input) {
    ds_handle out = 0;
    EXPECT_EQ(context.call(context.find(name), input, &out), DS_OK) << context.error();
    return out;
  }
  int32_t read(ds_handle handle, Floats* values) {
    values->assign(3, 0);
    return ds_tensor_read(context.handle, handle, values->data(), 12, 0);
  }
  int32_t step() { return ds_evaluate(context.handle, nullptr, 0, 0); }

  std::unique_ptr<Log> log = std::make_unique<Log>();
  Context context;
  ds_handle x = 0;
};

TEST_F(Effects, RunWithoutAnybodyWantingThem) {
  for (int64_t tag : {3, 1, 2}) drop(effect(x, tag));
  EXPECT_EQ(log->count, 0) << "nothing runs before somebody looks";
  ASSERT_EQ(step(), DS_OK) << context.error();
  EXPECT_EQ(log->all(), (Tags{3, 1, 2}));
  ASSERT_EQ(step(), DS_OK);
  EXPECT_EQ(log->count, 3) << "once";
}

TEST_F(Effects, AreNeitherMergedNorRemoved) {
  for (int n = 0; n < 4; ++n) drop(effect(x, 7));  // the same call four times
  ds_handle y = effect(x, 7), unused = call("neg", effect(x, 8));
  Floats values;
  ASSERT_EQ(read(y, &values), DS_OK) << context.error();
  EXPECT_EQ(values, (Floats{1, 2, 3}));
  EXPECT_EQ(log->all(), (Tags{7, 7, 7, 7, 7, 8}));
  drop(unused);
}

TEST_F(Effects, StayInOrderAmongOtherWork) {
  Tags expected;
  ds_handle y = x;
  for (int64_t n = 0; n < 60; ++n) {
    y = n % 3 == 0 ? effect(y, n) : call(n % 2 ? "neg" : "abs", y);
    if (n % 3 == 1) drop(effect(x, n));  // depends on nothing recorded
    if (n % 3 == 0 || n % 3 == 1) expected.push_back(n);
  }
  Floats values;
  ASSERT_EQ(read(y, &values), DS_OK) << context.error();
  EXPECT_EQ(log->all(), expected);
}

TEST_F(Effects, RunAgainWhenTheProgramIsReplayed) {
  for (int round = 1; round <= 5; ++round) {
    drop(effect(x, 1));
    drop(effect(x, 2));
    ASSERT_EQ(step(), DS_OK) << context.error();
    EXPECT_EQ(log->count, 2 * round);
  }
  EXPECT_EQ(log->all(), (Tags{1, 2, 1, 2, 1, 2, 1, 2, 1, 2}));
}

TEST_F(Effects, InEveryMode) {
  for (const char* mode : {"eager", "kernels", "composites", "check_finite"}) {
    *log = Log();
    int64_t initially = mode == std::string_view("kernels") || mode == std::string_view("composites");
    option(mode, !initially);
    for (int n = 0; n < 2; ++n) drop(effect(x, n));
    Floats values;
    ASSERT_EQ(read(effect(call("neg", x), 2), &values), DS_OK) << mode << context.error();
    EXPECT_EQ(log->all(), (Tags{0, 1, 2})) << mode;
    option(mode, initially);
  }
}

TEST_F(Effects, RunOnceEvenWhenSomethingLaterFails) {
  ds_handle before = effect(x, 1), bad = call("fails", before), after = effect(bad, 2), beside = effect(x, 3);
  Floats values;
  EXPECT_EQ(read(bad, &values), DS_IO_ERROR);
  EXPECT_NE(context.error().find("the printer is out of paper"), std::string::npos) << context.error();
  EXPECT_EQ(read(after, &values), DS_IO_ERROR) << "it depends on what failed";
  EXPECT_EQ(read(beside, &values), DS_OK) << context.error();
  EXPECT_EQ(values, (Floats{1, 2, 3}));
  EXPECT_EQ(read(before, &values), DS_OK) << context.error();
  EXPECT_EQ(log->all(), (Tags{1, 3}));
}

// exp may write where its input lies once nobody else holds it. What then fails must not be computed from that.
TEST_F(Effects, AFailureDoesNotSpoilWhatWasGivenAway) {
  ds_handle zero = context.tensor({0, 0, 0}), y = call("exp", zero), bad = call("fails", y);
  drop(zero);
  Floats values;
  EXPECT_EQ(read(bad, &values), DS_IO_ERROR);
  ASSERT_EQ(read(y, &values), DS_OK) << context.error();
  EXPECT_EQ(values, (Floats{1, 1, 1})) << "computed again, from what it had overwritten";
}

}  // namespace
}  // namespace ds::test
