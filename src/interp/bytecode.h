/* bytecode.h - the interpreter's instructions; private to src/interp.
 *
 * An instruction is 16 bytes: an operation, a small number x and three 32-bit operands.  Registers
 * are 64-bit slots of the function's frame, so there is no limit on them that a program could meet.
 * Values lie in them as ops.h says: what is narrower than 64 bits has zeros above.
 *
 *   frame:   link | parameters and variables | constants | temporaries, arguments of calls
 *            -1     0 ...
 *
 * The link is the address of the CALL that made the frame.  Arguments are evaluated where the
 * callee's frame will begin, so a call moves nothing.  A span takes two registers: address, length.
 *
 * Each list below gives rows of  X(O, name, result type, operand type, expression in x and y);
 * enum, names, formats and the code in run.c all come from these lists. */
#ifndef TRIVET_BYTECODE_H
#define TRIVET_BYTECODE_H

#include "interp/interp.h"

typedef struct Insn {
	uint16_t op;            /* InsnOp */
	uint16_t x;             /* STEP: how much, signed; CALL: 1 for a recursive call */
	uint32_t a, b, c;
} Insn;

// clang-format off

/* Binary operations that exist for two registers (NAME) and for register and immediate (NAME_I).
 * The immediate is 32 bits, sign-extended. */
#define INSN_BINARY_LIST(X, O)                                          \
	X(O, ADD_32, U32, U32, x + y)                                   \
	X(O, ADD_64, U64, U64, x + y)                                   \
	X(O, MUL_32, U32, U32, x * y)                                   \
	X(O, MUL_64, U64, U64, x * y)                                   \
	X(O, AND, U64, U64, x & y)                                      \
	X(O, OR, U64, U64, x | y)                                       \
	X(O, XOR, U64, U64, x ^ y)                                      \
	X(O, SHL_32, U32, U32, x << (y & 31))                           \
	X(O, SHL_64, U64, U64, x << (y & 63))                           \
	X(O, SHR_I32, I32, I32, x >> (y & 31))                          \
	X(O, SHR_U32, U32, U32, x >> (y & 31))                          \
	X(O, SHR_I64, I64, I64, x >> (y & 63))                          \
	X(O, SHR_U64, U64, U64, x >> (y & 63))                          \
	X(O, ROTL_32, U32, U32, x << (y & 31) | x >> (-y & 31))         \
	X(O, ROTL_64, U64, U64, x << (y & 63) | x >> (-y & 63))

/* Binary operations on registers only. */
#define INSN_BINARY_R_LIST(X, O)                                        \
	X(O, SUB_32, U32, U32, x - y)                                   \
	X(O, SUB_64, U64, U64, x - y)                                   \
	X(O, ROTR_32, U32, U32, x >> (y & 31) | x << (-y & 31))         \
	X(O, ROTR_64, U64, U64, x >> (y & 63) | x << (-y & 63))         \
	X(O, MIN_I32, I32, I32, x < y ? x : y)                          \
	X(O, MIN_I64, I64, I64, x < y ? x : y)                          \
	X(O, MIN_U64, U64, U64, x < y ? x : y)                          \
	X(O, MAX_I32, I32, I32, x > y ? x : y)                          \
	X(O, MAX_I64, I64, I64, x > y ? x : y)                          \
	X(O, MAX_U64, U64, U64, x > y ? x : y)                          \
	X(O, MULHI_I32, U32, I32, (uint32_t)((uint64_t)((int64_t)x * y) >> 32)) \
	X(O, MULHI_U32, U32, U32, (uint32_t)((uint64_t)x * y >> 32))    \
	X(O, MULHI_I64, I64, I64, num_mulhi_i64(x, y))                  \
	X(O, MULHI_U64, U64, U64, num_mulhi_u64(x, y))                  \
	X(O, ADD_F32, F32, F32, x + y)                                  \
	X(O, ADD_F64, F64, F64, x + y)                                  \
	X(O, SUB_F32, F32, F32, x - y)                                  \
	X(O, SUB_F64, F64, F64, x - y)                                  \
	X(O, MUL_F32, F32, F32, x * y)                                  \
	X(O, MUL_F64, F64, F64, x * y)                                  \
	X(O, DIV_F32, F32, F32, x / y)                                  \
	X(O, DIV_F64, F64, F64, x / y)                                  \
	X(O, MIN_F32, F32, F32, num_min_f32(x, y))                      \
	X(O, MIN_F64, F64, F64, num_min_f64(x, y))                      \
	X(O, MAX_F32, F32, F32, num_max_f32(x, y))                      \
	X(O, MAX_F64, F64, F64, num_max_f64(x, y))                      \
	X(O, COPYSIGN_F32, F32, F32, num_copysign_f32(x, num_canon_f32(y))) \
	X(O, COPYSIGN_F64, F64, F64, num_copysign_f64(x, num_canon_f64(y)))

