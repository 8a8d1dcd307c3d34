// Plugins that load well and answer nonsense when asked: an error each, and the context lives on.
#include <array>

#include "tests/abi/context.h"

namespace ds::test {
namespace {

struct Garbage {
  const char* file;
  int32_t code;
  const char* text;  // part of the message
};
std::ostream& operator<<(std::ostream& out, const Garbage& g) { return out << g.file; }

const Garbage kGarbage[] = {
    {"infer_rank", DS_INVALID_ARGUMENT, "twice: rank 99 is not between 0 and 16"},
    {"infer_negative_rank", DS_INVALID_ARGUMENT, "twice: rank -2147483648 is not between 0 and 16"},
    {"infer_negative", DS_INVALID_ARGUMENT, "twice: negative extent in shape [-1]"},
    {"infer_overflow", DS_OVERFLOW, "twice: shape [2147483648,2147483648,2147483648] has more than 2^63 bytes"},
    {"infer_dtype", DS_DTYPE_MISMATCH, "twice: unknown dtype"},
    {"infer_kind", DS_BAD_PLUGIN, "twice: infer answers an output of kind 77"},
    {"infer_device", DS_UNSUPPORTED, "twice: no kernel for it on device"},
    {"infer_many", DS_BAD_PLUGIN, "twice: infer claims too many outputs"},
    {"infer_none", DS_BAD_PLUGIN, "twice: infer answers 0 of 1 outputs"},
    {"view_outside", DS_BAD_PLUGIN, "twice: its view leaves the storage"},
    {"view_before", DS_BAD_PLUGIN, "twice: its view leaves the storage"},
    {"view_overflow", DS_BAD_PLUGIN, "twice: its view leaves the storage"},
    {"view_rank", DS_INVALID_ARGUMENT, "twice: rank 99 is not between 0 and 16"},
    {"view_negative", DS_INVALID_ARGUMENT, "twice: negative extent"},
    {"workspace_large", DS_OUT_OF_MEMORY, "workspace of 1152921504606846976 bytes"},
    {"workspace_wraps", DS_OUT_OF_MEMORY, "cannot allocate"},
};

// A call and a look at its result: the first failure of the two.
int32_t answer(const Context& context, const char* op, ds_handle x, std::array<float, 3>* out) {
  ds_handle y = 0;
  if (int32_t status = context.call(context.find(op), x, &y)) return status;
  return ds_tensor_read(context.handle, y, out->data(), sizeof *out, 0);
}

class GarbageAnswers : public testing::TestWithParam<Garbage> {};

TEST_P(GarbageAnswers, AreErrorsAndTheContextLivesOn) {
  Context context;
  const Garbage& g = GetParam();
  ASSERT_EQ(context.load(plugin_path(g.file)), DS_OK) << context.error();
  ds_handle x = context.tensor({1, 2, 3});
  std::array<float, 3> out{};
  int32_t status = answer(context, "twice", x, &out);
  std::string text = context.error();
  EXPECT_NE(status, DS_OK) << g.file << " was believed";
  EXPECT_EQ(status, g.code) << text;
  EXPECT_NE(text.find(g.text), std::string::npos) << text;
  ASSERT_EQ(context.load(plugin_path("plain_again")), DS_OK) << context.error();
  EXPECT_EQ(answer(context, "thrice", x, &out), DS_OK) << context.error();
  EXPECT_EQ(out, (std::array<float, 3>{2, 4, 6}));
}

INSTANTIATE_TEST_SUITE_P(Abi, GarbageAnswers, testing::ValuesIn(kGarbage),
                         [](auto& info) { return std::string(info.param.file); });

// Asking for the shape alone meets the same answers.
TEST(GarbageAnswers, ToInfer) {
  for (const Garbage& g : kGarbage) {
    std::string_view file = g.file;
    bool shape = file.starts_with("infer_") ? file != "infer_device" : file == "view_rank" || file == "view_negative";
    if (!shape) continue;
    Context context;
    ASSERT_EQ(context.load(plugin_path(g.file)), DS_OK) << context.error();
    ds_value x{DS_HANDLE, 0, {.h = context.tensor({1, 2, 3})}};
    ds_spec specs[4];
    uint32_t count = 4;
    EXPECT_EQ(ds_infer(context.handle, context.find("twice"), &x, 1, nullptr, 0, specs, &count), g.code)
        << g.file << context.error();
  }
}

// The workspace lies behind the arena: the sum must not wrap to a small one.
TEST(GarbageAnswers, AWorkspaceThatWrapsTheArena) {
  Context context;
  ASSERT_EQ(context.load(plugin_path("workspace_wraps")), DS_OK) << context.error();
  ds_handle x = context.tensor({1, 2, 3}), middle = 0;
  ASSERT_EQ(context.call(context.find("twice"), x, &middle), DS_OK);
  ds_handle y = 0;
  ASSERT_EQ(context.call(context.find("twice"), middle, &y), DS_OK);
  ds_release(context.handle, middle);  // now it lies in the arena
  std::array<float, 3> out{};
  int32_t status = ds_tensor_read(context.handle, y, out.data(), sizeof out, 0);
  EXPECT_EQ(status, DS_OUT_OF_MEMORY) << context.error();
}

// In place of 64 inputs, strides for all of them, a cost that is no number: only what there is counts.
TEST(GarbageAnswers, OffersForInputsThereAreNoneOf) {
  Context context;
  ASSERT_EQ(context.load(plugin_path("odd_offer")), DS_OK) << context.error();
  ds_operator_id twice = context.find("twice");
  ds_handle x = context.tensor({1, 2, 3}), y = x;
  for (int n = 0; n < 5; ++n) {
    ds_handle next = 0;
    ASSERT_EQ(context.call(twice, y, &next), DS_OK) << context.error();
    if (y != x) ds_release(context.handle, y);
    y = next;
  }
  std::array<float, 3> out{};
  ASSERT_EQ(ds_tensor_read(context.handle, y, out.data(), sizeof out, 0), DS_OK) << context.error();
  EXPECT_EQ(out, (std::array<float, 3>{32, 64, 96}));
  ASSERT_EQ(ds_tensor_read(context.handle, x, out.data(), sizeof out, 0), DS_OK) << context.error();
  EXPECT_EQ(out, (std::array<float, 3>{1, 2, 3})) << "somebody holds it: nothing is written there";
}

}  // namespace
}  // namespace ds::test
