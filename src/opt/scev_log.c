/* scev_log.c - linear systems v' = M·v + c: the map for n iterations by squaring.
 *
 * A loop before the loop: (M, c) is the map for 2^k iterations, applied to v where n has bit k, and
 * squared: M·M, M·c + c.  Entries that are 0 in all powers are not computed. */
#include "opt/scev.h"

enum { STATES = 6 };

typedef struct System {
	uint32_t n, nphis;
	uint8_t phi[STATES];
	unsigned type;
	Val m[STATES][STATES], c[STATES], v[STATES];
	bool m_used[STATES][STATES], c_used[STATES];
} System;

static bool
is_zero(const Scev *s, Val v)
{
	int64_t value;

	return scev_constant(s, v, &value) && !value;
}

/* State i grows by chain `c`: its first difference, and the differences of that, are states too. */
static bool
add_chain(Scev *s, System *y, uint32_t i, const Chain *c)
{
	Val one = scev_const(s, y->type, 1);

	if (!c->degree) {
		y->c[i] = c->c[0];
		return true;
	}
	if (y->n + c->degree > STATES)
		return false;
	for (unsigned k = 0; k < c->degree; k++) {
		uint32_t j = y->n++;
		y->m[i][j] = one;
		y->m[j][j] = one;
		y->v[j] = c->c[k];
		i = j;
	}
	y->c[i] = c->c[c->degree];
	return true;
}

static bool
make_system(Scev *s, System *y)
{
	uint8_t place[SCEV_PHIS] = { 0 };
	Val zero;

	*y = (System){ 0 };
	for (uint32_t k = 0; k < s->nphis; k++) {
		const PhiState *p = &s->phi[k];
		unsigned type = s->f->ins.at[p->phi].type;
		if (p->kind != PHI_OPEN && p->kind != PHI_LINEAR)
			continue;
		if (!p->form || y->n == STATES || (y->n && type != y->type))
			return false;
		y->type = type;
		place[k] = (uint8_t)y->n;
		y->phi[y->n] = (uint8_t)k;
		y->v[y->n++] = p->start;
	}
	y->nphis = y->n;
	zero = scev_const(s, y->type, 0);
	for (uint32_t i = 0; i < STATES; i++) {
		y->c[i] = zero;
		for (uint32_t j = 0; j < STATES; j++)
			y->m[i][j] = zero;
	}
	for (uint32_t i = 0; i < y->nphis; i++) {
		const Form *form = s->phi[y->phi[i]].form;
		for (uint32_t k = 0; k < form->n; k++) {
			uint8_t kind = s->phi[form->phi[k]].kind;
			if (kind != PHI_OPEN && kind != PHI_LINEAR)
				return false;
			y->m[i][place[form->phi[k]]] = form->factor[k];
		}
		if (!add_chain(s, y, i, form->rest))
			return false;
	}
	return y->n > 0;
}

bool
scev_linear(Scev *s)
{
	System y;

	if (s->period != 1 || s->split.cc != CC_COUNT || !make_system(s, &y))
		return false;
	for (uint32_t k = 0; k < y.nphis; k++)
		s->phi[y.phi[k]].kind = PHI_LINEAR;
	return true;
}

/* Which entries are not 0 in some power. */
static void
find_used(Scev *s, System *y)
{
	for (uint32_t i = 0; i < y->n; i++)
		for (uint32_t j = 0; j < y->n; j++)
			y->m_used[i][j] = !is_zero(s, y->m[i][j]);
	for (uint32_t k = 0; k < y->n; k++)
		for (uint32_t i = 0; i < y->n; i++)
			for (uint32_t j = 0; j < y->n; j++)
				if (y->m_used[i][k] && y->m_used[k][j])
					y->m_used[i][j] = true;
	for (uint32_t i = 0; i < y->n; i++) {
		y->c_used[i] = !is_zero(s, y->c[i]);
		for (uint32_t j = 0; j < y->n; j++)
			if (y->m_used[i][j] && !is_zero(s, y->c[j]))
				y->c_used[i] = true;
	}
}

