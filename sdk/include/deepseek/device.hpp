// device.hpp: a driver in C++. DS_DEVICE(Driver) registers a class whose methods are the slots of ds_device without
// their `self`; exceptions become statuses, wrong device numbers never reach it.
//
//   struct Driver {
//     static constexpr std::string_view name = "acme";
//     static constexpr int32_t type = 200;           // DLPack's number, or 128 and above: the vendor's own
//     int32_t count(int32_t* devices);               // and info, allocate, release, copy, stream_*, synchronize,
//     event_*
//   };
//   DS_DEVICE(Driver);
//
// A driver whose work is done when a call returns derives from SynchronousDevice and leaves streams and events out.
// Optional: `const ds_threads* threads()`, the pool offered to everybody as ds.threads/1.
#pragma once
#include <chrono>

#include "deepseek/draft/device.h"
#include "deepseek/plugin.hpp"

namespace ds {

// Seconds of the clock that event_time speaks of.
inline double device_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Streams and events of a device that finishes everything at once: an event only keeps the time it was recorded.
struct SynchronousDevice {
  int32_t stream_create(int32_t, void** stream) { return *stream = nullptr, DS_OK; }
  int32_t stream_destroy(int32_t, void*) { return DS_OK; }
  int32_t synchronize(int32_t, void*, const ds_error_sink*) { return DS_OK; }
  int32_t event_create(int32_t, void** event) { return *event = new double(0), DS_OK; }
  int32_t event_destroy(int32_t, void* event) { return delete static_cast<double*>(event), DS_OK; }
  int32_t event_record(int32_t, void*, void* event) { return *static_cast<double*>(event) = device_seconds(), DS_OK; }
  int32_t event_wait(int32_t, void*, void*) { return DS_OK; }
  int32_t event_query(int32_t, void*, int32_t* done) { return *done = 1, DS_OK; }
  int32_t event_time(int32_t, void* event, double* seconds) { return *seconds = *static_cast<double*>(event), DS_OK; }
  int32_t event_callback(int32_t, void*, void (*fn)(void*, ds_status), void* user) { return fn(user, DS_OK), DS_OK; }
};

namespace detail {

// The driver outlives everything: work may still be in flight when the process ends.
template <class Driver>
Driver& driver() {
  static Driver* const only = new Driver;
  return *only;
}

template <auto Method>
struct DeviceSlot;
template <class Base, class... Args, int32_t (Base::*Method)(int32_t, Args...)>
struct DeviceSlot<Method> {
  template <class Driver>
  static int32_t call(void* self, int32_t index, Args... args) {
    return guarded(nullptr, [&]() -> int32_t {
      auto& driver = *static_cast<Driver*>(self);
      int32_t devices = 0;
      if (int32_t status = driver.count(&devices)) return status;
      if (index < 0 || index >= devices) return DS_DEVICE_MISMATCH;
      return (driver.*Method)(index, args...);
    });
  }
};

template <class Driver>
int32_t device_count(void* self, int32_t* devices) {
  return guarded(nullptr, [&] { return static_cast<Driver*>(self)->count(devices); });
}

template <class Driver>
const void* describe_device() {
#define DS_SLOT(method) &DeviceSlot<&Driver::method>::template call<Driver>
  static const ds_device descriptor = [] {
    ds_device d{sizeof(ds_device),
                0,
                text(Driver::name),
                Driver::type,
                0,
                &driver<Driver>(),
                &device_count<Driver>,
                DS_SLOT(info),
                DS_SLOT(allocate),
                DS_SLOT(release),
                DS_SLOT(copy),
                DS_SLOT(stream_create),
                DS_SLOT(stream_destroy),
                DS_SLOT(synchronize),
                DS_SLOT(event_create),
                DS_SLOT(event_destroy),
                DS_SLOT(event_record),
                DS_SLOT(event_wait),
                DS_SLOT(event_query),
                DS_SLOT(event_time),
                DS_SLOT(event_callback),
                nullptr};
    if constexpr (requires(Driver & r) { r.threads(); }) d.threads = driver<Driver>().threads();
    return d;
  }();
#undef DS_SLOT
  return &descriptor;
}

}  // namespace detail
}  // namespace ds

#define DS_DEVICE(Driver)                                                            \
  static const ::ds::detail::Registration Driver##_registration(DS_DEVICE_INTERFACE, \
                                                                &::ds::detail::describe_device<Driver>)
