/* gen_a64.c - prints every A64 encoder's words beside the text they should be.
 *
 * One line an instruction: word in hex, tab, text; with a third column "llvm" where GNU as cannot
 * say it without a relocation.  Every register goes through every operand while the others stay;
 * immediates are those at the borders, and all bitmask immediates.  test_aarch64.py has the text
 * assembled by others. */
#include "asm/aarch64.h"

#include <inttypes.h>
#include <stdio.h>

/* ---- Operands as text (each call has its own buffer for a while) ---- */

static char *
buffer(void)
{
	static char buffers[16][48];
	static unsigned next;
	return buffers[next++ % 16];
}

static const char *
named(const char *prefix, unsigned r)
{
	char *b = buffer();
	snprintf(b, 48, "%s%u", prefix, r);
	return b;
}

static const char *
gpr(A64Width w, unsigned r)
{
	if (r == 31)
		return w == A64_X ? "xzr" : "wzr";
	return named(w == A64_X ? "x" : "w", r);
}

static const char *
gsp(A64Width w, unsigned r)
{
	if (r == 31)
		return w == A64_X ? "sp" : "wsp";
	return gpr(w, r);
}

static const char *
fpr(A64Float t, unsigned r)
{
	return named(t == A64_D ? "d" : t == A64_S ? "s" : "h", r);
}

static const char *
vec(bool q, unsigned r)
{
	char *b = buffer();
	snprintf(b, 48, "v%u.%s", r, q ? "16b" : "8b");
	return b;
}

/* ---- Walking the registers ---- */

typedef struct Walk {
	unsigned slots, step;
	unsigned a, b, c, d;
} Walk;

static Walk
walk(unsigned slots)
{
	return (Walk){ slots, 0, 0, 0, 0, 0 };
}

/* Each of the slots goes through 0..31 while the others hold unlike patterns. */
static bool
walk_next(Walk *w)
{
	if (w->step == 32 * w->slots)
		return false;
	w->a = 9, w->b = 22, w->c = 5, w->d = 26;
	*(&w->a + w->step / 32) = w->step % 32;
	w->step++;
	return true;
}

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define REGS(n) for (Walk r = walk(n); walk_next(&r);)
#define WIDTHS for (A64Width w = A64_W; w <= A64_X; w++)
#define FLOATS for (A64Float t = A64_S; t <= A64_D; t++)
#define OPS(table) for (unsigned i = 0; i < COUNT(table); i++)
#define CONDS for (unsigned c = 0; c < 14; c++)
#define OUT(word, ...) (printf("%08" PRIx32 "\t", (word)), printf(__VA_ARGS__), putchar('\n'))

typedef struct Named {
	const char *text;
	unsigned op;
} Named;
#define N(text, op)            \
	{                      \
		text, A64_##op \
	}

static const char *const cond_name[] = { "eq", "ne", "hs", "lo", "mi", "pl", "vs",
					 "vc", "hi", "ls", "ge", "lt", "gt", "le" };
static const char *const shift_name[] = { "lsl", "lsr", "asr", "ror" };
static const char *const extend_name[] = { "uxtb", "uxth", "uxtw", "uxtx",
					   "sxtb", "sxth", "sxtw", "sxtx" };

/* The loops below are macros that nest like `for`, which clang-format does not know. */
// clang-format off

/* ---- Data processing, immediate ---- */

static void
add_sub_immediates(void)
{
	static const Named ops[] = { N("add", ADD), N("adds", ADDS), N("sub", SUB), N("subs",
	    SUBS) };
	static const uint32_t imms[] = { 0, 1, 2, 0x555, 0x7ff, 0x800, 0xfff, 0x1000, 0x5a5000,
		                         0x800000, 0xfff000 };

	WIDTHS OPS(ops) for (unsigned k = 0; k < COUNT(imms); k++) REGS(2)
	{
		bool flags = ops[i].op & 1;
		OUT(a64_addsub_imm(w, ops[i].op, r.a, r.b, imms[k]), "%s %s, %s, #%" PRIu32,
		    ops[i].text,
		    flags ? gpr(w, r.a) : gsp(w, r.a), gsp(w, r.b), imms[k]);
	}
	WIDTHS REGS(1)
	{
		OUT(a64_cmp_imm(w, r.a, 77), "cmp %s, #77", gsp(w, r.a));
		OUT(a64_cmn_imm(w, r.a, 77), "cmn %s, #77", gsp(w, r.a));
		OUT(a64_tst_imm(w, r.a, 0xff0), "tst %s, #0xff0", gpr(w, r.a));
	}
	REGS(2)
	if (r.a == 31 || r.b == 31)
		OUT(a64_mov_sp(r.a, r.b), "mov %s, %s", gsp(A64_X, r.a), gsp(A64_X, r.b));
}

