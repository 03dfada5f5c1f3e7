/* emit.c - the frame, the blocks, moves, calls, traps and entry thunks of x86-64 functions.
 *
 * A function is laid out as
 *
 *   endbr64; stack check; push…; sub rsp; saves of xmm registers
 *   blocks in the order of f->order, each ending in jumps or in an epilogue
 *   rare paths (Cold), then a stub for every trap site
 *
 * The prologue pushes general registers in ascending order and keeps the saved xmm registers in
 * ascending order at the top of the frame, 16 bytes each: unwind tables rely on both.
 *
 * Sources: System V ABI for x86-64, section 3.2; Microsoft, "x64 prolog and epilog" and "x64 stack
 * usage" (only what the unwinder can describe may stand in a prologue; pages are touched in order).
 */
#include "gen/x86_64/x86_64.h"

enum { RAX = X64_RAX, RSP = X64_RSP };
enum { FRAME_MAX = 1 << 30 };

/* ---- Places ---- */

X64Rm
x64_pool(Emit *e, uint64_t bits)
{
	return x64_rip(e->g->pool_label, (int32_t)gen_pool(e->g, bits));
}

X64Rm
x64_rm(Emit *e, Loc l)
{
	uint32_t n = loc_n(l);

	switch (loc_kind(l)) {
	case LOC_REG: return x64_r(loc_reg(l));
	case LOC_SLOT: return x64_m(RSP, (int32_t)(e->slots_at + 8 * n));
	case LOC_IN:
		n = 8 * n + e->cv->shadow + 8;
		return x64_m(RSP, (int32_t)(n + (e->framed ? e->frame_bytes + e->pushed : 0)));
	case LOC_OUT: return x64_m(RSP, (int32_t)(e->cv->shadow + 8 * n));
	case LOC_FUSED: return x64_address(e, n);
	default: assert(loc_is_const(l)); return x64_pool(e, ir_const_bits(e->f, n));
	}
}

int64_t
x64_imm(const Emit *e, Loc l)
{
	uint64_t bits = ir_const_bits(e->f, loc_n(l));

	if (type_bytes(e->f->ins.at[loc_n(l)].type) == 4)
		return (int32_t)(uint32_t)bits;
	return (int64_t)bits;
}

void
x64_load(Emit *e, unsigned reg, Loc from, IrType t)
{
	unsigned size = type_bytes(t);

	if (!type_is_fp(t)) {
		if (loc_is_const(from))
			x64_mov_imm(e->c, size, reg, ir_const_bits(e->f, loc_n(from)));
		else if (!loc_is_reg(from) || loc_reg(from) != reg)
			x64_emit(e->c, X64_MOV_RM, size, reg, x64_rm(e, from), 0);
	} else if (loc_is_reg(from)) {
		if (loc_reg(from) != reg)
			x64_emit(e->c, X64_MOVAPS_RM, 8, reg, x64_rm(e, from), 0);
	} else if (loc_is_const(from) && !ir_const_bits(e->f, loc_n(from))) {
		x64_emit(e->c, X64_XORP, 4, reg, x64_r(reg), 0);
	} else {
		x64_emit(e->c, X64_MOVS_RM, size, reg, x64_rm(e, from), 0);
	}
}

void
x64_store(Emit *e, Loc to, unsigned reg, IrType t)
{
	bool fp = type_is_fp(t);

	if (loc_kind(to) == LOC_NONE || (loc_is_reg(to) && loc_reg(to) == reg))
		return;
	if (fp && loc_is_reg(to))
		x64_emit(e->c, X64_MOVAPS_RM, 8, loc_reg(to), x64_r(reg), 0);
	else
		x64_emit(e->c, fp ? X64_MOVS_MR : X64_MOV_MR, type_bytes(t), reg, x64_rm(e, to), 0);
}

/* A constant to memory as an immediate where its bits allow. */
static bool
store_const(Emit *e, Loc to, Loc from, IrType t)
{
	int64_t bits = x64_imm(e, from);

	if (!x64_is_imm32(bits))
		return false;
	x64_emit(e->c, X64_MOV_MI, type_bytes(t), 0, x64_rm(e, to), (int32_t)bits);
	return true;
}

