/* shim.c - shims and closures for AArch64.
 *
 * x9, x10, x16 and x17 carry no argument; x17 leads to the ShimTarget.  An entry is bti, mov of its
 * number to w16, and a branch.  A shim keeps the result's address in x19 and the arguments'
 * in x9.  A closure's frame is, upwards from sp: the result (16 bytes), pointers to the arguments,
 * the arguments in 8 bytes each; then x29 and x30, to which x29 points. */
#include "gen/aarch64/aarch64.h"
#include "gen/shim.h"
#include <stddef.h>

enum { ARGS = 9, TEMP = 10, TARGET = SCRATCH2, RESULT = 19 };

typedef struct Access {
	uint8_t load, store; /* A64Mem; loads extend to 64 bits */
	uint8_t bits;	     /* of an integer */
	bool is_signed;
} Access;

static const Access access_of[CTYPE_COUNT] = {
	[CTYPE_BOOL] = { A64_LDRB, A64_STRB, 8, false },
	[CTYPE_I8] = { A64_LDRSB_X, A64_STRB, 8, true },
	[CTYPE_U8] = { A64_LDRB, A64_STRB, 8, false },
	[CTYPE_I16] = { A64_LDRSH_X, A64_STRH, 16, true },
	[CTYPE_U16] = { A64_LDRH, A64_STRH, 16, false },
	[CTYPE_I32] = { A64_LDRSW, A64_STR_W, 32, true },
	[CTYPE_U32] = { A64_LDR_W, A64_STR_W, 32, false },
	[CTYPE_I64] = { A64_LDR_X, A64_STR_X, 64, true },
	[CTYPE_U64] = { A64_LDR_X, A64_STR_X, 64, false },
	[CTYPE_F32] = { A64_LDR_S, A64_STR_S, 0, false },
	[CTYPE_F64] = { A64_LDR_D, A64_STR_D, 0, false },
	[CTYPE_PTR] = { A64_LDR_X, A64_STR_X, 64, false },
};

static void
call_target(Cbuf *c)
{
	cbuf_u32(c, a64_mem(A64_LDR_X, SCRATCH, TARGET, offsetof(ShimTarget, function)));
	cbuf_u32(c, a64_branch_reg(A64_BLR, SCRATCH));
}

/* 0 or 1 out of the low byte of `from`. */
static void
make_bool(Cbuf *c, A64Reg rd, A64Reg from)
{
	cbuf_u32(c, a64_tst_imm(A64_W, from, 0xff));
	cbuf_u32(c, a64_cset(A64_W, rd, A64_NE));
}

/* An integer in memory to all bits of rd. */
static void
load_extended(Cbuf *c, uint8_t type, A64Reg rd, A64Reg base, uint32_t offset)
{
	A64Mem op = (A64Mem)access_of[type].load;

	/* Narrow offsets are multiples of 8, so they fit whatever the size. */
	if (a64_is_uoff(op, offset))
		cbuf_u32(c, a64_mem(op, rd, base, offset));
	else
		cbuf_fail(c, TRIVET_INTERNAL, "a stub's frame is too large");
	if (type == CTYPE_BOOL)
		make_bool(c, rd, rd);
}

static void
extend(Cbuf *c, uint8_t type, A64Reg rd, A64Reg from)
{
	const Access *a = &access_of[type];

	if (type == CTYPE_BOOL)
		make_bool(c, rd, from);
	else
		cbuf_u32(c, a64_bitfield(A64_X, a->is_signed ? A64_SBFM : A64_UBFM, rd, from, 0,
					 a->bits - 1u));
}

/* ---- Shims ---- */

static void
pass_argument(Cbuf *c, const Shim *s, uint32_t k)
{
	uint8_t type = s->params[k];
	A64Reg n = loc_n(s->at[k]);

	cbuf_u32(c, a64_mem(A64_LDR_X, TEMP, ARGS, 8 * k));
	if (loc_kind(s->at[k]) != LOC_REG) {
		/* A float's bits travel as well in a general register. */
		uint8_t as = type == CTYPE_F32 ? CTYPE_U32 : type == CTYPE_F64 ? CTYPE_U64 : type;
		load_extended(c, as, TEMP, TEMP, 0);
		cbuf_u32(c, a64_mem(A64_STR_X, TEMP, A64_SP, 8 * n));
	} else if (ctype_is_fp(type)) {
		cbuf_u32(c, a64_mem((A64Mem)access_of[type].load, n & 31, TEMP, 0));
	} else {
		load_extended(c, type, n, TEMP, 0);
	}
}

static void
shim_body(Cbuf *c, const Shim *s)
{
	Label skip = cbuf_label(c);

	cbuf_u32(c, a64_mov(A64_X, RESULT, 1));
	cbuf_u32(c, a64_mov(A64_X, ARGS, 0));
	for (uint32_t k = 0; k < s->nparams; k++)
		pass_argument(c, s, k);
	call_target(c);
	if (s->result != CTYPE_VOID) {
		cbuf_fixup(c, A64_FIX_BRANCH19, cbuf_here(c), skip, 0);
		cbuf_u32(c, a64_cbz(A64_X, false, RESULT, 0));
		if (s->result == CTYPE_BOOL)
			make_bool(c, 0, 0);
		cbuf_u32(c, a64_mem((A64Mem)access_of[s->result].store, 0, RESULT, 0));
	}
	cbuf_bind(c, skip);
}

/* ---- Closures ---- */

