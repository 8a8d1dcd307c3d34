/* native.h: what the C files of deepseek._native share: the Tensor object, module state, calls that every slot needs.
 * Limited API of CPython 3.10. Everything here runs with the GIL held unless it says otherwise. */
#ifndef DEEPSEEK_PYTHON_NATIVE_H
#define DEEPSEEK_PYTHON_NATIVE_H
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

#include "deepseek/ds.h"

typedef struct {
  PyObject head;
  ds_handle handle;
  PyObject* weak;
} tensor_object;

/* Slots whose operator the Python side names once, in deepseek/sugar.py. Same order as native_slot_names. */
enum native_slot {
  SLOT_ADD,
  SLOT_SUBTRACT,
  SLOT_MULTIPLY,
  SLOT_TRUE_DIVIDE,
  SLOT_FLOOR_DIVIDE,
  SLOT_REMAINDER,
  SLOT_POWER,
  SLOT_MATMUL,
  SLOT_AND,
  SLOT_OR,
  SLOT_XOR,
  SLOT_LSHIFT,
  SLOT_RSHIFT,
  SLOT_LT,
  SLOT_LE,
  SLOT_EQ,
  SLOT_NE,
  SLOT_GT,
  SLOT_GE,
  SLOT_NEGATIVE,
  SLOT_POSITIVE,
  SLOT_ABSOLUTE,
  SLOT_COUNT
};
extern const char* const native_slot_names[SLOT_COUNT];

typedef struct {
  ds_handle context;
  PyTypeObject* base;   /* the C type */
  PyTypeObject* tensor; /* deepseek.Tensor, what calls yield; base until set */
  PyObject* convert;    /* any object -> Tensor or NotImplemented */
  PyObject* index_get;  /* advanced indexing (tensor, key) -> Tensor */
  PyObject* index_set;  /* advanced indexing (tensor, key, value) */
  PyObject* resolve;    /* (code, offset) -> "file.py:12   source" */
  PyObject* dtype_code; /* any dtype-like -> int */
  PyObject* dtypes;     /* {code: dtype object} */
  PyObject* devices;    /* {(type, index): name} */
  PyObject* errors;     /* {status: exception class} */
  PyObject* cast_error; /* the class of a failed in-place cast */
  ds_operator_id slots[SLOT_COUNT];
  ds_operator_id bool_slots[SLOT_COUNT]; /* where both operands are bool: & | ^ */
} native_state;
extern native_state native;

/* Both are checked by the caller: an exact or derived Tensor. */
#define TENSOR(object) ((tensor_object*)(object))
static inline int native_is_tensor(PyObject* object) {
  return Py_TYPE(object) == native.tensor || PyObject_TypeCheck(object, native.base);
}

/* tensor.c. Takes over the handle, also when it fails. */
PyObject* native_new(ds_handle handle);
int native_tensor_ready(PyObject* module);
int native_spec(PyObject* tensor, ds_spec* spec);

/* release.c: freed handles wait for the next drain; foreign owners are dropped there too, under the GIL. */
void native_queue(ds_handle handle);
void native_drain(void);            /* everything; before whatever evaluates */
void native_drain_if_full(void);    /* cheap; before whatever records */
void native_drop_later(void* user); /* [any] user: a PyObject* owned by the caller; callable without the GIL */
void native_call_later(void (*function)(void*), void* user); /* [any] a foreign deleter */

/* errors.c: raises the Python exception of the thread's last failure; answers NULL or -1. */
PyObject* native_raise(int32_t status);
int native_fail(int32_t status);
int native_refuse(int32_t status, const char* text); /* a failure of our own; answers -1 */
static inline int native_check(int32_t status) { return status == DS_OK ? 0 : native_fail(status); }

/* location.c: the user's frame as code index << 32 | bytecode offset; 0 when there is none. */
uint64_t native_location(void);
int32_t native_resolve_location(void* user, uint64_t location, ds_text_sink sink, void* sink_user);
int native_set_package(PyObject* folder);

/* value.c. Python scalars and tensors as inputs of a call. 1: done, 0: not ours (NotImplemented), -1: error.
 * *keep becomes what must stay alive until the call returns, or NULL. */
int native_input(PyObject* object, ds_value* value, PyObject** keep);
PyObject* native_scalar(const ds_value* value);

/* arithmetic.c, indexing.c */
extern PyType_Slot native_number_slots[];
PyObject* native_copy(PyObject* a);
PyObject* native_compare(PyObject* a, PyObject* b, int operation);
PyObject* native_subscript(PyObject* self, PyObject* key);
int native_assign_subscript(PyObject* self, PyObject* key, PyObject* value);
PyObject* native_item_at(PyObject* self, Py_ssize_t index);
PyObject* native_assign(PyObject* module, PyObject* args);
PyObject* native_strided(PyObject* module, PyObject* args);

/* operator.c, memory.c, dlpack.c */
int native_operator_ready(PyObject* module);
int native_export_ready(PyObject* module);
PyObject* native_wrap(PyObject* module, PyObject* args);
PyObject* native_to_dlpack(PyObject* module, PyObject* args);
PyObject* native_from_dlpack(PyObject* module, PyObject* args);

/* service.c */
PyObject* native_texts(PyObject* module, PyObject* args);
PyObject* native_invoke(PyObject* module, PyObject* args);
PyObject* native_counters(PyObject* module, PyObject* args);
PyObject* native_set_option(PyObject* module, PyObject* args);

/* Evaluating calls run without the GIL and after a drain, so that nothing dead is computed. */
#define NATIVE_EVALUATE(status, call)       \
  do {                                      \
    native_drain();                         \
    Py_BEGIN_ALLOW_THREADS status = (call); \
    Py_END_ALLOW_THREADS                    \
  } while (0)

#endif
