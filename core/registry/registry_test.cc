// Discovery, loading and resolution with real libraries (tests/abi/plugins).
#include "core/registry/registry.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "core/base/sha256.h"

namespace ds::core {
namespace {

namespace fs = std::filesystem;
const fs::path kPlugins = fs::path(DS_BUILD_DIR) / "tests/abi";

void write(const fs::path& file, const std::string& content) { std::ofstream(file, std::ios::binary) << content; }

std::string sha256_of(const fs::path& file) {
  std::ostringstream content;
  content << std::ifstream(file, std::ios::binary).rdbuf();
  Sha256 sha;
  sha.add(content.str().data(), content.str().size());
  return sha.finish();
}

std::string op(const std::string& name, const std::string& role = "") {
  return R"({"interface":"ds.operator/1","name":")" + name + R"(","role":")" + role + "\"}";
}

// A folder of plugins and an environment without the machine's own.
class RegistryTest : public testing::Test {
 protected:
  void SetUp() override {
    // A path of its own: the dynamic linker remembers a library by its path, whatever lies there later.
    static int count = 0;
    root_ = fs::temp_directory_path() / ("ds_registry_" + std::to_string(getpid()) + "_" + std::to_string(++count));
    fs::remove_all(root_);
    fs::create_directories(root_ / "home");
    root_ = fs::canonical(root_);
    setenv("HOME", (root_ / "home").c_str(), 1);
    for (const char* name : {"XDG_DATA_HOME", "DS_PLUGIN_PATH", "DS_PLUGIN_POLICY", "DS_PLUGIN_LOCK"}) unsetenv(name);
  }
  void TearDown() override { fs::remove_all(root_); }

  fs::path folder(const std::string& name) {
    fs::create_directories(root_ / name);
    return root_ / name;
  }
  // Copies a library into a folder, with a manifest that lists what is given.
  fs::path install(const fs::path& where, const std::string& library, const std::string& name,
                   const std::vector<std::string>& provides, const std::string& dependencies = "") {
    fs::path target = where / (library + ".so");
    fs::copy_file(kPlugins / (library + ".so"), target);
    std::string list;
    for (auto& p : provides) list += (list.empty() ? "" : ",") + p;
    write(where / (library + ".json"), R"({"name":")" + name + R"(","version":"1.0.0","abi":[1,0],"library":")" +
                                           library + R"(.so","dependencies":[)" + dependencies + R"(],"provides":[)" +
                                           list + "]}");
    return target;
  }
  static std::string listing(Registry& registry) {
    std::string all;
    registry.plugins([&](const std::string& line) { all += line + "\n"; });
    return all;
  }
  static bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

  fs::path root_;
};

TEST_F(RegistryTest, LoadsOnlyWhatIsAskedFor) {
  fs::path a = folder("a");
  install(a, "plain", "test.plain", {op("twice")});
  install(a, "role", "test.role", {op("plus", "accumulate")});
  setenv("DS_PLUGIN_PATH", a.c_str(), 1);
  Registry registry;
  ASSERT_TRUE(registry.discover().ok());
  EXPECT_EQ(registry.generation(), 0u);
  EXPECT_EQ(registry.operator_names(), (std::vector<std::string>{"plus", "twice"}));

  Status status;
  const Operator* twice = registry.find_operator("twice", &status);
  ASSERT_NE(twice, nullptr) << status.text();
  EXPECT_EQ(twice->plugin, "test.plain");
  EXPECT_EQ(registry.operator_by_id(twice->id), twice);
  EXPECT_EQ(registry.operator_by_id(0), nullptr);
  EXPECT_EQ(registry.operator_by_id(2), nullptr);
  EXPECT_EQ(registry.generation(), 1u);
  EXPECT_EQ(registry.find_operator("twice", &status), twice);

  const Operator* plus = registry.find_role("accumulate", &status);
  ASSERT_NE(plus, nullptr) << status.text();
  EXPECT_EQ(plus->name(), "plus");
  EXPECT_EQ(registry.find_role("absent", &status), nullptr);
  EXPECT_EQ(status.code(), DS_NOT_FOUND);
}

