/* draft/expr.h: ds.expr/1, the scalar body of an elementwise operator as a small frozen program in SSA form.
 *
 * Bytes: ds_expr_header, then `constants` doubles (8 bytes each), then `instructions` ds_expr_instruction, then
 * `outputs` uint16 result numbers padded to 8 bytes. Results are numbered: inputs first, then constants, then
 * instructions in order; an instruction reads lower numbers only. Little endian, 8-byte aligned.
 *
 * Types. Every result has a type: an input that of its tensor, a constant adapts to the other operand (alone:
 * the T of the node), an instruction `type`: DS_EXPR_T stands for the node's T, the promoted dtype of the inputs
 * that are declared T; all others are explicit. Operands are converted to the instruction's type before it computes,
 * except that comparisons, is_nan.. and casts compute in the type of `operand` and yield `type`.
 * f16 and bf16 compute in f32 and round once when stored by an output or a cast.
 * Integers wrap; integer division by zero yields 0, mod has the sign of the divisor (NumPy). */
#ifndef DEEPSEEK_DRAFT_EXPR_H
#define DEEPSEEK_DRAFT_EXPR_H
#include "deepseek/ds_types.h"
DS_EXTERN_C_BEGIN

#define DS_EXPR_MAGIC 0x31707865u /* "exp1" */
#define DS_EXPR_MAX_RESULTS 1024

typedef struct ds_expr_header { /* [frozen] */
  uint32_t magic;
  uint16_t inputs;
  uint16_t constants;
  uint16_t instructions;
  uint16_t outputs;
  uint32_t bytes; /* of the whole program */
} ds_expr_header;

typedef struct ds_expr_instruction { /* [frozen] unused operands are 0 */
  uint8_t op;                        /* DS_EXPR_ADD .. */
  uint8_t type;                      /* of the result */
  uint8_t operand;                   /* type that comparisons, tests and casts compute in */
  uint8_t reserved;
  uint16_t a, b, c;
  uint16_t reserved2;
} ds_expr_instruction;
DS_STATIC_ASSERT(sizeof(ds_expr_header) == 16, "frozen");
DS_STATIC_ASSERT(sizeof(ds_expr_instruction) == 12, "frozen");

/* types */
#define DS_EXPR_T 0
#define DS_EXPR_BOOL 1
#define DS_EXPR_I8 2
#define DS_EXPR_I16 3
#define DS_EXPR_I32 4
#define DS_EXPR_I64 5
#define DS_EXPR_U8 6
#define DS_EXPR_U16 7
#define DS_EXPR_U32 8
#define DS_EXPR_U64 9
#define DS_EXPR_F16 10
#define DS_EXPR_BF16 11
#define DS_EXPR_F32 12
#define DS_EXPR_F64 13

/* One line per operation: name, number, operands. X-macro, so that every interpreter and compiler reads one list.
 * Floating point unless said otherwise follows IEEE 754; min and max propagate NaN (NumPy's minimum, maximum). */
#define DS_EXPR_OPS(X)                                                                                                 \
  X(ADD, 1, 2)                                                                                                         \
  X(SUB, 2, 2) X(MUL, 3, 2) X(DIV, 4, 2) X(NEG, 5, 1) X(ABS, 6, 1) X(SIGN, 7, 1) X(MIN, 8, 2) X(MAX, 9, 2)             \
      X(POW, 10, 2) X(MOD, 11, 2) X(FLOOR, 12, 1) X(CEIL, 13, 1) X(ROUND, 14, 1) X(TRUNC, 15, 1) X(SQRT, 16, 1)        \
          X(RSQRT, 17, 1) X(EXP, 18, 1) X(EXP2, 19, 1) X(EXPM1, 20, 1) X(LOG, 21, 1) X(LOG2, 22, 1) X(LOG10, 23, 1)    \
              X(LOG1P, 24, 1) X(SIN, 25, 1) X(COS, 26, 1) X(TAN, 27, 1) X(ASIN, 28, 1) X(ACOS, 29, 1) X(ATAN, 30, 1)   \
                  X(ATAN2, 31, 2) X(SINH, 32, 1) X(COSH, 33, 1) X(TANH, 34, 1) X(ASINH, 35, 1) X(ACOSH, 36, 1)         \
                      X(ATANH, 37, 1) X(ERF, 38, 1) X(ERFC, 39, 1) X(SIGMOID, 40, 1) X(RECIPROCAL, 41, 1)              \
                          X(FMA, 42, 3) X(FLOOR_DIV, 43, 2) X(EQ, 64, 2) X(NE, 65, 2) X(LT, 66, 2) X(LE, 67, 2)        \
                              X(GT, 68, 2) X(GE, 69, 2) X(IS_NAN, 70, 1) X(IS_INF, 71, 1) X(IS_FINITE, 72, 1)          \
                                  X(AND, 80, 2) X(OR, 81, 2) X(XOR, 82, 2) X(NOT, 83, 1) X(BIT_AND, 84, 2)             \
                                      X(BIT_OR, 85, 2) X(BIT_XOR, 86, 2) X(BIT_NOT, 87, 1) X(SHL, 88, 2) X(SHR, 89, 2) \
                                          X(SELECT, 96, 3) X(CAST, 97, 1) X(COPY, 98, 1)
/* SELECT: a (bool) ? b : c.  FMA: a * b + c, two roundings allowed.  CAST: operand -> type.  ROUND: half to even.
 * AND, OR, XOR, NOT are logical: operands are tested against zero, the result is bool. */
#define DS_EXPR_ENUM(name, number, operands) DS_EXPR_##name = number,
enum { DS_EXPR_OPS(DS_EXPR_ENUM) DS_EXPR_END_ };
#undef DS_EXPR_ENUM

DS_EXTERN_C_END
#endif
