/* scev_phi.c - what the phis of a loop's header are: from what each is made of one iteration later.
 *
 * A phi whose next value has only itself and solved ones in it is solved; then those that use it,
 * and so on until nothing changes. */
#include "opt/scev.h"

/* What v is, through phis of a single path. */
static Val
through(const Scev *s, Val v)
{
	for (;;) {
		Ins i;
		v = ir_resolve(s->f, v);
		i = s->f->ins.at[v];
		if (i.op != IR_PHI || i.block == s->header || i.arg[1] != 1)
			return v;
		v = s->f->pool.at[i.arg[0]];
	}
}

/* The only value that comes from inside, or 0. */
static Val
next_value(Scev *s, Val phi)
{
	Val next = 0;

	for (uint32_t k = 0; k < s->f->blocks.at[s->header].preds.n; k++) {
		Val v = through(s, s->f->pool.at[s->f->ins.at[phi].arg[0] + k]);
		if (k == s->entry || v == next)
			continue;
		if (next)
			return 0;
		next = v;
	}
	return next;
}

/* v = select cond ? first : second, be it an instruction or a phi of two paths. */
static bool
as_select(Scev *s, Val v, Cond *c, Val *first, Val *second)
{
	Ins i = s->f->ins.at[v], last;
	const Block *b, *top;

	if (i.op == IR_SELECT) {
		*c = (Cond){ i.cc, ir_resolve(s->f, i.arg[0]), ir_resolve(s->f, i.arg[1]) };
		*first = ir_resolve(s->f, i.arg[2]);
		*second = ir_resolve(s->f, i.arg[3]);
		return true;
	}
	if (i.op != IR_PHI || i.block == s->header)
		return false;
	b = &s->f->blocks.at[i.block];
	if (b->preds.n != 2 || b->idom == BLOCK_NONE || !scev_inside(s, b->idom))
		return false;
	top = &s->f->blocks.at[b->idom];
	last = s->f->ins.at[top->last];
	if (last.op != IR_BR)
		return false;
	*c = (Cond){ last.cc, ir_resolve(s->f, last.arg[0]), ir_resolve(s->f, last.arg[1]) };
	Val got[2] = { 0, 0 };
	for (unsigned k = 0; k < 2; k++) {
		BlockId to = top->succ[k];
		if (to == i.block)
			got[k] = scev_operand_from(s, v, b->idom);
		else if (s->f->blocks.at[to].preds.n == 1 &&
			 s->f->blocks.at[to].succ[0] == i.block &&
			 s->f->blocks.at[to].succ[1] == BLOCK_NONE)
			got[k] = scev_operand_from(s, v, to);
	}
	*first = got[0];
	*second = got[1];
	return got[0] && got[1];
}

/* x' = max(x, e) or min, e rising or falling without wrap-around: only its ends count. */
static bool
solve_extreme(Scev *s, PhiState *p, Val next)
{
	Val first, second, e;
	const Chain *c;
	Cond cond;

	if (s->period != 1 || !as_select(s, next, &cond, &first, &second))
		return false;
	if (first == p->phi) {
		Val t = first;
		first = second;
		second = t;
		cond.cc = cc_negated[cond.cc];
	}
	e = first;
	if (second != p->phi || e == p->phi)
		return false;
	if (cond.a == p->phi) {
		Val t = cond.a;
		cond.a = cond.b;
		cond.b = t;
		cond.cc = cc_swapped[cond.cc];
	}
	if (cond.a != e || cond.b != p->phi || cond.cc == CC_EQ || cond.cc == CC_NE ||
	    cond.cc >= CC_FEQ)
		return false;
	c = scev_chain_of(s, e);
	if (!c || c->degree > 1 ||
	    !scev_require(s, e, c, cond.cc >= CC_ULT ? UNSIGNED_KEPT : SIGNED_KEPT))
		return false;
	p->chain = c;
	p->cc = cond.cc;
	p->kind = PHI_EXTREME;
	return true;
}

