#include "sdk/ds-plugin/conformance.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <set>

#include "deepseek/ds.h"
#include "sdk/conformance/conformance.h"
#include "sdk/ds-plugin/commands.h"
#include "sdk/ds-plugin/probe.h"

namespace ds::tool {
namespace {

class Context {
 public:
  Context() {
    if (ds_context_create(&handle_)) throw ProbeError(start_failure());
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
    if (info(context, op, "schema").find(": bytes") != std::string::npos) continue;  // samples cannot spell bytes
    std::string text = info(context, op, "samples");
    if (text.size() < 2) throw ProbeError("operator " + name + " has no samples");
    samples += int(std::count(text.begin(), text.end(), '\n'));
  }
  if (names.empty()) return "loads";
  return "loads, operators " + std::to_string(names.size()) + ", samples " + std::to_string(samples);
}

std::string check_conformance(const std::string& path) {
  Json manifest = probe_manifest(path);
  std::vector<std::string> own = operators_of(manifest);
  std::set<std::string> names(own.begin(), own.end());
  conformance::Suite suite(std::filesystem::absolute(path));
  std::vector<std::string> known = suite.operators();
  std::vector<std::pair<std::string, std::string>> elsewhere;  // device and operator
  for (auto& p : manifest["provides"]) {
    if (p["interface"] != "ds.kernel/1") continue;
    std::string op = p["op"];
    if (std::string device = p["device"]; device != "cpu") {
      for (auto& one : op == "*" ? std::vector<std::string>{"add", "tanh", "where"} : std::vector{op})
        if (std::find(known.begin(), known.end(), one) != known.end() && suite.takes_input(one))
          elsewhere.emplace_back(device, one);
      continue;
    }
    if (op == "*")
      names.insert(known.begin(), known.end());
    else if (std::find(known.begin(), known.end(), op) != known.end())
      names.insert(op);
  }
  conformance::Report sum;
  std::string failures;
  auto count = [&](const conformance::Report& r) {
    sum.samples += r.samples;
    sum.cases += r.cases;
    sum.gradients += r.gradients;
    sum.worst_value = std::max(sum.worst_value, r.worst_value);
    sum.worst_gradient = std::max(sum.worst_gradient, r.worst_gradient);
    for (auto& failure : r.failures)
      if (failures.size() < 4000) failures += "\n      " + r.name + ": " + failure;
  };
  for (auto& name : names) count(suite.check(name));
  for (auto& [device, name] : elsewhere) count(suite.check_on(device, name));
  if (!failures.empty()) throw ProbeError("operators disagree with their references:" + failures);
  if (names.empty() && elsewhere.empty()) return "it has neither operators nor kernels";
  char text[200];
  std::snprintf(
      text, sizeof text, "operators %zu samples %d cases %d (worst %.2g of what is allowed) gradients %d (worst %.2g)",
      names.size() + elsewhere.size(), sum.samples, sum.cases, sum.worst_value, sum.gradients, sum.worst_gradient);
  return text;
}

}  // namespace ds::tool
