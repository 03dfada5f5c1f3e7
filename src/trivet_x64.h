/* trivet_x64.h - x86-64 instructions for a trivet_asm.
 *
 *     trivet_x64(a, ADD, trivet_x64_r64(TRIVET_RAX), trivet_imm(1));
 *     trivet_x64(a, MOVSD, trivet_x64_xmm(0), trivet_x64_mx(TRIVET_RDI, TRIVET_RCX, 8, 16));
 *     trivet_x64(a, JNE, trivet_at(loop));
 *
 * Mnemonics and operands are those of the Intel manual ([SDM], volume 2): destination first.  The shortest of the
 * encodings with the asked meaning is taken: 8-bit immediates, the short forms for rax, mov r64
 * with a 32-bit immediate as mov r32, 8-bit branches where their target is in reach.
 *
 * Floor and features.  Everything beyond SSE2 needs a look at the CPU: POPCNT, LZCNT and TZCNT (the
 * last two are other instructions without it), ROUND… (SSE4.1), BMI1, BMI2, FMA3.
 *
 * Left out on purpose: ah … dh, 32-bit addresses, segments, string instructions, x87, MMX, AVX beyond FMA. */
#ifndef TRIVET_X64_H
#define TRIVET_X64_H

#include "trivet_asm.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Mnemonics ------------------------------------------------------------------------------- */

