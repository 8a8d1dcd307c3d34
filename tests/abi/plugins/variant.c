/* A plugin in plain C with one operator, 2x; macros break one promise each (see ../abi.cmake). */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "deepseek/draft/device.h"
#include "deepseek/draft/kernel.h"
#include "deepseek/draft/operator.h"
#include "deepseek/draft/pass.h"
#include "deepseek/draft/service.h"

#ifndef NAME
#define NAME "test.variant"
#endif
#ifndef VERSION
#define VERSION "1.0.0"
#endif
#ifndef DEPENDENCIES
#define DEPENDENCIES ""
#endif
#ifndef MAJOR
#define MAJOR DS_ABI_MAJOR
#endif
#ifndef MINIMUM
#define MINIMUM 0
#endif
#ifndef MAGIC
#define MAGIC DS_PLUGIN_MAGIC
#endif
#ifndef LAYOUT
#define LAYOUT DS_LAYOUT_HASH
#endif
#ifndef PLUGIN_SIZE
#define PLUGIN_SIZE sizeof(ds_plugin)
#endif
#ifndef PLUGIN_BITS
#define PLUGIN_BITS 0
#endif
#ifndef OPERATOR
#define OPERATOR "twice"
#endif
#ifndef SCHEMA
#define SCHEMA OPERATOR "(x: float) -> float"
#endif
#ifndef ROLE
#define ROLE ""
#endif
#ifndef OPERATOR_SIZE
#define OPERATOR_SIZE sizeof(ds_operator)
#endif
#ifndef OPERATOR_BITS
#define OPERATOR_BITS 0
#endif
#ifndef OPERATOR_CLASS
#define OPERATOR_CLASS DS_CLASS_OPAQUE
#endif
#ifndef INTERFACE
#define INTERFACE DS_OPERATOR_INTERFACE
#endif
#ifndef INFER
#define INFER infer
#endif
#ifndef REFERENCE
#define REFERENCE reference
#endif
#ifndef VIEW
#define VIEW NULL
#endif
#ifndef WORKSPACE
#define WORKSPACE 0
#endif
#ifndef OFFER
#define OFFER 0
#endif

#define TEXT(literal) \
  { literal, sizeof(literal) - 1 }

static int32_t infer(void* self, ds_infer_args* args) {
  (void)self;
  const ds_spec* x = args->inputs[0];
  args->outputs[0]->rank = x->rank;
  memcpy(args->outputs[0]->shape, x->shape, sizeof x->shape);
  return DS_OK;
}

/* Infers that answer garbage; INFER names one. */
static int32_t infer_rank(void* self, ds_infer_args* args) {
  (void)self;
  args->outputs[0]->rank = 99;
  return DS_OK;
}
static int32_t infer_negative_rank(void* self, ds_infer_args* args) {
  (void)self;
  args->outputs[0]->rank = INT32_MIN;
  return DS_OK;
}
static int32_t infer_negative(void* self, ds_infer_args* args) {
  infer(self, args);
  args->outputs[0]->shape[0] = -1;
  return DS_OK;
}
static int32_t infer_overflow(void* self, ds_infer_args* args) {
  (void)self;
  args->outputs[0]->rank = 3;
  for (int i = 0; i < 3; ++i) args->outputs[0]->shape[i] = (int64_t)1 << 31;
  return DS_OK;
}
static int32_t infer_dtype(void* self, ds_infer_args* args) {
  infer(self, args);
  args->outputs[0]->dtype = 0xdeadbeef;
  return DS_OK;
}
static int32_t infer_kind(void* self, ds_infer_args* args) {
  (void)self;
  args->outputs[0]->kind = 77;
  args->outputs[0]->rank = 99;
  return DS_OK;
}
static int32_t infer_device(void* self, ds_infer_args* args) {
  infer(self, args);
  args->outputs[0]->device.type = 1234;
  return DS_OK;
}
static int32_t infer_many(void* self, ds_infer_args* args) {
  infer(self, args);
  args->output_count = 1000;
  return DS_OK;
}
static int32_t infer_none(void* self, ds_infer_args* args) {
  infer(self, args);
  args->output_count = 0;
  return DS_OK;
}

