/* emit_fp.c - floating-point instructions and conversions, with the meaning of docs/language.md.
 *
 * SSE2 throughout; ROUNDSx where there is SSE4.1 and VFMADD where there is FMA3.  What is rare and
 * long (NaN, saturation, unsigned above 2^63) is moved behind the function: Cold.
 *
 * Instructions that leave part of their destination alone (SQRTSx, CVT…) are given a destination
 * that was just written, or they would wait for whoever used the register before. */
#include "gen/x86_64/x86_64.h"

static IrType
operand_type(const Emit *e, Val v, unsigned k)
{
	return (IrType)e->f->ins.at[e->f->ins.at[v].arg[k]].type;
}

static X64Rm
mask(Emit *e, unsigned size, bool sign)
{
	uint64_t top = size == 8 ? UINT64_C(1) << 63 : UINT64_C(1) << 31;

	return x64_pool(e, sign ? top : top - 1);
}

/* ---- Comparisons ---- */

/* UCOMISx: CF = less, ZF = equal, all three of ZF, PF, CF = unordered.  "Above" and "above or
 * equal" are false on unordered, so the operands are put in the order that asks for those. */
Cond
x64_compare_fp(Emit *e, IrCc cc, Loc a, Loc b, IrType t)
{
	Loc other = a;

	if (cc == CC_FLT || cc == CC_FLE || cc == CC_FNLT || cc == CC_FNLE) {
		cc = (IrCc)cc_swapped[cc];
		a = b;
		b = other;
	} else if ((cc == CC_FEQ || cc == CC_FNE) && !loc_is_reg(a)) {
		a = b;
		b = other;
	}
	x64_emit(e->c, X64_UCOMIS, type_bytes(t), x64_in_reg(e, a, t), x64_rm(e, b), 0);
	switch (cc) {
	case CC_FEQ: return (Cond){ X64_E, COND_AND_NP };
	case CC_FNE: return (Cond){ X64_NE, COND_OR_P };
	case CC_FGT: return (Cond){ X64_A, COND_ONE };
	case CC_FGE: return (Cond){ X64_AE, COND_ONE };
	case CC_FNGT: return (Cond){ X64_BE, COND_ONE };
	default: assert(cc == CC_FNGE); return (Cond){ X64_B, COND_ONE };
	}
}

/* a < b ? a : b and the like are what MINSx and MAXSx are: the second operand where the first is
 * not less, or greater, so for equal ones and for NaN. */
bool
x64_is_extreme(const Ins *i)
{
	return (i->cc == CC_FLT || i->cc == CC_FGT || i->cc == CC_FNLT || i->cc == CC_FNGT) &&
	       ((i->arg[0] == i->arg[2] && i->arg[1] == i->arg[3]) ||
		(i->arg[0] == i->arg[3] && i->arg[1] == i->arg[2]));
}

static void
select_extreme(Emit *e, Val v)
{
	const Ins *i = &e->f->ins.at[v];
	bool negated = i->cc == CC_FNLT || i->cc == CC_FNGT;
	bool less = (i->cc == CC_FLT || i->cc == CC_FNLT) == (i->arg[2 + negated] == i->arg[0]);
	Loc d = e->r->out[v], otherwise = use_loc(e, v, 3 - negated);
	unsigned t = x64_out_reg(e, d, i->type);

	if (loc_is_reg(otherwise) && loc_reg(otherwise) == t)
		t = e->fs;
	x64_load(e, t, use_loc(e, v, 2 + negated), (IrType)i->type);
	x64_emit(e->c, less ? X64_MINS : X64_MAXS, type_bytes(i->type), t, x64_rm(e, otherwise), 0);
	x64_store(e, d, t, (IrType)i->type);
}

/* What compares other floats than are selected has no mask of their size. */
bool
x64_selects_by_mask(const IrFunc *f, const Ins *i)
{
	uint8_t compared = f->ins.at[i->arg[0]].type;

	return type_is_fp(i->type) &&
	       (!type_is_fp(compared) || (compared == i->type && !x64_is_extreme(i)));
}

