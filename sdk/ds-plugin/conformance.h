// The steps of check that need a core.
#pragma once
#include <string>

namespace ds::tool {

// Loads the plugin into a context; what it provides must be found by name. Throws what is wrong.
std::string check_in_core(const std::string& path);
// Samples of its operators, and of those its kernels serve: references, kernels, gradients. Throws what is wrong.
std::string check_conformance(const std::string& path);

}  // namespace ds::tool
