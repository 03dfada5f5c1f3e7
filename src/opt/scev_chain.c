/* scev_chain.c - the algebra of chains: sums, products, binomial coefficients modulo 2^w. */
#include "opt/scev.h"

Val
scev_ins(Scev *s, IrOp op, unsigned type, Val a, Val b)
{
	return ir_ins(s->f, s->at, op, (IrType)type, a, b);
}

Val
scev_const(Scev *s, unsigned type, uint64_t bits)
{
	return ir_const(s->f, (IrType)type, bits);
}

bool
scev_constant(const Scev *s, Val v, int64_t *value)
{
	uint64_t bits = ir_const_bits(s->f, v);

	if (!v || !ir_is_const(s->f, v))
		return false;
	*value = s->f->ins.at[v].type == IR_I32 ? (int32_t)bits : (int64_t)bits;
	return true;
}

static bool
is_zero(const Scev *s, Val v)
{
	int64_t value;

	return scev_constant(s, v, &value) && value == 0;
}

Chain *
scev_chain(Scev *s, unsigned type, unsigned degree)
{
	uint32_t n = s->period * (degree + 1);
	Chain *c = arena_alloc(s->arena, sizeof *c);
	Val zero = scev_const(s, type, 0);

	if (!c || degree > SCEV_DEGREE)
		return NULL;
	c->c = arena_alloc(s->arena, n * sizeof *c->c);
	if (!c->c)
		return NULL;
	for (uint32_t k = 0; k < n; k++)
		c->c[k] = zero;
	c->type = (uint8_t)type;
	c->degree = (uint8_t)degree;
	return c;
}

Val *
scev_at(const Chain *c, unsigned r, unsigned k)
{
	return &c->c[r * (c->degree + 1u) + k];
}

const Chain *
scev_invariant(Scev *s, Val v)
{
	Chain *c = scev_chain(s, s->f->ins.at[v].type, 0);

	for (unsigned r = 0; c && r < s->period; r++)
		c->c[r] = v;
	return c;
}

/* The same without coefficients at the top that are all 0. */
static const Chain *
trimmed(Scev *s, Chain *c)
{
	unsigned degree = c->degree;
	Chain *t;

	for (; degree; degree--) {
		unsigned r = 0;
		while (r < s->period && is_zero(s, *scev_at(c, r, degree)))
			r++;
		if (r < s->period)
			break;
	}
	if (degree == c->degree)
		return c;
	t = scev_chain(s, c->type, degree);
	for (unsigned r = 0; t && r < s->period; r++)
		for (unsigned k = 0; k <= degree; k++)
			*scev_at(t, r, k) = *scev_at(c, r, k);
	return t;
}

const Chain *
scev_add(Scev *s, const Chain *a, const Chain *b, IrOp op)
{
	Chain *c;

	if (!a || !b)
		return NULL;
	c = scev_chain(s, a->type, a->degree > b->degree ? a->degree : b->degree);
	for (unsigned r = 0; c && r < s->period; r++) {
		for (unsigned k = 0; k <= c->degree; k++) {
			Val x = k <= a->degree ? *scev_at(a, r, k) : scev_const(s, a->type, 0);
			if (k <= b->degree)
				x = scev_ins(s, op, a->type, x, *scev_at(b, r, k));
			*scev_at(c, r, k) = x;
		}
	}
	return c ? trimmed(s, c) : NULL;
}

/* C(n, k) of small integers, n of any sign. */
static uint64_t
small_choose(int64_t n, unsigned k)
{
	int64_t c = 1;

	for (unsigned j = 0; j < k; j++)
		c = c * (n - (int64_t)j) / (int64_t)(j + 1);
	return (uint64_t)c;
}

/* C(n,i)·C(n,j) = Σ C(k,i)·C(i,k-j)·C(n,k), k from max(i,j) to i + j. */
static void
add_product(Scev *s, Chain *c, unsigned r, Val x, unsigned i, unsigned j)
{
	for (unsigned k = i > j ? i : j; k <= i + j; k++) {
		uint64_t times = small_choose(k, i) * small_choose(i, k - j);
		Val y = scev_ins(s, IR_MUL, c->type, x, scev_const(s, c->type, times));
		*scev_at(c, r, k) = scev_ins(s, IR_ADD, c->type, *scev_at(c, r, k), y);
	}
}

const Chain *
scev_mul(Scev *s, const Chain *a, const Chain *b)
{
	Chain *c;

	if (!a || !b || a->degree + b->degree > SCEV_DEGREE)
		return NULL;
	c = scev_chain(s, a->type, a->degree + b->degree);
	for (unsigned r = 0; c && r < s->period; r++) {
		for (unsigned i = 0; i <= a->degree; i++) {
			for (unsigned j = 0; j <= b->degree; j++) {
				Val x = *scev_at(a, r, i), y = *scev_at(b, r, j);
				if (!is_zero(s, x) && !is_zero(s, y))
					add_product(s, c, r, scev_ins(s, IR_MUL, a->type, x, y), i,
						    j);
			}
		}
	}
	return c ? trimmed(s, c) : NULL;
}

