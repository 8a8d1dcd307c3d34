#include "pool.h"

#include <omp.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>

namespace ds::cpu {
namespace {

std::atomic<bool> forked{false};
thread_local bool inside = false;
thread_local bool told = false;
void (*before_fork)() = nullptr;
void (*after_fork)() = nullptr;

int32_t configured() {
  static const int32_t threads = [] {
    if (const char* text = std::getenv("DS_NUM_THREADS")) {
      char* end = nullptr;
      const long value = std::strtol(text, &end, 10);
      if (end != text && *end == 0 && value >= 1 && value <= 4096) return static_cast<int32_t>(value);
    }
    return std::max(1, omp_get_max_threads());
  }();
  return threads;
}

void in_child() {
  forked = true;
  // Also keeps libraries that open parallel regions themselves away from the dead pool.
  omp_set_num_threads(1);
  after_fork();
}

struct Inside {
  const bool outer = inside;
  Inside() { inside = true; }
  ~Inside() { inside = outer; }
};

}  // namespace

int32_t thread_count() { return forked.load(std::memory_order_relaxed) ? 1 : configured(); }

int32_t parallel_for(int64_t count, int64_t grain, ds_range_fn fn, void* user) {
  if (count <= 0) return DS_OK;
  grain = std::max<int64_t>(grain, 1);
  const int64_t ranges = inside || omp_in_parallel() ? 1 : std::min<int64_t>(thread_count(), (count - 1) / grain + 1);
  if (ranges <= 1) return fn(user, 0, count);
  if (!told) told = true, omp_set_num_threads(configured());  // for oneDNN, called from this thread
  const int64_t chunk = std::max(grain, (count - 1) / ranges + 1);
  std::atomic<int32_t> answer{DS_OK};
#pragma omp parallel num_threads(static_cast <int>(ranges))
  {
    Inside guard;
    // Strides over all ranges: OpenMP may give fewer threads than asked for.
    for (int64_t r = omp_get_thread_num(); r < ranges; r += omp_get_num_threads()) {
      const int64_t begin = r * chunk, end = std::min(count, begin + chunk);
      if (begin >= end || answer.load(std::memory_order_relaxed) != DS_OK) break;
      if (int32_t status = fn(user, begin, end)) {
        int32_t none = DS_OK;
        answer.compare_exchange_strong(none, status);
      }
    }
  }
  return answer;
}

const ds_threads* pool_table() {
  static const ds_threads table = {
      sizeof(ds_threads), nullptr,
      [](const ds_threads*, int64_t count, int64_t grain, ds_range_fn fn, void* user) {
        return parallel_for(count, grain, fn, user);
      },
      [](const ds_threads*, int32_t* count) { return *count = thread_count(), int32_t{DS_OK}; }};
  return &table;
}

void watch_forks(void (*before)(), void (*after)()) {
  before_fork = before;
  after_fork = after;
  pthread_atfork(before_fork, after_fork, &in_child);
}

}  // namespace ds::cpu