/* All bits of e->fs, or none, by v's condition or (negated) its opposite. */
static void
make_mask(Emit *e, Val v, bool negated)
{
	static const uint8_t predicates[CC_COUNT] = {
		[CC_FEQ] = 0, [CC_FLT] = 1, [CC_FLE] = 2, [CC_FNE] = 4, [CC_FNLT] = 5, [CC_FNLE] = 6
	};
	const Ins *i = &e->f->ins.at[v];
	unsigned cc = negated ? cc_negated[i->cc] : i->cc, size = type_bytes(i->type), a;

	if (cc < CC_FEQ) {
		Cond k = x64_compare(e, v);

		x64_setcc(e->c, negated ? x64_cond_not(k).cc : k.cc, x64_r(e->is));
		x64_emit(e->c, X64_MOVZX8, 4, e->is, x64_r(e->is), 0);
		x64_emit(e->c, X64_NEG, size, 0, x64_r(e->is), 0);
		x64_emit(e->c, X64_MOVD_XG, size, e->fs, x64_r(e->is), 0);
		return;
	}
	a = cc != CC_FEQ && cc != CC_FNE && !predicates[cc];
	cc = a ? cc_swapped[cc] : cc;
	x64_load(e, e->fs, use_loc(e, v, a), (IrType)i->type);
	x64_emit(e->c, X64_CMPS, size, e->fs, x64_rm(e, use_loc(e, v, !a)), predicates[cc]);
}

/* (then & m) | (otherwise & ~m).  One of the two values has to be in a register that is not that of
 * the result. */
static bool
select_by_mask(Emit *e, Val v)
{
	const Ins *i = &e->f->ins.at[v];
	Loc d = e->r->out[v], then = use_loc(e, v, 2), otherwise = use_loc(e, v, 3), swap = then;
	bool negated = loc_is_reg(then) && then != d && (!loc_is_reg(otherwise) || otherwise == d);
	unsigned t;

	if (negated) {
		then = otherwise;
		otherwise = swap;
	}
	if (!loc_is_reg(d) || !loc_is_reg(otherwise) || otherwise == d)
		return false;
	t = loc_reg(d);
	make_mask(e, v, negated);
	x64_load(e, t, then, (IrType)i->type);
	x64_emit(e->c, X64_ANDP, 4, t, x64_r(e->fs), 0);
	x64_emit(e->c, X64_ANDNP, 4, e->fs, x64_r(loc_reg(otherwise)), 0);
	x64_emit(e->c, X64_ORP, 4, t, x64_r(e->fs), 0);
	return true;
}

/* By a branch, if nothing else will do.  Moves leave the flags alone. */
void
x64_select_fp(Emit *e, Val v)
{
	IrType type = (IrType)e->f->ins.at[v].type;
	Loc d = e->r->out[v], then = use_loc(e, v, 2), otherwise = use_loc(e, v, 3);
	Label over;
	Cond k;

	if (operand_type(e, v, 0) == type && x64_is_extreme(&e->f->ins.at[v])) {
		select_extreme(e, v);
		return;
	}
	if (x64_selects_by_mask(e->f, &e->f->ins.at[v]) && select_by_mask(e, v))
		return;
	over = cbuf_label(e->c);
	k = x64_compare(e, v);
	if (d == then && d != otherwise) {
		then = otherwise;
		otherwise = d;
		k = x64_cond_not(k);
	}
	x64_move(e, d, otherwise, type);
	x64_jump_if(e, x64_cond_not(k), over);
	x64_move(e, d, then, type);
	cbuf_bind(e->c, over);
}

/* ---- Arithmetic ---- */

static void
emit_binary(Emit *e, Val v, X64Form form, bool commutes)
{
	IrType type = (IrType)e->f->ins.at[v].type;
	Loc d = e->r->out[v], a = use_loc(e, v, 0), b = use_loc(e, v, 1), other = a;
	unsigned t = x64_out_reg(e, d, type);

	if (commutes && ((d == b && loc_is_reg(d)) || loc_is_const(a) || loc_is_fused(a))) {
		a = b;
		b = other;
	}
	assert(!loc_is_reg(b) || loc_reg(b) != t || a == b);
	x64_load(e, t, a, type);
	x64_emit(e->c, form, type_bytes(type), t, x64_rm(e, b), 0);
	x64_store(e, d, t, type);
}

/* Into a register just written: of itself. */
static void
emit_unary(Emit *e, Val v, X64Form form, unsigned size, int32_t imm)
{
	Loc d = e->r->out[v];
	unsigned t = x64_out_reg(e, d, (IrType)e->f->ins.at[v].type);

	x64_load(e, t, use_loc(e, v, 0), operand_type(e, v, 0));
	x64_emit(e->c, form, size, t, x64_r(t), imm);
	x64_store(e, d, t, (IrType)e->f->ins.at[v].type);
}

