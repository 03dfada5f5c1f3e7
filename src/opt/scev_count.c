/* scev_count.c - for how many iterations a condition holds, and what that says of its operands.
 *
 * All counts are of leading iterations in which no operand wraps around: at least so many are made,
 * always.  What happens when a counter does wrap past its bound is left to the loop itself, which
 * goes on from where it was put. */
#include "opt/scev.h"

typedef struct Side { /* start + step·m */
	Val start, step;
	int64_t by; /* step, if known; 0 when it does not change */
	bool known;
} Side;

static bool
side_of(Scev *s, const Chain *c, Side *side)
{
	if (!c || c->degree > 1)
		return false;
	*side = (Side){ .start = c->c[0], .known = true };
	if (!c->degree)
		return true;
	side->step = c->c[1];
	side->known = scev_constant(s, side->step, &side->by);
	return !side->known || (side->by > INT64_MIN / 4 && side->by < INT64_MAX / 4);
}

static Val
widened(Scev *s, Val v)
{
	return s->f->ins.at[v].type == IR_I32 ? scev_ins(s, IR_ZEXT32, IR_I64, v, 0) : v;
}

static Val
select_count(Scev *s, unsigned cc, Val a, Val b, Val then, Val otherwise)
{
	return ir_select(s->f, s->at, (IrCc)cc, a, b, then, otherwise);
}

static Val
number(Scev *s, uint64_t n)
{
	return scev_const(s, IR_I64, n);
}

static bool
is_strict(unsigned cc)
{
	return cc == CC_SLT || cc == CC_ULT;
}

static bool
is_signed_cc(unsigned cc)
{
	return cc == CC_SLT || cc == CC_SLE;
}

/* a < b or a <= b, a coming closer by `rate` > 0 in each iteration. */
static Val
closing(Scev *s, unsigned cc, Val a, Val b, Val rate, bool one)
{
	unsigned type = s->f->ins.at[a].type;
	Val gap = scev_ins(s, IR_SUB, type, b, a), n = gap, zero = number(s, 0);

	if (one && is_strict(cc)) /* gap 0 and no gap are the same: <= is easier to prove */
		return select_count(s, cc == CC_SLT ? CC_SLE : CC_ULE, a, b, widened(s, gap), zero);
	if (is_strict(cc))
		n = scev_ins(s, IR_ADD, type, gap, scev_const(s, type, UINT64_MAX));
	if (!one)
		n = scev_ins(s, IR_UDIV, type, n, rate);
	n = scev_ins(s, IR_ADD, IR_I64, widened(s, n), number(s, 1));
	return select_count(s, cc, a, b, n, zero);
}

/* A step that is not known: closing if it is positive, else nothing is said. */
static Val
closing_unknown(Scev *s, unsigned cc, Val a, Val b, Val rate)
{
	unsigned type = s->f->ins.at[a].type, positive = is_signed_cc(cc) ? CC_SGT : CC_NE;
	Val zero = scev_const(s, type, 0), n;
	Val safe = select_count(s, positive, rate, zero, rate, scev_const(s, type, 1));

	n = closing(s, cc, a, b, safe, false);
	return select_count(s, positive, rate, zero, n, number(s, 0));
}

/* Iterations in which start + step·m stays a number of that signedness. */
static Val
room(Scev *s, Val start, int64_t by, bool as_signed)
{
	unsigned type = s->f->ins.at[start].type, width = type == IR_I32 ? 32 : 64;
	uint64_t ones = UINT64_MAX >> (64 - width), top = as_signed ? ones >> 1 : ones, n;
	Val left;

	if (by > 0) {
		left = scev_ins(s, IR_SUB, type, scev_const(s, type, top), start);
		n = (uint64_t)by;
	} else {
		left = scev_ins(s, IR_SUB, type, start,
				scev_const(s, type, as_signed ? top + 1 : 0));
		n = 0 - (uint64_t)by;
	}
	return widened(s, scev_ins(s, IR_UDIV, type, left, scev_const(s, type, n)));
}

static Val
lesser(Scev *s, Val a, Val b)
{
	return a == b ? a : select_count(s, CC_ULT, a, b, a, b);
}

/* Whether the bound of a <= b, of which one side moves by 1, may be the last number, so that the
 * other never gets past it. */
static bool
at_the_end(Scev *s, unsigned cc, const Side *a, const Side *b)
{
	Val v = a->by ? b->start : a->start;
	unsigned width = s->f->ins.at[v].type == IR_I32 ? 32 : 64;
	uint64_t ones = UINT64_MAX >> (64 - width), last = a->by ? ones : 0;

	if (is_signed_cc(cc))
		last ^= ones ^ ones >> 1;
	return !v || !ir_is_const(s->f, v) || ir_const_bits(s->f, v) == last;
}

