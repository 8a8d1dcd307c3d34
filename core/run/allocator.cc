#include "core/run/allocator.h"

#include <unistd.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>

namespace ds::core {
namespace {

// Eight classes to a power of two, so that at most an eighth is wasted; 64 bytes at least.
uint32_t size_class(uint64_t nbytes, uint64_t* rounded) {
  nbytes = std::max<uint64_t>(nbytes, 64);
  uint32_t log = 63 - uint32_t(std::countl_zero(nbytes));
  uint64_t step = std::max<uint64_t>(uint64_t(1) << (log - 3), 64);
  *rounded = (nbytes + step - 1) / step * step;
  log = 63 - uint32_t(std::countl_zero(*rounded));
  return log * 8 + uint32_t(*rounded >> (log - 3) & 7);
}

}  // namespace

Device::Device(const Provided<ds_device>& driver, int32_t index) : driver_(driver), index_(index) {}

Device::~Device() { trim(); }

Status Device::initialize() {
  info_.size = sizeof info_;
  int32_t status = driver_.table.info(driver_.table.self, index_, &info_);
  if (status) return error(status, "device ", name(), ": the driver does not describe it");
  uint64_t memory = info_.memory_bytes;
  if (!memory && host_memory()) memory = uint64_t(sysconf(_SC_PHYS_PAGES)) * uint64_t(sysconf(_SC_PAGESIZE));
  cache_limit_ = memory ? memory / 4 : uint64_t(1) << 30;
  return {};
}

std::string Device::name() const { return cat(driver_name(), ":", index_); }
std::string Device::description() const { return info_.description; }

Status Device::allocate(uint64_t nbytes, Ref<Buffer>* buffer) {
  // Rounding up must not overflow.
  if (nbytes >> 62) return error(DS_OUT_OF_MEMORY, name(), ": cannot allocate ", nbytes, " bytes");
  uint64_t rounded;
  auto& blocks = free_[size_class(nbytes, &rounded)];
  void* memory = nullptr;
  if (!blocks.empty()) {
    memory = blocks.back();
    blocks.pop_back();
    bytes_cached -= rounded;
  } else {
    int32_t status = driver_.table.allocate(driver_.table.self, index_, rounded, 0, &memory);
    if (status) {
      trim();
      status = driver_.table.allocate(driver_.table.self, index_, rounded, 0, &memory);
    }
    if (status)  // a lost device stays one
      return error(status, name(), ": cannot allocate ", nbytes, " bytes; ", bytes_in_use, " are in use");
  }
  bytes_in_use += rounded;
  bytes_peak = std::max(bytes_peak, bytes_in_use);
  *buffer = Ref<Buffer>(new Buffer(memory, nbytes, id(), &Device::give_back, this));
  return {};
}

void Device::give_back(Buffer* buffer, void* owner) {
  auto& self = *static_cast<Device*>(owner);
  uint64_t rounded;
  auto& blocks = self.free_[size_class(buffer->nbytes, &rounded)];
  self.bytes_in_use -= rounded;
  if (self.bytes_cached + rounded > self.cache_limit_) {
    self.driver_.table.release(self.driver_.table.self, self.index_, buffer->memory, rounded);
    return;
  }
  blocks.push_back(buffer->memory);
  self.bytes_cached += rounded;
}

void Device::trim() {
  for (uint32_t c = 0; c < free_.size(); ++c) {
    uint64_t rounded = c / 8 < 3 ? 0 : (8ull + c % 8) << (c / 8 - 3);
    for (void* memory : free_[c]) driver_.table.release(driver_.table.self, index_, memory, rounded);
    free_[c].clear();
  }
  bytes_cached = 0;
}

Status Device::copy_in(const void* source, Buffer& target, uint64_t target_offset, uint64_t nbytes) {
  if (!nbytes) return {};
  if (host_memory()) return std::memcpy(static_cast<char*>(target.memory) + target_offset, source, nbytes), Status();
  ds_copy copy{DS_COPY_TO_DEVICE, 0, target.memory, target_offset, source, 0, nbytes};
  int32_t status = driver_.table.copy(driver_.table.self, index_, nullptr, &copy);
  if (status) return error(status, name(), ": copy to the device failed");
  return synchronize();  // the source is only borrowed
}

Status Device::copy_out(const Buffer& source, uint64_t source_offset, void* target, uint64_t nbytes) {
  if (host_memory()) {
    if (nbytes) std::memcpy(target, static_cast<const char*>(source.memory) + source_offset, nbytes);
    return {};
  }
  if (nbytes) {
    ds_copy copy{DS_COPY_TO_HOST, 0, target, 0, source.memory, source_offset, nbytes};
    int32_t status = driver_.table.copy(driver_.table.self, index_, nullptr, &copy);
    if (status) return error(status, name(), ": copy from the device failed");
  }
  return synchronize();
}

Status Device::synchronize() {
  if (!(info_.capabilities & DS_DEVICE_ASYNCHRONOUS)) return {};
  ErrorSink sink;
  return sink.take(driver_.table.synchronize(driver_.table.self, index_, nullptr, sink.get()), name());
}

Status Devices::open(std::string_view name, Device** device) {
  std::string_view driver_name = name.substr(0, name.find(':'));
  int32_t index = 0;
  if (driver_name.size() < name.size()) {
    auto [end, wrong] = std::from_chars(name.data() + driver_name.size() + 1, name.data() + name.size(), index);
    if (wrong != std::errc() || end != name.data() + name.size())
      return error(DS_DEVICE_MISMATCH, "device '", name, "': expected name or name:index");
  }
  Status status;
  auto* driver = registry_.find_device(driver_name, &status);
  return driver ? open(*driver, index, device) : error(DS_DEVICE_MISMATCH, status.text());
}

Status Devices::open(ds_device_id id, Device** device) {
  if (id.type == DS_DEVICE_CPU && cpu_) return *device = cpu_, Status();
  if (id.type == DS_DEVICE_CPU) {
    DS_RETURN_IF_ERROR(open("cpu", device));
    return cpu_ = *device, Status();
  }
  auto* driver = registry_.find_device(id.type);
  return driver ? open(*driver, id.index, device) : error(DS_DEVICE_MISMATCH, "no driver for device type ", id.type);
}

Status Devices::open(const Provided<ds_device>& driver, int32_t index, Device** device) {
  auto& slot = open_[{driver.table.type, index}];
  if (!slot) {
    std::string_view name(driver.table.name.data, driver.table.name.size);
    int32_t count = 0;
    int32_t status = driver.table.count(driver.table.self, &count);
    if (status) return error(status, "device ", name, ": the driver cannot count its devices");
    if (index < 0 || index >= count)
      return error(DS_DEVICE_MISMATCH, "device ", name, ":", index, " does not exist, there ",
                   count == 1 ? "is 1" : cat("are ", count));
    auto opened = std::make_unique<Device>(driver, index);
    DS_RETURN_IF_ERROR(opened->initialize());
    slot = std::move(opened);
  }
  *device = slot.get();
  return {};
}

void Devices::list(const std::function<void(const std::string&)>& sink) {
  for (auto* driver : registry_.devices()) {
    int32_t count = 0;
    if (driver->table.count(driver->table.self, &count)) continue;
    for (int32_t i = 0; i < count; ++i) {
      Device* device;
      if (!open(*driver, i, &device)) sink(cat(device->name(), " ", device->description()));
    }
  }
}

}  // namespace ds::core