/* [SDM] ROUNDSD: imm8 bit 3 silences the inexact exception; 0 nearest even, 1 down, 2 up, 3 to 0.
 */
static void
emit_round(Emit *e, Val v, unsigned mode)
{
	unsigned size = type_bytes(e->f->ins.at[v].type);

	emit_unary(e, v, size == 8 ? X64_ROUNDSD : X64_ROUNDSS, size, (int32_t)(8 | mode));
}

/* FNEG and FABS act on the sign bit alone. */
static void
emit_sign(Emit *e, Val v, X64Form form, bool sign)
{
	IrType type = (IrType)e->f->ins.at[v].type;
	unsigned size = type_bytes(type), t = x64_out_reg(e, e->r->out[v], type);

	x64_load(e, t, use_loc(e, v, 0), type);
	x64_emit(e->c, X64_MOVS_RM, size, e->fs, mask(e, size, sign), 0);
	x64_emit(e->c, form, 4, t, x64_r(e->fs), 0);
}

/* (a & ~sign) | (b & sign); b stays whole until the end. */
static void
emit_copysign(Emit *e, Val v)
{
	IrType type = (IrType)e->f->ins.at[v].type;
	unsigned size = type_bytes(type), t = x64_out_reg(e, e->r->out[v], type);

	x64_load(e, t, use_loc(e, v, 0), type);
	x64_emit(e->c, X64_MOVS_RM, size, e->fs, mask(e, size, false), 0);
	x64_emit(e->c, X64_ANDP, 4, t, x64_r(e->fs), 0);
	x64_emit(e->c, X64_ANDNP, 4, e->fs, x64_rm(e, use_loc(e, v, 1)), 0);
	x64_emit(e->c, X64_ORP, 4, t, x64_r(e->fs), 0);
}

/* MINSx gives its second operand for equal ones (so -0 and +0) and for NaN: both set ZF. */
static void
emit_minmax(Emit *e, Val v, bool max)
{
	IrType type = (IrType)e->f->ins.at[v].type;
	Loc d = e->r->out[v], a = use_loc(e, v, 0), b = use_loc(e, v, 1), other = a;
	unsigned size = type_bytes(type), t = x64_out_reg(e, d, type), x;
	Cold *k;

	if (d == b) {
		a = b;
		b = other;
	}
	x = x64_in_reg(e, b, type);
	x64_load(e, t, a, type);
	k = x64_cold(e, COLD_MINMAX);
	if (!k)
		return;
	k->d = (uint8_t)t;
	k->x = (uint8_t)x;
	k->fsize = (uint8_t)size;
	k->max = max;
	x64_emit(e->c, X64_UCOMIS, size, t, x64_r(x), 0);
	x64_jcc(e->c, X64_E, k->start);
	x64_emit(e->c, max ? X64_MAXS : X64_MINS, size, t, x64_r(x), 0);
	cbuf_bind(e->c, k->back);
}

/* [SDM] VFMADD: 213 is d = b * d + c, 231 is d = a * b + d. */
static void
emit_fma(Emit *e, Val v)
{
	IrType type = (IrType)e->f->ins.at[v].type;
	Loc d = e->r->out[v], a = use_loc(e, v, 0), b = use_loc(e, v, 1), c = use_loc(e, v, 2);
	unsigned size = type_bytes(type), t = loc_reg(d);

	if (d == c) {
		x64_vex(e->c, X64_VFMADD231S, size, t, loc_reg(a), x64_rm(e, b), 0);
		return;
	}
	if (d == b) {
		b = a;
		a = d;
	}
	x64_load(e, t, a, type);
	x64_vex(e->c, X64_VFMADD213S, size, t, loc_reg(b), x64_rm(e, c), 0);
}

/* Is the instruction behind v, without moves between, another CANON that can be tested with it? */
static bool
has_twin(const Emit *e, Val v)
{
	const Ins *i = &e->f->ins.at[v], *next = &e->f->ins.at[i->next];

	return next->op == IR_CANON && next->type == i->type && next->arg[0] != v &&
	       !e->first_move[i->next] && loc_is_reg(e->r->out[v]) &&
	       loc_is_reg(e->r->out[i->next]) && e->r->out[v] != e->r->out[i->next];
}

/* A comparison says "unordered" if either is NaN: two are tested at once where they are neighbours.
 */
