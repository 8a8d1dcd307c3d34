/* draft/operator.h: "ds.operator/1", an operator: its schema, what it infers, its gradient, its meaning.
 *
 * Schema, one line:   name(inputs, *, attributes) -> outputs
 *   conv2d(x: float, weight: float, bias: float?, *, stride: ints = [1,1], groups: int = 1) -> float
 *   inputs      name: type     type? = optional     type* = variadic (last input only)
 *   attributes  name: kind = default    kind: int float flag string ints floats dtype bytes; without default: required
 *   defaults    1, 1.5, true, false, "text", [1,2], f32, none
 *   outputs     type, or name: type, several separated by commas, a last type* for variadic
 *   types       a class: any number (bool, int, float) real (int, float) float int bool complex, or a dtype: f32 i64
 * ... Inputs of one class share one dtype variable: they are promoted to a common dtype (NumPy's rules, Python scalars
 * weak; integers to the default float where the class is float) and cast before the operator sees them. A digit makes
 * another variable of the same class (any2). An output takes its variable's dtype unless infer sets another. A random
 * operator (DS_CLASS_RANDOM) has an input `state: u64`, [2]: seed and offset; absent in a call, the host fills it and
 * moves the context's counter on. */
#ifndef DEEPSEEK_DRAFT_OPERATOR_H
#define DEEPSEEK_DRAFT_OPERATOR_H
#include "deepseek/ds_plugin.h"
DS_EXTERN_C_BEGIN

#define DS_OPERATOR_INTERFACE "ds.operator/1"

/* classes */
#define DS_CLASS_ELEMENTWISE 1u /* broadcasts its inputs; has an expr, or its attribute `expr` is one */
#define DS_CLASS_REDUCE 2u
#define DS_CLASS_VIEW 3u /* has `view`: never a node itself, the host records read_view */
#define DS_CLASS_CONTRACTION 4u
#define DS_CLASS_GATHER 5u
#define DS_CLASS_RANDOM 6u
#define DS_CLASS_EFFECT 7u
#define DS_CLASS_OPAQUE 8u
#define DS_CLASS_CREATE 9u /* no inputs: fill, arange */

/* traits */
#define DS_TRAIT_COMMUTATIVE 1ull
#define DS_TRAIT_EFFECT 2ull         /* never removed, merged or reordered against others of its domain */
#define DS_TRAIT_DATA_DEPENDENT 4ull /* output size is known only after running; ends the recording */
#define DS_TRAIT_MAY_FAIL 16ull /* the content of an input can make it fail: indices; its program donates nothing */
#define DS_TRAIT_NOT_DIFFERENTIABLE 8ull /* gradient is zero or undefined by definition: comparisons, argmax */

/* Slots of ds_infer. All specs of inputs are concrete; attributes are complete, in schema order, defaults filled in. */
typedef struct ds_infer_args { /* [frozen] */
  const ds_error_sink* error;
  const ds_spec* const* inputs; /* absent optional: kind DS_KIND_OPTIONAL */
  const ds_value* attributes;
  ds_spec* const* outputs; /* device and dtype variable are filled in; set shape and rank, dtype when it differs */
  uint32_t input_count;
  uint32_t attribute_count;
  uint32_t output_count; /* in: of the schema, or capacity where variadic; out: what the call yields */
  uint32_t reserved;
} ds_infer_args;

typedef struct ds_view_args { /* [frozen] */
  const ds_error_sink* error;
  const ds_spec* input;
  const ds_view_spec* source; /* where the input's elements lie; strides of any sign, 0 included */
  const ds_value* attributes;
  ds_view_spec* result;
} ds_view_args;

/* ---- builder: how gradient and decompose emit nodes. Errors stick: after a failure every call answers 0 values. ----
 */
typedef uint64_t ds_build_value; /* 0 = absent */
typedef struct ds_attribute {    /* [frozen] */
  ds_text name;
  ds_value value;
} ds_attribute;
typedef struct ds_builder { /* [growing]; lives as long as the call that got it [serial] */
  uint64_t size;
  void* context;
  /* op: a name ("matmul") or a role ("@accumulate"). outputs: room for output_capacity values. Inputs are promoted and
   * attributes completed as in any call. */
  int32_t (*call)(struct ds_builder*, const char* op, uint64_t op_length, const ds_build_value* inputs,
                  uint32_t input_count, const ds_attribute* attributes, uint32_t attribute_count,
                  ds_build_value* outputs, uint32_t output_capacity);
  int32_t (*spec)(struct ds_builder*, ds_build_value value, ds_spec* spec);
  /* A 0-d constant of that dtype. Part of the program, unlike a runtime scalar. */
  int32_t (*constant)(struct ds_builder*, const ds_value* scalar, ds_dtype dtype, ds_build_value* value);
  int32_t (*fail)(struct ds_builder*, ds_status code, const char* text, uint64_t length);
} ds_builder;

