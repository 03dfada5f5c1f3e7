/* facts.c - what is known of values at a place: intervals, and how two values compare.
 *
 * Three kinds of knowledge, each found by hash or by value, the newest first, and each new one made
 * of what was known before, so that the first in force is the best:
 * the interval of a value; of a pair, the set of outcomes of their comparison that can still be,
 * and the most that the first may exceed the second by (the edges of Bodik, Gupta and Sarkar's
 * "ABCD", PLDI 2000, but only as far as one sum on either side). */
#include "opt/facts.h"

enum { PROBES = 24 };

/* Of two integers there are five outcomes: equal, or the signed and the unsigned order, each either
 * way; of floats there are four. */
enum {
	EQUAL = 1,
	LESS_BELOW = 2,
	LESS_ABOVE = 4,
	GREATER_BELOW = 8,
	GREATER_ABOVE = 16,
	LESS = LESS_BELOW | LESS_ABOVE,
	GREATER = GREATER_BELOW | GREATER_ABOVE,
	BELOW = LESS_BELOW | GREATER_BELOW,
	ABOVE = LESS_ABOVE | GREATER_ABOVE,
	ANY_INT = 31,
	F_LESS = 2,
	F_GREATER = 4,
	F_UNORDERED = 8,
	ANY_FLOAT = 15,
};

static const uint8_t outcomes[CC_COUNT] = {
	[CC_EQ] = EQUAL,
	[CC_NE] = LESS | GREATER,
	[CC_SLT] = LESS,
	[CC_SLE] = LESS | EQUAL,
	[CC_SGT] = GREATER,
	[CC_SGE] = GREATER | EQUAL,
	[CC_ULT] = BELOW,
	[CC_ULE] = BELOW | EQUAL,
	[CC_UGT] = ABOVE,
	[CC_UGE] = ABOVE | EQUAL,
	[CC_FEQ] = EQUAL,
	[CC_FNE] = F_LESS | F_GREATER | F_UNORDERED,
	[CC_FLT] = F_LESS,
	[CC_FLE] = F_LESS | EQUAL,
	[CC_FGT] = F_GREATER,
	[CC_FGE] = F_GREATER | EQUAL,
	[CC_FNLT] = EQUAL | F_GREATER | F_UNORDERED,
	[CC_FNLE] = F_GREATER | F_UNORDERED,
	[CC_FNGT] = EQUAL | F_LESS | F_UNORDERED,
	[CC_FNGE] = F_LESS | F_UNORDERED,
};

typedef struct Pair {
	Val x, y;
	BlockId block;
	uint32_t outcomes, next;
	int64_t gap; /* x - y is at most this, as true numbers; NO_GAP: not known */
} Pair;
#define NO_GAP INT64_MAX

typedef struct Bound {
	Interval in;
	BlockId block;
	uint32_t next;
} Bound;

struct Facts {
	IrFunc *f;
	Arena *a;
	const Dom *dom;
	VEC(Pair) pairs;
	VEC(Bound) bounds;
	uint32_t *heads, mask;
	uint32_t nvalues;
	Interval *base;	 /* by value there was at the start: where it is made */
	uint32_t *upper; /* by value: newest Pair + 1 that says what it is not above */
	uint32_t *bound; /* by value: newest Bound + 1 */
	bool *exact;	 /* by value: an ADD with a constant that does not wrap */
	bool *seen;	 /* by value: base is set */
};

Facts *
facts_new(IrFunc *f, Arena *a, const Dom *dom)
{
	uint32_t cap = 64, n = f->ins.n;
	Facts *t = arena_alloc(a, sizeof *t);

	while (cap < n)
		cap *= 2;
	if (!t)
		return NULL;
	t->f = f;
	t->a = a;
	t->dom = dom;
	t->mask = cap - 1;
	t->nvalues = n;
	t->heads = arena_alloc(a, cap * sizeof *t->heads);
	t->base = arena_alloc(a, n * sizeof *t->base);
	t->bound = arena_alloc(a, 2 * (size_t)n * sizeof *t->bound);
	t->upper = t->bound ? t->bound + n : NULL;
	t->exact = arena_alloc(a, 2 * (size_t)n);
	t->seen = t->exact + n;
	return t->heads && t->base && t->bound && t->exact ? t : NULL;
}

