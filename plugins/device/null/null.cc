#include "null.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "deepseek/device.hpp"
#include "deepseek/service.hpp"

namespace ds::null {

std::array<Machine, kDevices>& machines() {
  static auto* const only = new std::array<Machine, kDevices>;  // streams may still work while the process ends
  return *only;
}

std::shared_ptr<Stream> Machine::stream(void* handle) {
  if (handle) return streams.find(handle);
  std::lock_guard lock(mutex);
  if (!default_stream) default_stream = std::make_shared<Stream>(switches);
  return default_stream;
}

struct Driver {
  static constexpr std::string_view name = kName;
  static constexpr int32_t type = kType;

  int32_t count(int32_t* devices) { return *devices = kDevices, DS_OK; }

  int32_t info(int32_t index, ds_device_info* info) {
    ds_device_info full{sizeof full, DS_DEVICE_ASYNCHRONOUS, kMemory, 64, 1, {}};
    std::snprintf(full.description, sizeof full.description, "null device %d, asynchronous, for tests", index);
    const uint64_t size = std::min<uint64_t>(info->size ? info->size : sizeof full, sizeof full);
    std::memcpy(info, &full, size);
    info->size = size;
    return DS_OK;
  }

  int32_t allocate(int32_t index, uint64_t nbytes, uint32_t memory_kind, void** memory) {
    Machine& m = machines()[static_cast<size_t>(index)];
    if (!m.usable()) return DS_DEVICE_MISMATCH;
    if (memory_kind != 0) return DS_UNSUPPORTED;
    {
      std::lock_guard lock(m.mutex);
      if (nbytes > kMemory - m.allocated) return DS_OUT_OF_MEMORY;
      m.allocated += nbytes;
    }
    auto block = std::make_shared<Block>();
    block->bytes = std::make_unique<char[]>(nbytes + 1);
    block->size = nbytes;
    *memory = m.blocks.add(std::move(block));
    return DS_OK;
  }

  int32_t release(int32_t index, void* memory, uint64_t) {
    Machine& m = machines()[static_cast<size_t>(index)];
    const auto block = m.blocks.take(memory);
    if (!block) return DS_STALE_HANDLE;
    std::lock_guard lock(m.mutex);
    m.allocated -= block->size;
    return DS_OK;
  }

  int32_t copy(int32_t index, void* stream, const ds_copy* c) {
    Machine& m = machines()[static_cast<size_t>(index)];
    if (!m.usable()) return DS_DEVICE_MISMATCH;
    const auto queue = m.stream(stream);
    const auto target = c->direction == DS_COPY_TO_HOST ? nullptr : m.blocks.find(c->target);
    const auto source = c->direction == DS_COPY_TO_DEVICE ? nullptr : m.blocks.find(c->source);
    if (!queue || (!target && c->direction != DS_COPY_TO_HOST) || (!source && c->direction != DS_COPY_TO_DEVICE))
      return DS_STALE_HANDLE;
    const auto outside = [&](const std::shared_ptr<Block>& block, uint64_t offset) {
      return block && (offset > block->size || c->nbytes > block->size - offset);
    };
    if (outside(target, c->target_offset) || outside(source, c->source_offset)) return DS_OUT_OF_RANGE;
    char* to = (target ? target->bytes.get() : static_cast<char*>(c->target)) + c->target_offset;
    const char* from = (source ? source->bytes.get() : static_cast<const char*>(c->source)) + c->source_offset;
    queue->enqueue([target, source, to, from, nbytes = c->nbytes]() -> ds_status {
      if (nbytes) std::memmove(to, from, nbytes);
      return DS_OK;
    });
    return DS_OK;
  }

  int32_t stream_create(int32_t index, void** stream) {
    Machine& m = machines()[static_cast<size_t>(index)];
    if (!m.usable()) return DS_DEVICE_MISMATCH;
    *stream = m.streams.add(std::make_shared<Stream>(m.switches));
    return DS_OK;
  }
  int32_t stream_destroy(int32_t index, void* stream) {
    return machines()[static_cast<size_t>(index)].streams.take(stream) ? DS_OK : DS_STALE_HANDLE;
  }

