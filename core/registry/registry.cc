#include "core/registry/registry.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <map>
#include <mutex>

#include "core/registry/catalog.h"
#include "core/registry/folders.h"
#include "core/registry/host.h"
#include "core/registry/loader.h"
#include "core/registry/staged.h"
#include "core/registry/suggest.h"
#include "core/registry/table.h"

namespace ds::core {
namespace {

// Operators by id, read without a lock while others are added.
class OperatorIds {
 public:
  ~OperatorIds() {
    for (auto& chunk : chunks_) delete[] chunk.load();
  }
  uint32_t next() const { return count_.load(std::memory_order_relaxed) + 1; }
  bool full() const { return next() > kChunk * kChunks; }
  void add(const Operator* op) {
    uint32_t at = count_.load(std::memory_order_relaxed);
    auto& chunk = chunks_[at / kChunk];
    if (!chunk.load(std::memory_order_relaxed)) chunk.store(new const Operator*[kChunk], std::memory_order_relaxed);
    chunk.load(std::memory_order_relaxed)[at % kChunk] = op;
    count_.store(at + 1, std::memory_order_release);
  }
  const Operator* find(uint32_t id) const {
    if (!id || id > count_.load(std::memory_order_acquire)) return nullptr;
    return chunks_[(id - 1) / kChunk].load(std::memory_order_relaxed)[(id - 1) % kChunk];
  }

 private:
  static constexpr uint32_t kChunk = 512, kChunks = 128;
  std::array<std::atomic<const Operator**>, kChunks> chunks_{};
  std::atomic<uint32_t> count_{0};
};

// Lists handed out stay alive: a new one replaces them when something was loaded.
template <class Table>
struct Lists {
  using List = std::vector<const Provided<Table>*>;
  std::map<std::pair<uint32_t, std::string>, std::unique_ptr<List>> current;
  std::vector<std::unique_ptr<List>> retired;
  void retire() {
    for (auto& [_, list] : current) retired.push_back(std::move(list));
    current.clear();
  }
};

Status not_found(std::string_view what, std::string_view name, const std::vector<std::string>& known) {
  return error(DS_NOT_FOUND, "there is no ", what, " ", name.substr(0, 100), did_you_mean(name, known));
}

template <class Map>
std::vector<std::string> keys(const Map& map) {
  std::vector<std::string> names;
  for (auto& [name, _] : map) names.push_back(name);
  return names;
}

void set(Status* status, Status value) {
  if (status) *status = std::move(value);
}

}  // namespace

struct Registry::Impl {
  std::mutex mutex;
  Host* host = Host::take();
  Policy policy = Policy::kOff;
  bool discovered = false;
  Catalog catalog;
  std::vector<std::string> added_folders;
  std::vector<Plugin*> loading;  // outermost first
  std::atomic<uint64_t> generation{0};

  std::deque<Operator> operator_storage;
  std::deque<Provided<ds_kernel>> kernel_storage;
  std::deque<Provided<ds_pass>> pass_storage;
  std::deque<Provided<ds_device>> device_storage;
  std::deque<Provided<ds_service>> service_storage;
  OperatorIds ids;
  ByName<const Operator*> operators, roles;
  ByName<const Provided<ds_device>*> devices;
  ByName<const Provided<ds_service>*> services;
  Lists<ds_kernel> kernel_lists;
  Lists<ds_pass> pass_lists;
  Lists<ds_device> device_lists;

  Status load(Plugin* plugin);
  Status load_steps(Plugin* plugin);
  Status load_dependency(std::string_view name);
  void load_all(const std::vector<Plugin*>& plugins);
  Status check_clashes(const Staged& staged);
  void commit(Plugin* plugin, Staged staged);