static Interval
whole(unsigned type)
{
	return type == IR_I32 ? (Interval){ INT32_MIN, INT32_MAX }
			      : (Interval){ INT64_MIN, INT64_MAX };
}

static int64_t
const_value(const IrFunc *f, Val v)
{
	uint64_t bits = ir_const_bits(f, v);
	return f->ins.at[v].type == IR_I32 ? (int32_t)bits : (int64_t)bits;
}

static Interval
meet(Interval a, Interval b)
{
	Interval r = { a.lo > b.lo ? a.lo : b.lo, a.hi < b.hi ? a.hi : b.hi };
	return r.lo <= r.hi ? r : a; /* nothing left: the place is never reached */
}

Interval
facts_interval(const Facts *t, BlockId b, Val v)
{
	uint32_t k, probes = PROBES;

	if (ir_is_const(t->f, v)) {
		int64_t c = const_value(t->f, v);
		return (Interval){ c, c };
	}
	if (v >= t->nvalues || !t->seen[v])
		return whole(t->f->ins.at[v].type);
	for (k = t->bound[v]; k && probes; k = t->bounds.at[k - 1].next, probes--)
		if (dominates(t->dom, t->bounds.at[k - 1].block, b))
			return t->bounds.at[k - 1].in;
	return t->base[v];
}

/* ---- Pairs ---------------------------------------------------------------------------------- */

static uint32_t
hash_pair(const Facts *t, Val x, Val y)
{
	uint64_t h = (x * UINT64_C(0x9e3779b97f4a7c15)) ^ (y * UINT64_C(0xd6e8feb86659fd93));
	return (uint32_t)(h >> 29) & t->mask;
}

static const Pair *
find_pair(const Facts *t, BlockId b, Val x, Val y)
{
	uint32_t k = t->heads[hash_pair(t, x, y)];

	for (uint32_t probes = PROBES; k && probes; probes--) {
		const Pair *p = &t->pairs.at[k - 1];
		if (p->x == x && p->y == y && dominates(t->dom, p->block, b))
			return p;
		k = p->next;
	}
	return NULL;
}

static void
add_pair(Facts *t, BlockId b, Val x, Val y, uint32_t can, int64_t gap)
{
	const Pair *old = find_pair(t, b, x, y);
	uint32_t *head = &t->heads[hash_pair(t, x, y)];
	Pair *p;

	if (old) {
		if ((old->outcomes & ~can) == 0 && old->gap <= gap)
			return;
		can &= old->outcomes;
		if (old->gap < gap)
			gap = old->gap;
	}
	p = vec_push(t->a, &t->pairs);
	if (!p)
		return;
	*p = (Pair){ x, y, b, can, *head, gap };
	*head = t->pairs.n;
}

static int64_t
gap_of(const Facts *t, BlockId b, Val x, Val y)
{
	const Pair *p = x == y ? NULL : find_pair(t, b, x, y);
	return x == y ? 0 : p ? p->gap : NO_GAP;
}

/* v as *v + the result, where that sum is one of true numbers. */
static int64_t
split_sum(const Facts *t, Val *v)
{
	Val sum = *v;

	if (sum >= t->nvalues || !t->exact[sum])
		return 0;
	*v = t->f->ins.at[sum].arg[0];
	return const_value(t->f, t->f->ins.at[sum].arg[1]);
}

