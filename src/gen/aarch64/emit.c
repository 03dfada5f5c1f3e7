/* emit.c - a function: blocks, control flow, calls, traps. */
#include "base/num.h"
#include "gen/aarch64/aarch64.h"

/* ---- Distances ------------------------------------------------------------------------------ */

/* The most bytes that these become: an instruction, its trap stub included; a block's end (a return
 * with all registers to restore, or a loop head repeated); a move, or an operand of a call or phi
 * (load and store, or a constant, at large offsets); prologue and all that a function has once.  An
 * assertion holds each function against it. */
enum { INS_BYTES = 48, END_BYTES = 256, MOVE_BYTES = 32, FUNCTION_BYTES = 512 };

static uint64_t
most_bytes(const IrFunc *f, uint32_t moves)
{
	return f->ins.n * (uint64_t)INS_BYTES + f->blocks.n * (uint64_t)END_BYTES +
	       ((uint64_t)moves + f->pool.n) * MOVE_BYTES + FUNCTION_BYTES;
}

/* Will all that follows here, to the end of pool and imports, be within ldr (literal)'s reach? What
 * later functions need in moves is not known yet: one an instruction is several times the average.
 * An error there would show as TRIVET_RANGE, not as wrong code. */
static bool
data_is_near(const Emit *e, uint32_t index)
{
	const IrModule *m = e->g->m;
	uint64_t bytes = e->r->nmoves * (uint64_t)MOVE_BYTES + m->imports.n * UINT64_C(8);

	for (uint32_t k = index; k < m->funcs.n && bytes < 1 << 20; k++)
		bytes += most_bytes(&m->funcs.at[k], 0);
	return bytes < 1 << 20;
}

/* ---- Branches ------------------------------------------------------------------------------- */

void
emit_branch(Emit *e, Label to)
{
	cbuf_fixup(e->c, A64_FIX_BRANCH26, cbuf_here(e->c), to, 0);
	emit_word(e, a64_b(0));
}

void
emit_branch_cond(Emit *e, A64Cond c, Label to)
{
	if (!e->near_code) {
		emit_word(e, a64_bcond(a64_invert(c), 8));
		emit_branch(e, to);
		return;
	}
	cbuf_fixup(e->c, A64_FIX_BRANCH19, cbuf_here(e->c), to, 0);
	emit_word(e, a64_bcond(c, 0));
}

void
emit_branch_zero(Emit *e, A64Width w, bool nonzero, A64Reg r, Label to)
{
	if (!e->near_code) {
		emit_word(e, a64_cbz(w, !nonzero, r, 8));
		emit_branch(e, to);
		return;
	}
	cbuf_fixup(e->c, A64_FIX_BRANCH19, cbuf_here(e->c), to, 0);
	emit_word(e, a64_cbz(w, nonzero, r, 0));
}

/* x & y with one bit in y: a branch by that bit.  False: not so, or too far. */
static bool
branch_bit(Emit *e, bool set, A64Width w, const Loc *use, Label to)
{
	uint64_t bits;

	if (loc_kind(use[1]) != LOC_CONST || loc_kind(use[0]) != LOC_REG || !e->near_bits)
		return false;
	bits = const_of(e->f, loc_n(use[1]));
	if (!bits || (bits & (bits - 1)))
		return false;
	assert(w == A64_X || bits <= UINT32_MAX);
	cbuf_fixup(e->c, A64_FIX_BRANCH14, cbuf_here(e->c), to, 0);
	emit_word(e, a64_tbz(set, reg_number(use[0]), (uint32_t)__builtin_ctzll(bits), 0));
	return true;
}

