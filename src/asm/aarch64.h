/* aarch64.h - A64 instructions as 32-bit words.
 *
 * Pure functions: operands in, word out; no buffer, no state, so every host can test them.  One
 * function is one encoding class of the manual, its operations an enum whose values are the class's
 * opcode bits; the usual aliases (cmp, mov, lsl #n, cset …) follow inline.  What fits is asked of
 * a predicate (a64_is_…) first; an encoder only asserts.
 *
 * Registers are numbers: 0..30, and 31 is SP or ZR as the instruction has it; V registers 0..31.
 * Displacements are bytes from the instruction itself.
 *
 * Source: Arm Architecture Reference Manual for A-profile, DDI 0487, issue H.a ("ARM" below).
 * Section titles outlive section numbers.           Tests: tests/unit/asm_a64.c, tests/encoding/ */
#ifndef TRIVET_AARCH64_H
#define TRIVET_AARCH64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32_t A64Reg;
enum { A64_FP = 29, A64_LR = 30, A64_SP = 31, A64_ZR = 31 };

typedef enum A64Width { A64_W, A64_X } A64Width;
typedef enum A64Float { A64_S = 0, A64_D = 1, A64_H = 3 } A64Float;     /* H: only fcvt */

typedef enum A64Cond {
	A64_EQ, A64_NE, A64_HS, A64_LO, A64_MI, A64_PL, A64_VS, A64_VC,
	A64_HI, A64_LS, A64_GE, A64_LT, A64_GT, A64_LE, A64_AL, A64_NV,
} A64Cond;
static inline A64Cond a64_invert(A64Cond c) { return (A64Cond)(c ^ 1u); }  /* not for AL, NV */

typedef enum A64Shift { A64_LSL, A64_LSR, A64_ASR, A64_ROR } A64Shift;
typedef enum A64Extend {
	A64_UXTB, A64_UXTH, A64_UXTW, A64_UXTX, A64_SXTB, A64_SXTH, A64_SXTW, A64_SXTX,
} A64Extend;

/* ---- What fits ------------------------------------------------------------------------------ */

bool a64_is_addimm(uint64_t imm);               /* 0..4095, or such a multiple of 4096 */
bool a64_is_bitmask(A64Width w, uint64_t imm);  /* of AND, ORR, EOR, TST; W: upper half 0 */
bool a64_is_fimm(A64Float t, uint64_t bits);    /* FMOV's +-n/16 * 2^r, n 16..31, r -3..4 */
bool a64_is_bytemask(uint64_t imm);             /* MOVI's: each byte 00 or ff */
/* The same, and the field's bits: N:immr:imms, and FMOV's eight. */
bool a64_bitmask(A64Width w, uint64_t imm, uint32_t *out);
bool a64_fimm(A64Float t, uint64_t bits, uint32_t *out);

/* ---- Data processing, immediate ------------------------------------------------------------- */

typedef enum A64AddSub { A64_ADD, A64_ADDS, A64_SUB, A64_SUBS } A64AddSub;
typedef enum A64LogicImm { A64_ANDI, A64_ORRI, A64_EORI, A64_ANDSI } A64LogicImm;
typedef enum A64MovWide { A64_MOVN = 0, A64_MOVZ = 2, A64_MOVK = 3 } A64MovWide;
typedef enum A64Bitfield { A64_SBFM, A64_BFM, A64_UBFM } A64Bitfield;

uint32_t a64_addsub_imm(A64Width w, A64AddSub op, A64Reg rd, A64Reg rn, uint64_t imm);
uint32_t a64_logic_imm(A64Width w, A64LogicImm op, A64Reg rd, A64Reg rn, uint64_t imm);
uint32_t a64_movwide(A64Width w, A64MovWide op, A64Reg rd, uint32_t imm16, uint32_t shift);
uint32_t a64_bitfield(A64Width w, A64Bitfield op, A64Reg rd, A64Reg rn, uint32_t immr,
                      uint32_t imms);
uint32_t a64_extr(A64Width w, A64Reg rd, A64Reg rn, A64Reg rm, uint32_t lsb);
uint32_t a64_adr(A64Reg rd, int64_t disp);
uint32_t a64_adrp(A64Reg rd, int64_t disp);     /* disp: a multiple of 4096, page to page */

/* Any constant in the fewest instructions out of MOVZ, MOVN, ORR and MOVK; returns how many. */
unsigned a64_mov_const(A64Width w, A64Reg rd, uint64_t imm, uint32_t out[4]);

/* ---- Data processing, register -------------------------------------------------------------- */