// clang-format off
#define TRIVET_X64_OP_LIST(X)                                                               \
	/* Moves */                                                                         \
	X(MOV, "mov") X(MOVABS, "movabs") X(LEA, "lea") X(MOVZX, "movzx") X(MOVSX, "movsx") \
	X(MOVSXD, "movsxd") X(XCHG, "xchg") X(BSWAP, "bswap") X(PUSH, "push") X(POP, "pop") \
	/* Arithmetic */                                                                    \
	X(ADD, "add") X(OR, "or") X(ADC, "adc") X(SBB, "sbb") X(AND, "and") X(SUB, "sub")   \
	X(XOR, "xor") X(CMP, "cmp") X(TEST, "test") X(NOT, "not") X(NEG, "neg") X(INC, "inc") \
	X(DEC, "dec") X(MUL, "mul") X(IMUL, "imul") X(DIV, "div") X(IDIV, "idiv")           \
	X(CBW, "cbw") X(CWDE, "cwde") X(CDQE, "cdqe") X(CWD, "cwd") X(CDQ, "cdq")           \
	X(CQO, "cqo")                                                                       \
	/* Shifts and bits */                                                               \
	X(ROL, "rol") X(ROR, "ror") X(RCL, "rcl") X(RCR, "rcr") X(SHL, "shl") X(SHR, "shr") \
	X(SAR, "sar") X(SHLD, "shld") X(SHRD, "shrd") X(BT, "bt") X(BTS, "bts") X(BTR, "btr") \
	X(BTC, "btc") X(BSF, "bsf") X(BSR, "bsr") X(POPCNT, "popcnt") X(TZCNT, "tzcnt")     \
	X(LZCNT, "lzcnt")                                                                   \
	/* BMI1, BMI2 */                                                                    \
	X(ANDN, "andn") X(BEXTR, "bextr") X(BLSR, "blsr") X(BLSMSK, "blsmsk") X(BLSI, "blsi") \
	X(BZHI, "bzhi") X(PDEP, "pdep") X(PEXT, "pext") X(MULX, "mulx") X(RORX, "rorx")     \
	X(SHLX, "shlx") X(SARX, "sarx") X(SHRX, "shrx")                                     \
	/* Conditions */                                                                    \
	X(JO, "jo") X(JNO, "jno") X(JB, "jb") X(JAE, "jae") X(JE, "je") X(JNE, "jne")       \
	X(JBE, "jbe") X(JA, "ja") X(JS, "js") X(JNS, "jns") X(JP, "jp") X(JNP, "jnp")       \
	X(JL, "jl") X(JGE, "jge") X(JLE, "jle") X(JG, "jg") X(SETO, "seto") X(SETNO, "setno") \
	X(SETB, "setb") X(SETAE, "setae") X(SETE, "sete") X(SETNE, "setne") X(SETBE, "setbe") \
	X(SETA, "seta") X(SETS, "sets") X(SETNS, "setns") X(SETP, "setp") X(SETNP, "setnp") \
	X(SETL, "setl") X(SETGE, "setge") X(SETLE, "setle") X(SETG, "setg") X(CMOVO, "cmovo") \
	X(CMOVNO, "cmovno") X(CMOVB, "cmovb") X(CMOVAE, "cmovae") X(CMOVE, "cmove")         \
	X(CMOVNE, "cmovne") X(CMOVBE, "cmovbe") X(CMOVA, "cmova") X(CMOVS, "cmovs")         \
	X(CMOVNS, "cmovns") X(CMOVP, "cmovp") X(CMOVNP, "cmovnp") X(CMOVL, "cmovl")         \
	X(CMOVGE, "cmovge") X(CMOVLE, "cmovle") X(CMOVG, "cmovg")                           \
	/* Control */                                                                       \
	X(JMP, "jmp") X(CALL, "call") X(RET, "ret") X(NOP, "nop") X(INT3, "int3")           \
	X(UD2, "ud2") X(ENDBR64, "endbr64") X(PAUSE, "pause") X(LOCK, "lock")               \
	X(CMPXCHG, "cmpxchg") X(XADD, "xadd") X(MFENCE, "mfence") X(LFENCE, "lfence")       \
	X(SFENCE, "sfence") X(CPUID, "cpuid") X(RDTSC, "rdtsc")                             \
	/* SSE moves */                                                                     \
	X(MOVSS, "movss") X(MOVSD, "movsd") X(MOVUPS, "movups") X(MOVUPD, "movupd")         \
	X(MOVAPS, "movaps") X(MOVAPD, "movapd") X(MOVDQA, "movdqa") X(MOVDQU, "movdqu")     \
	X(MOVLPS, "movlps") X(MOVLPD, "movlpd") X(MOVHPS, "movhps") X(MOVHPD, "movhpd")     \
	X(MOVNTPS, "movntps") X(MOVNTPD, "movntpd") X(MOVNTDQ, "movntdq")                   \
	X(MOVNTI, "movnti") X(MOVD, "movd") X(MOVQ, "movq") X(MOVHLPS, "movhlps")           \
	X(MOVLHPS, "movlhps") X(MOVMSKPS, "movmskps") X(MOVMSKPD, "movmskpd")               \
	X(PMOVMSKB, "pmovmskb") X(UNPCKLPS, "unpcklps") X(UNPCKLPD, "unpcklpd")             \
	X(UNPCKHPS, "unpckhps") X(UNPCKHPD, "unpckhpd") X(SHUFPS, "shufps")                 \
	X(SHUFPD, "shufpd") X(PSHUFD, "pshufd") X(PSHUFLW, "pshuflw") X(PSHUFHW, "pshufhw") \
	X(PINSRW, "pinsrw") X(PEXTRW, "pextrw")                                             \
	/* SSE arithmetic; …SS and …SD, …PS and …PD in pairs */                             \
	X(SQRTSS, "sqrtss") X(SQRTSD, "sqrtsd") X(SQRTPS, "sqrtps") X(SQRTPD, "sqrtpd")     \
	X(RCPSS, "rcpss") X(RCPPS, "rcpps") X(RSQRTSS, "rsqrtss") X(RSQRTPS, "rsqrtps")     \
	X(ADDSS, "addss") X(ADDSD, "addsd") X(ADDPS, "addps") X(ADDPD, "addpd")             \
	X(MULSS, "mulss") X(MULSD, "mulsd") X(MULPS, "mulps") X(MULPD, "mulpd")             \
	X(SUBSS, "subss") X(SUBSD, "subsd") X(SUBPS, "subps") X(SUBPD, "subpd")             \
	X(MINSS, "minss") X(MINSD, "minsd") X(MINPS, "minps") X(MINPD, "minpd")             \
	X(DIVSS, "divss") X(DIVSD, "divsd") X(DIVPS, "divps") X(DIVPD, "divpd")             \
	X(MAXSS, "maxss") X(MAXSD, "maxsd") X(MAXPS, "maxps") X(MAXPD, "maxpd")             \
	X(CMPSS, "cmpss") X(CMPSD, "cmpsd") X(CMPPS, "cmpps") X(CMPPD, "cmppd")             \
	X(ANDPS, "andps") X(ANDPD, "andpd") X(ANDNPS, "andnps") X(ANDNPD, "andnpd")         \
	X(ORPS, "orps") X(ORPD, "orpd") X(XORPS, "xorps") X(XORPD, "xorpd")                 \
	X(UCOMISS, "ucomiss") X(UCOMISD, "ucomisd") X(COMISS, "comiss") X(COMISD, "comisd") \
	X(ROUNDSS, "roundss") X(ROUNDSD, "roundsd") X(ROUNDPS, "roundps")                   \
	X(ROUNDPD, "roundpd")                                                               \
	/* SSE integers */                                                                  \
	X(PAND, "pand") X(PANDN, "pandn") X(POR, "por") X(PXOR, "pxor") X(PADDB, "paddb")   \
	X(PADDW, "paddw") X(PADDD, "paddd") X(PADDQ, "paddq") X(PSUBB, "psubb")             \
	X(PSUBW, "psubw") X(PSUBD, "psubd") X(PSUBQ, "psubq") X(PCMPEQB, "pcmpeqb")         \
	X(PCMPEQW, "pcmpeqw") X(PCMPEQD, "pcmpeqd") X(PADDSB, "paddsb") X(PADDSW, "paddsw") \
	X(PADDUSB, "paddusb") X(PADDUSW, "paddusw") X(PSUBSB, "psubsb") X(PSUBSW, "psubsw") \
	X(PSUBUSB, "psubusb") X(PSUBUSW, "psubusw") X(PMULLW, "pmullw") X(PMULHW, "pmulhw") \
	X(PMULHUW, "pmulhuw") X(PMULUDQ, "pmuludq") X(PMADDWD, "pmaddwd") X(PAVGB, "pavgb") \
	X(PAVGW, "pavgw") X(PSADBW, "psadbw") X(PMINUB, "pminub") X(PMAXUB, "pmaxub")       \
	X(PMINSW, "pminsw") X(PMAXSW, "pmaxsw") X(PCMPGTB, "pcmpgtb") X(PCMPGTW, "pcmpgtw") \
	X(PCMPGTD, "pcmpgtd") X(PACKSSWB, "packsswb") X(PACKSSDW, "packssdw")               \
	X(PACKUSWB, "packuswb") X(PUNPCKLBW, "punpcklbw") X(PUNPCKLWD, "punpcklwd")         \
	X(PUNPCKLDQ, "punpckldq") X(PUNPCKLQDQ, "punpcklqdq") X(PUNPCKHBW, "punpckhbw")     \
	X(PUNPCKHWD, "punpckhwd") X(PUNPCKHDQ, "punpckhdq") X(PUNPCKHQDQ, "punpckhqdq")     \
	X(PSLLW, "psllw") X(PSLLD, "pslld") X(PSLLQ, "psllq") X(PSRLW, "psrlw")             \
	X(PSRLD, "psrld") X(PSRLQ, "psrlq") X(PSRAW, "psraw") X(PSRAD, "psrad")             \
	X(PSLLDQ, "pslldq") X(PSRLDQ, "psrldq")                                             \
	/* Conversions */                                                                   \
	X(CVTSI2SS, "cvtsi2ss") X(CVTSI2SD, "cvtsi2sd") X(CVTTSS2SI, "cvttss2si")           \
	X(CVTTSD2SI, "cvttsd2si") X(CVTSS2SI, "cvtss2si") X(CVTSD2SI, "cvtsd2si")           \
	X(CVTSS2SD, "cvtss2sd") X(CVTSD2SS, "cvtsd2ss") X(CVTPS2PD, "cvtps2pd")             \
	X(CVTPD2PS, "cvtpd2ps") X(CVTDQ2PS, "cvtdq2ps") X(CVTDQ2PD, "cvtdq2pd")             \
	X(CVTPS2DQ, "cvtps2dq") X(CVTPD2DQ, "cvtpd2dq") X(CVTTPS2DQ, "cvttps2dq")           \
	X(CVTTPD2DQ, "cvttpd2dq")                                                           \
	/* FMA3 */                                                                          \
	X(VFMADD132SS, "vfmadd132ss") X(VFMADD132SD, "vfmadd132sd")                         \
	X(VFMADD132PS, "vfmadd132ps") X(VFMADD132PD, "vfmadd132pd")                         \
	X(VFMADD213SS, "vfmadd213ss") X(VFMADD213SD, "vfmadd213sd")                         \
	X(VFMADD213PS, "vfmadd213ps") X(VFMADD213PD, "vfmadd213pd")                         \
	X(VFMADD231SS, "vfmadd231ss") X(VFMADD231SD, "vfmadd231sd")                         \
	X(VFMADD231PS, "vfmadd231ps") X(VFMADD231PD, "vfmadd231pd")                         \
	X(VFMSUB132SS, "vfmsub132ss") X(VFMSUB132SD, "vfmsub132sd")                         \
	X(VFMSUB132PS, "vfmsub132ps") X(VFMSUB132PD, "vfmsub132pd")                         \
	X(VFMSUB213SS, "vfmsub213ss") X(VFMSUB213SD, "vfmsub213sd")                         \
	X(VFMSUB213PS, "vfmsub213ps") X(VFMSUB213PD, "vfmsub213pd")                         \
	X(VFMSUB231SS, "vfmsub231ss") X(VFMSUB231SD, "vfmsub231sd")                         \
	X(VFMSUB231PS, "vfmsub231ps") X(VFMSUB231PD, "vfmsub231pd")                         \
	X(VFNMADD132SS, "vfnmadd132ss") X(VFNMADD132SD, "vfnmadd132sd")                     \
	X(VFNMADD132PS, "vfnmadd132ps") X(VFNMADD132PD, "vfnmadd132pd")                     \
	X(VFNMADD213SS, "vfnmadd213ss") X(VFNMADD213SD, "vfnmadd213sd")                     \
	X(VFNMADD213PS, "vfnmadd213ps") X(VFNMADD213PD, "vfnmadd213pd")                     \
	X(VFNMADD231SS, "vfnmadd231ss") X(VFNMADD231SD, "vfnmadd231sd")                     \
	X(VFNMADD231PS, "vfnmadd231ps") X(VFNMADD231PD, "vfnmadd231pd")                     \
	X(VFNMSUB132SS, "vfnmsub132ss") X(VFNMSUB132SD, "vfnmsub132sd")                     \
	X(VFNMSUB132PS, "vfnmsub132ps") X(VFNMSUB132PD, "vfnmsub132pd")                     \
	X(VFNMSUB213SS, "vfnmsub213ss") X(VFNMSUB213SD, "vfnmsub213sd")                     \
	X(VFNMSUB213PS, "vfnmsub213ps") X(VFNMSUB213PD, "vfnmsub213pd")                     \
	X(VFNMSUB231SS, "vfnmsub231ss") X(VFNMSUB231SD, "vfnmsub231sd")                     \
	X(VFNMSUB231PS, "vfnmsub231ps") X(VFNMSUB231PD, "vfnmsub231pd")