static void
add_one_gap(Facts *t, BlockId b, Val x, Val y, int64_t gap)
{
	uint32_t before = t->pairs.n;

	if (x == y || ir_is_const(t->f, x) || ir_is_const(t->f, y))
		return; /* the intervals say it */
	add_pair(t, b, x, y, ANY_INT, gap);
	if (t->pairs.n > before && x < t->nvalues)
		t->upper[x] = t->pairs.n;
}

/* x - y is at most gap; so is something of the terms they are sums of, and of what y is not above.
 */
static void
add_gap(Facts *t, BlockId b, Val x, Val y, int64_t gap)
{
	Val ax = x, ay = y;
	int64_t cx = split_sum(t, &ax), cy = split_sum(t, &ay), d;
	Val under = y < t->nvalues && t->upper[y] ? y : ay;
	const Pair *above =
		under < t->nvalues && t->upper[under] ? &t->pairs.at[t->upper[under] - 1] : NULL;
	bool chained = above && dominates(t->dom, above->block, b) &&
		       !__builtin_add_overflow(above->gap, under == y ? 0 : cy, &d);
	Val top = chained ? above->y : 0;
	int64_t rest = chained ? d : 0;

	add_one_gap(t, b, x, y, gap);
	if (ay != y && !__builtin_add_overflow(gap, cy, &d))
		add_one_gap(t, b, x, ay, d);
	if (ax != x && !__builtin_sub_overflow(gap, cx, &d))
		add_one_gap(t, b, ax, y, d);
	if (top && !__builtin_add_overflow(gap, rest, &d))
		add_one_gap(t, b, x, top, d);
}

/* The least known d with x - y <= d. */
static int64_t
excess(const Facts *t, BlockId b, Val x, Val y)
{
	Val ax = x, ay = y;
	int64_t cx = split_sum(t, &ax), cy = split_sum(t, &ay), best = gap_of(t, b, x, y), g;
	int64_t d;

	for (unsigned k = 0; k < 3; k++) {
		Val u = k == 1 ? x : ax, w = k == 0 ? y : ay;
		g = gap_of(t, b, u, w);
		if (g == NO_GAP || __builtin_add_overflow(g, u == x ? 0 : cx, &d) ||
		    __builtin_sub_overflow(d, w == y ? 0 : cy, &d))
			continue;
		if (d < best)
			best = d;
	}
	return best;
}

/* ---- Learning ------------------------------------------------------------------------------- */

static void
narrow(Facts *t, BlockId b, Val v, Interval to)
{
	Interval now = facts_interval(t, b, v), in = meet(now, to);
	Bound *fresh;

	if (v >= t->nvalues || ir_is_const(t->f, v) || (in.lo == now.lo && in.hi == now.hi))
		return;
	fresh = vec_push(t->a, &t->bounds);
	if (!fresh)
		return;
	if (!t->seen[v]) {
		t->seen[v] = true;
		t->base[v] = whole(t->f->ins.at[v].type);
	}
	*fresh = (Bound){ in, b, t->bound[v] };
	t->bound[v] = t->bounds.n;
}

/* Intervals after x <= y, or x < y. */
static void
learn_order(Facts *t, BlockId b, Val x, Val y, bool strict)
{
	Interval ix = facts_interval(t, b, x), iy = facts_interval(t, b, y);
	Interval all = whole(t->f->ins.at[x].type);

	if (strict && (iy.hi == all.lo || ix.lo == all.hi))
		return; /* never */
	narrow(t, b, x, (Interval){ all.lo, iy.hi - strict });
	narrow(t, b, y, (Interval){ ix.lo + strict, all.hi });
}

/* x is below y, unsigned, and y is no negative number: then neither is x. */
static void
learn_below(Facts *t, BlockId b, Val x, Val y, bool strict)
{
	Interval iy = facts_interval(t, b, y), ix = facts_interval(t, b, x);

	if (iy.lo >= 0) {
		narrow(t, b, x, (Interval){ 0, iy.hi });
		learn_order(t, b, x, y, strict);
		add_gap(t, b, x, y, strict ? -1 : 0);
	} else if (ix.hi < 0) {
		narrow(t, b, y, (Interval){ INT64_MIN, -1 }); /* above a number with the top bit */
		learn_order(t, b, x, y, strict);
	}
}

