/* flatten.c - a loop that makes a small constant number of rounds becomes these, one after the
 * other.
 *
 * The rounds go before the loop, which is entered with the values they leave, and then ends at its
 * first test: gvn finds out that it does. */
#include "opt/body.h"
#include "opt/remark.h"

enum { MOST_ROUNDS = 16, MOST_SIZE = 96, MOST_LOOPS = 16 };

static bool
holds(IrFunc *f, IrCc cc, uint64_t x, Val limit)
{
	Val a = ir_const(f, f->ins.at[limit].type, x);

	return ir_fold_cond(f, &cc, &a, &limit) == 1;
}

/* How many rounds, at least one; 0 when that is not known or too many. */
static uint32_t
count_rounds(const Body *y, const Counter *c)
{
	IrFunc *f = y->f;
	Val init = y->init[c->which];
	uint32_t n = 0;

	if (!ir_is_const(f, init) || !ir_is_const(f, c->limit))
		return 0;
	for (uint64_t x = ir_const_bits(f, init); holds(f, c->cc, x, c->limit);
	     x += (uint64_t)c->step)
		if (++n > MOST_ROUNDS || n * y->size > MOST_SIZE)
			return 0;
	return n;
}

static void
flatten(Body *y, const Counter *c, uint32_t rounds)
{
	IrFunc *f = y->f;
	BlockId head = y->loop->header, at = y->loop->preheader;
	uint32_t entry = edit_pred_index(f, head, at), line;

	(void)c;
	line = f->ins.at[f->blocks.at[at].last].line;
	ir_remove(f, f->blocks.at[at].last);
	f->blocks.at[at].succ[0] = BLOCK_NONE;
	for (uint32_t k = 0; k < y->nphis; k++)
		y->now[k] = y->init[k];
	for (uint32_t k = 0; k < rounds && !y->a->mem->failed; k++)
		at = body_copy(y, at, true);
	if (y->a->mem->failed)
		return;
	ir_append(f, at, (Ins){ .op = IR_JMP, .line = line });
	f->blocks.at[at].succ[0] = head;
	f->blocks.at[head].preds.at[entry] = at;
	for (uint32_t k = 0; k < y->nphis; k++)
		f->pool.at[f->ins.at[y->phi[k]].arg[0] + entry] = y->now[k];
	edit_settle_branch(f, head, f->blocks.at[head].succ[0] == y->exit ? 0 : 1);
}

bool
flatten_run(IrFunc *f, OptContext *o)
{
	const LoopForest *l;
	uint32_t made = 0;
	bool *outer;
	Body y = { 0 };

	l = edit_loops(f, o);
	if (!l)
		return false;
	outer = edit_outer_loops(l, o->arena);
	for (uint32_t k = 0; outer && k < l->loops.n && made < MOST_LOOPS; k++) {
		Counter c;
		uint32_t rounds;

		if (!body_read(&y, f, o->arena, l, &l->loops.at[k], !outer[k]) ||
		    !body_counter(&y, &c) || (rounds = count_rounds(&y, &c)) == 0)
			continue;
		remark_loop(o, f, y.loop->header, "unrolled: all %u rounds", rounds);
		flatten(&y, &c, rounds);
		made++;
	}
	return made != 0;
}
