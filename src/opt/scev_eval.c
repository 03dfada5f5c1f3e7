/* scev_eval.c - what the values of a loop's body are in iteration m, and so what its phis are.
 *
 * Only iterations that do not leave the loop count, so a branch that leaves is taken to go the
 * other way.  A branch inside the body is decided, or it makes a choice row by row, or it is the
 * one condition that splits the iterations. */
#include "opt/scev.h"

static const Form nothing; /* control does not come this way */

static const Form *
form_of(Scev *s, const Chain *c)
{
	Form *form = c ? arena_alloc(s->arena, sizeof *form) : NULL;

	if (form)
		form->rest = c;
	return form;
}

static const Chain *
chain_in(const Form *form)
{
	return form && form != &nothing && !form->n ? form->rest : NULL;
}

const Chain *
scev_chain_of(Scev *s, Val v)
{
	return chain_in(scev_eval(s, v));
}

static uint64_t
common_divisor(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t t = a % b;
		a = b;
		b = t;
	}
	return a;
}

void
scev_want_period(Scev *s, uint64_t p)
{
	if (p <= SCEV_PERIOD && s->want / common_divisor(s->want, p) * p <= SCEV_PERIOD)
		s->want = (uint32_t)(s->want / common_divisor(s->want, p) * p);
}

/* ---- Arithmetic ----------------------------------------------------------------------------- */

/* The value that all rows have in all iterations, or 0. */
Val
scev_same_always(const Scev *s, const Chain *c)
{
	if (!c || c->degree)
		return 0;
	for (unsigned r = 1; r < s->period; r++)
		if (c->c[r] != c->c[0])
			return 0;
	return c->c[0];
}

static const Form *
add_forms(Scev *s, const Form *a, const Form *b, IrOp op)
{
	Form *sum;

	if (!a || !b)
		return NULL;
	sum = arena_alloc(s->arena, sizeof *sum);
	if (!sum)
		return NULL;
	*sum = *a;
	sum->rest = scev_add(s, a->rest, b->rest, op);
	for (uint32_t k = 0; k < b->n; k++) {
		uint32_t at = 0;
		while (at < sum->n && sum->phi[at] != b->phi[k])
			at++;
		if (at == SCEV_TERMS)
			return NULL;
		if (at == sum->n) {
			sum->phi[sum->n] = b->phi[k];
			sum->factor[sum->n++] = scev_const(s, b->rest->type, 0);
		}
		sum->factor[at] = scev_ins(s, op, b->rest->type, sum->factor[at], b->factor[k]);
	}
	return sum->rest ? sum : NULL;
}

static const Form *
mul_forms(Scev *s, const Form *a, const Form *b)
{
	Form *product;
	Val by;

	if (!a || !b || (a->n && b->n))
		return NULL;
	if (!a->n && !b->n)
		return form_of(s, scev_mul(s, a->rest, b->rest));
	if (b->n) {
		const Form *t = a;
		a = b;
		b = t;
	}
	by = scev_same_always(s, b->rest);
	product = by ? arena_alloc(s->arena, sizeof *product) : NULL;
	if (!product)
		return NULL;
	*product = *a;
	product->rest = scev_mul(s, a->rest, b->rest);
	for (uint32_t k = 0; k < a->n; k++)
		product->factor[k] = scev_ins(s, IR_MUL, b->rest->type, a->factor[k], by);
	return product->rest ? product : NULL;
}

/* The coefficient as the integer that it is when no value of the chain wraps, not modulo 2^w.  With
 * a period, that of a line may have wrapped where it is less than two periods long, and be of
 * either sign; those of polynomials are not negative.  False: not known. */
static bool
true_step(const Scev *s, const Chain *c, unsigned r, unsigned k, int64_t *step)
{
	int64_t x, limit = INT64_C(1) << (c->type == IR_I32 ? 30 : 62);

	if (!scev_constant(s, *scev_at(c, r, k), &x))
		return false;
	*step = c->degree > 1 && c->type == IR_I32 ? (int64_t)(uint32_t)x : x;
	return c->degree > 1 ? *step >= 0 : s->period == 1 || (x > -limit && x < limit);
}

/* Whether all coefficients of q are multiples of d; if not, asks for a period with which they are.
 * Those of numbers that do not wrap, or any if d is a power of two. */