static void
learn_intervals(Facts *t, BlockId b, IrCc cc, Val x, Val y)
{
	Interval ix, iy;

	switch (cc) {
	case CC_EQ:
		narrow(t, b, x, facts_interval(t, b, y));
		narrow(t, b, y, facts_interval(t, b, x));
		break;
	case CC_NE:
		iy = facts_interval(t, b, y);
		ix = facts_interval(t, b, x);
		if (iy.lo == iy.hi && ix.lo == iy.lo && ix.lo < ix.hi)
			narrow(t, b, x, (Interval){ ix.lo + 1, ix.hi });
		else if (iy.lo == iy.hi && ix.hi == iy.lo && ix.lo < ix.hi)
			narrow(t, b, x, (Interval){ ix.lo, ix.hi - 1 });
		break;
	case CC_SLT: learn_order(t, b, x, y, true); break;
	case CC_SLE: learn_order(t, b, x, y, false); break;
	case CC_SGT: learn_order(t, b, y, x, true); break;
	case CC_SGE: learn_order(t, b, y, x, false); break;
	case CC_ULT: learn_below(t, b, x, y, true); break;
	case CC_ULE: learn_below(t, b, x, y, false); break;
	case CC_UGT: learn_below(t, b, y, x, true); break;
	default: learn_below(t, b, y, x, false); break;
	}
}

static bool
is_float(const Facts *t, Val v)
{
	return t->f->ins.at[v].type == IR_F32 || t->f->ins.at[v].type == IR_F64;
}

void
facts_learn(Facts *t, BlockId b, IrCc cc, Val x, Val y)
{
	if (cc < CC_FEQ) {
		learn_intervals(t, b, cc, x, y);
		if (cc == CC_SLT || cc == CC_SLE || cc == CC_EQ)
			add_gap(t, b, x, y, cc == CC_SLT ? -1 : 0);
		if (cc == CC_SGT || cc == CC_SGE || cc == CC_EQ)
			add_gap(t, b, y, x, cc == CC_SGT ? -1 : 0);
	}
	add_pair(t, b, x, y, outcomes[cc], NO_GAP);
	add_pair(t, b, y, x, outcomes[cc_swapped[cc]], NO_GAP);
}

/* ---- Asking --------------------------------------------------------------------------------- */

static uint32_t
by_intervals(Interval x, Interval y)
{
	uint32_t can = ANY_INT;

	if (x.hi < y.lo)
		can &= LESS;
	else if (x.hi <= y.lo)
		can &= LESS | EQUAL;
	if (x.lo > y.hi)
		can &= GREATER;
	else if (x.lo >= y.hi)
		can &= GREATER | EQUAL;
	if ((x.lo >= 0 && y.lo >= 0) || (x.hi < 0 && y.hi < 0))
		can &= EQUAL | LESS_BELOW | GREATER_ABOVE;
	if (x.lo >= 0) /* less, then: below */
		can &= ~(uint32_t)LESS_ABOVE;
	if (y.hi < 0)
		can &= ~(uint32_t)LESS_ABOVE;
	if (y.lo >= 0)
		can &= ~(uint32_t)GREATER_BELOW;
	if (x.hi < 0)
		can &= ~(uint32_t)GREATER_BELOW;
	return can;
}

int
facts_settle(const Facts *t, BlockId b, IrCc cc, Val x, Val y)
{
	const Pair *p = find_pair(t, b, x, y);
	uint32_t can = p ? p->outcomes : is_float(t, x) ? ANY_FLOAT : ANY_INT;

	if (!is_float(t, x)) {
		int64_t over, under;

		can &= by_intervals(facts_interval(t, b, x), facts_interval(t, b, y));
		over = excess(t, b, x, y);
		under = excess(t, b, y, x);
		if (over <= 0)
			can &= over < 0 ? LESS : LESS | EQUAL;
		if (under <= 0)
			can &= under < 0 ? GREATER : GREATER | EQUAL;
	}
	if (!(can & outcomes[cc]))
		return 0;
	return can & ~(uint32_t)outcomes[cc] ? -1 : 1;
}