static uint64_t
rotate_right(uint64_t x, unsigned n, unsigned size)
{
	uint64_t mask = ~UINT64_C(0) >> (64 - size);
	return n ? (x >> n | x << (size - n)) & mask : x;
}

/* All of them, made from their definition. */
static void
logic_immediates(void)
{
	static const Named ops[] = { N("and", ANDI), N("orr", ORRI), N("eor", EORI), N("ands",
	    ANDSI) };
	unsigned turn = 0;

	WIDTHS for (unsigned size = 2; size <= (w == A64_X ? 64 : 32); size *= 2)
	for (unsigned ones = 1; ones < size; ones++)
	for (unsigned rotation = 0; rotation < size; rotation++)
	{
		uint64_t x = rotate_right((UINT64_C(1) << ones) - 1, rotation, size);
		for (unsigned k = size; k < (w == A64_X ? 64 : 32); k *= 2)
			x |= x << k;
		unsigned i = turn++ % 4, rd = turn % 31, rn = turn % 29;
		OUT(a64_logic_imm(w, ops[i].op, rd, rn, x), "%s %s, %s, #0x%" PRIx64, ops[i].text,
		    gpr(w, rd), gpr(w, rn), x);
	}
	WIDTHS OPS(ops) REGS(2)
	OUT(a64_logic_imm(w, ops[i].op, r.a, r.b, 0x3fc), "%s %s, %s, #0x3fc", ops[i].text,
	    ops[i].op == A64_ANDSI ? gpr(w, r.a) : gsp(w, r.a), gpr(w, r.b));
}

static void
wide_moves(void)
{
	static const Named ops[] = { N("movn", MOVN), N("movz", MOVZ), N("movk", MOVK) };
	static const uint32_t imms[] = { 0, 1, 0x1234, 0x8000, 0xfffe, 0xffff };

	WIDTHS OPS(ops) for (unsigned k = 0; k < COUNT(imms); k++)
	for (unsigned s = 0; s < (w == A64_X ? 64 : 32); s += 16) REGS(1)
	OUT(a64_movwide(w, ops[i].op, r.a, imms[k], s), "%s %s, #%" PRIu32 ", lsl #%u", ops[i].text,
	    gpr(w, r.a), imms[k], s);
}

static void
bitfields(void)
{
	static const Named ops[] = { N("sbfm", SBFM), N("bfm", BFM), N("ubfm", UBFM) };

	WIDTHS OPS(ops) REGS(2)
	OUT(a64_bitfield(w, ops[i].op, r.a, r.b, 3, 17), "%s %s, %s, #3, #17", ops[i].text,
	    gpr(w, r.a), gpr(w, r.b));
	WIDTHS for (unsigned n = 0; n < (w == A64_X ? 64 : 32); n++)
	{
		unsigned top = w == A64_X ? 63 : 31;
		const char *a = gpr(w, 3), *b = gpr(w, 8);
		OPS(ops)
		{
			OUT(a64_bitfield(w, ops[i].op, 3, 8, n, top - n), "%s %s, %s, #%u, #%u",
			    ops[i].text, a, b, n, top - n);
			OUT(a64_bitfield(w, ops[i].op, 3, 8, top - n, n), "%s %s, %s, #%u, #%u",
			    ops[i].text, a, b, top - n, n);
		}
		OUT(a64_lsl_imm(w, 3, 8, n), "lsl %s, %s, #%u", a, b, n);
		OUT(a64_lsr_imm(w, 3, 8, n), "lsr %s, %s, #%u", a, b, n);
		OUT(a64_asr_imm(w, 3, 8, n), "asr %s, %s, #%u", a, b, n);
		OUT(a64_ror_imm(w, 3, 8, n), "ror %s, %s, #%u", a, b, n);
		OUT(a64_ubfx(w, 3, 8, n, top + 1 - n), "ubfx %s, %s, #%u, #%u", a, b, n,
		    top + 1 - n);
		OUT(a64_sbfx(w, 3, 8, n, 1), "sbfx %s, %s, #%u, #1", a, b, n);
		OUT(a64_bfi(w, 3, 8, n, top + 1 - n), "bfi %s, %s, #%u, #%u", a, b, n, top + 1 - n);
		OUT(a64_extr(w, 3, 8, 21, n), "extr %s, %s, %s, #%u", a, b, gpr(w, 21), n);
	}
	REGS(2)
	{
		OUT(a64_uxtb(r.a, r.b), "uxtb %s, %s", gpr(A64_W, r.a), gpr(A64_W, r.b));
		OUT(a64_uxth(r.a, r.b), "uxth %s, %s", gpr(A64_W, r.a), gpr(A64_W, r.b));
		OUT(a64_sxtw(r.a, r.b), "sxtw %s, %s", gpr(A64_X, r.a), gpr(A64_W, r.b));
		WIDTHS
		{
			OUT(a64_sxtb(w, r.a, r.b), "sxtb %s, %s", gpr(w, r.a), gpr(A64_W, r.b));
			OUT(a64_sxth(w, r.a, r.b), "sxth %s, %s", gpr(w, r.a), gpr(A64_W, r.b));
		}
	}
	WIDTHS REGS(3)
	OUT(a64_extr(w, r.a, r.b, r.c, 11), "extr %s, %s, %s, #11", gpr(w, r.a), gpr(w, r.b), gpr(w,
	    r.c));
}

