/* frame.c - prologue and epilogue, entry thunks.
 *
 * A frame, from high addresses to low: the caller's outgoing arguments; x29 and x30; saved
 * registers, two by two in ascending order, general ones first (a single one has 16 bytes of its
 * own); then FrameInfo.frame_bytes: slots, Context, outgoing arguments.  x29 points at the saved
 * x29, so the CFA is x29 + 16.  sp moves in steps of 16, because hardware faults on an access
 * through a misaligned one. A function that needs nothing of this has no frame. */
#include "gen/aarch64/aarch64.h"

enum { FRAME_MAX = 1 << 28 };

/* Bytes of outgoing stack arguments over all calls; *calls: are there any at all? */
static uint32_t
outgoing_bytes(Emit *e, bool *calls)
{
	const IrModule *m = e->g->m;
	uint32_t most = 0;

	*calls = false;
	for (Val v = 1; e->r->calls && v < e->f->ins.n; v++) {
		const Ins *i = &e->f->ins.at[v];
		const uint8_t *types;
		uint32_t n;
		if (i->op == IR_CALL) {
			types = m->funcs.at[i->aux].params;
			n = m->funcs.at[i->aux].nparams;
		} else if (i->op == IR_CALLX) {
			types = m->imports.at[i->aux].params;
			n = m->imports.at[i->aux].nparams;
		} else {
			continue;
		}
		*calls = true;
		while (e->locs.n < n && vec_push(e->g->arena, &e->locs))
			continue;
		if (e->locs.n < n)
			return most;
		uint32_t slots = conv_assign(&conv_aapcs64, types, n, e->locs.at);
		if (slots > most)
			most = slots;
	}
	return most * 8;
}

/* Saved registers `from` … `from + 31` cost how many bytes? */
static uint32_t
saved_bytes(RegSet saved, Reg from)
{
	uint32_t n = 0;
	for (Reg r = from; r < from + 32; r++)
		n += (saved & REG_BIT(r)) != 0;
	return (n + 1) / 2 * 16;
}

void
plan_frame(Emit *e)
{
	bool calls;
	uint64_t out = outgoing_bytes(e, &calls), context = e->f->is_entry ? CONTEXT_SIZE : 0;

	out = (out + 15) & ~UINT64_C(15);
	uint64_t bytes = (out + context + e->r->nslots * UINT64_C(8) + 15) & ~UINT64_C(15);
	if (bytes > FRAME_MAX) {
		cbuf_fail(e->c, TRIVET_LIMIT, "a function's frame is too large");
		return;
	}
	e->context_at = (uint32_t)out;
	e->slots_at = (uint32_t)(out + context);
	e->frame_bytes = (uint32_t)bytes;
	/* A trap comes back to the thunk with every register changed, so it saves them all. */
	e->saved =
		e->f->is_entry ? conv_aapcs64.callee_saved : e->r->used & conv_aapcs64.callee_saved;
	e->pushed = saved_bytes(e->saved, 0) + saved_bytes(e->saved, REG_FP);
	if (e->saved || e->frame_bytes || calls) {
		e->saved |= REG_BIT(A64_FP) | REG_BIT(A64_LR);
		e->pushed += 16;
	}
	e->framed_at = gen_framed(e->f, &conv_aapcs64, e->r);
}

/* The k-th pair of saved registers besides x29 and x30; b is REG_NONE when a is alone.  False: no
 * more. */
static bool
saved_pair(const Emit *e, unsigned k, Reg *a, Reg *b)
{
	unsigned pair = 0;
	Reg first = REG_NONE;

	for (Reg r = 0; r < 64; r++) {
		if (r == REG_FP && first != REG_NONE) {
			if (pair++ == k) {
				*a = first;
				*b = REG_NONE;
				return true;
			}
			first = REG_NONE;
		}
		if (!(e->saved & REG_BIT(r)) || r == A64_FP || r == A64_LR)
			continue;
		if (first == REG_NONE) {
			first = r;
			continue;
		}
		if (pair++ == k) {
			*a = first;
			*b = r;
			return true;
		}
		first = REG_NONE;
	}
	*a = first;
	*b = REG_NONE;
	return first != REG_NONE && pair == k;
}

static void
push(Emit *e, Reg a, Reg b)
{
	bool fp = reg_is_fp(a);

	if (b == REG_NONE)
		emit_word(e, a64_mem_pre(fp ? A64_STR_D : A64_STR_X, a & 31u, A64_SP, -16));
	else
		emit_word(e, a64_pair(fp ? A64_STP_D : A64_STP_X, A64_PRE, a & 31u, b & 31u, A64_SP,
				      -16));
}

