// pool.h: the process's one thread pool, OpenMP's. oneDNN uses the same, so there are never two pools on one core.
#pragma once
#include "deepseek/ds_plugin.h"

namespace ds::cpu {

// Threads a parallel_for uses at most: DS_NUM_THREADS, else what OpenMP says (OMP_NUM_THREADS, affinity); 1 in a forked
// child, whose copy of the pool has no threads behind it.
int32_t thread_count();

// See ds_threads. [any]
int32_t parallel_for(int64_t count, int64_t grain, ds_range_fn fn, void* user);

const ds_threads* pool_table();

// Once per process, before the first fork that matters.
void watch_forks(void (*before)(), void (*after)());

}  // namespace ds::cpu