/* ---- Intervals of what is computed ---------------------------------------------------------- */

static bool
fits(Interval i, unsigned type)
{
	Interval all = whole(type);
	return i.lo >= all.lo && i.hi <= all.hi;
}

static bool
sum(Interval a, Interval b, bool minus, Interval *out)
{
	if (minus)
		return !__builtin_sub_overflow(a.lo, b.hi, &out->lo) &&
		       !__builtin_sub_overflow(a.hi, b.lo, &out->hi);
	return !__builtin_add_overflow(a.lo, b.lo, &out->lo) &&
	       !__builtin_add_overflow(a.hi, b.hi, &out->hi);
}

static bool
product(Interval a, Interval b, Interval *out)
{
	const int64_t x[2] = { a.lo, a.hi }, y[2] = { b.lo, b.hi };

	*out = (Interval){ INT64_MAX, INT64_MIN };
	for (unsigned k = 0; k < 4; k++) {
		int64_t p;
		if (__builtin_mul_overflow(x[k & 1], y[k >> 1], &p))
			return false;
		if (p < out->lo)
			out->lo = p;
		if (p > out->hi)
			out->hi = p;
	}
	return true;
}

/* Shifts by a constant, arithmetic or of a number that is not negative. */
static Interval
shifted_right(Interval a, unsigned k, bool arithmetic, Interval all)
{
	if (a.lo < 0 && !arithmetic)
		return k ? (Interval){ 0, all.hi >> (k - 1) } : all;
	return (Interval){ a.lo >> k, a.hi >> k }; /* both compilers shift arithmetically */
}

static Interval
remainder_of(Interval a, int64_t c)
{
	int64_t most = c == INT64_MIN ? INT64_MAX : (c < 0 ? -c : c) - 1;

	return (Interval){ a.lo >= 0 ? 0 : -most, a.hi < 0 ? 0 : a.hi < most ? a.hi : most };
}

static Interval
binary(const Facts *t, BlockId b, const Ins *i)
{
	Interval x = facts_interval(t, b, i->arg[0]), y = facts_interval(t, b, i->arg[1]);
	Interval all = whole(i->type), r = all;
	bool constant = ir_is_const(t->f, i->arg[1]);
	unsigned k = (unsigned)y.lo & (i->type == IR_I32 ? 31 : 63);

	switch (i->op) {
	case IR_ADD: return sum(x, y, false, &r) && fits(r, i->type) ? r : all;
	case IR_SUB:
		if (!sum(x, y, true, &r) || !fits(r, i->type))
			r = all;
		/* to - from, checked to be in order, and of two of one sign */
		if (x.lo >= 0 && y.lo >= 0 && excess(t, b, i->arg[1], i->arg[0]) <= 0)
			r = meet(r, (Interval){ 0, all.hi });
		return r;
	case IR_MUL: return product(x, y, &r) && fits(r, i->type) ? r : all;
	case IR_AND:
		if (x.lo < 0 && y.lo < 0)
			return all;
		if (x.lo < 0 || (y.lo >= 0 && y.hi < x.hi))
			return (Interval){ 0, y.hi };
		return (Interval){ 0, x.hi };
	case IR_OR:
		if (x.hi < 0 || y.hi < 0)
			return (Interval){ all.lo, -1 };
		return x.lo >= 0 && y.lo >= 0 ? (Interval){ x.lo > y.lo ? x.lo : y.lo, all.hi }
					      : all;
	case IR_SHL:
		if (!constant || k > 61)
			return all;
		y.lo = y.hi = INT64_C(1) << k;
		return product(x, y, &r) && fits(r, i->type) ? r : all;
	case IR_SHR: return constant ? shifted_right(x, k, false, all) : all;
	case IR_SAR: return constant ? shifted_right(x, k, true, all) : all;
	case IR_UREM: return constant && y.lo > 0 ? (Interval){ 0, y.lo - 1 } : all;
	case IR_SREM: return constant && y.lo ? remainder_of(x, y.lo) : all;
	case IR_UDIV:
		return constant && y.lo > 0 && x.lo >= 0 ? (Interval){ x.lo / y.lo, x.hi / y.lo }
							 : all;
	case IR_SDIV: return constant && y.lo > 0 ? (Interval){ x.lo / y.lo, x.hi / y.lo } : all;
	default: return all;
	}
}