static void
pop(Emit *e, Reg a, Reg b)
{
	bool fp = reg_is_fp(a);

	if (b == REG_NONE)
		emit_word(e, a64_mem_post(fp ? A64_LDR_D : A64_LDR_X, a & 31u, A64_SP, 16));
	else
		emit_word(e, a64_pair(fp ? A64_LDP_D : A64_LDP_X, A64_POST, a & 31u, b & 31u,
				      A64_SP, 16));
}

/* Traps before anything is stored below the limit. */
static void
check_stack(Emit *e)
{
	uint32_t bytes = e->frame_bytes + e->pushed;

	emit_word(e, a64_mem(A64_LDR_X, SCRATCH, CTX, CONTEXT_STACK_LIMIT));
	if (bytes > STACK_SLACK) {
		emit_int_const(e, A64_X, SCRATCH2, bytes - STACK_SLACK);
		emit_word(e,
			  a64_addsub_reg(A64_X, A64_ADD, SCRATCH, SCRATCH, SCRATCH2, A64_LSL, 0));
	}
	emit_word(e, a64_addsub_ext(A64_X, A64_SUBS, A64_ZR, A64_SP, SCRATCH, A64_UXTX, 0));
	emit_branch_cond(e, A64_LO, trap_label(e, e->f->stack_site));
}

/* Fills in the Context of a thunk; `resume` is where its traps come back to. */
static void
make_context(Emit *e, Label resume)
{
	emit_sp_offset(e, CTX, e->context_at);
	emit_word(e, a64_mov_sp(SCRATCH, A64_SP));
	emit_word(e, a64_mem(A64_STR_X, SCRATCH, CTX, CONTEXT_SP));
	emit_int_const(e, A64_X, SCRATCH2, e->g->stack_bytes);
	emit_word(e, a64_addsub_reg(A64_X, A64_SUBS, SCRATCH, SCRATCH, SCRATCH2, A64_LSL, 0));
	emit_word(e, a64_csel(A64_X, A64_CSEL, SCRATCH, A64_ZR, SCRATCH, A64_LO));
	emit_word(e, a64_mem(A64_STR_X, SCRATCH, CTX, CONTEXT_STACK_LIMIT));
	cbuf_fixup(e->c, A64_FIX_ADR, cbuf_here(e->c), resume, 0);
	emit_word(e, a64_adr(SCRATCH, 0));
	emit_word(e, a64_mem(A64_STR_X, SCRATCH, CTX, CONTEXT_RESUME));
	/* The 64-bit store also clears `site`. */
	_Static_assert(CONTEXT_SITE == CONTEXT_DEPTH + 4, "stored together");
	emit_int_const(e, A64_W, SCRATCH, e->g->max_depth);
	emit_word(e, a64_mem(A64_STR_X, SCRATCH, CTX, CONTEXT_DEPTH));
	emit_word(e, a64_mem(A64_STR_X, A64_ZR, CTX, CONTEXT_HOST_RAISED));
}

void
emit_prologue(Emit *e)
{
	Reg a, b;

	e->framed = true;
	if (e->f->checks_stack && !e->f->is_entry)
		check_stack(e);
	e->pushes = cbuf_here(e->c);
	if (e->saved) {
		emit_word(e, a64_pair(A64_STP_X, A64_PRE, A64_FP, A64_LR, A64_SP, -16));
		emit_word(e, a64_mov_sp(A64_FP, A64_SP));
	}
	for (unsigned k = 0; saved_pair(e, k, &a, &b); k++)
		push(e, a, b);
	emit_sp_add(e, true, e->frame_bytes);
	if (e->f->is_entry)
		make_context(e, e->resume);
	e->body = cbuf_here(e->c);
}

