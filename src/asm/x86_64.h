/* x86_64.h - the x86-64 instructions that Trivet emits, as bytes.
 *
 * A row of X64_FORM_LIST is one opcode of the manual ([SDM] = Intel 64 and IA-32 Architectures
 * Software Developer's Manual, volume 2, "Instruction Set Reference"); x64_emit() writes any of
 * them through one encoder, with all sixteen registers in every slot.  Where the instruction set
 * has several encodings of one meaning, the functions below the table pick the shortest.
 *
 * Knows nothing of the IR.  An operand that cannot be encoded makes the buffer's status
 * TRIVET_OPERAND.             Tests: tests/unit/asm_x64.c, tests/encoding/test_x86_64.py */
#ifndef TRIVET_ASM_X86_64_H
#define TRIVET_ASM_X86_64_H

#include "asm/cbuf.h"

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

/* ---- The table ----
 *
 * name, mnemonic, prefix, map, opcode, digit, immediate, operand sizes, how size is encoded, operands
 *
 *   prefix   mandatory prefix: 0 none, 0x66, 0xf2, 0xf3
 *   map      0 one-byte opcodes, 1 0F, 2 0F 38, 3 0F 3A
 *   digit    /0 … /7 in the reg field of ModRM, R: the field is an operand (/r)
 *   imm      N none, B ib, Z iw or id, sign-extended to 64 bits
 *   sizes    allowed values of `size`: bits 1, 2, 4, 8
 *   by       INT: 2 adds 66, 8 sets REX.W, 1 is the opcode before (even)
 *            FIX: size changes nothing      SS: 4 is F3, 8 is F2      PS: 4 is no prefix, 8 is 66
 *            VEX: VEX.L0, W set for 8
 *   operands destination first. R reg field, M ModRM.rm, V VEX.vvvv; G general, X xmm, b, w: an rm of
 *            8 or 16 bits whatever the size; I: immediate; C: register CL */
