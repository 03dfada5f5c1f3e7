/* licm.c - what a loop computes anew each time round to the same value is computed before it.
 *
 * Pure instructions only, which may be done in vain: they cannot trap.  A division is only moved
 * when its divisor is a constant that cannot, and what is as cheap as keeping its result stays. */
#include "opt/edit.h"

enum { MOST_MOVED = 12 }; /* out of one loop: each takes a register all through it */

static bool
may_move(const IrFunc *f, const Ins *i)
{
	if (!(ir_op_info[i->op].flags & IR_P) || i->op == IR_CONST || i->op == IR_CTX)
		return false;
	if (i->op >= IR_SDIV && i->op <= IR_UREM) {
		uint64_t c = ir_const_bits(f, i->arg[1]);

		return ir_is_const(f, i->arg[1]) && c != 0 &&
		       c != (i->type == IR_I32 ? UINT32_MAX : UINT64_MAX);
	}
	return true;
}

/* Is block b in loop l? */
static bool
is_inside(const LoopForest *l, uint32_t loop, BlockId b)
{
	uint32_t in = l->of[b];

	while (in != BLOCK_NONE && in < loop) /* loops around come later */
		in = l->loops.at[in].parent;
	return in == loop;
}

static bool
is_invariant(const IrFunc *f, const LoopForest *l, uint32_t loop, const Ins *i)
{
	for (unsigned k = 0; k < ir_op_info[i->op].nargs; k++)
		if (is_inside(l, loop, f->ins.at[i->arg[k]].block))
			return false;
	return true;
}

static bool
move_out(IrFunc *f, const LoopForest *l, uint32_t loop)
{
	const OptLoop *of = &l->loops.at[loop];
	uint32_t moved = 0;

	if (of->preheader == BLOCK_NONE)
		return false;
	/* The list is headers first, then backwards: operands may come later; a second look finds
	 * their users. */
	for (int round = 0; round < 2; round++) {
		uint32_t before = moved;

		for (uint32_t k = 0; k < of->count; k++) {
			BlockId b = l->blocks.at[of->first + k];

			for (Val v = f->blocks.at[b].first, next; v && moved < MOST_MOVED;
			     v = next) {
				Ins i = f->ins.at[v];

				next = i.next;
				if (!may_move(f, &i) || !is_invariant(f, l, loop, &i))
					continue;
				edit_move(f, v, f->blocks.at[of->preheader].last);
				moved++;
			}
		}
		if (moved == before)
			break;
	}
	return moved != 0;
}

bool
licm_run(IrFunc *f, OptContext *o)
{
	const LoopForest *l;
	bool changed = false;

	l = edit_loops(f, o);
	if (!l)
		return false;
	for (uint32_t k = 0; k < l->loops.n && !o->arena->mem->failed; k++)
		changed |= move_out(f, l, k);
	return changed;
}
