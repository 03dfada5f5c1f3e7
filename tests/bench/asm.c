/* asm.c - what it costs to emit an instruction: ns and MB/s, by each way to emit, in turn.
 *
 * One mixed stream, a function's worth: moves, arithmetic, loads, stores, compares, branches, a
 * call, doubles; 24 instructions, the same meaning on both machines.  x86-64 goes through
 * trivet_x64(), through the inner encoder that the code generator uses, and through asmjit's
 * Assembler where that is installed; AArch64 through trivet_a64() and its inner encoder.  Printed
 * is the median of each way's times. */
#define _POSIX_C_SOURCE 199309L /* clock_gettime */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "asm/aarch64.h"
#include "asm/x86_64.h"
#include "trivet_a64.h"
#include "trivet_x64.h"

enum { ROUNDS = 2000, TURNS = 41 };

typedef struct Run {
	double ns;
	unsigned long instructions, bytes;
} Run;

#ifdef HAVE_ASMJIT
void bench_asmjit(int rounds, unsigned long *instructions, unsigned long *bytes);
#endif

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* ---- x86-64, public ---- */

enum { X64_IN_ROUND = 24 };

static void
x64_round(trivet_asm *a, trivet_label top)
{
	trivet_label out = trivet_asm_label(a);

	trivet_x64(a, MOV, trivet_x64_r64(TRIVET_RAX), trivet_x64_r64(TRIVET_RDI));
	trivet_x64(a, MOV, trivet_x64_r32(TRIVET_RCX), trivet_imm(1234567));
	trivet_x64(a, ADD, trivet_x64_r64(TRIVET_RAX), trivet_x64_r64(TRIVET_RSI));
	trivet_x64(a, ADD, trivet_x64_r64(TRIVET_R9), trivet_imm(8));
	trivet_x64(a, LEA, trivet_x64_r64(TRIVET_RDX),
		   trivet_x64_mx(TRIVET_RDI, TRIVET_RCX, 8, 16));
	trivet_x64(a, MOV, trivet_x64_r64(TRIVET_R10), trivet_x64_m(TRIVET_RSP, 24));
	trivet_x64(a, MOV, trivet_x64_m(TRIVET_RSP, 32), trivet_x64_r64(TRIVET_R10));
	trivet_x64(a, CMP, trivet_x64_r32(TRIVET_RAX), trivet_imm(1000));
	trivet_x64(a, JGE, trivet_at(out));
	trivet_x64(a, IMUL, trivet_x64_r64(TRIVET_R8), trivet_x64_r64(TRIVET_RDX));
	trivet_x64(a, SHL, trivet_x64_r64(TRIVET_R8), trivet_imm(3));
	trivet_x64(a, XOR, trivet_x64_r32(TRIVET_R11), trivet_x64_r32(TRIVET_R11));
	trivet_x64(a, MOVSD, trivet_x64_xmm(0), trivet_x64_m(TRIVET_RDI, 8));
	trivet_x64(a, MULSD, trivet_x64_xmm(0), trivet_x64_xmm(1));
	trivet_x64(a, ADDSD, trivet_x64_xmm(9), trivet_x64_xmm(0));
	trivet_x64(a, MOVSD, trivet_x64_mx(TRIVET_RDI, TRIVET_RAX, 8, 0), trivet_x64_xmm(9));
	trivet_x64(a, TEST, trivet_x64_r64(TRIVET_R8), trivet_x64_r64(TRIVET_R8));
	trivet_x64(a, CMOVE, trivet_x64_r64(TRIVET_RAX), trivet_x64_r64(TRIVET_RBX));
	trivet_asm_bind(a, out);
	trivet_x64(a, SUB, trivet_x64_r64(TRIVET_RSI), trivet_imm(1));
	trivet_x64(a, JNE, trivet_at(out));
	trivet_x64(a, CALL, trivet_at(top));
	trivet_x64(a, MOVZX, trivet_x64_r32(TRIVET_RAX), trivet_x64_r8(TRIVET_RAX));
	trivet_x64(a, PUSH, trivet_x64_r64(TRIVET_R12));
	trivet_x64(a, POP, trivet_x64_r64(TRIVET_R12));
}

static Run
x64_public(trivet_asm *a)
{
	double t = now();
	trivet_label top;
	size_t bytes;

	trivet_asm_reset(a);
	top = trivet_asm_label(a);
	trivet_asm_bind(a, top);
	for (int k = 0; k < ROUNDS; k++)
		x64_round(a, top);
	bytes = trivet_asm_offset(a);
	t = now() - t;
	if (trivet_asm_status(a) != TRIVET_OK)
		exit(1);
	return (Run){ t, X64_IN_ROUND * ROUNDS, bytes };
}