const Chain *
scev_each(Scev *s, IrOp op, unsigned type, const Chain *a, const Chain *b)
{
	Chain *c;

	if (!a || a->degree || (b && b->degree))
		return NULL;
	c = scev_chain(s, type, 0);
	for (unsigned r = 0; c && r < s->period; r++)
		c->c[r] = scev_ins(s, op, type, a->c[r], b ? b->c[r] : 0);
	return c;
}

/* x' = x + step.  With S_r the sum of the first r rows, in iteration period·q + r it is
 * start + Σ_{q' < q} S_period(q') + S_r(q). */
const Chain *
scev_sum(Scev *s, Val start, const Chain *step)
{
	Val sum[SCEV_DEGREE + 2];
	unsigned degree;
	Chain *c;

	if (!step || step->degree >= SCEV_DEGREE)
		return NULL;
	degree = step->degree + 1u;
	c = scev_chain(s, step->type, degree);
	if (!c)
		return NULL;
	for (unsigned k = 0; k <= degree; k++)
		sum[k] = scev_const(s, step->type, 0);
	for (unsigned r = 0; r < s->period; r++) {
		for (unsigned k = 0; k <= degree; k++)
			*scev_at(c, r, k) = sum[k];
		for (unsigned k = 0; k < degree; k++)
			sum[k] = scev_ins(s, IR_ADD, step->type, sum[k], *scev_at(step, r, k));
	}
	for (unsigned r = 0; r < s->period; r++) {
		Val *row = scev_at(c, r, 0);
		row[0] = scev_ins(s, IR_ADD, step->type, row[0], start);
		for (unsigned k = 0; k < degree; k++)
			row[k + 1] = scev_ins(s, IR_ADD, step->type, row[k + 1], sum[k]);
	}
	return trimmed(s, c);
}

/* x_{r+1} = step_r - x_r; over a period x grows by the alternating sum of the rows. */
const Chain *
scev_alternate(Scev *s, Val start, const Chain *step)
{
	Val sum[SCEV_DEGREE + 1];
	unsigned degree;
	Chain *c;

	if (!step || s->period % 2 || step->degree >= SCEV_DEGREE)
		return NULL;
	degree = step->degree + 1u;
	c = scev_chain(s, step->type, degree);
	if (!c)
		return NULL;
	for (unsigned k = 0; k < degree; k++) {
		sum[k] = scev_const(s, step->type, 0);
		for (unsigned r = 0; r < s->period; r++)
			sum[k] = scev_ins(s, IR_SUB, step->type, *scev_at(step, r, k), sum[k]);
		c->c[k + 1] = sum[k];
	}
	c->c[0] = start;
	for (unsigned r = 1; r < s->period; r++) {
		for (unsigned k = 0; k <= degree; k++) {
			Val x = k < degree ? *scev_at(step, r - 1, k)
					   : scev_const(s, step->type, 0);
			*scev_at(c, r, k) =
				scev_ins(s, IR_SUB, step->type, x, *scev_at(c, r - 1, k));
		}
	}
	return trimmed(s, c);
}

/* ---- Binomial coefficients ------------------------------------------------------------------ */

/* Newton: 5 good bits, then twice as many each time. */
static uint64_t
inverse(uint64_t odd)
{
	uint64_t x = (3 * odd) ^ 2;

	for (int k = 0; k < 4; k++)
		x *= 2 - odd * x;
	return x;
}

/* n(n-1)…(n-k+1) in 128 bits, shifted right by the twos of k!, times the inverse of its odd part.
 * For n < k a factor is 0, whatever the later ones have wrapped to. */
static Val
choose_wide(Scev *s, Val n, unsigned k)
{
	Val lo = n, hi = scev_const(s, IR_I64, 0), x;
	unsigned twos = 0;
	uint64_t odd = 1;

	for (unsigned j = 1; j < k; j++) {
		Val m = scev_ins(s, IR_ADD, IR_I64, n, scev_const(s, IR_I64, 0 - (uint64_t)j));
		hi = scev_ins(s, IR_ADD, IR_I64, scev_ins(s, IR_MUL, IR_I64, hi, m),
			      scev_ins(s, IR_MULHU, IR_I64, lo, m));
		lo = scev_ins(s, IR_MUL, IR_I64, lo, m);
	}
	for (unsigned j = 2; j <= k; j++) {
		uint64_t m = j;
		for (; m % 2 == 0; m /= 2)
			twos++;
		odd *= m;
	}
	x = scev_ins(s, IR_OR, IR_I64, scev_ins(s, IR_SHR, IR_I64, lo, scev_const(s, IR_I64, twos)),
		     scev_ins(s, IR_SHL, IR_I64, hi, scev_const(s, IR_I64, 64 - twos)));
	return scev_ins(s, IR_MUL, IR_I64, x, scev_const(s, IR_I64, inverse(odd)));
}

