/* pairs.c - two floats are looked at together for whether they are NaN.
 *
 * One comparison of two floats tells whether either is NaN, so code generators test two CANONs that
 * stand side by side at once.  In a loop, a float that is made canonical to be stored waits, with
 * its store, for the next such one, where nothing between may trap, call, store or read what it
 * stores, or is so long that registers run short. */
#include "opt/edit.h"

enum { FARTHEST = 24 }; /* instructions between the store and the next CANON */

static bool
reads(IrFunc *f, Val v, Val what)
{
	uint32_t n;
	const Val *args = ir_args(f, v, &n);

	for (uint32_t k = 0; k < n; k++)
		if (args[k] == what)
			return true;
	return false;
}

/* May the canonical value and its store (0: not met yet) be made behind v? */
static bool
may_wait(IrFunc *f, Val canon, Val store, Val v)
{
	const Ins *i = &f->ins.at[v];

	if (reads(f, v, canon))
		return false;
	if (i->op == IR_LOAD)
		return !store || edit_are_apart(f, i, &f->ins.at[store]);
	return ir_op_info[i->op].flags & IR_P;
}

static bool
make_pairs(IrFunc *f, BlockId b)
{
	Val canon = 0, store = 0; /* that wait */
	uint32_t distance = 0;
	bool changed = false;

	for (Val v = f->blocks.at[b].first, next; v; v = next) {
		const Ins *i = &f->ins.at[v];

		next = i->next;
		if (i->op == IR_CANON && store && i->type == f->ins.at[canon].type &&
		    distance <= FARTHEST && !reads(f, v, canon)) {
			edit_move(f, canon, v);
			edit_move(f, store, next);
			changed = true;
			canon = store = 0;
		} else if (i->op == IR_CANON) {
			canon = v;
			store = 0;
		} else if (i->op == IR_STORE && canon && !store && i->arg[2] == canon) {
			store = v;
			distance = 0;
		} else if (canon && !may_wait(f, canon, store, v)) {
			canon = store = 0;
		} else {
			distance++;
		}
	}
	return changed;
}

bool
pairs_run(IrFunc *f, OptContext *o)
{
	bool changed = false;

	(void)o;
	for (uint32_t k = 0; k < f->order.n; k++)
		if (f->blocks.at[f->order.at[k]].loop_depth)
			changed |= make_pairs(f, f->order.at[k]);
	return changed;
}
