// The allocator over a driver that counts, remembers sizes, and fails when told to.
#include "core/run/allocator.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>

namespace ds::core {
namespace {

struct FakeDriver {
  std::map<void*, uint64_t> live;
  uint64_t calls = 0, releases = 0, budget = uint64_t(1) << 40, used = 0, reported_memory = uint64_t(1) << 20;
  uint64_t capabilities = DS_DEVICE_HOST_MEMORY;
  int32_t fail_with = DS_OK, copy_fails = DS_OK;
  int wrong = 0, synchronized = 0;

  static FakeDriver& of(void* self) { return *static_cast<FakeDriver*>(self); }
  static int32_t count(void*, int32_t* devices) { return *devices = 2, DS_OK; }
  static int32_t info(void* self, int32_t, ds_device_info* info) {
    info->capabilities = of(self).capabilities;
    info->memory_bytes = of(self).reported_memory;
    std::strcpy(info->description, "a fake");
    return DS_OK;
  }
  static int32_t allocate(void* self, int32_t, uint64_t nbytes, uint32_t, void** memory) {
    FakeDriver& d = of(self);
    ++d.calls;
    if (d.fail_with) return d.fail_with;
    if (d.used + nbytes > d.budget || d.used + nbytes < d.used) return DS_OUT_OF_MEMORY;
    // Large ones are only pretended: an address of their own is enough.
    *memory = std::malloc(nbytes < (1 << 20) ? nbytes : 1);
    d.live[*memory] = nbytes;
    d.used += nbytes;
    return DS_OK;
  }
  static int32_t release(void* self, int32_t, void* memory, uint64_t nbytes) {
    FakeDriver& d = of(self);
    auto it = d.live.find(memory);
    d.wrong += it == d.live.end() || it->second != nbytes;
    d.used -= nbytes;
    ++d.releases;
    if (it != d.live.end()) d.live.erase(it);
    std::free(memory);
    return DS_OK;
  }
  static int32_t copy(void* self, int32_t, void*, const ds_copy* c) {
    if (of(self).copy_fails) return of(self).copy_fails;
    std::memcpy(static_cast<char*>(c->target) + c->target_offset,
                static_cast<const char*>(c->source) + c->source_offset, c->nbytes);
    return DS_OK;
  }
  static int32_t synchronize(void* self, int32_t, void*, const ds_error_sink* error) {
    FakeDriver& d = of(self);
    ++d.synchronized;
    if (d.fail_with) error->set(error->context, d.fail_with, "the board caught fire", 21);
    return d.fail_with;
  }