  int32_t synchronize(int32_t index, void* stream, const ds_error_sink* error) {
    Machine& m = machines()[static_cast<size_t>(index)];
    const std::string who = "null:" + std::to_string(index);
    if (!m.usable()) return fail(error, DS_DEVICE_MISMATCH, who + " was lost");
    const auto queue = m.stream(stream);
    if (!queue) return fail(error, DS_STALE_HANDLE, who + " has no such stream");
    const ds_status status = queue->synchronize();
    if (status == DS_OK) return DS_OK;
    return fail(error, status, who + (m.usable() ? ": enqueued work failed" : " was lost"));
  }

  int32_t event_create(int32_t index, void** event) {
    *event = machines()[static_cast<size_t>(index)].events.add(std::make_shared<Event>());
    return DS_OK;
  }
  int32_t event_destroy(int32_t index, void* event) {
    return machines()[static_cast<size_t>(index)].events.take(event) ? DS_OK : DS_STALE_HANDLE;
  }

  int32_t event_record(int32_t index, void* stream, void* event) {
    Machine& m = machines()[static_cast<size_t>(index)];
    if (!m.usable()) return DS_DEVICE_MISMATCH;
    const auto found = m.events.find(event);
    const auto queue = m.stream(stream);
    if (!found || !queue) return DS_STALE_HANDLE;
    auto mark = std::make_shared<Mark>();
    {
      std::lock_guard lock(found->mutex);
      found->mark = mark;
    }
    queue->mark(std::move(mark));
    return DS_OK;
  }

  int32_t event_wait(int32_t index, void* stream, void* event) {
    Machine& m = machines()[static_cast<size_t>(index)];
    if (!m.usable()) return DS_DEVICE_MISMATCH;
    const auto queue = m.stream(stream);
    return with_mark(index, event, [&](const std::shared_ptr<Mark>& mark) -> int32_t {
      if (!queue) return DS_STALE_HANDLE;
      if (mark) queue->enqueue([mark] { return mark->wait(); });
      return DS_OK;
    });
  }

  // An event that was never recorded is done.
  int32_t event_query(int32_t index, void* event, int32_t* done) {
    return with_mark(index, event, [&](const std::shared_ptr<Mark>& mark) -> int32_t {
      ds_status status = DS_OK;
      double seconds;
      *done = !mark || mark->reached(&status, &seconds);
      return *done ? status : DS_OK;
    });
  }

  int32_t event_time(int32_t index, void* event, double* seconds) {
    return with_mark(index, event, [&](const std::shared_ptr<Mark>& mark) -> int32_t {
      ds_status status;
      double when;
      if (!mark || !mark->reached(&status, &when)) return DS_INVALID_ARGUMENT;
      return *seconds = when, status;
    });
  }

  int32_t event_callback(int32_t index, void* event, void (*fn)(void*, ds_status), void* user) {
    return with_mark(index, event, [&](const std::shared_ptr<Mark>& mark) -> int32_t {
      if (mark)
        mark->when_reached([fn, user](ds_status status) { fn(user, status); });
      else
        fn(user, DS_OK);
      return DS_OK;
    });
  }

 private:
  template <class F>
  int32_t with_mark(int32_t index, void* event, F&& body) {
    const auto found = machines()[static_cast<size_t>(index)].events.find(event);
    if (!found) return DS_STALE_HANDLE;
    std::shared_ptr<Mark> mark;
    {
      std::lock_guard lock(found->mutex);
      mark = found->mark;
    }
    return body(mark);
  }
};
DS_DEVICE(Driver);

// Faults on demand, a service: lose(index), restore(index), pause(index), resume(index).
struct Fault {
  static constexpr std::string_view kind = "fault", name = kName, properties = "";
  void call(std::string_view method, const ServiceArgs& args, const ServiceRows&) {
    const int64_t index = args.has(0) ? args.integer(0, "index") : 0;
    if (index < 0 || index >= kDevices) throw Error(DS_OUT_OF_RANGE, "null has no device " + std::to_string(index));
    Switches& switches = *machines()[static_cast<size_t>(index)].switches;
    if (method == "lose" || method == "restore") return switches.set(&Switches::lost, method == "lose");
    if (method == "pause" || method == "resume") return switches.set(&Switches::paused, method == "pause");
    throw Error(DS_NOT_FOUND, "null's faults are lose, restore, pause and resume");
  }
};
DS_SERVICE(Fault);

}  // namespace ds::null