typedef enum A64Logic {
	A64_AND, A64_BIC, A64_ORR, A64_ORN, A64_EOR, A64_EON, A64_ANDS, A64_BICS,
} A64Logic;
typedef enum A64Carry { A64_ADC, A64_ADCS, A64_SBC, A64_SBCS } A64Carry;
typedef enum A64Mul {                           /* the …L and …H forms: only with A64_X */
	A64_MADD = 0, A64_MSUB = 1, A64_SMADDL = 2, A64_SMSUBL = 3, A64_SMULH = 4,
	A64_UMADDL = 10, A64_UMSUBL = 11, A64_UMULH = 12,
} A64Mul;
typedef enum A64Dp2 {
	A64_UDIV = 2, A64_SDIV = 3, A64_LSLV = 8, A64_LSRV = 9, A64_ASRV = 10, A64_RORV = 11,
} A64Dp2;
typedef enum A64Dp1 {                           /* REV32: only with A64_X */
	A64_RBIT, A64_REV16, A64_REV32, A64_REV, A64_CLZ, A64_CLS,
} A64Dp1;
typedef enum A64Csel { A64_CSEL, A64_CSINC, A64_CSINV, A64_CSNEG } A64Csel;
typedef enum A64Ccmp { A64_CCMN, A64_CCMP } A64Ccmp;

uint32_t a64_addsub_reg(A64Width w, A64AddSub op, A64Reg rd, A64Reg rn, A64Reg rm, A64Shift s,
                        uint32_t amount);
uint32_t a64_addsub_ext(A64Width w, A64AddSub op, A64Reg rd, A64Reg rn, A64Reg rm, A64Extend e,
                        uint32_t amount);
uint32_t a64_addsub_carry(A64Width w, A64Carry op, A64Reg rd, A64Reg rn, A64Reg rm);
uint32_t a64_logic_reg(A64Width w, A64Logic op, A64Reg rd, A64Reg rn, A64Reg rm, A64Shift s,
                       uint32_t amount);
uint32_t a64_mul(A64Width w, A64Mul op, A64Reg rd, A64Reg rn, A64Reg rm, A64Reg ra);
uint32_t a64_dp2(A64Width w, A64Dp2 op, A64Reg rd, A64Reg rn, A64Reg rm);
uint32_t a64_dp1(A64Width w, A64Dp1 op, A64Reg rd, A64Reg rn);
uint32_t a64_csel(A64Width w, A64Csel op, A64Reg rd, A64Reg rn, A64Reg rm, A64Cond c);
uint32_t a64_ccmp_reg(A64Width w, A64Ccmp op, A64Reg rn, A64Reg rm, uint32_t nzcv, A64Cond c);
uint32_t a64_ccmp_imm(A64Width w, A64Ccmp op, A64Reg rn, uint32_t imm5, uint32_t nzcv, A64Cond c);

/* ---- Loads and stores ----------------------------------------------------------------------- */

typedef enum A64Mem {                           /* size << 4 | V << 2 | opc */
	A64_STRB = 0x00, A64_LDRB = 0x01, A64_LDRSB_X = 0x02, A64_LDRSB_W = 0x03,
	A64_STRH = 0x10, A64_LDRH = 0x11, A64_LDRSH_X = 0x12, A64_LDRSH_W = 0x13,
	A64_STR_W = 0x20, A64_LDR_W = 0x21, A64_LDRSW = 0x22,
	A64_STR_X = 0x30, A64_LDR_X = 0x31,
	A64_STR_B = 0x04, A64_LDR_B = 0x05, A64_STR_H = 0x14, A64_LDR_H = 0x15,
	A64_STR_S = 0x24, A64_LDR_S = 0x25, A64_STR_D = 0x34, A64_LDR_D = 0x35,
	A64_STR_Q = 0x06, A64_LDR_Q = 0x07,
} A64Mem;
typedef enum A64Lit {                           /* V << 2 | opc */
	A64_LIT_W = 0, A64_LIT_X = 1, A64_LIT_SW = 2, A64_LIT_S = 4, A64_LIT_D = 5, A64_LIT_Q = 6,
} A64Lit;
typedef enum A64Pair {                          /* opc << 2 | V << 1 | L */
	A64_STP_W = 0, A64_LDP_W = 1, A64_LDPSW = 5, A64_STP_X = 8, A64_LDP_X = 9,
	A64_STP_S = 2, A64_LDP_S = 3, A64_STP_D = 6, A64_LDP_D = 7, A64_STP_Q = 10, A64_LDP_Q = 11,
} A64Pair;
typedef enum A64Index { A64_POST = 1, A64_OFFSET = 2, A64_PRE = 3 } A64Index;