/* To `to` when arg[0] cc arg[1] (or, inverted, when not). */
static void
branch_if(Emit *e, const Ins *i, const Loc *use, bool invert, Label to)
{
	uint8_t cc = invert ? cc_negated[i->cc] : i->cc;
	A64Width w = width_of(arg_type(e, i, 0));
	Ins test = *i;

	if (is_fused(use[0])) {
		bool set = (cc == CC_NE) == (const_of(e->f, loc_n(use[1])) == 0);
		if (branch_bit(e, set, w, fused_use(e, use[0]), to))
			return;
	} else if (loc_kind(use[1]) == LOC_CONST && const_of(e->f, loc_n(use[1])) == 0) {
		A64Reg r = reg_number(use[0]);
		if (cc == CC_EQ || cc == CC_NE) {
			emit_branch_zero(e, w, cc == CC_NE, r, to);
			return;
		}
		if ((cc == CC_SLT || cc == CC_SGE) && e->near_bits) {
			cbuf_fixup(e->c, A64_FIX_BRANCH14, cbuf_here(e->c), to, 0);
			emit_word(e, a64_tbz(cc == CC_SLT, r, w == A64_X ? 63 : 31, 0));
			return;
		}
	}
	test.cc = cc;
	emit_branch_cond(e, emit_compare(e, &test, use), to);
}

/* ---- Rare paths ----------------------------------------------------------------------------- */

Cold *
new_cold(Emit *e)
{
	Cold *cold = vec_push(e->g->arena, &e->cold);

	if (cold)
		cold->start = cbuf_label(e->c);
	return cold;
}

/* The stub of a site; an index checked twice on one line is one site, and lies near by. */
Label
trap_label(Emit *e, uint32_t site)
{
	if (!e->f->needs_ctx && !e->f->is_entry)
		cbuf_fail(e->c, TRIVET_INTERNAL, "a function without context traps");
	for (uint32_t k = e->cold.n, tries = 8; k-- > 0 && tries > 0; tries--)
		if (!e->cold.at[k].is_nan && e->cold.at[k].site == site)
			return e->cold.at[k].start;
	Cold *cold = new_cold(e);
	if (!cold)
		return 0;
	cold->site = site;
	return cold->start;
}

static void
nan_path(Emit *e, const Cold *cold)
{
	A64Width w = cold->type == A64_D ? A64_X : A64_W;

	emit_int_const(e, w, SCRATCH2, cold->type == A64_D ? NUM_NAN64 : NUM_NAN32);
	if (cold->other == cold->reg) {
		emit_word(e, a64_fpint(w, cold->type, A64_FMOV_TO_FP, cold->reg, SCRATCH2));
	} else {
		A64Reg both[2] = { cold->reg, cold->other };
		emit_word(e, a64_fpint(w, cold->type, A64_FMOV_TO_FP, VSCRATCH, SCRATCH2));
		for (unsigned k = 0; k < 2; k++) {
			emit_word(e, a64_fcmp(cold->type, A64_FCMP, both[k], both[k]));
			emit_word(e, a64_fcsel(cold->type, both[k], both[k], VSCRATCH, A64_VC));
		}
	}
	emit_branch(e, cold->back);
}

/* A trap notes its site, makes the thunk's stack pointer its own and goes there.  The last one
 * falls into what is common to all. */
static void
cold_paths(Emit *e)
{
	uint32_t last = e->cold.n;
	Label leave = 0;

	for (uint32_t k = 0; k < e->cold.n; k++) {
		if (e->cold.at[k].is_nan) {
			cbuf_bind(e->c, e->cold.at[k].start);
			nan_path(e, &e->cold.at[k]);
			continue;
		}
		if (last == e->cold.n)
			leave = cbuf_label(e->c);
		last = k;
	}
	if (last == e->cold.n)
		return;
	for (uint32_t k = 0; k <= last; k++) {
		const Cold *cold = &e->cold.at[k];
		if (cold->is_nan)
			continue;
		cbuf_bind(e->c, cold->start);
		emit_int_const(e, A64_W, SCRATCH, cold->site);
		if (k != last)
			emit_branch(e, leave);
	}
	cbuf_bind(e->c, leave);
	emit_word(e, a64_mem(A64_STR_W, SCRATCH, CTX, CONTEXT_SITE));
	emit_word(e, a64_mem(A64_LDR_X, SCRATCH, CTX, CONTEXT_SP));
	emit_word(e, a64_mov_sp(A64_SP, SCRATCH));
	emit_word(e, a64_mem(A64_LDR_X, SCRATCH, CTX, CONTEXT_RESUME));
	emit_word(e, a64_branch_reg(A64_BR, SCRATCH));
}