TEST_F(RegistryTest, UnknownNamesSuggest) {
  fs::path a = folder("a");
  install(a, "plain", "test.plain", {op("twice"), op("acme.softclip")});
  Registry registry;
  ASSERT_TRUE(registry.discover().ok());
  ASSERT_TRUE(registry.add_folder(a.string()).ok());
  Status status;
  EXPECT_EQ(registry.find_operator("twcie", &status), nullptr);
  EXPECT_EQ(status.code(), DS_NOT_FOUND);
  EXPECT_EQ(status.text(), "there is no operator twcie; did you mean twice?");
  EXPECT_EQ(registry.find_operator("softclip", &status), nullptr);
  EXPECT_TRUE(has(status.text(), "did you mean acme.softclip?"));
  EXPECT_EQ(registry.find_operator("entirely_different", &status), nullptr);
  EXPECT_EQ(status.text(), "there is no operator entirely_different");
}

TEST_F(RegistryTest, AManifestThatLiesIsFoundOut) {
  fs::path a = folder("a");
  install(a, "plain", "test.plain", {op("imagined")});
  install(a, "role", "test.other", {op("plus")});
  Registry registry;
  ASSERT_TRUE(registry.add_folder(a.string()).ok());
  ASSERT_TRUE(registry.discover().ok());
  Status status;
  EXPECT_EQ(registry.find_operator("imagined", &status), nullptr);
  EXPECT_EQ(status.code(), DS_BAD_PLUGIN);
  EXPECT_TRUE(has(status.text(), "plain.so: its manifest lists the operator imagined")) << status.text();
  EXPECT_EQ(registry.find_operator("plus", &status), nullptr);
  EXPECT_TRUE(has(status.text(), "role.so: calls itself test.role, its manifest says test.other")) << status.text();
}

TEST_F(RegistryTest, DuplicateNamesNameBothFilesAndDoNotFallBack) {
  fs::path a = folder("a"), b = folder("b");
  install(a, "plain", "test.plain", {op("twice")});
  install(b, "plain_again", "test.plain", {op("thrice")});
  setenv("DS_PLUGIN_PATH", (a.string() + ":" + b.string()).c_str(), 1);
  Registry registry;
  ASSERT_TRUE(registry.discover().ok());
  for (const char* name : {"twice", "thrice"}) {
    Status status;
    EXPECT_EQ(registry.find_operator(name, &status), nullptr);
    EXPECT_EQ(status.code(), DS_BAD_PLUGIN);
    EXPECT_TRUE(has(status.text(), (a / "plain.so").string())) << status.text();
    EXPECT_TRUE(has(status.text(), (b / "plain_again.so").string())) << status.text();
  }
  EXPECT_TRUE(has(listing(registry), "two plugins are named test.plain"));
}

TEST_F(RegistryTest, OneOperatorOfTwoPluginsDoesNotResolve) {
  fs::path a = folder("a");
  install(a, "plain", "test.plain", {op("twice")});
  install(a, "same_operator", "test.same", {op("twice")});
  Registry registry;
  ASSERT_TRUE(registry.add_folder(a.string()).ok());
  ASSERT_TRUE(registry.discover().ok());
  Status status;
  EXPECT_EQ(registry.find_operator("twice", &status), nullptr);
  EXPECT_TRUE(has(status.text(), "plain.so") && has(status.text(), "same_operator.so")) << status.text();
}

TEST_F(RegistryTest, ExplicitLoadsOfTheSameNameClash) {
  Registry registry;
  ASSERT_TRUE(registry.load((kPlugins / "plain.so").string()).ok());
  ASSERT_TRUE(registry.load((kPlugins / "plain.so").string()).ok());  // the same file is loaded once
  EXPECT_EQ(registry.generation(), 1u);
  Status status = registry.load((kPlugins / "plain_again.so").string());
  EXPECT_EQ(status.code(), DS_BAD_PLUGIN);
  EXPECT_TRUE(has(status.text(), "plain.so") && has(status.text(), "plain_again.so")) << status.text();
  status = registry.load((kPlugins / "same_operator.so").string());
  EXPECT_TRUE(has(status.text(), "operator twice is already provided by test.plain")) << status.text();
  EXPECT_NE(registry.find_operator("twice", nullptr), nullptr);
  EXPECT_EQ(registry.find_operator("thrice", nullptr), nullptr);
}

