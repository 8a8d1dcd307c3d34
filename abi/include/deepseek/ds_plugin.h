/* ds_plugin.h: what a plugin implements: one door, through which everything else is registered.
 *
 * A plugin is a shared library that exports exactly one symbol, DS_PLUGIN_DOOR. Core and plugin never link each other.
 *   host = table of the core, valid for the life of the process; plugin = static data of the library.
 * Every interface is a descriptor registered under a string id with a revision, "ds.kernel/1": see draft/. */
#ifndef DEEPSEEK_DS_PLUGIN_H
#define DEEPSEEK_DS_PLUGIN_H
#include "deepseek/ds_types.h"
DS_EXTERN_C_BEGIN

#define DS_PLUGIN_MAGIC 0x44535031u /* "DSP1" */

/* Hash of the layouts frozen in major 1: bumped by hand never, it is the sum of what must not move. */
#define DS_LAYOUT_HASH                                                                                              \
  ((uint64_t)sizeof(ds_dl_tensor) | (uint64_t)offsetof(ds_tensor, version) << 8 | (uint64_t)sizeof(ds_spec) << 16 | \
   (uint64_t)sizeof(ds_value) << 32 | (uint64_t)sizeof(void*) << 40 | (uint64_t)DS_MAX_RANK << 48)

typedef struct ds_host ds_host;

/* The core's side. Append-only; a plugin built against a larger table than the core's finds stubs, never NULL. */
struct ds_host { /* [growing] */
  uint64_t size;
  uint32_t abi_major;
  uint32_t abi_minor;
  void* context;

  /* [any] Fills the table of the named host interface ("ds.threads/1") into `table` up to `table_size` bytes; slots
   * this core does not have are filled with stubs that answer DS_UNIMPLEMENTED. Fails: DS_NOT_FOUND. */
  int32_t (*get_interface)(const ds_host* host, const char* id, uint64_t id_length, void* table, uint64_t table_size);

  /* [init] Registers a descriptor under an interface id. The descriptor begins with uint64_t size and uint64_t
   * must_understand and stays valid and unchanged for the life of the process.
   * Fails: DS_UNSUPPORTED (an unknown must-understand bit or id), DS_BAD_PLUGIN (it does not hold together). */
  int32_t (*provide)(const ds_host* host, const char* id, uint64_t id_length, const void* descriptor);

  /* [any] The host's allocator: whatever one side returns for the other to free comes from here. alignment: a power of
   * two, at most 4096. Fails: DS_OUT_OF_MEMORY, DS_INVALID_ARGUMENT. NULL may be released. */
  int32_t (*allocate)(const ds_host* host, uint64_t size, uint64_t alignment, void** memory);
  int32_t (*release)(const ds_host* host, void* memory);

  /* [any] level 0 = error, 1 = warning, 2 = information, 3 = debug. The host decides where it goes. */
  int32_t (*log)(const ds_host* host, int32_t level, const char* text, uint64_t length);
};
DS_STATIC_ASSERT(sizeof(void*) != 8 || offsetof(ds_host, log) == 56, "ds_host only grows");

typedef struct ds_plugin { /* [growing] */
  uint64_t size;
  uint64_t must_understand; /* 0 in this revision */
  uint32_t magic;
  uint32_t abi_major;         /* stamped by the SDK */
  uint32_t abi_minor;         /* built against */
  uint32_t abi_minor_minimum; /* needs at least */
  uint64_t layout_hash;
  ds_text name;         /* "ops.math", "kernel.onednn", "com.vendor.thing": [a-z0-9_.-]+ */
  ds_text version;      /* "1.2.0" */
  ds_text description;  /* one line */
  ds_text license;      /* SPDX */
  ds_text dependencies; /* names of plugins, separated by blanks; loaded before */
  void* self;
  /* [init] Called once for each core that loads the plugin; registers through host->provide. What it registered before
   * a failure is taken back. It must not start threads. */
  int32_t (*initialize)(const struct ds_plugin* plugin, const ds_host* host, const ds_error_sink* error);
} ds_plugin;
DS_STATIC_ASSERT(sizeof(void*) != 8 || offsetof(ds_plugin, initialize) == 128, "ds_plugin only grows");

/* [any] Pure and repeatable; NULL with the reason in `error` when this host does not fit. One symbol per ABI major. */
typedef const ds_plugin* (*ds_plugin_query_v1_fn)(const ds_host* host, const ds_error_sink* error);
#define DS_PLUGIN_DOOR "ds_plugin_query_v1"

#if defined(__GNUC__)
#define DS_EXPORT __attribute__((visibility("default")))
#else
#define DS_EXPORT
#endif

/* Fields every plugin stamps: use as the first initialisers of a ds_plugin. */
#define DS_PLUGIN_STAMP sizeof(ds_plugin), 0, DS_PLUGIN_MAGIC, DS_ABI_MAJOR, DS_ABI_MINOR, 0, DS_LAYOUT_HASH

/* ---- host interface "ds.threads/1": the cpu device's pool, offered to everybody -------------------------------- */
#define DS_THREADS_INTERFACE "ds.threads/1"
typedef int32_t (*ds_range_fn)(void* user, int64_t begin, int64_t end);
typedef struct ds_threads { /* [growing] */
  uint64_t size;
  void* context;
  /* [any] Calls fn on disjoint ranges that cover [0, count), at least `grain` long but for the last, and returns when
   * all are done: the first nonzero answer, or DS_OK. Serial in a forked child and inside another parallel_for. */
  int32_t (*parallel_for)(const struct ds_threads* threads, int64_t count, int64_t grain, ds_range_fn fn, void* user);
  /* [any] Threads that parallel_for uses at most, 1 or more. */
  int32_t (*thread_count)(const struct ds_threads* threads, int32_t* count);
} ds_threads;
DS_STATIC_ASSERT(sizeof(void*) != 8 || offsetof(ds_threads, thread_count) == 24, "ds_threads only grows");

DS_EXTERN_C_END
#endif /* DEEPSEEK_DS_PLUGIN_H */
