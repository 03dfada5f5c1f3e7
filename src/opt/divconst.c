/* divconst.c - division and remainder by a constant without a divide instruction.
 *
 * After Granlund and Montgomery, "Division by Invariant Integers using Multiplication" (PLDI 1994):
 * the quotient is the upper part of the product with a rounded-up reciprocal.  For 32 bits the
 * product is one 64-bit multiplication.  Division of a float by a power of two is a multiplication
 * with its inverse, which is exact; so is a multiplication by a power of two a shift. */
#include "opt/edit.h"
#include "base/num.h"

typedef struct Div {
	IrFunc *f;
	Val at; /* new instructions go before it */
	IrType type;
	unsigned width;
} Div;

static Val
make(Div *d, IrOp op, IrType t, Val a, Val b)
{
	Ins i = { .op = (uint8_t)op, .type = (uint8_t)t, .arg = { a, b } };

	i.line = d->f->ins.at[d->at].line;
	return ir_insert_before(d->f, d->at, i);
}

static Val
number(Div *d, IrType t, uint64_t bits)
{
	return ir_const(d->f, t, bits);
}

/* By the shape of its definition: never negative as a signed number. */
static bool
is_natural(const IrFunc *f, Val v)
{
	const Ins *i = &f->ins.at[v];
	bool two = ir_op_info[i->op].nargs == 2;
	uint64_t c = two && ir_is_const(f, i->arg[1]) ? ir_const_bits(f, i->arg[1]) : 0;
	unsigned width = i->type == IR_I32 ? 32 : 64;

	switch (i->op) {
	case IR_ZEXT32:
	case IR_CMP: return true;
	case IR_AND: return c && !(c >> (width - 1));
	case IR_SHR: return c % width != 0;
	case IR_UREM:
	case IR_UDIV: return c > 1 && !(c >> (width - 1));
	default: return false;
	}
}

/* ---- Signed --------------------------------------------------------------------------------- */

/* x with 2^k - 1 added when it is negative: what an arithmetic shift by k then rounds towards 0. */
static Val
biased(Div *d, Val x, unsigned k)
{
	Val sign;

	if (is_natural(d->f, x))
		return x;
	sign = k == 1 ? x : make(d, IR_SAR, d->type, x, number(d, d->type, d->width - 1));
	sign = make(d, IR_SHR, d->type, sign, number(d, d->type, d->width - k));
	return make(d, IR_ADD, d->type, x, sign);
}

/* The least m = (2^(width + s) + e) / by, 0 < e <= 2^s, that serves all signed numbers of the
 * width: as in Hacker's Delight, chapter 10.  by is from 3 to 2^(width - 1) - 1 and no power of
 * two. */
static uint64_t
signed_reciprocal(uint64_t by, unsigned width, unsigned *shift)
{
	uint64_t half = UINT64_C(1) << (width - 1);
	uint64_t most = half - 1 - half % by; /* greatest multiple of by, minus 1, below half */
	uint64_t q1 = half / most, r1 = half % most, q2 = half / by, r2 = half % by, delta;
	unsigned p = width - 1;

	do {
		p++;
		q1 = 2 * q1 + (r1 >= most - r1);
		r1 = r1 >= most - r1 ? r1 - (most - r1) : 2 * r1;
		q2 = 2 * q2 + (r2 >= by - r2);
		r2 = r2 >= by - r2 ? r2 - (by - r2) : 2 * r2;
		delta = by - r2;
	} while (q1 < delta || (q1 == delta && r1 == 0));
	*shift = p - width;
	return q2 + 1;
}

static Val
signed_general(Div *d, Val x, uint64_t by)
{
	unsigned s;
	uint64_t m = signed_reciprocal(by, d->width, &s);
	Val q, sign;

	if (d->width == 32) {
		q = make(d, IR_SEXT32, IR_I64, x, 0);
		q = make(d, IR_MUL, IR_I64, q, number(d, IR_I64, (uint32_t)m));
		q = make(d, IR_SAR, IR_I64, q, number(d, IR_I64, 32 + s));
		q = make(d, IR_WRAP, IR_I32, q, 0);
	} else {
		q = make(d, IR_MULHS, IR_I64, x, number(d, IR_I64, m));
		if (m >> 63) /* it stands for m - 2^64 */
			q = make(d, IR_ADD, IR_I64, q, x);
		if (s)
			q = make(d, IR_SAR, IR_I64, q, number(d, IR_I64, s));
	}
	if (is_natural(d->f, x))
		return q;
	sign = make(d, IR_SHR, d->type, x, number(d, d->type, d->width - 1));
	return make(d, IR_ADD, d->type, q, sign);
}