/* ---- Data processing, register ---- */

static void
add_sub_registers(void)
{
	static const Named ops[] = { N("add", ADD), N("adds", ADDS), N("sub", SUB), N("subs",
	    SUBS) };
	static const Named carry[] = { N("adc", ADC), N("adcs", ADCS), N("sbc", SBC), N("sbcs",
	    SBCS) };

	WIDTHS OPS(ops) REGS(3)
	{
		bool flags = ops[i].op & 1;
		OUT(a64_addsub_reg(w, ops[i].op, r.a, r.b, r.c, A64_LSL, 0), "%s %s, %s, %s",
		    ops[i].text, gpr(w, r.a), gpr(w, r.b), gpr(w, r.c));
		OUT(a64_addsub_carry(w, carry[i].op, r.a, r.b, r.c), "%s %s, %s, %s", carry[i].text,
		    gpr(w, r.a), gpr(w, r.b), gpr(w, r.c));
		for (unsigned e = 0; e < 8; e++) {
			A64Width m = w == A64_X && (e & 3) == 3 ? A64_X : A64_W;
			OUT(a64_addsub_ext(w, ops[i].op, r.a, r.b, r.c, e, r.a % 4 + 1),
			    "%s %s, %s, %s, %s #%u", ops[i].text, flags ? gpr(w, r.a) : gsp(w, r.a),
			    gsp(w, r.b), gpr(m, r.c), extend_name[e], r.a % 4 + 1);
		}
	}
	WIDTHS OPS(ops) for (unsigned s = 0; s < 3; s++)
	for (unsigned n = 0; n < (w ? 64 : 32); n++)
	OUT(a64_addsub_reg(w, ops[i].op, 1, 2, 3, s, n), "%s %s, %s, %s, %s #%u", ops[i].text,
	    gpr(w, 1),
	    gpr(w, 2), gpr(w, 3), shift_name[s], n);
	WIDTHS REGS(2)
	{
		OUT(a64_neg(w, r.a, r.b), "neg %s, %s", gpr(w, r.a), gpr(w, r.b));
		OUT(a64_cmp(w, r.a, r.b), "cmp %s, %s", gpr(w, r.a), gpr(w, r.b));
		OUT(a64_cmn(w, r.a, r.b), "cmn %s, %s", gpr(w, r.a), gpr(w, r.b));
		OUT(a64_tst(w, r.a, r.b), "tst %s, %s", gpr(w, r.a), gpr(w, r.b));
		OUT(a64_mov(w, r.a, r.b), "mov %s, %s", gpr(w, r.a), gpr(w, r.b));
		OUT(a64_mvn(w, r.a, r.b), "mvn %s, %s", gpr(w, r.a), gpr(w, r.b));
	}
}

static void
logic_registers(void)
{
	static const Named ops[] = { N("and", AND), N("bic", BIC), N("orr", ORR), N("orn", ORN),
		                     N("eor", EOR), N("eon", EON), N("ands", ANDS), N("bics",
		                     BICS) };

	WIDTHS OPS(ops) REGS(3)
	OUT(a64_logic_reg(w, ops[i].op, r.a, r.b, r.c, A64_LSL, 0), "%s %s, %s, %s", ops[i].text,
	    gpr(w, r.a), gpr(w, r.b), gpr(w, r.c));
	WIDTHS OPS(ops) for (unsigned s = 0; s < 4; s++)
	for (unsigned n = 0; n < (w ? 64 : 32); n++)
	OUT(a64_logic_reg(w, ops[i].op, 1, 2, 3, s, n), "%s %s, %s, %s, %s #%u", ops[i].text, gpr(w,
	    1),
	    gpr(w, 2), gpr(w, 3), shift_name[s], n);
}

