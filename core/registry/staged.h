// What one plugin registered while it was initialized; nothing of it is visible before all of it was fine.
#pragma once
#include <vector>

#include "core/registry/manifest.h"
#include "core/registry/registry.h"

namespace ds::core {

struct Staged {
  std::string plugin;
  std::vector<Operator> operators;
  std::vector<Provided<ds_kernel>> kernels;
  std::vector<Provided<ds_pass>> passes;
  std::vector<Provided<ds_device>> devices;
  std::vector<Provided<ds_service>> services;

  // Fails: DS_UNSUPPORTED for an interface this core does not know; see table.h; DS_BAD_PLUGIN for a name given twice.
  Status add(std::string_view interface_id, const void* descriptor);
  std::vector<Provision> provisions() const;  // as its manifest would list them
};

}  // namespace ds::core