static unsigned
log2_of(uint64_t power)
{
	unsigned k = 0;

	while (power >> k != 1)
		k++;
	return k;
}

static Val
signed_quotient(Div *d, Val x, uint64_t divisor)
{
	bool negative = divisor >> (d->width - 1) & 1;
	uint64_t by = negative ? 0 - divisor : divisor;
	Val q;

	if (d->width == 32)
		by = (uint32_t)by;
	if (by & (by - 1)) {
		q = signed_general(d, x, by);
	} else {
		unsigned k = log2_of(by);
		q = make(d, IR_SAR, d->type, biased(d, x, k), number(d, d->type, k));
	}
	return negative ? make(d, IR_NEG, d->type, q, 0) : q;
}

/* The sign of the divisor does not matter to the remainder. */
static Val
signed_remainder(Div *d, Val x, uint64_t divisor)
{
	uint64_t by = divisor >> (d->width - 1) & 1 ? 0 - divisor : divisor;
	Val q;

	if (d->width == 32)
		by = (uint32_t)by;
	if (by & (by - 1)) {
		q = signed_general(d, x, by);
		q = make(d, IR_MUL, d->type, q, number(d, d->type, by));
	} else if (is_natural(d->f, x)) {
		return make(d, IR_AND, d->type, x, number(d, d->type, by - 1));
	} else {
		q = make(d, IR_AND, d->type, biased(d, x, log2_of(by)), number(d, d->type, 0 - by));
	}
	return make(d, IR_SUB, d->type, x, q);
}

/* ---- Unsigned ------------------------------------------------------------------------------- */

/* floor(high * 2^64 / by) for high < by: one bit at a time. */
static uint64_t
divide_wide(uint64_t high, uint64_t by)
{
	uint64_t q = 0;

	for (unsigned k = 0; k < 64; k++) {
		bool carry = high >> 63;
		high <<= 1;
		q <<= 1;
		if (carry || high >= by) {
			high -= by;
			q |= 1;
		}
	}
	return q;
}

/* q = (x >> pre) * m >> 64 >> shift, where that is exact for all x of 64 bits: when m = (2^(64 +
 * shift) + e) / by with e <= 2^(shift + pre).  by is no power of two. */
typedef struct Reciprocal {
	uint64_t m;
	unsigned pre, shift;
} Reciprocal;

static bool
short_reciprocal(uint64_t by, Reciprocal *r)
{
	for (r->pre = 0;; r->pre = (unsigned)__builtin_ctzll(by)) {
		uint64_t odd = by >> r->pre, q, e;

		r->shift = log2_of(odd);
		q = divide_wide(UINT64_C(1) << r->shift, odd);
		e = odd + q * odd; /* odd - (2^(64 + shift) - q * odd) */
		r->m = q + 1;
		if (r->m && e <= UINT64_C(1) << r->shift << r->pre)
			return true;
		if (r->pre || by & 1)
			return false;
	}
}

/* by is no power of two.  With s = ceil(log2 by), floor(2^(w+s) / by) + 1 has w + 1 bits; for 32
 * bits, shifted up, it is one factor of a 64-bit upper product; for 64 its top bit is added by
 * hand. */