static void
note(Scev *s, Val v, Val n, unsigned k)
{
	Note *fresh;

	if (ir_is_const(s->f, v) || !vec_reserve(s->arena, (void **)&s->note_of.at, &s->note_of.cap,
						 sizeof *s->note_of.at, v + 1))
		return;
	if (s->note_of.at[v])
		return;
	fresh = vec_push(s->arena, &s->notes);
	if (!fresh)
		return;
	*fresh = (Note){ n, k };
	s->note_of.at[v] = s->notes.n;
}

Val
scev_choose(Scev *s, Val n, unsigned k)
{
	Val v, m;

	if (k == 0)
		return scev_const(s, IR_I64, 1);
	if (k == 1)
		return n;
	if (k == 2) { /* the even one of n and n - 1 is halved: n odd makes (n - 1) | 1 = n */
		m = scev_ins(s, IR_ADD, IR_I64, n, scev_const(s, IR_I64, UINT64_MAX));
		v = scev_ins(s, IR_MUL, IR_I64,
			     scev_ins(s, IR_SHR, IR_I64, n, scev_const(s, IR_I64, 1)),
			     scev_ins(s, IR_OR, IR_I64, m, scev_const(s, IR_I64, 1)));
	} else if (k % 2) {
		m = scev_ins(s, IR_ADD, IR_I64, n, scev_const(s, IR_I64, 1 - (uint64_t)k));
		v = scev_ins(s, IR_MUL, IR_I64, scev_choose(s, n, k - 1), m);
		v = scev_ins(s, IR_MUL, IR_I64, v, scev_const(s, IR_I64, inverse(k)));
	} else {
		v = choose_wide(s, n, k);
	}
	note(s, v, n, k);
	return v;
}

/* The chain's coefficients of C(n0 + step·q, k) = Σ_j C(n0, k-j)·C(step·q, j), by the differences
 * of the last at q = 0. */
static void
expand(Scev *s, Chain *c, unsigned r, Val n0, int64_t step, unsigned k)
{
	for (unsigned i = 0; i <= c->degree; i++) {
		Val sum = scev_const(s, IR_I64, 0);
		for (unsigned j = i; j <= k; j++) { /* for j < i the difference is 0 */
			uint64_t d = 0;
			for (unsigned l = 0; l <= i; l++) {
				uint64_t x =
					small_choose(i, l) * small_choose(step * (int64_t)l, j);
				d += (i - l) % 2 ? 0 - x : x;
			}
			if (d)
				sum = scev_ins(s, IR_ADD, IR_I64, sum,
					       scev_ins(s, IR_MUL, IR_I64,
							scev_choose(s, n0, k - j),
							scev_const(s, IR_I64, d)));
		}
		*scev_at(c, r, i) = sum;
	}
}

const Chain *
scev_binomial(Scev *s, const Chain *n, unsigned k)
{
	int64_t step = 0;
	Chain *c;

	if (!n || n->degree > 1 || k > SCEV_DEGREE)
		return NULL;
	c = scev_chain(s, IR_I64, n->degree ? k : 0);
	for (unsigned r = 0; c && r < s->period; r++) {
		if (n->degree &&
		    (!scev_constant(s, *scev_at(n, r, 1), &step) || step > 16 || step < -16))
			return NULL;
		if (n->degree)
			expand(s, c, r, *scev_at(n, r, 0), step, k);
		else
			c->c[r] = scev_choose(s, n->c[r], k);
	}
	return c ? trimmed(s, c) : NULL;
}

/* ---- Values --------------------------------------------------------------------------------- */

static Val
sum_up(Scev *s, unsigned type, const Val *row, unsigned degree, Val q)
{
	Val sum = row[0];

	for (unsigned k = 1; k <= degree; k++) {
		Val x;
		if (is_zero(s, row[k]))
			continue;
		x = scev_choose(s, q, k);
		if (type == IR_I32)
			x = scev_ins(s, IR_WRAP, IR_I32, x, 0);
		sum = scev_ins(s, IR_ADD, type, sum, scev_ins(s, IR_MUL, type, x, row[k]));
	}
	return sum;
}

Val
scev_value(Scev *s, const Chain *c, unsigned r, Val q)
{
	return sum_up(s, c->type, scev_at(c, r, 0), c->degree, q);
}

/* C(q - 1, k) = C(q, k) - C(q - 1, k - 1), so c'_d = c_d and c'_k = c_k - c'_{k+1}. */
Val
scev_value_before(Scev *s, const Chain *c, unsigned r, Val q)
{
	Val row[SCEV_DEGREE + 1];

	row[c->degree] = *scev_at(c, r, c->degree);
	for (unsigned k = c->degree; k-- > 0;)
		row[k] = scev_ins(s, IR_SUB, c->type, *scev_at(c, r, k), row[k + 1]);
	return sum_up(s, c->type, row, c->degree, q);
}
