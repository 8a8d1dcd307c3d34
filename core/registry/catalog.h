// Everything plugins said they provide, loaded or not: the manifests, indexed by what may be asked for.
#pragma once
#include <sys/types.h>

#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/registry/manifest.h"

namespace ds::core {

struct TextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};
template <class T>
using ByName = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

struct Plugin {
  enum class State : uint8_t { kFound, kLoading, kLoaded, kFailed };
  Manifest manifest;
  std::string path;     // of the library
  std::string warning;  // the policy's
  Status problem;       // why nothing of it can be used
  State state = State::kFound;
  dev_t device = 0;  // of the file, which may have several paths
  ino_t inode = 0;

  std::string shown() const { return manifest.name.empty() ? path : cat(manifest.name, " (", path, ")"); }
};

inline Status repeat(const Status& status) { return status.ok() ? Status() : Status(status.code(), status.text()); }
inline std::string service_key(std::string_view kind, std::string_view name) { return cat(kind, "/", name); }

class Catalog {
 public:
  using Providers = std::vector<Plugin*>;
  struct KernelRow {
    std::string op, device;
    Plugin* plugin;
  };

  // Reads the manifests of a folder. A folder that was read before is skipped. Problems of single plugins are theirs.
  Status scan(const std::string& folder);
  // The plugin of that file, a new one without a manifest if need be. Fails: DS_NOT_FOUND.
  Status of_file(const std::string& path, Plugin** plugin);
  // A problem with no plugin of its own, for the listing.
  void note(std::string path, Status problem);
  // Sets the name of a plugin that came without a manifest. Fails when the name is taken.
  Status name(Plugin* plugin, std::string name);
  // Indexes what the plugin provides; what is indexed already stays as it is.
  void index(Plugin* plugin);

  Plugin* find(std::string_view name) const;
  const std::vector<std::unique_ptr<Plugin>>& plugins() const { return plugins_; }

  ByName<Providers> operators, roles, devices, services;  // services by service_key
  Providers passes;
  std::vector<KernelRow> kernels;

 private:
  void read(const std::string& folder, const std::string& file, std::unordered_set<std::string>* libraries);
  void add(std::unique_ptr<Plugin> plugin);

  std::vector<std::unique_ptr<Plugin>> plugins_;
  ByName<Plugin*> by_name_;
  std::unordered_set<std::string> folders_;
};

}  // namespace ds::core