static Val
new_phi(Scev *s, BlockId b, unsigned type, Val start)
{
	Val args[2] = { start, start };

	return ir_pooled(s->f, b, IR_PHI, (IrType)type, 0, args, 2);
}

static void
set_next(Scev *s, Val phi, Val next)
{
	if (phi && s->f->ins.at[phi].op == IR_PHI)
		s->f->pool.at[s->f->ins.at[phi].arg[0] + 1] = next;
}

/* row·column + more, if that is not 0. */
static Val
dot(Scev *s, BlockId b, const System *y, uint32_t row, const Val *column, const bool *used,
    Val more)
{
	Val sum = more;

	for (uint32_t k = 0; k < y->n; k++) {
		Val x;
		if (!y->m_used[row][k] || !used[k])
			continue;
		x = ir_ins(s->f, b, IR_MUL, (IrType)y->type, y->m[row][k], column[k]);
		sum = sum ? ir_ins(s->f, b, IR_ADD, (IrType)y->type, sum, x) : x;
	}
	return sum ? sum : scev_const(s, y->type, 0);
}

static void
square(Scev *s, BlockId b, const System *y)
{
	for (uint32_t i = 0; i < y->n; i++) {
		for (uint32_t j = 0; j < y->n; j++) {
			Val column[STATES];
			bool used[STATES];
			for (uint32_t k = 0; k < y->n; k++) {
				column[k] = y->m[k][j];
				used[k] = y->m_used[k][j];
			}
			if (y->m_used[i][j])
				set_next(s, y->m[i][j], dot(s, b, y, i, column, used, 0));
		}
		if (y->c_used[i])
			set_next(s, y->c[i], dot(s, b, y, i, y->c, y->c_used, y->c[i]));
	}
}

/* Between s->at and the header: round -> body -> round, and `after`, which goes to the header. */
static void
make_blocks(Scev *s, BlockId *round, BlockId *body, BlockId *after)
{
	IrFunc *f = s->f;

	*round = ir_block(f);
	*body = ir_block(f);
	*after = ir_block(f);
	ir_remove(f, f->blocks.at[s->at].last);
	ir_jmp(f, s->at, *round);
	ir_append(f, *after, (Ins){ .op = IR_JMP });
	f->blocks.at[*after].succ[0] = s->header;
	f->blocks.at[s->header].preds.at[s->entry] = *after;
}

void
scev_power(Scev *s, Val count)
{
	bool all[STATES];
	BlockId round, body, after;
	Val n, bit, zero, one;
	IrFunc *f = s->f;
	System y;

	if (!make_system(s, &y))
		return;
	find_used(s, &y);
	memset(all, true, sizeof all);
	make_blocks(s, &round, &body, &after);
	if (f->module->arena->mem->failed)
		return;
	zero = scev_const(s, IR_I64, 0);
	one = scev_const(s, IR_I64, 1);
	n = new_phi(s, round, IR_I64, count);
	for (uint32_t i = 0; i < y.n; i++) {
		y.v[i] = new_phi(s, round, y.type, y.v[i]);
		if (y.c_used[i])
			y.c[i] = new_phi(s, round, y.type, y.c[i]);
		for (uint32_t j = 0; j < y.n; j++)
			if (y.m_used[i][j])
				y.m[i][j] = new_phi(s, round, y.type, y.m[i][j]);
	}
	ir_br(f, round, CC_NE, n, zero, body, after);
	bit = ir_ins(f, body, IR_AND, IR_I64, n, one);
	for (uint32_t i = 0; i < y.n; i++) {
		Val moved = dot(s, body, &y, i, y.v, all, y.c_used[i] ? y.c[i] : 0);
		set_next(s, y.v[i], ir_select(f, body, CC_NE, bit, zero, moved, y.v[i]));
	}
	square(s, body, &y);
	set_next(s, n, ir_ins(f, body, IR_SHR, IR_I64, n, one));
	ir_jmp(f, body, round);
	s->at = after;
	for (uint32_t k = 0; k < y.nphis; k++)
		s->phi[y.phi[k]].end = y.v[k];
}
