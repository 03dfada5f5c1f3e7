/* shim.h - code between C functions and arrays of pointers: shims and closures (trivet_shim.h).
 *
 * A shim is called as void(void *const *args, void *result) and calls a C function with what the
 * pointers lead to; a closure is called as a C function and hands pointers to its arguments to a
 * handler.  A back end writes them in one walk of the parameters; nothing here is IR.
 *
 * Those of one signature share their code, behind an entry each that says which one it is, and so which
 * element of a table says what to call.  The table is data, the code is never written again.
 *
 * What the convention leaves undefined - upper halves of registers and stack slots of narrow values -
 * is never read, and defined in everything that is passed on: sign- or zero-extended to 64 bits.
 * A bool that is neither 0 nor 1 becomes 1.                    Tests: tests/unit/shim.c, tests/abi/ */
#ifndef TRIVET_GEN_SHIM_H
#define TRIVET_GEN_SHIM_H

#include "gen/gen.h"

/* name, text, bytes, IrType that travels as it does */
#define CTYPE_LIST(X)           \
	X(VOID, "void", 0, VOID) \
	X(BOOL, "bool", 1, I64) \
	X(I8, "i8", 1, I64)     \
	X(U8, "u8", 1, I64)     \
	X(I16, "i16", 2, I64)   \
	X(U16, "u16", 2, I64)   \
	X(I32, "i32", 4, I64)   \
	X(U32, "u32", 4, I64)   \
	X(I64, "i64", 8, I64)   \
	X(U64, "u64", 8, I64)   \
	X(F32, "f32", 4, F32)   \
	X(F64, "f64", 8, F64)   \
	X(PTR, "ptr", 8, I64)

typedef enum CType {
#define X(name, text, bytes, ir) CTYPE_##name,
	CTYPE_LIST(X)
#undef X
	CTYPE_COUNT
} CType;

static inline bool ctype_is_fp(uint8_t t) { return t == CTYPE_F32 || t == CTYPE_F64; }

enum { SHIM_PARAMS = 64 };

typedef struct ShimTarget {
	uint64_t function;              /* address of what it calls: the function, or the handler */
	uint64_t user;                  /* of a closure: the handler's first argument */
} ShimTarget;

typedef struct Shim {
	bool closure;                   /* else a shim */
	bool variadic;                  /* the function of a shim has an ellipsis */
	uint8_t result;                 /* CType */
	uint8_t params[SHIM_PARAMS];    /* CTypes */
	uint32_t nparams;
	uint64_t table;                 /* address of a ShimTarget for each entry */
	/* gen_shim() fills in: */
	Loc at[SHIM_PARAMS];            /* LOC_REG or LOC_IN, as conv_assign() says */
	uint32_t slots;                 /* stack slots of those */
} Shim;

enum { SHIM_ENTRY = 16, SHIM_ENTRIES = 256 };   /* bytes of an entry; most entries */

/* Position-independent code, whose entry k is at k * SHIM_ENTRY, and unwind data of its one frame: out->bytes,
 * size, unwind, frames.  TRIVET_NO_MEMORY. */
trivet_status gen_shim(const Target *t, Shim *s, uint32_t entries, Arena *a, ObjectCode *out);

/* The back ends': an entry, which leads to `body` with its number in a register; and what all lead to. */
void x64_emit_shim_entry(Cbuf *c, uint32_t number, Label body);
void a64_emit_shim_entry(Cbuf *c, uint32_t number, Label body);
void x64_emit_shim(Cbuf *c, const Convention *cv, const Shim *s, FrameInfo *frame);
void a64_emit_shim(Cbuf *c, const Convention *cv, const Shim *s, FrameInfo *frame);

#endif
