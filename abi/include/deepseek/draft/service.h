/* draft/service.h: "ds.service/1", the cold kinds: a name, a kind and methods that speak packed values.
 * Formats, planners, precision policies, power controllers and any kind a user invents are services. */
#ifndef DEEPSEEK_DRAFT_SERVICE_H
#define DEEPSEEK_DRAFT_SERVICE_H
#include "deepseek/ds_plugin.h"
DS_EXTERN_C_BEGIN

#define DS_SERVICE_INTERFACE "ds.service/1"

/* Answers come back as rows of values, borrowed for the call. A nonzero answer ends the method and is passed on. */
typedef int32_t (*ds_row_sink)(void* user, const ds_value* values, uint32_t count);

typedef struct ds_service { /* [growing] */
  uint64_t size;
  uint64_t must_understand;
  ds_text kind;       /* "format" */
  ds_text name;       /* "safetensors" */
  ds_text properties; /* "key=value" lines; a format has extensions=.safetensors */
  void* self;
  /* [any] Tensors in args are DS_POINTER to ds_tensor on cpu, strided, evaluated. Fails: DS_NOT_FOUND for a method. */
  int32_t (*call)(void* self, const char* method, uint64_t method_length, const ds_value* args, uint32_t count,
                  ds_row_sink sink, void* user, const ds_error_sink* error);
} ds_service;

DS_EXTERN_C_END
#endif
