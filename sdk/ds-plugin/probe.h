// A host that only writes down what a plugin registers. Used inside run_isolated.
#pragma once
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "deepseek/ds_plugin.h"

namespace ds::tool {

using Json = nlohmann::ordered_json;

struct ProbeError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The door of an opened library.
struct Door {
  ds_plugin_query_v1_fn query;
  void* library;
};
Door open_door(const std::string& path);  // throws ProbeError

class RecordingHost {
 public:
  RecordingHost();
  RecordingHost(const RecordingHost&) = delete;

  struct Registered {
    std::string interface_id;
    const void* descriptor;
    bool operator==(const Registered&) const = default;
  };
  ds_host table;
  std::vector<Registered> registered;
  int32_t answer = DS_OK;         // of provide
  bool allocations_fail = false;  // of allocate
  ds_error_sink sink;
  std::string error;  // what the plugin reported last
};

// Asks the door and checks the stamp. Throws ProbeError.
const ds_plugin* ask(const Door& door, RecordingHost* host);
void initialize(const ds_plugin* plugin, RecordingHost* host);  // throws ProbeError

// The manifest of an initialized plugin.
Json manifest(const std::string& path, const ds_plugin* plugin, const RecordingHost& host);
Json probe_manifest(const std::string& path);  // all of it, in a child process; throws ProbeError

std::string_view view(ds_text text);  // throws ProbeError for a text that cannot be one

}  // namespace ds::tool
