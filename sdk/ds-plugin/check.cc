// check: what a plugin promises by its door, each promise in a process of its own.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <thread>

#include "deepseek/draft/device.h"
#include "deepseek/draft/service.h"
#include "sdk/ds-plugin/child.h"
#include "sdk/ds-plugin/commands.h"
#include "sdk/ds-plugin/conformance.h"
#include "sdk/ds-plugin/exports.h"
#include "sdk/ds-plugin/probe.h"

namespace ds::tool {
namespace {

constexpr double kStepSeconds = 10;

struct Step {
  const char* name;
  std::function<std::string(const std::string& path)> run;  // what was seen; throws what is wrong
  double seconds = kStepSeconds;
};

std::string number(uint64_t n) { return std::to_string(n); }

std::string check_file(const std::string& path) {
  Exports exports = read_exports(path);
  std::string others;
  bool door = false;
  for (auto& symbol : exports.symbols) {
    if (symbol == DS_PLUGIN_DOOR)
      door = true;
    else if (others.size() < 200)
      others += " " + symbol;
  }
  if (!door) throw ProbeError("does not export " DS_PLUGIN_DOOR);
  if (!others.empty()) throw ProbeError("exports more than its door:" + others);
  for (auto& library : exports.libraries)
    if (library.starts_with("libdeepseek"))
      throw ProbeError("links " + library + "; plugins reach the core through the host table");
  if (exports.executable_stack) throw ProbeError("asks for an executable stack");
  if (exports.text_relocations) throw ProbeError("has text relocations");
  std::string needs;
  for (auto& library : exports.libraries) needs += (needs.empty() ? ", needs " : " ") + library;
  return "exports its door only" + needs;
}

std::string check_door(const std::string& path) {
  Door door = open_door(path);
  RecordingHost host;
  const ds_plugin* plugin = ask(door, &host);
  for (int i = 0; i < 100; ++i)
    if (ask(door, &host) != plugin) throw ProbeError("its door answers another plugin when asked again");
  if (!host.registered.empty()) throw ProbeError("its door registers; only initialize may");

  struct {  // the table of a younger core
    ds_host table;
    void* more[16];
  } larger{host.table, {}};
  larger.table.size = sizeof larger;
  larger.table.abi_minor = 99;
  if (door.query(&larger.table, &host.sink) != plugin) throw ProbeError("its door refuses a younger core of its major");

  ds_host other = host.table;
  other.abi_major = DS_ABI_MAJOR + 1;
  host.error.clear();
  if (door.query(&other, &host.sink)) throw ProbeError("its door accepts a core of another major");
  if (host.error.empty()) throw ProbeError("its door refuses a core of another major without saying why");
  return "repeatable, refuses other majors, layout v" + number(DS_ABI_MAJOR);
}

std::string check_registration(const std::string& path) {
  Door door = open_door(path);
  RecordingHost first, second;
  const ds_plugin* plugin = ask(door, &first);
  initialize(plugin, &first);
  initialize(plugin, &second);
  if (first.registered != second.registered) throw ProbeError("registers other things for a second core");
  Json provides = manifest(path, plugin, first)["provides"];
  for (auto& entry : first.registered) {
    uint64_t head[2];
    std::memcpy(head, entry.descriptor, sizeof head);
    if (head[1]) throw ProbeError("a descriptor of " + entry.interface_id + " has unknown must-understand bits");
  }
  RecordingHost refusing;
  refusing.answer = DS_UNSUPPORTED;
  if (!first.registered.empty() && plugin->initialize(plugin, &refusing.table, &refusing.sink) == DS_OK)
    throw ProbeError("initialize succeeds although the host refused a descriptor");
  return number(first.registered.size()) + " descriptors, the same for every core";
}

std::string check_allocations(const std::string& path) {
  RecordingHost host;
  host.allocations_fail = true;
  const ds_plugin* plugin = ask(open_door(path), &host);
  int32_t status = plugin->initialize(plugin, &host.table, &host.sink);
  return status ? "initialize answers " + std::to_string(status) : "initialize needs none of the host's";
}

std::string check_threads(const std::string& path) {
  Door door = open_door(path);
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&] {
      RecordingHost host;
      const ds_plugin* plugin = door.query(&host.table, &host.sink);
      for (int i = 0; i < 1000; ++i) wrong += door.query(&host.table, &host.sink) != plugin;
    });
  for (auto& thread : threads) thread.join();
  if (wrong) throw ProbeError("its door answers differently on several threads");
  return "8 threads at the door";
}