/* ---- Calls ---------------------------------------------------------------------------------- */

/* The arguments, all at once, to where the callee's signature has them. */
static bool
arguments(Emit *e, const Ins *i, const Loc *use, const uint8_t *types, uint32_t n)
{
	assert(n == i->arg[1] && n <= e->locs.n);
	e->moves.n = 0;
	conv_assign(&conv_aapcs64, types, n, e->locs.at);
	for (uint32_t k = 0; k < n; k++) {
		Move *m = vec_push(e->g->arena, &e->moves);
		if (!m)
			return false;
		Loc to = e->locs.at[k];
		m->to = loc_kind(to) == LOC_IN ? LOC(LOC_OUT, loc_n(to)) : to;
		m->from = use[k];
		m->type = types[k];
	}
	moves_emit(e->moves.at, n, conv_aapcs64.int_scratch, conv_aapcs64.fp_scratch, move_fn, e);
	return true;
}

static void
call(Emit *e, const Ins *i, const Loc *use, Loc out)
{
	const IrModule *m = e->g->m;
	bool own = i->op == IR_CALL;
	uint32_t id = (uint32_t)i->aux;
	const uint8_t *types = own ? m->funcs.at[id].params : m->imports.at[id].params;
	uint32_t n = own ? m->funcs.at[id].nparams : m->imports.at[id].nparams;

	if (!arguments(e, i, use, types, n))
		return;
	if (own) {
		cbuf_fixup(e->c, A64_FIX_BRANCH26, cbuf_here(e->c), e->g->func_label[id], 0);
		emit_word(e, a64_bl(0));
	} else {
		emit_import(e, SCRATCH, id);
		emit_word(e, a64_branch_reg(A64_BLR, SCRATCH));
		/* AAPCS64 leaves all but the low byte of a bool undefined; a careless host's may
		 * hold more than 1. */
		if (m->imports.at[id].bool_result) {
			emit_word(e, a64_tst_imm(A64_W, 0, 0xff));
			emit_word(e, a64_cset(A64_W, 0, A64_NE));
		}
	}
	if (loc_kind(out) == LOC_NONE || i->type == IR_VOID)
		return;
	emit_move(
		e, out,
		LOC(LOC_REG, is_float(i->type) ? conv_aapcs64.fp_result : conv_aapcs64.int_result),
		i->type);
}

static void
return_value(Emit *e, const Ins *i, const Loc *use)
{
	if (i->arg[0]) {
		uint8_t type = arg_type(e, i, 0);
		Reg r = is_float(type) ? conv_aapcs64.fp_result : conv_aapcs64.int_result;
		emit_move(e, LOC(LOC_REG, r), use[0], type);
	}
	emit_epilogue(e, false);
}

/* ---- Instructions --------------------------------------------------------------------------- */

static bool
has_code(unsigned op)
{
	return op != IR_NOP && op != IR_CONST && op != IR_PARAM && op != IR_PHI;
}

/* Is b a loop head worth repeating where the loop jumps back to it: few instructions, no moves
 * (those are for one place only), no call, and a branch at its end? */
static bool
is_short_head(const Emit *e, BlockId b)
{
	enum { REPEAT_MAX = 4 };
	unsigned n = 0;

	if (e->moved[b])
		return false;
	for (Val v = e->f->blocks.at[b].first; v; v = ins_at(e, v)->next) {
		unsigned op = ins_at(e, v)->op;
		if (op == IR_BR)
			return true;
		if (!has_code(op))
			continue;
		if (n++ == REPEAT_MAX)
			return false;
		if (!(ir_op_info[op].flags & IR_P) && op != IR_LOAD && op != IR_TRAPIF)
			return false;
	}
	return false;
}

static void instruction(Emit *e, Val v, BlockId next);

