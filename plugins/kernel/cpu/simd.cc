// simd.cc: which level of vector code runs here.
#include "simd.h"

#include <cstdlib>
#include <cstring>

namespace ds::cpu {

namespace base {
extern const Simd level;
}
#if defined(__x86_64__)
namespace avx2 {
extern const Simd level;
}
namespace avx512 {
extern const Simd level;
}
#endif

const Simd* const* simd_levels(int* count) {
  struct Found {
    const Simd* list[3];
    int count = 0;
    Found() {
#if defined(__x86_64__)
      __builtin_cpu_init();
      bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
      if (v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
          __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
          __builtin_cpu_supports("avx512cd"))
        list[count++] = &avx512::level;
      if (v3) list[count++] = &avx2::level;
#endif
      list[count++] = &base::level;
    }
  };
  static const Found found;
  *count = found.count;
  return found.list;
}

const Simd* simd_level(const char* name) {
  int count;
  const Simd* const* levels = simd_levels(&count);
  for (int i = 0; i < count; ++i)
    if (!std::strcmp(levels[i]->name, name)) return levels[i];
  return nullptr;
}

const Simd& simd() {
  static const Simd* const best = [] {
    int count;
    const Simd* wished = nullptr;
    if (const char* name = std::getenv("DS_CPU_ISA")) wished = simd_level(name);
    return wished ? wished : simd_levels(&count)[0];
  }();
  return *best;
}

}  // namespace ds::cpu
