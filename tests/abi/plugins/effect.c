/* An operator with an effect, which writes down every call, and one that always fails. */
#include <string.h>

#include "deepseek/draft/operator.h"

#define TEXT(literal) \
  { literal, sizeof(literal) - 1 }

/* Lies in the test; its address is the attribute `log`. */
struct log {
  int64_t count, tags[1000];
};

static int32_t infer(void* self, ds_infer_args* args) {
  (void)self;
  args->outputs[0]->rank = args->inputs[0]->rank;
  memcpy(args->outputs[0]->shape, args->inputs[0]->shape, sizeof args->inputs[0]->shape);
  return DS_OK;
}

/* y = x; inputs are vectors of floats. */
static int32_t effect(void* self, const ds_run_args* args) {
  (void)self;
  struct log* log = (struct log*)(uintptr_t)args->attributes[0].u.i;
  log->tags[log->count++ % 1000] = args->attributes[1].u.i;
  const ds_dl_tensor *x = &args->inputs[0]->dl, *y = &args->outputs[0]->dl;
  for (int64_t i = 0; i < x->shape[0]; ++i)
    ((float*)((char*)y->data + y->byte_offset))[i] =
        ((const float*)((const char*)x->data + x->byte_offset))[i * x->strides[0]];
  return DS_OK;
}

static int32_t fail(void* self, const ds_run_args* args) {
  (void)self;
  args->error->set(args->error->context, DS_IO_ERROR, "the printer is out of paper", 27);
  return DS_IO_ERROR;
}

static const ds_operator operators[] = {
    {sizeof(ds_operator), 0, TEXT("effect(x: float, *, log: int, tag: int = 0) -> float"),
     TEXT("Writes down that it ran."), TEXT(""), 1, DS_CLASS_EFFECT, DS_TRAIT_EFFECT, 0, 0, NULL, 0, NULL, infer, NULL,
     NULL, NULL, effect, NULL},
    {sizeof(ds_operator), 0, TEXT("fails(x: float) -> float"), TEXT("Cannot be run."), TEXT(""), 1, DS_CLASS_OPAQUE, 0,
     0, 0, NULL, 0, NULL, infer, NULL, NULL, NULL, fail, NULL},
};

static int32_t initialize(const ds_plugin* plugin, const ds_host* host, const ds_error_sink* error) {
  (void)plugin, (void)error;
  for (int i = 0; i < 2; ++i) {
    int32_t status = host->provide(host, DS_OPERATOR_INTERFACE, sizeof DS_OPERATOR_INTERFACE - 1, &operators[i]);
    if (status) return status;
  }
  return DS_OK;
}

static const ds_plugin plugin = {
    DS_PLUGIN_STAMP, TEXT("test.effect"), TEXT("1"), TEXT(""), TEXT("Apache-2.0"), TEXT(""), NULL, initialize};

DS_EXPORT const ds_plugin* ds_plugin_query_v1(const ds_host* host, const ds_error_sink* error) {
  (void)host, (void)error;
  return &plugin;
}