/* Views that answer garbage; VIEW names one, with OPERATOR_CLASS=DS_CLASS_VIEW. */
static int32_t view_same(const ds_view_args* args) {
  memcpy(args->result, args->source, sizeof *args->source);
  return DS_OK;
}
static int32_t view_outside(void* self, ds_view_args* args) {
  (void)self, view_same(args);
  args->result->offset = 1;
  return DS_OK;
}
static int32_t view_before(void* self, ds_view_args* args) {
  (void)self, view_same(args);
  args->result->offset = -1;
  return DS_OK;
}
static int32_t view_overflow(void* self, ds_view_args* args) {
  (void)self, view_same(args);
  args->result->strides[0] = INT64_MAX;
  return DS_OK;
}
static int32_t view_rank(void* self, ds_view_args* args) {
  (void)self;
  args->result->rank = 99;
  return DS_OK;
}
static int32_t view_negative(void* self, ds_view_args* args) {
  (void)self, view_same(args);
  args->result->shape[0] = -3;
  return DS_OK;
}

/* Walks a strided input in the order of its dense output. */
static int32_t reference(void* self, const ds_run_args* args) {
  (void)self;
  const ds_dl_tensor *x = &args->inputs[0]->dl, *y = &args->outputs[0]->dl;
  int64_t count = 1, index[DS_MAX_RANK] = {0};
  for (int32_t i = 0; i < x->ndim; ++i) count *= x->shape[i];
  for (int64_t n = 0; n < count; ++n) {
    int64_t at = 0;
    for (int32_t i = 0; i < x->ndim; ++i) at += index[i] * x->strides[i];
    const char* from = (const char*)x->data + x->byte_offset;
    char* to = (char*)y->data + y->byte_offset;
    if (x->dtype.bits == 32)
      ((float*)to)[n] = 2 * ((const float*)from)[at];
    else
      ((double*)to)[n] = 2 * ((const double*)from)[at];
    for (int32_t i = x->ndim - 1; i >= 0 && ++index[i] == x->shape[i]; --i) index[i] = 0;
  }
  return DS_OK;
}

static int32_t samples(void* self, ds_text_sink sink, void* user) {
  (void)self;
  return sink(user, "f32[2,3]", 8);
}

/* A younger header: slots this core has never heard of follow. */
typedef struct later_operator {
  ds_operator known;
  int32_t (*unheard_of)(void* self);
  void* more[7];
} later_operator;

static const later_operator descriptor = {
    {OPERATOR_SIZE, OPERATOR_BITS, TEXT(SCHEMA), TEXT("Twice x; a test."), TEXT(ROLE), 1, OPERATOR_CLASS, 0, 0, 0, NULL,
     0, NULL, INFER, VIEW, NULL, NULL, REFERENCE, samples},
    NULL,
    {NULL}};

#ifdef KERNEL
static int32_t kernel_create(void* self, const ds_node* node, const ds_error_sink* error, void** state,
                             uint64_t* workspace) {
  (void)self, (void)node, (void)error;
  *state = NULL;
  *workspace = WORKSPACE;
  return DS_OK;
}
static int32_t kernel_run(void* state, const ds_run_args* args) {
  (void)state;
  return reference(NULL, args);
}
/* Says yes with bits for inputs there are none of, and a cost that is no number. */
static int32_t kernel_supports(void* self, const ds_node* node, ds_kernel_offer* offer) {
  (void)self, (void)node;
  offer->size = ~0ull;
  offer->cost = strtod("nan", NULL);
  offer->strided_inputs = ~0ull;
  offer->in_place = OFFER;
  return DS_OK;
}
#ifdef SUPPORTS
#define SUPPORTS_SLOT kernel_supports
#else
#define SUPPORTS_SLOT NULL
#endif
/* supports is missing and destroy cut off: the core puts stubs there. */
static const ds_kernel kernel = {offsetof(ds_kernel, destroy),
                                 0,
                                 TEXT("test.kernel"),
                                 TEXT(KERNEL),
                                 0,
                                 0,
                                 TEXT("cpu"),
                                 TEXT("f32 f64"),
                                 PRIORITY,
                                 0,
                                 NULL,
                                 SUPPORTS_SLOT,
                                 kernel_create,
                                 kernel_run,
                                 NULL};
