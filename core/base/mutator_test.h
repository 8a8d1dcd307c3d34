// Seeded mutations of texts, the same on every machine.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace ds::core::test {

// Mutates texts for fuzzing: other bytes, pieces gone, doubled, moved or swapped for words of the grammar.
class Mutator {
 public:
  Mutator(uint64_t seed, std::vector<std::string> words) : state_(seed), words_(std::move(words)) {}
  uint32_t next(size_t below) {
    state_ = state_ * 6364136223846793005ull + 1442695040888963407ull;
    return uint32_t((state_ >> 33) % (below ? below : 1));
  }
  std::string mutate(std::string text) {
    for (uint32_t edits = next(3) ? 1 : 1 + next(5); edits-- > 0 && !text.empty();) {
      size_t at = next(text.size()), length = 1 + next(12);
      switch (next(7)) {
        case 0:
          text[at] = char(next(256));
          break;
        case 1:
          text[at] = char(text[at] ^ (1 << next(8)));
          break;
        case 2:
          text.erase(at, length);
          break;
        case 3:
          text.insert(at, std::string(text, next(text.size()), length));
          break;
        case 4:
          text.insert(at, words_[next(words_.size())]);
          break;
        case 5:
          text.replace(at, length, words_[next(words_.size())]);
          break;
        default:
          text[at] = text[next(text.size())];
      }
    }
    return text;
  }

 private:
  uint64_t state_;
  std::vector<std::string> words_;
};

}  // namespace ds::core::test
