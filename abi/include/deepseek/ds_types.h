/* ds_types.h: the types both sides of the C ABI share: status, dtype, tensor (DLPack first), packed value, spec.
 *
 * Major version 1. C11, C17 and C++20. Fixed-width integers only; nothing here ever changes size or meaning:
 * structs marked [frozen] are final, structs marked [growing] begin with their size and are only appended to.
 * Strings are UTF-8, pointer and length, never NUL-terminated by contract, borrowed for the call.
 * Slots and functions carry a thread tag: [any] from any thread, [init] while the plugin is being registered,
 * [serial] never twice at once for one instance. */
#ifndef DEEPSEEK_DS_TYPES_H
#define DEEPSEEK_DS_TYPES_H

#include <stddef.h>
#include <stdint.h>

#define DS_ABI_MAJOR 1
#define DS_ABI_MINOR 0

#ifdef __cplusplus
#define DS_STATIC_ASSERT(condition, text) static_assert(condition, text)
#define DS_EXTERN_C_BEGIN extern "C" {
#define DS_EXTERN_C_END }
#else
#define DS_STATIC_ASSERT(condition, text) _Static_assert(condition, text)
#define DS_EXTERN_C_BEGIN
#define DS_EXTERN_C_END
#endif

DS_EXTERN_C_BEGIN

/* ---- status ------------------------------------------------------------------------------------------------- */
typedef int32_t ds_status;
#define DS_OK 0
#define DS_INVALID_ARGUMENT 1 /* a wrong value, attribute or count */
#define DS_SHAPE_MISMATCH 2   /* shapes do not fit together */
#define DS_DTYPE_MISMATCH 3   /* dtypes do not fit the operator */
#define DS_DEVICE_MISMATCH 4  /* values live on different devices, or the device is absent */
#define DS_OUT_OF_RANGE 5     /* an index or axis outside its range */
#define DS_NOT_FOUND 6        /* no operator, plugin, interface or file of that name */
#define DS_OUT_OF_MEMORY 7    /* an allocation failed */
#define DS_OVERFLOW 8         /* a size does not fit in 63 bits */
#define DS_UNSUPPORTED 9      /* understood, but not possible here; also an unknown must-understand bit */
#define DS_UNIMPLEMENTED 10   /* the slot is absent in this plugin or core */
#define DS_STALE_HANDLE 11    /* released, foreign, of another kind, or garbage */
#define DS_BAD_PLUGIN 12      /* a plugin that cannot be loaded or breaks the contract */
#define DS_IO_ERROR 13        /* reading or writing failed; errno's text is in the message */
#define DS_CORRUPT 14         /* a file or serialized graph that does not hold together */
#define DS_NON_FINITE 15      /* NaN or infinity where it was asked to be reported */
#define DS_READ_ONLY 16       /* a write to a read-only view */
#define DS_INTERNAL 17        /* a broken invariant of ours: please report */

/* ---- dtype: DLPack's {code, bits, lanes} packed into 32 bits ------------------------------------------------- */
typedef uint32_t ds_dtype; /* code | bits << 8 | lanes << 16; codes below 128 are DLPack's, above: registered names */
#define DS_DTYPE(code, bits) ((uint32_t)(code) | (uint32_t)(bits) << 8 | 1u << 16)
#define DS_DTYPE_CODE(dtype) ((dtype)&0xffu)
#define DS_DTYPE_BITS(dtype) (((dtype) >> 8) & 0xffu)
#define DS_CODE_INT 0u
#define DS_CODE_UINT 1u
#define DS_CODE_FLOAT 2u
#define DS_CODE_BFLOAT 4u
#define DS_CODE_COMPLEX 5u
#define DS_CODE_BOOL 6u
#define DS_BOOL DS_DTYPE(DS_CODE_BOOL, 8)
#define DS_I8 DS_DTYPE(DS_CODE_INT, 8)
#define DS_I16 DS_DTYPE(DS_CODE_INT, 16)
#define DS_I32 DS_DTYPE(DS_CODE_INT, 32)
#define DS_I64 DS_DTYPE(DS_CODE_INT, 64)
#define DS_U8 DS_DTYPE(DS_CODE_UINT, 8)
#define DS_U16 DS_DTYPE(DS_CODE_UINT, 16)
#define DS_U32 DS_DTYPE(DS_CODE_UINT, 32)
#define DS_U64 DS_DTYPE(DS_CODE_UINT, 64)
#define DS_F16 DS_DTYPE(DS_CODE_FLOAT, 16)
#define DS_BF16 DS_DTYPE(DS_CODE_BFLOAT, 16)
#define DS_F32 DS_DTYPE(DS_CODE_FLOAT, 32)
#define DS_F64 DS_DTYPE(DS_CODE_FLOAT, 64)
#define DS_C64 DS_DTYPE(DS_CODE_COMPLEX, 64)
#define DS_C128 DS_DTYPE(DS_CODE_COMPLEX, 128)

/* ---- tensor: begins with a frozen copy of DLPack 1.x's DLTensor ----------------------------------------------- */
#define DS_MAX_RANK 16

typedef struct ds_device_id { /* [frozen] DLDevice */
  int32_t type;               /* DLPack's device type below 128; above: registered by device plugins */
  int32_t index;
} ds_device_id;
#define DS_DEVICE_CPU 1

typedef struct ds_dl_dtype { /* [frozen] DLDataType */
  uint8_t code;
  uint8_t bits;
  uint16_t lanes;
} ds_dl_dtype;

