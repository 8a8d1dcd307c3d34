/* draft/pass.h: "ds.pass/1", a rewriting of a graph, made through a mutation table that keeps the graph whole.
 *
 * A pass runs on one graph at a time, in topological order of nodes; ids are stable while it runs. Graph passes see
 * operators; program passes run after every node has its kernel and decide about memory. */
#ifndef DEEPSEEK_DRAFT_PASS_H
#define DEEPSEEK_DRAFT_PASS_H
#include "deepseek/draft/kernel.h"
DS_EXTERN_C_BEGIN

#define DS_PASS_INTERFACE "ds.pass/1"

#define DS_STAGE_GRAPH 1   /* before kernels are chosen */
#define DS_STAGE_PROGRAM 2 /* after; only alias and place may be called */

#define DS_EXACT 1u        /* same bits as without the pass */
#define DS_REASSOCIATES 2u /* same mathematics, other rounding */
#define DS_APPROXIMATES 3u

typedef uint32_t ds_node_id;
typedef uint32_t ds_value_id;
#define DS_NO_ID 0xffffffffu

#define DS_VALUE_LEAF 1u     /* comes from outside: parameter, data, runtime scalar */
#define DS_VALUE_OUTPUT 2u   /* somebody outside wants it */
#define DS_VALUE_CONSTANT 4u /* known now: constant_data */
#define DS_VALUE_DONATED 8u  /* a leaf nobody else holds: its memory may be reused after its last use */
#define DS_VALUE_SCALAR 16u  /* a runtime scalar leaf */

typedef struct ds_edit_node { /* [growing] borrowed until the next mutation of the graph */
  uint64_t size;
  ds_node node; /* op, specs, attributes, expr */
  uint64_t traits;
  ds_text role;
  const ds_value_id* inputs; /* DS_NO_ID = absent optional */
  const ds_value_id* outputs;
  ds_kernel_offer offer; /* program stage: of the chosen kernel */
  uint64_t dead_after;   /* program stage: reserved */
} ds_edit_node;

typedef struct ds_edit_value { /* [growing] */
  uint64_t size;
  ds_spec spec;
  uint32_t flags;
  uint32_t uses;       /* by nodes; each operand counts */
  ds_node_id producer; /* DS_NO_ID for leaves and constants */
  uint32_t output_index;
  const void* constant_data; /* dense, when DS_VALUE_CONSTANT and small enough to be kept on the host */
  /* program stage: the memory it stands for. Values that share memory share `buffer` (aliases, in-place chains). */
  ds_value_id buffer;   /* representative; DS_NO_ID: has no memory of its own in the arena (leaf, output, constant) */
  uint32_t first, last; /* instruction numbers between which `buffer` is alive, both included */
  uint64_t nbytes;      /* of `buffer` */
} ds_edit_value;

typedef struct ds_edit { /* [growing] [serial] */
  uint64_t size;
  void* context;
  /* Reading. next walks the nodes in order, previous backwards: after DS_NO_ID comes the first (last), after the last
   * (first) DS_NO_ID. Fails: DS_INVALID_ARGUMENT for what is no node. */
  int32_t (*next)(const struct ds_edit*, ds_node_id node, ds_node_id* found);
  int32_t (*previous)(const struct ds_edit*, ds_node_id node, ds_node_id* found);
  int32_t (*node)(const struct ds_edit*, ds_node_id node, ds_edit_node* out);
  int32_t (*value)(const struct ds_edit*, ds_value_id value, ds_edit_value* out);
  int32_t (*value_count)(const struct ds_edit*, uint32_t* count); /* ids are below this */
  /* Distinct nodes: as many as there is room for; *count becomes how many there are. */
  int32_t (*users)(const struct ds_edit*, ds_value_id value, ds_node_id* out, uint32_t capacity, uint32_t* count);
  /* Changing (graph stage). Each checks what it is given: DS_INVALID_ARGUMENT, graph unchanged. */
  int32_t (*insert)(struct ds_edit*, ds_node_id before, const char* op, uint64_t op_length, const ds_value_id* inputs,
                    uint32_t input_count, const ds_attribute* attributes, uint32_t attribute_count,
                    ds_node_id* node); /* op or "@role"; shapes inferred; location and name come from `before` */
  int32_t (*replace)(struct ds_edit*, ds_value_id old_value, ds_value_id new_value); /* everywhere, outputs included */
  int32_t (*erase)(struct ds_edit*, ds_node_id node); /* its outputs must be unused; effects cannot be erased */
  int32_t (*evaluate)(struct ds_edit*,
                      ds_node_id node); /* runs the reference on constant inputs; its outputs become constants */
  /* Memory (program stage). */
  int32_t (*alias)(struct ds_edit*, ds_node_id node, uint32_t input);     /* output 0 computed in place of that input */
  int32_t (*place)(struct ds_edit*, ds_value_id buffer, uint64_t offset); /* in the arena, 64-byte aligned */
  int32_t (*arena)(struct ds_edit*, uint64_t nbytes);
  /* One line for explain(): what was done and why, or why not. */
  int32_t (*note)(struct ds_edit*, ds_node_id node, const char* text, uint64_t length);
  int32_t (*fail)(struct ds_edit*, ds_status code, const char* text, uint64_t length);
} ds_edit;

typedef struct ds_pass { /* [growing] */
  uint64_t size;
  uint64_t must_understand;
  ds_text name; /* "fuse" */
  uint32_t stage;
  uint32_t numerics; /* DS_EXACT ..: DS_NUMERICS=strict lets only exact ones run */
  int32_t order;     /* ascending within a stage: cse 100, fold 200, dce 900; fuse 500; inplace 100, plan 200 */
  uint32_t reserved;
  void* self;
  int32_t (*run)(void* self, ds_edit* edit); /* [any] */
} ds_pass;
DS_STATIC_ASSERT(sizeof(void*) != 8 || offsetof(ds_edit, fail) == 128, "ds_edit only grows");
DS_STATIC_ASSERT(sizeof(void*) != 8 || offsetof(ds_pass, run) == 56, "ds_pass only grows");

DS_EXTERN_C_END
#endif
