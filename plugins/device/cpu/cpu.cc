// The host as a device: memory, and the thread pool everybody uses.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string>

#include "blocks.h"
#include "deepseek/device.hpp"
#include "pool.h"
#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace ds::cpu {
namespace {

uint64_t physical_memory() {
  const long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGE_SIZE);
  return pages > 0 && size > 0 ? static_cast<uint64_t>(pages) * static_cast<uint64_t>(size) : 0;
}

std::string model() {
  std::string name;
#if defined(__x86_64__)
  unsigned words[12];
  if (__get_cpuid_max(0x80000000u, nullptr) >= 0x80000004u) {
    for (unsigned i = 0; i < 3; ++i)
      __get_cpuid(0x80000002u + i, &words[4 * i], &words[4 * i + 1], &words[4 * i + 2], &words[4 * i + 3]);
    name.assign(reinterpret_cast<const char*>(words), sizeof words);
    name = name.substr(0, name.find('\0'));
  }
#endif
  const size_t first = name.find_first_not_of(' '), last = name.find_last_not_of(' ');
  return first == name.npos ? "cpu" : name.substr(first, last - first + 1);
}

const char* isa() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq"))
    return __builtin_cpu_supports("avx512vnni") ? "avx512 vnni" : "avx512";
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "avx2";
  return "sse2";
#elif defined(__aarch64__)
  return "neon";
#else
  return "scalar";
#endif
}

// Keeps at most a sixteenth of the machine's memory, beyond what each context keeps itself: pages outlive contexts.
// Leaked: blocks may be released while the process ends.
Blocks& blocks() {
  static Blocks* const only = new Blocks(physical_memory() / 16);
  return *only;
}

}  // namespace

struct Cpu : SynchronousDevice {
  static constexpr std::string_view name = "cpu";
  static constexpr int32_t type = DS_DEVICE_CPU;

  Cpu() {
    blocks();
    watch_forks([] { blocks().lock(); }, [] { blocks().unlock(); });
  }

  int32_t count(int32_t* devices) { return *devices = 1, DS_OK; }

  int32_t info(int32_t, ds_device_info* info) {
    ds_device_info full{sizeof full, DS_DEVICE_HOST_MEMORY, physical_memory(), Blocks::kAlignment, thread_count(), {}};
    std::snprintf(full.description, sizeof full.description, "%s %s", model().c_str(), isa());
    const uint64_t size = std::min<uint64_t>(info->size ? info->size : sizeof full, sizeof full);
    std::memcpy(info, &full, size);
    info->size = size;
    return DS_OK;
  }

  int32_t allocate(int32_t, uint64_t nbytes, uint32_t memory_kind, void** memory) {
    if (memory_kind != 0) return DS_UNSUPPORTED;
    void* block = blocks().allocate(nbytes);
    if (!block) return DS_OUT_OF_MEMORY;
    *memory = block;
    return DS_OK;
  }

  int32_t release(int32_t, void* memory, uint64_t nbytes) { return blocks().release(memory, nbytes), DS_OK; }

  int32_t copy(int32_t, void*, const ds_copy* c) {
    struct Move {
      char* target;
      const char* source;
    } move{static_cast<char*>(c->target) + c->target_offset, static_cast<const char*>(c->source) + c->source_offset};
    constexpr int64_t kGrain = 4 << 20;
    if (c->nbytes <= kGrain || (move.target < move.source + c->nbytes && move.source < move.target + c->nbytes)) {
      if (c->nbytes) std::memmove(move.target, move.source, c->nbytes);
      return DS_OK;
    }
    return parallel_for(
        static_cast<int64_t>(c->nbytes), kGrain,
        [](void* user, int64_t begin, int64_t end) -> int32_t {
          const auto& m = *static_cast<const Move*>(user);
          std::memcpy(m.target + begin, m.source + begin, static_cast<size_t>(end - begin));
          return DS_OK;
        },
        &move);
  }

  const ds_threads* threads() { return pool_table(); }
};
DS_DEVICE(Cpu);

}  // namespace ds::cpu
