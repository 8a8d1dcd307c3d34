/* ds.h: what frontends call: contexts, tensors, operators, gradients, graphs, plugins, errors.
 *
 * Everything is reached by 64-bit handles, checked at every call: NULL (0), released, foreign and garbage handles are
 * DS_STALE_HANDLE, never a crash. All functions are [any]. Every function answers a status; the text of the calling
 * thread's last failure in a context is ds_error. Outputs are untouched on failure. Nothing is printed, nothing aborts.
 * A call records; nothing runs until somebody looks at a value. Recording is per thread. Callbacks run without any lock
 * and may call back; a sink's nonzero answer ends the listing and is answered. A child of fork goes on with one thread.
 */
#ifndef DEEPSEEK_DS_H
#define DEEPSEEK_DS_H
#include "deepseek/ds_types.h"
DS_EXTERN_C_BEGIN

#if defined(__GNUC__)
#define DS_API __attribute__((visibility("default")))
#else
#define DS_API
#endif

typedef uint64_t ds_handle;      /* context, tensor, graph: generation and index; 0 = none */
typedef uint64_t ds_operator_id; /* of one context; 0 = none */

/* ---- contexts -------------------------------------------------------------------------------------------------- */
/* A context owns a registry, recordings, programs and memory; contexts share nothing. Looks for plugins as abi.md says
 * but opens none that nothing needs. Reads DS_EAGER, DS_NUMERICS, DS_PLUGIN_PATH, DS_PLUGIN_POLICY unless privileges
 * are raised. */
DS_API int32_t ds_context_create(ds_handle* context);
/* Runs effects that are recorded, waits for what runs, releases everything; its handles become stale. Fails:
 * DS_INVALID_ARGUMENT while a call of the context is running, the one whose callback this is for instance. */
DS_API int32_t ds_context_destroy(ds_handle context);
/* Options: "eager" (flag), "numerics" (string: default, strict), "check_finite" (flag: the first operator that makes a
 * NaN or infinity is an error DS_NON_FINITE), "flush_nodes" (int), "flush_bytes" (int), "float" (dtype: what integers
 * become in float operators; f32), "kernels" (flag: off = references only), "composites" (flag: off = every composite
 * is decomposed). */
DS_API int32_t ds_set_option(ds_handle context, const char* name, uint64_t length, const ds_value* value);
/* The calling thread's last failure: text with operator, shapes and, after "\n  recorded at ", the user's line.
 * Borrowed until the thread's next failing call in the context. location: 0 = none. */
DS_API int32_t ds_error(ds_handle context, int32_t* code, ds_text* text, uint64_t* location);
DS_API const char* ds_status_name(int32_t status); /* "DS_SHAPE_MISMATCH"; static */
/* Locations are the frontend's own numbers; this turns one into "train.py:12   logits = h @ w". Called with no lock
 * held that a frontend could need; resolver must stay valid as long as the context. */
typedef int32_t (*ds_location_resolver)(void* user, uint64_t location, ds_text_sink sink, void* sink_user);
DS_API int32_t ds_set_location_resolver(ds_handle context, ds_location_resolver resolver, void* user);
DS_API int32_t ds_version(uint32_t* major, uint32_t* minor, ds_text* text);

/* ---- plugins --------------------------------------------------------------------------------------------------- */
DS_API int32_t ds_plugin_load(ds_handle context, const char* path, uint64_t length);
/* A folder searched after DS_PLUGIN_PATH (Python entry points); absolute. */
DS_API int32_t ds_plugin_folder(ds_handle context, const char* path, uint64_t length);
/* One JSON object per plugin found: name, version, path, loaded, provides, error. */
DS_API int32_t ds_plugins(ds_handle context, ds_text_sink sink, void* user);
/* Names of all services of a kind. */
DS_API int32_t ds_services(ds_handle context, const char* kind, uint64_t length, ds_text_sink sink, void* user);
/* Calls a method of a service (see draft/service.h). Handles of tensors among args, also inside lists, reach it as
 * evaluated tensors; tensors in answers come back as handles owned by the caller. */
typedef int32_t (*ds_answer_sink)(void* user, const ds_value* values, uint32_t count);
DS_API int32_t ds_invoke(ds_handle context, const char* kind, uint64_t kind_length, const char* name,
                         uint64_t name_length, const char* method, uint64_t method_length, const ds_value* args,
                         uint32_t count, ds_answer_sink sink, void* user);

