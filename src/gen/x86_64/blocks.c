/* blocks.c - from block to block: what is laid out, what falls through, how loops turn.
 *
 * Blocks follow f->order.  One that consists of a jump alone gets no code; whoever leads to it
 * leads to where it leads.  A jump back to a short loop head that ends in a branch repeats the head
 * instead: one branch a turn, not two. */
#include "gen/x86_64/x86_64.h"

enum {
	CHAIN_MAX = 16, /* jumps that lead to jumps: followed so far */
	REPEAT_MAX = 4, /* instructions of a loop head that are repeated */
};

static bool
has_code(unsigned op)
{
	return op != IR_NOP && op != IR_CONST && op != IR_PARAM && op != IR_PHI;
}

static Val
first_with_code(const IrFunc *f, BlockId b)
{
	Val v = f->blocks.at[b].first;

	while (v && !has_code(f->ins.at[v].op))
		v = f->ins.at[v].next;
	return v;
}

static bool
is_jump_alone(const Emit *e, BlockId b)
{
	Val v = first_with_code(e->f, b);

	if (e->framed_at && b == e->f->order.at[e->framed_at])
		return false;
	return e->f->ins.at[v].op == IR_JMP && !e->first_move[v];
}

/* A ring of such blocks keeps one of them. */
static BlockId
follow(const Emit *e, BlockId b)
{
	for (unsigned k = 0; k < CHAIN_MAX && is_jump_alone(e, b); k++)
		b = e->f->blocks.at[b].succ[0];
	return b;
}

bool
x64_plan_blocks(Emit *e)
{
	const IrFunc *f = e->f;
	Arena *a = e->g->arena;
	uint32_t n = f->blocks.n;

	e->block = arena_alloc(a, n * sizeof *e->block);
	e->leads_to = arena_alloc(a, n * sizeof *e->leads_to);
	e->emitted = arena_alloc(a, n * sizeof *e->emitted);
	e->first_move = arena_alloc(a, f->ins.n * sizeof *e->first_move);
	if (!e->block || !e->leads_to || !e->emitted || !e->first_move)
		return false;
	for (uint32_t k = e->r->nmoves; k > 0; k--)
		e->first_move[e->r->moves[k - 1].before] = k;
	for (uint32_t k = 0; k < f->order.n; k++) {
		BlockId b = f->order.at[k];
		e->block[b] = cbuf_label(e->c);
		e->leads_to[b] = follow(e, b);
		e->emitted[b] |= !k || !is_jump_alone(e, b);
		e->emitted[e->leads_to[b]] = true;
	}
	return true;
}

/* ---- The ends of blocks ---- */

static void emit_ins(Emit *e, Val v, BlockId next);

/* The last instruction of a loop head that is worth repeating, or 0: short, without moves (they are
 * for one place only), and nothing in it is a call. */
static Val
short_head(const Emit *e, BlockId b)
{
	Val v = first_with_code(e->f, b);
	unsigned n = 0;

	for (; v; v = e->f->ins.at[v].next) {
		const Ins *i = &e->f->ins.at[v];
		if (!has_code(i->op))
			continue;
		if (e->first_move[v] || n++ > REPEAT_MAX)
			return 0;
		if (i->op == IR_BR)
			return v;
		if (!(ir_op_info[i->op].flags & IR_P) && i->op != IR_LOAD && i->op != IR_TRAPIF)
			return 0;
	}
	return 0;
}

static void
jump_to(Emit *e, BlockId from, BlockId to, BlockId next)
{
	const IrFunc *f = e->f;

	to = e->leads_to[to];
	if (to == next)
		return;
	if (f->blocks.at[to].order <= f->blocks.at[from].order && short_head(e, to)) {
		for (Val v = first_with_code(f, to); v; v = f->ins.at[v].next)
			emit_ins(e, v, next);
		return;
	}
	x64_jmp(e->c, e->block[to]);
}

static void
emit_branch(Emit *e, Val v, BlockId next)
{
	const Block *b = &e->f->blocks.at[e->f->ins.at[v].block];
	BlockId then = e->leads_to[b->succ[0]], otherwise = e->leads_to[b->succ[1]];
	Cond k = x64_compare(e, v);

	if (then == next) {
		x64_jump_if(e, x64_cond_not(k), e->block[otherwise]);
		return;
	}
	x64_jump_if(e, k, e->block[then]);
	if (otherwise != next)
		x64_jmp(e->c, e->block[otherwise]);
}

static void
emit_terminator(Emit *e, Val v, BlockId next)
{
	const Ins *i = &e->f->ins.at[v];

	switch (i->op) {
	case IR_JMP: jump_to(e, i->block, e->f->blocks.at[i->block].succ[0], next); break;
	case IR_BR: emit_branch(e, v, next); break;
	case IR_RET:
		if (i->arg[0])
			x64_load(e, 0, use_loc(e, v, 0), (IrType)e->f->ins.at[i->arg[0]].type);
		x64_epilogue(e);
		break;
	default:
		assert(i->op == IR_TRAP);
		x64_jmp(e->c, x64_trap_stub(e, (uint32_t)i->aux));
		break;
	}
}

