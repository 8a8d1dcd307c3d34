/* draft/kernel.h: "ds.kernel/1", one row of a kernel library: which nodes it takes and how it runs them. */
#ifndef DEEPSEEK_DRAFT_KERNEL_H
#define DEEPSEEK_DRAFT_KERNEL_H
#include "deepseek/draft/operator.h"
DS_EXTERN_C_BEGIN

#define DS_KERNEL_INTERFACE "ds.kernel/1"

#define DS_INPUT_CONSTANT 1u /* a parameter: the same buffer comes again, its ds_tensor.version tells when it changed \
                              */

#define DS_NODE_STRICT \
  1u /* every operation rounds by itself: nothing contracted or reassociated beyond the reference */

typedef struct ds_node { /* [growing] what supports and create see */
  uint64_t size;
  ds_text op;
  uint32_t version;
  uint32_t op_class;
  uint32_t input_count;
  uint32_t output_count;
  uint32_t attribute_count;
  uint32_t flags; /* DS_NODE_* */
  const ds_spec* const* inputs;
  const ds_spec* const* outputs;
  const ds_value* attributes;
  const uint32_t* input_flags;         /* DS_INPUT_* */
  const int64_t* const* input_strides; /* per input, in elements; NULL entry = dense; NULL during supports */
  const void* expr;                    /* of an elementwise node, else NULL */
  uint64_t expr_size;
} ds_node;

typedef struct ds_kernel_offer { /* [growing] filled by supports; zeroed before */
  uint64_t size;
  double cost;             /* estimated seconds; 0 = unknown. Among supporting rows: priority first, then cost */
  uint64_t strided_inputs; /* bit i: input i may come with arbitrary strides instead of dense */
  uint64_t in_place;       /* bit i: output 0 may be the memory of input i, if dense and of the same size */
} ds_kernel_offer;

typedef struct ds_kernel { /* [growing] */
  uint64_t size;
  uint64_t must_understand;
  ds_text name; /* "onednn.matmul", shown by explain() */
  ds_text op;   /* operator's name; "*" = any elementwise node with an expr */
  uint32_t version_minimum;
  uint32_t version_maximum; /* 0 = any */
  ds_text device;           /* driver's name: "cpu" */
  ds_text dtypes;           /* of input 0 (or output 0 without inputs), separated by blanks; empty = any */
  int32_t priority;         /* higher wins; the built-in cpu kernels use 0, library kernels 10 */
  uint32_t reserved;
  void* self;
  /* [any] DS_OK and the offer, or DS_UNSUPPORTED (no error is set). */
  int32_t (*supports)(void* self, const ds_node* node, ds_kernel_offer* offer);
  /* [any] Binds everything that can be bound; workspace: bytes each run needs. node is borrowed for the call. */
  int32_t (*create)(void* self, const ds_node* node, const ds_error_sink* error, void** state, uint64_t* workspace);
  /* [serial per state] Computes or, on an asynchronous device, enqueues on args->stream. */
  int32_t (*run)(void* state, const ds_run_args* args);
  void (*destroy)(void* state);
} ds_kernel;
DS_STATIC_ASSERT(sizeof(void*) != 8 || offsetof(ds_node, expr_size) == 96, "ds_node only grows");
DS_STATIC_ASSERT(sizeof(void*) != 8 || offsetof(ds_kernel, destroy) == 128, "ds_kernel only grows");

DS_EXTERN_C_END
#endif