static void
multiply_divide_count(void)
{
	static const Named mul[] = { N("madd", MADD), N("msub", MSUB), N("smaddl", SMADDL),
		                     N("smsubl", SMSUBL), N("umaddl", UMADDL), N("umsubl", UMSUBL),
		                     N("smulh", SMULH), N("umulh", UMULH) };
	static const Named two[] = { N("udiv", UDIV), N("sdiv", SDIV), N("lsl", LSLV),
		                     N("lsr", LSRV), N("asr", ASRV), N("ror", RORV) };
	static const Named one[] = { N("rbit", RBIT), N("rev16", REV16), N("rev", REV), N("clz",
	    CLZ),
		                     N("cls", CLS), N("rev32", REV32) };

	WIDTHS OPS(mul) REGS(4)
	{
		unsigned op = mul[i].op;
		A64Width narrow = op <= A64_MSUB ? w : A64_W;
		if (op == A64_SMULH || op == A64_UMULH) {
			if (w == A64_X && r.step <= 96)
				OUT(a64_mul(w, op, r.a, r.b, r.c, A64_ZR), "%s %s, %s, %s",
				    mul[i].text,
				    gpr(w, r.a), gpr(w, r.b), gpr(w, r.c));
		} else if (w == A64_X || op <= A64_MSUB) {
			OUT(a64_mul(w, op, r.a, r.b, r.c, r.d), "%s %s, %s, %s, %s", mul[i].text,
			    gpr(w, r.a), gpr(narrow, r.b), gpr(narrow, r.c), gpr(w, r.d));
		}
	}
	WIDTHS OPS(two) REGS(3)
	OUT(a64_dp2(w, two[i].op, r.a, r.b, r.c), "%s %s, %s, %s", two[i].text, gpr(w, r.a), gpr(w,
	    r.b),
	    gpr(w, r.c));
	WIDTHS OPS(one) REGS(2)
	if (w == A64_X || one[i].op != A64_REV32)
		OUT(a64_dp1(w, one[i].op, r.a, r.b), "%s %s, %s", one[i].text, gpr(w, r.a), gpr(w,
		    r.b));
}

static void
conditionals(void)
{
	static const Named sel[] = { N("csel", CSEL), N("csinc", CSINC), N("csinv", CSINV),
		                     N("csneg", CSNEG) };
	static const Named cmp[] = { N("ccmn", CCMN), N("ccmp", CCMP) };

	WIDTHS OPS(sel) REGS(3)
	OUT(a64_csel(w, sel[i].op, r.a, r.b, r.c, r.step % 14), "%s %s, %s, %s, %s", sel[i].text,
	    gpr(w, r.a), gpr(w, r.b), gpr(w, r.c), cond_name[r.step % 14]);
	WIDTHS OPS(cmp) REGS(2)
	{
		unsigned nzcv = r.step % 16, c = r.step % 14;
		OUT(a64_ccmp_reg(w, cmp[i].op, r.a, r.b, nzcv, c), "%s %s, %s, #%u, %s",
		    cmp[i].text,
		    gpr(w, r.a), gpr(w, r.b), nzcv, cond_name[c]);
		OUT(a64_ccmp_imm(w, cmp[i].op, r.a, r.b, nzcv, c), "%s %s, #%u, #%u, %s",
		    cmp[i].text,
		    gpr(w, r.a), r.b, nzcv, cond_name[c]);
	}
	WIDTHS CONDS REGS(1)
	{
		OUT(a64_cset(w, r.a, c), "cset %s, %s", gpr(w, r.a), cond_name[c]);
		OUT(a64_csetm(w, r.a, c), "csetm %s, %s", gpr(w, r.a), cond_name[c]);
	}
}

/* ---- Loads and stores ---- */

typedef struct MemRow {
	const char *name, *unscaled, *prefix;
	unsigned op, bytes;
} MemRow;