uint32_t a64_mem_bytes(A64Mem op);                      /* moved: 1, 2, 4, 8 or 16 */
bool a64_is_uoff(A64Mem op, int64_t offset);            /* 0..4095 times the size */
static inline bool
a64_is_simm9(int64_t offset)                            /* -256..255 */
{
	return offset >= -256 && offset <= 255;
}
bool a64_is_pairoff(A64Pair op, int64_t offset);        /* -64..63 times the size of one */

uint32_t a64_mem(A64Mem op, A64Reg rt, A64Reg rn, int64_t offset);      /* [rn, #scaled unsigned] */
uint32_t a64_mem_unscaled(A64Mem op, A64Reg rt, A64Reg rn, int64_t offset);     /* ldur, stur */
uint32_t a64_mem_pre(A64Mem op, A64Reg rt, A64Reg rn, int64_t offset);  /* [rn, #simm9]! */
uint32_t a64_mem_post(A64Mem op, A64Reg rt, A64Reg rn, int64_t offset); /* [rn], #simm9 */
/* [rn, rm, extend]; e is UXTW, UXTX (written lsl), SXTW or SXTX; scaled: shifted by the size */
uint32_t a64_mem_reg(A64Mem op, A64Reg rt, A64Reg rn, A64Reg rm, A64Extend e, bool scaled);
uint32_t a64_mem_lit(A64Lit op, A64Reg rt, int64_t disp);
uint32_t a64_pair(A64Pair op, A64Index mode, A64Reg rt, A64Reg rt2, A64Reg rn, int64_t offset);

/* ---- Branches and system -------------------------------------------------------------------- */

typedef enum A64BranchReg { A64_BR, A64_BLR, A64_RET } A64BranchReg;
typedef enum A64Hint {
	A64_NOP = 0, A64_PACIASP = 25, A64_AUTIASP = 29, A64_BTI = 32, A64_BTI_C = 34,
	A64_BTI_J = 36, A64_BTI_JC = 38,
} A64Hint;

static inline bool
a64_in_reach(unsigned bits, int64_t disp)       /* a multiple of 4 in `bits` signed words */
{
	int64_t limit = INT64_C(4) << (bits - 1);
	return (disp & 3) == 0 && disp >= -limit && disp < limit;
}

uint32_t a64_b(int64_t disp);
uint32_t a64_bl(int64_t disp);
uint32_t a64_bcond(A64Cond c, int64_t disp);
uint32_t a64_cbz(A64Width w, bool nonzero, A64Reg rt, int64_t disp);    /* cbz or cbnz */
uint32_t a64_tbz(bool nonzero, A64Reg rt, uint32_t bit, int64_t disp);  /* tbz or tbnz */
uint32_t a64_branch_reg(A64BranchReg op, A64Reg rn);
uint32_t a64_hint(A64Hint h);
uint32_t a64_brk(uint32_t imm16);
uint32_t a64_udf(uint32_t imm16);

/* ---- Floating point and a little SIMD ------------------------------------------------------- */

typedef enum A64Fp1 {
	A64_FMOV = 0, A64_FABS = 1, A64_FNEG = 2, A64_FSQRT = 3,
	A64_FCVT_S = 4, A64_FCVT_D = 5, A64_FCVT_H = 7,         /* to S, D, H; from another */
	A64_FRINTN = 8, A64_FRINTP = 9, A64_FRINTM = 10, A64_FRINTZ = 11, A64_FRINTA = 12,
	A64_FRINTX = 14, A64_FRINTI = 15,
} A64Fp1;
typedef enum A64Fp2 {
	A64_FMUL, A64_FDIV, A64_FADD, A64_FSUB, A64_FMAX, A64_FMIN, A64_FMAXNM, A64_FMINNM,
	A64_FNMUL,
} A64Fp2;
typedef enum A64Fp3 {           /* ra + rn*rm, ra - rn*rm, -ra - rn*rm, -ra + rn*rm */
	A64_FMADD, A64_FMSUB, A64_FNMADD, A64_FNMSUB,
} A64Fp3;
typedef enum A64Fcmp { A64_FCMP = 0, A64_FCMPE = 1 } A64Fcmp;   /* E: quiet NaNs raise flags */
typedef enum A64FpInt {         /* rmode << 3 | opcode */
	A64_FCVTNS = 000, A64_FCVTNU = 001, A64_SCVTF = 002, A64_UCVTF = 003, A64_FCVTAS = 004,
	A64_FCVTAU = 005, A64_FMOV_TO_INT = 006, A64_FMOV_TO_FP = 007, A64_FCVTPS = 010,
	A64_FCVTPU = 011, A64_FCVTMS = 020, A64_FCVTMU = 021, A64_FCVTZS = 030, A64_FCVTZU = 031,
} A64FpInt;
typedef enum A64VLogic {        /* U << 2 | size; on 8 or 16 bytes */
	A64_VAND, A64_VBIC, A64_VORR, A64_VORN, A64_VEOR, A64_VBSL, A64_VBIT, A64_VBIF,
} A64VLogic;

