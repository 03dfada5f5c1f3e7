/* dse.c - stores that nothing sees.
 *
 * Of the host's memory: a store that another to the same place follows, with nothing between that
 * might read, call or trap.  Of the Context: only calls look at it, and each leaves it as it found
 * it, so that a count of depth raised again after being lowered need not be stored, nor one that is
 * stored anew on every way to a call or a return. */
#include "opt/edit.h"

enum { WINDOW = 8 };

static bool
of_context(const IrFunc *f, const Ins *i)
{
	return f->ins.at[i->arg[0]].op == IR_CTX && !i->arg[1];
}

static bool
same_place(const Ins *a, const Ins *b)
{
	return a->cc == b->cc && a->arg[0] == b->arg[0] && a->arg[1] == b->arg[1] &&
	       a->aux == b->aux;
}

/* Backwards: stores that a later one makes pointless. */
static bool
drop_overwritten(IrFunc *f, BlockId b)
{
	Ins later[WINDOW];
	uint32_t n = 0;
	bool changed = false;

	for (Val v = f->blocks.at[b].last, prev; v; v = prev) {
		const Ins i = f->ins.at[v];
		uint32_t kept = 0, k = 0;

		prev = i.prev;
		if (i.op == IR_STORE) {
			while (k < n && !same_place(&later[k], &i))
				k++;
			if (k < n) {
				ir_remove(f, v);
				changed = true;
			} else {
				later[n < WINDOW ? n++ : 0] = i;
			}
			continue;
		}
		if (i.op == IR_CALL || i.op == IR_CALLX)
			n = 0;
		if (i.op != IR_TRAPIF && i.op != IR_LOAD)
			continue;
		for (k = 0; k < n; k++) /* a trap or a load of a span does not see the Context */
			if (of_context(f, &later[k]) && (i.op == IR_TRAPIF || !of_context(f, &i)))
				later[kept++] = later[k];
		n = kept;
	}
	return changed;
}

/* Forwards: stores to the Context of what is there. */
static bool
drop_repeated(IrFunc *f, BlockId b)
{
	Ins last = { 0 };
	bool changed = false;

	for (Val v = f->blocks.at[b].first, next; v; v = next) {
		Ins i = f->ins.at[v];

		next = i.next;
		if (i.op != IR_STORE || !of_context(f, &i))
			continue;
		if (last.op && same_place(&last, &i) && last.arg[2] == i.arg[2]) {
			ir_remove(f, v);
			changed = true;
		}
		last = i;
	}
	return changed;
}

/* The first store to the Context; 0: none.  There is one place that functions store to: the depth.
 */
static Val
find_slot(const IrFunc *f)
{
	for (uint32_t k = 0; k < f->order.n; k++)
		for (Val v = f->blocks.at[f->order.at[k]].first; v; v = f->ins.at[v].next)
			if (f->ins.at[v].op == IR_STORE && of_context(f, &f->ins.at[v]))
				return v;
	return 0;
}

/* Walks block b backwards.  `unseen`: is the place overwritten before anything looks, behind the
 * block? Answers that for its start, and takes out the stores that nothing sees when told to. */
static bool
walk_slot(IrFunc *f, BlockId b, const Ins *slot, bool unseen, bool remove, bool *changed)
{
	for (Val v = f->blocks.at[b].last, prev; v; v = prev) {
		const Ins i = f->ins.at[v];

		prev = i.prev;
		if (i.op == IR_STORE && same_place(slot, &i)) {
			if (unseen && remove) {
				ir_remove(f, v);
				*changed = true;
			}
			unseen = true;
		} else if (i.op == IR_CALL || i.op == IR_CALLX || i.op == IR_RET ||
			   (i.op == IR_LOAD && of_context(f, &i))) {
			unseen = false;
		}
	}
	return unseen;
}

static bool
behind(const IrFunc *f, BlockId b, const bool *unseen)
{
	const Block *block = &f->blocks.at[b];
	bool all = true;

	for (unsigned k = 0; k < 2; k++)
		all = all && (block->succ[k] == BLOCK_NONE || unseen[block->succ[k]]);
	return all;
}

/* The same across blocks: backwards to a fixed point from the hope that nothing is seen. */
static bool
drop_unseen(IrFunc *f, Arena *a)
{
	Val first = find_slot(f);
	bool *unseen = first ? arena_alloc(a, f->blocks.n * sizeof *unseen) : NULL;
	bool again = true, changed = false;
	Ins slot;

	if (!unseen)
		return false;
	slot = f->ins.at[first];
	memset(unseen, true, f->blocks.n * sizeof *unseen);
	while (again) {
		again = false;
		for (uint32_t k = f->order.n; k-- > 0;) {
			BlockId b = f->order.at[k];
			bool now = walk_slot(f, b, &slot, behind(f, b, unseen), false, &changed);

			again |= now != unseen[b];
			unseen[b] = now;
		}
	}
	for (uint32_t k = 0; k < f->order.n; k++) {
		BlockId b = f->order.at[k];

		walk_slot(f, b, &slot, behind(f, b, unseen), true, &changed);
	}
	return changed;
}

bool
dse_run(IrFunc *f, OptContext *o)
{
	bool changed = drop_unseen(f, o->arena);

	for (uint32_t k = 0; k < f->order.n; k++) {
		changed |= drop_overwritten(f, f->order.at[k]);
		changed |= drop_repeated(f, f->order.at[k]);
	}
	return changed;
}
