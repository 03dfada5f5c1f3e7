/* lower.c - what each instruction asks of the allocator; the Target.
 *
 * The CPU has three-operand instructions for all there is, so nothing is tied and nothing but a
 * call destroys registers; what varies is which constants fit into an instruction. */
#include "gen/aarch64/aarch64.h"

/* Is operand k a constant, and which? */
static bool
constant(const IrFunc *f, const Ins *i, unsigned k, uint64_t *bits)
{
	if (!i->arg[k] || !ir_is_const(f, i->arg[k]))
		return false;
	*bits = const_of(f, i->arg[k]);
	return true;
}

/* Operands 0 and 1 of a comparison.  -0 compares as +0 does. */
static uint32_t
compare_folds(const IrFunc *f, const Ins *i)
{
	uint8_t type = f->ins.at[i->arg[0]].type;
	uint64_t bits;
	bool negative;

	for (unsigned k = 2; k-- > 0;) {
		if (!constant(f, i, k, &bits))
			continue;
		if (is_float(type) ? (type == IR_F64 ? bits << 1 : (uint32_t)bits << 1) == 0
				   : fits_add(bits, width_of(type), &negative))
			return 1u << k;
		return 0;
	}
	return 0;
}

static bool
is_all_ones(const IrFunc *f, Val v)
{
	return const_of(f, v) == (width_of(f->ins.at[v].type) == A64_X ? UINT64_MAX : UINT32_MAX);
}

static bool
is_one_or_minus(uint64_t bits, uint8_t type)
{
	return bits == 1 || bits == (type == IR_I64 ? ~UINT64_C(0) : UINT32_MAX);
}

/* See emit_select(): zeros are the zero register, and one alternative may be 1 or -1. */
static uint32_t
select_folds(const IrFunc *f, const Ins *i)
{
	uint64_t bits[2];
	bool is[2], unit[2];
	uint32_t folds = compare_folds(f, i);

	if (is_float(i->type))
		return folds;
	for (unsigned k = 0; k < 2; k++) {
		is[k] = constant(f, i, 2 + k, &bits[k]);
		unit[k] = is[k] && is_one_or_minus(bits[k], i->type);
		if (is[k] && bits[k] == 0)
			folds |= 4u << k;
	}
	if (unit[1])
		folds |= 8;
	else if (unit[0])
		folds |= 4;
	return folds;
}

static uint32_t
arithmetic_folds(const IrFunc *f, const Ins *i)
{
	A64Width w = width_of(i->type);
	bool second, negative;
	uint64_t bits;

	second = constant(f, i, 1, &bits);
	unsigned k = second ? 1 : 0;
	if (!second && !constant(f, i, 0, &bits))
		return 0;
	switch (i->op) {
	case IR_SUB:
		if (k == 0)
			return bits == 0;
		return fits_add(bits, w, &negative) ? 2 : 0;
	case IR_ADD: return fits_add(bits, w, &negative) ? 1u << k : 0;
	case IR_AND:
	case IR_OR:
	case IR_XOR: return a64_is_bitmask(w, bits) ? 1u << k : 0;
	default: return k == 1 ? 2 : 0; /* shifts: any count */
	}
}

static uint32_t
folds(const IrFunc *f, const Ins *i)
{
	uint64_t bits;

	switch (i->op) {
	case IR_ADD:
	case IR_SUB:
	case IR_AND:
	case IR_OR:
	case IR_XOR:
	case IR_SHL:
	case IR_SHR:
	case IR_SAR:
	case IR_ROTL:
	case IR_ROTR: return arithmetic_folds(f, i);
	case IR_CMP:
	case IR_TRAPIF:
	case IR_BR: return compare_folds(f, i);
	case IR_SELECT: return select_folds(f, i);
	case IR_MUL: /* by 2^n + 1: a sum */
		return constant(f, i, 1, &bits) && bits > 2 && !((bits - 1) & (bits - 2)) ? 2 : 0;
	case IR_STORE: return constant(f, i, 2, &bits) && bits == 0 ? 4 : 0;
	case IR_BITCAST: return is_float(i->type) && constant(f, i, 0, &bits);
	case IR_RET: return constant(f, i, 0, &bits);
	default: return 0;
	}
}