uint32_t a64_fp1(A64Float t, A64Fp1 op, A64Reg rd, A64Reg rn);          /* t: the operand's type */
uint32_t a64_fp2(A64Float t, A64Fp2 op, A64Reg rd, A64Reg rn, A64Reg rm);
uint32_t a64_fp3(A64Float t, A64Fp3 op, A64Reg rd, A64Reg rn, A64Reg rm, A64Reg ra);
uint32_t a64_fcmp(A64Float t, A64Fcmp op, A64Reg rn, A64Reg rm);
uint32_t a64_fcmp_zero(A64Float t, A64Fcmp op, A64Reg rn);
uint32_t a64_fccmp(A64Float t, A64Fcmp op, A64Reg rn, A64Reg rm, uint32_t nzcv, A64Cond c);
uint32_t a64_fcsel(A64Float t, A64Reg rd, A64Reg rn, A64Reg rm, A64Cond c);
uint32_t a64_fmov_imm(A64Float t, A64Reg rd, uint64_t bits);
/* w and t as the mnemonic writes them; FMOV_… only W with S and X with D */
uint32_t a64_fpint(A64Width w, A64Float t, A64FpInt op, A64Reg rd, A64Reg rn);
uint32_t a64_vlogic(bool q, A64VLogic op, A64Reg rd, A64Reg rn, A64Reg rm);
uint32_t a64_cnt(bool q, A64Reg rd, A64Reg rn);         /* cnt vd, vn: bits of each byte */
uint32_t a64_addv(bool q, A64Reg rd, A64Reg rn);        /* addv bd, vn.8b|16b */
uint32_t a64_uaddlv(bool q, A64Reg rd, A64Reg rn);      /* uaddlv hd, vn.8b|16b */
uint32_t a64_movi_d(A64Reg rd, uint64_t imm);           /* movi dd, #bytemask */

/* ---- Aliases -------------------------------------------------------------------------------- */

static inline uint32_t a64_mov(A64Width w, A64Reg rd, A64Reg rm)
{ return a64_logic_reg(w, A64_ORR, rd, A64_ZR, rm, A64_LSL, 0); }
static inline uint32_t a64_mov_sp(A64Reg rd, A64Reg rn)         /* to or from SP */
{ return a64_addsub_imm(A64_X, A64_ADD, rd, rn, 0); }
static inline uint32_t a64_mvn(A64Width w, A64Reg rd, A64Reg rm)
{ return a64_logic_reg(w, A64_ORN, rd, A64_ZR, rm, A64_LSL, 0); }
static inline uint32_t a64_neg(A64Width w, A64Reg rd, A64Reg rm)
{ return a64_addsub_reg(w, A64_SUB, rd, A64_ZR, rm, A64_LSL, 0); }
static inline uint32_t a64_cmp(A64Width w, A64Reg rn, A64Reg rm)
{ return a64_addsub_reg(w, A64_SUBS, A64_ZR, rn, rm, A64_LSL, 0); }
static inline uint32_t a64_cmn(A64Width w, A64Reg rn, A64Reg rm)
{ return a64_addsub_reg(w, A64_ADDS, A64_ZR, rn, rm, A64_LSL, 0); }
static inline uint32_t a64_tst(A64Width w, A64Reg rn, A64Reg rm)
{ return a64_logic_reg(w, A64_ANDS, A64_ZR, rn, rm, A64_LSL, 0); }
static inline uint32_t a64_cmp_imm(A64Width w, A64Reg rn, uint64_t imm)
{ return a64_addsub_imm(w, A64_SUBS, A64_ZR, rn, imm); }
static inline uint32_t a64_cmn_imm(A64Width w, A64Reg rn, uint64_t imm)
{ return a64_addsub_imm(w, A64_ADDS, A64_ZR, rn, imm); }
static inline uint32_t a64_tst_imm(A64Width w, A64Reg rn, uint64_t imm)
{ return a64_logic_imm(w, A64_ANDSI, A64_ZR, rn, imm); }

