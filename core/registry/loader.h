// Opens a plugin's library: the file is checked, the policy asked, the door knocked at. Nothing is ever closed.
#pragma once
#include <string>

#include "core/base/status.h"
#include "deepseek/ds_plugin.h"

namespace ds::core {

// What DS_PLUGIN_POLICY says. Lock files hold lines "sha256  file name", as sha256sum writes them: the one named by
// DS_PLUGIN_LOCK, or plugins.lock in the plugin's folder. Only with kEnforce a mismatch refuses the plugin.
enum class Policy : uint8_t { kOff, kWarn, kEnforce };
Status read_policy(Policy* policy);  // Fails: DS_INVALID_ARGUMENT for an unknown word; the policy is then kEnforce

struct Library {
  const ds_plugin* door = nullptr;  // as the plugin answered it
  ds_plugin plugin{};               // grown to full size, checked
  std::string warning;              // the policy's, with kWarn
};

// Called after every plugin that was initialised; may be null.
inline void (*plugin_initialised)() = nullptr;

// path: absolute. Every error names it. Fails: DS_NOT_FOUND, DS_IO_ERROR, DS_BAD_PLUGIN, DS_UNSUPPORTED.
Status open_library(const std::string& path, Policy policy, const ds_host* host, Library* library);

// Headers, segments and sections lie inside the file: the dynamic linker crashes on files where they do not.
Status check_elf(int fd);

}  // namespace ds::core
