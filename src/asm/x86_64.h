/* x86_64.h - x86-64 instructions as bytes, and back as text.
 *
 * A row of X64_FORM_LIST (x86_64_rows.h) is one opcode of the manual; x64_emit() writes any of
 * them through one encoder, with all sixteen registers in every slot.  Where the instruction set
 * has several encodings of one meaning, the functions below the table pick the shortest; for the
 * operands of trivet_x64_emit(), x86_64_public.c does.
 *
 * Knows nothing of the IR.  An operand that cannot be encoded makes the buffer's status
 * TRIVET_OPERAND.             Tests: tests/unit/asm_x64.c, tests/encoding/test_x86_64.py */
#ifndef TRIVET_ASM_X86_64_H
#define TRIVET_ASM_X86_64_H

#include "asm/cbuf.h"
#include "asm/x86_64_rows.h"

/* ---- Registers: the machine's numbers; xmm0 … xmm15 are 0 … 15 as well ---- */
enum {
	X64_RAX, X64_RCX, X64_RDX, X64_RBX, X64_RSP, X64_RBP, X64_RSI, X64_RDI,
	X64_R8, X64_R9, X64_R10, X64_R11, X64_R12, X64_R13, X64_R14, X64_R15,
	X64_NONE = 0xff,
};

/* Condition codes as encoded in Jcc, SETcc, CMOVcc; c ^ 1 is the negation. */
typedef enum X64Cc {
	X64_O, X64_NO, X64_B, X64_AE, X64_E, X64_NE, X64_BE, X64_A,
	X64_S, X64_NS, X64_P, X64_NP, X64_L, X64_GE, X64_LE, X64_G,
} X64Cc;

/* The ModRM operand: a register, memory, or memory relative to a label. */
typedef enum X64RmKind { X64_REG, X64_MEM, X64_RIP } X64RmKind;
typedef struct X64Rm {
	uint8_t kind;
	uint8_t base;                   /* the register itself, for X64_REG; X64_NONE: no base */
	uint8_t index, scale;           /* X64_NONE, or any but rsp; 1, 2, 4 or 8 */
	int32_t disp;
	Label label;
} X64Rm;
static inline X64Rm
x64_r(unsigned reg)
{
	return (X64Rm){ X64_REG, (uint8_t)reg, X64_NONE, 1, 0, 0 };
}
static inline X64Rm
x64_m(unsigned base, int32_t disp)
{
	return (X64Rm){ X64_MEM, (uint8_t)base, X64_NONE, 1, disp, 0 };
}
static inline X64Rm
x64_mx(unsigned base, unsigned index, unsigned scale, int32_t disp)
{
	return (X64Rm){ X64_MEM, (uint8_t)base, (uint8_t)index, (uint8_t)scale, disp, 0 };
}
static inline X64Rm
x64_rip(Label label, int32_t addend)
{
	return (X64Rm){ X64_RIP, X64_NONE, X64_NONE, 1, addend, label };
}

/* ---- The table: x86_64_rows.h ---- */
typedef enum X64Form {
#define X(name, op, prefix, map, opcode, digit, imm, sizes, by, pattern) X64_##name,
	X64_FORM_LIST(X, X, X, X)
#undef X
	X64_FORM_COUNT
} X64Form;

/* Classes of operands, a bit each; those of registers are trivet_operand.type. */
enum {
	X64_IN_R8 = 1, X64_IN_R16 = 2, X64_IN_R32 = 4, X64_IN_R64 = 8, X64_IN_G = 15,
	X64_IN_XMM = 16, X64_IN_MEM = 32, X64_IN_IMM = 64, X64_IN_LABEL = 128,
	X64_IN_M = X64_IN_MEM | X64_IN_LABEL,
	X64_ANY = 255,
};
typedef enum X64Slot {
#define X(name, accepts, bytes) X64_SLOT_##name,
	X64_SLOT_LIST(X)
#undef X
} X64Slot;
typedef enum X64PatternId {
#define X(name, n, a, b, c) X64_PATTERN_##name,
	X64_PATTERN_LIST(X)
#undef X
	X64_PATTERN_COUNT
} X64PatternId;

typedef struct X64Row {
	uint16_t op;                    /* trivet_x64_op; the first of its two or sixteen */
	uint8_t prefix, map, opcode;
	uint8_t digit;                  /* 0 … 7, or 8 for /r and none */
	uint8_t imm;                    /* X64_IMM_… */
	uint8_t sizes, by;
	uint8_t pattern;                /* X64PatternId */
} X64Row;
enum { X64_IMM_N, X64_IMM_B, X64_IMM_U, X64_IMM_W, X64_IMM_Z, X64_IMM_Q };
enum { X64_BY_INT, X64_BY_D64, X64_BY_FIX, X64_BY_SS, X64_BY_PS, X64_BY_VEX };
extern const X64Row x64_row[X64_FORM_COUNT];

typedef struct X64Pattern {
	uint8_t n, slot[3];
	uint32_t accepts;               /* class masks of the operands, a byte each */
	bool modrm, vvvv;
	bool reg_general;               /* the reg is as wide as the size */
	uint32_t general;               /* 0xff for each operand whose width is the size */
	uint8_t at_reg, at_rm, at_vvvv, at_imm, at_fixed;       /* which operand; n … 3: none.  Fixed: A, C, 1 */
	uint8_t rm_bytes;               /* of memory; 0: the size */
} X64Pattern;
enum { X64_NOWHERE = 3 };
extern const X64Pattern x64_pattern[X64_PATTERN_COUNT];

/* One instruction, whatever its row; what the row has no place for is 0.  The register of an OG pattern
 * is `reg`.  `cc` is added to the opcode.  Branches are in x64_jmp() and its like. */