  // The loaded thing of that name, after loading the one plugin that offers it.
  template <class T>
  T resolve(ByName<T>& loaded, ByName<Catalog::Providers>& offered, std::string_view what, std::string_view name,
            Status* status);
  Status load_offer(const Catalog::Providers& providers, std::string_view what, std::string_view name);
};

// ---- loading -------------------------------------------------------------------------------------------------------

Status Registry::Impl::load(Plugin* plugin) {
  if (plugin->state == Plugin::State::kLoaded) return {};
  if (plugin->problem) return repeat(plugin->problem);
  if (plugin->state == Plugin::State::kLoading) {
    std::string circle;
    for (auto it = std::find(loading.begin(), loading.end(), plugin); it != loading.end(); ++it)
      circle += cat((*it)->shown(), " -> ");
    return error(DS_BAD_PLUGIN, "plugins depend on each other: ", circle, plugin->manifest.name);
  }
  plugin->state = Plugin::State::kLoading;
  loading.push_back(plugin);
  Status status = load_steps(plugin);
  loading.pop_back();
  plugin->state = status ? Plugin::State::kFailed : Plugin::State::kLoaded;
  plugin->problem = repeat(status);
  if (status) host->table()->log(host->table(), 0, status.text().data(), status.text().size());
  return status;
}

Status Registry::Impl::load_dependency(std::string_view name) {
  Plugin* plugin = catalog.find(name);
  if (!plugin) return error(DS_NOT_FOUND, "depends on the plugin ", name, ", which is not installed");
  if (auto status = load(plugin)) return std::move(status).in(cat("depends on the plugin ", name));
  return {};
}

Status Registry::Impl::load_steps(Plugin* plugin) {
  Manifest& m = plugin->manifest;
  for (auto& name : m.dependencies)
    if (auto status = load_dependency(name)) return std::move(status).in(plugin->path);
  Library library;
  DS_RETURN_IF_ERROR(open_library(plugin->path, policy, host->table(), &library));
  plugin->warning = library.warning;
  if (!library.warning.empty()) host->table()->log(host->table(), 1, library.warning.data(), library.warning.size());

  const ds_plugin& p = library.plugin;
  if (m.name.empty()) DS_RETURN_IF_ERROR(catalog.name(plugin, std::string(view(p.name))));
  if (m.name != view(p.name))
    return error(DS_BAD_PLUGIN, plugin->path, ": calls itself ", view(p.name), ", its manifest says ", m.name);
  m.version = view(p.version);
  m.description = view(p.description);
  m.license = view(p.license);
  m.abi_major = p.abi_major;
  m.abi_minor = p.abi_minor;
  m.dependencies.clear();
  for (std::string_view rest = view(p.dependencies); !rest.empty();) {
    std::string_view name = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    if (name.empty()) continue;
    m.dependencies.emplace_back(name);
    if (auto status = load_dependency(name)) return std::move(status).in(plugin->path);
  }

  Staged staged;
  staged.plugin = m.name;
  Provide provide = [&](std::string_view id, const void* descriptor) { return staged.add(id, descriptor); };
  Status status = host->initialize(p, library.door, provide);
  if (!status) status = check_clashes(staged);
  if (status) return std::move(status).in(plugin->path);
  commit(plugin, std::move(staged));
  return {};
}

void Registry::Impl::load_all(const std::vector<Plugin*>& plugins) {
  for (Plugin* plugin : std::vector<Plugin*>(plugins))
    if (load(plugin)) continue;  // kept as its problem
}

Status Registry::Impl::check_clashes(const Staged& staged) {
  auto clash = [&](std::string_view what, std::string_view name, const std::string& other) {
    Plugin* plugin = catalog.find(other);
    return error(DS_BAD_PLUGIN, what, " ", name, " is already provided by ", plugin ? plugin->shown() : other);
  };
  for (auto& op : staged.operators) {
    if (auto it = operators.find(op.name()); it != operators.end())
      return clash("operator", op.name(), it->second->plugin);
    if (auto it = roles.find(op.role); !op.role.empty() && it != roles.end())
      return clash("role", op.role, it->second->plugin);
  }
  for (auto& device : staged.devices)
    for (auto& other : device_storage)
      if (view(other.table.name) == view(device.table.name) || other.table.type == device.table.type)
        return clash("device", cat(view(device.table.name), " (type ", device.table.type, ")"), other.plugin);
  for (auto& pass : staged.passes)
    for (auto& other : pass_storage)
      if (view(other.table.name) == view(pass.table.name)) return clash("pass", view(pass.table.name), other.plugin);
  for (auto& service : staged.services)
    if (auto it = services.find(service_key(view(service.table.kind), view(service.table.name))); it != services.end())
      return clash(view(service.table.kind), view(service.table.name), it->second->plugin);
  return ids.full() ? error(DS_UNSUPPORTED, "there are too many operators") : Status();
}

// Names that another plugin offers too are left out: asking for them answers the clash.
void Registry::Impl::commit(Plugin* plugin, Staged staged) {
  plugin->manifest.provides = staged.provisions();
  catalog.index(plugin);
  auto alone = [&](ByName<Catalog::Providers>& offered, const std::string& name) { return offered[name].size() == 1; };
  for (auto& op : staged.operators) {
    Operator& kept = operator_storage.emplace_back(std::move(op));
    kept.id = ids.next();
    ids.add(&kept);
    if (alone(catalog.operators, kept.name())) operators.emplace(kept.name(), &kept);
    if (!kept.role.empty() && alone(catalog.roles, kept.role)) roles.emplace(kept.role, &kept);
  }
  for (auto& kernel : staged.kernels) kernel_storage.push_back(std::move(kernel));
  for (auto& pass : staged.passes) pass_storage.push_back(std::move(pass));
  for (auto& device : staged.devices) {
    auto& kept = device_storage.emplace_back(std::move(device));
    std::string name(view(kept.table.name));
    if (alone(catalog.devices, name)) devices.emplace(name, &kept);
    if (kept.table.type == DS_DEVICE_CPU && kept.table.threads) Host::set_threads(kept.table.threads);
  }
  for (auto& service : staged.services) {
    auto& kept = service_storage.emplace_back(std::move(service));
    std::string key = service_key(view(kept.table.kind), view(kept.table.name));
    if (alone(catalog.services, key)) services.emplace(key, &kept);
  }
  kernel_lists.retire();
  pass_lists.retire();
  device_lists.retire();
  generation.fetch_add(1, std::memory_order_release);
  if (plugin_initialised) plugin_initialised();
}

Status Registry::Impl::load_offer(const Catalog::Providers& providers, std::string_view what, std::string_view name) {
  if (providers.size() == 1) {
    DS_RETURN_IF_ERROR(load(providers[0]));
    return error(DS_BAD_PLUGIN, providers[0]->path, ": its manifest lists the ", what, " ", name,
                 ", the library does not register it");
  }
  for (Plugin* p : providers)  // two plugins of one name clash as plugins
    if (p->problem && p->manifest.name == providers[0]->manifest.name) return repeat(p->problem);
  return error(DS_BAD_PLUGIN, what, " ", name, " is provided by ", providers[0]->shown(), " and ",
               providers[1]->shown(), "; remove one");
}

template <class T>
T Registry::Impl::resolve(ByName<T>& loaded, ByName<Catalog::Providers>& offered, std::string_view what,
                          std::string_view name, Status* status) {
  if (auto it = loaded.find(name); it != loaded.end()) return it->second;
  auto offer = offered.find(name);
  if (offer == offered.end() || offer->second.empty()) {
    set(status, not_found(what, name, keys(offered)));
    return nullptr;
  }
  Status failure = load_offer(Catalog::Providers(offer->second), what, name);
  if (auto it = loaded.find(name); it != loaded.end()) return it->second;
  set(status, std::move(failure));
  return nullptr;
}

// ---- the interface -------------------------------------------------------------------------------------------------

Registry::Registry() : impl_(std::make_unique<Impl>()) {}
Registry::~Registry() { Host::give_back(impl_->host); }

Status Registry::discover() {
  std::lock_guard lock(impl_->mutex);
  if (impl_->discovered) return {};
  DS_RETURN_IF_ERROR(read_policy(&impl_->policy));
  impl_->discovered = true;
  Catalog& catalog = impl_->catalog;
  for (auto& folder : path_folders()) {
    if (!folder.problem) folder.problem = catalog.scan(folder.path);
    if (folder.problem) catalog.note(folder.path, std::move(folder.problem));
  }
  for (auto& path : impl_->added_folders)
    if (auto problem = catalog.scan(path)) catalog.note(path, std::move(problem));
  for (auto& path : {user_folder(), system_folder()}) {
    if (path.empty()) continue;
    auto problem = catalog.scan(path);
    if (problem && problem.code() != DS_NOT_FOUND) catalog.note(path, std::move(problem));
  }
  return {};
}

Status Registry::add_folder(std::string_view path) {
  if (path.empty() || path[0] != '/') return error(DS_INVALID_ARGUMENT, "'", path, "' is not an absolute folder");
  std::lock_guard lock(impl_->mutex);
  std::string folder(path);
  std::vector<std::string> files;
  DS_RETURN_IF_ERROR(list_files(folder, ".json", &files));
  if (impl_->discovered) return impl_->catalog.scan(folder);
  impl_->added_folders.push_back(std::move(folder));
  return {};
}

Status Registry::load(std::string_view path) {
  std::lock_guard lock(impl_->mutex);
  if (!impl_->discovered) DS_RETURN_IF_ERROR(read_policy(&impl_->policy));
  Plugin* plugin = nullptr;
  DS_RETURN_IF_ERROR(impl_->catalog.of_file(std::string(path), &plugin));
  // In a folder it needs a manifest, named explicitly it does not.
  if (plugin->manifest.name.empty() && plugin->manifest.library.empty()) {
    plugin->problem = Status();
    if (plugin->state == Plugin::State::kFailed) plugin->state = Plugin::State::kFound;
  }
  return impl_->load(plugin);
}

const Operator* Registry::find_operator(std::string_view name, Status* status) {
  std::lock_guard lock(impl_->mutex);
  return impl_->resolve(impl_->operators, impl_->catalog.operators, "operator", name, status);
}

const Operator* Registry::find_role(std::string_view role, Status* status) {
  std::lock_guard lock(impl_->mutex);
  return impl_->resolve(impl_->roles, impl_->catalog.roles, "operator of the role", role, status);
}

const Operator* Registry::operator_by_id(uint32_t id) const { return impl_->ids.find(id); }

std::vector<std::string> Registry::operator_names() {
  std::lock_guard lock(impl_->mutex);
  std::vector<std::string> names;
  for (auto& [name, providers] : impl_->catalog.operators)
    if (providers.size() == 1 && !providers[0]->problem) names.push_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

const std::vector<const Provided<ds_kernel>*>& Registry::kernels(const Operator& op, std::string_view device) {
  std::lock_guard lock(impl_->mutex);
  auto serves = [&](std::string_view row) { return row == op.name() || (row == "*" && op.is(DS_CLASS_ELEMENTWISE)); };
  auto key = std::pair(op.id, std::string(device));
  if (auto it = impl_->kernel_lists.current.find(key); it != impl_->kernel_lists.current.end()) return *it->second;
  std::vector<Plugin*> plugins;
  for (auto& row : impl_->catalog.kernels)
    if (row.device == device && serves(row.op)) plugins.push_back(row.plugin);
  impl_->load_all(plugins);

  auto list = std::make_unique<Lists<ds_kernel>::List>();
  for (auto& kernel : impl_->kernel_storage) {
    const ds_kernel& t = kernel.table;
    bool version =
        op.table.version >= t.version_minimum && (!t.version_maximum || op.table.version <= t.version_maximum);
    if (version && view(t.device) == device && serves(view(t.op))) list->push_back(&kernel);
  }
  std::stable_sort(list->begin(), list->end(), [](auto* a, auto* b) {
    return std::tuple(-int64_t(a->table.priority), std::string_view(a->plugin), view(a->table.name)) <
           std::tuple(-int64_t(b->table.priority), std::string_view(b->plugin), view(b->table.name));
  });
  return *(impl_->kernel_lists.current[key] = std::move(list));
}

const std::vector<const Provided<ds_pass>*>& Registry::passes() {
  std::lock_guard lock(impl_->mutex);
  impl_->load_all(impl_->catalog.passes);
  auto& slot = impl_->pass_lists.current[{0, ""}];
  if (slot) return *slot;
  slot = std::make_unique<Lists<ds_pass>::List>();
  for (auto& pass : impl_->pass_storage) slot->push_back(&pass);
  std::sort(slot->begin(), slot->end(), [](auto* a, auto* b) {
    return std::tuple(a->table.stage, a->table.order, view(a->table.name)) <
           std::tuple(b->table.stage, b->table.order, view(b->table.name));
  });
  return *slot;
}

const std::vector<const Provided<ds_device>*>& Registry::devices() {
  std::lock_guard lock(impl_->mutex);
  std::vector<Plugin*> plugins;
  for (auto& [_, providers] : impl_->catalog.devices) plugins.insert(plugins.end(), providers.begin(), providers.end());
  impl_->load_all(plugins);
  auto& slot = impl_->device_lists.current[{0, ""}];
  if (slot) return *slot;
  slot = std::make_unique<Lists<ds_device>::List>();
  for (auto& [_, device] : impl_->devices) slot->push_back(device);
  std::sort(slot->begin(), slot->end(), [](auto* a, auto* b) {
    return std::tuple(a->table.type, view(a->table.name)) < std::tuple(b->table.type, view(b->table.name));
  });
  return *slot;
}

const Provided<ds_device>* Registry::find_device(std::string_view name, Status* status) {
  std::lock_guard lock(impl_->mutex);
  return impl_->resolve(impl_->devices, impl_->catalog.devices, "device", name, status);
}

const Provided<ds_device>* Registry::find_device(int32_t type) {
  {
    std::lock_guard lock(impl_->mutex);
    for (auto& [_, device] : impl_->devices)
      if (device->table.type == type) return device;
  }
  for (auto* device : devices())
    if (device->table.type == type) return device;
  return nullptr;
}

const Provided<ds_service>* Registry::find_service(std::string_view kind, std::string_view name, Status* status) {
  std::lock_guard lock(impl_->mutex);
  std::string key = service_key(kind, name);
  return impl_->resolve(impl_->services, impl_->catalog.services, "service", key, status);
}

std::vector<std::string> Registry::service_names(std::string_view kind) {
  std::lock_guard lock(impl_->mutex);
  std::vector<std::string> names;
  std::string prefix = service_key(kind, "");
  for (auto& [key, _] : impl_->catalog.services)
    if (key.starts_with(prefix)) names.push_back(key.substr(prefix.size()));
  std::sort(names.begin(), names.end());
  return names;
}

void Registry::plugins(const std::function<void(const std::string&)>& sink) {
  std::vector<std::string> lines;
  {
    std::lock_guard lock(impl_->mutex);
    for (auto& p : impl_->catalog.plugins()) {
      const std::string& problem = p->problem.ok() ? std::string() : p->problem.text();
      lines.push_back(listing_text({&p->manifest, p->path, problem, p->warning, p->state == Plugin::State::kLoaded}));
    }
  }
  for (auto& line : lines) sink(line);
}

const ds_host* Registry::host() const { return impl_->host->table(); }
const ds_threads* Registry::threads() { return Host::threads(); }
uint64_t Registry::generation() const { return impl_->generation.load(std::memory_order_acquire); }

}  // namespace ds::core
