/* scev_bits.c - numbers that lose their bits: x & (x - 1), and shifts and halvings by constants.
 *
 * x & (x - 1) is x without its lowest one, so there is a next x as often as there are ones; how far
 * such a loop has come is only known at its end.  Shifted by k, x has after m iterations what one
 * shift by m·k leaves, and is below 2^t as soon as that covers its upper bits: a count of zeros.
 * (Warren, Hacker's Delight, 2nd ed., 5-1 and 5-3.) */
#include "opt/scev.h"

static unsigned
width_of(const Scev *s, Val v)
{
	return s->f->ins.at[v].type == IR_I32 ? 32 : 64;
}

static bool
is_number(const Scev *s, Val v, int64_t n)
{
	int64_t value;

	return scev_constant(s, v, &value) && value == n;
}

/* x & (x - 1) */
static bool
clears_lowest(Scev *s, Val x, Val v)
{
	Ins i = s->f->ins.at[v], less;

	if (i.op != IR_AND)
		return false;
	for (unsigned k = 0; k < 2; k++) {
		if (ir_resolve(s->f, i.arg[k]) != x)
			continue;
		less = s->f->ins.at[ir_resolve(s->f, i.arg[!k])];
		if ((less.op == IR_ADD || less.op == IR_SUB) &&
		    ir_resolve(s->f, less.arg[0]) == x &&
		    is_number(s, ir_resolve(s->f, less.arg[1]), less.op == IR_ADD ? -1 : 1))
			return true;
	}
	return false;
}

bool
scev_bits(Scev *s, PhiState *p, Val next)
{
	Ins i = s->f->ins.at[next];
	Val by = ir_resolve(s->f, i.arg[1]);
	uint64_t bits;

	if (clears_lowest(s, p->phi, next)) {
		p->kind = PHI_CLEARED;
		return true;
	}
	if (i.op != IR_SHR && i.op != IR_SAR && i.op != IR_UDIV && i.op != IR_SDIV)
		return false;
	if (ir_resolve(s->f, i.arg[0]) != p->phi || !ir_is_const(s->f, by))
		return false;
	bits = ir_const_bits(s->f, by);
	if (i.op == IR_UDIV || i.op == IR_SDIV) {
		if (bits < 2 || bits > INT32_MAX || (bits & (bits - 1)))
			return false;
		bits = (uint64_t)__builtin_ctzll(bits);
	}
	bits &= width_of(s, p->phi) - 1;
	if (!bits)
		return false;
	p->by = bits;
	p->how = i.op == IR_UDIV ? IR_SHR : i.op;
	p->kind = PHI_SHIFTED;
	return true;
}

/* What the shift works on: a division, on the number without its sign. */
static Val
magnitude(Scev *s, const PhiState *p)
{
	unsigned type = s->f->ins.at[p->phi].type;

	if (p->how != IR_SDIV)
		return p->start;
	return ir_select(s->f, s->at, CC_SLT, p->start, scev_const(s, type, 0),
			 scev_ins(s, IR_NEG, type, p->start, 0), p->start);
}

/* With the values that stand there now; unsigned x > 0 is x != 0. */
static Cond
simple(Scev *s, Cond c)
{
	c.a = ir_resolve(s->f, c.a);
	c.b = ir_resolve(s->f, c.b);
	if (c.cc == CC_UGT && is_number(s, c.b, 0))
		c.cc = CC_NE;
	return c;
}

/* stay: phi cc constant, as phi >= *least or phi != 0 (*least 1).  False: it is not of such a form,
 * or *least is no power of two. */
static bool
stays_from(const Scev *s, Cond stay, uint64_t *least)
{
	int64_t c;

	if (!scev_constant(s, stay.b, &c))
		return false;
	switch (stay.cc) {
	case CC_NE: *least = c ? 0 : 1; break;
	case CC_SGT:
	case CC_UGT: *least = c < 0 || c == INT64_MAX ? 0 : (uint64_t)c + 1; break;
	case CC_SGE:
	case CC_UGE: *least = c < 0 ? 0 : (uint64_t)c; break;
	default: return false;
	}
	return *least && !(*least & (*least - 1)) && *least <= INT32_MAX;
}

