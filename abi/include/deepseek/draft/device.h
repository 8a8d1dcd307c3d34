/* draft/device.h: "ds.device/1", a driver for one or several devices of one type. */
#ifndef DEEPSEEK_DRAFT_DEVICE_H
#define DEEPSEEK_DRAFT_DEVICE_H
#include "deepseek/ds_plugin.h"
DS_EXTERN_C_BEGIN

#define DS_DEVICE_INTERFACE "ds.device/1"

#define DS_DEVICE_HOST_MEMORY 1ull  /* allocate answers addresses the host may read and write */
#define DS_DEVICE_ASYNCHRONOUS 2ull /* kernels and copies only enqueue */
#define DS_DEVICE_NO_F64 4ull
#define DS_DEVICE_NO_I64 8ull
#define DS_DEVICE_CAPTURE 16ull /* reserved: streams can be captured */

typedef struct ds_device_info { /* [growing] */
  uint64_t size;
  uint64_t capabilities;
  uint64_t memory_bytes;
  uint32_t alignment; /* of allocations, bytes */
  int32_t threads;
  char description[128]; /* "AMD EPYC .. avx512", NUL-terminated */
} ds_device_info;

#define DS_COPY_TO_DEVICE 1
#define DS_COPY_TO_HOST 2
#define DS_COPY_WITHIN 3

typedef struct ds_copy { /* [frozen] on the host's side: an address; on the device's: handle and byte offset */
  int32_t direction;
  int32_t reserved;
  void* target;
  uint64_t target_offset;
  const void* source;
  uint64_t source_offset;
  uint64_t nbytes;
} ds_copy;

/* Streams and events are opaque; a NULL stream is the device's default stream, in order. A failure of enqueued work is
 * answered by the synchronize, query or wait that meets it (device lost included). */
typedef struct ds_device { /* [growing] */
  uint64_t size;
  uint64_t must_understand;
  ds_text name; /* "cpu", "cuda" */
  int32_t type; /* DLPack device type, or >= 128: a free number of the vendor's */
  uint32_t reserved;
  void* self;
  /* All [any]. */
  int32_t (*count)(void* self, int32_t* devices); /* 0: driver present, no device */
  int32_t (*info)(void* self, int32_t index, ds_device_info* info);
  int32_t (*allocate)(void* self, int32_t index, uint64_t nbytes, uint32_t memory_kind, void** memory);
  int32_t (*release)(void* self, int32_t index, void* memory, uint64_t nbytes);
  int32_t (*copy)(void* self, int32_t index, void* stream, const ds_copy* copy);
  int32_t (*stream_create)(void* self, int32_t index, void** stream);
  int32_t (*stream_destroy)(void* self, int32_t index, void* stream);
  int32_t (*synchronize)(void* self, int32_t index, void* stream, const ds_error_sink* error);
  int32_t (*event_create)(void* self, int32_t index, void** event);
  int32_t (*event_destroy)(void* self, int32_t index, void* event);
  int32_t (*event_record)(void* self, int32_t index, void* stream, void* event);
  int32_t (*event_wait)(void* self, int32_t index, void* stream, void* event); /* the stream waits, not the caller */
  int32_t (*event_query)(void* self, int32_t index, void* event, int32_t* done);
  int32_t (*event_time)(void* self, int32_t index, void* event,
                        double* seconds); /* timestamp at which it was reached */
  int32_t (*event_callback)(void* self, int32_t index, void* event, void (*fn)(void* user, ds_status status),
                            void* user);
  /* The device's thread pool, offered to everybody as ds.threads/1; only the cpu driver has one. */
  const ds_threads* threads;
} ds_device;
DS_STATIC_ASSERT(sizeof(void*) != 8 || sizeof(ds_copy) == 48, "ds_copy is frozen");
DS_STATIC_ASSERT(sizeof(void*) != 8 || offsetof(ds_device, threads) == 168, "ds_device only grows");

DS_EXTERN_C_END
#endif
