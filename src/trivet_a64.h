/* trivet_a64.h - AArch64 (A64) instructions for a trivet_asm.
 *
 *     trivet_a64(a, ADD, trivet_a64_x(0), trivet_a64_x(1), trivet_a64_x(2), trivet_a64_lsl(3));
 *     trivet_a64(a, LDR, trivet_a64_d(0), trivet_a64_post(9, 8));
 *     trivet_a64(a, BCOND, trivet_a64_cond(TRIVET_A64_LT), trivet_at(loop));
 *
 * Mnemonics and operands are those of the Arm Architecture Reference Manual (DDI 0487): destination
 * first, aliases included.  An instruction is one word, but for MOV of a constant, which takes the fewest
 * of MOVZ, MOVN, ORR and MOVK that make it: one to four.  ADD … with an immediate sets the shift itself;
 * LDR and STR with an offset that only LDUR and STUR have are those.
 *
 * Floor and features.  Armv8.0-A, and what needs more: CAS…, SWP…, LD… and ST… of atomics (LSE, Armv8.1),
 * CRC32….  BTI, PACIASP and AUTIASP are no-operations on CPUs that do not know them.
 *
 * Left out on purpose: half-precision arithmetic, SVE, structure loads of SIMD, privileged instructions.
 *
 *                                                Tests: tests/unit/asm_a64.c, tests/encoding/ */
#ifndef TRIVET_A64_H
#define TRIVET_A64_H

#include "trivet_asm.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Mnemonics ------------------------------------------------------------------------------- */