void check_service(const ds_service& service) {
  const std::string names[] = {"", "no.such.method", std::string(3000, 'x'), std::string("\xff\xfe\0\x01", 4)};
  auto sink = [](void*, const ds_value*, uint32_t) -> int32_t { return 0; };
  for (auto& method : names) {
    RecordingHost host;
    if (service.call(service.self, method.data(), method.size(), nullptr, 0, sink, nullptr, &host.sink) == DS_OK)
      throw ProbeError("service " + std::string(view(service.name)) + " accepts a method it cannot know");
  }
}

void check_device(const ds_device& device) {
  std::string name(view(device.name));
  int32_t count = 0;
  if (device.count(device.self, &count) || count < 0) throw ProbeError("device " + name + ": count fails");
  for (int32_t index : {-1, count, 1 << 30}) {
    ds_device_info info{};
    info.size = sizeof info;
    void* memory = nullptr;
    if (device.info(device.self, index, &info) == DS_OK || device.allocate(device.self, index, 64, 0, &memory) == DS_OK)
      throw ProbeError("device " + name + " accepts the device number " + std::to_string(index) + " of " +
                       std::to_string(count));
  }
}

std::string check_garbage(const std::string& path) {
  RecordingHost host;
  initialize(ask(open_door(path), &host), &host);
  int tried = 0;
  for (auto& [id, descriptor] : host.registered) {
    if (id == DS_SERVICE_INTERFACE) check_service(*static_cast<const ds_service*>(descriptor)), ++tried;
    if (id == DS_DEVICE_INTERFACE) check_device(*static_cast<const ds_device*>(descriptor)), ++tried;
  }
  return tried ? "garbage names and numbers are refused" : "nothing takes names or numbers";
}

std::string check_exit(const std::string& path) {
  RecordingHost host;
  initialize(ask(open_door(path), &host), &host);
  std::exit(0);
}

struct Result {
  const char* name;
  bool ok;
  std::string text;
  double seconds;
};

Result run_step(const Step& step, const std::string& path) {
  auto start = std::chrono::steady_clock::now();
  Outcome outcome = run_isolated(step.seconds, [&] { return step.run(path); });
  // Destructors that run at exit can only be seen from outside.
  if (!std::strcmp(step.name, "exit"))
    outcome = outcome.failure == "ended the process with exit(0)" ? Outcome{"the process ends cleanly", ""}
                                                                  : Outcome{"", outcome.failure};
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return {step.name, outcome.ok(), outcome.ok() ? outcome.output : outcome.failure, seconds};
}

void print_json(const std::string& path, const std::vector<Result>& results, bool passed) {
  Json report = {
      {"path", path}, {"tool", DS_VERSION_TEXT}, {"abi", {DS_ABI_MAJOR, DS_ABI_MINOR}}, {"steps", Json::array()}};
  for (auto& r : results)
    report["steps"].push_back({{"name", r.name}, {"ok", r.ok}, {"text", r.text}, {"seconds", r.seconds}});
  report["passed"] = passed;
  std::printf("%s\n", report.dump(1, ' ', false, Json::error_handler_t::replace).c_str());
}

}  // namespace

int check_plugin(const std::string& file_or_name, const CheckOptions& options) {
  std::string path = library_of(file_or_name);
  const Step steps[] = {{"file", check_file},
                        {"door", check_door},
                        {"registration", check_registration},
                        {"allocations", check_allocations},
                        {"threads", check_threads},
                        {"garbage", check_garbage},
                        {"exit", check_exit},
                        {"core", check_in_core},
                        {"conformance", check_conformance, options.seconds}};
  std::vector<Result> results;
  bool passed = true;
  for (auto& step : steps) {
    results.push_back(run_step(step, path));
    const Result& r = results.back();
    passed &= r.ok;
    if (!options.json)
      std::printf("%-5s %-13s %s\n", r.ok ? "ok" : "FAIL", r.name, r.text.c_str()), std::fflush(stdout);
    if (!r.ok && (r.name == std::string("file") || r.name == std::string("door")))
      break;  // nothing else could be believed
  }
  if (options.json)
    print_json(path, results, passed);
  else
    std::printf("%s: %s\n", path.c_str(), passed ? "passed" : "failed");
  return passed ? 0 : 1;
}

}  // namespace ds::tool