/* Division: NAME checks and may trap; NAME_I is for a divisor that is neither 0 nor -1. */
#define INSN_DIVIDE_LIST(X, O)                                          \
	X(O, DIV_I32, I32, I32, x / y)                                  \
	X(O, DIV_I64, I64, I64, x / y)                                  \
	X(O, DIV_U32, U32, U32, x / y)                                  \
	X(O, DIV_U64, U64, U64, x / y)                                  \
	X(O, REM_I32, I32, I32, x % y)                                  \
	X(O, REM_I64, I64, I64, x % y)                                  \
	X(O, REM_U32, U32, U32, x % y)                                  \
	X(O, REM_U64, U64, U64, x % y)

#define INSN_UNARY_LIST(X, O)                                           \
	X(O, MOV, U64, U64, x)                                          \
	X(O, NEG_32, U32, U32, 0 - x)                                   \
	X(O, NEG_64, U64, U64, 0 - x)                                   \
	X(O, NOT_32, U32, U32, ~x)                                      \
	X(O, NOT_64, U64, U64, ~x)                                      \
	X(O, LNOT, U64, U64, x ^ 1)                                     \
	X(O, CLZ_32, U32, U32, num_clz32(x))                            \
	X(O, CLZ_64, U64, U64, num_clz64(x))                            \
	X(O, CTZ_32, U32, U32, num_ctz32(x))                            \
	X(O, CTZ_64, U64, U64, num_ctz64(x))                            \
	X(O, POPCNT_32, U32, U32, num_popcnt32(x))                      \
	X(O, POPCNT_64, U64, U64, num_popcnt64(x))                      \
	X(O, BSWAP_32, U32, U32, __builtin_bswap32(x))                  \
	X(O, BSWAP_64, U64, U64, __builtin_bswap64(x))                  \
	X(O, ABS_I32, U32, I32, x < 0 ? 0 - (uint32_t)x : (uint32_t)x)  \
	X(O, ABS_I64, U64, I64, x < 0 ? 0 - (uint64_t)x : (uint64_t)x)  \
	X(O, NEG_F32, U32, U32, x ^ UINT32_C(1) << 31)                  \
	X(O, NEG_F64, U64, U64, x ^ UINT64_C(1) << 63)                  \
	X(O, ABS_F32, U32, U32, x & ~(UINT32_C(1) << 31))               \
	X(O, ABS_F64, U64, U64, x & ~(UINT64_C(1) << 63))               \
	X(O, SQRT_F32, F32, F32, num_sqrt_f32(x))                       \
	X(O, SQRT_F64, F64, F64, num_sqrt_f64(x))                       \
	X(O, FLOOR_F32, F32, F32, num_floor_f32(x))                     \
	X(O, FLOOR_F64, F64, F64, num_floor_f64(x))                     \
	X(O, CEIL_F32, F32, F32, num_ceil_f32(x))                       \
	X(O, CEIL_F64, F64, F64, num_ceil_f64(x))                       \
	X(O, TRUNC_F32, F32, F32, num_trunc_f32(x))                     \
	X(O, TRUNC_F64, F64, F64, num_trunc_f64(x))                     \
	X(O, NEAREST_F32, F32, F32, num_nearest_f32(x))                 \
	X(O, NEAREST_F64, F64, F64, num_nearest_f64(x))                 \
	X(O, CANON_F32, F32, F32, num_canon_f32(x))                     \
	X(O, CANON_F64, F64, F64, num_canon_f64(x))                     \
	X(O, WIDEN_I32, I64, I32, x)                                    \
	X(O, NARROW, U32, U64, (uint32_t)x)                             \
	X(O, F32_FROM_I32, F32, I32, (float)x)                          \
	X(O, F64_FROM_I32, F64, I32, (double)x)                         \
	X(O, F32_FROM_I64, F32, I64, (float)x)                          \
	X(O, F64_FROM_I64, F64, I64, (double)x)                         \
	X(O, F32_FROM_U32, F32, U32, (float)x)                          \
	X(O, F64_FROM_U32, F64, U32, (double)x)                         \
	X(O, F32_FROM_U64, F32, U64, num_f32_u64(x))                    \
	X(O, F64_FROM_U64, F64, U64, num_f64_u64(x))                    \
	X(O, F32_FROM_F64, F32, F64, (float)x)                          \
	X(O, F64_FROM_F32, F64, F32, (double)x)                         \
	X(O, I32_FROM_F32, I32, F32, num_i32_f32(x))                    \
	X(O, U32_FROM_F32, U32, F32, num_u32_f32(x))                    \
	X(O, I64_FROM_F32, I64, F32, num_i64_f32(x))                    \
	X(O, U64_FROM_F32, U64, F32, num_u64_f32(x))                    \
	X(O, I32_FROM_F64, I32, F64, num_i32_f64(x))                    \
	X(O, U32_FROM_F64, U32, F64, num_u32_f64(x))                    \
	X(O, I64_FROM_F64, I64, F64, num_i64_f64(x))                    \
	X(O, U64_FROM_F64, U64, F64, num_u64_f64(x))

