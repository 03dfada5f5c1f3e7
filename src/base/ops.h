/* ops.h - the operators and built-in functions of the language, and what they compute.
 *
 * One row each.  Parser, checker, constant evaluation, the interpreter, SSA construction, the
 * documentation's table and the rig's coverage report are all driven by this list.
 *
 *   name     enum OP_name
 *   text     spelling
 *   arity    operands
 *   takes    operand types: I any integer, F float, B bool, N = I|F, A = N|B
 *   gives    SAME as operand 0, BOOL, or OTHER (see the row's comment)
 *   form     BINARY and UNARY are operators, CALL is a built-in function
 *
 * Values travel as 64 bits: i32, u32, f32 and bool in the low bits, the rest zero. */
#ifndef TRIVET_OPS_H
#define TRIVET_OPS_H

#include "trivet.h"

enum { TAKES_I = 1, TAKES_F = 2, TAKES_B = 4, TAKES_N = 3, TAKES_A = 7 };
typedef enum OpGives { GIVES_SAME, GIVES_BOOL, GIVES_OTHER } OpGives;
typedef enum OpForm { FORM_BINARY, FORM_UNARY, FORM_CALL } OpForm;

#define OP_LIST(X)                                                                              \
	X(ADD, "+", 2, TAKES_N, SAME, BINARY)                                                   \
	X(SUB, "-", 2, TAKES_N, SAME, BINARY)                                                   \
	X(MUL, "*", 2, TAKES_N, SAME, BINARY)                                                   \
	X(DIV, "/", 2, TAKES_N, SAME, BINARY)                                                   \
	X(REM, "%", 2, TAKES_I, SAME, BINARY)                                                   \
	X(AND, "&", 2, TAKES_I | TAKES_B, SAME, BINARY)                                         \
	X(OR, "|", 2, TAKES_I | TAKES_B, SAME, BINARY)                                          \
	X(XOR, "^", 2, TAKES_I | TAKES_B, SAME, BINARY)                                         \
	X(SHL, "<<", 2, TAKES_I, SAME, BINARY)                                                  \
	X(SHR, ">>", 2, TAKES_I, SAME, BINARY)                                                  \
	X(EQ, "==", 2, TAKES_A, BOOL, BINARY)                                                   \
	X(NE, "!=", 2, TAKES_A, BOOL, BINARY)                                                   \
	X(LT, "<", 2, TAKES_N, BOOL, BINARY)                                                    \
	X(LE, "<=", 2, TAKES_N, BOOL, BINARY)                                                   \
	X(GT, ">", 2, TAKES_N, BOOL, BINARY)                                                    \
	X(GE, ">=", 2, TAKES_N, BOOL, BINARY)                                                   \
	X(NEG, "-", 1, TAKES_N, SAME, UNARY)                                                    \
	X(NOT, "~", 1, TAKES_I, SAME, UNARY)                                                    \
	X(LNOT, "!", 1, TAKES_B, SAME, UNARY)                                                   \
	X(CLZ, "clz", 1, TAKES_I, SAME, CALL)           /* of 0: the width */                   \
	X(CTZ, "ctz", 1, TAKES_I, SAME, CALL)           /* of 0: the width */                   \
	X(POPCNT, "popcnt", 1, TAKES_I, SAME, CALL)                                             \
	X(ROTL, "rotl", 2, TAKES_I, SAME, CALL)                                                 \
	X(ROTR, "rotr", 2, TAKES_I, SAME, CALL)                                                 \
	X(BSWAP, "bswap", 1, TAKES_I, SAME, CALL)                                               \
	X(MIN, "min", 2, TAKES_N, SAME, CALL)                                                   \
	X(MAX, "max", 2, TAKES_N, SAME, CALL)                                                   \
	X(ABS, "abs", 1, TAKES_N, SAME, CALL)           /* abs(MIN) is MIN; of unsigned: itself */ \
	X(SQRT, "sqrt", 1, TAKES_F, SAME, CALL)                                                 \
	X(FLOOR, "floor", 1, TAKES_F, SAME, CALL)                                               \
	X(CEIL, "ceil", 1, TAKES_F, SAME, CALL)                                                 \
	X(TRUNC, "trunc", 1, TAKES_F, SAME, CALL)                                               \
	X(NEAREST, "nearest", 1, TAKES_F, SAME, CALL)   /* ties to even */                      \
	X(COPYSIGN, "copysign", 2, TAKES_F, SAME, CALL)                                         \
	X(FMA, "fma", 3, TAKES_F, SAME, CALL)           /* a*b + c, one rounding */             \
	X(MULHI, "mulhi", 2, TAKES_I, SAME, CALL)       /* upper half of the full product */    \
	X(BITS, "bits", 1, TAKES_F, OTHER, CALL)        /* f32 -> u32, f64 -> u64; NaN made canonical */ \
	X(FROM_BITS, "from_bits", 1, TAKES_I, OTHER, CALL) /* from_bits(f32, u32), from_bits(f64, u64) */ \
	X(CAST, "as", 1, TAKES_A, OTHER, CALL)          /* written `e as T`; float -> int saturates */ \
	X(CHECKED, "checked", 1, TAKES_F, OTHER, CALL)  /* written checked_T(e), T an integer type */ \
	X(SELECT, "select", 3, TAKES_A, OTHER, CALL)    /* bool, T, T -> T; both evaluated */   \
	X(LEN, "len", 1, 0, OTHER, CALL)                /* span -> i64 */

typedef enum Op {
	OP_NONE,
#define X(name, text, arity, takes, gives, form) OP_##name,
	OP_LIST(X)
#undef X
	OP_COUNT
} Op;

typedef struct OpInfo {
	char name[10];                  /* "ADD" */
	char text[10];                  /* "+" */
	uint8_t arity, takes, gives, form;
} OpInfo;
extern const OpInfo op_info[OP_COUNT];

/* What `op` computes on operands of type `from` giving type `to` (they differ for comparisons,
 * CAST, CHECKED, BITS, FROM_BITS; for SELECT `from` is the type of the last two).  This is the one
 * definition of every scalar operation: constant expressions and folding call it, and tests hold the
 * interpreter's and the machines' operations against it.  Returns the trap, with *out unchanged, or
 * TRIVET_TRAP_NONE.  A float result that is NaN is canonical.  LEN is not a scalar operation. */
trivet_trap op_eval(Op op, trivet_type from, trivet_type to, const uint64_t in[3], uint64_t *out);

static inline bool type_is_span(trivet_type t) { return t >= TRIVET_SPAN_I8 && t < TRIVET_TYPE_COUNT; }
static inline bool type_is_float(trivet_type t) { return t == TRIVET_F32 || t == TRIVET_F64; }
static inline bool type_is_int(trivet_type t) { return t >= TRIVET_I32 && t <= TRIVET_U64; }
static inline bool type_is_signed(trivet_type t) { return t == TRIVET_I32 || t == TRIVET_I64; }
static inline bool type_is_wide(trivet_type t) { return t == TRIVET_I64 || t == TRIVET_U64 || t == TRIVET_F64; }
const char *type_name(trivet_type t);           /* "i32", "[u8]" */
uint32_t type_size(trivet_type t);              /* bytes; of an element, for a span */
trivet_type type_element(trivet_type span);     /* what indexing gives: u32 for [u8] */
const char *trap_name(trivet_trap t);           /* "divide-by-zero" */

#endif