/* A jump back to a short loop head repeats the head: one branch a turn instead of two. */
static void
jump(Emit *e, BlockId from, BlockId to, BlockId next)
{
	const Block *blocks = e->f->blocks.at;

	if (to == next)
		return;
	if (blocks[to].order > blocks[from].order || !is_short_head(e, to)) {
		emit_branch(e, e->block[to]);
		return;
	}
	for (Val v = blocks[to].first; v; v = ins_at(e, v)->next)
		instruction(e, v, next);
}

static void
terminator(Emit *e, const Ins *i, const Loc *use, BlockId next)
{
	const BlockId *succ = e->f->blocks.at[i->block].succ;

	switch (i->op) {
	case IR_JMP: jump(e, i->block, e->leads_to[succ[0]], next); return;
	case IR_BR:
		if (e->leads_to[succ[0]] == next) {
			branch_if(e, i, use, true, e->block[succ[1]]);
			return;
		}
		branch_if(e, i, use, false, e->block[succ[0]]);
		if (e->leads_to[succ[1]] != next)
			emit_branch(e, e->block[succ[1]]);
		return;
	case IR_RET: return_value(e, i, use); return;
	default:
		assert(i->op == IR_TRAP);
		emit_branch(e, trap_label(e, (uint32_t)i->aux));
		return;
	}
}

static void
code_of(Emit *e, Val v, BlockId next)
{
	const Ins *i = ins_at(e, v);
	const Loc *use = e->r->use_loc + e->r->use[v];
	Loc out = e->r->out[v];

	switch (i->op) {
	case IR_NOP:
	case IR_CONST:
	case IR_PARAM:
	case IR_PHI: return;
	case IR_STORE: emit_memory(e, i, use, out); return;
	case IR_CALL:
	case IR_CALLX: call(e, i, use, out); return;
	case IR_TRAPIF: branch_if(e, i, use, false, trap_label(e, (uint32_t)i->aux)); return;
	default: break;
	}
	if (ir_op_info[i->op].flags & IR_T) {
		terminator(e, i, use, next);
		return;
	}
	if (!loc_is_place(out))
		return;
	switch (i->op) {
	case IR_CTX: emit_move(e, out, LOC(LOC_REG, CTX), IR_I64); return;
	case IR_IMPORT: emit_import(e, reg_number(out), (uint32_t)i->aux); return;
	case IR_LOAD: emit_memory(e, i, use, out); return;
	case IR_SELECT: emit_select(e, i, use, reg_number(out)); return;
	case IR_FTOS:
	case IR_FTOU:
	case IR_BITCAST: emit_fp(e, i, use, reg_number(out)); return;
	default: break;
	}
	if (is_float(i->type))
		emit_fp(e, i, use, reg_number(out));
	else
		emit_int(e, i, use, reg_number(out));
}

static void
instruction(Emit *e, Val v, BlockId next)
{
	Loc out = e->r->out[v];
	Known *k = &e->known;

	code_of(e, v, next);
	switch (ins_at(e, v)->op) { /* those that need x16 themselves */
	case IR_CALL:
	case IR_CALLX:
	case IR_IMPORT:
	case IR_SREM:
	case IR_UREM:
	case IR_ROTL: k->address = false; return;
	default: break;
	}
	if (out == LOC(LOC_REG, k->base) || out == LOC(LOC_REG, k->index))
		k->address = false;
}

/* The moves that belong before v. */
static void
moves_before(Emit *e, Val v)
{
	const Alloc *r = e->r;

	while (e->next_move < r->nmoves && r->moves[e->next_move].before == v) {
		Move *first = &r->moves[e->next_move];
		uint32_t n = 1;
		while (e->next_move + n < r->nmoves && first[n].before == v &&
		       first[n].phase == first->phase)
			n++;
		moves_emit(first, n, conv_aapcs64.int_scratch, conv_aapcs64.fp_scratch, move_fn, e);
		e->known.address = false;
		e->next_move += n;
	}
}

static void
mark_line(Emit *e, uint32_t line)
{
	if (line != 0 && line != e->line)
		gen_line(e->g, line);
	e->line = line ? line : e->line;
}