void
x64_move(Emit *e, Loc to, Loc from, IrType t)
{
	unsigned reg;

	if (to == from)
		return;
	if (loc_is_reg(to)) {
		if (!type_is_fp(t) && loc_is_const(from) && !x64_imm(e, from))
			x64_zero(e->c, loc_reg(to));
		else
			x64_load(e, loc_reg(to), from, t);
		return;
	}
	if (loc_is_const(from) && store_const(e, to, from, t))
		return;
	reg = x64_in_reg(e, from, t);
	x64_store(e, to, reg, t);
}

unsigned
x64_in_reg(Emit *e, Loc l, IrType t)
{
	unsigned scratch = type_is_fp(t) ? e->fs : e->is;

	if (loc_is_reg(l))
		return loc_reg(l);
	x64_load(e, scratch, l, t);
	return scratch;
}

unsigned
x64_out_reg(Emit *e, Loc l, IrType t)
{
	return loc_is_reg(l) ? loc_reg(l) : type_is_fp(t) ? e->fs : e->is;
}

static void
move_fn(void *to_emitter, Loc to, Loc from, IrType type)
{
	x64_move(to_emitter, to, from, type);
}

static void
emit_moves(Emit *e, Move *m, uint32_t n)
{
	if (n == 1)
		x64_move(e, m->to, m->from, (IrType)m->type);
	else if (n)
		moves_emit(m, n, e->cv->int_scratch, e->cv->fp_scratch, move_fn, e);
}

/* The allocator's moves in front of v, one phase after the other. */
void
x64_moves_before(Emit *e, Val v)
{
	const Alloc *r = e->r;
	uint32_t first = e->first_move[v], end;

	if (!first)
		return;
	for (first--; first < r->nmoves && r->moves[first].before == v; first = end) {
		for (end = first; end < r->nmoves && r->moves[end].before == v &&
				  r->moves[end].phase == r->moves[first].phase;
		     end++) {
		}
		emit_moves(e, r->moves + first, end - first);
	}
}

/* ---- Traps ---- */

/* Many checks share a site with their neighbours; looking a few back finds those. */
Label
x64_trap_stub(Emit *e, uint32_t site)
{
	uint32_t n = e->stubs.n;
	Stub *s;

	for (uint32_t k = n; k > 0 && n - k < 16; k--)
		if (e->stubs.at[k - 1].site == site)
			return e->stubs.at[k - 1].label;
	s = vec_push(e->g->arena, &e->stubs);
	if (!s) {
		cbuf_fail(e->c, TRIVET_NO_MEMORY, "no memory for trap stubs");
		return 0;
	}
	s->site = site;
	s->label = cbuf_label(e->c);
	return s->label;
}

/* Context.site = site; rsp = Context.sp; jump to Context.resume.  The last two are shared. */
static void
emit_stubs(Emit *e)
{
	unsigned ctx = e->cv->ctx;
	Label tail = 0;

	for (uint32_t k = 0; k < e->stubs.n; k++) {
		cbuf_bind(e->c, e->stubs.at[k].label);
		x64_emit(e->c, X64_MOV_MI, 4, 0, x64_m(ctx, CONTEXT_SITE),
			 (int32_t)e->stubs.at[k].site);
		if (k) {
			x64_jmp(e->c, tail);
			continue;
		}
		tail = cbuf_label(e->c);
		cbuf_bind(e->c, tail);
		x64_emit(e->c, X64_MOV_RM, 8, RSP, x64_m(ctx, CONTEXT_SP), 0);
		x64_emit(e->c, X64_JMP_M, 8, 0, x64_m(ctx, CONTEXT_RESUME), 0);
	}
}

Cold *
x64_cold(Emit *e, ColdKind kind)
{
	Cold *k = vec_push(e->g->arena, &e->cold);

	if (!k) {
		cbuf_fail(e->c, TRIVET_NO_MEMORY, "no memory for rare paths");
		return NULL;
	}
	k->kind = (uint8_t)kind;
	k->start = cbuf_label(e->c);
	k->back = cbuf_label(e->c);
	return k;
}

/* ---- The frame ---- */

static uint32_t
count_bits(RegSet set)
{
	uint32_t n = 0;

	for (; set; set &= set - 1)
		n++;
	return n;
}

static RegSet
int_regs(RegSet set)
{
	return set & (REG_BIT(REG_FP) - 1);
}

