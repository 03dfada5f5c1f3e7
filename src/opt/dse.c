/* dse.c - stores that nothing sees.
 *
 * Of the host's memory: a store that another to the same place follows, with nothing between that
 * might read, call or trap.  Of the Context: only calls look at it, and each leaves it as it found
 * it, so that a count of depth raised again after being lowered need not be stored. */
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

bool
dse_run(IrFunc *f, OptContext *o)
{
	bool changed = false;

	(void)o;
	for (uint32_t k = 0; k < f->order.n; k++) {
		changed |= drop_overwritten(f, f->order.at[k]);
		changed |= drop_repeated(f, f->order.at[k]);
	}
	return changed;
}