// clang-format on

typedef enum trivet_x64_op {
#define X(name, text) TRIVET_X64_##name,
	TRIVET_X64_OP_LIST(X)
#undef X
	TRIVET_X64_COUNT,
	/* Other names of the same conditions. */
	TRIVET_X64_JZ = TRIVET_X64_JE, TRIVET_X64_JNZ = TRIVET_X64_JNE,
	TRIVET_X64_JC = TRIVET_X64_JB, TRIVET_X64_JNC = TRIVET_X64_JAE,
	TRIVET_X64_SETZ = TRIVET_X64_SETE, TRIVET_X64_SETNZ = TRIVET_X64_SETNE,
	TRIVET_X64_SETC = TRIVET_X64_SETB, TRIVET_X64_SETNC = TRIVET_X64_SETAE,
	TRIVET_X64_CMOVZ = TRIVET_X64_CMOVE, TRIVET_X64_CMOVNZ = TRIVET_X64_CMOVNE,
	TRIVET_X64_CMOVC = TRIVET_X64_CMOVB, TRIVET_X64_CMOVNC = TRIVET_X64_CMOVAE,
} trivet_x64_op;

/* ---- Emitting -------------------------------------------------------------------------------- */

/* Appends one instruction; `n` operands, 0 … 4, are read from `ops`.  What cannot be encoded is
 * TRIVET_OPERAND: no such form, a register that does not exist, an immediate or displacement out of its
 * range, memory whose size nothing tells.  TRIVET_ARGUMENT: `a` assembles for AArch64.
 *
 * LOCK is a prefix: emit it just before ADD, CMPXCHG, XADD … with memory as destination.
 * Branches to a label (JMP, Jcc, CALL) take trivet_at(); everywhere else trivet_at() is the memory there. */
