/* tidy.c - joins blocks that always run one after the other.
 *
 * Later passes look at one block at a time, or ask for a loop's one latch: they see more so. */
#include "opt/edit.h"

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
	bool changed = false;

	(void)o;
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