// clang-format off
#define TRIVET_A64_OP_LIST(X)                                                              \
	/* Moves, comparisons and other aliases */                                         \
	X(MOV, "mov") X(MVN, "mvn") X(CMP, "cmp") X(CMN, "cmn") X(NEG, "neg")              \
	X(NEGS, "negs") X(NGC, "ngc") X(NGCS, "ngcs") X(TST, "tst") X(MUL, "mul")          \
	X(MNEG, "mneg") X(SMULL, "smull") X(SMNEGL, "smnegl") X(UMULL, "umull")            \
	X(UMNEGL, "umnegl") X(LSL, "lsl") X(LSR, "lsr") X(ASR, "asr") X(ROR, "ror")        \
	X(UXTB, "uxtb") X(UXTH, "uxth") X(SXTB, "sxtb") X(SXTH, "sxth") X(SXTW, "sxtw")    \
	X(UBFX, "ubfx") X(SBFX, "sbfx") X(BFXIL, "bfxil") X(UBFIZ, "ubfiz")                \
	X(SBFIZ, "sbfiz") X(BFC, "bfc") X(BFI, "bfi") X(CSET, "cset") X(CSETM, "csetm")    \
	X(CINC, "cinc") X(CINV, "cinv") X(CNEG, "cneg")                                    \
	/* Integers */                                                                     \
	X(ADD, "add") X(ADDS, "adds") X(SUB, "sub") X(SUBS, "subs") X(ADC, "adc")          \
	X(ADCS, "adcs") X(SBC, "sbc") X(SBCS, "sbcs") X(AND, "and") X(BIC, "bic")          \
	X(ORR, "orr") X(ORN, "orn") X(EOR, "eor") X(EON, "eon") X(ANDS, "ands")            \
	X(BICS, "bics") X(BSL, "bsl") X(BIT, "bit") X(BIF, "bif") X(MOVZ, "movz")          \
	X(MOVN, "movn") X(MOVK, "movk") X(UBFM, "ubfm") X(SBFM, "sbfm") X(BFM, "bfm")      \
	X(EXTR, "extr") X(ADR, "adr") X(ADRP, "adrp") X(MADD, "madd") X(MSUB, "msub")      \
	X(SMADDL, "smaddl") X(SMSUBL, "smsubl") X(UMADDL, "umaddl") X(UMSUBL, "umsubl")    \
	X(SMULH, "smulh") X(UMULH, "umulh") X(SDIV, "sdiv") X(UDIV, "udiv")                \
	X(CRC32B, "crc32b") X(CRC32H, "crc32h") X(CRC32W, "crc32w") X(CRC32X, "crc32x")    \
	X(CRC32CB, "crc32cb") X(CRC32CH, "crc32ch") X(CRC32CW, "crc32cw")                  \
	X(CRC32CX, "crc32cx") X(RBIT, "rbit") X(REV16, "rev16") X(REV32, "rev32")          \
	X(REV, "rev") X(CLZ, "clz") X(CLS, "cls") X(CSEL, "csel") X(CSINC, "csinc")        \
	X(CSINV, "csinv") X(CSNEG, "csneg") X(CCMP, "ccmp") X(CCMN, "ccmn")                \
	/* Loads and stores */                                                             \
	X(LDUR, "ldur") X(STUR, "stur") X(LDURB, "ldurb") X(STURB, "sturb")                \
	X(LDURH, "ldurh") X(STURH, "sturh") X(LDURSB, "ldursb") X(LDURSH, "ldursh")        \
	X(LDURSW, "ldursw") X(LDR, "ldr") X(STR, "str") X(LDRB, "ldrb") X(STRB, "strb")    \
	X(LDRH, "ldrh") X(STRH, "strh") X(LDRSB, "ldrsb") X(LDRSH, "ldrsh")                \
	X(LDRSW, "ldrsw") X(LDP, "ldp") X(STP, "stp") X(LDPSW, "ldpsw")                    \
	/* Exclusive, ordered and atomic */                                                \
	X(LDXR, "ldxr") X(LDXRB, "ldxrb") X(LDXRH, "ldxrh") X(LDAXR, "ldaxr")              \
	X(LDAXRB, "ldaxrb") X(LDAXRH, "ldaxrh") X(LDAR, "ldar") X(LDARB, "ldarb")          \
	X(LDARH, "ldarh") X(STLR, "stlr") X(STLRB, "stlrb") X(STLRH, "stlrh")              \
	X(STXR, "stxr") X(STXRB, "stxrb") X(STXRH, "stxrh") X(STLXR, "stlxr")              \
	X(STLXRB, "stlxrb") X(STLXRH, "stlxrh") X(LDXP, "ldxp") X(LDAXP, "ldaxp")          \
	X(STXP, "stxp") X(STLXP, "stlxp") X(CAS, "cas") X(CASA, "casa") X(CASL, "casl")    \
	X(CASAL, "casal") X(CASALB, "casalb") X(CASALH, "casalh") X(STADD, "stadd")        \
	X(STADDL, "staddl") X(LDADD, "ldadd") X(LDADDA, "ldadda") X(LDADDL, "ldaddl")      \
	X(LDADDAL, "ldaddal") X(STCLR, "stclr") X(STCLRL, "stclrl") X(LDCLR, "ldclr")      \
	X(LDCLRA, "ldclra") X(LDCLRL, "ldclrl") X(LDCLRAL, "ldclral") X(STEOR, "steor")    \
	X(STEORL, "steorl") X(LDEOR, "ldeor") X(LDEORA, "ldeora") X(LDEORL, "ldeorl")      \
	X(LDEORAL, "ldeoral") X(STSET, "stset") X(STSETL, "stsetl") X(LDSET, "ldset")      \
	X(LDSETA, "ldseta") X(LDSETL, "ldsetl") X(LDSETAL, "ldsetal") X(STSMAX, "stsmax")  \
	X(STSMAXL, "stsmaxl") X(LDSMAX, "ldsmax") X(LDSMAXA, "ldsmaxa")                    \
	X(LDSMAXL, "ldsmaxl") X(LDSMAXAL, "ldsmaxal") X(STSMIN, "stsmin")                  \
	X(STSMINL, "stsminl") X(LDSMIN, "ldsmin") X(LDSMINA, "ldsmina")                    \
	X(LDSMINL, "ldsminl") X(LDSMINAL, "ldsminal") X(STUMAX, "stumax")                  \
	X(STUMAXL, "stumaxl") X(LDUMAX, "ldumax") X(LDUMAXA, "ldumaxa")                    \
	X(LDUMAXL, "ldumaxl") X(LDUMAXAL, "ldumaxal") X(STUMIN, "stumin")                  \
	X(STUMINL, "stuminl") X(LDUMIN, "ldumin") X(LDUMINA, "ldumina")                    \
	X(LDUMINL, "lduminl") X(LDUMINAL, "lduminal") X(SWP, "swp") X(SWPA, "swpa")        \
	X(SWPL, "swpl") X(SWPAL, "swpal") X(SWPALB, "swpalb") X(SWPALH, "swpalh")          \
	X(LDADDALB, "ldaddalb") X(LDADDALH, "ldaddalh")                                    \
	/* Branches */                                                                     \
	X(B, "b") X(BL, "bl") X(BCOND, "b.") X(CBZ, "cbz") X(CBNZ, "cbnz") X(TBZ, "tbz")   \
	X(TBNZ, "tbnz") X(BR, "br") X(BLR, "blr") X(RET, "ret")                            \
	/* System */                                                                       \
	X(NOP, "nop") X(YIELD, "yield") X(WFE, "wfe") X(WFI, "wfi") X(SEV, "sev")          \
	X(SEVL, "sevl") X(PACIASP, "paciasp") X(AUTIASP, "autiasp") X(BTI, "bti")          \
	X(HINT, "hint") X(BRK, "brk") X(SVC, "svc") X(HLT, "hlt") X(UDF, "udf")            \
	X(DSB, "dsb") X(DMB, "dmb") X(ISB, "isb") X(CLREX, "clrex") X(MRS, "mrs")          \
	X(MSR, "msr") X(DC, "dc") X(IC, "ic")                                              \
	/* Floating point */                                                               \
	X(FMOV, "fmov") X(FABS, "fabs") X(FNEG, "fneg") X(FSQRT, "fsqrt")                  \
	X(FRINTN, "frintn") X(FRINTP, "frintp") X(FRINTM, "frintm") X(FRINTZ, "frintz")    \
	X(FRINTA, "frinta") X(FRINTX, "frintx") X(FRINTI, "frinti") X(FCVT, "fcvt")        \
	X(FADD, "fadd") X(FSUB, "fsub") X(FMUL, "fmul") X(FDIV, "fdiv") X(FMAX, "fmax")    \
	X(FMIN, "fmin") X(FMAXNM, "fmaxnm") X(FMINNM, "fminnm") X(FNMUL, "fnmul")          \
	X(FMADD, "fmadd") X(FMSUB, "fmsub") X(FNMADD, "fnmadd") X(FNMSUB, "fnmsub")        \
	X(FCMP, "fcmp") X(FCMPE, "fcmpe") X(FCCMP, "fccmp") X(FCCMPE, "fccmpe")            \
	X(FCSEL, "fcsel") X(FCVTNS, "fcvtns") X(FCVTNU, "fcvtnu") X(FCVTAS, "fcvtas")      \
	X(FCVTAU, "fcvtau") X(FCVTPS, "fcvtps") X(FCVTPU, "fcvtpu") X(FCVTMS, "fcvtms")    \
	X(FCVTMU, "fcvtmu") X(FCVTZS, "fcvtzs") X(FCVTZU, "fcvtzu") X(SCVTF, "scvtf")      \
	X(UCVTF, "ucvtf")                                                                  \
	/* SIMD */                                                                         \
	X(CNT, "cnt") X(ADDV, "addv") X(SMAXV, "smaxv") X(SMINV, "sminv")                  \
	X(UMAXV, "umaxv") X(UMINV, "uminv") X(SADDLV, "saddlv") X(UADDLV, "uaddlv")        \
	X(ABS, "abs") X(MLA, "mla") X(MLS, "mls") X(SMAX, "smax") X(SMIN, "smin")          \
	X(UMAX, "umax") X(UMIN, "umin") X(ADDP, "addp") X(SSHL, "sshl") X(USHL, "ushl")    \
	X(CMEQ, "cmeq") X(CMGE, "cmge") X(CMGT, "cmgt") X(CMHI, "cmhi") X(CMHS, "cmhs")    \
	X(FMLA, "fmla") X(FMLS, "fmls") X(FADDP, "faddp") X(FABD, "fabd")                  \
	X(FCMEQ, "fcmeq") X(FCMGE, "fcmge") X(FCMGT, "fcmgt") X(SHL, "shl")                \
	X(SSHR, "sshr") X(USHR, "ushr") X(DUP, "dup") X(UMOV, "umov") X(SMOV, "smov")      \
	X(MOVI, "movi") X(MVNI, "mvni")