/* ---- Blocks --------------------------------------------------------------------------------- */

/* A block of nothing but a jump forward is left out: whoever names it means its target.  Labels too
 * are made here.  False: no memory. */
static bool
thread_blocks(Emit *e)
{
	IrFunc *f = e->f;
	uint32_t n = f->blocks.n;

	e->moved = arena_alloc(e->g->arena, n * sizeof *e->moved);
	e->block = arena_alloc(e->g->arena, n * sizeof *e->block);
	e->leads_to = arena_alloc(e->g->arena, n * sizeof *e->leads_to);
	if (!e->moved || !e->block || !e->leads_to)
		return false;
	for (uint32_t k = 0; k < e->r->nmoves; k++)
		e->moved[f->ins.at[e->r->moves[k].before].block] = true;
	for (uint32_t k = f->order.n; k-- > 0;) {
		BlockId b = f->order.at[k], to = f->blocks.at[b].succ[0];
		Val first = f->blocks.at[b].first;
		while (first != f->blocks.at[b].last && ins_at(e, first)->op == IR_PHI)
			first = ins_at(e, first)->next;
		e->leads_to[b] = b;
		if (k > 0 && k != e->framed_at && !e->moved[b] && ins_at(e, first)->op == IR_JMP &&
		    f->blocks.at[to].order > k)
			e->leads_to[b] = e->leads_to[to];
		else
			e->block[b] = cbuf_label(e->c);
	}
	for (uint32_t k = 0; k < f->order.n; k++)
		e->block[f->order.at[k]] = e->block[e->leads_to[f->order.at[k]]];
	return true;
}

static void
emit_block(Emit *e, BlockId b, BlockId next)
{
	const Block *block = &e->f->blocks.at[b];

	cbuf_bind(e->c, e->block[b]);
	e->known = (Known){ 0 };
	if (block->order == e->framed_at)
		emit_prologue(e);
	for (Val v = block->first; v && e->c->err == TRIVET_OK; v = ins_at(e, v)->next) {
		mark_line(e, ins_at(e, v)->line);
		moves_before(e, v);
		instruction(e, v, next);
	}
}

static void
emit_body(Emit *e)
{
	IrFunc *f = e->f;
	uint32_t k = 0;

	while (k < f->order.n) {
		BlockId b = f->order.at[k++];
		while (k < f->order.n && e->leads_to[f->order.at[k]] != f->order.at[k])
			k++;
		emit_block(e, b, k < f->order.n ? f->order.at[k] : BLOCK_NONE);
	}
}

void
a64_emit_function(Gen *g, IrFunc *f, uint32_t index, const Alloc *r, FrameInfo *frame)
{
	Emit e = { .g = g, .c = g->c, .f = f, .r = r };
	uint64_t most = most_bytes(f, r->nmoves);

	e.near_code = most < 1 << 20;
	e.near_bits = most < 1 << 15;
	e.near_data = data_is_near(&e, index);
	*frame = (FrameInfo){ .start = cbuf_here(g->c) };
	cbuf_bind(g->c, g->func_label[index]);
	plan_frame(&e);
	if (g->c->err != TRIVET_OK || !thread_blocks(&e))
		return;
	if (f->is_entry)
		e.resume = cbuf_label(g->c);
	mark_line(&e, f->line);
	if (gen_is_entered(f, index))
		emit_word(&e, a64_hint(A64_BTI_C));
	emit_body(&e);
	frame->prologue_bytes = e.body - frame->start;
	if (f->is_entry)
		emit_resume(&e);
	cold_paths(&e);
	frame->end = cbuf_here(g->c);
	frame->frame_bytes = e.frame_bytes;
	frame->saved = e.saved;
	frame->pushes = e.pushes - frame->start;
	frame->framed = frame->prologue_bytes;
	frame->exits = e.exits.at;
	frame->nexits = e.exits.n;
	assert(g->c->err != TRIVET_OK || g->c->code.n - frame->start <= most);
}