static void
emit_canon(Emit *e, Val v)
{
	IrType type = (IrType)e->f->ins.at[v].type;
	unsigned size = type_bytes(type), t = x64_out_reg(e, e->r->out[v], type);
	Cold *k;

	x64_load(e, t, use_loc(e, v, 0), type);
	if (!e->unchecked && has_twin(e, v)) {
		e->unchecked = v;
		return;
	}
	k = x64_cold(e, e->unchecked ? COLD_CANON_TWO : COLD_CANON);
	if (!k)
		return;
	k->d = (uint8_t)t;
	k->x = (uint8_t)(e->unchecked ? loc_reg(e->r->out[e->unchecked]) : t);
	k->fsize = (uint8_t)size;
	e->unchecked = 0;
	x64_emit(e->c, X64_UCOMIS, size, t, x64_r(k->x), 0);
	x64_jcc(e->c, X64_P, k->start);
	cbuf_bind(e->c, k->back);
}

/* ---- Integer to float ---- */

static void
emit_stof(Emit *e, Val v)
{
	IrType type = (IrType)e->f->ins.at[v].type, from = operand_type(e, v, 0);
	Loc d = e->r->out[v];
	unsigned t = x64_out_reg(e, d, type);

	x64_emit(e->c, X64_XORP, 4, t, x64_r(t), 0);
	x64_emit(e->c, type == IR_F64 ? X64_CVTSI2SD : X64_CVTSI2SS, type_bytes(from), t,
		 x64_rm(e, use_loc(e, v, 0)), 0);
	x64_store(e, d, t, type);
}

/* 32 bits: as 64 signed ones.  64 bits: values with the top bit set take the rare path. */
static void
emit_utof(Emit *e, Val v)
{
	IrType type = (IrType)e->f->ins.at[v].type, from = operand_type(e, v, 0);
	Loc d = e->r->out[v];
	unsigned t = x64_out_reg(e, d, type);
	Cold *k = NULL;

	x64_emit(e->c, X64_MOV_RM, type_bytes(from), e->is, x64_rm(e, use_loc(e, v, 0)), 0);
	x64_emit(e->c, X64_XORP, 4, t, x64_r(t), 0);
	if (from == IR_I64) {
		k = x64_cold(e, COLD_UTOF);
		if (!k)
			return;
		k->d = (uint8_t)t;
		k->fsize = (uint8_t)type_bytes(type);
		x64_emit(e->c, X64_TEST_MR, 8, e->is, x64_r(e->is), 0);
		x64_jcc(e->c, X64_S, k->start);
	}
	x64_emit(e->c, type == IR_F64 ? X64_CVTSI2SD : X64_CVTSI2SS, 8, t, x64_r(e->is), 0);
	if (k)
		cbuf_bind(e->c, k->back);
	x64_store(e, d, t, type);
}

/* ---- Float to integer ---- */

static X64Form
cvtt(unsigned fsize)
{
	return fsize == 8 ? X64_CVTTSD2SI : X64_CVTTSS2SI;
}

/* CVTTSx2SI gives the lowest integer for whatever does not fit.  64 bits: that value less 1
 * overflows, and nothing else does.  32 bits: convert to 64 and see whether 32 hold it. */
static void
emit_ftoi(Emit *e, Val v, bool is_signed)
{
	IrType type = (IrType)e->f->ins.at[v].type, from = operand_type(e, v, 0);
	unsigned size = type_bytes(type), fsize = type_bytes(from);
	unsigned d = loc_reg(e->r->out[v]), x = x64_in_reg(e, use_loc(e, v, 0), from);
	Cold *k = x64_cold(e, is_signed ? COLD_FTOS : size == 8 ? COLD_FTOU64 : COLD_FTOU32);

	if (!k)
		return;
	k->d = (uint8_t)d;
	k->x = (uint8_t)x;
	k->size = (uint8_t)size;
	k->fsize = (uint8_t)fsize;
	x64_emit(e->c, cvtt(fsize), 8, d, x64_r(x), 0);
	if (size == 8 && is_signed) {
		x64_alu_imm(e->c, X64_CMP, 8, x64_r(d), 1);
		x64_jcc(e->c, X64_O, k->start);
	} else if (size == 8) {
		x64_emit(e->c, X64_TEST_MR, 8, d, x64_r(d), 0);
		x64_jcc(e->c, X64_S, k->start);
	} else {
		x64_emit(e->c, is_signed ? X64_MOVSXD : X64_MOV_RM, is_signed ? 8 : 4, e->is,
			 x64_r(d), 0);
		x64_emit(e->c, X64_CMP_RM, 8, e->is, x64_r(d), 0);
		x64_jcc(e->c, X64_NE, k->start);
	}
	cbuf_bind(e->c, k->back);
}

