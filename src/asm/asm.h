/* asm.h - inside of a trivet_asm: what asm.c and the public sides of the two assemblers share.
 *
 * A public emitter calls asm_ready() first, appends to `buf`, and reports an operand that cannot be
 * encoded with asm_fail_operand().                              Tests: tests/unit/asm.c */
#ifndef TRIVET_ASM_ASM_H
#define TRIVET_ASM_ASM_H

#include "asm/cbuf.h"
#include "trivet_asm.h"

typedef struct AsmConstant {
	uint8_t bytes[16];
	uint32_t size;
	Label label;
} AsmConstant;

/* Forms that were looked up: mnemonic, number and kinds of operands; see aarch64_public.c. */
enum { A64_RECENT = 256 };
typedef struct A64Recent {
	uint64_t kinds, form;           /* form 0: none */
	const struct A64Row *row;
	uint32_t value;                 /* the row's bits */
	uint32_t times[4];              /* what puts a register or condition in its place … */
	uint8_t most[4];                /* … and the last that there is, of operands … */
	uint8_t plain;                  /* … from the first on that are no more than that */
	uint8_t last, lsb, arg;         /* shape of the one operand behind them, and of its slot; see there */
} A64Recent;

/* The same of x86-64, with everything that does not depend on the operands' values; see
 * x86_64_public.c. */
enum { X64_RECENT = 256 };
enum { X64_RECENT_ANY, X64_RECENT_REGISTER, X64_RECENT_MEMORY /* the plain ones */, X64_RECENT_BRANCH };
typedef struct X64Recent {
	uint64_t kinds, form;
	const struct X64Lead *lead;
	uint64_t span;                  /* the immediate is at most so much … */
	int32_t low;                    /* … above this */
	uint32_t prefix, opcode;        /* of plain shapes: as bytes, the first one lowest; with the condition, and … */
	uint8_t prefix_n, opcode_n;     /* … of a register's, 11 in its ModRM, which does not count */
	uint8_t rex, imm_n;             /* as in the lead */
	uint8_t cc, rm;                 /* condition; what the rm is, X64Rm.kind */
	uint8_t shape;                  /* X64_RECENT_… */
	uint8_t at_reg, at_rm, at_vvvv, at_imm, at_fixed;       /* which operand; 0 where there is none … */
	uint8_t reg_mask, vvvv_mask, fixed_mask, fixed, digit;  /* … and a mask of 0 */
} X64Recent;

struct trivet_asm {
	Cbuf buf;                       /* first: it is what every instruction touches */
	Mem mem;
	Arena arena;
	trivet_isa isa;
	bool finished;                  /* buf.err is then TRIVET_SEALED, which keeps emitters out */
	bool late;                      /* something was asked for after trivet_asm_finish() */
	VEC(AsmConstant) constants;
	VEC(uint32_t) slots;            /* hash table over constants: index + 1; a power of two, or empty */
	union {                         /* by isa */
		A64Recent recent[A64_RECENT];
		X64Recent recent_x64[X64_RECENT];
	};
	VEC(Fixup) addresses;           /* every CBUF_ABS64: they change with each base */
};

/* False, and noted where it matters, when nothing may be emitted any more. */
bool asm_refuse(trivet_asm *a);
static inline bool
asm_ready(trivet_asm *a)
{
	return a && (a->buf.err == TRIVET_OK || asm_refuse(a));
}

/* Fails with TRIVET_OPERAND: "mnemonic: operand N: what (at byte B)"; N counts from 1, 0 leaves it out. */
MEM_PRINTF(4, 5) void asm_fail_operand(trivet_asm *a, const char *mnemonic, unsigned operand,
                                       const char *format, ...);

#endif
