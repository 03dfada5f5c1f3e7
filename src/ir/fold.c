/* fold.c - what an instruction is known to be when it is made.
 *
 * Constants are computed by op_eval(), the one definition of every operation.  Identities hold for
 * all operands, NaN, -0 and wrap-around included; the payload of a NaN is no value, CANON hides it.
 * A better form of an instruction must be one that no other rule turns back. */
#include "ir/inner.h"
#include "base/num.h"

/* ---- Constants ------------------------------------------------------------------------------ */

/* The operation of the language that an IR operation is on constants, and the signedness of what it
 * takes and gives. */
typedef struct Meaning {
	uint8_t op;
	bool from_signed, to_signed;
} Meaning;

// clang-format off
static const Meaning meaning[IR_OP_COUNT] = {
	[IR_ADD] = { OP_ADD, 0, 0 },       [IR_SUB] = { OP_SUB, 0, 0 },
	[IR_MUL] = { OP_MUL, 0, 0 },       [IR_MULHS] = { OP_MULHI, 1, 1 },
	[IR_MULHU] = { OP_MULHI, 0, 0 },   [IR_SDIV] = { OP_DIV, 1, 1 },
	[IR_UDIV] = { OP_DIV, 0, 0 },      [IR_SREM] = { OP_REM, 1, 1 },
	[IR_UREM] = { OP_REM, 0, 0 },      [IR_AND] = { OP_AND, 0, 0 },
	[IR_OR] = { OP_OR, 0, 0 },         [IR_XOR] = { OP_XOR, 0, 0 },
	[IR_SHL] = { OP_SHL, 0, 0 },       [IR_SHR] = { OP_SHR, 0, 0 },
	[IR_SAR] = { OP_SHR, 1, 1 },       [IR_ROTL] = { OP_ROTL, 0, 0 },
	[IR_ROTR] = { OP_ROTR, 0, 0 },     [IR_NEG] = { OP_NEG, 0, 0 },
	[IR_NOT] = { OP_NOT, 0, 0 },       [IR_CLZ] = { OP_CLZ, 0, 0 },
	[IR_CTZ] = { OP_CTZ, 0, 0 },       [IR_POPCNT] = { OP_POPCNT, 0, 0 },
	[IR_BSWAP] = { OP_BSWAP, 0, 0 },   [IR_SEXT32] = { OP_CAST, 1, 1 },
	[IR_ZEXT32] = { OP_CAST, 0, 0 },   [IR_WRAP] = { OP_CAST, 0, 0 },
	[IR_FADD] = { OP_ADD, 0, 0 },      [IR_FSUB] = { OP_SUB, 0, 0 },
	[IR_FMUL] = { OP_MUL, 0, 0 },      [IR_FDIV] = { OP_DIV, 0, 0 },
	[IR_FMIN] = { OP_MIN, 0, 0 },      [IR_FMAX] = { OP_MAX, 0, 0 },
	[IR_FNEG] = { OP_NEG, 0, 0 },      [IR_FCOPYSIGN] = { OP_COPYSIGN, 0, 0 },
	[IR_FABS] = { OP_ABS, 0, 0 },      [IR_FSQRT] = { OP_SQRT, 0, 0 },
	[IR_FFLOOR] = { OP_FLOOR, 0, 0 },  [IR_FCEIL] = { OP_CEIL, 0, 0 },
	[IR_FTRUNC] = { OP_TRUNC, 0, 0 },  [IR_FNEAREST] = { OP_NEAREST, 0, 0 },
	[IR_FMA] = { OP_FMA, 0, 0 },       [IR_STOF] = { OP_CAST, 1, 0 },
	[IR_UTOF] = { OP_CAST, 0, 0 },     [IR_FTOS] = { OP_CAST, 0, 1 },
	[IR_FTOU] = { OP_CAST, 0, 0 },     [IR_FEXT] = { OP_CAST, 0, 0 },
	[IR_FROUND] = { OP_CAST, 0, 0 },
};
// clang-format on

static trivet_type
language_type(unsigned t, bool is_signed)
{
	switch (t) {
	case IR_I32: return is_signed ? TRIVET_I32 : TRIVET_U32;
	case IR_I64: return is_signed ? TRIVET_I64 : TRIVET_U64;
	case IR_F32: return TRIVET_F32;
	default: return TRIVET_F64;
	}
}

