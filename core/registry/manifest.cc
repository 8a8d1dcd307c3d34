#include "core/registry/manifest.h"

#include <nlohmann/json.hpp>

#include "core/registry/table.h"

namespace ds::core {
namespace {

using nlohmann::json;

template <class... Parts>
Status bad(const Parts&... what) {
  return error(DS_BAD_PLUGIN, "manifest: ", what...);
}

Status read_text(const json& object, const char* member, bool required, std::string* text) {
  auto it = object.find(member);
  if (it == object.end()) return required ? bad("\"", member, "\" is missing") : Status();
  if (!it->is_string()) return bad("\"", member, "\" is not a string");
  *text = it->get_ref<const std::string&>();
  if (required && text->empty()) return bad("\"", member, "\" is empty");
  return {};
}

Status read_abi(const json& object, Manifest* manifest) {
  auto it = object.find("abi");
  auto number = [](const json& n) { return n.is_number_unsigned() && n.get<uint64_t>() < 65536; };
  if (it == object.end() || !it->is_array() || it->size() != 2 || !number((*it)[0]) || !number((*it)[1]))
    return bad("\"abi\" is not [major, minor]");
  manifest->abi_major = (*it)[0].get<uint32_t>();
  manifest->abi_minor = (*it)[1].get<uint32_t>();
  return {};
}

Status read_provision(const json& entry, Provision* p) {
  if (!entry.is_object()) return bad("an entry of \"provides\" is not an object");
  DS_RETURN_IF_ERROR(read_text(entry, "interface", true, &p->interface_id));
  DS_RETURN_IF_ERROR(read_text(entry, "name", true, &p->name));
  DS_RETURN_IF_ERROR(read_text(entry, "role", false, &p->role));
  bool kernel = p->interface_id == "ds.kernel/1", service = p->interface_id == "ds.service/1";
  DS_RETURN_IF_ERROR(read_text(entry, "op", kernel, &p->op));
  DS_RETURN_IF_ERROR(read_text(entry, "device", kernel, &p->device));
  return read_text(entry, "kind", service, &p->kind);
}

Status read_manifest(const json& root, Manifest* m) {
  DS_RETURN_IF_ERROR(read_text(root, "name", true, &m->name));
  if (!is_name(m->name)) return bad("the name '", m->name, "' is not made of [a-z0-9_.-]");
  DS_RETURN_IF_ERROR(read_text(root, "version", true, &m->version));
  DS_RETURN_IF_ERROR(read_text(root, "library", true, &m->library));
  if (m->library.empty() || m->library.find('/') != std::string::npos || m->library.find('\0') != std::string::npos)
    return bad("\"library\" is not the name of a file beside it");
  DS_RETURN_IF_ERROR(read_text(root, "description", false, &m->description));
  DS_RETURN_IF_ERROR(read_text(root, "license", false, &m->license));
  DS_RETURN_IF_ERROR(read_abi(root, m));
  if (auto it = root.find("dependencies"); it != root.end()) {
    if (!it->is_array()) return bad("\"dependencies\" is not a list");
    for (auto& name : *it) {
      if (!name.is_string()) return bad("\"dependencies\" holds something else than names");
      m->dependencies.push_back(name.get<std::string>());
    }
  }
  auto provides = root.find("provides");
  if (provides == root.end() || !provides->is_array()) return bad("\"provides\" is not a list");
  m->provides.resize(provides->size());
  for (size_t i = 0; i < provides->size(); ++i) DS_RETURN_IF_ERROR(read_provision((*provides)[i], &m->provides[i]));
  return {};
}

}  // namespace

Status parse_manifest(std::string_view text, Manifest* manifest, bool* is_manifest) {
  *is_manifest = true;
  try {
    json root = json::parse(text);
    *is_manifest = root.is_object() && (root.contains("library") || root.contains("provides"));
    return *is_manifest ? read_manifest(root, manifest) : Status();
  } catch (const json::parse_error& e) {
    return bad("is no JSON at byte ", e.byte);
  } catch (const json::exception& e) {
    return bad(e.what());
  }
}

std::string listing_text(const Listing& l) {
  json provides = json::array();
  for (auto& p : l.manifest->provides) {
    json entry = {{"interface", p.interface_id}, {"name", p.name}};
    for (auto [member, text] : {std::pair("role", &p.role), {"op", &p.op}, {"device", &p.device}, {"kind", &p.kind}})
      if (!text->empty()) entry[member] = *text;
    provides.push_back(std::move(entry));
  }
  json line = {{"name", l.manifest->name},
               {"version", l.manifest->version},
               {"description", l.manifest->description},
               {"license", l.manifest->license},
               {"dependencies", l.manifest->dependencies},
               {"path", l.path},
               {"loaded", l.loaded},
               {"provides", std::move(provides)},
               {"error", l.error}};
  if (!l.warning.empty()) line["warning"] = l.warning;
  return line.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace ds::core