static Interval
loaded(unsigned mem, unsigned type)
{
	switch (mem) {
	case MEM_S8: return (Interval){ INT8_MIN, INT8_MAX };
	case MEM_U8: return (Interval){ 0, UINT8_MAX };
	case MEM_S16: return (Interval){ INT16_MIN, INT16_MAX };
	case MEM_U16: return (Interval){ 0, UINT16_MAX };
	default: return whole(type);
	}
}

static Interval
either(Interval a, Interval b)
{
	return (Interval){ a.lo < b.lo ? a.lo : b.lo, a.hi > b.hi ? a.hi : b.hi };
}

static Interval
selected(const Facts *t, BlockId b, const Ins *i)
{
	Interval x = facts_interval(t, b, i->arg[2]), y = facts_interval(t, b, i->arg[3]);
	Interval r = either(x, y);

	if (i->arg[0] != i->arg[2] || i->arg[1] != i->arg[3])
		return r;
	if (i->cc == CC_SLT || i->cc == CC_SLE) /* the lesser */
		r.hi = x.hi < y.hi ? x.hi : y.hi;
	if (i->cc == CC_SGT || i->cc == CC_SGE)
		r.lo = x.lo > y.lo ? x.lo : y.lo;
	return r;
}

/* ---- Loop counters -------------------------------------------------------------------------- */

/* phi(init, phi + c) of a loop whose header goes on only while the phi is on one side of a limit:
 * the sum is made behind that test, so it cannot pass the end of its type unseen. */
static bool
counter(Facts *t, BlockId b, const Ins *phi, Val v, Interval *out)
{
	const Block *head = &t->f->blocks.at[b];
	const Ins *test = &t->f->ins.at[head->last], *next;
	const Val *args = t->f->pool.at + phi->arg[0];
	Interval init, limit, all = whole(phi->type);
	IrCc cc = test->cc;
	unsigned latch;
	Val end, sum_of;
	BlockId body;
	int64_t c, far;

	if (phi->arg[1] != 2 || test->op != IR_BR)
		return false;
	latch = dominates(t->dom, b, head->preds.at[1]);
	if (!dominates(t->dom, b, head->preds.at[latch]) ||
	    dominates(t->dom, b, head->preds.at[1 - latch]))
		return false;
	next = &t->f->ins.at[args[latch]];
	if (next->op != IR_ADD || !ir_is_const(t->f, next->arg[1]) ||
	    ir_resolve(t->f, next->arg[0]) != v)
		return false;
	c = const_value(t->f, next->arg[1]);
	end = ir_resolve(t->f, test->arg[1]);
	sum_of = ir_resolve(t->f, test->arg[0]);
	if (sum_of != v) {
		if (end != v)
			return false;
		end = sum_of;
		cc = cc_swapped[cc];
	}
	/* Which way leads to the sum? */
	body = head->succ[0];
	if (t->f->blocks.at[body].preds.n != 1 || !dominates(t->dom, body, next->block)) {
		body = head->succ[1];
		cc = cc_negated[cc];
		if (t->f->blocks.at[body].preds.n != 1 || !dominates(t->dom, body, next->block))
			return false;
	}
	init = facts_interval(t, b, args[1 - latch]);
	limit = facts_interval(t, b, end);
	if ((cc == CC_ULT || cc == CC_ULE) && limit.lo >= 0 && init.lo >= 0)
		cc = cc == CC_ULT ? CC_SLT : CC_SLE;
	if (c > 0 && (cc == CC_SLT || cc == CC_SLE)) {
		far = limit.hi == all.lo ? limit.hi : limit.hi - (cc == CC_SLT);
		if (__builtin_add_overflow(far, c, &far) || far > all.hi)
			return false;
		*out = (Interval){ init.lo, far > init.hi ? far : init.hi };
		add_gap(t, b, args[1 - latch], v, 0);
		return true;
	}
	if (c < 0 && (cc == CC_SGT || cc == CC_SGE)) {
		far = limit.lo == all.hi ? limit.lo : limit.lo + (cc == CC_SGT);
		if (__builtin_add_overflow(far, c, &far) || far < all.lo)
			return false;
		*out = (Interval){ far < init.lo ? far : init.lo, init.hi };
		add_gap(t, b, v, args[1 - latch], 0);
		return true;
	}
	return false;
}