static void
take_argument(Cbuf *c, const Shim *s, uint32_t k, uint32_t pointers, uint32_t values)
{
	uint8_t type = s->params[k];
	A64Reg n = loc_n(s->at[k]);

	if (loc_kind(s->at[k]) != LOC_REG) {
		uint8_t as = type == CTYPE_F32 ? CTYPE_U32 : type == CTYPE_F64 ? CTYPE_U64 : type;
		load_extended(c, as, TEMP, A64_FP, 16 + 8 * n);
	} else if (type == CTYPE_F32) {
		cbuf_u32(c, a64_fpint(A64_W, A64_S, A64_FMOV_TO_INT, TEMP, n & 31));
	} else if (type == CTYPE_F64) {
		cbuf_u32(c, a64_fpint(A64_X, A64_D, A64_FMOV_TO_INT, TEMP, n & 31));
	} else {
		extend(c, type, TEMP, n);
	}
	cbuf_u32(c, a64_mem(A64_STR_X, TEMP, A64_SP, values + 8 * k));
	cbuf_u32(c, a64_addsub_imm(A64_X, A64_ADD, TEMP, A64_SP, values + 8 * k));
	cbuf_u32(c, a64_mem(A64_STR_X, TEMP, A64_SP, pointers + 8 * k));
}

static void
closure_body(Cbuf *c, const Shim *s)
{
	uint32_t pointers = 16, values = 16 + 8 * s->nparams;

	for (uint32_t k = 0; k < s->nparams; k++)
		take_argument(c, s, k, pointers, values);
	cbuf_u32(c, a64_mem(A64_STR_X, A64_ZR, A64_SP, 0));
	cbuf_u32(c, a64_mem(A64_LDR_X, 0, TARGET, offsetof(ShimTarget, user)));
	cbuf_u32(c, a64_addsub_imm(A64_X, A64_ADD, 1, A64_SP, pointers));
	cbuf_u32(c, a64_mov_sp(2, A64_SP));
	call_target(c);
	if (ctype_is_fp(s->result))
		cbuf_u32(c, a64_mem((A64Mem)access_of[s->result].load, 0, A64_SP, 0));
	else if (s->result != CTYPE_VOID)
		load_extended(c, s->result, 0, A64_SP, 0);
}

/* ---- Both: the frame is one that frame.c's a64_unwind_steps() describes ---- */

void
a64_emit_shim_entry(Cbuf *c, uint32_t number, Label body)
{
	cbuf_u32(c, a64_hint(A64_BTI_C));
	cbuf_u32(c, a64_movwide(A64_W, A64_MOVZ, SCRATCH, number, 0));
	cbuf_fixup(c, A64_FIX_BRANCH26, cbuf_here(c), body, 0);
	cbuf_u32(c, a64_b(0));
}

/* The address of the element that the number in SCRATCH says. */
static void
find_target(Cbuf *c, const Shim *s)
{
	uint32_t word[4];
	unsigned n = a64_mov_const(A64_X, TARGET, s->table, word);

	for (unsigned k = 0; k < n; k++)
		cbuf_u32(c, word[k]);
	cbuf_u32(c, a64_addsub_reg(A64_X, A64_ADD, TARGET, TARGET, SCRATCH, A64_LSL, 4));
}

_Static_assert(sizeof(ShimTarget) == 16, "find_target() shifts by 4");

void
a64_emit_shim(Cbuf *c, const Convention *cv, const Shim *s, FrameInfo *frame)
{
	uint32_t bytes = 8 * s->slots;
	uint32_t *exit = arena_alloc(c->arena, sizeof *exit);

	(void)cv;
	if (!exit) {
		cbuf_fail(c, TRIVET_NO_MEMORY, "no memory for unwind data");
		return;
	}
	if (s->closure)
		bytes = 16 + 16 * s->nparams;
	bytes = (bytes + 15) / 16 * 16;
	*frame = (FrameInfo){
		.start = frame->start,
		.frame_bytes = bytes,
		.saved = REG_BIT(A64_FP) | REG_BIT(A64_LR) | (s->closure ? 0 : REG_BIT(RESULT)),
		.exits = exit,
		.nexits = 1,
	};
	frame->pushes = cbuf_here(c) - frame->start;
	cbuf_u32(c, a64_pair(A64_STP_X, A64_PRE, A64_FP, A64_LR, A64_SP, -16));
	cbuf_u32(c, a64_mov_sp(A64_FP, A64_SP));
	if (!s->closure)
		cbuf_u32(c, a64_mem_pre(A64_STR_X, RESULT, A64_SP, -16));
	if (bytes)
		cbuf_u32(c, a64_addsub_imm(A64_X, A64_SUB, A64_SP, A64_SP, bytes));
	frame->framed = frame->prologue_bytes = cbuf_here(c) - frame->start;
	find_target(c, s);
	if (s->closure)
		closure_body(c, s);
	else
		shim_body(c, s);
	if (bytes)
		cbuf_u32(c, a64_addsub_imm(A64_X, A64_ADD, A64_SP, A64_SP, bytes));
	if (!s->closure)
		cbuf_u32(c, a64_mem_post(A64_LDR_X, RESULT, A64_SP, 16));
	*exit = cbuf_here(c);
	cbuf_u32(c, a64_pair(A64_LDP_X, A64_POST, A64_FP, A64_LR, A64_SP, 16));
	cbuf_u32(c, a64_ret());
}