TEST_F(RegistryTest, Dependencies) {
  fs::path a = folder("a");
  install(a, "plain", "test.plain", {op("twice")});
  install(a, "needs_plain", "test.needs", {op("needy")}, "\"test.plain\"");
  install(a, "missing_dependency", "test.variant", {op("lonely")}, "\"test.absent\"");
  install(a, "circle_a", "test.circle_a", {op("circle_a")}, "\"test.circle_b\"");
  install(a, "circle_b", "test.circle_b", {op("circle_b")}, "\"test.circle_a\"");
  Registry registry;
  ASSERT_TRUE(registry.add_folder(a.string()).ok());
  ASSERT_TRUE(registry.discover().ok());
  Status status;
  EXPECT_NE(registry.find_operator("needy", &status), nullptr) << status.text();
  EXPECT_EQ(registry.generation(), 2u);  // what it needs came first
  EXPECT_EQ(registry.find_operator("lonely", &status), nullptr);
  EXPECT_TRUE(has(status.text(), "missing_dependency.so: depends on the plugin test.absent, which is not installed"))
      << status.text();
  EXPECT_EQ(registry.find_operator("circle_a", &status), nullptr);
  EXPECT_TRUE(has(status.text(), "plugins depend on each other: test.circle_a")) << status.text();
  EXPECT_TRUE(has(status.text(), "circle_b.so") && has(status.text(), "circle_a.so")) << status.text();
}

TEST_F(RegistryTest, FailedRegistrationLeavesNothing) {
  Registry registry;
  Status status = registry.load((kPlugins / "initialize_fails.so").string());
  EXPECT_EQ(status.code(), DS_OUT_OF_MEMORY);
  EXPECT_TRUE(has(status.text(), "the board has no memory")) << status.text();
  EXPECT_EQ(registry.find_operator("twice", &status), nullptr);
  EXPECT_EQ(registry.generation(), 0u);
  EXPECT_TRUE(registry.operator_names().empty());
}

TEST_F(RegistryTest, TablesOfOtherAges) {
  Status status;
  {
    Registry registry;
    ASSERT_TRUE(registry.load((kPlugins / "smaller_table.so").string()).ok());
    const Operator* twice = registry.find_operator("twice", &status);
    ASSERT_NE(twice, nullptr);
    EXPECT_EQ(twice->table.size, sizeof(ds_operator));
    EXPECT_EQ(twice->table.samples, nullptr);  // cut off by its size
    EXPECT_NE(twice->table.reference, nullptr);
  }
  for (const char* name : {"larger_table.so", "larger_plugin.so"}) {
    Registry registry;
    status = registry.load((kPlugins / name).string());
    EXPECT_TRUE(status.ok()) << status.text();
    EXPECT_NE(registry.find_operator("twice", &status), nullptr);
  }
}

TEST_F(RegistryTest, KernelsByPriorityAndPassesByOrder) {
  fs::path a = folder("a");
  install(a, "plain", "test.plain", {op("twice")});
  for (const char* name : {"kernel_low", "kernel_high"})
    install(a, name, std::string("test.") + name,
            {R"({"interface":"ds.kernel/1","name":"test.kernel","op":"twice","device":"cpu"})"});
  for (const char* name : {"pass_late", "pass_early"})
    install(a, name, std::string("test.") + name,
            {R"({"interface":"ds.pass/1","name":")" + std::string(name).substr(5) + "\"}"});
  install(a, "service", "test.service", {R"({"interface":"ds.service/1","kind":"format","name":"papyrus"})"});
  Registry registry;
  ASSERT_TRUE(registry.add_folder(a.string()).ok());
  ASSERT_TRUE(registry.discover().ok());
  Status status;
  const Operator* twice = registry.find_operator("twice", &status);
  ASSERT_NE(twice, nullptr);
  auto& kernels = registry.kernels(*twice, "cpu");
  ASSERT_EQ(kernels.size(), 2u);
  EXPECT_EQ(kernels[0]->plugin, "test.kernel_high");
  EXPECT_EQ(kernels[0]->table.supports(nullptr, nullptr, nullptr), DS_UNIMPLEMENTED);  // a stub, not NULL
  kernels[0]->table.destroy(nullptr);
  EXPECT_TRUE(registry.kernels(*twice, "cuda").empty());
  auto& passes = registry.passes();
  ASSERT_EQ(passes.size(), 2u);
  EXPECT_EQ(passes[0]->plugin, "test.pass_early");
  EXPECT_EQ(kernels.size(), 2u);  // lists handed out stay
  EXPECT_EQ(registry.service_names("format"), std::vector<std::string>{"papyrus"});
  EXPECT_NE(registry.find_service("format", "papyrus", &status), nullptr) << status.text();
  EXPECT_EQ(registry.find_service("format", "papyrsu", &status), nullptr);
  EXPECT_TRUE(has(status.text(), "did you mean format/papyrus?")) << status.text();
  EXPECT_TRUE(registry.devices().empty());
  EXPECT_EQ(registry.find_device(1), nullptr);
}

