/* emit_fp.c - floating-point instructions and conversions.
 *
 * Armv8.0-A has every operation of the language with the language's meaning: FMIN and FMAX order
 * -0 below +0 and let a NaN win, FCVTZS and FCVTZU saturate and turn NaN into 0, FMADD rounds once.
 * What is left is the canonical NaN, where one can be seen. */
#include "base/num.h"
#include "gen/aarch64/aarch64.h"

static void
copy_sign(Emit *e, A64Float t, A64Reg rd, A64Reg magnitude, A64Reg sign)
{
	emit_word(e, a64_movi_d(VSCRATCH, 0));
	emit_word(e, a64_fp1(t, A64_FNEG, VSCRATCH, VSCRATCH)); /* the sign bit alone */
	emit_word(e, a64_vlogic(false, A64_VBSL, VSCRATCH, sign, magnitude));
	emit_word(e, a64_fp1(t, A64_FMOV, rd, VSCRATCH));
}

/* Is the instruction behind i, without moves between, another CANON that can be tested with it? */
static bool
has_twin(const Emit *e, const Ins *i, A64Reg rd)
{
	const Ins *next = ins_at(e, i->next);
	bool moves = e->next_move < e->r->nmoves && e->r->moves[e->next_move].before == i->next;

	return next->op == IR_CANON && next->type == i->type && !moves &&
	       ins_at(e, next->arg[0]) != i && reg_number(e->r->out[i->next]) != rd;
}

/* A branch that is hardly ever taken, to code behind the function; or, where that is far, a select.
 * A comparison says "unordered" if either is NaN: two are tested at once where they are neighbours.
 */
static void
canonical(Emit *e, const Ins *i, A64Float t, A64Reg rd, A64Reg x)
{
	if (!e->near_code) {
		emit_fp_const(e, t, VSCRATCH, t == A64_D ? NUM_NAN64 : NUM_NAN32);
		emit_word(e, a64_fcmp(t, A64_FCMP, x, x));
		emit_word(e, a64_fcsel(t, rd, x, VSCRATCH, A64_VC));
		return;
	}
	if (rd != x)
		emit_word(e, a64_fp1(t, A64_FMOV, rd, x));
	if (!e->has_unchecked && has_twin(e, i, rd)) {
		e->has_unchecked = true;
		e->unchecked = rd;
		return;
	}
	Cold *cold = new_cold(e);
	if (!cold)
		return;
	cold->is_nan = true;
	cold->type = t;
	cold->reg = rd;
	cold->other = e->has_unchecked ? e->unchecked : rd;
	e->has_unchecked = false;
	emit_word(e, a64_fcmp(t, A64_FCMP, rd, cold->other));
	emit_branch_cond(e, A64_VS, cold->start);
	cold->back = cbuf_label(e->c);
	cbuf_bind(e->c, cold->back);
}

static void
bitcast(Emit *e, const Ins *i, A64Reg rd, Loc from)
{
	A64Width w = width_of(i->type);
	A64FpInt op = is_float(i->type) ? A64_FMOV_TO_FP : A64_FMOV_TO_INT;

	if (loc_kind(from) == LOC_CONST)
		emit_move(e, LOC(LOC_REG, REG_FP + rd), from, (IrType)i->type);
	else
		emit_word(e, a64_fpint(w, w == A64_X ? A64_D : A64_S, op, rd, reg_number(from)));
}

void
emit_fp(Emit *e, const Ins *i, const Loc *use, A64Reg rd)
{
	static const struct {
		uint8_t ir, op;
	} two[] = {
		{ IR_FADD, A64_FADD }, { IR_FSUB, A64_FSUB }, { IR_FMUL, A64_FMUL },
		{ IR_FDIV, A64_FDIV }, { IR_FMIN, A64_FMIN }, { IR_FMAX, A64_FMAX },
	}, one[] = {
		{ IR_FNEG, A64_FNEG },     { IR_FABS, A64_FABS },     { IR_FSQRT, A64_FSQRT },
		{ IR_FFLOOR, A64_FRINTM }, { IR_FCEIL, A64_FRINTP },  { IR_FTRUNC, A64_FRINTZ },
		{ IR_FNEAREST, A64_FRINTN }, { IR_FEXT, A64_FCVT_D }, { IR_FROUND, A64_FCVT_S },
	};
	uint8_t from = arg_type(e, i, 0);
	A64Float t = float_of(i->type);
	A64Reg x = loc_n(use[0]) & 31;

	for (unsigned k = 0; k < sizeof one / sizeof *one; k++) {
		if (one[k].ir == i->op) {
			emit_word(e, a64_fp1(float_of(from), one[k].op, rd, x));
			return;
		}
	}
	for (unsigned k = 0; k < sizeof two / sizeof *two; k++) {
		if (two[k].ir == i->op) {
			emit_word(e, a64_fp2(t, two[k].op, rd, x, reg_number(use[1])));
			return;
		}
	}
	switch (i->op) {
	case IR_FCOPYSIGN: copy_sign(e, t, rd, x, reg_number(use[1])); return;
	case IR_FMA:
		emit_word(e, a64_fp3(t, A64_FMADD, rd, x, reg_number(use[1]), reg_number(use[2])));
		return;
	case IR_CANON: canonical(e, i, t, rd, x); return;
	case IR_STOF: emit_word(e, a64_fpint(width_of(from), t, A64_SCVTF, rd, x)); return;
	case IR_UTOF: emit_word(e, a64_fpint(width_of(from), t, A64_UCVTF, rd, x)); return;
	case IR_FTOS:
		emit_word(e, a64_fpint(width_of(i->type), float_of(from), A64_FCVTZS, rd, x));
		return;
	case IR_FTOU:
		emit_word(e, a64_fpint(width_of(i->type), float_of(from), A64_FCVTZU, rd, x));
		return;
	default:
		assert(i->op == IR_BITCAST);
		bitcast(e, i, rd, use[0]);
		return;
	}
}