  Provided<ds_device> provided() {
    ds_device t{};
    t.size = sizeof t;
    t.name = {"fake", 4};
    t.type = 200;
    t.self = this;
    t.count = count;
    t.info = info;
    t.allocate = allocate;
    t.release = release;
    t.copy = copy;
    t.synchronize = synchronize;
    return {t, "test"};
  }
};

class Allocator : public testing::Test {
 protected:
  void start() {
    provided = driver.provided();
    device = std::make_unique<Device>(provided, 1);
    Status status = device->initialize();
    ASSERT_TRUE(status.ok()) << status.text();
  }
  void SetUp() override { start(); }
  void TearDown() override {
    device.reset();
    EXPECT_EQ(driver.live.size(), 0u) << "memory is given back with the device";
    EXPECT_EQ(driver.wrong, 0) << "given back with the size it was asked for";
  }
  Ref<Buffer> get(uint64_t nbytes) {
    Ref<Buffer> buffer;
    Status status = device->allocate(nbytes, &buffer);
    EXPECT_TRUE(status.ok()) << nbytes << ": " << status.text();
    return buffer;
  }
  FakeDriver driver;
  Provided<ds_device> provided;
  std::unique_ptr<Device> device;
};

TEST_F(Allocator, SizeClassesWasteAnEighthAtMost) {
  std::mt19937_64 random(1);
  std::vector<uint64_t> sizes{0, 1, 63, 64, 65, 127, 128, 129, 511, 512, 513, (1ull << 38) + 1};
  for (int log = 6; log < 39; ++log)
    for (int64_t near : {-1, 0, 1}) sizes.push_back((1ull << log) + uint64_t(near));
  for (int n = 0; n < 3000; ++n) sizes.push_back(random() >> (26 + random() % 38));
  for (uint64_t nbytes : sizes) {
    Ref<Buffer> buffer = get(nbytes);
    uint64_t given = driver.live.at(buffer->memory);
    ASSERT_GE(given, std::max<uint64_t>(nbytes, 64));
    ASSERT_EQ(given % 64, 0u) << nbytes;
    ASSERT_LE(given, std::max<uint64_t>(nbytes + nbytes / 8, nbytes + 64)) << nbytes;
    ASSERT_EQ(buffer->nbytes, nbytes);
    ASSERT_EQ(device->bytes_in_use, given);
    buffer.reset();
    ASSERT_EQ(device->bytes_in_use, 0u);
    device->trim();
    ASSERT_EQ(driver.live.size(), 0u);
  }
}

TEST_F(Allocator, FreedBlocksComeAgainForTheirClass) {
  void* first = get(1000)->memory;
  EXPECT_EQ(device->bytes_cached, 1024u);
  EXPECT_EQ(get(1024)->memory, first) << "the same class";
  EXPECT_EQ(driver.calls, 1u);
  EXPECT_NE(get(1025)->memory, first);
  EXPECT_EQ(driver.calls, 2u);
  Ref<Buffer> a = get(1000), b = get(1000);
  EXPECT_NE(a->memory, b->memory);
  EXPECT_NE(a->version, b->version) << "another content under an old address";
  EXPECT_EQ(driver.calls, 3u);
}

TEST_F(Allocator, CountersAndMemoryAgreeOverRandomUse) {
  std::mt19937_64 random(2);
  std::vector<Ref<Buffer>> held;
  uint64_t peak = 0;
  for (int n = 0; n < 20000; ++n) {
    if (held.empty() || random() % 2) {
      uint64_t nbytes = random() >> (46 + random() % 18);
      held.push_back(get(nbytes));
      std::memset(held.back()->memory, int(held.size()), std::min<uint64_t>(nbytes, 1 << 18));  // the sanitizer watches
    } else {
      std::swap(held[random() % held.size()], held.back());
      held.pop_back();
    }
    if (n % 997 == 0) device->trim();
    uint64_t in_use = 0;
    if (n % 101 == 0) {
      std::map<void*, int> distinct;
      for (auto& b : held) in_use += driver.live.at(b->memory), ++distinct[b->memory];
      ASSERT_EQ(distinct.size(), held.size()) << "one block, two owners";
      ASSERT_EQ(device->bytes_in_use, in_use);
      ASSERT_EQ(device->bytes_in_use + device->bytes_cached, driver.used);
    }
    peak = std::max(peak, device->bytes_in_use);
    ASSERT_LE(device->bytes_cached, driver.reported_memory / 4) << "what is kept is bounded";
  }
  EXPECT_EQ(device->bytes_peak, peak);
  held.clear();
  EXPECT_EQ(device->bytes_in_use, 0u);
}

TEST_F(Allocator, TrimGivesEveryCachedBlockBack) {
  {
    std::vector<Ref<Buffer>> held;
    for (uint64_t nbytes = 1; nbytes < 40000; nbytes = nbytes * 9 / 8 + 1) held.push_back(get(nbytes));
  }
  EXPECT_GT(device->bytes_cached, 0u);
  Ref<Buffer> kept = get(100);
  device->trim();
  EXPECT_EQ(device->bytes_cached, 0u);
  EXPECT_EQ(driver.live.size(), 1u);
}

TEST_F(Allocator, AFullDeviceIsTrimmedAndAskedAgain) {
  driver.budget = 100 * 1024;
  get(60 * 1024);
  ASSERT_GT(device->bytes_cached, 0u);
  Ref<Buffer> big = get(96 * 1024);
  EXPECT_EQ(device->bytes_cached, 0u);
  Ref<Buffer> none;
  Status status = device->allocate(20 * 1024, &none);
  EXPECT_EQ(status.code(), DS_OUT_OF_MEMORY);
  EXPECT_NE(status.text().find("fake:1: cannot allocate 20480 bytes; 98304 are in use"), std::string::npos)
      << status.text();
  EXPECT_FALSE(none);
  EXPECT_EQ(device->bytes_in_use, 98304u);
  big.reset();
  EXPECT_TRUE(get(20 * 1024)) << "it goes on afterwards";
}

TEST_F(Allocator, ALostDeviceStaysOne) {
  driver.fail_with = DS_DEVICE_MISMATCH;
  Ref<Buffer> none;
  EXPECT_EQ(device->allocate(10, &none).code(), DS_DEVICE_MISMATCH);
  EXPECT_EQ(driver.calls, 2u);
  EXPECT_EQ(device->bytes_in_use, 0u);
  driver.fail_with = DS_OK;
}

TEST_F(Allocator, SizesBeyondAllMemoryAreRefused) {
  for (uint64_t nbytes : {uint64_t(1) << 62, (uint64_t(1) << 62) + 1, (uint64_t(1) << 63) - 1, uint64_t(1) << 63,
                          ~uint64_t(0) - (uint64_t(1) << 60), ~uint64_t(0) - 63, ~uint64_t(0)}) {
    Ref<Buffer> none;
    EXPECT_EQ(device->allocate(nbytes, &none).code(), DS_OUT_OF_MEMORY) << nbytes;
    EXPECT_FALSE(none);
    EXPECT_EQ(device->bytes_in_use, 0u);
  }
}

TEST_F(Allocator, WhatIsKeptIsAQuarterOfTheMemory) {
  driver.reported_memory = 64 * 1024;
  start();
  {
    std::vector<Ref<Buffer>> held;
    for (int n = 0; n < 40; ++n) held.push_back(get(1024));
  }
  EXPECT_EQ(device->bytes_cached, 16u * 1024);
  EXPECT_EQ(driver.releases, 24u);
}

TEST_F(Allocator, CopiesGoThroughADriverWhoseMemoryIsItsOwn) {
  driver.capabilities = DS_DEVICE_ASYNCHRONOUS;
  start();
  Ref<Buffer> buffer = get(16);
  const char* text = "0123456789abcdef";
  ASSERT_TRUE(device->copy_in(text, *buffer, 4, 12).ok());
  EXPECT_EQ(driver.synchronized, 1) << "the source is only borrowed";
  char back[13] = {};
  ASSERT_TRUE(device->copy_out(*buffer, 4, back, 12).ok());
  EXPECT_STREQ(back, "0123456789ab");
  EXPECT_TRUE(device->copy_in(nullptr, *buffer, 0, 0).ok());
  driver.copy_fails = DS_IO_ERROR;
  EXPECT_EQ(device->copy_in(text, *buffer, 0, 1).code(), DS_IO_ERROR);
  EXPECT_EQ(device->copy_out(*buffer, 0, back, 1).code(), DS_IO_ERROR);
  driver.copy_fails = DS_OK;
  driver.fail_with = DS_IO_ERROR;
  Status status = device->copy_out(*buffer, 0, back, 1);
  EXPECT_NE(status.text().find("fake:1: the board caught fire"), std::string::npos) << status.text();
  driver.fail_with = DS_OK;
}

TEST(Devices, NamesAndNumbers) {
  setenv("DS_PLUGIN_PATH", DS_BUILD_DIR "/lib/deepseek/plugins", 1);
  Registry registry;
  ASSERT_TRUE(registry.discover().ok());
  Devices devices(registry);
  Device *cpu = nullptr, *again = nullptr, *none = nullptr;
  ASSERT_TRUE(devices.open("cpu", &cpu).ok());
  ASSERT_TRUE(devices.open("cpu:0", &again).ok());
  EXPECT_EQ(cpu, again);
  ASSERT_TRUE(devices.open(ds_device_id{DS_DEVICE_CPU, 0}, &again).ok());
  EXPECT_EQ(cpu, again);
  EXPECT_EQ(cpu->name(), "cpu:0");
  for (const char* name : {"cpu:1", "cpu:-1", "cpu:", "cpu:x", "cpu:0x", "cpu:99999999999", "", ":", "warp", "CPU"})
    EXPECT_EQ(devices.open(name, &none).code(), DS_DEVICE_MISMATCH) << name;
  for (int32_t type : {0, -1, 99, std::numeric_limits<int32_t>::max()})
    EXPECT_EQ(devices.open(ds_device_id{type, 0}, &none).code(), DS_DEVICE_MISMATCH) << type;
  EXPECT_EQ(none, nullptr);
}

}  // namespace
}  // namespace ds::core
