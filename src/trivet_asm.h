/* trivet_asm.h - machine code by hand: a buffer, labels, constants, and two assemblers.
 *
 * Any host assembles for x86-64 and for AArch64; only running needs the machine itself.  What was
 * assembled is position-independent unless it asks for absolute addresses, and goes into executable
 * memory through trivet_memory.h.
 *
 *     trivet_asm *a;
 *     const uint8_t *code;
 *     size_t size;
 *     trivet_asm_open(NULL, TRIVET_ISA_X86_64, &a);
 *     trivet_x64(a, LEA, trivet_x64_r32(TRIVET_RAX), trivet_x64_mx(TRIVET_RDI, TRIVET_RSI, 1, 0));
 *     trivet_x64(a, RET);
 *     trivet_status s = trivet_asm_finish(a, 0, &code, &size);
 *     trivet_asm_close(a);
 *
 * Instructions are in trivet_x64.h and trivet_a64.h: an instruction is its mnemonic and up to five
 * operands in the order of Intel's and Arm's manuals, destination first; the encoding that is
 * shortest (x86-64), or the only one (AArch64), is picked from the operands.
 *
 * Errors stick.  The first operand that cannot be encoded, label bound twice, branch that does not reach, or failed
 * allocation sets the assembler's status; every later call does nothing, and trivet_asm_finish() answers it.
 * Nothing is ever encoded wrongly, wrapped or cut.
 *
 * Threads.  An assembler is used by one thread at a time; different ones share nothing. */
#ifndef TRIVET_ASM_H
#define TRIVET_ASM_H

#include "trivet.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct trivet_asm trivet_asm;
typedef enum trivet_isa { TRIVET_ISA_X86_64, TRIVET_ISA_AARCH64 } trivet_isa;

/* allocator NULL: malloc and free.  TRIVET_ARGUMENT, TRIVET_NO_MEMORY. */
trivet_status trivet_asm_open(const trivet_allocator *allocator, trivet_isa isa, trivet_asm **out);
void trivet_asm_close(trivet_asm *a);                   /* NULL is fine */
void trivet_asm_reset(trivet_asm *a);                   /* as new; keeps its memory for the next code */

/* The first failure since the last reset, and what was wrong where: "add: operand 3: immediate 4097 is
 * not 0..4095, or such a multiple of 4096 (at byte 12)"; "" without one.  Valid until the next call. */
trivet_status trivet_asm_status(const trivet_asm *a);
const char *trivet_asm_message(const trivet_asm *a);

/* ---- Labels, data, constants ----------------------------------------------------------------- */

typedef uint32_t trivet_label;          /* of one assembler, from trivet_asm_label(); dense, from 0 */

trivet_label trivet_asm_label(trivet_asm *a);           /* new and unbound */
void trivet_asm_bind(trivet_asm *a, trivet_label l);    /* here; a second time is TRIVET_LABEL */
/* Bytes so far: where the next goes.  On x86-64 forward branches become shorter at trivet_asm_finish(),
 * and what is behind them moves up: bind a label to follow a place. */
size_t trivet_asm_offset(const trivet_asm *a);
/* Where a bound label is, in bytes from the start: final after trivet_asm_finish(); TRIVET_LABEL when
 * unbound. */
trivet_status trivet_asm_label_offset(const trivet_asm *a, trivet_label l, size_t *out);
void trivet_asm_align(trivet_asm *a, size_t to);        /* with no-operations; a power of two <= 4096;
	                                                 * counted from byte 0, which the caller aligns */
void trivet_asm_bytes(trivet_asm *a, const void *bytes, size_t n);      /* as they are */
void trivet_asm_address(trivet_asm *a, trivet_label l, int64_t addend); /* 8 bytes: where l will run;
	                                                 * the addend has 32 bits */

/* A constant of 4, 8 or 16 bytes in the literal pool behind the code, aligned to its size; equal ones share
 * a place.  The label is for loads. */
trivet_label trivet_asm_constant(trivet_asm *a, const void *bytes, size_t n);

/* Appends the pool, resolves every label, and gives the bytes, which last until the next call.
 * `base` is the address where byte 0 will run; it matters to trivet_asm_address() alone.  May be called
 * again with another base: once for the size, again when memory of that size has an address.  After
 * it nothing can be appended (TRIVET_SEALED) until trivet_asm_reset(). */
trivet_status trivet_asm_finish(trivet_asm *a, uint64_t base, const uint8_t **code, size_t *size);

/* ---- Operands -------------------------------------------------------------------------------- */

/* One operand of either machine; made by the functions of trivet_x64.h and trivet_a64.h and these two. */
typedef struct trivet_operand {
	uint8_t kind;                   /* trivet_operand_kind */
	uint8_t type;                   /* of a register: the machine's class; of memory: its mode */
	uint8_t size;                   /* bytes of memory; 0: as the other operands say */
	uint8_t zero;
	union {
		struct {
			uint8_t reg;    /* register; base of memory; a condition */
			uint8_t index;  /* register; of memory */
			uint8_t scale;  /* of the index, or amount of a shift or extension */
			uint8_t extra;  /* kind of shift or extension */
		};
		trivet_label label;     /* of labels, and memory there */
	};
	int64_t value;                  /* immediate, displacement, addend of a label */
} trivet_operand;

typedef enum trivet_operand_kind {
	TRIVET_OPERAND_NONE,
	TRIVET_OPERAND_REG,
	TRIVET_OPERAND_MEM,             /* base, index, displacement */
	TRIVET_OPERAND_LABEL,           /* a label as target, or memory there */
	TRIVET_OPERAND_IMM,
	TRIVET_OPERAND_SHIFT,           /* AArch64: lsl #3, uxtw #2, msl … */
	TRIVET_OPERAND_COND,            /* a condition, where it is an operand */
} trivet_operand_kind;

static inline trivet_operand
trivet_imm(int64_t value)
{
	trivet_operand o = { 0 };
	o.kind = TRIVET_OPERAND_IMM;
	o.value = value;
	return o;
}

static inline trivet_operand
trivet_at(trivet_label label)
{
	trivet_operand o = { 0 };
	o.kind = TRIVET_OPERAND_LABEL;
	o.label = label;
	return o;
}

/* ---- Text ------------------------------------------------------------------------------------ */

/* Writes one instruction of `code` (at most `size` bytes, to run at `address`) as text in the syntax of Intel's or
 * Arm's manual into `text`, as snprintf does; answers the bytes it has.  0: not an instruction that this
 * assembler knows, or cut off; the text is then that byte or word as data. */
size_t trivet_disassemble(trivet_isa isa, const uint8_t *code, size_t size, uint64_t address,
                          char *text, size_t room);

#ifdef __cplusplus
}
#endif
#endif