static bool
divides_steps(Scev *s, uint64_t d, const Chain *c, bool any)
{
	bool all = true;
	int64_t x;

	for (unsigned r = 0; r < s->period; r++) {
		for (unsigned k = 1; k <= c->degree; k++) {
			if (!(any ? scev_constant(s, *scev_at(c, r, k), &x)
				  : true_step(s, c, r, k, &x)))
				return false;
			uint64_t common = common_divisor(x < 0 ? 0 - (uint64_t)x : (uint64_t)x, d);
			if (common == d)
				continue;
			scev_want_period(s, s->period * (d / common));
			all = false;
		}
	}
	return all;
}

/* x & mask, the mask's ones below bit t: depends on x modulo 2^t only. */
static const Chain *
mask_chain(Scev *s, const Chain *c, Val mask)
{
	uint64_t bits = ir_const_bits(s->f, mask), ones, two = 1;

	ones = c->type == IR_I32 ? UINT32_MAX : UINT64_MAX;
	if (!c->degree)
		return scev_each(s, IR_AND, c->type, c, scev_invariant(s, mask));
	if (bits > ones >> 1) { /* x & ~m is x - (x & m) */
		Val rest = scev_const(s, c->type, bits ^ ones);
		if (rest && (bits ^ ones) <= ones >> 1)
			return scev_add(s, c, mask_chain(s, c, rest), IR_SUB);
		return NULL;
	}
	while (two <= bits)
		two *= 2;
	if (!divides_steps(s, two, c, true))
		return NULL;
	Chain *out = scev_chain(s, c->type, 0);
	for (unsigned r = 0; out && r < s->period; r++)
		out->c[r] = scev_ins(s, IR_AND, c->type, *scev_at(c, r, 0), mask);
	return out;
}

/* A shift right or a division by a constant d, or the remainder: of c0 + c1·q with d dividing c1,
 * the quotient is c0/d + (c1/d)·q and the remainder c0 % d, if nothing wraps. */
static const Chain *
divide_chain(Scev *s, const Ins *i, Val v, const Chain *c)
{
	uint64_t bits = ir_const_bits(s->f, i->arg[1]), d = bits;
	bool shift = i->op == IR_SHR || i->op == IR_SAR;
	unsigned fact = i->op == IR_SHR || i->op == IR_UDIV || i->op == IR_UREM ? UNSIGNED_KEPT
			: i->op == IR_SAR					? SIGNED_KEPT
					  : SIGNED_KEPT | NOT_NEGATIVE;
	bool remainder = i->op == IR_UREM || i->op == IR_SREM;
	int64_t step;
	Chain *out;

	if (shift) {
		bits &= c->type == IR_I32 ? 31 : 63;
		d = bits < 32 ? UINT64_C(1) << bits : 0;
	}
	if (!d || d > INT32_MAX)
		return NULL;
	if (!scev_require(s, v, c, fact) || !divides_steps(s, d, c, false))
		return NULL;
	out = scev_chain(s, c->type, remainder ? 0 : c->degree);
	for (unsigned r = 0; out && r < s->period; r++) {
		*scev_at(out, r, 0) = scev_ins(s, i->op, c->type, *scev_at(c, r, 0), i->arg[1]);
		for (unsigned k = 1; k <= c->degree && !remainder; k++)
			if (true_step(s, c, r, k, &step))
				*scev_at(out, r, k) =
					scev_const(s, c->type, (uint64_t)(step / (int64_t)d));
	}
	if (out && c->degree && fact != SIGNED_KEPT && d > 1)
		out->facts = SIGNED_KEPT | UNSIGNED_KEPT | NOT_NEGATIVE;
	else if (out && c->degree)
		out->facts = c->facts | (uint8_t)fact;
	return out;
}

static const Chain *
extend_chain(Scev *s, IrOp op, Val v, const Chain *c)
{
	/* As an unsigned number a step that is not known may be meant to go up or down. */
	bool unknown = c->degree == 1 && s->period == 1 && op == IR_SEXT32;
	int64_t step;
	Chain *out;

	if (!scev_require(s, v, c, op == IR_ZEXT32 ? UNSIGNED_KEPT : SIGNED_KEPT))
		return NULL;
	out = scev_chain(s, IR_I64, c->degree);
	for (unsigned r = 0; out && r < s->period; r++) {
		*scev_at(out, r, 0) = scev_ins(s, op, IR_I64, *scev_at(c, r, 0), 0);
		for (unsigned k = 1; k <= c->degree; k++) {
			if (true_step(s, c, r, k, &step))
				*scev_at(out, r, k) = scev_const(s, IR_I64, (uint64_t)step);
			else if (unknown)
				*scev_at(out, r, k) =
					scev_ins(s, IR_SEXT32, IR_I64, *scev_at(c, r, k), 0);
			else
				return NULL;
		}
	}
	if (out && (op == IR_ZEXT32 || (c->facts & NOT_NEGATIVE)))
		out->facts = SIGNED_KEPT | UNSIGNED_KEPT | NOT_NEGATIVE;
	else if (out)
		out->facts = SIGNED_KEPT;
	return out;
}