typedef struct X64Ins {
	X64Form form;
	unsigned cc, size, reg, vvvv;
	X64Rm rm;
	int64_t imm;                    /* cut to the row's width */
} X64Ins;
void x64_ins(Cbuf *c, const X64Ins *i);

enum { X64_LONGEST = 15 };              /* bytes of an instruction */
/* The bytes alone, at most X64_LONGEST of the 24 that are there: their number, 0 for an operand that does not
 * exist.  A RIP-relative displacement is left 0; where it is goes to *disp_at (else 0). */
unsigned x64_encode(uint8_t out[24], const X64Ins *i, unsigned *disp_at);

/* 90 is no exchange of eax with itself, which would clear the upper half of rax. */
static inline bool
x64_is_nop(X64Form form, unsigned size, unsigned reg)
{
	return (form == X64_XCHG_OA || form == X64_XCHG_AO) && size == 4 && reg == X64_RAX;
}

const char *x64_mnemonic(unsigned op);          /* of a trivet_x64_op */
unsigned x64_op_of(const X64Row *row, unsigned size, unsigned cc);      /* which of its two or sixteen */

/* Text in Intel's syntax of the first instruction, as trivet_disassemble(). */
size_t x64_format(const uint8_t *code, size_t size, uint64_t address, char *text, size_t room);

/* Any row.  `reg` is ignored by rows with a digit; imm by those without one. */
void x64_emit(Cbuf *c, X64Form form, unsigned size, unsigned reg, X64Rm rm, int32_t imm);
void x64_vex(Cbuf *c, X64Form form, unsigned size, unsigned reg, unsigned vvvv, X64Rm rm, int32_t imm);

static inline bool x64_is_imm8(int64_t v) { return v == (int8_t)v; }
static inline bool x64_is_imm32(int64_t v) { return v == (int32_t)v; }

/* ---- The shortest of several rows ---- */
typedef enum X64Alu {
	X64_ADD, X64_OR, X64_ADC, X64_SBB, X64_AND, X64_SUB, X64_XOR, X64_CMP, X64_ALU_COUNT
} X64Alu;
static inline X64Form x64_alu_rm(X64Alu op) { return (X64Form)(X64_ADD_RM + 5 * (int)op); }
static inline X64Form x64_alu_mr(X64Alu op) { return (X64Form)(X64_ADD_MR + 5 * (int)op); }
typedef enum X64Shift {
	X64_ROL, X64_ROR, X64_RCL, X64_RCR, X64_SHL, X64_SHR, X64_SAR = 7
} X64Shift;

/* Immediates: sign-extended to the operand's size; the shortest encoding there is. */
void x64_alu_imm(Cbuf *c, X64Alu op, unsigned size, X64Rm rm, int32_t imm);
void x64_test_imm(Cbuf *c, unsigned size, X64Rm rm, int32_t imm);
void x64_shift_imm(Cbuf *c, X64Shift op, unsigned size, X64Rm rm, unsigned count);
void x64_imul_imm(Cbuf *c, unsigned size, unsigned reg, X64Rm rm, int32_t imm);
void x64_mov_imm(Cbuf *c, unsigned size, unsigned reg, uint64_t imm);  /* leaves the flags; size 4 or 8 */
void x64_zero(Cbuf *c, unsigned reg);                                   /* xor r32, r32: flags go */
void x64_setcc(Cbuf *c, X64Cc cc, X64Rm rm);
void x64_cmov(Cbuf *c, X64Cc cc, unsigned size, unsigned reg, X64Rm rm);
void x64_bswap(Cbuf *c, unsigned size, unsigned reg);
void x64_push(Cbuf *c, unsigned reg);
void x64_pop(Cbuf *c, unsigned reg);
void x64_cdq(Cbuf *c, unsigned size);   /* cdq, cqo */
void x64_ret(Cbuf *c);
void x64_ud2(Cbuf *c);
void x64_int3(Cbuf *c);
void x64_endbr64(Cbuf *c);
void x64_write_nops(uint8_t *at, uint32_t bytes);       /* as the manual recommends, the fewest */
void x64_nop(Cbuf *c, uint32_t bytes);  /* the same into the buffer */

/* Branches: 8-bit backwards in reach, 32-bit otherwise (until x64_relax).  The …_short ones promise a target within
 * reach of 8 bits; a broken promise is TRIVET_RANGE at cbuf_link(). */
void x64_jmp(Cbuf *c, Label to);
void x64_jcc(Cbuf *c, X64Cc cc, Label to);
void x64_call(Cbuf *c, Label to);
void x64_jmp_short(Cbuf *c, Label to);
void x64_jcc_short(Cbuf *c, X64Cc cc, Label to);

/* Fixups: `at` is the displacement field; its value counts from the instruction's end.  X64_BRANCH32
 * is the REL32 of a jmp or jcc, which x64_relax() may shorten. */
enum { X64_REL32 = 1, X64_REL8 = 2, X64_BRANCH32 = 3, X64_SHORTEN = 4 /* inside x64_relax() */ };
bool x64_patch(uint8_t *at, uint8_t kind, int64_t disp);

/* Shortens the branches since x64_mark() that turn out to reach with 8 bits, moves the code behind
 * them up, and keeps what CBUF_ALIGN aligned so.  For labels made since the mark; older ones may be bound no
 * later than at it.  Also moved: `n` offsets that the caller keeps, the first at `offsets`, each `stride`
 * bytes behind the one before. */
typedef struct X64Mark {
	uint32_t code, label, fixup;
} X64Mark;
X64Mark x64_mark(const Cbuf *c);
void x64_relax(Cbuf *c, X64Mark since, void *offsets, uint32_t n, uint32_t stride);

#endif
