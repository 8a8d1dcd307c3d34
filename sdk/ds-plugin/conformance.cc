#include "sdk/ds-plugin/conformance.h"

#include <algorithm>
#include <filesystem>

#include "deepseek/ds.h"
#include "sdk/ds-plugin/probe.h"

namespace ds::tool {
namespace {

class Context {
 public:
  Context() {
    if (ds_context_create(&handle_)) throw ProbeError("the core does not start");
  }
  ~Context() { ds_context_destroy(handle_); }
  ds_handle handle() const { return handle_; }
  void check(int32_t status, const std::string& what) const {
    int32_t code = 0;
    ds_text text{};
    if (status == DS_OK) return;
    ds_error(handle_, &code, &text, nullptr);
    throw ProbeError(what + ": " + std::string(view(text)));
  }

 private:
  ds_handle handle_ = 0;
};

std::vector<std::string> operators_of(const Json& manifest) {
  std::vector<std::string> names;
  for (auto& p : manifest["provides"])
    if (p["interface"] == "ds.operator/1") names.push_back(p["name"]);
  return names;
}

std::string info(const Context& context, ds_operator_id op, std::string_view what) {
  std::string answer;
  auto sink = [](void* user, const char* text, uint64_t length) -> int32_t {
    static_cast<std::string*>(user)->append(text, length).append("\n");
    return 0;
  };
  context.check(ds_operator_info(context.handle(), op, what.data(), what.size(), sink, &answer), std::string(what));
  return answer;
}

}  // namespace

std::string check_in_core(const std::string& path) {
  Json manifest = probe_manifest(path);
  Context context;
  std::string full = std::filesystem::absolute(path);
  context.check(ds_plugin_load(context.handle(), full.data(), full.size()), "the core refuses it");
  int samples = 0;
  auto names = operators_of(manifest);
  for (auto& name : names) {
    ds_operator_id op = 0;
    context.check(ds_operator_find(context.handle(), name.data(), name.size(), &op), name);
    if (info(context, op, "summary").size() < 2) throw ProbeError("operator " + name + " has no summary");
    std::string text = info(context, op, "samples");
    if (text.size() < 2) throw ProbeError("operator " + name + " has no samples");
    samples += int(std::count(text.begin(), text.end(), '\n'));
  }
  if (names.empty()) return "loads";
  return "loads, operators " + std::to_string(names.size()) + ", samples " + std::to_string(samples);
}

}  // namespace ds::tool