static const MemRow mems[] = {
	{ "strb", "sturb", "w", A64_STRB, 1 },      { "ldrb", "ldurb", "w", A64_LDRB, 1 },
	{ "ldrsb", "ldursb", "x", A64_LDRSB_X, 1 }, { "ldrsb", "ldursb", "w", A64_LDRSB_W, 1 },
	{ "strh", "sturh", "w", A64_STRH, 2 },      { "ldrh", "ldurh", "w", A64_LDRH, 2 },
	{ "ldrsh", "ldursh", "x", A64_LDRSH_X, 2 }, { "ldrsh", "ldursh", "w", A64_LDRSH_W, 2 },
	{ "str", "stur", "w", A64_STR_W, 4 },       { "ldr", "ldur", "w", A64_LDR_W, 4 },
	{ "ldrsw", "ldursw", "x", A64_LDRSW, 4 },   { "str", "stur", "x", A64_STR_X, 8 },
	{ "ldr", "ldur", "x", A64_LDR_X, 8 },       { "str", "stur", "b", A64_STR_B, 1 },
	{ "ldr", "ldur", "b", A64_LDR_B, 1 },       { "str", "stur", "h", A64_STR_H, 2 },
	{ "ldr", "ldur", "h", A64_LDR_H, 2 },       { "str", "stur", "s", A64_STR_S, 4 },
	{ "ldr", "ldur", "s", A64_LDR_S, 4 },       { "str", "stur", "d", A64_STR_D, 8 },
	{ "ldr", "ldur", "d", A64_LDR_D, 8 },       { "str", "stur", "q", A64_STR_Q, 16 },
	{ "ldr", "ldur", "q", A64_LDR_Q, 16 },
};

static const char *
data(const MemRow *m, unsigned r)
{
	if (m->prefix[0] == 'w' || m->prefix[0] == 'x')
		return gpr(m->prefix[0] == 'x' ? A64_X : A64_W, r);
	return named(m->prefix, r);
}

static void
memory(void)
{
	static const int simm9[] = { -256, -255, -128, -1, 0, 1, 127, 254, 255 };
	static const unsigned scaled[] = { 0, 1, 2, 0x555, 0x800, 4094, 4095 };

	for (const MemRow *m = mems; m < mems + COUNT(mems); m++) {
		for (unsigned k = 0; k < COUNT(scaled); k++) REGS(2)
		OUT(a64_mem(m->op, r.a, r.b, scaled[k] * m->bytes), "%s %s, [%s, #%u]", m->name,
		    data(m, r.a), gsp(A64_X, r.b), scaled[k] * m->bytes);
		for (unsigned k = 0; k < COUNT(simm9); k++) REGS(2)
		{
			bool clash = r.a == r.b && (m->prefix[0] == 'w' || m->prefix[0] == 'x');
			const char *t = data(m, r.a), *base = gsp(A64_X, r.b);
			OUT(a64_mem_unscaled(m->op, r.a, r.b, simm9[k]), "%s %s, [%s, #%d]",
			    m->unscaled, t,
			    base, simm9[k]);
			if (clash)
				continue;
			OUT(a64_mem_pre(m->op, r.a, r.b, simm9[k]), "%s %s, [%s, #%d]!", m->name, t,
			    base,
			    simm9[k]);
			OUT(a64_mem_post(m->op, r.a, r.b, simm9[k]), "%s %s, [%s], #%d", m->name, t,
			    base,
			    simm9[k]);
		}
		for (unsigned e = 2; e < 8; e++) for (unsigned s = 0; s < 2 && (e & 2); s++) REGS(3)
		{
			unsigned shift = m->bytes == 16 ? 4 : m->bytes == 8 ? 3 : m->bytes / 2;
			char amount[16] = "";
			/* S with a byte is written "#0"; no S and lsl is written as nothing. */
			if (s)
				snprintf(amount, sizeof amount, " #%u", shift);
			const char *how = e == A64_UXTX ? "lsl" : extend_name[e];
			bool plain = e == A64_UXTX && !s;
			OUT(a64_mem_reg(m->op, r.a, r.b, r.c, e, s), "%s %s, [%s, %s%s%s%s]",
			    m->name,
			    data(m, r.a), gsp(A64_X, r.b), gpr(e & 1 ? A64_X : A64_W, r.c),
			    plain ? "" : ", ", plain ? "" : how, plain ? "" : amount);
		}
	}
}