/* a < b or a <= b. */
static Val
holds_less(Scev *s, unsigned cc, const Side *a, const Side *b, bool *exact)
{
	bool as_signed = is_signed_cc(cc);
	int64_t rate = a->by - b->by;
	Val n = 0;

	if (!a->known || !b->known) {
		unsigned type = s->f->ins.at[a->start].type;
		if (a->step && b->step)
			return 0;
		return closing_unknown(s, cc, a->start, b->start,
				       a->step ? a->step : scev_ins(s, IR_NEG, type, b->step, 0));
	}
	if (a->by >= 0 && b->by <= 0 && rate > 0) {
		unsigned type = s->f->ins.at[a->start].type;
		*exact = rate == 1 && (is_strict(cc) || !at_the_end(s, cc, a, b));
		return closing(s, cc, a->start, b->start, scev_const(s, type, (uint64_t)rate),
			       rate == 1);
	}
	if (a->by > 0 || b->by < 0 || rate == 0)
		return 0;
	if (a->by)
		n = room(s, a->start, a->by, as_signed);
	if (b->by) {
		Val m = room(s, b->start, b->by, as_signed);
		n = n ? lesser(s, n, m) : m;
	}
	return select_count(s, cc, a->start, b->start, n, number(s, 0));
}

/* a != b, a - b changing by `rate`: never equal unless the twos of the rate divide the distance,
 * and then after distance/rate modulo what is left of the width. */
static Val
holds_unequal(Scev *s, const Side *a, const Side *b, bool *exact)
{
	unsigned type = s->f->ins.at[a->start].type, twos = 0;
	int64_t rate = a->by - b->by;
	uint64_t odd = (uint64_t)rate, inverse;
	Val gap = scev_ins(s, IR_SUB, type, b->start, a->start), n, low;

	*exact = true;
	if (rate == 1 || rate == -1) {
		if (rate < 0)
			gap = scev_ins(s, IR_SUB, type, a->start, b->start);
		return widened(s, gap);
	}
	for (; odd % 2 == 0; odd = (uint64_t)((int64_t)odd / 2))
		twos++;
	if (type == IR_I32 && twos >= 32)
		return 0;
	inverse = (3 * odd) ^ 2;
	for (int k = 0; k < 4; k++)
		inverse *= 2 - odd * inverse;
	n = scev_ins(s, IR_SHR, type, gap, scev_const(s, type, twos));
	n = scev_ins(s, IR_MUL, type, n, scev_const(s, type, inverse));
	if (!twos)
		return widened(s, n);
	n = scev_ins(s, IR_SHL, type, n, scev_const(s, type, twos));
	n = scev_ins(s, IR_SHR, type, n, scev_const(s, type, twos));
	low = scev_ins(s, IR_AND, type, gap, scev_const(s, type, (UINT64_C(1) << twos) - 1));
	*exact = false; /* it may never end */
	return select_count(s, CC_EQ, low, scev_const(s, type, 0), widened(s, n),
			    number(s, UINT64_MAX));
}

Val
scev_holds(Scev *s, unsigned cc, const Chain *a, const Chain *b, bool *exact)
{
	Side x, y;

	*exact = false;
	if (cc >= CC_FEQ || !side_of(s, a, &x) || !side_of(s, b, &y))
		return 0;
	if (cc == CC_SGT || cc == CC_SGE || cc == CC_UGT || cc == CC_UGE) {
		Side t = x;
		x = y;
		y = t;
		cc = cc_swapped[cc];
	}
	if (!x.step && !y.step)
		return select_count(s, cc, x.start, y.start, number(s, UINT64_MAX), number(s, 0));
	if (cc != CC_EQ && cc != CC_NE)
		return holds_less(s, cc, &x, &y, exact);
	if (!x.known || !y.known)
		return 0;
	if (x.by == y.by)
		return select_count(s, cc, x.start, y.start, number(s, UINT64_MAX), number(s, 0));
	if (cc == CC_NE)
		return holds_unequal(s, &x, &y, exact);
	return select_count(s, CC_EQ, x.start, y.start, number(s, 1), number(s, 0));
}

/* ---- What is known of values in the iterations jumped over ---------------------------------- */

void
scev_limit(Scev *s, Val count)
{
	s->count = s->count ? lesser(s, s->count, count) : count;
	s->exact = false;
}

/* The last m for which Σ c[k]·C(m, k), with constants that are not negative, is at most `top`. */
static bool
last_below(Scev *s, const Chain *c, uint64_t top, uint64_t *last)
{
	uint64_t low = 0, high = UINT64_MAX; /* low is one */

	for (unsigned k = 0; k <= c->degree; k++) {
		int64_t x;
		if (!scev_constant(s, c->c[k], &x) || x < 0)
			return false;
	}
	if (ir_const_bits(s->f, c->c[0]) > top)
		return false;
	while (high - low > 1) {
		uint64_t m = low + (high - low) / 2, sum = 0, choose = 1, term;
		bool over = false;
		for (unsigned k = 0; k <= c->degree && !over; k++) {
			uint64_t x = ir_const_bits(s->f, c->c[k]);
			if (k && (m < k || __builtin_mul_overflow(choose, m - k + 1, &choose)))
				over = m >= k;
			choose = m < k ? 0 : choose / (k ? k : 1);
			over = over || __builtin_mul_overflow(choose, x, &term) ||
			       __builtin_add_overflow(sum, term, &sum) || sum > top;
		}
		*(over ? &high : &low) = m;
	}
	*last = low;
	return true;
}