/* Bytes of outgoing arguments of the most demanding call, shadow space included. */
static uint32_t
outgoing_bytes(Emit *e)
{
	const IrModule *m = e->g->m;
	uint32_t most = 0;
	Loc *at;

	e->calls = e->f->is_entry;
	for (uint32_t b = 0; e->r->calls && b < e->f->order.n; b++) {
		Val v = e->f->blocks.at[e->f->order.at[b]].first;
		for (; v; v = e->f->ins.at[v].next) {
			const Ins *i = &e->f->ins.at[v];
			uint32_t n;

			if (i->op != IR_CALL && i->op != IR_CALLX)
				continue;
			e->calls = true;
			n = i->arg[1];
			if (n <= 4) /* in registers in both conventions */
				continue;
			at = arena_alloc(e->g->arena, n * sizeof *at);
			if (!at) {
				cbuf_fail(e->c, TRIVET_NO_MEMORY, "no memory for a call");
				return 0;
			}
			n = conv_assign(e->cv,
					i->op == IR_CALL ? m->funcs.at[i->aux].params
							 : m->imports.at[i->aux].params,
					n, at);
			most = n > most ? n : most;
		}
	}
	return e->calls ? e->cv->shadow + 8 * most : 0;
}

/* Of the saved xmm registers, from rsp. */
static uint32_t
xmm_offset(uint32_t frame_bytes, RegSet saved)
{
	return (frame_bytes & ~UINT32_C(15)) - 16 * count_bits(saved & ~int_regs(saved));
}

static void
plan_frame(Emit *e)
{
	uint32_t xmm, ints;
	uint64_t at;

	e->saved = e->f->is_entry ? e->cv->callee_saved : e->r->used & e->cv->callee_saved;
	ints = count_bits(int_regs(e->saved));
	xmm = count_bits(e->saved) - ints;
	e->pushed = 8 * ints;
	at = outgoing_bytes(e);
	e->slots_at = (uint32_t)at;
	at += 8 * (uint64_t)e->r->nslots;
	if (e->f->is_entry) {
		at = (at + 15) & ~UINT64_C(15);
		e->context_at = (uint32_t)at;
		at += CONTEXT_SIZE;
	}
	if (xmm)
		at = ((at + 15) & ~UINT64_C(15)) + 16 * xmm;
	if (at || e->calls) /* with pushes and return address, a multiple of 16 */
		at += (8 + e->pushed + at) & 8;
	if (at > FRAME_MAX) {
		cbuf_fail(e->c, TRIVET_LIMIT, "the frame of a function is too large");
		at = 0;
	}
	e->frame_bytes = (uint32_t)at;
	/* Windows lets a prologue have 255 bytes, and a large frame wants a free rax. */
	if (!e->cv->probe || (!xmm && e->frame_bytes < e->cv->probe))
		e->framed_at = gen_framed(e->f, e->cv, e->r);
	e->xmm_at = xmm_offset(e->frame_bytes, e->saved);
}

static void
save_xmm(Emit *e, X64Form form)
{
	uint32_t at = e->xmm_at;

	for (unsigned r = 0; r < 16; r++) {
		if (!(e->saved & REG_BIT(REG_FP + r)))
			continue;
		x64_emit(e->c, form, 8, r, x64_m(RSP, (int32_t)at), 0);
		at += 16;
	}
}

/* rax is no argument in either convention: free where a frame that needs this is made. */
static void
probe_pages(Emit *e)
{
	uint32_t page = e->cv->probe, n = page ? e->frame_bytes / page : 0;
	Label again;

	if (n <= 4) {
		for (uint32_t k = 1; k <= n; k++)
			x64_emit(e->c, X64_TEST_MR, 4, RAX, x64_m(RSP, -(int32_t)(k * page)), 0);
		return;
	}
	x64_emit(e->c, X64_MOV_RM, 8, e->is, x64_r(RSP), 0);
	x64_emit(e->c, X64_LEA, 8, RAX, x64_m(RSP, -(int32_t)(n * page)), 0);
	again = cbuf_label(e->c);
	cbuf_bind(e->c, again);
	x64_alu_imm(e->c, X64_SUB, 8, x64_r(e->is), (int32_t)page);
	x64_emit(e->c, X64_TEST_MR, 4, RAX, x64_m(e->is, 0), 0);
	x64_emit(e->c, X64_CMP_RM, 8, e->is, x64_r(RAX), 0);
	x64_jcc(e->c, X64_A, again);
}

