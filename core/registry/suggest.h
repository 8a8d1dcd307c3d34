// "Did you mean": the known names nearest to one that is not.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace ds::core {

// At most three, nearest first: few edits away, or equal behind the last dot.
std::vector<std::string> nearest(std::string_view name, const std::vector<std::string>& known);
std::string did_you_mean(std::string_view name,
                         const std::vector<std::string>& known);  // "; did you mean a or b?" or ""

}  // namespace ds::core
