/* strength.c - a product of a loop's counter and a fixed value is carried along by addition.
 *
 * With the fixed terms that are added to it: a * i + b, for i that goes by c from init, is a value
 * that begins at a * init + b and grows by a * c each time round, modulo 2^w.  Only for factors
 * that are no constants, as the index of a row is: others are cheap enough. */
#include "opt/edit.h"

enum { MOST_SIZE = 100, MOST_CARRIED = 2, MOST_TERMS = 4 };

typedef struct Strength {
	IrFunc *f;
	Arena *a;
	const LoopForest *l;
	const OptLoop *loop;
	uint32_t *uses; /* by value there was at the start */
	uint32_t nvalues;
} Strength;

static bool
is_fixed(const Strength *s, Val v)
{
	const BlockId *at = s->l->blocks.at + s->loop->first;

	for (uint32_t k = 0; k < s->loop->count; k++)
		if (at[k] == s->f->ins.at[v].block)
			return false;
	return true;
}

/* Is v a counter of the loop?  Then where it begins and by how much it goes. */
static bool
is_counter(const Strength *s, Val v, Val *init, Val *step)
{
	const IrFunc *f = s->f;
	const Ins *phi = &f->ins.at[v], *next;
	uint32_t latch;

	if (phi->op != IR_PHI || phi->block != s->loop->header || phi->arg[1] != 2)
		return false;
	latch = edit_pred_index(f, s->loop->header, s->loop->latch);
	next = &f->ins.at[f->pool.at[phi->arg[0] + latch]];
	*init = f->pool.at[phi->arg[0] + 1 - latch];
	*step = next->arg[1];
	return next->op == IR_ADD && next->arg[0] == v && ir_is_const(f, *step);
}

/* The sum of v and a fixed value that is v's only use, or 0. */
static Val
only_sum(const Strength *s, Val v, Val *term)
{
	const IrFunc *f = s->f;

	for (Val u = f->ins.at[v].next; u && s->uses[v] == 1; u = f->ins.at[u].next) {
		const Ins *i = &f->ins.at[u];

		if (i->op != IR_ADD || (i->arg[0] != v && i->arg[1] != v))
			continue;
		*term = i->arg[i->arg[0] == v];
		return is_fixed(s, *term) && u < s->nvalues ? u : 0;
	}
	return 0;
}

/* v, a product in the loop: true when it is carried now. */
static bool
carry(Strength *s, Val v)
{
	IrFunc *f = s->f;
	const Ins i = f->ins.at[v];
	BlockId before = s->loop->preheader, latch = s->loop->latch;
	Val counter = i.arg[0], factor = i.arg[1], init, step, end = v, term, sum, phi, args[2];
	uint32_t at;

	if (is_fixed(s, counter)) {
		counter = i.arg[1];
		factor = i.arg[0];
	}
	if (!is_fixed(s, factor) || ir_is_const(f, factor) || !is_counter(s, counter, &init, &step))
		return false;
	f->line = i.line;
	init = ir_ins(f, before, IR_MUL, i.type, init, factor);
	step = ir_ins(f, before, IR_MUL, i.type, step, factor);
	for (unsigned k = 0; k < MOST_TERMS && (sum = only_sum(s, end, &term)) != 0; k++) {
		init = ir_ins(f, before, IR_ADD, i.type, init, term);
		end = sum;
	}
	at = edit_pred_index(f, s->loop->header, latch);
	args[at] = args[1 - at] = init;
	phi = ir_pooled(f, s->loop->header, IR_PHI, i.type, 0, args, 2);
	sum = ir_append(f, latch, (Ins){ .op = IR_ADD, .type = i.type, .arg = { phi, step } });
	if (s->a->mem->failed)
		return false;
	f->pool.at[f->ins.at[phi].arg[0] + at] = sum;
	s->uses[v] = 0; /* or of less than it had: not to be carried again */
	ir_replace(f, end, phi);
	ir_apply_replacements(f);
	return true;
}

static bool
run_loop(Strength *s)
{
	const IrFunc *f = s->f;
	uint32_t size = 0, carried = 0;

	for (uint32_t k = 0; k < s->loop->count; k++) {
		BlockId b = s->l->blocks.at[s->loop->first + k];

		for (Val v = f->blocks.at[b].first, next; v && size < MOST_SIZE; v = next) {
			next = f->ins.at[v].next;
			size++;
			if (f->ins.at[v].op != IR_MUL || v >= s->nvalues || !s->uses[v] ||
			    !carry(s, v))
				continue;
			if (++carried == MOST_CARRIED)
				return true;
			next = f->blocks.at[b].first; /* the next one may have gone */
		}
	}
	return carried != 0;
}

bool
strength_run(IrFunc *f, OptContext *o)
{
	Strength s = { .f = f, .a = o->arena, .nvalues = f->ins.n };
	const LoopForest *l;
	bool changed = false, *outer;

	l = edit_loops(f, o);
	if (!l)
		return false;
	outer = edit_outer_loops(l, o->arena);
	s.uses = arena_alloc(o->arena, f->ins.n * sizeof *s.uses);
	for (Val v = 1; s.uses && v < f->ins.n; v++) {
		uint32_t n;
		const Val *args = ir_args(f, v, &n);

		for (uint32_t k = 0; k < n && f->ins.at[v].op != IR_NOP; k++)
			s.uses[args[k]]++;
	}
	s.l = l;
	for (uint32_t k = 0; k < l->loops.n && outer && s.uses && !o->arena->mem->failed; k++) {
		s.loop = &l->loops.at[k];
		if (!outer[k] && s.loop->latch != BLOCK_NONE && s.loop->preheader != BLOCK_NONE &&
		    s.loop->count <= 8 && f->blocks.at[s.loop->header].preds.n == 2)
			changed |= run_loop(&s);
	}
	return changed;
}