TEST_F(RegistryTest, FoldersAndTheirProblems) {
  fs::path a = folder("a"), user = folder("home/.local/share/deepseek/plugins");
  install(user, "plain", "test.plain", {op("twice")});
  fs::copy_file(kPlugins / "role.so", a / "role.so");
  write(a / "broken.json", "{\"name\": ");
  write(a / "compile_commands.json", "[]");
  write(a / "gone.json", R"({"name":"test.gone","version":"1","abi":[1,0],"library":"gone.so","provides":[]})");
  setenv("DS_PLUGIN_PATH", ("relative/dir:" + a.string() + ":/nonexistent/folder").c_str(), 1);
  Registry registry;
  ASSERT_TRUE(registry.discover().ok());
  std::string all = listing(registry);
  EXPECT_TRUE(has(all, "DS_PLUGIN_PATH: 'relative/dir' is not an absolute folder")) << all;
  EXPECT_TRUE(has(all, "role.so: has no manifest")) << all;
  EXPECT_TRUE(has(all, "broken.json: manifest: is no JSON at byte")) << all;
  EXPECT_TRUE(has(all, "gone.json: its library gone.so is missing")) << all;
  EXPECT_TRUE(has(all, "/nonexistent/folder: No such file")) << all;
  EXPECT_FALSE(has(all, "compile_commands")) << all;
  Status status;
  EXPECT_NE(registry.find_operator("twice", &status), nullptr) << status.text();
  EXPECT_TRUE(registry.load((a / "role.so").string()).ok());  // named explicitly it needs no manifest
  EXPECT_EQ(registry.add_folder("relative").code(), DS_INVALID_ARGUMENT);
  EXPECT_EQ(registry.add_folder("/nonexistent/folder").code(), DS_NOT_FOUND);
  EXPECT_EQ(registry.load("/nonexistent/x.so").code(), DS_NOT_FOUND);
}

TEST_F(RegistryTest, Policy) {
  fs::path a = folder("a"), lock = a / "plugins.lock";
  fs::path plain = install(a, "plain", "test.plain", {op("twice")});
  auto load = [&](const char* policy, Status* status) {
    setenv("DS_PLUGIN_POLICY", policy, 1);
    Registry registry;
    *status = registry.add_folder(a.string());
    if (!*status) *status = registry.discover();
    if (!*status) registry.find_operator("twice", status);
    return listing(registry);
  };
  Status status;
  load("off", &status);
  EXPECT_TRUE(status.ok()) << status.text();
  load("enforce", &status);
  EXPECT_EQ(status.code(), DS_IO_ERROR);  // no lock file
  EXPECT_TRUE(has(status.text(), "plain.so: refused by DS_PLUGIN_POLICY=enforce")) << status.text();
  write(lock, std::string(64, '0') + "  plain.so\n");
  load("enforce", &status);
  EXPECT_TRUE(has(status.text(), "its SHA-256 is " + sha256_of(plain))) << status.text();
  std::string all = load("warn", &status);
  EXPECT_TRUE(status.ok()) << status.text();
  EXPECT_TRUE(has(all, "\"warning\":\"its SHA-256 is ")) << all;
  write(lock, std::string(64, '0') + "  other.so\n" + sha256_of(plain) + "  plain.so\n");
  load("enforce", &status);
  EXPECT_TRUE(status.ok()) << status.text();
  setenv("DS_PLUGIN_LOCK", (root_ / "elsewhere.lock").c_str(), 1);
  load("enforce", &status);
  EXPECT_TRUE(has(status.text(), "elsewhere.lock")) << status.text();
  load("paranoid", &status);
  EXPECT_EQ(status.code(), DS_INVALID_ARGUMENT);
}