static inline uint32_t a64_lsl_imm(A64Width w, A64Reg rd, A64Reg rn, uint32_t n)
{
	uint32_t top = w == A64_X ? 63 : 31;
	return a64_bitfield(w, A64_UBFM, rd, rn, -n & top, top - n);
}
static inline uint32_t a64_lsr_imm(A64Width w, A64Reg rd, A64Reg rn, uint32_t n)
{ return a64_bitfield(w, A64_UBFM, rd, rn, n, w == A64_X ? 63 : 31); }
static inline uint32_t a64_asr_imm(A64Width w, A64Reg rd, A64Reg rn, uint32_t n)
{ return a64_bitfield(w, A64_SBFM, rd, rn, n, w == A64_X ? 63 : 31); }
static inline uint32_t a64_ror_imm(A64Width w, A64Reg rd, A64Reg rn, uint32_t n)
{ return a64_extr(w, rd, rn, rn, n); }
static inline uint32_t a64_ubfx(A64Width w, A64Reg rd, A64Reg rn, uint32_t lsb, uint32_t width)
{ return a64_bitfield(w, A64_UBFM, rd, rn, lsb, lsb + width - 1); }
static inline uint32_t a64_sbfx(A64Width w, A64Reg rd, A64Reg rn, uint32_t lsb, uint32_t width)
{ return a64_bitfield(w, A64_SBFM, rd, rn, lsb, lsb + width - 1); }
static inline uint32_t a64_bfi(A64Width w, A64Reg rd, A64Reg rn, uint32_t lsb, uint32_t width)
{ return a64_bitfield(w, A64_BFM, rd, rn, -lsb & (w == A64_X ? 63u : 31u), width - 1); }
static inline uint32_t a64_uxtb(A64Reg rd, A64Reg rn)
{ return a64_bitfield(A64_W, A64_UBFM, rd, rn, 0, 7); }
static inline uint32_t a64_uxth(A64Reg rd, A64Reg rn)
{ return a64_bitfield(A64_W, A64_UBFM, rd, rn, 0, 15); }
static inline uint32_t a64_sxtb(A64Width w, A64Reg rd, A64Reg rn)
{ return a64_bitfield(w, A64_SBFM, rd, rn, 0, 7); }
static inline uint32_t a64_sxth(A64Width w, A64Reg rd, A64Reg rn)
{ return a64_bitfield(w, A64_SBFM, rd, rn, 0, 15); }
static inline uint32_t a64_sxtw(A64Reg rd, A64Reg rn)
{ return a64_bitfield(A64_X, A64_SBFM, rd, rn, 0, 31); }

static inline uint32_t a64_cset(A64Width w, A64Reg rd, A64Cond c)
{ return a64_csel(w, A64_CSINC, rd, A64_ZR, A64_ZR, a64_invert(c)); }
static inline uint32_t a64_csetm(A64Width w, A64Reg rd, A64Cond c)
{ return a64_csel(w, A64_CSINV, rd, A64_ZR, A64_ZR, a64_invert(c)); }
static inline uint32_t a64_ret(void) { return a64_branch_reg(A64_RET, A64_LR); }

/* ---- Fixups --------------------------------------------------------------------------------- */

/* What cbuf_fixup() is given; 0 stays free.  LO16 and HI16 put the halves of a 32-bit signed
 * displacement into a MOVZ and a MOVK: with an ADR of their base they reach 2 GiB either way,
 * wherever the code lies. */
enum {
	A64_FIX_BRANCH26 = 1,   /* b, bl: +-128 MiB */
	A64_FIX_BRANCH19,       /* b.cond, cbz, cbnz, ldr literal: +-1 MiB */
	A64_FIX_BRANCH14,       /* tbz, tbnz: +-32 KiB */
	A64_FIX_ADR,            /* +-1 MiB, any byte */
	A64_FIX_LO16,
	A64_FIX_HI16,
};
/* A PatchFn of asm/cbuf.h: the instruction at `at` gets displacement `disp`.  False, and nothing
 * is changed, when it does not reach. */
bool a64_patch(uint8_t *at, uint8_t kind, int64_t disp);

/* ---- Text ----------------------------------------------------------------------------------- */

/* One instruction at `address` as text; answers 4, or 0, and the text is data, for what the table of
 * aarch64_table.h does not have. */
size_t a64_format(const uint8_t *code, size_t size, uint64_t address, char *text, size_t room);

#endif
