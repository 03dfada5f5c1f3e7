/* x86_64_bytes.h - the one encoder's inner half, for the two that call it once an instruction.
 *
 * What the row, the size and the condition say of an instruction's bytes does not depend on its
 * registers and numbers: it stands in a table, made of the rows by the compiler.  x64_put() adds the operands
 * and writes.
 *
 * An instruction is laid out as    [66] [F2|F3] [REX] [0F [38|3A]] opcode ModRM [SIB] [disp] [imm]
 * or, with VEX,                     C4 … … opcode ModRM [SIB] [disp] [imm]
 * [SDM] volume 2, chapter 2, "Instruction Format". */
#ifndef TRIVET_ASM_X86_64_BYTES_H
#define TRIVET_ASM_X86_64_BYTES_H

#include "asm/x86_64.h"

typedef struct X64Lead {
	uint32_t prefix, opcode;        /* as bytes, the first one lowest */
	uint8_t prefix_n, opcode_n;     /* how many */
	uint8_t rex;                    /* 0x48 with REX.W, else 0 */
	uint8_t rex_reg, rex_rm;        /* the first register that needs a REX prefix for its name; 255: none.
	                                 * spl, bpl, sil and dil; without one they are ah … bh */
	uint8_t digit;                  /* 0 … 7 in the place of a register; 8: none */
	uint8_t imm_n;
	uint8_t has;                    /* X64_HAS_… */
} X64Lead;
enum {
	X64_HAS_MODRM = 1, X64_HAS_OPCODE_REG = 2, X64_HAS_VEX = 4, X64_HAS_VVVV = 8,
	X64_HAS_MEMORY = 16, X64_HAS_REGISTER = 32,     /* what the rm may be */
	X64_HAS_BYTE = 64,                              /* a register of 8 bits */
};
/* One after another for the sizes of a row, from the least to the greatest that it has. */
extern const X64Lead x64_leads[];
typedef struct X64LeadAt {
	int16_t at;                     /* where that of 8 bits would be; of 16, 32 and 64 it is 1 … 3 more */
	uint8_t sizes;                  /* of the row */
} X64LeadAt;
extern const X64LeadAt x64_lead_at[X64_FORM_COUNT];

/* Once an instruction; their few callers are worth their room. */
#ifdef __GNUC__
#define X64_INLINE inline __attribute__((always_inline))
#define X64_APART  __attribute__((noinline))
#define X64_COLD   __attribute__((noinline, cold))
#else
#define X64_INLINE inline
#define X64_APART
#define X64_COLD
#endif

/* `size` is 1, 2, 4 or 8, and one of the row's. */
static X64_INLINE const X64Lead *
x64_lead(X64Form form, unsigned size)
{
	return &x64_leads[x64_lead_at[form].at + (int)((size >> 1) - (size >> 3))];
}

enum { X64_ROOM = 24 };         /* what x64_put() may touch; X64_LONGEST count at most */

static X64_INLINE void
x64_put64(uint8_t *at, uint64_t v)
{
#if defined __BYTE_ORDER__ && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	memcpy(at, &v, sizeof v); /* one store; compilers do not always make one of the other */
#else
	cbuf_put32(at, (uint32_t)v);
	cbuf_put32(at + 4, (uint32_t)(v >> 32));
#endif
}

/* ModRM, SIB and displacement: the bytes, the first one lowest, and how many.  [SDM] volume 2, "ModR/M and SIB
 * Bytes", tables 2-2 and 2-3: rm = 100 means a SIB byte follows (rsp and r12 as bases need one),
 * base = 101 with mod = 00 means no base (rbp and r13 need a displacement). */