TEST_F(RegistryTest, TruncatedLibrariesAreRefusedBeforeTheyAreMapped) {
  fs::path whole = kPlugins / "plain.so", cut = folder("a") / "cut.so";
  uint64_t size = fs::file_size(whole);
  for (uint64_t keep = 0; keep < size; keep += size / 23) {
    fs::copy_file(whole, cut, fs::copy_options::overwrite_existing);
    fs::resize_file(cut, keep);
    Registry registry;
    Status status = registry.load(cut.string());
    EXPECT_EQ(status.code(), DS_BAD_PLUGIN) << keep;
    EXPECT_TRUE(has(status.text(), "cut.so: is ")) << status.text();
  }
}

TEST_F(RegistryTest, ManyManifestsAreReadFast) {
  fs::path a = folder("a");
  for (int i = 0; i < 30; ++i) {
    std::string name = "test.many" + std::to_string(i), list;
    for (int k = 0; k < 40; ++k) list += (k ? "," : "") + op("op" + std::to_string(i) + "_" + std::to_string(k));
    write(a / (name + ".so"), "");
    write(a / (name + ".json"), R"({"name":")" + name + R"(","version":"1","abi":[1,0],"library":")" + name +
                                    R"(.so","provides":[)" + list + "]}");
  }
  Registry registry;
  ASSERT_TRUE(registry.add_folder(a.string()).ok());
  auto start = std::chrono::steady_clock::now();
  ASSERT_TRUE(registry.discover().ok());
  double ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  RecordProperty("discover_ms", std::to_string(ms));
  EXPECT_EQ(registry.operator_names().size(), 1200u);
  EXPECT_LT(ms, 100) << "10 ms is the aim; a loaded machine and sanitizers take longer";
}

TEST_F(RegistryTest, SeveralThreadsAndRegistries) {
  fs::path a = folder("a");
  install(a, "plain", "test.plain", {op("twice")});
  install(a, "role", "test.role", {op("plus", "accumulate")});
  for (int round = 0; round < 5; ++round) {
    Registry registry;
    ASSERT_TRUE(registry.add_folder(a.string()).ok());
    ASSERT_TRUE(registry.discover().ok());
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&, t] {
        for (int i = 0; i < 200; ++i) {
          const Operator* found = registry.find_operator((i + t) % 2 ? "twice" : "plus", nullptr);
          ASSERT_NE(found, nullptr);
          ASSERT_EQ(registry.operator_by_id(found->id), found);
          registry.kernels(*found, "cpu");
          registry.passes();
        }
      });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(registry.generation(), 2u);
  }
}

TEST_F(RegistryTest, TheHostAnswers) {
  Registry registry;
  const ds_host* host = registry.host();
  EXPECT_EQ(host->size, sizeof(ds_host));
  struct {
    ds_threads known;
    int32_t (*unheard_of)(const void*);
  } table{};
  std::string_view id = DS_THREADS_INTERFACE;
  ASSERT_EQ(host->get_interface(host, id.data(), id.size(), &table, sizeof table), DS_OK);
  EXPECT_EQ(table.known.size, sizeof(ds_threads));
  EXPECT_EQ(table.unheard_of(nullptr), DS_UNIMPLEMENTED);
  int64_t covered = 0;
  auto count = [](void* user, int64_t begin, int64_t end) -> int32_t {
    *static_cast<int64_t*>(user) += end - begin;
    return DS_OK;
  };
  EXPECT_EQ(registry.threads()->parallel_for(registry.threads(), 1000, 10, count, &covered), DS_OK);
  EXPECT_EQ(covered, 1000);
  int32_t threads = 0;
  EXPECT_EQ(registry.threads()->thread_count(registry.threads(), &threads), DS_OK);
  EXPECT_EQ(threads, 1);
  EXPECT_EQ(host->get_interface(host, "ds.x/1", 6, &table, sizeof table), DS_NOT_FOUND);
  EXPECT_EQ(host->provide(host, id.data(), id.size(), &table), DS_INVALID_ARGUMENT);  // only while initializing
  void* memory = nullptr;
  EXPECT_EQ(host->allocate(host, 100, 4096, &memory), DS_OK);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(memory) % 4096, 0u);
  EXPECT_EQ(host->release(host, memory), DS_OK);
  EXPECT_EQ(host->allocate(host, 100, 3, &memory), DS_INVALID_ARGUMENT);
}

}  // namespace
}  // namespace ds::core