/* float -> int that traps: the expression says which values convert.  The limits are exact; the
 * next float below -2^31 is -2^31 - 256, so for f32 there is nothing between limit and bound. */
#define INSN_CHECKED_LIST(X, O)                                         \
	X(O, CHECKED_I32_F32, I32, F32, x >= -0x1p31f && x < 0x1p31f)                           \
	X(O, CHECKED_I32_F64, I32, F64, x > -2147483649.0 && x < 2147483648.0)                  \
	X(O, CHECKED_U32_F32, U32, F32, x > -1.0f && x < 0x1p32f)                               \
	X(O, CHECKED_U32_F64, U32, F64, x > -1.0 && x < 0x1p32)                                 \
	X(O, CHECKED_I64_F32, I64, F32, x >= -0x1p63f && x < 0x1p63f)                           \
	X(O, CHECKED_I64_F64, I64, F64, x >= -0x1p63 && x < 0x1p63)                             \
	X(O, CHECKED_U64_F32, U64, F32, x > -1.0f && x < 0x1p64f)                               \
	X(O, CHECKED_U64_F64, U64, F64, x > -1.0 && x < 0x1p64)

/* Comparisons.  Each row makes SET_NAME (to 0 or 1), JUMP_NAME, and LOOP_NAME: a jump that polls
 * for interruption first.  u32 and bool compare as u64.  CompareRow counts in this order. */
#define INSN_COMPARE_LIST(X, O)                                         \
	X(O, EQ, U64, U64, x == y)                                      \
	X(O, NE, U64, U64, x != y)                                      \
	X(O, LT_I32, U64, I32, x < y)                                   \
	X(O, LT_I64, U64, I64, x < y)                                   \
	X(O, LT_U64, U64, U64, x < y)                                   \
	X(O, LE_I32, U64, I32, x <= y)                                  \
	X(O, LE_I64, U64, I64, x <= y)                                  \
	X(O, LE_U64, U64, U64, x <= y)                                  \
	X(O, EQ_F32, U64, F32, x == y)                                  \
	X(O, EQ_F64, U64, F64, x == y)                                  \
	X(O, NE_F32, U64, F32, x != y)                                  \
	X(O, NE_F64, U64, F64, x != y)                                  \
	X(O, LT_F32, U64, F32, x < y)                                   \
	X(O, LT_F64, U64, F64, x < y)                                   \
	X(O, LE_F32, U64, F32, x <= y)                                  \
	X(O, LE_F64, U64, F64, x <= y)                                  \
	X(O, NLT_F32, U64, F32, !(x < y))                               \
	X(O, NLT_F64, U64, F64, !(x < y))                               \
	X(O, NLE_F32, U64, F32, !(x <= y))                              \
	X(O, NLE_F64, U64, F64, !(x <= y))

/* The same with an immediate: SET_NAME, JUMP_NAME, LOOP_NAME. */
#define INSN_COMPARE_I_LIST(X, O)                                       \
	X(O, EQ_I, U64, U64, x == y)                                    \
	X(O, NE_I, U64, U64, x != y)                                    \
	X(O, LT_I32_I, U64, I32, x < y)                                 \
	X(O, LT_I64_I, U64, I64, x < y)                                 \
	X(O, LT_U64_I, U64, U64, x < y)                                 \
	X(O, GE_I32_I, U64, I32, x >= y)                                \
	X(O, GE_I64_I, U64, I64, x >= y)                                \
	X(O, GE_U64_I, U64, U64, x >= y)