/* ---- Instructions that become part of another ---- */

static bool
is_op(const IrFunc *f, Val v, unsigned op)
{
	return f->ins.at[v].op == op;
}

static bool
is_product(const IrFunc *f, Val v)
{
	return is_op(f, v, IR_MUL) && !folds(f, &f->ins.at[v]);
}

/* An extension that becomes part of what it extends: of a load, or of what index computations end
 * with, as every instruction on 32 bits clears the others. */
static bool
is_free_extension(const IrFunc *f, const Ins *i)
{
	return is_op(f, i->arg[0], IR_LOAD) ||
	       (i->op == IR_ZEXT32 && (is_op(f, i->arg[0], IR_AND) || is_op(f, i->arg[0], IR_SHR)));
}

static bool
is_extension(const IrFunc *f, Val v)
{
	return (is_op(f, v, IR_SEXT32) || is_op(f, v, IR_ZEXT32)) &&
	       !is_free_extension(f, &f->ins.at[v]);
}

/* What csinc, csneg or csinv does to its second alternative. */
static bool
is_second_alternative(const IrFunc *f, Val v)
{
	const Ins *i = &f->ins.at[v];

	return i->op == IR_NEG || i->op == IR_NOT ||
	       (i->op == IR_ADD && ir_is_const(f, i->arg[1]) && const_of(f, i->arg[1]) == 1);
}

/* A second operand that ADD, SUB and CMP, or (logic) AND, OR and XOR can shift, invert or extend.
 */
static bool
is_shifted(const IrFunc *f, Val v, bool logic)
{
	const Ins *i = &f->ins.at[v];

	switch (i->op) {
	case IR_SHL:
	case IR_SHR:
	case IR_SAR: return ir_is_const(f, i->arg[1]) && !ir_is_const(f, i->arg[0]);
	case IR_ROTL:
	case IR_ROTR: return logic && ir_is_const(f, i->arg[1]) && !ir_is_const(f, i->arg[0]);
	case IR_NOT: return logic;
	default: return !logic && is_extension(f, v);
	}
}

/* tst or tbz can do it. */
static bool
is_test(const IrFunc *f, const Ins *i, uint32_t folded)
{
	return folded == 2 && gen_is_bit_test(f, i);
}

/* Alternatives of a select that may be fused, if neither is a constant other than 0. */
static uint32_t
alternatives(const IrFunc *f, const Ins *i, uint32_t folded)
{
	uint32_t which = 0;

	for (unsigned k = 2; k < 4 && !is_float(i->type); k++) {
		if (folded & 1u << k && const_of(f, i->arg[k]))
			return 0;
		if (!(folded & 1u << k) && is_second_alternative(f, i->arg[k]))
			which |= 1u << k;
	}
	return which;
}

/* What may be fused of the operands, given which are folded. */
static uint32_t
fuses(const IrFunc *f, const Ins *i, uint32_t folded)
{
	bool logic = false;
	uint32_t which = 0;

	switch (i->op) {
	case IR_AND:
	case IR_OR:
	case IR_XOR: logic = true; /* fallthrough */
	case IR_ADD:
	case IR_SUB:
		for (unsigned k = i->op == IR_SUB; k < 2 && !folded; k++)
			if (is_shifted(f, i->arg[k], logic) || (!logic && is_product(f, i->arg[k])))
				which |= 1u << k;
		return which;
	case IR_CMP:
	case IR_TRAPIF:
	case IR_BR:
	case IR_SELECT:
		if (is_float(f->ins.at[i->arg[0]].type))
			return 0;
		if (folded & 3)
			return is_test(f, i, folded & 3);
		return is_shifted(f, i->arg[1], false) ? 2 : 0;
	case IR_LOAD:
	case IR_STORE: return i->arg[1] && is_extension(f, i->arg[1]) ? 2 : 0;
	case IR_SEXT32:
	case IR_ZEXT32: return is_free_extension(f, i);
	default: return 0;
	}
}

