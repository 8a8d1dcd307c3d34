/* release.c: tensors die cheaply: their handles are queued and go to the core in one call. */
#include <pthread.h>
#include <stdlib.h>

#include "native.h"

#define QUEUE_CAPACITY 256
#define QUEUE_FULL 32

static ds_handle queue[QUEUE_CAPACITY];
static unsigned queued;

/* Owners of foreign memory. The core lets go of them from any thread, with or without the GIL. */
typedef struct later {
  void (*function)(void*);
  void* user;
  struct later* next;
} later;
static pthread_mutex_t later_lock = PTHREAD_MUTEX_INITIALIZER;
static later* later_first;
static volatile int later_any;

static void drop(void* object) { Py_DECREF((PyObject*)object); }

void native_call_later(void (*function)(void*), void* user) {
  later* entry = malloc(sizeof *entry);
  if (!entry) return; /* leaks the owner rather than freeing memory in use */
  entry->function = function;
  entry->user = user;
  pthread_mutex_lock(&later_lock);
  entry->next = later_first;
  later_first = entry;
  later_any = 1;
  pthread_mutex_unlock(&later_lock);
}

void native_drop_later(void* user) { native_call_later(drop, user); }

static void run_later(void) {
  pthread_mutex_lock(&later_lock);
  later* entry = later_first;
  later_first = NULL;
  later_any = 0;
  pthread_mutex_unlock(&later_lock);
  while (entry) {
    later* next = entry->next;
    entry->function(entry->user);
    free(entry);
    entry = next;
  }
}

/* The core may run a release callback inside; nothing here is touched after the call. */
static void flush(void) {
  ds_handle batch[QUEUE_CAPACITY];
  unsigned count = queued;
  for (unsigned i = 0; i < count; ++i) batch[i] = queue[i];
  queued = 0;
  ds_release_many(native.context, batch, count);
}

void native_queue(ds_handle handle) {
  if (queued == QUEUE_CAPACITY) flush();
  queue[queued++] = handle;
}

void native_drain(void) {
  if (queued) flush();
  if (later_any) run_later();
}

void native_drain_if_full(void) {
  if (queued >= QUEUE_FULL) flush();
  if (later_any) run_later();
}
