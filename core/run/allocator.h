// Devices of a context and their memory. Freed blocks are kept and reused, because fresh pages are what is slow.
#pragma once
#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/registry/registry.h"
#include "core/tensor/buffer.h"

namespace ds::core {

class Device {
 public:
  Device(const Provided<ds_device>& driver, int32_t index);
  ~Device();
  Device(const Device&) = delete;

  Status initialize();
  // Uninitialised memory of at least nbytes.
  Status allocate(uint64_t nbytes, Ref<Buffer>* buffer);
  void trim();  // gives cached blocks back

  Status copy_in(const void* source, Buffer& target, uint64_t target_offset, uint64_t nbytes);
  Status copy_out(const Buffer& source, uint64_t source_offset, void* target, uint64_t nbytes);  // synchronizes
  Status synchronize();

  bool host_memory() const { return info_.capabilities & DS_DEVICE_HOST_MEMORY; }
  ds_device_id id() const { return {driver_.table.type, index_}; }
  std::string name() const;         // "cpu:0"
  std::string description() const;  // of the driver
  std::string_view driver_name() const { return {driver_.table.name.data, driver_.table.name.size}; }

  uint64_t bytes_in_use = 0, bytes_peak = 0, bytes_cached = 0;

 private:
  static void give_back(Buffer* buffer, void* owner);
  const Provided<ds_device>& driver_;
  int32_t index_;
  ds_device_info info_{};
  uint64_t cache_limit_ = 0;
  std::array<std::vector<void*>, 64 * 8> free_;  // by size class
};

class Devices {
 public:
  explicit Devices(Registry& registry) : registry_(registry) {}
  // Opens the driver on first use. name: "cpu", "null:1".
  Status open(std::string_view name, Device** device);
  Status open(ds_device_id id, Device** device);
  void list(const std::function<void(const std::string&)>& sink);
  void each(const std::function<void(Device&)>& fn) {
    for (auto& [key, device] : open_) fn(*device);
  }

 private:
  Status open(const Provided<ds_device>& driver, int32_t index, Device** device);
  Registry& registry_;
  std::map<std::pair<int32_t, int32_t>, std::unique_ptr<Device>> open_;
  Device* cpu_ = nullptr;
};

}  // namespace ds::core