static void
literals_and_pairs(void)
{
	static const struct { const char *name, *prefix; unsigned op; } lits[] = {
		{ "ldr", "w", A64_LIT_W }, { "ldr", "x", A64_LIT_X }, { "ldrsw", "x", A64_LIT_SW },
		{ "ldr", "s", A64_LIT_S }, { "ldr", "d", A64_LIT_D }, { "ldr", "q", A64_LIT_Q },
	};
	static const MemRow pairs[] = {
		{ "stp", "", "w", A64_STP_W, 4 },   { "ldp", "", "w", A64_LDP_W, 4 },
		{ "ldpsw", "", "x", A64_LDPSW, 4 }, { "stp", "", "x", A64_STP_X, 8 },
		{ "ldp", "", "x", A64_LDP_X, 8 },   { "stp", "", "s", A64_STP_S, 4 },
		{ "ldp", "", "s", A64_LDP_S, 4 },   { "stp", "", "d", A64_STP_D, 8 },
		{ "ldp", "", "d", A64_LDP_D, 8 },   { "stp", "", "q", A64_STP_Q, 16 },
		{ "ldp", "", "q", A64_LDP_Q, 16 },
	};
	static const int disps[] = { -1048576, -4, 0, 4, 1048572 };
	static const int units[] = { -64, -63, -1, 0, 1, 62, 63 };

	OPS(lits) for (unsigned k = 0; k < COUNT(disps); k++) REGS(1)
	{
		MemRow m = { .prefix = lits[i].prefix };
		OUT(a64_mem_lit(lits[i].op, r.a, disps[k]), "%s %s, .%+d", lits[i].name, data(&m,
		    r.a),
		    disps[k]);
	}
	OPS(pairs) for (unsigned k = 0; k < COUNT(units); k++) REGS(3)
	{
		const MemRow *m = &pairs[i];
		bool general = m->prefix[0] == 'w' || m->prefix[0] == 'x', load = m->name[0] == 'l';
		bool clash = general && (r.a == r.c || r.b == r.c) && r.c != 31;
		int off = units[k] * (int)m->bytes;
		const char *a = data(m, r.a), *b = data(m, r.b), *base = gsp(A64_X, r.c);
		if (load && r.a == r.b)
			continue;
		OUT(a64_pair(m->op, A64_OFFSET, r.a, r.b, r.c, off), "%s %s, %s, [%s, #%d]",
		    m->name, a, b,
		    base, off);
		if (clash)
			continue;
		OUT(a64_pair(m->op, A64_PRE, r.a, r.b, r.c, off), "%s %s, %s, [%s, #%d]!", m->name,
		    a, b,
		    base, off);
		OUT(a64_pair(m->op, A64_POST, r.a, r.b, r.c, off), "%s %s, %s, [%s], #%d", m->name,
		    a, b,
		    base, off);
	}
}

/* ---- Branches and system ---- */

static void
branches(void)
{
	static const int64_t d26[] = { -134217728, -134217724, -4, 0, 4, 0x1234560, 134217724 };
	static const int64_t d19[] = { -1048576, -1048572, -4, 0, 4, 0x54320, 1048572 };
	static const int64_t d14[] = { -32768, -32764, -4, 0, 4, 0x1230, 32764 };
	static const int64_t d21[] = { -1048576, -1048575, -1, 0, 1, 2, 3, 5, 0x54321, 1048575 };
	static const Named regs[] = { N("br", BR), N("blr", BLR), N("ret", RET) };
	static const Named hints[] = { N("nop", NOP), N("paciasp", PACIASP), N("autiasp", AUTIASP),
		                       N("bti", BTI), N("bti c", BTI_C), N("bti j", BTI_J),
		                       N("bti jc", BTI_JC) };

	OPS(d26)
	{
		OUT(a64_b(d26[i]), "b .%+" PRId64, d26[i]);
		OUT(a64_bl(d26[i]), "bl .%+" PRId64, d26[i]);
	}
	OPS(d19)
	{
		CONDS OUT(a64_bcond(c, d19[i]), "b.%s .%+" PRId64, cond_name[c], d19[i]);
		WIDTHS REGS(1)
		{
			OUT(a64_cbz(w, false, r.a, d19[i]), "cbz %s, .%+" PRId64, gpr(w, r.a),
			    d19[i]);
			OUT(a64_cbz(w, true, r.a, d19[i]), "cbnz %s, .%+" PRId64, gpr(w, r.a),
			    d19[i]);
		}
	}
	OPS(d14) for (unsigned bit = 0; bit < 64; bit++) REGS(1)
	if ((r.a + bit) % 7 == i) {
		const char *reg = gpr(bit < 32 ? A64_W : A64_X, r.a);
		OUT(a64_tbz(false, r.a, bit, d14[i]), "tbz %s, #%u, .%+" PRId64, reg, bit, d14[i]);
		OUT(a64_tbz(true, r.a, bit, d14[i]), "tbnz %s, #%u, .%+" PRId64, reg, bit, d14[i]);
	}
	OPS(d21) REGS(1)
	{
		OUT(a64_adr(r.a, d21[i]), "adr %s, .%+" PRId64, gpr(A64_X, r.a), d21[i]);
		OUT(a64_adrp(r.a, d21[i] * 4096), "adrp %s, #%" PRId64 "\tllvm", gpr(A64_X, r.a),
		    d21[i] * 4096);
	}
	OPS(regs) REGS(1)
	OUT(a64_branch_reg(regs[i].op, r.a), "%s %s", regs[i].text, gpr(A64_X, r.a));
	OUT(a64_ret(), "ret");
	OPS(hints) OUT(a64_hint(hints[i].op), "%s", hints[i].text);
	OUT(a64_brk(0), "brk #0");
	OUT(a64_brk(0xf00d), "brk #0xf00d");
	OUT(a64_udf(0xbeef), "udf #0xbeef");
}

