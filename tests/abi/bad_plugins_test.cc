// Every broken promise is a clear error that names the file; the context lives on.
#include <array>
#include <filesystem>
#include <fstream>

#include "tests/abi/context.h"

namespace ds::test {
namespace {

struct Bad {
  const char* file;
  int32_t code;
  const char* text;  // part of the message
};
std::ostream& operator<<(std::ostream& out, const Bad& b) { return out << b.file; }

const Bad kBad[] = {
    {"no_door", DS_BAD_PLUGIN, "does not export ds_plugin_query_v1"},
    {"other_major", DS_BAD_PLUGIN, "built for ABI 2.0, this core speaks 1.0"},
    {"later_minimum", DS_BAD_PLUGIN, "needs ABI 1.99 or later"},
    {"other_layout", DS_BAD_PLUGIN, "built with other layouts"},
    {"wrong_magic", DS_BAD_PLUGIN, "magic number is wrong"},
    {"tiny_plugin", DS_BAD_PLUGIN, "says it has 16 bytes"},
    {"huge_plugin", DS_BAD_PLUGIN, "says it has 1099511627776 bytes"},
    {"plugin_bits", DS_UNSUPPORTED, "must-understand bits 0x4"},
    {"wrong_name", DS_BAD_PLUGIN, "the name 'Test Variant' is not made of"},
    {"refuses", DS_BAD_PLUGIN, "no board is plugged in"},
    {"refuses_silently", DS_BAD_PLUGIN, "its door refused"},
    {"missing_dependency", DS_NOT_FOUND, "depends on the plugin test.absent, which is not installed"},
    {"throwing_door", DS_BAD_PLUGIN, "its door threw an exception"},
    {"throwing_initialize", DS_BAD_PLUGIN, "initialize threw an exception"},
    {"operator_bits", DS_UNSUPPORTED, "must-understand bits 0x1"},
    {"tiny_operator", DS_BAD_PLUGIN, "says it has 24 bytes"},
    {"huge_operator", DS_BAD_PLUGIN, "says it has 1234605616436508552 bytes"},
    {"null_descriptor", DS_BAD_PLUGIN, "the descriptor is NULL"},
    {"wrong_schema", DS_BAD_PLUGIN, "column 9: expected ':'"},
    {"unknown_class", DS_BAD_PLUGIN, "operator twice: unknown class 77"},
    {"no_infer", DS_BAD_PLUGIN, "the slot infer is missing"},
    {"no_meaning", DS_BAD_PLUGIN, "the slot reference is missing"},
    {"unknown_interface", DS_UNSUPPORTED, "the interface 'ds.telepathy/1' is unknown"},
    {"initialize_fails", DS_OUT_OF_MEMORY, "the board has no memory"},
    {"ignores_refusal", DS_BAD_PLUGIN, "unknown class 77"},
};

class BadPlugin : public testing::TestWithParam<Bad> {};

TEST_P(BadPlugin, IsAClearError) {
  Context context;
  std::string path = plugin_path(GetParam().file);
  EXPECT_EQ(context.load(path), GetParam().code);
  int32_t code = 0;
  std::string text = context.error(&code);
  EXPECT_EQ(code, GetParam().code);
  EXPECT_NE(text.find(std::filesystem::canonical(path).string()), std::string::npos) << text;
  EXPECT_NE(text.find(GetParam().text), std::string::npos) << text;
  EXPECT_EQ(context.find("twice"), 0u);  // what it registered is taken back
  EXPECT_EQ(context.load(plugin_path("plain")), DS_OK) << context.error();
  EXPECT_NE(context.find("twice"), 0u) << context.error();
}

INSTANTIATE_TEST_SUITE_P(Abi, BadPlugin, testing::ValuesIn(kBad),
                         [](auto& info) { return std::string(info.param.file); });

TEST(Plugins, ThatAreNoLibraries) {
  namespace fs = std::filesystem;
  fs::path file = fs::temp_directory_path() / "ds_abi_no_library.so";
  for (const std::string& content : {std::string(), std::string("hello"), std::string(100000, '\0'),
                                     "\x7f"
                                     "ELF" +
                                         std::string(5000, 'x')}) {
    std::ofstream(file, std::ios::binary) << content;
    Context context;
    EXPECT_EQ(context.load(file.string()), DS_BAD_PLUGIN);
    EXPECT_NE(context.error().find("ds_abi_no_library.so: is no shared library"), std::string::npos) << context.error();
  }
  fs::remove(file);
  Context context;
  EXPECT_EQ(context.load("/"), DS_BAD_PLUGIN) << context.error();
  EXPECT_EQ(context.load("/dev/null"), DS_BAD_PLUGIN) << context.error();
  EXPECT_EQ(context.load(""), DS_NOT_FOUND) << context.error();
  EXPECT_EQ(context.load(std::string(100000, 'x')), DS_NOT_FOUND);
}

TEST(Plugins, OfOtherAgesWork) {
  for (const char* name : {"plain", "smaller_table", "larger_table", "larger_plugin"}) {
    Context context;
    ASSERT_EQ(context.load(plugin_path(name)), DS_OK) << context.error();
    ds_handle x = context.tensor({1, 2, 3}), y = 0;
    ASSERT_EQ(context.call(context.find("twice"), x, &y), DS_OK) << name << context.error();
    std::array<float, 3> out{};
    ASSERT_EQ(ds_tensor_read(context.handle, y, out.data(), sizeof out, 0), DS_OK) << name << context.error();
    EXPECT_EQ(out, (std::array<float, 3>{2, 4, 6})) << name;
  }
}

TEST(Plugins, ThrowingSlotIsAnError) {
  Context context;
  ASSERT_EQ(context.load(plugin_path("throwing_slot")), DS_OK) << context.error();
  ds_handle x = context.tensor({1, 2, 3}), y = 0;
  EXPECT_NE(context.call(context.find("throws"), x, &y), DS_OK);
  EXPECT_NE(context.error().find("thrown by infer"), std::string::npos) << context.error();
  ASSERT_EQ(context.load(plugin_path("plain")), DS_OK);
  EXPECT_EQ(context.call(context.find("twice"), x, &y), DS_OK) << context.error();
}

}  // namespace
}  // namespace ds::test
