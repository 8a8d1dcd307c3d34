#include "sdk/ds-plugin/probe.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "deepseek/draft/device.h"
#include "deepseek/draft/kernel.h"
#include "deepseek/draft/pass.h"
#include "deepseek/draft/service.h"
#include "sdk/ds-plugin/child.h"

namespace ds::tool {
namespace {

constexpr double kProbeSeconds = 20;

RecordingHost& self(const ds_host* host) { return *static_cast<RecordingHost*>(host->context); }

int32_t no_interface(const ds_host*, const char*, uint64_t, void*, uint64_t) { return DS_NOT_FOUND; }

int32_t provide(const ds_host* host, const char* id, uint64_t length, const void* descriptor) {
  RecordingHost& recorder = self(host);
  if (recorder.answer != DS_OK) return recorder.answer;
  recorder.registered.push_back({std::string(id ? id : "", id ? length : 0), descriptor});
  return DS_OK;
}

int32_t allocate(const ds_host* host, uint64_t size, uint64_t alignment, void** memory) {
  void* made = nullptr;
  if (self(host).allocations_fail ||
      posix_memalign(&made, std::max<uint64_t>(alignment, sizeof(void*)), std::max<uint64_t>(size, 1)))
    return DS_OUT_OF_MEMORY;
  return *memory = made, DS_OK;
}
int32_t release(const ds_host*, void* memory) { return std::free(memory), DS_OK; }
int32_t log(const ds_host*, int32_t, const char*, uint64_t) { return DS_OK; }

void set_error(void* context, ds_status, const char* text, uint64_t length) {
  static_cast<RecordingHost*>(context)->error.assign(text ? text : "", text ? length : 0);
}

// Reads a descriptor of any size into a full one; what it lacks is zero.
template <class Table>
Table read(const void* descriptor) {
  Table table{};
  uint64_t size = 0;
  if (descriptor) std::memcpy(&size, descriptor, sizeof size);
  if (size < 2 * sizeof(uint64_t) || size > 65536)
    throw ProbeError("registers a descriptor of " + std::to_string(size) + " bytes");
  std::memcpy(&table, descriptor, std::min<uint64_t>(size, sizeof table));
  return table;
}

Json provision(const RecordingHost::Registered& entry) {
  Json json = {{"interface", entry.interface_id}};
  if (entry.interface_id == DS_OPERATOR_INTERFACE) {
    auto t = read<ds_operator>(entry.descriptor);
    std::string_view schema = view(t.schema), name = schema.substr(0, schema.find('('));
    while (!name.empty() && name.back() == ' ') name.remove_suffix(1);
    json["name"] = name;
    json["role"] = view(t.role);
  } else if (entry.interface_id == DS_KERNEL_INTERFACE) {
    auto t = read<ds_kernel>(entry.descriptor);
    json["name"] = view(t.name);
    json["op"] = view(t.op);
    json["device"] = view(t.device);
  } else if (entry.interface_id == DS_PASS_INTERFACE) {
    json["name"] = view(read<ds_pass>(entry.descriptor).name);
  } else if (entry.interface_id == DS_DEVICE_INTERFACE) {
    json["name"] = view(read<ds_device>(entry.descriptor).name);
  } else if (entry.interface_id == DS_SERVICE_INTERFACE) {
    auto t = read<ds_service>(entry.descriptor);
    json["kind"] = view(t.kind);
    json["name"] = view(t.name);
  } else {
    json["name"] = "";
  }
  return json;
}

}  // namespace

std::string_view view(ds_text text) {
  if (text.size > 65536 || (text.size && !text.data)) throw ProbeError("has a text that is none");
  return {text.data, text.size};
}

RecordingHost::RecordingHost()
    : table{sizeof(ds_host), DS_ABI_MAJOR, DS_ABI_MINOR, this, no_interface, provide, allocate, release, log},
      sink{this, set_error} {}

Door open_door(const std::string& path) {
  std::error_code none;
  std::string full = std::filesystem::absolute(path, none).string();
  if (!std::filesystem::exists(full, none)) throw ProbeError("there is no such file");
  void* library = dlopen(full.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) throw ProbeError(dlerror());
  void* symbol = dlsym(library, DS_PLUGIN_DOOR);
  if (!symbol) throw ProbeError("does not export " DS_PLUGIN_DOOR);
  return {reinterpret_cast<ds_plugin_query_v1_fn>(symbol), library};
}

const ds_plugin* ask(const Door& door, RecordingHost* host) {
  const ds_plugin* plugin = door.query(&host->table, &host->sink);
  if (!plugin) throw ProbeError("its door refuses: " + (host->error.empty() ? "no reason given" : host->error));
  auto number = [](uint64_t n) { return std::to_string(n); };
  if (plugin->size < sizeof(ds_plugin) || plugin->size > 65536)
    throw ProbeError("its ds_plugin says it has " + number(plugin->size) + " bytes");
  if (plugin->must_understand) throw ProbeError("its ds_plugin has unknown must-understand bits");
  if (plugin->magic != DS_PLUGIN_MAGIC) throw ProbeError("its ds_plugin has a wrong magic number");
  if (plugin->abi_major != DS_ABI_MAJOR)
    throw ProbeError("is built for ABI " + number(plugin->abi_major) + "." + number(plugin->abi_minor));
  if (plugin->layout_hash != DS_LAYOUT_HASH) throw ProbeError("is built with other layouts than those of ABI 1");
  if (!plugin->initialize) throw ProbeError("has no initialize");
  auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || std::strchr("_.-", c); };
  std::string_view name = view(plugin->name);
  if (name.empty() || !std::all_of(name.begin(), name.end(), fits))
    throw ProbeError("its name '" + std::string(name) + "' is not made of [a-z0-9_.-]");
  return plugin;
}

void initialize(const ds_plugin* plugin, RecordingHost* host) {
  host->registered.clear();
  host->error.clear();
  if (int32_t status = plugin->initialize(plugin, &host->table, &host->sink))
    throw ProbeError("initialize fails with status " + std::to_string(status) + ": " + host->error);
}

Json manifest(const std::string& path, const ds_plugin* plugin, const RecordingHost& host) {
  Json json = {{"name", view(plugin->name)},
               {"version", view(plugin->version)},
               {"abi", {plugin->abi_major, plugin->abi_minor}},
               {"library", std::filesystem::path(path).filename().string()},
               {"description", view(plugin->description)},
               {"license", view(plugin->license)},
               {"dependencies", Json::array()},
               {"provides", Json::array()}};
  for (std::string_view rest = view(plugin->dependencies); !rest.empty();) {
    std::string_view name = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    if (!name.empty()) json["dependencies"].push_back(name);
  }
  for (auto& entry : host.registered) json["provides"].push_back(provision(entry));
  return json;
}

Json probe_manifest(const std::string& path) {
  Outcome outcome = run_isolated(kProbeSeconds, [&] {
    RecordingHost host;
    const ds_plugin* plugin = ask(open_door(path), &host);
    initialize(plugin, &host);
    return manifest(path, plugin, host).dump(-1, ' ', false, Json::error_handler_t::replace);
  });
  if (!outcome.ok()) throw ProbeError(path + ": " + outcome.failure);
  return Json::parse(outcome.output);
}

}  // namespace ds::tool