/* ---- Floating point ---- */

static void
floats(void)
{
	static const Named one[] = { N("fmov", FMOV),     N("fabs", FABS),     N("fneg", FNEG),
		                     N("fsqrt", FSQRT),   N("frintn", FRINTN), N("frintp", FRINTP),
		                     N("frintm", FRINTM), N("frintz", FRINTZ), N("frinta", FRINTA),
		                     N("frintx", FRINTX), N("frinti", FRINTI) };
	static const Named two[] = { N("fmul", FMUL),     N("fdiv", FDIV),     N("fadd", FADD),
		                     N("fsub", FSUB),     N("fmax", FMAX),     N("fmin", FMIN),
		                     N("fmaxnm", FMAXNM), N("fminnm", FMINNM), N("fnmul", FNMUL) };
	static const Named three[] = { N("fmadd", FMADD), N("fmsub", FMSUB), N("fnmadd", FNMADD),
		                       N("fnmsub", FNMSUB) };
	static const Named cmp[] = { N("fcmp", FCMP), N("fcmpe", FCMPE) };
	static const Named ccmp[] = { N("fccmp", FCMP), N("fccmpe", FCMPE) };

	FLOATS OPS(one) REGS(2)
	OUT(a64_fp1(t, one[i].op, r.a, r.b), "%s %s, %s", one[i].text, fpr(t, r.a), fpr(t, r.b));
	FLOATS OPS(two) REGS(3)
	OUT(a64_fp2(t, two[i].op, r.a, r.b, r.c), "%s %s, %s, %s", two[i].text, fpr(t, r.a), fpr(t,
	    r.b),
	    fpr(t, r.c));
	FLOATS OPS(three) REGS(4)
	OUT(a64_fp3(t, three[i].op, r.a, r.b, r.c, r.d), "%s %s, %s, %s, %s", three[i].text, fpr(t,
	    r.a),
	    fpr(t, r.b), fpr(t, r.c), fpr(t, r.d));
	FLOATS OPS(cmp) REGS(2)
	{
		unsigned nzcv = r.step % 16, c = r.step % 14;
		OUT(a64_fcmp(t, cmp[i].op, r.a, r.b), "%s %s, %s", cmp[i].text, fpr(t, r.a), fpr(t,
		    r.b));
		OUT(a64_fcmp_zero(t, cmp[i].op, r.a), "%s %s, #0.0", cmp[i].text, fpr(t, r.a));
		OUT(a64_fccmp(t, ccmp[i].op, r.a, r.b, nzcv, c), "%s %s, %s, #%u, %s", ccmp[i].text,
		    fpr(t, r.a), fpr(t, r.b), nzcv, cond_name[c]);
	}
	FLOATS REGS(3)
	OUT(a64_fcsel(t, r.a, r.b, r.c, r.step % 14), "fcsel %s, %s, %s, %s", fpr(t, r.a), fpr(t,
	    r.b),
	    fpr(t, r.c), cond_name[r.step % 14]);
}

/* The 256 immediates, as the decimal fractions that they are. */
static void
float_immediates(void)
{
	for (unsigned n = 16; n < 32; n++)
	for (int e = -3; e <= 4; e++)
	for (unsigned sign = 0; sign < 2; sign++) {
		uint64_t d = (uint64_t)sign << 63 | (uint64_t)(1023 + e) << 52 |
		             (uint64_t)(n - 16) << 48;
		uint64_t s = (uint64_t)sign << 31 | (uint64_t)(127 + e) << 23 |
		             (uint64_t)(n - 16) << 19;
		double x = (sign ? -1.0 : 1.0) * n / 16.0 * (e < 0 ? 1.0 / (1 << -e) : 1 << e);
		unsigned rd = (n * 8 + (unsigned)(e + 3)) % 32;
		OUT(a64_fmov_imm(A64_D, rd, d), "fmov d%u, #%.8f", rd, x);
		OUT(a64_fmov_imm(A64_S, rd, s), "fmov s%u, #%.8f", rd, x);
	}
	for (unsigned mask = 0; mask < 256; mask++) {
		uint64_t x = 0;
		for (unsigned k = 0; k < 8; k++)
			x |= (mask >> k & 1 ? UINT64_C(0xff) : 0) << 8 * k;
		OUT(a64_movi_d(mask % 32, x), "movi d%u, #0x%016" PRIx64, mask % 32, x);
	}
}

