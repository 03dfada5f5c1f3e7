/* trivet.h - compile small typed programs to machine code, and call them.
 *
 * This first part is the vocabulary that every layer of Trivet shares: status codes,
 * types, traps, CPU features, the allocator.  Each is one list, from which enums, names and tables are
 * derived. */
#ifndef TRIVET_H
#define TRIVET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Status: what a call of this library answers ------------------------------------------- */

#define TRIVET_STATUS_LIST(X)                                                        \
	X(OK, "no error")                                                            \
	X(NO_MEMORY, "the allocator has no more memory")                             \
	X(SOURCE, "the program has errors")                                          \
	X(ARGUMENT, "an argument is not valid")                                      \
	X(NO_FUNCTION, "the program has no such function")                           \
	X(SIGNATURE, "the signature does not match")                                 \
	X(UNBOUND, "an extern function is not bound")                                \
	X(TRAP, "the program trapped")                                               \
	X(NO_EXEC, "the system refuses executable memory")                           \
	X(TARGET, "this machine cannot run code for that target")                    \
	X(SEALED, "the code is sealed: a change needs a new block")                  \
	X(NOT_SEALED, "the code is not sealed yet")                                  \
	X(FREED, "the code has been freed already")                                  \
	X(EMPTY, "there is no code to seal")                                         \
	X(BOUNDS, "outside the block")                                               \
	X(OPERAND, "the operand cannot be encoded")                                  \
	X(LABEL, "a label is unbound, or bound twice")                               \
	X(RANGE, "a branch or reference cannot reach its target")                    \
	X(LIMIT, "larger than this library supports")                                \
	X(SYSTEM, "the operating system reported an error")                          \
	X(INTERNAL, "internal error in Trivet")

typedef enum trivet_status {
#define X(name, text) TRIVET_##name,
	TRIVET_STATUS_LIST(X)
#undef X
	TRIVET_STATUS_COUNT
} trivet_status;

/* ---- Types ---------------------------------------------------------------------------------- */

/* name, text, size in bytes (of an element, for a span), element type (of a span) */
#define TRIVET_TYPE_LIST(X)                    \
	X(VOID, "void", 0, VOID)               \
	X(BOOL, "bool", 1, VOID)               \
	X(I32, "i32", 4, VOID)                 \
	X(U32, "u32", 4, VOID)                 \
	X(I64, "i64", 8, VOID)                 \
	X(U64, "u64", 8, VOID)                 \
	X(F32, "f32", 4, VOID)                 \
	X(F64, "f64", 8, VOID)                 \
	X(SPAN_I8, "[i8]", 1, I32)             \
	X(SPAN_U8, "[u8]", 1, U32)             \
	X(SPAN_I16, "[i16]", 2, I32)           \
	X(SPAN_U16, "[u16]", 2, U32)           \
	X(SPAN_I32, "[i32]", 4, I32)           \
	X(SPAN_U32, "[u32]", 4, U32)           \
	X(SPAN_I64, "[i64]", 8, I64)           \
	X(SPAN_U64, "[u64]", 8, U64)           \
	X(SPAN_F32, "[f32]", 4, F32)           \
	X(SPAN_F64, "[f64]", 8, F64)

typedef enum trivet_type {
#define X(name, text, size, element) TRIVET_##name,
	TRIVET_TYPE_LIST(X)
#undef X
	TRIVET_TYPE_COUNT
} trivet_type;

/* ---- Traps ---------------------------------------------------------------------------------- */

#define TRIVET_TRAP_LIST(X)                            \
	X(NONE, "none")                                \
	X(UNREACHABLE, "unreachable")                  \
	X(DIVIDE_BY_ZERO, "divide-by-zero")            \
	X(INTEGER_OVERFLOW, "integer-overflow")        \
	X(INVALID_CONVERSION, "invalid-conversion")    \
	X(OUT_OF_BOUNDS, "out-of-bounds")              \
	X(STACK_OVERFLOW, "stack-overflow")            \
	X(INTERRUPTED, "interrupted")                  \
	X(HOST, "host")

typedef enum trivet_trap {
#define X(name, text) TRIVET_TRAP_##name,
	TRIVET_TRAP_LIST(X)
#undef X
	TRIVET_TRAP_COUNT
} trivet_trap;

/* ---- CPU features --------------------------------------------------------------------------- */

/* Beyond the floor (x86-64 with SSE2; Armv8.0-A).  FMA stands for FMA3 with an OS that saves YMM. */
#define TRIVET_FEATURE_LIST(X) \
	X(SSE41, "sse4.1")     \
	X(POPCNT, "popcnt")    \
	X(LZCNT, "lzcnt")      \
	X(BMI1, "bmi1")        \
	X(BMI2, "bmi2")        \
	X(FMA, "fma")          \
	X(BTI, "bti")

enum {
#define X(name, text) TRIVET_FEATURE_INDEX_##name,
	TRIVET_FEATURE_LIST(X)
#undef X
	TRIVET_FEATURE_COUNT
};
typedef enum trivet_feature {
#define X(name, text) TRIVET_FEATURE_##name = 1 << TRIVET_FEATURE_INDEX_##name,
	TRIVET_FEATURE_LIST(X)
#undef X
} trivet_feature;

/* ---- Memory --------------------------------------------------------------------------------- */

/* All data (not code) comes from here.  `resize` works as realloc does: p NULL allocates, size 0
 * frees and gives NULL; old_size is what was asked for last.  NULL for a failure. */
typedef struct trivet_allocator {
	void *(*resize)(void *user, void *p, size_t old_size, size_t size);
	void *user;
} trivet_allocator;

#ifdef __cplusplus
}
#endif
#endif