static void
check_stack(Emit *e)
{
	uint32_t need = e->frame_bytes + e->pushed;
	X64Rm limit = x64_m(e->cv->ctx, CONTEXT_STACK_LIMIT);

	if (need > STACK_SLACK) {
		need -= STACK_SLACK;
		x64_emit(e->c, X64_LEA, 8, e->is, x64_m(RSP, -(int32_t)need), 0);
		x64_emit(e->c, X64_CMP_RM, 8, e->is, limit, 0);
	} else {
		x64_emit(e->c, X64_CMP_RM, 8, RSP, limit, 0);
	}
	x64_jcc(e->c, X64_B, x64_trap_stub(e, e->f->stack_site));
}

/* Offsets, for FrameInfo, are kept in labels: branches may yet be shortened. */
static Label
mark(Emit *e)
{
	Label here = cbuf_label(e->c);

	cbuf_bind(e->c, here);
	return here;
}

void
x64_prologue(Emit *e)
{
	e->framed = true;
	if (e->f->checks_stack)
		check_stack(e);
	e->pushes = mark(e);
	for (unsigned r = 0; r < 16; r++)
		if (e->saved & REG_BIT(r))
			x64_push(e->c, r);
	probe_pages(e);
	if (e->frame_bytes)
		x64_alu_imm(e->c, X64_SUB, 8, x64_r(RSP), (int32_t)e->frame_bytes);
	e->allocated = mark(e);
	save_xmm(e, X64_MOVAPS_MR);
	cbuf_bind(e->c, e->body);
}

/* The xmm registers count as saved at the end of the prologue: until then they still hold what is
 * saved. */
static uint32_t
unwind_steps(const FrameInfo *f, UnwindStep *out)
{
	uint32_t n = 0, at = f->pushes, xmm = xmm_offset(f->frame_bytes, f->saved);

	for (uint8_t r = 0; r < 16; r++) {
		if (!(f->saved & REG_BIT(r)))
			continue;
		at += r < 8 ? 1 : 2;
		out[n++] = (UnwindStep){ .at = at, .kind = UNWIND_PUSH, .reg = r };
	}
	if (f->frame_bytes)
		out[n++] = (UnwindStep){ f->framed, UNWIND_ALLOC, 0, f->frame_bytes };
	for (uint8_t r = REG_FP; r < REG_FP + 16; r++) {
		if (!(f->saved & REG_BIT(r)))
			continue;
		out[n++] = (UnwindStep){ f->prologue_bytes, UNWIND_SAVE, r, xmm };
		xmm += 16;
	}
	return n;
}

static uint32_t
unwind_exit_steps(const FrameInfo *f, UnwindStep *out, uint32_t *end)
{
	uint32_t n = 0, at = 0;

	if (f->frame_bytes)
		out[n++] = (UnwindStep){ 0, UNWIND_FREE, 0, f->frame_bytes };
	for (uint8_t r = 16; r-- > 0;) {
		if (!(f->saved & REG_BIT(r)))
			continue;
		at += r < 8 ? 1 : 2;
		/* What was popped stays in the red zone: no need to tell. */
		out[n++] = (UnwindStep){ at, UNWIND_FREE, 0, 8 };
	}
	*end = at + 1;
	return n;
}

void
x64_epilogue(Emit *e)
{
	Label *exit;

	if (!e->framed) {
		x64_ret(e->c);
		return;
	}
	if (!e->exits.n)
		e->leave = mark(e);
	save_xmm(e, X64_MOVAPS_RM);
	if (e->frame_bytes)
		x64_alu_imm(e->c, X64_ADD, 8, x64_r(RSP), (int32_t)e->frame_bytes);
	exit = vec_push(e->g->arena, &e->exits);
	if (exit)
		*exit = mark(e);
	else
		cbuf_fail(e->c, TRIVET_NO_MEMORY, "no memory for unwind data");
	for (unsigned r = 16; r-- > 0;)
		if (e->saved & REG_BIT(r))
			x64_pop(e->c, r);
	x64_ret(e->c);
}

/* ---- Entry thunks ---- */