// clang-format off
#define X64_FORM_LIST(X)                                                                        \
	X(ADD_MR,  "add",  0, 0, 0x01, R, N, 15, INT, MG_RG)                                     \
	X(ADD_RM,  "add",  0, 0, 0x03, R, N, 15, INT, RG_MG)                                     \
	X(OR_MR,   "or",   0, 0, 0x09, R, N, 15, INT, MG_RG)                                     \
	X(OR_RM,   "or",   0, 0, 0x0b, R, N, 15, INT, RG_MG)                                     \
	X(ADC_MR,  "adc",  0, 0, 0x11, R, N, 15, INT, MG_RG)                                     \
	X(ADC_RM,  "adc",  0, 0, 0x13, R, N, 15, INT, RG_MG)                                     \
	X(SBB_MR,  "sbb",  0, 0, 0x19, R, N, 15, INT, MG_RG)                                     \
	X(SBB_RM,  "sbb",  0, 0, 0x1b, R, N, 15, INT, RG_MG)                                     \
	X(AND_MR,  "and",  0, 0, 0x21, R, N, 15, INT, MG_RG)                                     \
	X(AND_RM,  "and",  0, 0, 0x23, R, N, 15, INT, RG_MG)                                     \
	X(SUB_MR,  "sub",  0, 0, 0x29, R, N, 15, INT, MG_RG)                                     \
	X(SUB_RM,  "sub",  0, 0, 0x2b, R, N, 15, INT, RG_MG)                                     \
	X(XOR_MR,  "xor",  0, 0, 0x31, R, N, 15, INT, MG_RG)                                     \
	X(XOR_RM,  "xor",  0, 0, 0x33, R, N, 15, INT, RG_MG)                                     \
	X(CMP_MR,  "cmp",  0, 0, 0x39, R, N, 15, INT, MG_RG)                                     \
	X(CMP_RM,  "cmp",  0, 0, 0x3b, R, N, 15, INT, RG_MG)                                     \
	X(TEST_MR, "test", 0, 0, 0x85, R, N, 15, INT, MG_RG)                                     \
	X(MOV_MR,  "mov",  0, 0, 0x89, R, N, 15, INT, MG_RG)                                     \
	X(MOV_RM,  "mov",  0, 0, 0x8b, R, N, 15, INT, RG_MG)                                     \
	X(MOV_MI,  "mov",  0, 0, 0xc7, 0, Z, 15, INT, MG_I)                                      \
	X(LEA,     "lea",  0, 0, 0x8d, R, N, 12, INT, RG_MG)     /* memory only */               \
	X(MOVSXD,  "movslq", 0, 0, 0x63, R, N, 8, INT, RG_MG)    /* 32 -> 64 */                  \
	X(MOVZX8,  "movzb", 0, 1, 0xb6, R, N, 12, INT, RG_Mb)                                    \
	X(MOVZX16, "movzw", 0, 1, 0xb7, R, N, 12, INT, RG_Mw)                                    \
	X(MOVSX8,  "movsb", 0, 1, 0xbe, R, N, 12, INT, RG_Mb)                                    \
	X(MOVSX16, "movsw", 0, 1, 0xbf, R, N, 12, INT, RG_Mw)                                    \
	X(IMUL_RM, "imul", 0, 1, 0xaf, R, N, 14, INT, RG_MG)                                     \
	X(IMUL_RMB, "imul", 0, 0, 0x6b, R, B, 14, INT, RG_MG_I)                                  \
	X(IMUL_RMI, "imul", 0, 0, 0x69, R, Z, 14, INT, RG_MG_I)                                  \
	X(NOT,     "not",  0, 0, 0xf7, 2, N, 15, INT, MG)                                        \
	X(NEG,     "neg",  0, 0, 0xf7, 3, N, 15, INT, MG)                                        \
	X(MUL,     "mul",  0, 0, 0xf7, 4, N, 15, INT, MG)                                        \
	X(IMUL,    "imul", 0, 0, 0xf7, 5, N, 15, INT, MG)                                        \
	X(DIV,     "div",  0, 0, 0xf7, 6, N, 15, INT, MG)                                        \
	X(IDIV,    "idiv", 0, 0, 0xf7, 7, N, 15, INT, MG)                                        \
	X(ROL_C,   "rol",  0, 0, 0xd3, 0, N, 15, INT, MG_C)                                      \
	X(ROR_C,   "ror",  0, 0, 0xd3, 1, N, 15, INT, MG_C)                                      \
	X(SHL_C,   "shl",  0, 0, 0xd3, 4, N, 15, INT, MG_C)                                      \
	X(SHR_C,   "shr",  0, 0, 0xd3, 5, N, 15, INT, MG_C)                                      \
	X(SAR_C,   "sar",  0, 0, 0xd3, 7, N, 15, INT, MG_C)                                      \
	X(BT_I,    "bt",   0, 1, 0xba, 4, B, 14, INT, MG_I)                                      \
	X(BTS_I,   "bts",  0, 1, 0xba, 5, B, 14, INT, MG_I)                                      \
	X(BTR_I,   "btr",  0, 1, 0xba, 6, B, 14, INT, MG_I)                                      \
	X(BTC_I,   "btc",  0, 1, 0xba, 7, B, 14, INT, MG_I)                                      \
	X(BSF,     "bsf",  0, 1, 0xbc, R, N, 14, INT, RG_MG)                                     \
	X(BSR,     "bsr",  0, 1, 0xbd, R, N, 14, INT, RG_MG)                                     \
	X(POPCNT,  "popcnt", 0xf3, 1, 0xb8, R, N, 14, INT, RG_MG)                                \
	X(TZCNT,   "tzcnt", 0xf3, 1, 0xbc, R, N, 14, INT, RG_MG)                                 \
	X(LZCNT,   "lzcnt", 0xf3, 1, 0xbd, R, N, 14, INT, RG_MG)                                 \
	X(CALL_M,  "call *", 0, 0, 0xff, 2, N, 8, FIX, MG)                                       \
	X(JMP_M,   "jmp *", 0, 0, 0xff, 4, N, 8, FIX, MG)                                        \
	X(PUSH_M,  "push", 0, 0, 0xff, 6, N, 8, FIX, MG)                                         \
	X(POP_M,   "pop",  0, 0, 0x8f, 0, N, 8, FIX, MG)                                         \
	/* SSE and SSE2 */                                                                      \
	X(MOVS_RM, "movs", 0, 1, 0x10, R, N, 12, SS, RX_MX)                                      \
	X(MOVS_MR, "movs", 0, 1, 0x11, R, N, 12, SS, MX_RX)                                      \
	X(MOVUPS_RM, "movups", 0, 1, 0x10, R, N, 8, FIX, RX_MX)                                  \
	X(MOVUPS_MR, "movups", 0, 1, 0x11, R, N, 8, FIX, MX_RX)                                  \
	X(MOVAPS_RM, "movaps", 0, 1, 0x28, R, N, 8, FIX, RX_MX)                                  \
	X(MOVAPS_MR, "movaps", 0, 1, 0x29, R, N, 8, FIX, MX_RX)                                  \
	X(MOVD_XG, "mov",  0x66, 1, 0x6e, R, N, 12, INT, RX_MG)  /* movd, movq */                \
	X(MOVD_GX, "mov",  0x66, 1, 0x7e, R, N, 12, INT, MG_RX)                                  \
	X(SQRTS,   "sqrts", 0, 1, 0x51, R, N, 12, SS, RX_MX)                                     \
	X(ANDP,    "andp", 0, 1, 0x54, R, N, 12, PS, RX_MX)                                      \
	X(ANDNP,   "andnp", 0, 1, 0x55, R, N, 12, PS, RX_MX)                                     \
	X(ORP,     "orp",  0, 1, 0x56, R, N, 12, PS, RX_MX)                                      \
	X(XORP,    "xorp", 0, 1, 0x57, R, N, 12, PS, RX_MX)                                      \
	X(ADDS,    "adds", 0, 1, 0x58, R, N, 12, SS, RX_MX)                                      \
	X(MULS,    "muls", 0, 1, 0x59, R, N, 12, SS, RX_MX)                                      \
	X(SUBS,    "subs", 0, 1, 0x5c, R, N, 12, SS, RX_MX)                                      \
	X(MINS,    "mins", 0, 1, 0x5d, R, N, 12, SS, RX_MX)                                      \
	X(DIVS,    "divs", 0, 1, 0x5e, R, N, 12, SS, RX_MX)                                      \
	X(MAXS,    "maxs", 0, 1, 0x5f, R, N, 12, SS, RX_MX)                                      \
	X(UCOMIS,  "ucomis", 0, 1, 0x2e, R, N, 12, PS, RX_MX)                                    \
	X(CVTSI2SS, "cvtsi2ss", 0xf3, 1, 0x2a, R, N, 12, INT, RX_MG)                             \
	X(CVTSI2SD, "cvtsi2sd", 0xf2, 1, 0x2a, R, N, 12, INT, RX_MG)                             \
	X(CVTTSS2SI, "cvttss2si", 0xf3, 1, 0x2c, R, N, 12, INT, RG_MX)                           \
	X(CVTTSD2SI, "cvttsd2si", 0xf2, 1, 0x2c, R, N, 12, INT, RG_MX)                           \
	X(CVTSS2SD, "cvtss2sd", 0xf3, 1, 0x5a, R, N, 8, FIX, RX_MX)                              \
	X(CVTSD2SS, "cvtsd2ss", 0xf2, 1, 0x5a, R, N, 8, FIX, RX_MX)                              \
	X(CMPS,    "cmps", 0, 1, 0xc2, R, B, 12, SS, RX_MX_I)                                    \
	/* SSE4.1 */                                                                            \
	X(ROUNDSS, "roundss", 0x66, 3, 0x0a, R, B, 4, FIX, RX_MX_I)                              \
	X(ROUNDSD, "roundsd", 0x66, 3, 0x0b, R, B, 8, FIX, RX_MX_I)                              \
	/* FMA3, BMI2 */                                                                        \
	X(VFMADD132S, "vfmadd132s", 0x66, 2, 0x99, R, N, 12, VEX, RX_VX_MX)                      \
	X(VFMADD213S, "vfmadd213s", 0x66, 2, 0xa9, R, N, 12, VEX, RX_VX_MX)                      \
	X(VFMADD231S, "vfmadd231s", 0x66, 2, 0xb9, R, N, 12, VEX, RX_VX_MX)                      \
	X(SHLX,    "shlx", 0x66, 2, 0xf7, R, N, 12, VEX, RG_MG_VG)                               \
	X(SARX,    "sarx", 0xf3, 2, 0xf7, R, N, 12, VEX, RG_MG_VG)                               \
	X(SHRX,    "shrx", 0xf2, 2, 0xf7, R, N, 12, VEX, RG_MG_VG)                               \
	X(MULX,    "mulx", 0xf2, 2, 0xf6, R, N, 12, VEX, RG_VG_MG)   /* vvvv: low half */        \
	X(RORX,    "rorx", 0xf2, 3, 0xf0, R, B, 12, VEX, RG_MG_I)