static Val
fold_constants(IrFunc *f, const Ins *i)
{
	Meaning m = meaning[i->op];
	uint64_t in[3] = { 0 }, out = 0;
	unsigned from;

	for (unsigned k = 0; k < ir_op_info[i->op].nargs; k++) {
		if (!ir_is_const(f, i->arg[k]))
			return 0;
		in[k] = ir_const_bits(f, i->arg[k]);
	}
	from = f->ins.at[i->arg[0]].type;
	if (i->op == IR_CANON)
		return i->arg[0];
	if (i->op == IR_BITCAST) /* constants are canonical: the bits stay the same */
		return ir_const(f, i->type, in[0]);
	if (m.op == OP_NONE)
		return 0;
	if (op_eval(m.op, language_type(from, m.from_signed), language_type(i->type, m.to_signed),
		    in, &out) != TRIVET_TRAP_NONE)
		return 0;
	return ir_const(f, i->type, out);
}

/* ---- Conditions ----------------------------------------------------------------------------- */

static bool
holds_float(IrCc cc, double a, double b)
{
	switch (cc) {
	case CC_FEQ: return a == b;
	case CC_FNE: return a != b;
	case CC_FLT: return a < b;
	case CC_FLE: return a <= b;
	case CC_FGT: return a > b;
	case CC_FGE: return a >= b;
	case CC_FNLT: return !(a < b);
	case CC_FNLE: return !(a <= b);
	case CC_FNGT: return !(a > b);
	default: return !(a >= b);
	}
}

static bool
holds_int(IrCc cc, uint64_t a, uint64_t b, unsigned type)
{
	int64_t sa = type == IR_I32 ? (int32_t)a : (int64_t)a;
	int64_t sb = type == IR_I32 ? (int32_t)b : (int64_t)b;

	switch (cc) {
	case CC_EQ: return a == b;
	case CC_NE: return a != b;
	case CC_SLT: return sa < sb;
	case CC_SLE: return sa <= sb;
	case CC_SGT: return sa > sb;
	case CC_SGE: return sa >= sb;
	case CC_ULT: return a < b;
	case CC_ULE: return a <= b;
	case CC_UGT: return a > b;
	default: return a >= b;
	}
}

static bool
holds(IrCc cc, unsigned type, uint64_t a, uint64_t b)
{
	if (type == IR_F32)
		return holds_float(cc, num_from_f32((uint32_t)a), num_from_f32((uint32_t)b));
	if (type == IR_F64)
		return holds_float(cc, num_from_f64(a), num_from_f64(b));
	return holds_int(cc, a, b, type);
}

static bool
is_bits(const IrFunc *f, Val v, uint64_t bits)
{
	return ir_is_const(f, v) && ir_const_bits(f, v) == bits;
}

/* Comparisons of a truth value with 0 are that comparison, or its contrary. */
static void
look_through_cmp(const IrFunc *f, IrCc *cc, Val *a, Val *b)
{
	while ((*cc == CC_NE || *cc == CC_EQ) && f->ins.at[*a].op == IR_CMP && is_bits(f, *b, 0)) {
		const Ins *cmp = &f->ins.at[*a];
		*cc = *cc == CC_NE ? cmp->cc : cc_negated[cmp->cc];
		*a = cmp->arg[0];
		*b = cmp->arg[1];
	}
}

int
ir_fold_cond(const IrFunc *f, IrCc *cc, Val *a, Val *b)
{
	unsigned type = f->ins.at[*a].type;

	if (ir_is_const(f, *a)) {
		if (ir_is_const(f, *b))
			return holds(*cc, type, ir_const_bits(f, *a), ir_const_bits(f, *b));
		Val t = *a;
		*a = *b;
		*b = t;
		*cc = cc_swapped[*cc];
	}
	look_through_cmp(f, cc, a, b);
	if (*cc >= CC_FEQ)
		return -1;
	if (*a == *b)
		return holds_int(*cc, 0, 0, IR_I64);
	if (is_bits(f, *b, 0) && (*cc == CC_ULT || *cc == CC_UGE))
		return *cc == CC_UGE;
	return -1;
}

static Val
fold_cmp(IrFunc *f, Ins *i)
{
	IrCc cc = i->cc;
	int known = ir_fold_cond(f, &cc, &i->arg[0], &i->arg[1]);

	i->cc = (uint8_t)cc;
	return known >= 0 ? ir_const(f, IR_I32, (uint64_t)known) : 0;
}