uint32_t
a64_unwind_steps(const FrameInfo *f, UnwindStep *out)
{
	const Emit e = { .saved = f->saved };
	uint32_t n = 0, at = f->pushes + 4;
	Reg a, b;

	if (!f->saved)
		return 0;
	out[n++] = (UnwindStep){ at, UNWIND_ALLOC, 0, 16 };
	out[n++] = (UnwindStep){ at, UNWIND_SAVE, A64_FP, 0 };
	out[n++] = (UnwindStep){ at, UNWIND_SAVE, A64_LR, 8 };
	at += 4;
	out[n++] = (UnwindStep){ at, UNWIND_FRAME, A64_FP, 0 };
	for (unsigned k = 0; saved_pair(&e, k, &a, &b); k++) {
		at += 4;
		out[n++] = (UnwindStep){ at, UNWIND_ALLOC, 0, 16 };
		out[n++] = (UnwindStep){ at, UNWIND_SAVE, a, 0 };
		if (b != REG_NONE)
			out[n++] = (UnwindStep){ at, UNWIND_SAVE, b, 8 };
	}
	return n;
}

/* Until x29 is loaded the frame is found by it. */
uint32_t
a64_unwind_exit_steps(const FrameInfo *f, UnwindStep *out, uint32_t *end)
{
	(void)f;
	out[0] = (UnwindStep){ 4, UNWIND_UNFRAME, 0, 0 };
	out[1] = (UnwindStep){ 4, UNWIND_RESTORE, A64_FP, 0 };
	out[2] = (UnwindStep){ 4, UNWIND_RESTORE, A64_LR, 0 };
	*end = 8;
	return 3;
}

/* A thunk's callee has preserved what the thunk saved against traps: only what it changed itself
 * comes back from memory. */
static void
thunk_epilogue(Emit *e)
{
	RegSet changed = e->r->used | REG_BIT(CTX);
	Reg a, b;

	for (unsigned k = 0; saved_pair(e, k, &a, &b); k++) {
		int64_t at = -16 * ((int64_t)k + 1);
		A64Pair op = reg_is_fp(a) ? A64_LDP_D : A64_LDP_X;
		assert(b != REG_NONE && "callee-saved registers are even in number");
		if (changed & (REG_BIT(a) | REG_BIT(b)))
			emit_word(e, a64_pair(op, A64_OFFSET, a & 31u, b & 31u, A64_FP, at));
	}
	emit_word(e, a64_mov_sp(A64_SP, A64_FP));
}

void
emit_epilogue(Emit *e, bool after_trap)
{
	unsigned k = 0;
	Reg a, b;

	if (!e->framed) {
		emit_word(e, a64_ret());
		return;
	}
	if (e->f->is_entry && !after_trap) {
		thunk_epilogue(e);
	} else {
		emit_sp_add(e, false, e->frame_bytes);
		while (saved_pair(e, k, &a, &b))
			k++;
		while (k-- > 0 && saved_pair(e, k, &a, &b))
			pop(e, a, b);
	}
	if (e->saved) {
		uint32_t *exit = vec_push(e->g->arena, &e->exits);
		if (exit)
			*exit = cbuf_here(e->c);
		else
			cbuf_fail(e->c, TRIVET_NO_MEMORY, "no memory for unwind data");
		emit_word(e, a64_pair(A64_LDP_X, A64_POST, A64_FP, A64_LR, A64_SP, 16));
	}
	emit_word(e, a64_ret());
}

/* Slot of a helper, or of the code itself; false and an error when construction forgot it. */
static bool
find_import(Emit *e, ImportKind kind, uint32_t id, uint32_t *slot)
{
	const IrModule *m = e->g->m;

	for (*slot = 0; *slot < m->imports.n; ++*slot)
		if (m->imports.at[*slot].kind == kind &&
		    (kind != IMPORT_HELPER || m->imports.at[*slot].id == id))
			return true;
	cbuf_fail(e->c, TRIVET_INTERNAL, "an entry thunk lacks an import");
	return false;
}

/* sp is the frame's again, x28 has always been the Context; tells the host and returns zero. */
void
emit_resume(Emit *e)
{
	uint32_t code, trapped;

	if (!find_import(e, IMPORT_CODE, 0, &code) ||
	    !find_import(e, IMPORT_HELPER, HELPER_TRAPPED, &trapped))
		return;
	cbuf_bind(e->c, e->resume);
	emit_word(e, a64_hint(A64_BTI_J));
	emit_sp_offset(e, A64_FP, e->frame_bytes + e->pushed - 16);
	emit_import(e, 0, code);
	emit_word(e, a64_mem(A64_LDR_W, 1, CTX, CONTEXT_SITE));
	emit_import(e, SCRATCH, trapped);
	emit_word(e, a64_branch_reg(A64_BLR, SCRATCH));
	emit_int_const(e, A64_X, 0, 0);
	emit_word(e, a64_movi_d(0, 0));
	emit_epilogue(e, true);
}
