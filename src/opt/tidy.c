/* tidy.c - what a branch on a phi does is known where the phi's operand is a constant: such ways go
 * past it.  And joins blocks that always run one after the other.
 *
 * A flag that is set on the ways to one place, and asked there, needs no register then.  Later
 * passes look at one block at a time, or ask for a loop's one latch: they see more so. */
#include "opt/edit.h"

/* ---- Ways past a branch ---------------------------------------------------------------------- */

enum { MOST_WAYS = 64 }; /* to one block: each that is added copies the operands of its phis */

/* Which way the branch at the end of b goes when it is come to from its k-th predecessor; -1: not
 * known. */
static int
known_way(IrFunc *f, BlockId b, uint32_t k)
{
	const Ins *i = &f->ins.at[f->blocks.at[b].last];
	IrCc cc = (IrCc)i->cc;
	Val on[2];
	int holds;

	for (unsigned a = 0; a < 2; a++) {
		uint32_t n;

		on[a] = i->arg[a];
		if (f->ins.at[on[a]].op == IR_PHI && f->ins.at[on[a]].block == b)
			on[a] = ir_args(f, on[a], &n)[k];
	}
	if (!ir_is_const(f, on[0]) || !ir_is_const(f, on[1]))
		return -1;
	holds = ir_fold_cond(f, &cc, &on[0], &on[1]);
	return holds < 0 ? -1 : !holds;
}

/* Is b nothing but phis and a branch, and no head of a loop, which would get a second one? */
static bool
only_branches(const IrFunc *f, BlockId b)
{
	const Block *block = &f->blocks.at[b];
	Val v = block->first;

	if (f->ins.at[v].op != IR_PHI || f->ins.at[block->last].op != IR_BR ||
	    block->preds.n > MOST_WAYS)
		return false;
	while (f->ins.at[v].op == IR_PHI)
		v = f->ins.at[v].next;
	for (uint32_t k = 0; k < block->preds.n; k++)
		if (f->blocks.at[block->preds.at[k]].order >= block->order)
			return false;
	return v == block->last;
}

/* By block: is a phi of it named by anything but its branch and the phis behind that?  NULL: no
 * memory. */
static bool *
find_used(IrFunc *f, Arena *a)
{
	bool *used = arena_alloc(a, f->blocks.n);

	for (uint32_t k = 0; used && k < f->order.n; k++) {
		BlockId b = f->order.at[k];

		for (Val v = f->blocks.at[b].first; v; v = f->ins.at[v].next) {
			uint32_t n;
			const Val *args = ir_args(f, v, &n);

			for (uint32_t j = 0; j < n; j++) {
				const Ins *of = &f->ins.at[args[j]];

				if (of->op != IR_PHI)
					continue;
				if (f->ins.at[v].op == IR_PHI
					    ? f->blocks.at[b].preds.at[j] != of->block
					    : of->block != b || v != f->blocks.at[b].last)
					used[of->block] = true;
			}
		}
	}
	return used;
}

/* The phi v gets one more operand, which makes its list move. */
static void
add_operand(IrFunc *f, Val v, Val operand)
{
	uint32_t n = f->ins.at[v].arg[1], first = f->ins.at[v].arg[0];

	f->ins.at[v].arg[0] = f->pool.n;
	f->ins.at[v].arg[1] = n + 1;
	for (uint32_t k = 0; k <= n; k++) {
		Val *slot = vec_push(f->module->arena, &f->pool);

		if (slot)
			*slot = k < n ? f->pool.at[first + k] : operand;
	}
}

/* The k-th way to b goes to `to`, where b's branch would lead it. */
static void
go_past(IrFunc *f, BlockId b, uint32_t k, BlockId to)
{
	BlockId from = f->blocks.at[b].preds.at[k];
	uint32_t at = edit_pred_index(f, to, b), n;

	for (Val v = f->blocks.at[to].first; f->ins.at[v].op == IR_PHI; v = f->ins.at[v].next) {
		Val operand = ir_args(f, v, &n)[at];

		if (f->ins.at[operand].op == IR_PHI && f->ins.at[operand].block == b)
			operand = ir_args(f, operand, &n)[k];
		add_operand(f, v, operand);
	}
	edit_retarget(f, from, b, to);
	edit_drop_pred(f, b, from);
}

/* Nothing leads to b any more. */
static void
drop_block(IrFunc *f, BlockId b)
{
	Block *block = &f->blocks.at[b];

	while (block->first)
		ir_remove(f, block->first);
	for (unsigned k = 0; k < 2; k++) {
		edit_drop_pred(f, block->succ[k], b);
		block->succ[k] = BLOCK_NONE;
	}
}

/* No loop gets a second way back to its head. */
static bool
thread(IrFunc *f, OptContext *o)
{
	bool *used = NULL, changed = false;

	for (uint32_t j = 0; j < f->order.n && !o->arena->mem->failed; j++) {
		BlockId b = f->order.at[j];

		if (!only_branches(f, b))
			continue;
		if (!used)
			used = find_used(f, o->arena);
		for (uint32_t k = f->blocks.at[b].preds.n; used && !used[b] && k-- > 0;) {
			int way = known_way(f, b, k);
			BlockId to = way < 0 ? b : f->blocks.at[b].succ[way];

			if (f->blocks.at[to].order <= j || f->blocks.at[to].preds.n >= MOST_WAYS ||
			    edit_pred_index(f, to, f->blocks.at[b].preds.at[k]) <
				    f->blocks.at[to].preds.n)
				continue;
			go_past(f, b, k, to);
			changed = true;
		}
		if (!f->blocks.at[b].preds.n)
			drop_block(f, b);
	}
	return changed;
}

/* ---- Blocks one after the other ------------------------------------------------------------- */

/* s, which only b leads to and which b always goes to, becomes part of b. */
static void
join(IrFunc *f, BlockId b, BlockId s)
{
	Block *to = &f->blocks.at[b], *from = &f->blocks.at[s];
	Val last;

	while (from->first && f->ins.at[from->first].op == IR_PHI) {
		uint32_t n;
		ir_replace(f, from->first, ir_args(f, from->first, &n)[0]);
	}
	ir_remove(f, to->last);
	last = to->last;
	for (Val v = from->first; v; v = f->ins.at[v].next)
		f->ins.at[v].block = b;
	if (last)
		f->ins.at[last].next = from->first;
	else
		to->first = from->first;
	f->ins.at[from->first].prev = last;
	to->last = from->last;
	for (unsigned k = 0; k < 2; k++) {
		BlockId after = from->succ[k];

		to->succ[k] = after;
		if (after != BLOCK_NONE)
			f->blocks.at[after].preds.at[edit_pred_index(f, after, s)] = b;
		from->succ[k] = BLOCK_NONE;
	}
	to->cold |= from->cold;
	from->first = from->last = 0;
	from->preds.n = 0;
	from->cold = false;
}

bool
tidy_run(IrFunc *f, OptContext *o)
{
	bool threaded = thread(f, o), changed = threaded;

	if (!threaded)
		o->kept = FACT_REACHED;
	for (uint32_t k = 0; k < f->order.n; k++) {
		BlockId b = f->order.at[k], s;

		while (f->blocks.at[b].last && f->ins.at[f->blocks.at[b].last].op == IR_JMP) {
			s = f->blocks.at[b].succ[0];
			if (s == b || f->blocks.at[s].preds.n != 1)
				break;
			join(f, b, s);
			changed = true;
		}
	}
	ir_apply_replacements(f);
	return changed;
}