static bool
limited_already(const Scev *s, Val v, unsigned fact)
{
	for (uint32_t k = 0; k < s->nlimits; k++)
		if (s->limit[k].v == v && s->limit[k].fact == fact)
			return true;
	return false;
}

/* Limits are made when the period is 1: with a longer one the chain's rows are spread. */
bool
scev_require(Scev *s, Val v, const Chain *c, unsigned fact)
{
	uint64_t top = UINT64_MAX >> (c->type == IR_I32 ? 32 : 0), last;
	int64_t by, start;
	Val n;

	if (!c->degree || (c->facts & fact) == fact || limited_already(s, v, fact))
		return true;
	if (s->period != 1 || s->nlimits == SCEV_LIMITS)
		return false;
	if (c->degree > 1) {
		if (!last_below(s, c, fact == UNSIGNED_KEPT ? top : top >> 1, &last))
			return false;
		s->limit[s->nlimits++] = (Limit){ v, (uint8_t)fact };
		scev_limit(s, number(s, last));
		return true;
	}
	if (!scev_constant(s, c->c[1], &by) || !by || by == INT64_MIN)
		return false;
	s->limit[s->nlimits++] = (Limit){ v, (uint8_t)fact };
	n = room(s, c->c[0], by, (fact & UNSIGNED_KEPT) == 0 && !((fact & NOT_NEGATIVE) && by < 0));
	if ((fact & NOT_NEGATIVE) && !(scev_constant(s, c->c[0], &start) && start >= 0))
		n = select_count(s, CC_SGE, c->c[0], scev_const(s, c->type, 0), n, number(s, 0));
	scev_limit(s, n);
	return true;
}

/* Counts are of iterations without wrap-around, so a counter that an exit's inequality reads
 * does not wrap. */
void
scev_counter(Scev *s, Val phi, Chain *c)
{
	int64_t start, by, bound = 0;

	if (c->degree != 1)
		return;
	for (uint32_t k = 0; k < s->nexits; k++) {
		Cond stay = s->exit[k].stay;
		if (ir_resolve(s->f, stay.b) == phi) {
			Val t = stay.a;
			stay = (Cond){ cc_swapped[stay.cc], stay.b, t };
		}
		if (ir_resolve(s->f, stay.a) != phi || stay.cc == CC_EQ || stay.cc == CC_NE ||
		    stay.cc >= CC_FEQ || s->local.at[ir_resolve(s->f, stay.b)])
			continue;
		if (stay.cc >= CC_ULT) {
			c->facts |= UNSIGNED_KEPT;
			continue;
		}
		c->facts |= SIGNED_KEPT;
		if (!scev_constant(s, c->c[1], &by))
			continue;
		if ((by > 0 && scev_constant(s, c->c[0], &start) && start >= 0) ||
		    ((stay.cc == CC_SGT || stay.cc == CC_SGE) &&
		     scev_constant(s, ir_resolve(s->f, stay.b), &bound) && bound >= 0))
			c->facts |= NOT_NEGATIVE | UNSIGNED_KEPT;
	}
}

static bool
implied_by_exit(Scev *s, Cond c)
{
	c.a = ir_resolve(s->f, c.a);
	c.b = ir_resolve(s->f, c.b);
	for (uint32_t k = 0; k < s->nexits; k++) {
		Cond stay = s->exit[k].stay;
		Val a = ir_resolve(s->f, stay.a), b = ir_resolve(s->f, stay.b);
		unsigned cc = stay.cc;
		if (a == c.b && b == c.a)
			cc = cc_swapped[cc];
		else if (a != c.a || b != c.b)
			continue;
		if (cc == c.cc || (cc == CC_SLT && c.cc == CC_SLE) ||
		    (cc == CC_SGT && c.cc == CC_SGE) || (cc == CC_ULT && c.cc == CC_ULE) ||
		    (cc == CC_UGT && c.cc == CC_UGE))
			return true;
	}
	return false;
}

int
scev_decide(Scev *s, Cond c, const Chain *a, const Chain *b)
{
	int64_t low, bound;
	Cond contrary = { cc_negated[c.cc], c.a, c.b };

	if (implied_by_exit(s, c))
		return 1;
	if (implied_by_exit(s, contrary))
		return 0;
	if (!a || !b)
		return -1;
	if (!a->degree && b->degree) {
		const Chain *t = a;
		a = b;
		b = t;
		c.cc = cc_swapped[c.cc];
	}
	if (b->degree || a->degree != 1 || !(a->facts & NOT_NEGATIVE) ||
	    !scev_constant(s, b->c[0], &bound))
		return -1;
	low = 0;
	switch (c.cc) {
	case CC_SGE: return low >= bound ? 1 : -1;
	case CC_SGT: return low > bound ? 1 : -1;
	case CC_SLT: return low >= bound ? 0 : -1;
	case CC_SLE: return low > bound ? 0 : -1;
	case CC_NE: return low > bound ? 1 : -1;
	case CC_EQ: return low > bound ? 0 : -1;
	default: return -1;
	}
}
