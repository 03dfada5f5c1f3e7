/* edit.c - what several passes do to a function, and ask of its shape. */
#include "opt/edit.h"

/* ---- Dominance ------------------------------------------------------------------------------ */

/* In f->order every block comes after its dominator; order_intervals() wants the reverse. */
bool
edit_dom(const IrFunc *f, Arena *a, Dom *out)
{
	uint32_t nb = f->blocks.n, n = f->order.n;
	uint32_t *at = arena_alloc(a, 4 * ((size_t)nb + 1) * sizeof *at);
	BlockId *post, *idom;

	if (!at || !n)
		return false;
	out->pre = at;
	out->size = at + nb + 1;
	post = out->size + nb + 1;
	idom = post + nb + 1;
	for (uint32_t k = 0; k < n; k++)
		post[n - 1 - k] = f->order.at[k];
	for (BlockId b = 0; b < nb; b++) {
		idom[b] = f->blocks.at[b].idom;
		out->pre[b] = BLOCK_NONE; /* unreachable: dominated by none */
	}
	order_intervals(post, n, idom, out->pre, out->size);
	return true;
}

/* ---- Edges ---------------------------------------------------------------------------------- */

uint32_t
edit_pred_index(const IrFunc *f, BlockId b, BlockId p)
{
	uint32_t k = 0;

	while (k < f->blocks.at[b].preds.n && f->blocks.at[b].preds.at[k] != p)
		k++;
	return k;
}

void
edit_drop_pred(IrFunc *f, BlockId to, BlockId from)
{
	Block *b = &f->blocks.at[to];
	uint32_t at = edit_pred_index(f, to, from);

	if (at == b->preds.n)
		return;
	for (Val v = b->first; v && f->ins.at[v].op == IR_PHI; v = f->ins.at[v].next) {
		uint32_t n;
		Val *args = ir_args(f, v, &n);

		memmove(args + at, args + at + 1, (n - at - 1) * sizeof *args);
		f->ins.at[v].arg[1] = n - 1;
	}
	b->preds.n--;
	memmove(b->preds.at + at, b->preds.at + at + 1, (b->preds.n - at) * sizeof *b->preds.at);
}

void
edit_settle_branch(IrFunc *f, BlockId b, unsigned k)
{
	Block *block = &f->blocks.at[b];
	Ins *i = &f->ins.at[block->last];

	edit_drop_pred(f, block->succ[1 - k], b);
	block->succ[0] = block->succ[k];
	block->succ[1] = BLOCK_NONE;
	i->op = IR_JMP;
	i->cc = 0;
	i->arg[0] = i->arg[1] = 0;
}

void
edit_settle_trap(IrFunc *f, Val v)
{
	BlockId b = f->ins.at[v].block;
	Block *block = &f->blocks.at[b];
	Ins *i = &f->ins.at[v];

	while (block->last != v)
		ir_remove(f, block->last);
	for (unsigned k = 0; k < 2; k++) {
		if (block->succ[k] != BLOCK_NONE)
			edit_drop_pred(f, block->succ[k], b);
		block->succ[k] = BLOCK_NONE;
	}
	i->op = IR_TRAP;
	i->cc = 0;
	i->arg[0] = i->arg[1] = 0;
}

void
edit_retarget(IrFunc *f, BlockId from, BlockId old, BlockId to)
{
	Block *b = &f->blocks.at[from];

	ir_edge(f, from, b->succ[0] == old ? 0 : 1, to);
}

void
edit_move(IrFunc *f, Val v, Val at)
{
	Ins *i = &f->ins.at[v], *before = &f->ins.at[at];
	Block *from = &f->blocks.at[i->block];

	if (i->prev)
		f->ins.at[i->prev].next = i->next;
	else
		from->first = i->next;
	if (i->next)
		f->ins.at[i->next].prev = i->prev;
	else
		from->last = i->prev;
	i->block = before->block;
	i->next = at;
	i->prev = before->prev;
	if (i->prev)
		f->ins.at[i->prev].next = v;
	else
		f->blocks.at[i->block].first = v;
	before->prev = v;
}

/* ---- Memory --------------------------------------------------------------------------------- */

/* The index without a constant added to it, and the offset in bytes with it. */
static Val
split_place(const IrFunc *f, const Ins *i, uint64_t *offset)
{
	const Ins *index = &f->ins.at[i->arg[1]];

	*offset = (uint64_t)(int64_t)i->aux;
	if (!i->arg[1] || index->op != IR_ADD || !ir_is_const(f, index->arg[1]))
		return i->arg[1];
	*offset += ir_const_bits(f, index->arg[1]) * ir_mem_bytes[i->cc];
	return index->arg[0];
}

/* Sums are modulo 2^64, as addresses are. */
bool
edit_are_apart(const IrFunc *f, const Ins *a, const Ins *b)
{
	uint64_t at_a, at_b;
	Val index_a = split_place(f, a, &at_a), index_b = split_place(f, b, &at_b);

	return a->arg[0] == b->arg[0] && index_a == index_b &&
	       (!index_a || ir_mem_bytes[a->cc] == ir_mem_bytes[b->cc]) &&
	       at_a - at_b >= ir_mem_bytes[b->cc] && at_b - at_a >= ir_mem_bytes[a->cc];
}

/* ---- Polls ---------------------------------------------------------------------------------- */