/* STEP_NAME closes a counting loop: poll, a += x, jump to c if a compares so with b. */
#define INSN_STEP_LIST(X, O)                                            \
	X(O, LT_I32, I32, I32, x < y)                                   \
	X(O, LT_U32, U32, U32, x < y)                                   \
	X(O, LT_I64, I64, I64, x < y)                                   \
	X(O, LT_U64, U64, U64, x < y)                                   \
	X(O, LE_I32, I32, I32, x <= y)                                  \
	X(O, LE_U32, U32, U32, x <= y)                                  \
	X(O, LE_I64, I64, I64, x <= y)                                  \
	X(O, LE_U64, U64, U64, x <= y)                                  \
	X(O, GT_I32, I32, I32, x > y)                                   \
	X(O, GT_U32, U32, U32, x > y)                                   \
	X(O, GT_I64, I64, I64, x > y)                                   \
	X(O, GT_U64, U64, U64, x > y)                                   \
	X(O, GE_I32, I32, I32, x >= y)                                  \
	X(O, GE_U32, U32, U32, x >= y)                                  \
	X(O, GE_I64, I64, I64, x >= y)                                  \
	X(O, GE_U64, U64, U64, x >= y)                                  \
	X(O, NE_I32, I32, I32, x != y)                                  \
	X(O, NE_U32, U32, U32, x != y)                                  \
	X(O, NE_I64, I64, I64, x != y)                                  \
	X(O, NE_U64, U64, U64, x != y)

/* Elements: NAME, memory type, then how the element becomes a register or a register an element.
 * Each exists for a 64-bit or u32 index (NAME) and for an i32 index (NAME_X). */
#define INSN_LOAD_LIST(X, O)                                            \
	X(O, LOAD_I8, int8_t, (uint32_t)(int32_t)m)                     \
	X(O, LOAD_U8, uint8_t, m)                                       \
	X(O, LOAD_I16, int16_t, (uint32_t)(int32_t)m)                   \
	X(O, LOAD_U16, uint16_t, m)                                     \
	X(O, LOAD_32, uint32_t, m)                                      \
	X(O, LOAD_64, uint64_t, m)
#define INSN_STORE_LIST(X, O)                                           \
	X(O, STORE_8, uint8_t, (uint8_t)v)                              \
	X(O, STORE_16, uint16_t, (uint16_t)v)                           \
	X(O, STORE_32, uint32_t, (uint32_t)v)                           \
	X(O, STORE_64, uint64_t, v)                                     \
	X(O, STORE_F32, uint32_t, num_bits_f32(num_canon_f32(num_from_f32((uint32_t)v)))) \
	X(O, STORE_F64, uint64_t, num_bits_f64(num_canon_f64(num_from_f64(v))))

/* The rest, with formats.  A letter for each of a, b, c:
 *   d writes a register   r reads one   D, R: the pair of a span   i signed immediate
 *   j jump, relative      n number      f function                 - not used
 * A trailing letter `x` shows the number x. */
#define INSN_OTHER_LIST(O)                                                                      \
	O(HALT, "---")          /* end of the outermost call; its result is in register 0 */    \
	O(CALL, "dfrx")         /* a = b(registers from c on, the new frame) */                 \
	O(CALL_EXTERN, "dfr")   /* the same for a host function */                              \
	O(RETURN, "r--")                                                                        \
	O(RETURN_VOID, "---")                                                                   \
	O(TRAP, "---")          /* trap `unreachable` */                                        \
	O(POLL, "---")          /* trap `interrupted` when asked to */                          \
	O(JUMP, "j--")                                                                          \
	O(LOOP, "j--")          /* poll, then jump */                                           \
	O(JUMP_TRUE, "r-j")                                                                     \
	O(JUMP_FALSE, "r-j")                                                                    \
	O(LOOP_TRUE, "r-j")                                                                     \
	O(LOOP_FALSE, "r-j")                                                                    \
	O(LOAD_CONST, "dnn")    /* a = the 64 bits c:b */                                       \
	O(CONSTS, "dnn")        /* registers a … a+c-1 = pool from b on */                      \
	O(SELECT, "drr")        /* a = b ? c : the next instruction's a */                      \
	O(FMA_F32, "drr")       /* a = b * c + the next instruction's a */                      \
	O(FMA_F64, "drr")                                                                       \
	O(OPERAND, "r--")       /* fourth operand of the instruction before */                  \
	O(MOV_PAIR, "DR-")                                                                      \
	O(SLICE, "DRRx")        /* a = b[c .. c+1], elements of 1 << x bytes */