static Val
unsigned_general(Div *d, Val x, uint64_t by)
{
	unsigned s = log2_of(by) + 1;
	Val q, t;

	if (d->width == 32) {
		uint64_t m = divide_wide(1, by) >> (32 - s); /* 2^(32+s) / by */
		m = (m + 1) << (32 - s);
		q = make(d, IR_ZEXT32, IR_I64, x, 0);
		q = make(d, IR_MULHU, IR_I64, q, number(d, IR_I64, m));
		return make(d, IR_WRAP, IR_I32, q, 0);
	}
	Reciprocal r;
	if (short_reciprocal(by, &r)) {
		if (r.pre)
			x = make(d, IR_SHR, IR_I64, x, number(d, IR_I64, r.pre));
		q = make(d, IR_MULHU, IR_I64, x, number(d, IR_I64, r.m));
		return r.shift ? make(d, IR_SHR, IR_I64, q, number(d, IR_I64, r.shift)) : q;
	}
	/* 2^64 * (2^s - by) / by is the reciprocal without its top bit; s may be 64 */
	uint64_t m = divide_wide((s == 64 ? 0 : UINT64_C(1) << s) - by, by) + 1;
	q = make(d, IR_MULHU, IR_I64, x, number(d, IR_I64, m));
	t = make(d, IR_SUB, IR_I64, x, q);
	t = make(d, IR_SHR, IR_I64, t, number(d, IR_I64, 1));
	t = make(d, IR_ADD, IR_I64, t, q);
	return s == 1 ? t : make(d, IR_SHR, IR_I64, t, number(d, IR_I64, s - 1));
}

static Val
unsigned_result(Div *d, Val x, uint64_t by, bool remainder)
{
	bool power = (by & (by - 1)) == 0;
	Val q;

	if (power && remainder)
		return make(d, IR_AND, d->type, x, number(d, d->type, by - 1));
	if (power)
		return make(d, IR_SHR, d->type, x, number(d, d->type, log2_of(by)));
	q = unsigned_general(d, x, by);
	if (!remainder)
		return q;
	q = make(d, IR_MUL, d->type, q, number(d, d->type, by));
	return make(d, IR_SUB, d->type, x, q);
}

/* ---- */

/* 1 / c, when both are normal powers of two; else 0. */
static uint64_t
exact_inverse(const IrFunc *f, Val c)
{
	uint64_t bits = ir_const_bits(f, c), exponent;

	if (f->ins.at[c].type == IR_F32) {
		exponent = bits >> 23 & 0xff;
		if (bits & 0x7fffff || exponent < 1 || exponent > 253)
			return 0;
		return (bits & 0x80000000u) | (254 - exponent) << 23;
	}
	exponent = bits >> 52 & 0x7ff;
	if (bits << 12 || exponent < 1 || exponent > 2045)
		return 0;
	return (bits & UINT64_C(1) << 63) | (2046 - exponent) << 52;
}

static Val
rewrite(Div *d, const Ins *i)
{
	uint64_t c = ir_const_bits(d->f, i->arg[1]);

	if (i->op == IR_FDIV) {
		c = exact_inverse(d->f, i->arg[1]);
		return c ? make(d, IR_FMUL, i->type, i->arg[0], number(d, i->type, c)) : 0;
	}
	if (i->op == IR_MUL)
		return c < 2 || c & (c - 1) ? 0
					    : make(d, IR_SHL, i->type, i->arg[0],
						   number(d, i->type, log2_of(c)));
	if (c < 2 || c == (d->width == 32 ? UINT32_MAX : UINT64_MAX))
		return 0; /* folding's business, or behind a guard that never lets pass */
	switch (i->op) {
	case IR_SDIV: return signed_quotient(d, i->arg[0], c);
	case IR_SREM: return signed_remainder(d, i->arg[0], c);
	case IR_UDIV: return unsigned_result(d, i->arg[0], c, false);
	default: return unsigned_result(d, i->arg[0], c, true);
	}
}

bool
divconst_run(IrFunc *f, OptContext *o)
{
	bool changed = false;

	for (Val v = 1, n = f->ins.n; v < n && !o->arena->mem->failed; v++) {
		Ins i = f->ins.at[v];
		Div d = { .f = f, .at = v, .type = i.type, .width = i.type == IR_I32 ? 32 : 64 };
		Val by;

		if (i.op != IR_MUL && i.op != IR_FDIV && (i.op < IR_SDIV || i.op > IR_UREM))
			continue;
		if (!ir_is_const(f, i.arg[1]))
			continue;
		i.arg[0] = ir_resolve(f, i.arg[0]);
		by = rewrite(&d, &i);
		if (!by)
			continue;
		ir_replace(f, v, by);
		changed = true;
	}
	ir_apply_replacements(f);
	return changed;
}