static Interval
met(Facts *t, BlockId b, const Ins *phi, Val v)
{
	const Block *block = &t->f->blocks.at[b];
	const Val *args = t->f->pool.at + phi->arg[0];
	Interval r = whole(phi->type);

	if (counter(t, b, phi, v, &r))
		return r;
	for (uint32_t k = 0; k < phi->arg[1]; k++) {
		Interval in;

		if (args[k] != v && !ir_is_const(t->f, args[k]) &&
		    (args[k] >= t->nvalues || !t->seen[args[k]]))
			return whole(phi->type); /* of a loop, not looked at yet */
		if (args[k] == v)
			return whole(phi->type);
		in = facts_interval(t, block->preds.at[k], args[k]);
		r = k ? either(r, in) : in;
	}
	return r;
}

void
facts_visit(Facts *t, BlockId b, Val v)
{
	const Ins *i = &t->f->ins.at[v];
	Interval r, x;

	if (v >= t->nvalues || (i->type != IR_I32 && i->type != IR_I64))
		return;
	r = whole(i->type);
	switch (i->op) {
	case IR_CONST: return;
	case IR_PARAM:
		if (t->f->lengths && t->f->lengths[i->aux])
			r.lo = 0;
		break;
	case IR_PHI: r = met(t, b, i, v); break;
	case IR_CMP: r = (Interval){ 0, 1 }; break;
	case IR_CLZ:
	case IR_CTZ:
	case IR_POPCNT: r = (Interval){ 0, 64 }; break;
	case IR_SELECT: r = selected(t, b, i); break;
	case IR_LOAD: r = loaded(i->cc, i->type); break;
	case IR_SEXT32: r = facts_interval(t, b, i->arg[0]); break;
	case IR_NOT:
		x = facts_interval(t, b, i->arg[0]);
		r = (Interval){ -1 - x.hi, -1 - x.lo };
		break;
	case IR_ZEXT32:
		x = facts_interval(t, b, i->arg[0]);
		r = x.lo >= 0 ? x : (Interval){ 0, UINT32_MAX };
		break;
	case IR_WRAP:
		x = facts_interval(t, b, i->arg[0]);
		if (fits(x, IR_I32))
			r = x;
		break;
	default:
		if (ir_op_info[i->op].nargs == 2 && (ir_op_info[i->op].flags & IR_P))
			r = binary(t, b, i);
	}
	if (i->op == IR_ADD && ir_is_const(t->f, i->arg[1])) {
		int64_t c = const_value(t->f, i->arg[1]);
		x = facts_interval(t, b, i->arg[0]);
		t->exact[v] = sum(x, (Interval){ c, c }, false, &x) && fits(x, i->type);
	}
	t->base[v] = r;
	t->seen[v] = true;
}