static X64_INLINE uint64_t
x64_memory(unsigned reg, const X64Rm *rm, unsigned *n)
{
	static const uint8_t shift[9] = { 0, 0, 1, 0, 2, 0, 0, 0, 3 };
	unsigned field = (reg & 7) << 3, base = rm->base & 7, scaled = 4 << 3, bytes, mod;
	uint64_t disp = (uint32_t)rm->disp;

	if (rm->index != X64_NONE)
		scaled = (unsigned)shift[rm->scale] << 6 | (rm->index & 7u) << 3;
	if (rm->base == X64_NONE) {
		*n = 6;
		return field | 4 | (scaled | 5) << 8 | disp << 16;
	}
	mod = rm->disp == 0 && base != 5 ? 0 : x64_is_imm8(rm->disp) ? 0x40 : 0x80;
	bytes = mod >> 6 << (mod >> 7); /* 0, 1, 4 */
	if (rm->index == X64_NONE && base != 4) {
		*n = 1 + bytes;
		return mod | field | base | disp << 8;
	}
	*n = 2 + bytes;
	return mod | field | 4 | (scaled | base) << 8 | disp << 16;
}

/* Writes to p; the end of what counts.  The operands are such as the row has, `reg` its digit; `has` is the lead's, which a
 * caller may know better.  *disp is set to where a RIP-relative displacement goes. */
static X64_INLINE uint8_t *
x64_put(uint8_t *p, const X64Lead *l, unsigned has, unsigned cc, unsigned reg, unsigned vvvv,
        const X64Rm *rm, int64_t imm, uint8_t **disp)
{
	unsigned rex = l->rex, n = l->prefix_n, tail_n = 0;
	uint64_t head = l->prefix, opcode = l->opcode, tail = 0;
	unsigned last = 8 * (l->opcode_n - 1u); /* byte of the opcode, in bits */

	opcode += (uint64_t)cc << last;

	if (has & X64_HAS_BYTE && reg >= l->rex_reg)
		rex |= 0x40;
	if (!(has & X64_HAS_MODRM)) {
		if (has & X64_HAS_OPCODE_REG) {
			rex |= reg >> 3;
			opcode |= (uint64_t)(reg & 7) << last;
		}
	} else if (rm->kind == X64_REG) {
		if (has & X64_HAS_BYTE && rm->base >= l->rex_rm)
			rex |= 0x40;
		rex |= reg >> 3 << 2 | rm->base >> 3;
		tail = 0xc0 | (reg & 7) << 3 | (rm->base & 7u);
		tail_n = 1;
	} else if (rm->kind == X64_RIP) {
		rex |= reg >> 3 << 2;
		tail = (reg & 7) << 3 | 5;
		tail_n = 5;
	} else {        /* bit 3, and not of X64_NONE */
		rex |= reg >> 3 << 2 | (rm->base >> 3 & ~(rm->base >> 4) & 1u) |
		       (rm->index >> 3 & ~(rm->index >> 4) & 1u) << 1;
		tail = x64_memory(reg, rm, &tail_n);
	}
	if (has & X64_HAS_VEX) {           /* R, X, B and vvvv are stored inverted */
		head |= (uint64_t)(~rex & 7) << 13 | (uint64_t)(~vvvv & 15) << 19;
	} else if (rex) {
		head |= (uint64_t)(0x40 | rex) << 8 * n;
		n++;
	}
	x64_put64(p, head | opcode << 8 * n);
	p += n + l->opcode_n;
	x64_put64(p, tail);
	if (has & X64_HAS_MODRM && rm->kind == X64_RIP)
		*disp = p + 1;
	p += tail_n;
	x64_put64(p, (uint64_t)imm);
	return p + l->imm_n;
}

/* What x64_put() wrote up to `end` becomes part of the code, with the fixup of a displacement. */
static X64_INLINE void
x64_wrote(Cbuf *c, const uint8_t *end, const uint8_t *disp, const X64Rm *rm)
{
	uint32_t n = (uint32_t)(end - c->code.at);

	if (disp) {
		int64_t addend = (int64_t)rm->disp - (end - disp);

		if (addend < INT32_MIN) {
			cbuf_fail(c, TRIVET_OPERAND, "x86-64: a displacement from a label is out of range");
			return;
		}
		cbuf_fixup(c, X64_REL32, (uint32_t)(disp - c->code.at), rm->label, (int32_t)addend);
	}
	c->code.n = n;
}

#endif