/* The Context comes to life; argument registers stay as they are. */
static void
make_context(Emit *e, Label resume)
{
	unsigned ctx = e->cv->ctx;
	Label enough = cbuf_label(e->c);

	x64_emit(e->c, X64_LEA, 8, ctx, x64_m(RSP, (int32_t)e->context_at), 0);
	x64_emit(e->c, X64_MOV_MR, 8, RSP, x64_m(ctx, CONTEXT_SP), 0);
	x64_emit(e->c, X64_LEA, 8, e->is, x64_rip(resume, 0), 0);
	x64_emit(e->c, X64_MOV_MR, 8, e->is, x64_m(ctx, CONTEXT_RESUME), 0);
	x64_mov_imm(e->c, 4, RAX, e->g->stack_bytes);
	x64_emit(e->c, X64_MOV_RM, 8, e->is, x64_r(RSP), 0);
	x64_emit(e->c, X64_SUB_RM, 8, e->is, x64_r(RAX), 0);
	x64_jcc_short(e->c, X64_AE, enough);
	x64_zero(e->c, e->is);
	cbuf_bind(e->c, enough);
	x64_emit(e->c, X64_MOV_MR, 8, e->is, x64_m(ctx, CONTEXT_STACK_LIMIT), 0);
	x64_emit(e->c, X64_MOV_MI, 4, 0, x64_m(ctx, CONTEXT_DEPTH), (int32_t)e->g->max_depth);
	x64_emit(e->c, X64_MOV_MI, 8, 0, x64_m(ctx, CONTEXT_HOST_RAISED), 0);
}

X64Rm
x64_import_rm(const Emit *e, uint32_t slot)
{
	return x64_rip(e->g->imports, (int32_t)(8 * slot));
}

/* Where a trap lands: rsp is the thunk's and the context register still points into its frame. */
static void
resume_after_trap(Emit *e, Label resume)
{
	const IrModule *m = e->g->m;

	cbuf_bind(e->c, resume);
	x64_endbr64(e->c);
	x64_emit(e->c, X64_MOV_RM, 8, e->cv->int_args[0],
		 x64_import_rm(e, x64_find_import(m, IMPORT_CODE, 0)), 0);
	x64_emit(e->c, X64_MOV_RM, 4, e->cv->int_args[1], x64_m(e->cv->ctx, CONTEXT_SITE), 0);
	x64_emit(e->c, X64_CALL_M, 8, 0,
		 x64_import_rm(e, x64_find_import(m, IMPORT_HELPER, HELPER_TRAPPED)), 0);
	x64_zero(e->c, RAX);
	x64_emit(e->c, X64_XORP, 4, 0, x64_r(0), 0);
	if (e->exits.n)
		x64_jmp(e->c, e->leave);
	else
		x64_epilogue(e);
}

/* ---- Calls ---- */

void
x64_emit_call(Emit *e, Val v)
{
	const Ins *i = &e->f->ins.at[v];
	const IrFunc *to = i->op == IR_CALL ? &e->g->m->funcs.at[i->aux] : NULL;
	const Import *import = to ? NULL : &e->g->m->imports.at[i->aux];
	const uint8_t *types = to ? to->params : import->params;
	uint32_t n = i->arg[1];
	Move *moves = arena_alloc(e->g->arena, n * sizeof *moves + 1);
	Loc *at = arena_alloc(e->g->arena, n * sizeof *at + 1);

	if (!moves || !at) {
		cbuf_fail(e->c, TRIVET_NO_MEMORY, "no memory for a call");
		return;
	}
	conv_assign(e->cv, types, n, at);
	for (uint32_t k = 0; k < n; k++) {
		if (loc_kind(at[k]) == LOC_IN)
			at[k] = LOC(LOC_OUT, loc_n(at[k]));
		moves[k] = (Move){ .type = types[k], .to = at[k], .from = use_loc(e, v, k) };
	}
	emit_moves(e, moves, n);
	if (to)
		x64_call(e->c, e->g->func_label[i->aux]);
	else
		x64_emit(e->c, X64_CALL_M, 8, 0, x64_import_rm(e, (uint32_t)i->aux), 0);
	if (import && import->bool_result) { /* any non-zero low byte is true */
		x64_emit(e->c, X64_TEST_MR, 1, RAX, x64_r(RAX), 0);
		x64_setcc(e->c, X64_NE, x64_r(RAX));
		x64_emit(e->c, X64_MOVZX8, 4, RAX, x64_r(RAX), 0);
	}
	if (i->type != IR_VOID)
		x64_store(e, e->r->out[v], 0, (IrType)i->type); /* rax or xmm0 */
}