static Reg
result_register(uint8_t type)
{
	return is_float(type) ? conv_aapcs64.fp_result : conv_aapcs64.int_result;
}

static void
constrain_call(const IrFunc *f, const Ins *i, Constraint *c)
{
	const IrModule *m = f->module;
	bool own = i->op == IR_CALL;
	uint32_t n = i->arg[1], first = n < 4 ? n : 4;
	Loc place[4];

	c->clobber = conv_aapcs64.allocatable & ~conv_aapcs64.callee_saved;
	for (uint32_t k = 0; k < n && k < 32; k++)
		if (ir_is_const(f, f->pool.at[i->arg[0] + k]))
			c->folded |= 1u << k;
	conv_assign(&conv_aapcs64, own ? m->funcs.at[i->aux].params : m->imports.at[i->aux].params,
		    first, place);
	for (uint32_t k = 0; k < first; k++)
		if (loc_kind(place[k]) == LOC_REG)
			c->prefer[k] = (Reg)loc_n(place[k]);
	if (i->type != IR_VOID)
		c->prefer_out = result_register(i->type);
}

static void
constrain(const IrFunc *f, uint32_t features, Val v, Constraint *c)
{
	const Ins *i = &f->ins.at[v];
	uint32_t n = ir_op_info[i->op].nargs;

	(void)features;
	*c = (Constraint){ .prefer_out = REG_NONE,
			   .prefer = { REG_NONE, REG_NONE, REG_NONE, REG_NONE } };
	if (i->op == IR_CALL || i->op == IR_CALLX) {
		constrain_call(f, i, c);
		return;
	}
	if (i->op == IR_PARAM || i->op == IR_PHI)
		return;
	c->folded = folds(f, i);
	c->fuse = fuses(f, i, c->folded);
	if (i->op == IR_SELECT)
		c->fuse_too = alternatives(f, i, c->folded);
	c->out_in_reg = i->type != IR_VOID;
	if (i->op == IR_RET) { /* from wherever it is */
		if (i->arg[0])
			c->prefer[0] = result_register(f->ins.at[i->arg[0]].type);
		return;
	}
	for (uint32_t k = 0; k < n; k++)
		if (i->arg[k] && !(c->folded & 1u << k))
			c->in_reg |= 1u << k;
	if (i->op == IR_WRAP || i->op == IR_CANON)
		c->same = 1;
}

/* sdiv makes MIN of MIN / -1, and msub 0 of that: a remainder needs no other divisor for -1. */
static bool
legalize(IrFunc *f, uint32_t features, Quality q, Arena *scratch)
{
	(void)features;
	for (Val v = 1; v < f->ins.n; v++) {
		Ins *i = &f->ins.at[v];
		const Ins *by;
		Val divisor;

		if (i->op != IR_SREM)
			continue;
		by = &f->ins.at[i->arg[1]];
		if (by->op != IR_SELECT || (by->cc != CC_NE && by->cc != CC_EQ))
			continue;
		divisor = by->arg[by->cc == CC_NE ? 2 : 3];
		if (divisor == by->arg[0] && ir_is_const(f, by->arg[1]) &&
		    is_all_ones(f, by->arg[1]))
			i->arg[1] = divisor;
	}
	return q == QUALITY_BASELINE || a64_arrange_memory(f, scratch);
}

const Target target_aarch64_linux = {
	.name = "aarch64-linux",
	.conv = &conv_aapcs64,
	.features = TRIVET_FEATURE_BTI,
	.legalize = legalize,
	.constrain = constrain,
	.emit = a64_emit_function,
	.unwind_steps = a64_unwind_steps,
	.unwind_exit_steps = a64_unwind_exit_steps,
	.unwind = UNWIND_DWARF_AARCH64,
	.patch = a64_patch,
	.code_align = 16,
	.filler = 0, /* udf #0 */
};