// clang-format on

typedef enum X64Form {
#define X(name, text, prefix, map, opcode, digit, imm, sizes, by, operands) X64_##name,
	X64_FORM_LIST(X)
#undef X
	X64_FORM_COUNT
} X64Form;

typedef enum X64Operands {
	X64_MG_RG, X64_RG_MG, X64_RG_Mb, X64_RG_Mw, X64_RG_MG_I, X64_MG_I, X64_MG, X64_MG_C,
	X64_RX_MX, X64_MX_RX, X64_RX_MG, X64_MG_RX, X64_RG_MX, X64_RX_MX_I,
	X64_RX_VX_MX, X64_RG_MG_VG, X64_RG_VG_MG,
} X64Operands;

typedef struct X64Row {
	const char *text;
	uint8_t prefix, map, opcode;
	uint8_t digit;                  /* 0 … 7, or 8 for /r */
	uint8_t imm;                    /* X64_IMM_… */
	uint8_t sizes, by;
	uint8_t operands;               /* X64Operands */
} X64Row;
enum { X64_IMM_N, X64_IMM_B, X64_IMM_Z };
enum { X64_BY_INT, X64_BY_FIX, X64_BY_SS, X64_BY_PS, X64_BY_VEX };
extern const X64Row x64_row[X64_FORM_COUNT];