/* ---- operators ------------------------------------------------------------------------------------------------- */
DS_API int32_t ds_operator_find(ds_handle context, const char* name, uint64_t length, ds_operator_id* op);
DS_API int32_t ds_operators(ds_handle context, ds_text_sink sink, void* user); /* names */
/* "schema" (its text), "summary", "samples" (one a line), "plugin", "class", "traits", "version", "role". */
DS_API int32_t ds_operator_info(ds_handle context, ds_operator_id op, const char* what, uint64_t length,
                                ds_text_sink sink, void* user);
/* Records one call. inputs: DS_HANDLE tensors, DS_INT/DS_FLOAT/DS_FLAG scalars (weak dtype, runtime values: another
 * value never compiles again), DS_NONE = absent. attributes: in schema order, DS_NONE or missing = default.
 * outputs: room for *output_count handles; *output_count becomes how many the call yields.
 * Errors of shape, dtype and attributes come here, with the location. */
DS_API int32_t ds_call(ds_handle context, ds_operator_id op, const ds_value* inputs, uint32_t input_count,
                       const ds_value* attributes, uint32_t attribute_count, uint64_t location, ds_handle* outputs,
                       uint32_t* output_count);
/* What ds_call would yield, without recording. specs: room for *count. */
DS_API int32_t ds_infer(ds_handle context, ds_operator_id op, const ds_value* inputs, uint32_t input_count,
                        const ds_value* attributes, uint32_t attribute_count, ds_spec* specs, uint32_t* count);

/* ---- tensors --------------------------------------------------------------------------------------------------- */
/* Copies the content of a cpu tensor of any strides. */
DS_API int32_t ds_tensor_copy_in(ds_handle context, const ds_tensor* source, ds_handle* tensor);
/* Shares foreign cpu memory; release(user) is called once nothing needs it. While it is alive operators that read it
 * run when they are recorded. */
DS_API int32_t ds_tensor_wrap(ds_handle context, const ds_tensor* source, void (*release)(void* user), void* user,
                              ds_handle* tensor);
DS_API int32_t ds_tensor_scalar(ds_handle context, const ds_value* value, ds_dtype dtype, ds_handle* tensor);
DS_API int32_t ds_retain(ds_handle context, ds_handle object);
DS_API int32_t ds_release(ds_handle context, ds_handle object);
DS_API int32_t ds_release_many(ds_handle context, const ds_handle* objects,
                               uint64_t count); /* stale ones are skipped */
DS_API int32_t ds_tensor_spec(ds_handle context, ds_handle tensor, ds_spec* spec);
/* Where it lies in its storage: element offset and strides, whether the storage is shared with others. */
DS_API int32_t ds_tensor_layout(ds_handle context, ds_handle tensor, ds_view_spec* layout);
/* A raw view: offset, shape and strides in elements, relative to the tensor's storage, checked to stay inside. */
DS_API int32_t ds_tensor_as_strided(ds_handle context, ds_handle tensor, int64_t offset, int32_t rank,
                                    const int64_t* shape, const int64_t* strides, uint64_t location, ds_handle* view);
/* Writes `value` (DS_HANDLE, broadcast, cast; or a scalar) into a tensor or view, seen by everything that shares the
 * storage. Fails: DS_READ_ONLY, DS_SHAPE_MISMATCH; under gradients DS_INVALID_ARGUMENT for a leaf that requires them,
 * and for a detached target whose value does. */
DS_API int32_t ds_assign(ds_handle context, ds_handle target, const ds_value* value, uint64_t location);
DS_API int32_t ds_set_read_only(ds_handle context, ds_handle tensor, int32_t read_only);
/* Evaluates. target: nbytes of dense C order. */
DS_API int32_t ds_tensor_read(ds_handle context, ds_handle tensor, void* target, uint64_t nbytes, uint64_t location);
DS_API int32_t ds_tensor_item(ds_handle context, ds_handle tensor, uint64_t location, ds_value* value);
/* Evaluates and lends the memory itself (cpu): valid until ds_export_release; writable = 1 makes operators reading the
 * storage run when recorded as long as the export lives. The answered tensor is owned by the core. */
DS_API int32_t ds_tensor_export(ds_handle context, ds_handle tensor, int32_t writable, uint64_t location,
                                const ds_tensor** exported);