// clang-format on

typedef enum trivet_a64_op {
#define X(name, text) TRIVET_A64_##name,
	TRIVET_A64_OP_LIST(X)
#undef X
	TRIVET_A64_COUNT,
} trivet_a64_op;

/* ---- Emitting -------------------------------------------------------------------------------- */

/* Appends one instruction; `n` operands, 0 … 4, are read from `ops`.  What cannot be encoded is
 * TRIVET_OPERAND: no such form, a register that does not exist, an immediate or offset out of its range, a
 * pair of registers whose result the manual leaves open.  TRIVET_RANGE: a branch backwards that does not
 * reach; one forwards says so when the code is finished.  TRIVET_ARGUMENT: `a` assembles for x86-64, or the place
 * is no multiple of 4. */
void trivet_a64_emit(trivet_asm *a, trivet_a64_op op, const trivet_operand *ops, unsigned n);

/* The same with mnemonic and operands written out: trivet_a64(a, MADD, w, x, y, z).  0 … 4 operands. */
#define trivet_a64(...)                                                                            \
	TRIVET_A64_PICK_(__VA_ARGS__, TRIVET_A64_4_, TRIVET_A64_3_, TRIVET_A64_2_, TRIVET_A64_1_,  \
	                 TRIVET_A64_0_, )(__VA_ARGS__)