static Val
fold_select(IrFunc *f, Ins *i)
{
	IrCc cc = i->cc;
	int known = ir_fold_cond(f, &cc, &i->arg[0], &i->arg[1]);

	i->cc = (uint8_t)cc;
	if (known >= 0 || i->arg[2] == i->arg[3])
		return i->arg[known == 0 ? 3 : 2];
	if (i->type != IR_I32 || !ir_is_const(f, i->arg[2]) || !ir_is_const(f, i->arg[3]))
		return 0;
	if (is_bits(f, i->arg[2], 0) && is_bits(f, i->arg[3], 1))
		i->cc = cc_negated[i->cc];
	else if (!is_bits(f, i->arg[2], 1) || !is_bits(f, i->arg[3], 0))
		return 0;
	i->op = IR_CMP;
	i->arg[2] = i->arg[3] = 0;
	return 0;
}

/* ---- Identities on integers ----------------------------------------------------------------- */

static uint64_t
ones(const Ins *i)
{
	return i->type == IR_I32 ? UINT32_MAX : UINT64_MAX;
}

static Val
zero(IrFunc *f, const Ins *i)
{
	return ir_const(f, i->type, 0);
}

/* 0 or 1, by the look of it. */
static bool
is_truth(const IrFunc *f, Val v)
{
	const Ins *i = &f->ins.at[v];

	return i->op == IR_CMP || is_bits(f, v, 0) || is_bits(f, v, 1) ||
	       (i->op == IR_AND && is_bits(f, i->arg[1], 1));
}

/* (x op c1) op c2 is x op (c1 op c2), for associative op. */
static void
merge_constants(IrFunc *f, Ins *i)
{
	Ins left = f->ins.at[i->arg[0]], both = { .op = i->op, .type = i->type };
	Val c;

	if (left.op != i->op || !ir_is_const(f, i->arg[1]) || !ir_is_const(f, left.arg[1]))
		return;
	both.arg[0] = left.arg[1];
	both.arg[1] = i->arg[1];
	c = fold_constants(f, &both);
	if (!c)
		return;
	i->arg[0] = left.arg[0];
	i->arg[1] = c;
}

static Val
fold_sub(IrFunc *f, Ins *i)
{
	if (i->arg[0] == i->arg[1])
		return zero(f, i);
	if (ir_is_const(f, i->arg[1])) {
		Val minus = ir_const(f, i->type, 0 - ir_const_bits(f, i->arg[1]));
		if (!minus)
			return 0;
		i->op = IR_ADD;
		i->arg[1] = minus;
	} else if (is_bits(f, i->arg[0], 0)) {
		i->op = IR_NEG;
		i->arg[0] = i->arg[1];
		i->arg[1] = 0;
	}
	return 0;
}

static Val
fold_xor(IrFunc *f, Ins *i)
{
	const Ins *left = &f->ins.at[i->arg[0]];

	if (i->arg[0] == i->arg[1])
		return zero(f, i);
	if (is_bits(f, i->arg[1], 0))
		return i->arg[0];
	if (is_bits(f, i->arg[1], 1) && left->op == IR_CMP) {
		*i = (Ins){ .op = IR_CMP,
			    .type = IR_I32,
			    .cc = cc_negated[left->cc],
			    .block = i->block,
			    .line = i->line,
			    .arg = { left->arg[0], left->arg[1] } };
	} else if (is_bits(f, i->arg[1], ones(i))) {
		i->op = IR_NOT;
		i->arg[1] = 0;
	}
	return 0;
}

