#include "core/registry/manifest.h"

#include <gtest/gtest.h>

#include "deepseek/ds_types.h"

namespace ds::core {
namespace {

const std::string kGood = R"({"name": "kernel.cpu", "version": "1.0.0", "abi": [1, 0], "library": "kernel.cpu.so",
  "description": "d", "license": "Apache-2.0", "dependencies": ["ops.math"], "future": {"is": "ignored"}, "provides": [
  {"interface": "ds.operator/1", "name": "matmul", "role": "r"},
  {"interface": "ds.kernel/1", "name": "cpu.matmul", "op": "matmul", "device": "cpu"},
  {"interface": "ds.service/1", "kind": "format", "name": "safetensors"}]})";

Status parse(const std::string& text, Manifest* m = nullptr, bool* is = nullptr) {
  Manifest local;
  bool ignored;
  return parse_manifest(text, m ? m : &local, is ? is : &ignored);
}

TEST(Manifest, Reads) {
  Manifest m;
  bool is = false;
  Status status = parse(kGood, &m, &is);
  ASSERT_TRUE(status.ok()) << status.text();
  EXPECT_TRUE(is);
  EXPECT_EQ(m.name, "kernel.cpu");
  EXPECT_EQ(m.dependencies, std::vector<std::string>{"ops.math"});
  ASSERT_EQ(m.provides.size(), 3u);
  EXPECT_EQ(m.provides[0].role, "r");
  EXPECT_EQ(m.provides[1].device, "cpu");
  EXPECT_EQ(m.provides[2].kind, "format");
}

TEST(Manifest, ErrorsSayWhatIsWrong) {
  auto refused = [](std::string from, std::string to, std::string_view why) {
    std::string text = kGood;
    text.replace(text.find(from), from.size(), to);
    Status status = parse(text);
    EXPECT_EQ(status.code(), DS_BAD_PLUGIN) << to;
    EXPECT_NE(status.text().find(why), std::string::npos) << status.text();
  };
  refused("\"kernel.cpu\"", "\"Kernel CPU\"", "is not made of");
  refused("\"kernel.cpu\"", "12", "\"name\" is not a string");
  refused("\"kernel.cpu.so\"", "\"../evil.so\"", "\"library\" is not the name of a file");
  refused("[1, 0]", "[1]", "\"abi\" is not");
  refused("[1, 0]", "[-1, 0]", "\"abi\" is not");
  refused("[\"ops.math\"]", "[3]", "something else than names");
  refused("\"op\": \"matmul\",", "", "\"op\" is missing");
  refused("\"version\": \"1.0.0\",", "", "\"version\" is missing");
}

TEST(Manifest, EveryTruncationIsAnError) {
  for (size_t n = 0; n + 1 < kGood.size(); ++n) EXPECT_FALSE(parse(kGood.substr(0, n)).ok()) << n;
}

TEST(Manifest, DeepNestingAndBadTextAreErrors) {
  EXPECT_FALSE(parse(std::string(100000, '[')).ok());
  EXPECT_FALSE(parse("{\"name\": \"\xff\xfe\"}").ok());
}

TEST(Manifest, OtherJsonIsNoManifest) {
  bool is = true;
  EXPECT_TRUE(parse("[{\"command\": \"c++\"}]", nullptr, &is).ok());
  EXPECT_FALSE(is);
}

TEST(Manifest, ListingIsJsonWhateverTheTexts) {
  Manifest m;
  m.name = "a\"b";
  m.description = "\xff";
  std::string line = listing_text({&m, "/p/a.so", "an \"error\"\n", "", false});
  EXPECT_NE(line.find("an \\\"error\\\"\\n"), std::string::npos);
  EXPECT_EQ(line.find('\n'), std::string::npos);
}

}  // namespace
}  // namespace ds::core