/* ---- The whole ---- */

static void
emit_function(Gen *g, IrFunc *f, uint32_t index, const Alloc *r, FrameInfo *frame)
{
	Emit e = { .g = g, .c = g->c, .f = f, .r = r, .cv = g->t->conv, .features = g->features };
	X64Mark start = x64_mark(g->c);
	Label resume = 0;
	uint32_t lines = g->lines.n;

	e.body = cbuf_label(g->c);
	e.is = e.cv->int_scratch & 15;
	e.fs = e.cv->fp_scratch & 15;
	plan_frame(&e);
	if (!x64_plan_blocks(&e)) {
		cbuf_fail(g->c, TRIVET_NO_MEMORY, "no memory to emit a function");
		return;
	}
	if (g->c->err != TRIVET_OK)
		return;
	cbuf_bind(g->c, g->func_label[index]);
	frame->start = cbuf_here(g->c);
	if (gen_is_entered(f, index))
		x64_endbr64(g->c);
	if (!e.framed_at)
		x64_prologue(&e);
	if (f->is_entry) {
		resume = cbuf_label(g->c);
		make_context(&e, resume);
	}
	x64_emit_blocks(&e);
	if (f->is_entry)
		resume_after_trap(&e, resume);
	for (uint32_t k = 0; k < e.cold.n && g->c->err == TRIVET_OK; k++)
		x64_emit_cold(&e, &e.cold.at[k]);
	emit_stubs(&e);
	if (g->lines.n > lines)
		x64_relax(g->c, start, &g->lines.at[lines].at, g->lines.n - lines,
			  sizeof(LineMark));
	else
		x64_relax(g->c, start, NULL, 0, 0);
	if (g->c->err != TRIVET_OK)
		return;
	frame->end = cbuf_here(g->c);
	frame->prologue_bytes = g->c->labels.at[e.body] - frame->start;
	frame->frame_bytes = e.frame_bytes;
	frame->saved = e.saved;
	frame->pushes = g->c->labels.at[e.pushes] - frame->start;
	frame->framed = g->c->labels.at[e.allocated] - frame->start;
	frame->exits = e.exits.at; /* labels until here, offsets from here on */
	frame->nexits = e.exits.n;
	for (uint32_t k = 0; k < e.exits.n; k++)
		frame->exits[k] = g->c->labels.at[e.exits.at[k]];
}

/* ---- The two targets ---- */

static void
constrain_sysv(const IrFunc *f, uint32_t features, Val v, Constraint *c)
{
	x64_constrain(f, &conv_sysv, features, v, c);
}

static void
constrain_win64(const IrFunc *f, uint32_t features, Val v, Constraint *c)
{
	x64_constrain(f, &conv_win64, features, v, c);
}

enum {
	FEATURES = TRIVET_FEATURE_SSE41 | TRIVET_FEATURE_POPCNT | TRIVET_FEATURE_LZCNT |
		   TRIVET_FEATURE_BMI1 | TRIVET_FEATURE_BMI2 | TRIVET_FEATURE_FMA,
};

const Target target_x86_64_linux = {
	.name = "x86_64-linux",
	.conv = &conv_sysv,
	.features = FEATURES,
	.legalize = x64_legalize,
	.constrain = constrain_sysv,
	.emit = emit_function,
	.unwind_steps = unwind_steps,
	.unwind_exit_steps = unwind_exit_steps,
	.unwind = UNWIND_DWARF_X86_64,
	.patch = x64_patch,
	.code_align = 16,
	.filler = 0xcccccccc, /* int3 */
};

const Target target_x86_64_windows = {
	.name = "x86_64-windows",
	.conv = &conv_win64,
	.features = FEATURES,
	.legalize = x64_legalize,
	.constrain = constrain_win64,
	.emit = emit_function,
	.unwind_steps = unwind_steps,
	.unwind = UNWIND_WINDOWS_X64,
	.patch = x64_patch,
	.code_align = 16,
	.filler = 0xcccccccc,
};