typedef struct ds_dl_tensor { /* [frozen] DLTensor; strides are in elements and never NULL unless rank is 0 */
  void* data;                 /* memory on cpu, an opaque handle elsewhere; always together with byte_offset */
  ds_device_id device;
  int32_t ndim;
  ds_dl_dtype dtype;
  int64_t* shape;
  int64_t* strides;
  uint64_t byte_offset;
} ds_dl_tensor;

#define DS_TENSOR_READ_ONLY 1u /* flags: must not be written */
#define DS_TENSOR_DENSE 2u     /* flags: C-contiguous, strides are those of shape */
#define DS_TENSOR_CONSTANT 4u  /* flags: same buffer and version as in the last call of this program (prepacking) */

typedef struct ds_tensor { /* [growing] the part up to version is frozen */
  ds_dl_tensor dl;
  uint64_t size;            /* of this struct, for whoever reads past version */
  uint64_t nbytes;          /* bytes of the memory the elements span */
  uint32_t memory_kind;     /* 0 = the device's default memory */
  uint32_t flags;           /* DS_TENSOR_* */
  const void* quantization; /* NULL, or a ds.quantization/1 descriptor */
  const void* layout;       /* NULL: strided; or a ds.layout/1 descriptor */
  uint64_t version;         /* changes whenever the content of the buffer may have changed; 0 = unknown */
} ds_tensor;

DS_STATIC_ASSERT(sizeof(ds_dl_dtype) == 4, "DLDataType is 4 bytes");
DS_STATIC_ASSERT(sizeof(void*) != 8 || sizeof(ds_dl_tensor) == 48, "DLTensor is 48 bytes");
DS_STATIC_ASSERT(offsetof(ds_tensor, dl) == 0, "ds_tensor begins with DLTensor");
DS_STATIC_ASSERT(sizeof(void*) != 8 || offsetof(ds_tensor, version) == 88, "ds_tensor's prefix is frozen");

/* What is known of a value before it has memory. Outputs of infer start zeroed. */
typedef struct ds_spec { /* [frozen] */
  ds_dtype dtype;
  int32_t rank;   /* 0 .. DS_MAX_RANK */
  uint32_t kind;  /* DS_KIND_* */
  uint32_t order; /* 0 = C order; others reserved */
  ds_device_id device;
  int64_t shape[DS_MAX_RANK];
} ds_spec;
#define DS_KIND_TENSOR 0u
#define DS_KIND_OPTIONAL 1u /* an absent optional input: dtype 0, rank 0 */
#define DS_KIND_SEQUENCE 2u
#define DS_KIND_TOKEN 3u /* orders effects; has no memory */
DS_STATIC_ASSERT(sizeof(ds_spec) == 24 + 8 * DS_MAX_RANK, "ds_spec is frozen");

/* A view of dense memory: element offset, extents and strides in elements of `dtype`. */
typedef struct ds_view_spec { /* [frozen] */
  int64_t offset;
  int32_t rank;
  ds_dtype dtype; /* that of the input */
  int64_t shape[DS_MAX_RANK];
  int64_t strides[DS_MAX_RANK];
} ds_view_spec;
DS_STATIC_ASSERT(sizeof(ds_view_spec) == 16 + 16 * DS_MAX_RANK, "ds_view_spec is frozen");

/* ---- packed value: 16 bytes, tag and payload ------------------------------------------------------------------ */
#define DS_NONE 0u     /* absent: an attribute's default */
#define DS_INT 1u      /* i; with count DS_UNSIGNED its bits are those of a uint64_t from 2^63 on */
#define DS_FLOAT 2u    /* f */
#define DS_FLAG 3u     /* i: 0 or 1 */
#define DS_STRING 4u   /* s, count bytes */
#define DS_INTS 5u     /* is, count */
#define DS_FLOATS 6u   /* fs, count */
#define DS_TYPE 7u     /* i: a ds_dtype */
#define DS_BYTES 8u    /* p, count bytes */
#define DS_HANDLE 9u   /* h: a handle of ds.h */
#define DS_POINTER 10u /* p: meaning is the callee's */
#define DS_VALUES 11u  /* vs, count */
#define DS_UNSIGNED 1u

typedef struct ds_value { /* [frozen] lists and strings are borrowed for the call */
  uint32_t tag;
  uint32_t count;
  union {
    int64_t i;
    double f;
    const char* s;
    const int64_t* is;
    const double* fs;
    const void* p;
    uint64_t h;
    const struct ds_value* vs;
  } u;
} ds_value;
DS_STATIC_ASSERT(sizeof(ds_value) == 16, "ds_value is 16 bytes");

typedef struct ds_text { /* [frozen] a borrowed UTF-8 string */
  const char* data;
  uint64_t size;
} ds_text;
DS_STATIC_ASSERT(sizeof(void*) != 8 || sizeof(ds_text) == 16, "ds_text is frozen");

/* Errors are copied at once by whoever owns the sink; context is the sink's. Never keep text. [any] */
typedef struct ds_error_sink { /* [frozen] */
  void* context;
  void (*set)(void* context, ds_status code, const char* text, uint64_t length);
} ds_error_sink;
DS_STATIC_ASSERT(sizeof(void*) != 8 || sizeof(ds_error_sink) == 16, "ds_error_sink is frozen");

/* Lists come back one element at a time. A nonzero answer of the callback ends the listing and is passed on. */
typedef int32_t (*ds_text_sink)(void* user, const char* text, uint64_t length);

DS_EXTERN_C_END
#endif /* DEEPSEEK_DS_TYPES_H */