/* ---- x86-64, as the generator emits ---- */

static void
inner_round(Cbuf *c, Label top)
{
	Label out = cbuf_label(c);

	x64_emit(c, X64_MOV_MR, 8, X64_RDI, x64_r(X64_RAX), 0);
	x64_mov_imm(c, 4, X64_RCX, 1234567);
	x64_emit(c, X64_ADD_MR, 8, X64_RSI, x64_r(X64_RAX), 0);
	x64_alu_imm(c, X64_ADD, 8, x64_r(X64_R9), 8);
	x64_emit(c, X64_LEA, 8, X64_RDX, x64_mx(X64_RDI, X64_RCX, 8, 16), 0);
	x64_emit(c, X64_MOV_RM, 8, X64_R10, x64_m(X64_RSP, 24), 0);
	x64_emit(c, X64_MOV_MR, 8, X64_R10, x64_m(X64_RSP, 32), 0);
	x64_alu_imm(c, X64_CMP, 4, x64_r(X64_RAX), 1000);
	x64_jcc(c, X64_GE, out);
	x64_emit(c, X64_IMUL_RM, 8, X64_R8, x64_r(X64_RDX), 0);
	x64_shift_imm(c, X64_SHL, 8, x64_r(X64_R8), 3);
	x64_zero(c, X64_R11);
	x64_emit(c, X64_MOVS_RM, 8, 0, x64_m(X64_RDI, 8), 0);
	x64_emit(c, X64_MULS, 8, 0, x64_r(1), 0);
	x64_emit(c, X64_ADDS, 8, 9, x64_r(0), 0);
	x64_emit(c, X64_MOVS_MR, 8, 9, x64_mx(X64_RDI, X64_RAX, 8, 0), 0);
	x64_emit(c, X64_TEST_MR, 8, X64_R8, x64_r(X64_R8), 0);
	x64_cmov(c, X64_E, 8, X64_RAX, x64_r(X64_RBX));
	cbuf_bind(c, out);
	x64_alu_imm(c, X64_SUB, 8, x64_r(X64_RSI), 1);
	x64_jcc(c, X64_NE, out);
	x64_call(c, top);
	x64_emit(c, X64_MOVZX8, 4, X64_RAX, x64_r(X64_RAX), 0);
	x64_push(c, X64_R12);
	x64_pop(c, X64_R12);
}

static Run
x64_inner(Cbuf *c)
{
	double t = now();
	Label top;

	c->code.n = c->labels.n = c->fixups.n = 0;
	top = cbuf_label(c);
	cbuf_bind(c, top);
	for (int k = 0; k < ROUNDS; k++)
		inner_round(c, top);
	t = now() - t;
	if (c->err != TRIVET_OK)
		exit(1);
	return (Run){ t, X64_IN_ROUND * ROUNDS, c->code.n };
}

/* ---- AArch64 ---- */

enum { A64_IN_ROUND = 24 };

