/* sccp.c - values that are one constant whenever they are made, under the hope that they are.
 *
 * Wegman and Zadeck, "Constant propagation with conditional branches", TOPLAS 1991: edges count as
 * never taken, and values as not made yet, until something shows the contrary; so a variable of a
 * loop stays the constant that it enters with when the loop changes it only where that constant
 * says it never does.  Whatever needs no such hope is left to gvn, which looks at everything once.
 * Hence this looks at a function only where a loop has such a variable, and does it in rounds over
 * all blocks, as many as loops are nested and a few more; when these do not do it changes nothing.
 */
#include "opt/edit.h"

enum { MOST_HOPES = 16, MOST_ROUNDS = 16 };

/* Of a value: 0 nothing has made it yet, VARIES, or the constant that it is. */
#define VARIES UINT32_MAX

typedef struct Sccp {
	IrFunc *f;
	Val *state;	  /* by value there was at the start */
	uint32_t nvalues; /* … so many */
	bool *reached;	  /* by block */
	bool *taken;	  /* by block, two each: is that edge ever taken? */
	Val hopes[MOST_HOPES], constants[MOST_HOPES]; /* phis, and what they may be */
	uint32_t nhopes;
	bool lowered; /* in this round */
} Sccp;

static Val
state_of(const Sccp *s, Val v)
{
	return v >= s->nvalues || ir_is_const(s->f, v) ? v : s->state[v];
}

/* ---- Is there any hope? --------------------------------------------------------------------- */

/* Is v the phi, or made of it and constants the same as it enters with?  `maybe`: as far as can be
 * seen without knowing which edges are taken. */
static bool
stays(IrFunc *f, Val phi, Val enters, Val v, bool *maybe)
{
	Ins i = f->ins.at[v];
	bool has = false;

	if (v == phi || v == enters)
		return true;
	if (i.op == IR_PHI) {
		*maybe = true;
		return true;
	}
	if (!(ir_op_info[i.op].flags & IR_P))
		return false;
	for (unsigned k = 0; k < ir_op_info[i.op].nargs; k++) {
		has |= i.arg[k] == phi;
		i.arg[k] = i.arg[k] == phi ? enters : i.arg[k];
	}
	return has && fold_ins(f, &i) == enters;
}

/* The constant that v is, if hopes are; or 0. */
static Val
hoped(const Sccp *s, Val v)
{
	for (uint32_t k = 0; k < s->nhopes; k++)
		if (s->hopes[k] == v)
			return s->constants[k];
	return ir_is_const(s->f, v) ? v : 0;
}

/* A phi of a loop's head that enters with one constant, and may keep it.  True when it does for all
 * that branches have to say. */
static bool
find_hope(Sccp *s, BlockId head, Val phi)
{
	IrFunc *f = s->f;
	const BlockId *preds = f->blocks.at[head].preds.at;
	uint32_t n, order = f->blocks.at[head].order;
	Val enters = 0;
	bool maybe = false;

	for (uint32_t k = 0; k < f->ins.at[phi].arg[1]; k++) {
		Val v = hoped(s, ir_args(f, phi, &n)[k]);

		if (f->blocks.at[preds[k]].order >= order)
			continue;
		if (!v || (enters && v != enters))
			return false;
		maybe |= v != ir_args(f, phi, &n)[k];
		enters = v;
	}
	for (uint32_t k = 0; enters && k < f->ins.at[phi].arg[1]; k++)
		if (f->blocks.at[preds[k]].order >= order &&
		    !stays(f, phi, enters, ir_args(f, phi, &n)[k], &maybe))
			return false;
	if (enters && s->nhopes < MOST_HOPES) {
		s->hopes[s->nhopes] = phi;
		s->constants[s->nhopes++] = enters;
	}
	return enters && !maybe;
}

/* Are the operands of i constants, if hopes are? */
static bool
is_hoped(const Sccp *s, const Ins *i, unsigned depth)
{
	for (unsigned k = 0; k < 2; k++) {
		Val v = i->arg[k];
		const Ins *of = &s->f->ins.at[v];

		if (k < ir_op_info[i->op].nargs && !hoped(s, v) &&
		    (!depth || !(ir_op_info[of->op].flags & IR_P) || !ir_op_info[of->op].nargs ||
		     !is_hoped(s, of, depth - 1)))
			return false;
	}
	return true;
}

/* Nothing comes of a phi that may keep its constant if no branch tells what becomes of it. */
static bool
is_worth_it(Sccp *s)
{
	const IrFunc *f = s->f;

	for (uint32_t k = 0; k < f->order.n; k++) {
		BlockId b = f->order.at[k];
		bool head = false;

		for (uint32_t p = 0; p < f->blocks.at[b].preds.n; p++)
			head |= f->blocks.at[f->blocks.at[b].preds.at[p]].order >= k;
		for (Val v = f->blocks.at[b].first; head && f->ins.at[v].op == IR_PHI;
		     v = f->ins.at[v].next)
			if (find_hope(s, b, v))
				return true;
	}
	for (uint32_t k = 0; s->nhopes && k < f->order.n; k++) {
		const Ins *last = &f->ins.at[f->blocks.at[f->order.at[k]].last];

		if (last->op == IR_BR && is_hoped(s, last, 1))
			return true;
	}
	return false;
}