#define ROW_RR(O, name, ...) O(name, "drr")
#define ROW_RI(O, name, ...) O(name##_I, "dri")
#define ROW_R(O, name, ...) O(name, "dr-")
#define ROW_SET(O, name, ...) O(SET_##name, "drr")
#define ROW_SET_I(O, name, ...) O(SET_##name, "dri")
#define ROW_JUMP(O, name, ...) O(JUMP_##name, "rrj")
#define ROW_JUMP_I(O, name, ...) O(JUMP_##name, "rij")
#define ROW_LOOP(O, name, ...) O(LOOP_##name, "rrj")
#define ROW_LOOP_I(O, name, ...) O(LOOP_##name, "rij")
#define ROW_STEP(O, name, ...) O(STEP_##name, "drjx")
#define ROW_STEP_I(O, name, ...) O(STEP_##name##_I, "dijx")
#define ROW_LOAD(O, name, ...) O(name, "dRr")
#define ROW_LOAD_X(O, name, ...) O(name##_X, "dRr")
#define ROW_STORE(O, name, ...) O(name, "Rrr")
#define ROW_STORE_X(O, name, ...) O(name##_X, "Rrr")

/* All of them: O(name, format).  The pairs of lists stand together because compile.c goes from a
 * form to another by adding a distance. */
#define INSN_LIST(O)                            \
	INSN_OTHER_LIST(O)                      \
	INSN_BINARY_LIST(ROW_RR, O)             \
	INSN_BINARY_LIST(ROW_RI, O)             \
	INSN_BINARY_R_LIST(ROW_RR, O)           \
	INSN_DIVIDE_LIST(ROW_RR, O)             \
	INSN_DIVIDE_LIST(ROW_RI, O)             \
	INSN_UNARY_LIST(ROW_R, O)               \
	INSN_CHECKED_LIST(ROW_R, O)             \
	INSN_COMPARE_LIST(ROW_SET, O)           \
	INSN_COMPARE_I_LIST(ROW_SET_I, O)       \
	INSN_COMPARE_LIST(ROW_JUMP, O)          \
	INSN_COMPARE_I_LIST(ROW_JUMP_I, O)      \
	INSN_COMPARE_LIST(ROW_LOOP, O)          \
	INSN_COMPARE_I_LIST(ROW_LOOP_I, O)      \
	INSN_STEP_LIST(ROW_STEP, O)             \
	INSN_STEP_LIST(ROW_STEP_I, O)           \
	INSN_LOAD_LIST(ROW_LOAD, O)             \
	INSN_LOAD_LIST(ROW_LOAD_X, O)           \
	INSN_STORE_LIST(ROW_STORE, O)           \
	INSN_STORE_LIST(ROW_STORE_X, O)

typedef enum InsnOp {
#define O(name, format) INSN_##name,
	INSN_LIST(O)
#undef O
	INSN_COUNT
} InsnOp;

typedef enum CompareRow {
#define X(O, name, ...) ROW_##name,
	INSN_COMPARE_LIST(X, )
	INSN_COMPARE_I_LIST(X, )
#undef X
	ROW_COUNT
} CompareRow;

// clang-format on

typedef struct InsnFunc {
	Str name;
	uint32_t start, end;            /* of its instructions; none for a host function */
	uint32_t frame;                 /* registers it needs, at least 1 */
	uint32_t line;
	uint32_t nparams;
	trivet_type *params;            /* scalars and spans */
	trivet_type result;
	bool is_extern;
	bool float_params;              /* some argument may be a NaN */
} InsnFunc;

struct Bytecode {
	VEC(Insn) code;                 /* at[0] stands for the host's call, at[1] is HALT */
	VEC(uint32_t) lines;            /* of each instruction */
	VEC(uint64_t) consts;           /* those of each function in a row */
	VEC(InsnFunc) funcs;            /* by FuncId */
};

/* The format of an operation: see INSN_OTHER_LIST.  NUL-terminated. */
const char *insn_format(uint32_t op);

#endif