typedef struct ds_gradient_args { /* [frozen] */
  ds_builder* builder;
  const ds_build_value* inputs;  /* those not declared in reads_inputs have a spec but no content */
  const ds_build_value* outputs; /* likewise, reads_outputs */
  const ds_value* attributes;
  const ds_build_value* output_gradients; /* 0 = that output got none */
  const uint8_t* needs;                   /* per input: 1 = wanted */
  ds_build_value* input_gradients;        /* out; 0 = zero. Shapes must equal those of the inputs */
  uint32_t input_count;
  uint32_t output_count;
  uint32_t attribute_count;
  uint32_t reserved;
} ds_gradient_args;

typedef struct ds_decompose_args { /* [frozen] */
  ds_builder* builder;
  const ds_build_value* inputs;
  const ds_value* attributes;
  ds_build_value* outputs;
  uint32_t input_count;
  uint32_t output_count;
  uint32_t attribute_count;
  uint32_t reserved;
} ds_decompose_args;

/* One call of a kernel or reference. Built once per program; only addresses change between runs. */
typedef struct ds_run_args { /* [frozen] */
  const ds_error_sink* error;
  const ds_tensor* const* inputs; /* an absent optional input is NULL */
  ds_tensor* const* outputs;      /* never overlap inputs unless the pair was offered in place */
  const ds_value* attributes;
  uint32_t input_count;
  uint32_t output_count;
  uint32_t attribute_count;
  uint32_t reserved;
  void* workspace; /* of the size create asked for, 64-byte aligned; its content does not survive the call */
  void* stream;    /* of the device; NULL on cpu */
} ds_run_args;

/* A sample: one call the operator must pass, given as text "f32[2,3], f32[3,4]; axis=1, keepdims=true". Prefixes:
 * "i64[4]<3" draws integers below 3, "f32[5]>0" positive, "f32[3](0,1)" from the interval, "-" is an absent input. */
typedef struct ds_operator { /* [growing] */
  uint64_t size;
  uint64_t must_understand;
  ds_text schema;
  ds_text summary;  /* one line for help(), with its source (paper, standard) where there is one */
  ds_text role;     /* empty, or what the core may ask for: see primitives.md */
  uint32_t version; /* of the semantics; saved graphs carry it */
  uint32_t op_class;
  uint64_t traits;
  uint64_t reads_inputs;  /* bit i: gradient reads the content of input i (bit 63: of all from 63 on) */
  uint64_t reads_outputs; /* bit i: of output i */
  const void* expr;       /* ds.expr/1 bytes of an elementwise operator: inputs, then numeric attributes in order */
  uint64_t expr_size;
  void* self;
  /* All [any]; NULL where absent. infer is required unless elementwise or view. */
  int32_t (*infer)(void* self, ds_infer_args* args);
  int32_t (*view)(void* self, ds_view_args* args); /* DS_UNIMPLEMENTED: not a view of this source, copy it first */
  int32_t (*gradient)(void* self, ds_gradient_args* args);
  int32_t (*decompose)(void* self, ds_decompose_args* args);
  int32_t (*reference)(void* self, const ds_run_args* args); /* on cpu; strided inputs, dense outputs */
  int32_t (*samples)(void* self, ds_text_sink sink, void* user);
} ds_operator;

DS_STATIC_ASSERT(sizeof(void*) != 8 || (sizeof(ds_infer_args) == 48 && sizeof(ds_view_args) == 40), "frozen");
DS_STATIC_ASSERT(sizeof(void*) != 8 || (sizeof(ds_gradient_args) == 72 && sizeof(ds_decompose_args) == 48), "frozen");
DS_STATIC_ASSERT(sizeof(void*) != 8 || (sizeof(ds_run_args) == 64 && sizeof(ds_attribute) == 32), "frozen");
DS_STATIC_ASSERT(sizeof(void*) != 8 || offsetof(ds_builder, fail) == 40, "ds_builder only grows");
DS_STATIC_ASSERT(sizeof(void*) != 8 || offsetof(ds_operator, samples) == 160, "ds_operator only grows");

/* Elementwise operators whose attribute `expr` (bytes) is the program (role "map") have expr == NULL. */

DS_EXTERN_C_END
#endif