/* Any row.  `reg` is ignored by rows with a digit; imm by those without one. */
void x64_emit(Cbuf *c, X64Form form, unsigned size, unsigned reg, X64Rm rm, int32_t imm);
void x64_vex(Cbuf *c, X64Form form, unsigned size, unsigned reg, unsigned vvvv, X64Rm rm, int32_t imm);

static inline bool x64_is_imm8(int64_t v) { return v == (int8_t)v; }
static inline bool x64_is_imm32(int64_t v) { return v == (int32_t)v; }

/* ---- What is not one row ---- */
typedef enum X64Alu {
	X64_ADD, X64_OR, X64_ADC, X64_SBB, X64_AND, X64_SUB, X64_XOR, X64_CMP, X64_ALU_COUNT
} X64Alu;
static inline X64Form x64_alu_rm(X64Alu op) { return (X64Form)(X64_ADD_RM + 2 * (int)op); }
static inline X64Form x64_alu_mr(X64Alu op) { return (X64Form)(X64_ADD_MR + 2 * (int)op); }
typedef enum X64Shift { X64_ROL = 0, X64_ROR = 1, X64_SHL = 4, X64_SHR = 5, X64_SAR = 7 } X64Shift;

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
void x64_nop(Cbuf *c, uint32_t bytes);  /* as few instructions as the manual recommends */

/* Branches: 8-bit backwards in reach, 32-bit otherwise (until x64_relax).  The …_short ones promise a target within
 * reach of 8 bits; a broken promise is TRIVET_RANGE at cbuf_link(). */
void x64_jmp(Cbuf *c, Label to);
void x64_jcc(Cbuf *c, X64Cc cc, Label to);
void x64_call(Cbuf *c, Label to);
void x64_jmp_short(Cbuf *c, Label to);
void x64_jcc_short(Cbuf *c, X64Cc cc, Label to);

/* Fixups: `at` is the displacement field; its value counts from the instruction's end.  X64_BRANCH32
 * is the REL32 of a jmp or jcc, which x64_relax() may shorten. */
enum { X64_REL32 = 1, X64_REL8 = 2, X64_BRANCH32 = 3 };
bool x64_patch(uint8_t *at, uint8_t kind, int64_t disp);

/* Shortens the forward branches since x64_mark() that turn out to reach with 8 bits, and moves the code
 * behind them up.  For labels made since the mark; older ones may be bound no later than at it.  Also
 * moved: `n` offsets that the caller keeps, the first at `offsets`, each `stride` bytes behind the one before. */
typedef struct X64Mark {
	uint32_t code, label, fixup;
} X64Mark;
X64Mark x64_mark(const Cbuf *c);
void x64_relax(Cbuf *c, X64Mark since, void *offsets, uint32_t n, uint32_t stride);

#endif