/* ---- Rare paths ---- */

/* x / 2 with the lost bit kept as a sticky one, converted and doubled: rounds as x itself would. */
static void
cold_utof(Emit *e, const Cold *k)
{
	Label even = cbuf_label(e->c);

	x64_shift_imm(e->c, X64_SHR, 8, x64_r(e->is), 1);
	x64_jcc_short(e->c, X64_AE, even);
	x64_alu_imm(e->c, X64_OR, 8, x64_r(e->is), 1);
	cbuf_bind(e->c, even);
	x64_emit(e->c, k->fsize == 8 ? X64_CVTSI2SD : X64_CVTSI2SS, 8, k->d, x64_r(e->is), 0);
	x64_emit(e->c, X64_ADDS, k->fsize, k->d, x64_r(k->d), 0);
}

/* NaN is 0; else the sign decides between the ends of the range. */
static void
cold_ftos(Emit *e, const Cold *k)
{
	uint64_t lowest = k->size == 8 ? UINT64_C(1) << 63 : UINT64_C(1) << 31;
	Label nan = cbuf_label(e->c);

	x64_emit(e->c, X64_UCOMIS, k->fsize, k->x, x64_pool(e, 0), 0);
	x64_mov_imm(e->c, k->size, k->d, 0);
	x64_jcc_short(e->c, X64_P, nan);
	x64_mov_imm(e->c, k->size, k->d, lowest - 1);
	x64_jcc(e->c, X64_A, k->back);
	x64_mov_imm(e->c, k->size, k->d, lowest);
	cbuf_bind(e->c, nan);
}

/* Here come NaN, negative numbers and those too large. */
static void
cold_ftou32(Emit *e, const Cold *k)
{
	x64_zero(e->c, k->d);
	x64_emit(e->c, X64_UCOMIS, k->fsize, k->x, x64_pool(e, 0), 0);
	x64_jcc(e->c, X64_BE, k->back);
	x64_mov_imm(e->c, 4, k->d, UINT32_MAX);
}

/* Here come NaN, negative numbers, and those from 2^63: of these 2^63 is taken away and put back.
 */
static void
cold_ftou64(Emit *e, const Cold *k)
{
	uint64_t two63 = k->fsize == 8 ? UINT64_C(0x43e0000000000000) : UINT64_C(0x5f000000);
	Label fits = cbuf_label(e->c), done = cbuf_label(e->c);

	x64_emit(e->c, X64_UCOMIS, k->fsize, k->x, x64_pool(e, two63), 0);
	x64_mov_imm(e->c, 4, k->d, 0);
	x64_jcc(e->c, X64_B, k->back);
	if (k->x != e->fs)
		x64_emit(e->c, X64_MOVAPS_RM, 8, e->fs, x64_r(k->x), 0);
	x64_emit(e->c, X64_SUBS, k->fsize, e->fs, x64_pool(e, two63), 0);
	x64_emit(e->c, cvtt(k->fsize), 8, k->d, x64_r(e->fs), 0);
	x64_emit(e->c, X64_TEST_MR, 8, k->d, x64_r(k->d), 0);
	x64_jcc_short(e->c, X64_NS, fits);
	x64_mov_imm(e->c, 8, k->d, UINT64_MAX);
	x64_jmp_short(e->c, done);
	cbuf_bind(e->c, fits);
	x64_emit(e->c, X64_BTC_I, 8, 0, x64_r(k->d), 63);
	cbuf_bind(e->c, done);
}

/* Unordered: the sum is a NaN.  Equal: the bits differ in the sign at most. */
static void
cold_minmax(Emit *e, const Cold *k)
{
	Label equal = cbuf_label(e->c);

	x64_jcc_short(e->c, X64_NP, equal);
	x64_emit(e->c, X64_ADDS, k->fsize, k->d, x64_r(k->x), 0);
	x64_jmp(e->c, k->back);
	cbuf_bind(e->c, equal);
	x64_emit(e->c, k->max ? X64_ANDP : X64_ORP, 4, k->d, x64_r(k->x), 0);
}