#endif

#ifdef PASS
static int32_t pass_run(void* self, ds_edit* edit) {
  (void)self, (void)edit;
  return DS_OK;
}
static const ds_pass pass = {sizeof(ds_pass), 0, TEXT(PASS), DS_STAGE_GRAPH, DS_EXACT, ORDER, 0, NULL, pass_run};
#endif

#ifdef SERVICE
static int32_t service_call(void* self, const char* method, uint64_t method_length, const ds_value* args,
                            uint32_t count, ds_row_sink sink, void* user, const ds_error_sink* error) {
  (void)self, (void)method, (void)method_length, (void)args, (void)count, (void)sink, (void)user;
  error->set(error->context, DS_NOT_FOUND, "no methods", 10);
  return DS_NOT_FOUND;
}
static const ds_service service = {sizeof(ds_service), 0, TEXT("format"), TEXT(SERVICE), TEXT(""), NULL, service_call};
#endif

static int32_t initialize(const ds_plugin* plugin, const ds_host* host, const ds_error_sink* error) {
  (void)plugin, (void)error;
#define PROVIDE(id, what)                                          \
  do {                                                             \
    int32_t status = host->provide(host, id, sizeof id - 1, what); \
    if (status) return status;                                     \
  } while (0)
#ifdef KERNEL
  PROVIDE(DS_KERNEL_INTERFACE, &kernel);
#endif
#ifdef PASS
  PROVIDE(DS_PASS_INTERFACE, &pass);
#endif
#ifdef SERVICE
  PROVIDE(DS_SERVICE_INTERFACE, &service);
#endif
#ifndef NO_OPERATOR
#ifdef NULL_DESCRIPTOR
  PROVIDE(INTERFACE, NULL);
#elif defined(IGNORES_REFUSAL)
  (void)host->provide(host, INTERFACE, sizeof INTERFACE - 1, &descriptor);
#else
  PROVIDE(INTERFACE, &descriptor);
#endif
#endif
#ifdef INITIALIZE_FAILS
  error->set(error->context, DS_OUT_OF_MEMORY, "the board has no memory", 23);
  return DS_OUT_OF_MEMORY;
#endif
  return DS_OK;
}

static const ds_plugin plugin = {PLUGIN_SIZE,
                                 PLUGIN_BITS,
                                 MAGIC,
                                 MAJOR,
                                 0,
                                 MINIMUM,
                                 LAYOUT,
                                 TEXT(NAME),
                                 TEXT(VERSION),
                                 TEXT("Breaks at most one promise."),
                                 TEXT("Apache-2.0"),
                                 TEXT(DEPENDENCIES),
                                 NULL,
                                 initialize};

#ifndef NO_DOOR
DS_EXPORT const ds_plugin* ds_plugin_query_v1(const ds_host* host, const ds_error_sink* error) {
#ifdef HANGS
  for (;;) pause();
#endif
#ifdef CRASHES
  *(volatile int*)8 = 1;
#endif
#ifdef EXITS
  exit(0);
#endif
#ifdef REFUSES
  if (error) error->set(error->context, DS_UNSUPPORTED, "no board is plugged in", 22);
  return NULL;
#endif
#ifdef REFUSES_SILENTLY
  return NULL;
#endif
  if (!host || host->abi_major != DS_ABI_MAJOR) {
    if (error) error->set(error->context, DS_BAD_PLUGIN, "built for ABI major 1", 21);
    return NULL;
  }
  return &plugin;
}
#endif