/* ---- Rounds --------------------------------------------------------------------------------- */

static void
lower(Sccp *s, Val v, Val to)
{
	Val was = s->state[v];

	if (was == to || was == VARIES || !to)
		return;
	s->state[v] = was ? VARIES : to;
	s->lowered = true;
}

static void
take_edge(Sccp *s, BlockId b, unsigned k)
{
	if (s->taken[2 * b + k])
		return;
	s->taken[2 * b + k] = true;
	s->reached[s->f->blocks.at[b].succ[k]] = true;
	s->lowered = true;
}

/* 1, 0, or -1 when it depends. */
static int
outcome(const Sccp *s, const Ins *i)
{
	IrCc cc = i->cc;
	Val x = state_of(s, i->arg[0]), y = state_of(s, i->arg[1]);

	x = x && x != VARIES ? x : i->arg[0];
	y = y && y != VARIES ? y : i->arg[1];
	return ir_fold_cond(s->f, &cc, &x, &y);
}

static Val
phi_state(const Sccp *s, BlockId b, const Ins *phi)
{
	const Block *block = &s->f->blocks.at[b];
	Val met = 0;

	for (uint32_t k = 0; k < phi->arg[1]; k++) {
		BlockId from = block->preds.at[k];
		Val v = state_of(s, s->f->pool.at[phi->arg[0] + k]);

		if (!v || !s->taken[2 * from + (s->f->blocks.at[from].succ[0] != b)])
			continue;
		if (v == VARIES || (met && v != met))
			return VARIES;
		met = v;
	}
	return met;
}

static Val
pure_state(Sccp *s, Ins i)
{
	bool has = false;
	Val v;

	for (unsigned k = 0; k < ir_op_info[i.op].nargs; k++) {
		v = state_of(s, i.arg[k]);
		if (!v || v == VARIES || v == i.arg[k])
			continue;
		i.arg[k] = v;
		has = true;
	}
	v = has ? fold_ins(s->f, &i) : 0;
	return v && ir_is_const(s->f, v) ? v : VARIES;
}

static void
visit_block(Sccp *s, BlockId b)
{
	for (Val v = s->f->blocks.at[b].first; v; v = s->f->ins.at[v].next) {
		const Ins i = s->f->ins.at[v];
		int known;

		if (i.op == IR_CONST || v >= s->nvalues)
			continue;
		if (i.op == IR_PHI) {
			lower(s, v, phi_state(s, b, &i));
		} else if (ir_op_info[i.op].flags & IR_P) {
			if (s->state[v] != VARIES)
				lower(s, v, pure_state(s, i));
		} else if (i.op == IR_TRAPIF) {
			if (outcome(s, &i) > 0)
				return;
		} else if (i.op == IR_BR) {
			known = outcome(s, &i);
			for (unsigned k = 0; k < 2; k++)
				if (known != (int)k)
					take_edge(s, b, k);
		} else if (i.op == IR_JMP) {
			take_edge(s, b, 0);
		} else {
			lower(s, v, VARIES);
		}
	}
}

/* ---- What came of it ------------------------------------------------------------------------ */

static bool
use_constants(Sccp *s)
{
	IrFunc *f = s->f;
	bool changed = false;

	for (uint32_t k = 0; k < f->order.n; k++) {
		BlockId b = f->order.at[k];

		for (Val v = f->blocks.at[b].first, next; v && s->reached[b]; v = next) {
			Val to = v < s->nvalues ? s->state[v] : 0;

			next = f->ins.at[v].next;
			if (f->ins.at[v].op == IR_BR && s->taken[2 * b] != s->taken[2 * b + 1]) {
				edit_settle_branch(f, b, s->taken[2 * b] ? 0 : 1);
				changed = true;
			}
			if (!to || to == VARIES || f->ins.at[v].op == IR_CONST)
				continue;
			ir_replace(f, v, to);
			changed = true;
		}
	}
	ir_apply_replacements(f);
	return changed;
}

bool
sccp_run(IrFunc *f, OptContext *o)
{
	Sccp s = { .f = f, .nvalues = f->ins.n };
	uint32_t rounds = 0;

	if (!is_worth_it(&s))
		return false;
	s.nvalues = f->ins.n;
	s.state = arena_alloc(o->arena, s.nvalues * sizeof *s.state);
	s.reached = arena_alloc(o->arena, 3 * (size_t)f->blocks.n);
	if (!s.state || !s.reached)
		return false;
	s.taken = s.reached + f->blocks.n;
	s.reached[0] = true;
	do {
		s.lowered = false;
		for (uint32_t k = 0; k < f->order.n; k++)
			if (s.reached[f->order.at[k]])
				visit_block(&s, f->order.at[k]);
	} while (s.lowered && ++rounds < MOST_ROUNDS && !o->arena->mem->failed);
	return !s.lowered && !o->arena->mem->failed && use_constants(&s);
}