/* Each of the two that is NaN. */
static void
cold_canon_two(Emit *e, const Cold *k, X64Rm nan)
{
	Label second = cbuf_label(e->c);

	x64_emit(e->c, X64_UCOMIS, k->fsize, k->x, x64_r(k->x), 0);
	x64_jcc(e->c, X64_NP, second);
	x64_emit(e->c, X64_MOVS_RM, k->fsize, k->x, nan, 0);
	cbuf_bind(e->c, second);
	x64_emit(e->c, X64_UCOMIS, k->fsize, k->d, x64_r(k->d), 0);
	x64_jcc(e->c, X64_NP, k->back);
	x64_emit(e->c, X64_MOVS_RM, k->fsize, k->d, nan, 0);
}

void
x64_emit_cold(Emit *e, const Cold *k)
{
	uint64_t nan = k->fsize == 8 ? UINT64_C(0x7ff8000000000000) : UINT64_C(0x7fc00000);

	cbuf_bind(e->c, k->start);
	switch (k->kind) {
	case COLD_UTOF: cold_utof(e, k); break;
	case COLD_FTOS: cold_ftos(e, k); break;
	case COLD_FTOU32: cold_ftou32(e, k); break;
	case COLD_FTOU64: cold_ftou64(e, k); break;
	case COLD_MINMAX: cold_minmax(e, k); break;
	case COLD_CANON_TWO: cold_canon_two(e, k, x64_pool(e, nan)); break;
	default:
		assert(k->kind == COLD_CANON);
		x64_emit(e->c, X64_MOVS_RM, k->fsize, k->d, x64_pool(e, nan), 0);
		break;
	}
	x64_jmp(e->c, k->back);
}

/* ---- Between the files of registers ---- */

static void
emit_bitcast(Emit *e, Val v)
{
	IrType type = (IrType)e->f->ins.at[v].type, from = operand_type(e, v, 0);
	Loc d = e->r->out[v], a = use_loc(e, v, 0);
	unsigned size = type_bytes(type);

	if (!loc_is_reg(d)) {
		unsigned r = x64_in_reg(e, a, from);
		x64_emit(e->c, type_is_fp(from) ? X64_MOVS_MR : X64_MOV_MR, size, r, x64_rm(e, d),
			 0);
	} else if (!loc_is_reg(a)) {
		x64_emit(e->c, type_is_fp(type) ? X64_MOVS_RM : X64_MOV_RM, size, loc_reg(d),
			 x64_rm(e, a), 0);
	} else if (type_is_fp(type)) {
		x64_emit(e->c, X64_MOVD_XG, size, loc_reg(d), x64_rm(e, a), 0);
	} else {
		x64_emit(e->c, X64_MOVD_GX, size, loc_reg(a), x64_rm(e, d), 0);
	}
}

void
x64_emit_fp(Emit *e, Val v)
{
	switch (e->f->ins.at[v].op) {
	case IR_FADD: emit_binary(e, v, X64_ADDS, true); break;
	case IR_FSUB: emit_binary(e, v, X64_SUBS, false); break;
	case IR_FMUL: emit_binary(e, v, X64_MULS, true); break;
	case IR_FDIV: emit_binary(e, v, X64_DIVS, false); break;
	case IR_FMIN: emit_minmax(e, v, false); break;
	case IR_FMAX: emit_minmax(e, v, true); break;
	case IR_FCOPYSIGN: emit_copysign(e, v); break;
	case IR_FNEG: emit_sign(e, v, X64_XORP, true); break;
	case IR_FABS: emit_sign(e, v, X64_ANDP, false); break;
	case IR_FSQRT: emit_unary(e, v, X64_SQRTS, type_bytes(e->f->ins.at[v].type), 0); break;
	case IR_FFLOOR: emit_round(e, v, 1); break;
	case IR_FCEIL: emit_round(e, v, 2); break;
	case IR_FTRUNC: emit_round(e, v, 3); break;
	case IR_FNEAREST: emit_round(e, v, 0); break;
	case IR_FMA: emit_fma(e, v); break;
	case IR_CANON: emit_canon(e, v); break;
	case IR_STOF: emit_stof(e, v); break;
	case IR_UTOF: emit_utof(e, v); break;
	case IR_FTOS: emit_ftoi(e, v, true); break;
	case IR_FTOU: emit_ftoi(e, v, false); break;
	case IR_FEXT: emit_unary(e, v, X64_CVTSS2SD, 8, 0); break;
	case IR_FROUND: emit_unary(e, v, X64_CVTSD2SS, 8, 0); break;
	default:
		assert(e->f->ins.at[v].op == IR_BITCAST);
		emit_bitcast(e, v);
		break;
	}
}