/* x' = x ^ e: e the same in all iterations, or one more or less in each. */
static bool
solve_xor(Scev *s, PhiState *p, Val next)
{
	Ins i = s->f->ins.at[next];
	const Chain *c;
	int64_t by = 0;
	Val e;

	if (i.op != IR_XOR)
		return false;
	e = ir_resolve(s->f, i.arg[0]);
	if (e == p->phi)
		e = ir_resolve(s->f, i.arg[1]);
	else if (ir_resolve(s->f, i.arg[1]) != p->phi)
		return false;
	c = scev_chain_of(s, e);
	if (!c)
		return false;
	if (scev_same_always(s, c)) {
		Chain *out = s->period % 2 ? NULL : scev_chain(s, c->type, 0);
		scev_want_period(s, 2);
		for (unsigned r = 0; out && r < s->period; r++)
			out->c[r] =
				r % 2 ? scev_ins(s, IR_XOR, c->type, p->start, c->c[0]) : p->start;
		p->chain = out;
		p->kind = out ? PHI_CHAIN : PHI_OPEN;
		return out != NULL;
	}
	if (s->period != 1 || c->degree != 1 || !scev_constant(s, c->c[1], &by) ||
	    (by != 1 && by != -1))
		return false;
	p->chain = c;
	p->kind = PHI_XOR;
	return true;
}

static bool
solve_form(Scev *s, uint32_t k, const Form *form)
{
	PhiState *p = &s->phi[k];
	int64_t factor;

	if (form->n != 1 || form->phi[0] != k || !scev_constant(s, form->factor[0], &factor))
		return false;
	if (factor == 1)
		p->chain = scev_sum(s, p->start, form->rest);
	else if (factor == -1) {
		scev_want_period(s, 2);
		p->chain = scev_alternate(s, p->start, form->rest);
	} else
		return false;
	if (!p->chain)
		return false;
	scev_counter(s, p->phi, (Chain *)p->chain);
	p->kind = PHI_CHAIN;
	return true;
}

/* A phi that is set anew in each iteration, and that nothing else reads. */
static void
solve_late(Scev *s)
{
	for (uint32_t k = 0; k < s->nphis; k++) {
		PhiState *p = &s->phi[k];
		bool read = false;

		if (p->kind != PHI_OPEN || !p->form || p->form->n)
			continue;
		for (uint32_t j = 0; j < s->nphis; j++) {
			const Form *form = s->phi[j].kind == PHI_OPEN ? s->phi[j].form : NULL;
			for (uint32_t t = 0; form && t < form->n; t++)
				read = read || form->phi[t] == k;
		}
		if (read)
			continue;
		p->chain = p->form->rest;
		p->kind = PHI_LATE;
	}
}

/* Terms that have cancelled out. */
static const Form *
without_zeros(Scev *s, const Form *form)
{
	Form *out = form->n ? arena_alloc(s->arena, sizeof *out) : NULL;
	int64_t factor;

	if (!out)
		return form;
	out->rest = form->rest;
	for (uint32_t k = 0; k < form->n; k++) {
		if (scev_constant(s, form->factor[k], &factor) && !factor)
			continue;
		out->phi[out->n] = form->phi[k];
		out->factor[out->n++] = form->factor[k];
	}
	return out;
}

void
scev_solve(Scev *s)
{
	bool changed = true;

	for (uint32_t k = 0; k < s->nphis; k++) {
		s->phi[k].kind = PHI_OPEN;
		s->phi[k].chain = NULL;
	}
	while (changed) {
		changed = false;
		for (uint32_t k = 0; k < s->nphis; k++) {
			PhiState *p = &s->phi[k];
			Val next = next_value(s, p->phi);
			const Form *form;

			if (p->kind != PHI_OPEN)
				continue;
			form = scev_next(s, p->phi, next);
			p->form = form ? without_zeros(s, form) : NULL;
			if ((p->form && solve_form(s, k, p->form)) ||
			    (next && next < s->local.n && s->local.at[next] &&
			     (solve_xor(s, p, next) || solve_extreme(s, p, next) ||
			      scev_bits(s, p, next))))
				changed = true;
		}
	}
	memset(s->known, 0, s->nbody * sizeof *s->known);
	s->walked = 0;
	solve_late(s);
}