static bool
is_word_of_interrupt(const IrFunc *f, const Ins *i)
{
	const Ins *address;

	if (i->op != IR_LOAD)
		return false;
	address = &f->ins.at[i->arg[0]];
	return address->op == IR_IMPORT &&
	       f->module->imports.at[address->aux].kind == IMPORT_INTERRUPT;
}

bool
edit_is_poll(const IrFunc *f, const Ins *i)
{
	return is_word_of_interrupt(f, i) ||
	       (i->op == IR_TRAPIF && is_word_of_interrupt(f, &f->ins.at[i->arg[0]]));
}

/* ---- Loops ---------------------------------------------------------------------------------- */

enum { LOOP_LIST_FACTOR = 16 }; /* lists of blocks together at most so many times the blocks */

/* All blocks from which a latch of h is reached without passing h.  `mark` is by block. */
static bool
collect(const IrFunc *f, Arena *a, LoopForest *out, BlockId h, uint32_t *mark, uint32_t stamp)
{
	OptLoop l = { .header = h, .latch = BLOCK_NONE, .preheader = BLOCK_NONE };
	const Block *head = &f->blocks.at[h];
	uint32_t latches = 0, outside = 0;
	OptLoop *made;
	BlockId *slot;

	l.parent = BLOCK_NONE;
	l.first = out->blocks.n;
	slot = vec_push(a, &out->blocks);
	if (!slot)
		return false;
	*slot = h;
	mark[h] = stamp;
	for (uint32_t k = 0; k < head->preds.n; k++) {
		BlockId p = head->preds.at[k];

		if (!dominates(&out->dom, h, p)) {
			l.preheader = p;
			outside++;
			continue;
		}
		l.latch = p;
		latches++;
		if (mark[p] == stamp)
			continue;
		mark[p] = stamp;
		slot = vec_push(a, &out->blocks);
		if (!slot)
			return false;
		*slot = p;
	}
	for (uint32_t at = l.first + 1; at < out->blocks.n; at++) {
		const Block *b = &f->blocks.at[out->blocks.at[at]];

		for (uint32_t k = 0; k < b->preds.n; k++) {
			BlockId p = b->preds.at[k];

			if (mark[p] == stamp || f->blocks.at[p].order == BLOCK_NONE)
				continue;
			mark[p] = stamp;
			slot = vec_push(a, &out->blocks);
			if (!slot)
				return false;
			*slot = p;
		}
	}
	l.count = out->blocks.n - l.first;
	if (latches != 1)
		l.latch = BLOCK_NONE;
	if (outside != 1 || f->blocks.at[l.preheader].succ[1] != BLOCK_NONE)
		l.preheader = BLOCK_NONE;
	made = vec_push(a, &out->loops);
	if (!made)
		return false;
	*made = l;
	return true;
}

static bool
is_header(const IrFunc *f, const Dom *d, BlockId b)
{
	const Block *block = &f->blocks.at[b];

	for (uint32_t k = 0; k < block->preds.n; k++)
		if (dominates(d, b, block->preds.at[k]))
			return true;
	return false;
}

static bool
find_loops(const IrFunc *f, Arena *a, LoopForest *out)
{
	uint32_t nb = f->blocks.n, *mark = NULL;

	if (!edit_dom(f, a, &out->dom))
		return false;
	out->of = arena_alloc(a, ((size_t)nb + 1) * sizeof *out->of);
	if (!out->of)
		return false;
	for (BlockId b = 0; b < nb; b++)
		out->of[b] = BLOCK_NONE;
	/* Headers of inner loops come later in the order than those around them. */
	for (uint32_t k = f->order.n; k-- > 0;) {
		BlockId h = f->order.at[k];
		uint32_t index = out->loops.n;

		if (!is_header(f, &out->dom, h))
			continue;
		if (out->blocks.n > LOOP_LIST_FACTOR * (nb + 16))
			break;
		if (!mark)
			mark = arena_alloc(a, ((size_t)nb + 1) * sizeof *mark);
		if (!mark || !collect(f, a, out, h, mark, index + 1))
			return false;
		for (uint32_t j = out->loops.at[index].first; j < out->blocks.n; j++) {
			BlockId b = out->blocks.at[j];
			uint32_t inner = out->of[b];

			if (inner == BLOCK_NONE) {
				out->of[b] = index;
				continue;
			}
			while (out->loops.at[inner].parent != BLOCK_NONE &&
			       out->loops.at[inner].parent != index)
				inner = out->loops.at[inner].parent;
			if (inner != index)
				out->loops.at[inner].parent = index;
		}
	}
	return true;
}

const LoopForest *
edit_loops(const IrFunc *f, OptContext *o)
{
	uint32_t k = 0;

	while (k < f->order.n && !f->blocks.at[f->order.at[k]].loop_depth)
		k++;
	if (k == f->order.n)
		return NULL;
	if (!*o->loops) {
		LoopForest *l = arena_alloc(o->lasting, sizeof *l);
		if (!l || !find_loops(f, o->lasting, l))
			return NULL;
		*o->loops = l;
	}
	return (*o->loops)->loops.n ? *o->loops : NULL;
}

bool *
edit_outer_loops(const LoopForest *l, Arena *a)
{
	bool *outer = arena_alloc(a, l->loops.n);

	for (uint32_t k = 0; outer && k < l->loops.n; k++)
		if (l->loops.at[k].parent != BLOCK_NONE)
			outer[l->loops.at[k].parent] = true;
	return outer;
}
