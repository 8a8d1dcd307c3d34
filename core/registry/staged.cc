#include "core/registry/staged.h"

#include <algorithm>

#include "core/registry/table.h"

namespace ds::core {
namespace {

template <class List, class Same>
Status once(const List& list, std::string_view what, std::string_view name, Same&& same) {
  if (std::none_of(list.begin(), list.end(), same)) return {};
  return error(DS_BAD_PLUGIN, what, " ", name, " is registered twice");
}

template <class Table>
Status stage(const void* descriptor, const std::string& plugin, std::vector<Provided<Table>>* list) {
  Provided<Table> provided{{}, plugin};
  DS_RETURN_IF_ERROR(grow(descriptor, &provided.table));
  list->push_back(std::move(provided));
  return {};
}

template <class Table>
Status stage_named(const void* descriptor, const std::string& plugin, std::string_view what,
                   std::vector<Provided<Table>>* list) {
  std::vector<Provided<Table>> one;
  DS_RETURN_IF_ERROR(stage(descriptor, plugin, &one));
  std::string_view name = view(one[0].table.name);
  auto same = [&](auto& other) { return view(other.table.name) == name; };
  DS_RETURN_IF_ERROR(once(*list, what, name, same));
  list->push_back(std::move(one[0]));
  return {};
}

}  // namespace

Status Staged::add(std::string_view id, const void* descriptor) {
  if (id == DS_OPERATOR_INTERFACE) {
    Operator op;
    op.plugin = plugin;
    DS_RETURN_IF_ERROR(make_operator(descriptor, &op));
    DS_RETURN_IF_ERROR(once(operators, "operator", op.name(), [&](auto& other) { return other.name() == op.name(); }));
    if (!op.role.empty())
      DS_RETURN_IF_ERROR(once(operators, "role", op.role, [&](auto& other) { return other.role == op.role; }));
    operators.push_back(std::move(op));
    return {};
  }
  if (id == DS_KERNEL_INTERFACE) return stage(descriptor, plugin, &kernels);
  if (id == DS_PASS_INTERFACE) return stage_named(descriptor, plugin, "pass", &passes);
  if (id == DS_DEVICE_INTERFACE) return stage_named(descriptor, plugin, "device", &devices);
  if (id == DS_SERVICE_INTERFACE) {
    DS_RETURN_IF_ERROR(stage(descriptor, plugin, &services));
    const ds_service& last = services.back().table;
    auto same = [&](auto& s) { return view(s.table.kind) == view(last.kind) && view(s.table.name) == view(last.name); };
    if (std::count_if(services.begin(), services.end(), same) > 1)
      return error(DS_BAD_PLUGIN, view(last.kind), " ", view(last.name), " is registered twice");
    return {};
  }
  return error(DS_UNSUPPORTED, "the interface '", id, "' is unknown to this core");
}

std::vector<Provision> Staged::provisions() const {
  std::vector<Provision> list;
  auto text = [](ds_text t) { return std::string(view(t)); };
  for (auto& op : operators) list.push_back({DS_OPERATOR_INTERFACE, op.name(), op.role, "", "", ""});
  for (auto& [t, _] : kernels) list.push_back({DS_KERNEL_INTERFACE, text(t.name), "", text(t.op), text(t.device), ""});
  for (auto& [t, _] : passes) list.push_back({DS_PASS_INTERFACE, text(t.name), "", "", "", ""});
  for (auto& [t, _] : devices) list.push_back({DS_DEVICE_INTERFACE, text(t.name), "", "", "", ""});
  for (auto& [t, _] : services) list.push_back({DS_SERVICE_INTERFACE, text(t.name), "", "", "", text(t.kind)});
  return list;
}

}  // namespace ds::core