static void
conversions_and_vectors(void)
{
	static const Named to_int[] = { N("fcvtns", FCVTNS), N("fcvtnu", FCVTNU), N("fcvtas",
	    FCVTAS),
		                        N("fcvtau", FCVTAU), N("fcvtps", FCVTPS), N("fcvtpu",
		                        FCVTPU),
		                        N("fcvtms", FCVTMS), N("fcvtmu", FCVTMU), N("fcvtzs",
		                        FCVTZS),
		                        N("fcvtzu", FCVTZU) };
	static const Named to_fp[] = { N("scvtf", SCVTF), N("ucvtf", UCVTF) };
	static const Named logic[] = { N("and", VAND), N("bic", VBIC), N("orr", VORR), N("orn",
	    VORN),
		                       N("eor", VEOR), N("bsl", VBSL), N("bit", VBIT), N("bif",
		                       VBIF) };
	static const struct { A64Float from, to; unsigned op; } fcvt[] = {
		{ A64_D, A64_S, A64_FCVT_S }, { A64_H, A64_S, A64_FCVT_S }, { A64_S, A64_D,
		    A64_FCVT_D },
		{ A64_H, A64_D, A64_FCVT_D }, { A64_S, A64_H, A64_FCVT_H }, { A64_D, A64_H,
		    A64_FCVT_H },
	};

	WIDTHS FLOATS REGS(2)
	{
		OPS(to_int) OUT(a64_fpint(w, t, to_int[i].op, r.a, r.b), "%s %s, %s",
		    to_int[i].text,
		                gpr(w, r.a), fpr(t, r.b));
		OPS(to_fp) OUT(a64_fpint(w, t, to_fp[i].op, r.a, r.b), "%s %s, %s", to_fp[i].text,
		               fpr(t, r.a), gpr(w, r.b));
		if ((w == A64_X) != (t == A64_D))
			continue;
		OUT(a64_fpint(w, t, A64_FMOV_TO_INT, r.a, r.b), "fmov %s, %s", gpr(w, r.a), fpr(t,
		    r.b));
		OUT(a64_fpint(w, t, A64_FMOV_TO_FP, r.a, r.b), "fmov %s, %s", fpr(t, r.a), gpr(w,
		    r.b));
	}
	OPS(fcvt) REGS(2)
	OUT(a64_fp1(fcvt[i].from, fcvt[i].op, r.a, r.b), "fcvt %s, %s", fpr(fcvt[i].to, r.a),
	    fpr(fcvt[i].from, r.b));
	for (unsigned q = 0; q < 2; q++) {
		OPS(logic) REGS(3)
		OUT(a64_vlogic(q, logic[i].op, r.a, r.b, r.c), "%s %s, %s, %s", logic[i].text,
		    vec(q, r.a),
		    vec(q, r.b), vec(q, r.c));
		REGS(2)
		{
			OUT(a64_cnt(q, r.a, r.b), "cnt %s, %s", vec(q, r.a), vec(q, r.b));
			OUT(a64_addv(q, r.a, r.b), "addv b%u, %s", r.a, vec(q, r.b));
			OUT(a64_uaddlv(q, r.a, r.b), "uaddlv h%u, %s", r.a, vec(q, r.b));
		}
	}
}

/* ---- Constants: what a64_mov_const chose, each instruction read back by name ---- */

static void
constant(A64Width w, uint64_t x)
{
	uint32_t words[4];
	unsigned n = a64_mov_const(w, 7, x, words);
	if (n == 1)
		OUT(words[0], "mov %s, #0x%" PRIx64, gpr(w, 7), x);
}

static void
constants(void)
{
	for (unsigned k = 0; k < 64; k++) {
		constant(A64_X, UINT64_C(1) << k);
		constant(A64_X, ~(UINT64_C(1) << k));
		constant(A64_X, UINT64_C(0x1234) << k);
		constant(A64_X, (UINT64_C(1) << k) - 1);
		constant(A64_W, UINT32_C(1) << k % 32);
		constant(A64_W, ~(UINT32_C(0x8421) << k % 32));
	}
}

int
main(void)
{
	add_sub_immediates();
	logic_immediates();
	wide_moves();
	bitfields();
	add_sub_registers();
	logic_registers();
	multiply_divide_count();
	conditionals();
	memory();
	literals_and_pairs();
	branches();
	floats();
	float_immediates();
	conversions_and_vectors();
	constants();
	return 0;
}