static const Chain *
wrap_chain(Scev *s, const Chain *c)
{
	Chain *out = scev_chain(s, IR_I32, c->degree);

	for (unsigned r = 0; out && r < s->period; r++)
		for (unsigned k = 0; k <= c->degree; k++)
			*scev_at(out, r, k) = scev_ins(s, IR_WRAP, IR_I32, *scev_at(c, r, k), 0);
	return out;
}

/* ---- Choices -------------------------------------------------------------------------------- */

enum { CHOOSE_UNKNOWN = -1, CHOOSE_SECOND, CHOOSE_FIRST, CHOOSE_BY_ROW };

static bool
same_cond(Cond a, Cond b)
{
	return a.cc == b.cc && a.a == b.a && a.b == b.b;
}

/* The one condition that may change in the course of the iterations: assumed, and they are counted.
 */
static int
choose_split(Scev *s, Cond c, const Chain *a, const Chain *b)
{
	Cond contrary = { cc_negated[c.cc], c.a, c.b };
	int64_t x = 0, y = 0;

	if (s->split.cc != CC_COUNT) {
		if (same_cond(s->split, c))
			return s->assume;
		return same_cond(s->split, contrary) ? !s->assume : CHOOSE_UNKNOWN;
	}
	if (s->period != 1 || a->degree > 1 || b->degree > 1 || c.cc >= CC_FEQ)
		return CHOOSE_UNKNOWN;
	if ((a->degree && !scev_constant(s, a->c[1], &x)) ||
	    (b->degree && !scev_constant(s, b->c[1], &y)) || x == y)
		return CHOOSE_UNKNOWN;
	s->split = c;
	s->split_rate = x > y ? 1 : -1;
	return s->assume;
}

static int
choose(Scev *s, Cond c)
{
	const Chain *a, *b;
	int known;

	c.a = ir_resolve(s->f, c.a);
	c.b = ir_resolve(s->f, c.b);
	a = scev_chain_of(s, c.a);
	b = scev_chain_of(s, c.b);
	known = scev_decide(s, c, a, b);
	if (known >= 0)
		return known;
	if (!a || !b)
		return CHOOSE_UNKNOWN;
	if (!a->degree && !b->degree)
		return CHOOSE_BY_ROW;
	return choose_split(s, c, a, b);
}

/* Rows of the first where the condition holds, else of the second.  What they have of open phis
 * must be the same. */
static const Form *
choose_rows(Scev *s, Cond c, const Form *x, const Form *y)
{
	const Chain *a = scev_chain_of(s, c.a), *b = scev_chain_of(s, c.b);
	Form *form = x && y && a && b ? arena_alloc(s->arena, sizeof *form) : NULL;
	Chain *out;

	if (!form || x->n != y->n || memcmp(x->phi, y->phi, x->n) != 0 ||
	    memcmp(x->factor, y->factor, x->n * sizeof *x->factor) != 0)
		return NULL;
	*form = *x;
	out = scev_chain(s, x->rest->type,
			 x->rest->degree > y->rest->degree ? x->rest->degree : y->rest->degree);
	for (unsigned r = 0; out && r < s->period; r++) {
		for (unsigned k = 0; k <= out->degree; k++) {
			Val zero = scev_const(s, out->type, 0);
			Val first = k <= x->rest->degree ? *scev_at(x->rest, r, k) : zero;
			Val second = k <= y->rest->degree ? *scev_at(y->rest, r, k) : zero;
			*scev_at(out, r, k) =
				ir_select(s->f, s->at, (IrCc)c.cc, a->c[r], b->c[r], first, second);
		}
	}
	form->rest = out;
	return out ? form : NULL;
}

static const Form *
select_forms(Scev *s, Cond c, Val first, Val second)
{
	int which = choose(s, c);

	if (which == CHOOSE_UNKNOWN)
		return NULL;
	if (which == CHOOSE_BY_ROW)
		return choose_rows(s, c, scev_eval(s, first), scev_eval(s, second));
	return scev_eval(s, which ? first : second);
}

/* ---- Phis ----------------------------------------------------------------------------------- */

bool
scev_inside(const Scev *s, BlockId b)
{
	return b < s->first_new_block && s->in_loop[b] == s->header + 1;
}