/* Commutative ones have their constant on the right already. */
static Val
fold_int_binary(IrFunc *f, Ins *i)
{
	Val a = i->arg[0], b = i->arg[1];

	switch (i->op) {
	case IR_ADD:
	case IR_XOR:
	case IR_SHL:
	case IR_SHR:
	case IR_SAR:
	case IR_ROTL:
	case IR_ROTR: return is_bits(f, b, 0) ? a : 0;
	case IR_MUL: return is_bits(f, b, 1) ? a : is_bits(f, b, 0) ? b : 0;
	case IR_MULHU: return is_bits(f, b, 0) ? b : is_bits(f, b, 1) ? zero(f, i) : 0;
	case IR_AND:
		if (a == b || is_bits(f, b, ones(i)) || (is_bits(f, b, 1) && is_truth(f, a)))
			return a;
		return is_bits(f, b, 0) ? b : 0;
	case IR_OR:
		if (a == b || is_bits(f, b, 0))
			return a;
		return is_bits(f, b, ones(i)) ? b : 0;
	case IR_SDIV:
		if (is_bits(f, b, ones(i))) { /* the guard has excluded MIN */
			i->op = IR_NEG;
			i->arg[1] = 0;
			return 0;
		}
		return is_bits(f, b, 1) ? a : 0;
	case IR_UDIV: return is_bits(f, b, 1) ? a : 0;
	case IR_SREM: return is_bits(f, b, 1) || is_bits(f, b, ones(i)) ? zero(f, i) : 0;
	case IR_UREM: return is_bits(f, b, 1) ? zero(f, i) : 0;
	default: return 0;
	}
}

/* ---- Identities on floats: none that a -0 or a NaN would notice ------------------------------ */

static Val
fold_float_binary(IrFunc *f, const Ins *i)
{
	bool single = i->type == IR_F32;
	uint64_t one = single ? UINT64_C(0x3f800000) : UINT64_C(0x3ff0000000000000);
	uint64_t minus_zero = single ? UINT64_C(0x80000000) : UINT64_C(0x8000000000000000);
	Val a = i->arg[0], b = i->arg[1];

	switch (i->op) {
	case IR_FADD: return is_bits(f, b, minus_zero) ? a : 0;
	case IR_FSUB: return is_bits(f, b, 0) ? a : 0;
	case IR_FMUL:
	case IR_FDIV: return is_bits(f, b, one) ? a : 0;
	case IR_FMIN:
	case IR_FMAX: return a == b ? a : 0;
	default: return 0;
	}
}

/* ---- One operand ---------------------------------------------------------------------------- */

static Val
fold_unary(IrFunc *f, Ins *i)
{
	const Ins *a = &f->ins.at[i->arg[0]];

	switch (i->op) {
	case IR_NEG:
	case IR_NOT:
	case IR_BSWAP:
	case IR_FNEG:
	case IR_BITCAST: return a->op == i->op ? a->arg[0] : 0;
	case IR_FABS:
		if (a->op == IR_FNEG)
			i->arg[0] = a->arg[0];
		return a->op == IR_FABS ? i->arg[0] : 0;
	case IR_CANON:
		return a->op == IR_CANON || a->op == IR_STOF || a->op == IR_UTOF ? i->arg[0] : 0;
	case IR_WRAP: return a->op == IR_SEXT32 || a->op == IR_ZEXT32 ? a->arg[0] : 0;
	default: return 0;
	}
}

static void
order_operands(const IrFunc *f, Ins *i)
{
	Val a = i->arg[0], b = i->arg[1];
	bool ca = ir_is_const(f, a), cb = ir_is_const(f, b);

	if (ca != cb ? ca : a > b) {
		i->arg[0] = b;
		i->arg[1] = a;
	}
}

/* A form that one rule has changed is looked at again as what it is now. */
Val
fold_ins(IrFunc *f, Ins *i)
{
	const IrOpInfo *info;
	Val v = 0;

	if (i->op == IR_CMP)
		return fold_cmp(f, i);
	if (i->op == IR_SELECT)
		return fold_select(f, i);
	info = &ir_op_info[i->op];
	if (!info->nargs)
		return 0;
	v = fold_constants(f, i);
	if (v)
		return v;
	if (info->nargs == 1)
		return fold_unary(f, i);
	if (i->op == IR_SUB)
		v = fold_sub(f, i);
	else if (i->op == IR_XOR) {
		order_operands(f, i);
		v = fold_xor(f, i);
	}
	if (v || ir_op_info[i->op].nargs != 2)
		return v;
	if (ir_op_info[i->op].flags & IR_C)
		order_operands(f, i);
	switch (i->op) {
	case IR_ADD:
	case IR_MUL:
	case IR_AND:
	case IR_OR:
	case IR_XOR: merge_constants(f, i); break;
	default: break;
	}
	if (f->ins.at[i->arg[0]].type == IR_F32 || f->ins.at[i->arg[0]].type == IR_F64)
		return fold_float_binary(f, i);
	return fold_int_binary(f, i);
}