static void
a64_round(trivet_asm *a, trivet_label top)
{
	trivet_label out = trivet_asm_label(a);

	trivet_a64(a, MOV, trivet_a64_x(0), trivet_a64_x(7));
	trivet_a64(a, MOVZ, trivet_a64_w(1), trivet_imm(12345));
	trivet_a64(a, ADD, trivet_a64_x(0), trivet_a64_x(0), trivet_a64_x(6));
	trivet_a64(a, ADD, trivet_a64_x(9), trivet_a64_x(9), trivet_imm(8));
	trivet_a64(a, ADD, trivet_a64_x(2), trivet_a64_x(7), trivet_a64_x(1), trivet_a64_lsl(3));
	trivet_a64(a, LDR, trivet_a64_x(10), trivet_a64_m(TRIVET_SP, 24));
	trivet_a64(a, STR, trivet_a64_x(10), trivet_a64_m(TRIVET_SP, 32));
	trivet_a64(a, CMP, trivet_a64_w(0), trivet_imm(1000));
	trivet_a64(a, BCOND, trivet_a64_cond(TRIVET_A64_GE), trivet_at(out));
	trivet_a64(a, MUL, trivet_a64_x(8), trivet_a64_x(8), trivet_a64_x(2));
	trivet_a64(a, LSL, trivet_a64_x(8), trivet_a64_x(8), trivet_imm(3));
	trivet_a64(a, EOR, trivet_a64_w(11), trivet_a64_w(11), trivet_a64_w(11));
	trivet_a64(a, LDR, trivet_a64_d(0), trivet_a64_m(7, 8));
	trivet_a64(a, FMUL, trivet_a64_d(0), trivet_a64_d(0), trivet_a64_d(1));
	trivet_a64(a, FADD, trivet_a64_d(9), trivet_a64_d(9), trivet_a64_d(0));
	trivet_a64(a, STR, trivet_a64_d(9), trivet_a64_mxs(7, 0, trivet_a64_lsl(3)));
	trivet_a64(a, TST, trivet_a64_x(8), trivet_a64_x(8));
	trivet_a64(a, CSEL, trivet_a64_x(0), trivet_a64_x(3), trivet_a64_x(0),
		   trivet_a64_cond(TRIVET_A64_EQ));
	trivet_asm_bind(a, out);
	trivet_a64(a, SUBS, trivet_a64_x(6), trivet_a64_x(6), trivet_imm(1));
	trivet_a64(a, BCOND, trivet_a64_cond(TRIVET_A64_NE), trivet_at(out));
	trivet_a64(a, BL, trivet_at(top));
	trivet_a64(a, UXTB, trivet_a64_w(0), trivet_a64_w(0));
	trivet_a64(a, STP, trivet_a64_x(12), trivet_a64_x(13), trivet_a64_pre(TRIVET_SP, -16));
	trivet_a64(a, LDP, trivet_a64_x(12), trivet_a64_x(13), trivet_a64_post(TRIVET_SP, 16));
}

static Run
a64_public(trivet_asm *a)
{
	double t = now();
	trivet_label top;
	size_t bytes;

	trivet_asm_reset(a);
	top = trivet_asm_label(a);
	trivet_asm_bind(a, top);
	for (int k = 0; k < ROUNDS; k++)
		a64_round(a, top);
	bytes = trivet_asm_offset(a);
	t = now() - t;
	if (trivet_asm_status(a) != TRIVET_OK) {
		fprintf(stderr, "%s\n", trivet_asm_message(a));
		exit(1);
	}
	return (Run){ t, A64_IN_ROUND * ROUNDS, bytes };
}

/* As the generator emits. */
static void
a64_inner_round(Cbuf *c, Label top)
{
	Label out = cbuf_label(c);

	cbuf_u32(c, a64_logic_reg(A64_X, A64_ORR, 0, A64_ZR, 7, A64_LSL, 0));
	cbuf_u32(c, a64_movwide(A64_W, A64_MOVZ, 1, 12345, 0));
	cbuf_u32(c, a64_addsub_reg(A64_X, A64_ADD, 0, 0, 6, A64_LSL, 0));
	cbuf_u32(c, a64_addsub_imm(A64_X, A64_ADD, 9, 9, 8));
	cbuf_u32(c, a64_addsub_reg(A64_X, A64_ADD, 2, 7, 1, A64_LSL, 3));
	cbuf_u32(c, a64_mem(A64_LDR_X, 10, A64_SP, 24));
	cbuf_u32(c, a64_mem(A64_STR_X, 10, A64_SP, 32));
	cbuf_u32(c, a64_addsub_imm(A64_W, A64_SUBS, A64_ZR, 0, 1000));
	cbuf_fixup(c, A64_FIX_BRANCH19, cbuf_here(c), out, 0);
	cbuf_u32(c, a64_bcond(A64_GE, 0));
	cbuf_u32(c, a64_mul(A64_X, A64_MADD, 8, 8, 2, A64_ZR));
	cbuf_u32(c, a64_bitfield(A64_X, A64_UBFM, 8, 8, 61, 60));
	cbuf_u32(c, a64_logic_reg(A64_W, A64_EOR, 11, 11, 11, A64_LSL, 0));
	cbuf_u32(c, a64_mem(A64_LDR_D, 0, 7, 8));
	cbuf_u32(c, a64_fp2(A64_D, A64_FMUL, 0, 0, 1));
	cbuf_u32(c, a64_fp2(A64_D, A64_FADD, 9, 9, 0));
	cbuf_u32(c, a64_mem_reg(A64_STR_D, 9, 7, 0, A64_UXTX, true));
	cbuf_u32(c, a64_logic_reg(A64_X, A64_ANDS, A64_ZR, 8, 8, A64_LSL, 0));
	cbuf_u32(c, a64_csel(A64_X, A64_CSEL, 0, 3, 0, A64_EQ));
	cbuf_bind(c, out);
	cbuf_u32(c, a64_addsub_imm(A64_X, A64_SUBS, 6, 6, 1));
	cbuf_fixup(c, A64_FIX_BRANCH19, cbuf_here(c), out, 0);
	cbuf_u32(c, a64_bcond(A64_NE, 0));
	cbuf_fixup(c, A64_FIX_BRANCH26, cbuf_here(c), top, 0);
	cbuf_u32(c, a64_bl(0));
	cbuf_u32(c, a64_bitfield(A64_W, A64_UBFM, 0, 0, 0, 7));
	cbuf_u32(c, a64_pair(A64_STP_X, A64_PRE, 12, 13, A64_SP, -16));
	cbuf_u32(c, a64_pair(A64_LDP_X, A64_POST, 12, 13, A64_SP, 16));
}

