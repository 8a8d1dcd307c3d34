// The registry: which plugins there are, and everything they provide, by name. One per context.
//
// Manifests are read first; a library is opened when somebody asks for what its manifest says it provides.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/registry/operator.h"
#include "deepseek/draft/device.h"
#include "deepseek/draft/kernel.h"
#include "deepseek/draft/pass.h"
#include "deepseek/draft/service.h"

namespace ds::core {

// A descriptor grown to full size, with the plugin that provides it.
template <class Table>
struct Provided {
  Table table;
  std::string plugin;
};

class Registry {
 public:
  Registry();
  ~Registry();
  Registry(const Registry&) = delete;

  // Reads the manifests of DS_PLUGIN_PATH, added folders, the user's and the system's folder. Problems of single
  // plugins are kept for `plugins` and reported when something of theirs is asked for.
  Status discover();
  Status add_folder(std::string_view absolute_path);
  Status load(std::string_view path);  // explicitly, a .so; absolute or relative to the working directory

  // Null when there is none; *status then says why (with the nearest names, or why the plugin that has it failed).
  const Operator* find_operator(std::string_view name, Status* status);
  const Operator* find_role(std::string_view role, Status* status);
  const Operator* operator_by_id(uint32_t id) const;  // ids count from 1; null when out of range
  std::vector<std::string> operator_names();          // loaded or not, sorted

  // Kernels for an operator on a device, "*" rows included, best priority first. Stable until something is loaded.
  const std::vector<const Provided<ds_kernel>*>& kernels(const Operator& op, std::string_view device);
  const std::vector<const Provided<ds_pass>*>& passes();  // by stage, order, name
  const std::vector<const Provided<ds_device>*>& devices();
  const Provided<ds_device>* find_device(std::string_view name, Status* status);
  const Provided<ds_device>* find_device(int32_t type);
  const Provided<ds_service>* find_service(std::string_view kind, std::string_view name, Status* status);
  std::vector<std::string> service_names(std::string_view kind);

  // One JSON object per plugin found (see ds_plugins).
  void plugins(const std::function<void(const std::string&)>& sink);

  // The table plugins get; also answers the interface ds.threads/1 of the cpu device, serial while there is none.
  const ds_host* host() const;
  const ds_threads* threads();
  uint64_t generation() const;  // grows when something is loaded: compiled programs depend on it

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ds::core
