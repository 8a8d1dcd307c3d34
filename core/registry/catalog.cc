#include "core/registry/catalog.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>

#include "core/registry/folders.h"
#include "deepseek/ds_types.h"

namespace ds::core {
namespace {

bool file_of(const std::string& path, Plugin* plugin) {
  struct stat info;
  if (stat(path.c_str(), &info)) return false;
  plugin->device = info.st_dev;
  plugin->inode = info.st_ino;
  return true;
}

std::string real_path(const std::string& path) {
  std::unique_ptr<char, decltype(&std::free)> real(realpath(path.c_str(), nullptr), &std::free);
  return real ? real.get() : path;
}

void insert(Catalog::Providers* providers, Plugin* plugin) {
  if (std::find(providers->begin(), providers->end(), plugin) == providers->end()) providers->push_back(plugin);
}

}  // namespace

Status Catalog::scan(const std::string& folder) {
  std::vector<std::string> manifests, libraries;
  DS_RETURN_IF_ERROR(list_files(folder, ".json", &manifests));
  std::string real = real_path(folder);
  if (!folders_.insert(real).second) return {};
  DS_RETURN_IF_ERROR(list_files(real, ".so", &libraries));
  std::unordered_set<std::string> named;
  for (auto& file : manifests) read(real, file, &named);
  for (auto& file : libraries) {
    if (named.count(file)) continue;
    auto plugin = std::make_unique<Plugin>();
    plugin->path = cat(real, "/", file);
    plugin->problem = error(DS_BAD_PLUGIN, plugin->path, ": has no manifest; `ds-plugin manifest` writes one");
    plugin->state = Plugin::State::kFailed;
    file_of(plugin->path, plugin.get());
    add(std::move(plugin));
  }
  return {};
}

void Catalog::read(const std::string& folder, const std::string& file, std::unordered_set<std::string>* libraries) {
  auto plugin = std::make_unique<Plugin>();
  Manifest& m = plugin->manifest;
  std::string path = cat(folder, "/", file), text;
  bool is_manifest = true;
  Status status = read_file(path, &text);
  if (!status) status = parse_manifest(text, &m, &is_manifest);
  if (!is_manifest) return;
  if (m.library.empty()) m.library = file.substr(0, file.size() - 5) + ".so";  // broken before it said which
  libraries->insert(m.library);
  plugin->path = cat(folder, "/", m.library);
  if (!status && m.abi_major != DS_ABI_MAJOR)
    status = error(DS_BAD_PLUGIN, "built for ABI ", m.abi_major, ".", m.abi_minor, ", this core speaks ", DS_ABI_MAJOR,
                   ".", DS_ABI_MINOR);
  if (!file_of(plugin->path, plugin.get()) && !status)
    status = error(DS_NOT_FOUND, "its library ", m.library, " is missing");
  if (status) {
    plugin->problem = std::move(status).in(path);
    plugin->state = Plugin::State::kFailed;
  }
  add(std::move(plugin));
}

// Two files of one name: neither is used, since nobody could say which one was meant.
void Catalog::add(std::unique_ptr<Plugin> added) {
  Plugin* plugin = added.get();
  if (plugin->inode)
    for (auto& other : plugins_)
      if (other->inode == plugin->inode && other->device == plugin->device) return;
  plugins_.push_back(std::move(added));
  const std::string& name = plugin->manifest.name;
  if (name.empty()) return;
  auto [it, fresh] = by_name_.emplace(name, plugin);
  if (!fresh) {
    auto clash = [&] {
      return error(DS_BAD_PLUGIN, "two plugins are named ", name, ": ", it->second->path, " and ", plugin->path,
                   "; remove one");
    };
    plugin->problem = clash();
    plugin->state = Plugin::State::kFailed;
    if (it->second->state != Plugin::State::kLoaded) {
      it->second->problem = clash();
      it->second->state = Plugin::State::kFailed;
    }
  }
  index(plugin);
}

Status Catalog::of_file(const std::string& path, Plugin** plugin) {
  auto fresh = std::make_unique<Plugin>();
  fresh->path = real_path(path);
  if (!file_of(fresh->path, fresh.get())) return error(DS_NOT_FOUND, path, ": ", errno_text());
  for (auto& known : plugins_) {
    if (known->inode != fresh->inode || known->device != fresh->device) continue;
    *plugin = known.get();
    return {};
  }
  *plugin = fresh.get();
  plugins_.push_back(std::move(fresh));
  return {};
}

void Catalog::note(std::string path, Status problem) {
  auto plugin = std::make_unique<Plugin>();
  plugin->path = std::move(path);
  plugin->problem = std::move(problem);
  plugin->state = Plugin::State::kFailed;
  plugins_.push_back(std::move(plugin));
}

Status Catalog::name(Plugin* plugin, std::string name) {
  auto [it, fresh] = by_name_.emplace(name, plugin);
  if (!fresh && it->second != plugin)
    return error(DS_BAD_PLUGIN, "two plugins are named ", name, ": ", it->second->path, " and ", plugin->path);
  plugin->manifest.name = std::move(name);
  return {};
}

void Catalog::index(Plugin* plugin) {
  for (auto& p : plugin->manifest.provides) {
    if (p.interface_id == "ds.operator/1") {
      insert(&operators[p.name], plugin);
      if (!p.role.empty()) insert(&roles[p.role], plugin);
    } else if (p.interface_id == "ds.kernel/1") {
      auto same = [&](auto& row) { return row.plugin == plugin && row.op == p.op && row.device == p.device; };
      if (std::none_of(kernels.begin(), kernels.end(), same)) kernels.push_back({p.op, p.device, plugin});
    } else if (p.interface_id == "ds.pass/1") {
      insert(&passes, plugin);
    } else if (p.interface_id == "ds.device/1") {
      insert(&devices[p.name], plugin);
    } else if (p.interface_id == "ds.service/1") {
      insert(&services[service_key(p.kind, p.name)], plugin);
    }
  }
}

Plugin* Catalog::find(std::string_view name) const {
  auto it = by_name_.find(name);
  return it == by_name_.end() ? nullptr : it->second;
}

}  // namespace ds::core