Val
scev_operand_from(Scev *s, Val phi, BlockId from)
{
	const Block *join = &s->f->blocks.at[s->f->ins.at[phi].block];

	for (uint32_t k = 0; k < join->preds.n; k++)
		if (join->preds.at[k] == from)
			return ir_resolve(s->f, s->f->pool.at[s->f->ins.at[phi].arg[0] + k]);
	return 0;
}

/* The value of a phi when control comes to it from the end of block b without leaving the
 * iteration; `nothing` if it does not. */
static const Form *
walk(Scev *s, BlockId b, Val phi)
{
	for (;;) {
		const Block *block = &s->f->blocks.at[b];
		BlockId join = s->f->ins.at[phi].block,
			succ[2] = { block->succ[0], block->succ[1] };
		Ins last = s->f->ins.at[block->last];
		Cond c = { last.cc, last.arg[0], last.arg[1] };
		const Form *arm[2];
		int which = CHOOSE_BY_ROW;

		if (s->walked++ > SCEV_WALK)
			return NULL;
		for (unsigned k = 0; k < 2; k++)
			if (!scev_inside(s, succ[k]) || (succ[k] == s->header && join != s->header))
				succ[k] = BLOCK_NONE;
		if (succ[0] != BLOCK_NONE && succ[1] != BLOCK_NONE) {
			which = choose(s, c);
			if (which == CHOOSE_UNKNOWN)
				return NULL;
			if (which != CHOOSE_BY_ROW)
				succ[which] = BLOCK_NONE; /* CHOOSE_FIRST goes to succ[0] */
		}
		if (succ[0] != BLOCK_NONE && succ[1] != BLOCK_NONE) {
			for (unsigned k = 0; k < 2; k++)
				arm[k] = succ[k] == join
						 ? scev_eval(s, scev_operand_from(s, phi, b))
						 : walk(s, succ[k], phi);
			if (arm[0] == &nothing || arm[1] == &nothing)
				return arm[arm[0] == &nothing];
			return arm[0] == arm[1] ? arm[0] : choose_rows(s, c, arm[0], arm[1]);
		}
		if (succ[0] == BLOCK_NONE && succ[1] == BLOCK_NONE)
			return &nothing;
		if (succ[0] == BLOCK_NONE)
			succ[0] = succ[1];
		if (succ[0] == join)
			return scev_eval(s, scev_operand_from(s, phi, b));
		b = succ[0];
	}
}

static const Form *
eval_phi(Scev *s, Val v)
{
	BlockId b = s->f->ins.at[v].block;
	const Form *form;

	if (b != s->header) {
		if (s->f->blocks.at[b].preds.n == 1)
			return scev_eval(s,
					 scev_operand_from(s, v, s->f->blocks.at[b].preds.at[0]));
		form = walk(s, s->f->blocks.at[b].idom, v);
		return form == &nothing ? NULL : form;
	}
	for (uint32_t k = 0; k < s->nphis; k++) {
		if (s->phi[k].phi != v)
			continue;
		if (s->phi[k].kind == PHI_CHAIN)
			return form_of(s, s->phi[k].chain);
		if (s->phi[k].kind != PHI_OPEN)
			return NULL;
		Form *open = arena_alloc(s->arena, sizeof *open);
		if (!open)
			return NULL;
		open->rest = scev_chain(s, s->f->ins.at[v].type, 0);
		open->n = 1;
		open->phi[0] = (uint8_t)k;
		open->factor[0] = scev_const(s, s->f->ins.at[v].type, 1);
		return open->rest ? open : NULL;
	}
	return NULL;
}

/* ---- Instructions --------------------------------------------------------------------------- */

/* A binomial coefficient that a loop inside, solved, has left. */
static const Form *
eval_noted(Scev *s, Val v)
{
	const Chain *c;
	Note n;

	if (v >= s->note_of.cap || !s->note_of.at[v])
		return NULL;
	n = s->notes.at[s->note_of.at[v] - 1];
	c = scev_chain_of(s, n.n);
	if (!c || (c->degree && !scev_require(s, n.n, c, UNSIGNED_KEPT)))
		return NULL;
	return form_of(s, scev_binomial(s, c, n.k));
}

static const Form *
number_form(Scev *s, unsigned type, uint64_t n)
{
	return form_of(s, scev_invariant(s, scev_const(s, type, n)));
}