#define TRIVET_A64_PICK_(a, op, w, x, y, z, pick, ...) pick
#define TRIVET_A64_0_(a, op) trivet_a64_emit(a, TRIVET_A64_##op, NULL, 0)
#define TRIVET_A64_1_(a, op, w) \
	trivet_a64_emit(a, TRIVET_A64_##op, (const trivet_operand[]){ w }, 1)
#define TRIVET_A64_2_(a, op, w, x) \
	trivet_a64_emit(a, TRIVET_A64_##op, (const trivet_operand[]){ w, x }, 2)
#define TRIVET_A64_3_(a, op, w, x, y) \
	trivet_a64_emit(a, TRIVET_A64_##op, (const trivet_operand[]){ w, x, y }, 3)
#define TRIVET_A64_4_(a, op, w, x, y, z) \
	trivet_a64_emit(a, TRIVET_A64_##op, (const trivet_operand[]){ w, x, y, z }, 4)

/* ---- Registers ------------------------------------------------------------------------------- */

/* Numbers of general registers are 0 … 30 and these. */
enum { TRIVET_FP = 29, TRIVET_LR = 30, TRIVET_SP = 31, TRIVET_ZR = 32 };

/* trivet_operand.type of a register; SP and ZR are types of their own, with number 31. */
// clang-format off
#define TRIVET_A64_TYPE_LIST(X)                                                            \
	X(NONE, "") X(W, "w") X(X, "x") X(WZR, "wzr") X(XZR, "xzr") X(WSP, "wsp") X(XSP, "sp") \
	X(B, "b") X(H, "h") X(S, "s") X(D, "d") X(Q, "q")                                  \
	X(V8B, ".8b") X(V16B, ".16b") X(V4H, ".4h") X(V8H, ".8h") X(V2S, ".2s") X(V4S, ".4s") \
	X(V2D, ".2d") X(LB, ".b") X(LH, ".h") X(LS, ".s") X(LD, ".d")
// clang-format on
enum {
#define X(name, text) TRIVET_A64_TYPE_##name,
	TRIVET_A64_TYPE_LIST(X)
#undef X
	TRIVET_A64_TYPES,
};

static inline trivet_operand
trivet_a64_reg(unsigned type, unsigned n)
{
	trivet_operand o = { 0 };
	o.kind = TRIVET_OPERAND_REG;
	o.type = n < 32 ? (uint8_t)type : TRIVET_A64_TYPE_NONE;
	o.reg = n < 256 ? (uint8_t)n : 255;
	return o;
}

static inline trivet_operand
trivet_a64_general(unsigned type, unsigned n)
{
	trivet_operand o = trivet_a64_reg(type, n);
	if (n == TRIVET_ZR)
		o.type = (uint8_t)(type + 2);
	else if (n == TRIVET_SP)
		o.type = (uint8_t)(type + 4);
	if (n == TRIVET_ZR)
		o.reg = 31;
	return o;
}

/* w0 … w30, x0 … x30; with TRIVET_SP wsp and sp, with TRIVET_ZR wzr and xzr. */
static inline trivet_operand trivet_a64_w(unsigned n) { return trivet_a64_general(TRIVET_A64_TYPE_W, n); }
static inline trivet_operand trivet_a64_x(unsigned n) { return trivet_a64_general(TRIVET_A64_TYPE_X, n); }

/* The 8, 16, 32, 64 and 128-bit registers of floats and vectors, 0 … 31. */
static inline trivet_operand trivet_a64_b(unsigned n) { return trivet_a64_reg(TRIVET_A64_TYPE_B, n); }
static inline trivet_operand trivet_a64_h(unsigned n) { return trivet_a64_reg(TRIVET_A64_TYPE_H, n); }
static inline trivet_operand trivet_a64_s(unsigned n) { return trivet_a64_reg(TRIVET_A64_TYPE_S, n); }
static inline trivet_operand trivet_a64_d(unsigned n) { return trivet_a64_reg(TRIVET_A64_TYPE_D, n); }
static inline trivet_operand trivet_a64_q(unsigned n) { return trivet_a64_reg(TRIVET_A64_TYPE_Q, n); }

/* Vectors: v0.8b … v31.2d. */
static inline trivet_operand trivet_a64_v8b(unsigned n) { return trivet_a64_reg(TRIVET_A64_TYPE_V8B, n); }
static inline trivet_operand trivet_a64_v16b(unsigned n) { return trivet_a64_reg(TRIVET_A64_TYPE_V16B, n); }
static inline trivet_operand trivet_a64_v4h(unsigned n) { return trivet_a64_reg(TRIVET_A64_TYPE_V4H, n); }
static inline trivet_operand trivet_a64_v8h(unsigned n) { return trivet_a64_reg(TRIVET_A64_TYPE_V8H, n); }
static inline trivet_operand trivet_a64_v2s(unsigned n) { return trivet_a64_reg(TRIVET_A64_TYPE_V2S, n); }
static inline trivet_operand trivet_a64_v4s(unsigned n) { return trivet_a64_reg(TRIVET_A64_TYPE_V4S, n); }
static inline trivet_operand trivet_a64_v2d(unsigned n) { return trivet_a64_reg(TRIVET_A64_TYPE_V2D, n); }

/* One element: trivet_a64_lane(TRIVET_A64_TYPE_LS, 7, 2) is v7.s[2]. */
static inline trivet_operand
trivet_a64_lane(unsigned type, unsigned n, unsigned index)
{
	trivet_operand o = trivet_a64_reg(type, n);
	o.index = index < 256 ? (uint8_t)index : 255;
	return o;
}

/* ---- Immediates, shifts, conditions ---------------------------------------------------------- */

/* trivet_operand.type of an immediate */
enum { TRIVET_A64_INTEGER, TRIVET_A64_FLOAT };

/* Of FMOV, in either precision: n/16 * 2^r with n 16 … 31 and r -3 … 4, and its negative; 0.0 of FCMP. */
static inline trivet_operand
trivet_a64_fimm(double value)
{
	union { double d; int64_t bits; } u = { value };
	trivet_operand o = trivet_imm(u.bits);
	o.type = TRIVET_A64_FLOAT;
	return o;
}

typedef enum trivet_a64_shift_kind {
	TRIVET_A64_SHIFT_LSL, TRIVET_A64_SHIFT_LSR, TRIVET_A64_SHIFT_ASR, TRIVET_A64_SHIFT_ROR,
	TRIVET_A64_SHIFT_UXTB, TRIVET_A64_SHIFT_UXTH, TRIVET_A64_SHIFT_UXTW, TRIVET_A64_SHIFT_UXTX,
	TRIVET_A64_SHIFT_SXTB, TRIVET_A64_SHIFT_SXTH, TRIVET_A64_SHIFT_SXTW, TRIVET_A64_SHIFT_SXTX,
} trivet_a64_shift_kind;

static inline trivet_operand
trivet_a64_shift(trivet_a64_shift_kind kind, unsigned amount)
{
	trivet_operand o = { 0 };
	o.kind = TRIVET_OPERAND_SHIFT;
	o.extra = (uint8_t)kind;
	o.scale = amount < 256 ? (uint8_t)amount : 255;
	return o;
}

/* The last operand of ADD, AND, MOVZ …: lsl #n, or an extension and then lsl #n. */
static inline trivet_operand trivet_a64_lsl(unsigned n) { return trivet_a64_shift(TRIVET_A64_SHIFT_LSL, n); }
static inline trivet_operand trivet_a64_lsr(unsigned n) { return trivet_a64_shift(TRIVET_A64_SHIFT_LSR, n); }
static inline trivet_operand trivet_a64_asr(unsigned n) { return trivet_a64_shift(TRIVET_A64_SHIFT_ASR, n); }
static inline trivet_operand trivet_a64_ror(unsigned n) { return trivet_a64_shift(TRIVET_A64_SHIFT_ROR, n); }
static inline trivet_operand trivet_a64_uxtb(unsigned n) { return trivet_a64_shift(TRIVET_A64_SHIFT_UXTB, n); }
static inline trivet_operand trivet_a64_uxth(unsigned n) { return trivet_a64_shift(TRIVET_A64_SHIFT_UXTH, n); }
static inline trivet_operand trivet_a64_uxtw(unsigned n) { return trivet_a64_shift(TRIVET_A64_SHIFT_UXTW, n); }
static inline trivet_operand trivet_a64_uxtx(unsigned n) { return trivet_a64_shift(TRIVET_A64_SHIFT_UXTX, n); }
static inline trivet_operand trivet_a64_sxtb(unsigned n) { return trivet_a64_shift(TRIVET_A64_SHIFT_SXTB, n); }
static inline trivet_operand trivet_a64_sxth(unsigned n) { return trivet_a64_shift(TRIVET_A64_SHIFT_SXTH, n); }
static inline trivet_operand trivet_a64_sxtw(unsigned n) { return trivet_a64_shift(TRIVET_A64_SHIFT_SXTW, n); }
static inline trivet_operand trivet_a64_sxtx(unsigned n) { return trivet_a64_shift(TRIVET_A64_SHIFT_SXTX, n); }

typedef enum trivet_a64_condition {
	TRIVET_A64_EQ, TRIVET_A64_NE, TRIVET_A64_HS, TRIVET_A64_LO, TRIVET_A64_MI, TRIVET_A64_PL,
	TRIVET_A64_VS, TRIVET_A64_VC, TRIVET_A64_HI, TRIVET_A64_LS, TRIVET_A64_GE, TRIVET_A64_LT,
	TRIVET_A64_GT, TRIVET_A64_LE, TRIVET_A64_AL, TRIVET_A64_NV,
	TRIVET_A64_CS = TRIVET_A64_HS, TRIVET_A64_CC = TRIVET_A64_LO,
} trivet_a64_condition;

static inline trivet_operand
trivet_a64_cond(trivet_a64_condition c)
{
	trivet_operand o = { 0 };
	o.kind = TRIVET_OPERAND_COND;
	o.reg = (uint8_t)c;
	return o;
}

/* ---- Memory ---------------------------------------------------------------------------------- */

/* trivet_operand.type of memory */
enum { TRIVET_A64_OFFSET, TRIVET_A64_PRE, TRIVET_A64_POST, TRIVET_A64_INDEX };

static inline trivet_operand
trivet_a64_memory(unsigned mode, unsigned base, int64_t offset)
{
	trivet_operand o = { 0 };
	o.kind = TRIVET_OPERAND_MEM;
	o.type = (uint8_t)mode;
	o.reg = base < 32 ? (uint8_t)base : 255;
	o.value = offset;
	return o;
}

/* [base, #offset]; [base, #offset]! ; [base], #offset.  base is 0 … 30 or TRIVET_SP.  A place in the
 * code is trivet_at(label), and a constant trivet_at(trivet_asm_constant(…)). */
static inline trivet_operand
trivet_a64_m(unsigned base, int64_t offset)
{
	return trivet_a64_memory(TRIVET_A64_OFFSET, base, offset);
}

static inline trivet_operand
trivet_a64_pre(unsigned base, int64_t offset)
{
	return trivet_a64_memory(TRIVET_A64_PRE, base, offset);
}

static inline trivet_operand
trivet_a64_post(unsigned base, int64_t offset)
{
	return trivet_a64_memory(TRIVET_A64_POST, base, offset);
}

/* [base, index, shift]: the shift is lsl or sxtx of an x register, uxtw or sxtw of a w register, by 0 or by
 * the size that is moved.  index is 0 … 30 or TRIVET_ZR. */
static inline trivet_operand
trivet_a64_mxs(unsigned base, unsigned index, trivet_operand shift)
{
	trivet_operand o = trivet_a64_memory(TRIVET_A64_INDEX, base, 0);
	o.index = index < 31 ? (uint8_t)index : index == TRIVET_ZR ? 31 : 255;
	o.extra = shift.kind == TRIVET_OPERAND_SHIFT ? shift.extra : 255;
	o.scale = shift.scale;
	return o;
}

enum { TRIVET_A64_NO_SHIFT = 254 };     /* trivet_operand.scale of an index as it is */

/* [base, index] */
static inline trivet_operand
trivet_a64_mx(unsigned base, unsigned index)
{
	return trivet_a64_mxs(base, index, trivet_a64_lsl(TRIVET_A64_NO_SHIFT));
}

/* ---- Numbers of system instructions ---------------------------------------------------------- */

/* Immediates: trivet_a64(a, DMB, trivet_imm(TRIVET_A64_ISH)), trivet_a64(a, MRS, x, trivet_imm(TRIVET_A64_FPCR)). */
#define TRIVET_A64_SYSREG_(op0, op1, crn, crm, op2) \
	((op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))
enum {
	/* DMB, DSB */
	TRIVET_A64_OSHLD = 1, TRIVET_A64_OSHST, TRIVET_A64_OSH, TRIVET_A64_NSHLD = 5, TRIVET_A64_NSHST,
	TRIVET_A64_NSH, TRIVET_A64_ISHLD = 9, TRIVET_A64_ISHST, TRIVET_A64_ISH, TRIVET_A64_LD = 13,
	TRIVET_A64_ST, TRIVET_A64_SY,
	/* BTI: which branches may come here */
	TRIVET_A64_BTI_C = 1, TRIVET_A64_BTI_J, TRIVET_A64_BTI_JC,
	/* MRS, MSR */
	TRIVET_A64_NZCV = TRIVET_A64_SYSREG_(3, 3, 4, 2, 0),
	TRIVET_A64_FPCR = TRIVET_A64_SYSREG_(3, 3, 4, 4, 0),
	TRIVET_A64_FPSR = TRIVET_A64_SYSREG_(3, 3, 4, 4, 1),
	TRIVET_A64_TPIDR_EL0 = TRIVET_A64_SYSREG_(3, 3, 13, 0, 2),
	/* MRS alone */
	TRIVET_A64_CTR_EL0 = TRIVET_A64_SYSREG_(3, 3, 0, 0, 1),
	TRIVET_A64_DCZID_EL0 = TRIVET_A64_SYSREG_(3, 3, 0, 0, 7),
	TRIVET_A64_TPIDRRO_EL0 = TRIVET_A64_SYSREG_(3, 3, 13, 0, 3),
	TRIVET_A64_CNTFRQ_EL0 = TRIVET_A64_SYSREG_(3, 3, 14, 0, 0),
	TRIVET_A64_CNTVCT_EL0 = TRIVET_A64_SYSREG_(3, 3, 14, 0, 2),
	/* DC, IC: what to do with the line at the address */
	TRIVET_A64_DC_ZVA = TRIVET_A64_SYSREG_(0, 3, 7, 4, 1),
	TRIVET_A64_DC_CVAC = TRIVET_A64_SYSREG_(0, 3, 7, 10, 1),
	TRIVET_A64_DC_CVAU = TRIVET_A64_SYSREG_(0, 3, 7, 11, 1),
	TRIVET_A64_DC_CIVAC = TRIVET_A64_SYSREG_(0, 3, 7, 14, 1),
	TRIVET_A64_IC_IVAU = TRIVET_A64_SYSREG_(0, 3, 7, 5, 1),
};

#ifdef __cplusplus
}
#endif
#endif
