#include "core/base/sha256.h"

#include <gtest/gtest.h>

namespace ds::core {
namespace {

std::string hash(const std::string& text) {
  Sha256 sha;
  sha.add(text.data(), text.size());
  return sha.finish();
}

TEST(Sha256, VectorsOfTheStandard) {
  EXPECT_EQ(hash(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hash(std::string(1000000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PiecesMakeTheSameHash) {
  std::string text;
  for (int i = 0; i < 300; ++i) text.push_back(char(i * 7));
  for (size_t piece : {1, 3, 63, 64, 65, 127}) {
    Sha256 sha;
    for (size_t at = 0; at < text.size(); at += piece) sha.add(text.data() + at, std::min(piece, text.size() - at));
    EXPECT_EQ(sha.finish(), hash(text)) << piece;
  }
}

}  // namespace
}  // namespace ds::core