/* ---- Instructions ---- */

static void
emit_ins(Emit *e, Val v, BlockId next)
{
	const Ins *i = &e->f->ins.at[v];
	uint8_t flags = ir_op_info[i->op].flags;

	if (flags & IR_T) {
		emit_terminator(e, v, next);
		return;
	}
	if ((flags & IR_P || i->op == IR_LOAD) && !loc_is_place(e->r->out[v]))
		return;
	switch (i->op) {
	case IR_NOP:
	case IR_CONST:
	case IR_PARAM:
	case IR_PHI: break;
	case IR_CTX: x64_move(e, e->r->out[v], LOC(LOC_REG, e->cv->ctx), IR_I64); break;
	case IR_IMPORT: {
		unsigned d = x64_out_reg(e, e->r->out[v], IR_I64);
		x64_emit(e->c, X64_MOV_RM, 8, d, x64_import_rm(e, (uint32_t)i->aux), 0);
		x64_store(e, e->r->out[v], d, IR_I64);
		break;
	}
	case IR_CALL:
	case IR_CALLX: x64_emit_call(e, v); break;
	case IR_TRAPIF:
		x64_jump_if(e, x64_compare(e, v), x64_trap_stub(e, (uint32_t)i->aux));
		break;
	case IR_FADD:
	case IR_FSUB:
	case IR_FMUL:
	case IR_FDIV:
	case IR_FMIN:
	case IR_FMAX:
	case IR_FCOPYSIGN:
	case IR_FNEG:
	case IR_FABS:
	case IR_FSQRT:
	case IR_FFLOOR:
	case IR_FCEIL:
	case IR_FTRUNC:
	case IR_FNEAREST:
	case IR_FMA:
	case IR_CANON:
	case IR_STOF:
	case IR_UTOF:
	case IR_FTOS:
	case IR_FTOU:
	case IR_FEXT:
	case IR_FROUND:
	case IR_BITCAST: x64_emit_fp(e, v); break;
	default: x64_emit_int(e, v); break;
	}
}

/* Is b the head of a loop that no other is in, and that is expected to make many rounds? */
static bool
is_innermost_head(const IrFunc *f, BlockId b)
{
	const Block *head = &f->blocks.at[b];
	uint32_t last = 0;

	for (uint32_t k = 0; k < head->preds.n; k++) {
		uint32_t order = f->blocks.at[head->preds.at[k]].order;
		if (order != BLOCK_NONE && order > last)
			last = order;
		if (order < head->order && f->blocks.at[head->preds.at[k]].cold)
			return false;
	}
	if (last < head->order)
		return false;
	for (uint32_t k = head->order; k <= last; k++)
		if (f->blocks.at[f->order.at[k]].loop_depth > head->loop_depth)
			return false;
	return true;
}

/* Do the rounds of an inner loop begin here: at its head, or behind it where that is repeated? */
static bool
begins_rounds(const Emit *e, BlockId b)
{
	const IrFunc *f = e->f;
	const Block *block = &f->blocks.at[b];

	if (e->g->quality != QUALITY_OPTIMIZED || !block->loop_depth || block->cold)
		return false;
	if (is_innermost_head(f, b))
		return !short_head(e, b);
	return block->preds.n == 1 && is_innermost_head(f, block->preds.at[0]) &&
	       f->blocks.at[block->preds.at[0]].loop_depth <= block->loop_depth &&
	       short_head(e, block->preds.at[0]);
}

enum { LOOP_ALIGN = 32 };

/* Processors fetch, decode and keep instructions by aligned pieces of 32 or 64 bytes: where a short
 * loop happens to lie must not decide how fast it is. */
static void
align_loop(Cbuf *c)
{
	uint32_t here = cbuf_here(c), n = (0 - here) & (LOOP_ALIGN - 1);

	cbuf_fixup(c, CBUF_ALIGN, here, LOOP_ALIGN, (int32_t)n);
	x64_nop(c, n);
}

void
x64_emit_blocks(Emit *e)
{
	const IrFunc *f = e->f;
	uint32_t next = 0;

	for (uint32_t k = 0; k < f->order.n && e->c->err == TRIVET_OK; k = next) {
		BlockId b = f->order.at[k], below = BLOCK_NONE;

		for (next = k + 1; next < f->order.n && below == BLOCK_NONE; next++)
			if (e->emitted[f->order.at[next]])
				below = f->order.at[next--];
		if (k && begins_rounds(e, b))
			align_loop(e->c);
		cbuf_bind(e->c, e->block[b]);
		if (k && k == e->framed_at)
			x64_prologue(e);
		for (Val v = f->blocks.at[b].first; v; v = f->ins.at[v].next) {
			if (f->ins.at[v].line)
				gen_line(e->g, f->ins.at[v].line);
			x64_moves_before(e, v);
			emit_ins(e, v, below);
		}
	}
}