static Run
a64_inner(Cbuf *c)
{
	double t = now();
	Label top;

	c->code.n = c->labels.n = c->fixups.n = 0;
	top = cbuf_label(c);
	cbuf_bind(c, top);
	for (int k = 0; k < ROUNDS; k++)
		a64_inner_round(c, top);
	t = now() - t;
	if (c->err != TRIVET_OK)
		exit(1);
	return (Run){ t, A64_IN_ROUND * ROUNDS, c->code.n };
}

/* ---- In turn ---- */

enum { PUBLIC, INNER, ASMJIT, A64, A64_INNER, WAYS };

static int
by_time(const void *x, const void *y)
{
	double d = ((const Run *)x)->ns - ((const Run *)y)->ns;

	return d < 0 ? -1 : d > 0;
}

int
main(void)
{
	static const char *const names[WAYS] = { "x86-64  trivet_x64()", "x86-64  inner encoder",
						 "x86-64  asmjit Assembler", "AArch64 trivet_a64()",
						 "AArch64 inner encoder" };
	static Run runs[WAYS][TURNS];
	trivet_asm *x, *arm;
	double ns[WAYS] = { 0 };
	Arena arena;
	Cbuf inner;
	Mem mem;

	mem_init(&mem, NULL);
	arena_init(&arena, &mem);
	cbuf_init(&inner, &arena);
	if (trivet_asm_open(NULL, TRIVET_ISA_X86_64, &x) != TRIVET_OK ||
	    trivet_asm_open(NULL, TRIVET_ISA_AARCH64, &arm) != TRIVET_OK)
		return 1;
	for (int t = 0; t < TURNS; t++) {
		runs[PUBLIC][t] = x64_public(x);
		runs[INNER][t] = x64_inner(&inner);
#ifdef HAVE_ASMJIT
		runs[ASMJIT][t].ns = now();
		bench_asmjit(ROUNDS, &runs[ASMJIT][t].instructions, &runs[ASMJIT][t].bytes);
		runs[ASMJIT][t].ns = now() - runs[ASMJIT][t].ns;
#endif
		runs[A64][t] = a64_public(arm);
		runs[A64_INNER][t] = a64_inner(&inner);
	}
	for (int w = 0; w < WAYS; w++) {
		const Run *r = &runs[w][TURNS / 2];

		qsort(runs[w], TURNS, sizeof runs[w][0], by_time);
		if (!r->instructions) {
			printf("%-26s not measured: built without asmjit (Debian: libasmjit-dev)\n",
			       names[w]);
			continue;
		}
		ns[w] = r->ns / (double)r->instructions;
		printf("%-26s %6.2f ns an instruction  %7.0f MB/s  %.2f bytes each\n", names[w],
		       ns[w], (double)r->bytes / r->ns * 1e3,
		       (double)r->bytes / (double)r->instructions);
	}
	if (ns[ASMJIT] > 0)
		printf("ratio to asmjit: trivet_x64() %.2f, inner %.2f, trivet_a64() %.2f\n",
		       ns[PUBLIC] / ns[ASMJIT], ns[INNER] / ns[ASMJIT], ns[A64] / ns[ASMJIT]);
	printf("AArch64 less than x86-64, ns an instruction: public %.2f, inner %.2f\n",
	       ns[PUBLIC] - ns[A64], ns[INNER] - ns[A64_INNER]);
	trivet_asm_close(x);
	trivet_asm_close(arm);
	arena_free(&arena);
	return 0;
}