DS_API int32_t ds_export_release(ds_handle context, const ds_tensor* exported);
/* device: "cpu", "null:0". */
DS_API int32_t ds_tensor_to(ds_handle context, ds_handle tensor, const char* device, uint64_t length, uint64_t location,
                            ds_handle* copy);
DS_API int32_t ds_devices(ds_handle context, ds_text_sink sink, void* user); /* "cpu:0 AMD EPYC .. avx512" */

/* ---- gradients ------------------------------------------------------------------------------------------------- */
DS_API int32_t ds_set_requires_grad(ds_handle context, ds_handle tensor, int32_t requires_grad);
DS_API int32_t ds_requires_grad(ds_handle context, ds_handle tensor, int32_t* requires_grad, int32_t* is_leaf);
/* Thread's mode; previous may be NULL. */
DS_API int32_t ds_set_grad_enabled(ds_handle context, int32_t enabled, int32_t* previous);
DS_API int32_t ds_detach(ds_handle context, ds_handle tensor, ds_handle* detached); /* shares storage */
#define DS_RETAIN_GRAPH 1u
#define DS_CREATE_GRAPH 2u /* implies DS_RETAIN_GRAPH: gradients can be differentiated */
#define DS_ALLOW_UNUSED 4u
/* Adds to .grad of every leaf reached. gradients: one per output, 0 = ones (outputs of one element only). Hooks run. */
DS_API int32_t ds_backward(ds_handle context, const ds_handle* outputs, const ds_handle* gradients, uint32_t count,
                           uint32_t flags, uint64_t location);
/* Answers gradients of inputs instead (0 = unused, allowed only with DS_ALLOW_UNUSED); .grad stays as it is. */
DS_API int32_t ds_grad(ds_handle context, const ds_handle* outputs, const ds_handle* gradients, uint32_t output_count,
                       const ds_handle* inputs, uint32_t input_count, uint32_t flags, uint64_t location,
                       ds_handle* results);
DS_API int32_t ds_tensor_grad(ds_handle context, ds_handle tensor, ds_handle* gradient); /* new reference; 0 = none */
DS_API int32_t ds_set_grad(ds_handle context, ds_handle tensor, ds_handle gradient);     /* 0 = none */
/* Called while backward is recorded, with the gradient; *replacement may be set to a tensor of the same shape (a new
 * reference that the core takes). A nonzero answer ends backward. released(user) is called when the hook goes. */
typedef int32_t (*ds_hook)(void* user, ds_handle gradient, ds_handle* replacement);
DS_API int32_t ds_hook_add(ds_handle context, ds_handle tensor, ds_hook hook, void (*released)(void* user), void* user,
                           uint64_t* id);
DS_API int32_t ds_hook_remove(ds_handle context, ds_handle tensor, uint64_t id);

/* ---- engine ---------------------------------------------------------------------------------------------------- */
/* Runs what the thread recorded; with handles, at least what they need is known to be computed. */
DS_API int32_t ds_evaluate(ds_handle context, const ds_handle* tensors, uint64_t count, uint64_t location);
DS_API int32_t ds_seed(ds_handle context, uint64_t seed);
/* seed and offset of the random counter, to save and restore. */
DS_API int32_t ds_random_state(ds_handle context, uint64_t state[2], int32_t set);
/* Rows (name: string, value: int or float): nodes, flushes and their reasons, programs, hits, bytes, peak .. */
DS_API int32_t ds_counters(ds_handle context, ds_answer_sink sink, void* user);
DS_API int32_t ds_explain(ds_handle context, ds_handle tensor, ds_text_sink sink, void* user); /* lines */

/* ---- graphs ---------------------------------------------------------------------------------------------------- */
/* What was recorded and not run yet, that these need, as text that parses back. */
DS_API int32_t ds_graph_text(ds_handle context, const ds_handle* tensors, uint32_t count, ds_text_sink sink,
                             void* user);
/* Parses and verifies. Fails: DS_CORRUPT with line and column. */
DS_API int32_t ds_graph_parse(ds_handle context, const char* text, uint64_t length, ds_handle* graph);
DS_API int32_t ds_graph_print(ds_handle context, ds_handle graph, ds_text_sink sink, void* user);
/* Records the graph's nodes on these inputs. outputs: room for *output_count. */
DS_API int32_t ds_graph_call(ds_handle context, ds_handle graph, const ds_handle* inputs, uint32_t input_count,
                             ds_handle* outputs, uint32_t* output_count);

DS_EXTERN_C_END
#endif /* DEEPSEEK_DS_H */