void trivet_x64_emit(trivet_asm *a, trivet_x64_op op, const trivet_operand *ops, unsigned n);

/* The same with mnemonic and operands written out: trivet_x64(a, CMOVL, x, y).  0 … 4 operands. */
#define trivet_x64(...)                                                                            \
	TRIVET_X64_PICK_(__VA_ARGS__, TRIVET_X64_4_, TRIVET_X64_3_, TRIVET_X64_2_, TRIVET_X64_1_,  \
	                 TRIVET_X64_0_, )(__VA_ARGS__)
#define TRIVET_X64_PICK_(a, op, w, x, y, z, pick, ...) pick
#define TRIVET_X64_0_(a, op) trivet_x64_emit(a, TRIVET_X64_##op, NULL, 0)
#define TRIVET_X64_1_(a, op, w) \
	trivet_x64_emit(a, TRIVET_X64_##op, (const trivet_operand[]){ w }, 1)
#define TRIVET_X64_2_(a, op, w, x) \
	trivet_x64_emit(a, TRIVET_X64_##op, (const trivet_operand[]){ w, x }, 2)
#define TRIVET_X64_3_(a, op, w, x, y) \
	trivet_x64_emit(a, TRIVET_X64_##op, (const trivet_operand[]){ w, x, y }, 3)
#define TRIVET_X64_4_(a, op, w, x, y, z) \
	trivet_x64_emit(a, TRIVET_X64_##op, (const trivet_operand[]){ w, x, y, z }, 4)

/* `bytes` of no-operation, in as few instructions as the manual recommends. */
void trivet_x64_nop(trivet_asm *a, size_t bytes);

/* ---- Registers ------------------------------------------------------------------------------- */

enum {
	TRIVET_RAX, TRIVET_RCX, TRIVET_RDX, TRIVET_RBX, TRIVET_RSP, TRIVET_RBP, TRIVET_RSI, TRIVET_RDI,
	TRIVET_R8, TRIVET_R9, TRIVET_R10, TRIVET_R11, TRIVET_R12, TRIVET_R13, TRIVET_R14, TRIVET_R15,
	TRIVET_X64_NO_REG = 0xff,       /* as base or index of memory */
};

/* trivet_operand.type of a register: its bytes, or xmm. */
enum {
	TRIVET_X64_R8 = 1, TRIVET_X64_R16 = 2, TRIVET_X64_R32 = 4, TRIVET_X64_R64 = 8,
	TRIVET_X64_XMM = 16,
};

static inline trivet_operand
trivet_x64_reg(unsigned type, unsigned n)
{
	trivet_operand o = { 0 };
	o.kind = TRIVET_OPERAND_REG;
	o.type = (uint8_t)type;
	o.reg = n < 256 ? (uint8_t)n : 255;
	return o;
}

/* 0 … 15: TRIVET_RAX … TRIVET_R15, or the number of the xmm.  4 … 7 of 8 bits are spl, bpl, sil, dil. */
static inline trivet_operand trivet_x64_r8(unsigned n) { return trivet_x64_reg(TRIVET_X64_R8, n); }
static inline trivet_operand trivet_x64_r16(unsigned n) { return trivet_x64_reg(TRIVET_X64_R16, n); }
static inline trivet_operand trivet_x64_r32(unsigned n) { return trivet_x64_reg(TRIVET_X64_R32, n); }
static inline trivet_operand trivet_x64_r64(unsigned n) { return trivet_x64_reg(TRIVET_X64_R64, n); }
static inline trivet_operand trivet_x64_xmm(unsigned n) { return trivet_x64_reg(TRIVET_X64_XMM, n); }

/* ---- Memory ---------------------------------------------------------------------------------- */

/* trivet_operand.type of memory */
enum { TRIVET_X64_BASE_INDEX, TRIVET_X64_RIP };

/* [base + index * scale + disp]; either register may be TRIVET_X64_NO_REG; the index any but rsp; scale
 * 1, 2, 4, 8; disp 32 bits, signed. */
static inline trivet_operand
trivet_x64_mx(unsigned base, unsigned index, unsigned scale, int64_t disp)
{
	trivet_operand o = { 0 };
	o.kind = TRIVET_OPERAND_MEM;
	o.reg = base < 256 ? (uint8_t)base : 254;
	o.index = index < 256 ? (uint8_t)index : 254;
	o.scale = scale < 256 ? (uint8_t)scale : 0;
	o.value = disp;
	return o;
}

/* [base + disp] */
static inline trivet_operand
trivet_x64_m(unsigned base, int64_t disp)
{
	return trivet_x64_mx(base, TRIVET_X64_NO_REG, 1, disp);
}

/* [label + disp], relative to rip */
static inline trivet_operand
trivet_x64_at(trivet_label label, int64_t disp)
{
	trivet_operand o = { 0 };
	o.kind = TRIVET_OPERAND_MEM;
	o.type = TRIVET_X64_RIP;
	o.label = label;
	o.value = disp;
	return o;
}

/* Memory of 1, 2, 4, 8 or 16 bytes; needed where no register tells, as in INC or MOVZX from memory. */
static inline trivet_operand
trivet_x64_sized(unsigned bytes, trivet_operand memory)
{
	memory.size = bytes < 256 ? (uint8_t)bytes : 255;
	return memory;
}

#ifdef __cplusplus
}
#endif
#endif