/* Operations of which both operands are the same in all iterations of a row. */
static const Form *
eval_rows(Scev *s, const Ins *i)
{
	const IrOpInfo *info = &ir_op_info[i->op];
	const Chain *a, *b = NULL;

	if (!(info->flags & IR_P) || !info->nargs || info->nargs > 2 || i->op == IR_SDIV ||
	    i->op == IR_UDIV || i->op == IR_SREM || i->op == IR_UREM)
		return NULL;
	a = scev_chain_of(s, i->arg[0]);
	if (info->nargs == 2 && !(b = scev_chain_of(s, i->arg[1])))
		return NULL;
	return form_of(s, scev_each(s, i->op, i->type, a, b));
}

static const Form *
eval_by_constant(Scev *s, const Ins *i)
{
	Val v = ir_resolve(s->f, i->arg[0]), by = ir_resolve(s->f, i->arg[1]);
	unsigned width = i->type == IR_I32 ? 32 : 64;
	const Chain *c;
	Ins resolved = *i;

	if (!ir_is_const(s->f, by))
		return eval_rows(s, i);
	if (i->op == IR_SHL)
		return mul_forms(
			s, scev_eval(s, v),
			number_form(s, i->type,
				    UINT64_C(1) << (ir_const_bits(s->f, by) & (width - 1))));
	c = scev_chain_of(s, v);
	resolved.arg[1] = by;
	if (!c)
		return NULL;
	if (i->op == IR_AND)
		return form_of(s, mask_chain(s, c, by));
	return form_of(s, divide_chain(s, &resolved, v, c));
}

static const Form *
eval_ins(Scev *s, Val v)
{
	Ins i = s->f->ins.at[v];
	const Chain *c;

	switch (i.op) {
	case IR_PHI: return eval_phi(s, v);
	case IR_ADD:
	case IR_SUB: return add_forms(s, scev_eval(s, i.arg[0]), scev_eval(s, i.arg[1]), i.op);
	case IR_MUL: return mul_forms(s, scev_eval(s, i.arg[0]), scev_eval(s, i.arg[1]));
	case IR_NEG: return add_forms(s, number_form(s, i.type, 0), scev_eval(s, i.arg[0]), IR_SUB);
	case IR_NOT: /* -x - 1 */
		return add_forms(s, number_form(s, i.type, UINT64_MAX), scev_eval(s, i.arg[0]),
				 IR_SUB);
	case IR_AND:
	case IR_SHL:
	case IR_SHR:
	case IR_SAR:
	case IR_UDIV:
	case IR_SDIV:
	case IR_UREM:
	case IR_SREM: return eval_by_constant(s, &i);
	case IR_SEXT32:
	case IR_ZEXT32:
		c = scev_chain_of(s, i.arg[0]);
		return c ? form_of(s, extend_chain(s, i.op, ir_resolve(s->f, i.arg[0]), c)) : NULL;
	case IR_WRAP:
		c = scev_chain_of(s, i.arg[0]);
		return c ? form_of(s, wrap_chain(s, c)) : NULL;
	case IR_CMP:
		return select_forms(s, (Cond){ i.cc, i.arg[0], i.arg[1] }, scev_const(s, IR_I32, 1),
				    scev_const(s, IR_I32, 0));
	case IR_SELECT:
		return select_forms(s, (Cond){ i.cc, i.arg[0], i.arg[1] }, i.arg[2], i.arg[3]);
	default: return eval_rows(s, &i);
	}
}

const Form *
scev_eval(Scev *s, Val v)
{
	const Form *form;
	uint32_t at;

	v = ir_resolve(s->f, v);
	if (!v || s->arena->mem->failed)
		return NULL;
	at = v < s->local.n ? s->local.at[v] : 0;
	if (!at) {
		unsigned type = s->f->ins.at[v].type;
		return type == IR_I32 || type == IR_I64 ? form_of(s, scev_invariant(s, v)) : NULL;
	}
	if (s->known[at - 1])
		return s->memo[at - 1];
	s->work += s->period;
	if (s->work > SCEV_WORK || s->f->ins.n - s->ins_before > SCEV_WORK)
		return NULL;
	s->known[at - 1] = true; /* and unknown, should it come back to itself */
	s->memo[at - 1] = NULL;
	form = eval_noted(s, v);
	if (!form)
		form = eval_ins(s, v);
	s->memo[at - 1] = form;
	return form;
}

const Form *
scev_next(Scev *s, Val phi, Val next)
{
	const Form *form;

	memset(s->known, 0, s->nbody * sizeof *s->known);
	s->walked = 0;
	form = next ? scev_eval(s, next) : walk(s, s->header, phi);
	return form == &nothing ? NULL : form;
}
