// The JSON beside a plugin: what it is and provides, read so that the library need not be opened.
//
//   {"name": "kernel.cpu", "version": "1.0.0", "abi": [1,0], "library": "kernel.cpu.so", "description": "..",
//    "license": "Apache-2.0", "dependencies": ["ops.math"], "provides": [
//      {"interface": "ds.operator/1", "name": "matmul", "role": ""},
//      {"interface": "ds.kernel/1", "name": "cpu.matmul", "op": "matmul", "device": "cpu"},
//      {"interface": "ds.pass/1", "name": "fuse"}, {"interface": "ds.device/1", "name": "cpu"},
//      {"interface": "ds.service/1", "kind": "format", "name": "safetensors"}]}
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"

namespace ds::core {

struct Provision {
  std::string interface_id, name, role, op, device, kind;  // those the interface has; the others are empty
};

struct Manifest {
  std::string name, version, library, description, license;
  uint32_t abi_major = 0, abi_minor = 0;
  std::vector<std::string> dependencies;
  std::vector<Provision> provides;
};

// *is_manifest: false for JSON of another purpose, which is no error. Fails: DS_BAD_PLUGIN. Members it does not know
// are ignored.
Status parse_manifest(std::string_view text, Manifest* manifest, bool* is_manifest);

// The line of ds_plugins.
struct Listing {
  const Manifest* manifest;
  std::string_view path, error, warning;
  bool loaded;
};
std::string listing_text(const Listing& listing);

}  // namespace ds::core