/* As an I64, and only if the start passes the test. */
static Val
guarded(Scev *s, Cond stay, const PhiState *p, Val n)
{
	Val zero = scev_const(s, IR_I64, 0);

	if (s->f->ins.at[n].type == IR_I32)
		n = scev_ins(s, IR_ZEXT32, IR_I64, n, 0);
	if (stay.cc == CC_NE) /* 0 has none */
		return n;
	return ir_select(s->f, s->at, (IrCc)stay.cc, p->start, stay.b, n, zero);
}

static Val
count_shifts(Scev *s, Cond stay, const PhiState *p, uint64_t least, bool *exact)
{
	unsigned type = s->f->ins.at[p->phi].type, width = width_of(s, p->phi);
	bool as_signed = stay.cc == CC_SGT || stay.cc == CC_SGE,
	     ends = p->how != IR_SAR || as_signed;
	uint64_t most = width + p->by - 1 - (unsigned)__builtin_ctzll(least);
	Val n;

	if (p->how == IR_SDIV && !as_signed && stay.cc != CC_NE)
		return 0;
	n = scev_ins(s, IR_SUB, type, scev_const(s, type, most),
		     scev_ins(s, IR_CLZ, type, magnitude(s, p), 0));
	n = scev_ins(s, IR_UDIV, type, n, scev_const(s, type, p->by));
	n = guarded(s, stay, p, n);
	*exact = ends;
	if (ends)
		return n;
	/* The sign stays: from -1 on it does not change any more. */
	return ir_select(s->f, s->at, CC_SLT, p->start, scev_const(s, type, 0),
			 scev_const(s, IR_I64, UINT64_MAX), n);
}

Val
scev_bits_count(Scev *s, Cond stay, bool *exact)
{
	uint64_t least;
	Val n;

	stay = simple(s, stay);
	if (!stays_from(s, stay, &least))
		return 0;
	for (uint32_t k = 0; k < s->nphis; k++) {
		const PhiState *p = &s->phi[k];
		if (p->phi != stay.a)
			continue;
		if (p->kind == PHI_SHIFTED)
			return count_shifts(s, stay, p, least, exact);
		if (p->kind != PHI_CLEARED || least != 1)
			return 0;
		n = scev_ins(s, IR_POPCNT, s->f->ins.at[p->phi].type, p->start, 0);
		*exact = true;
		return guarded(s, stay, p, n);
	}
	return 0;
}

/* Whether the count is of the iterations until p does not stay, and no other's. */
static bool
counts_until(Scev *s, const PhiState *p)
{
	return s->exact && ir_resolve(s->f, s->exit[0].stay.a) == p->phi;
}

bool
scev_bits_known(Scev *s)
{
	for (uint32_t k = 0; k < s->nphis; k++)
		if (s->phi[k].kind == PHI_CLEARED && !counts_until(s, &s->phi[k]))
			return false;
	return true;
}

static Val
shifted(Scev *s, const PhiState *p, Val m)
{
	unsigned type = s->f->ins.at[p->phi].type, width = width_of(s, p->phi);
	Val zero = scev_const(s, type, 0), all = scev_const(s, IR_I64, (width + p->by - 1) / p->by);
	Val by = scev_ins(s, IR_MUL, IR_I64, m, scev_const(s, IR_I64, p->by)), x;

	if (p->how == IR_SAR)
		by = ir_select(s->f, s->at, CC_ULT, m, all, by, scev_const(s, IR_I64, width - 1));
	if (type == IR_I32)
		by = scev_ins(s, IR_WRAP, IR_I32, by, 0);
	if (p->how == IR_SAR)
		return scev_ins(s, IR_SAR, type, p->start, by);
	x = scev_ins(s, IR_SHR, type, magnitude(s, p), by);
	x = ir_select(s->f, s->at, CC_ULT, m, all, x, zero);
	if (p->how == IR_SHR)
		return x;
	return ir_select(s->f, s->at, CC_SLT, p->start, zero, scev_ins(s, IR_NEG, type, x, 0), x);
}

Val
scev_bits_end(Scev *s, const PhiState *p, Val m)
{
	Val zero = scev_const(s, s->f->ins.at[p->phi].type, 0);
	Cond stay = simple(s, s->exit[0].stay);

	if (!counts_until(s, p))
		return p->kind == PHI_SHIFTED ? shifted(s, p, m) : 0;
	if (stay.cc == CC_NE)
		return zero;
	if (p->kind == PHI_SHIFTED && !is_number(s, stay.b, 0))
		return shifted(s, p, m);
	return ir_select(s->f, s->at, (IrCc)stay.cc, p->start, zero, zero, p->start);
}
