/* acme.thing in C11: x * factor, with shape, meaning, gradient and samples. Needs the C headers only. */
#include "deepseek/draft/operator.h"

#include <string.h>

#define TEXT(literal) \
  { literal, sizeof(literal) - 1 }

static int32_t infer(void* self, ds_infer_args* args) {
  (void)self;
  const ds_spec* x = args->inputs[0];
  args->outputs[0]->rank = x->rank;
  memcpy(args->outputs[0]->shape, x->shape, sizeof x->shape);
  return DS_OK;
}

/* d(x * factor) = dy * factor, written with an operator every installation has. */
static int32_t gradient(void* self, ds_gradient_args* args) {
  (void)self;
  if (!args->needs[0] || !args->output_gradients[0]) return DS_OK;
  ds_spec spec;
  ds_build_value operands[2] = {args->output_gradients[0], 0};
  int32_t status = args->builder->spec(args->builder, operands[0], &spec);
  if (status == DS_OK) status = args->builder->constant(args->builder, &args->attributes[0], spec.dtype, &operands[1]);
  if (status == DS_OK)
    status = args->builder->call(args->builder, "mul", 3, operands, 2, NULL, 0, &args->input_gradients[0], 1);
  return status;
}

/* Every input may be strided; outputs are dense. */
#define DEFINE_REFERENCE(T)                                                                \
  static void reference_##T(const ds_dl_tensor* x, const ds_dl_tensor* y, double factor) { \
    const T* from = (const T*)((const char*)x->data + x->byte_offset);                     \
    T* to = (T*)((char*)y->data + y->byte_offset);                                         \
    int64_t count = 1, at = 0, index[DS_MAX_RANK] = {0};                                   \
    for (int32_t i = 0; i < x->ndim; ++i) count *= x->shape[i];                            \
    for (int64_t n = 0; n < count; ++n) {                                                  \
      to[n] = (T)(from[at] * factor);                                                      \
      for (int32_t i = x->ndim - 1; i >= 0; --i) {                                         \
        at += x->strides[i];                                                               \
        if (++index[i] < x->shape[i]) break;                                               \
        at -= x->strides[i] * x->shape[i];                                                 \
        index[i] = 0;                                                                      \
      }                                                                                    \
    }                                                                                      \
  }
DEFINE_REFERENCE(float)
DEFINE_REFERENCE(double)

static int32_t reference(void* self, const ds_run_args* args) {
  (void)self;
  const ds_dl_tensor *x = &args->inputs[0]->dl, *y = &args->outputs[0]->dl;
  double factor = args->attributes[0].u.f;
  if (x->dtype.code == DS_CODE_FLOAT && x->dtype.bits == 32) return reference_float(x, y, factor), DS_OK;
  if (x->dtype.code == DS_CODE_FLOAT && x->dtype.bits == 64) return reference_double(x, y, factor), DS_OK;
  static const char text[] = "acme.thing computes in f32 and f64";
  args->error->set(args->error->context, DS_DTYPE_MISMATCH, text, sizeof text - 1);
  return DS_DTYPE_MISMATCH;
}

static int32_t samples(void* self, ds_text_sink sink, void* user) {
  (void)self;
  int32_t status = sink(user, "f32[2,3]", 8);
  return status ? status : sink(user, "f64[4]; factor=-2.5", 19);
}

static const ds_operator thing = {.size = sizeof(ds_operator),
                                  .schema = TEXT("acme.thing(x: float, *, factor: float = 2) -> float"),
                                  .summary = TEXT("x * factor."),
                                  .version = 1,
                                  .op_class = DS_CLASS_OPAQUE,
                                  .infer = infer,
                                  .gradient = gradient,
                                  .reference = reference,
                                  .samples = samples};

static int32_t initialize(const ds_plugin* plugin, const ds_host* host, const ds_error_sink* error) {
  (void)plugin, (void)error;
  return host->provide(host, DS_OPERATOR_INTERFACE, sizeof DS_OPERATOR_INTERFACE - 1, &thing);
}

static const ds_plugin plugin = {
    DS_PLUGIN_STAMP,    TEXT("acme.thing"), TEXT("0.1.0"), TEXT("The operator acme.thing."),
    TEXT("Apache-2.0"), TEXT(""),           NULL,          initialize};

DS_EXPORT const ds_plugin* ds_plugin_query_v1(const ds_host* host, const ds_error_sink* error) {
  static const char text[] = "acme.thing is built for ABI major 1";
  if (host && host->abi_major == DS_ABI_MAJOR) return &plugin;
  if (error && error->set) error->set(error->context, DS_BAD_PLUGIN, text, sizeof text - 1);
  return NULL;
}
