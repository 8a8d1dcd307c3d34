// The operators and passes of the build folder.
#pragma once
#include <gtest/gtest.h>

#include <cstdlib>

#include "core/registry/registry.h"

namespace ds::core::test {

inline const Operator* find_in(void* registry, std::string_view name, Status* status) {
  return static_cast<Registry*>(registry)->find_operator(name, status);
}

inline Registry& built() {
  static Registry* registry = [] {
    setenv("DS_PLUGIN_PATH", DS_BUILD_DIR "/lib/deepseek/plugins", 1);
    auto* made = new Registry;
    EXPECT_TRUE(made->discover().ok());
    return made;
  }();
  return *registry;
}

}  // namespace ds::core::test
