#include "core/registry/suggest.h"

#include <algorithm>
#include <numeric>

namespace ds::core {
namespace {

// Edits: insert, delete, replace, swap neighbours.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before, row(b.size() + 1), next(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t(0));
  before = row;
  for (size_t i = 1; i <= a.size(); ++i) {
    next[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      next[j] = std::min({row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        next[j] = std::min(next[j], before[j - 2] + 1);
    }
    std::swap(before, row);
    std::swap(row, next);
  }
  return row[b.size()];
}

std::string_view last_part(std::string_view name) { return name.substr(name.rfind('.') + 1); }

}  // namespace

std::vector<std::string> nearest(std::string_view name, const std::vector<std::string>& known) {
  name = name.substr(0, 64);
  size_t most = std::max<size_t>(1, name.size() / 3);
  std::vector<std::pair<size_t, std::string_view>> found;
  for (auto& candidate : known) {
    if (candidate.size() > 100) continue;
    if (last_part(candidate) == last_part(name))
      found.emplace_back(0, candidate);
    else if (candidate.size() <= name.size() + most && name.size() <= candidate.size() + most)
      if (size_t d = distance(name, candidate); d <= most) found.emplace_back(d, candidate);
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> names;
  for (size_t i = 0; i < found.size() && i < 3; ++i) names.emplace_back(found[i].second);
  return names;
}

std::string did_you_mean(std::string_view name, const std::vector<std::string>& known) {
  std::string text;
  for (auto& candidate : nearest(name, known)) text.append(text.empty() ? "; did you mean " : " or ").append(candidate);
  return text.empty() ? text : text + "?";
}

}  // namespace ds::core
