/* emit_int.c - integer instructions, comparisons and memory.
 *
 * The shape of most: compute in `t`, the result's register or the scratch, then store t when the
 * result lives in memory.  Where the result's register is also the second operand's, that operand
 * is still needed when t is written first; each function says how it copes. */
#include "gen/x86_64/x86_64.h"

enum { RAX = X64_RAX, RCX = X64_RCX, RDX = X64_RDX };

typedef struct Operands {
	Loc d, a, b;
	IrType type;
	unsigned size;
} Operands;

static Operands
operands(const Emit *e, Val v)
{
	const Ins *i = &e->f->ins.at[v];
	Operands o = { .d = e->r->out[v], .a = use_loc(e, v, 0), .type = (IrType)i->type };

	if (ir_op_info[i->op].nargs > 1)
		o.b = use_loc(e, v, 1);
	o.size = type_bytes(i->type);
	return o;
}

static void
exchange(Operands *o)
{
	Loc a = o->a;

	o->a = o->b;
	o->b = a;
}

/* ---- Sums and logic ---- */

static void
alu(Emit *e, X64Alu op, unsigned size, unsigned t, Loc b)
{
	if (loc_is_const(b))
		x64_alu_imm(e->c, op, size, x64_r(t), (int32_t)x64_imm(e, b));
	else
		x64_emit(e->c, x64_alu_rm(op), size, t, x64_rm(e, b), 0);
}

/* In place in memory, where result and first operand are one slot. */
static bool
alu_in_memory(Emit *e, X64Alu op, const Operands *o)
{
	if (loc_is_reg(o->d) || o->d != o->a)
		return false;
	if (loc_is_const(o->b) && x64_is_imm32(x64_imm(e, o->b)))
		x64_alu_imm(e->c, op, o->size, x64_rm(e, o->d), (int32_t)x64_imm(e, o->b));
	else if (loc_is_reg(o->b))
		x64_emit(e->c, x64_alu_mr(op), o->size, loc_reg(o->b), x64_rm(e, o->d), 0);
	else
		return false;
	return true;
}

/* A sum into a third register. */
static bool
add_by_lea(Emit *e, const Operands *o, bool subtract)
{
	int64_t imm;

	if (!loc_is_reg(o->d) || !loc_is_reg(o->a) || o->d == o->a)
		return false;
	if (loc_is_reg(o->b) && !subtract) {
		x64_emit(e->c, X64_LEA, o->size, loc_reg(o->d),
			 x64_mx(loc_reg(o->a), loc_reg(o->b), 1, 0), 0);
		return true;
	}
	if (!loc_is_const(o->b))
		return false;
	imm = x64_imm(e, o->b);
	imm = subtract ? -imm : imm;
	if (o->size == 4)
		imm = (int32_t)(uint32_t)imm;
	if (!x64_is_imm32(imm))
		return false;
	x64_emit(e->c, X64_LEA, o->size, loc_reg(o->d), x64_m(loc_reg(o->a), (int32_t)imm), 0);
	return true;
}

/* x & 0xffffffff of 64 bits is no immediate, but a 32-bit move. */
static bool
and_by_move(Emit *e, const Operands *o)
{
	unsigned t;

	if (o->size == 4 || !loc_is_const(o->b) || x64_imm(e, o->b) != UINT32_MAX)
		return false;
	t = x64_out_reg(e, o->d, IR_I64);
	x64_emit(e->c, X64_MOV_RM, 4, t, x64_rm(e, o->a), 0);
	x64_store(e, o->d, t, IR_I64);
	return true;
}

static void
emit_commutative(Emit *e, Val v, X64Alu op)
{
	Operands o = operands(e, v);
	unsigned t;

	if (loc_is_const(o.a) || loc_is_fused(o.a) || (o.d == o.b && !loc_is_const(o.b)))
		exchange(&o);
	if ((op == X64_ADD && add_by_lea(e, &o, false)) || (op == X64_AND && and_by_move(e, &o)) ||
	    alu_in_memory(e, op, &o))
		return;
	t = x64_out_reg(e, o.d, o.type); /* not b's register: they were exchanged */
	x64_load(e, t, o.a, o.type);
	alu(e, op, o.size, t, o.b);
	x64_store(e, o.d, t, o.type);
}

static void
emit_sub(Emit *e, Val v)
{
	Operands o = operands(e, v);
	unsigned t;

	if (add_by_lea(e, &o, true) || alu_in_memory(e, X64_SUB, &o))
		return;
	t = x64_out_reg(e, o.d, o.type);
	if (o.d == o.b && loc_is_reg(o.d) && o.a != o.b) { /* a - b = -b + a */
		x64_emit(e->c, X64_NEG, o.size, 0, x64_r(t), 0);
		alu(e, X64_ADD, o.size, t, o.a);
		return;
	}
	x64_load(e, t, o.a, o.type);
	alu(e, X64_SUB, o.size, t, o.b);
	x64_store(e, o.d, t, o.type);
}

static void
mul_imm(Emit *e, const Operands *o, unsigned t)
{
	int32_t imm = (int32_t)x64_imm(e, o->b);

	if (loc_is_reg(o->a) && (imm == 3 || imm == 5 || imm == 9))
		x64_emit(e->c, X64_LEA, o->size, t,
			 x64_mx(loc_reg(o->a), loc_reg(o->a), (unsigned)imm - 1, 0), 0);
	else
		x64_imul_imm(e->c, o->size, t, x64_rm(e, o->a), imm);
}

static void
emit_mul(Emit *e, Val v)
{
	Operands o = operands(e, v);
	unsigned t = x64_out_reg(e, o.d, o.type);

	if (loc_is_const(o.a) || (!loc_is_const(o.b) && (loc_is_fused(o.a) || o.d == o.b)))
		exchange(&o);
	if (loc_is_const(o.b)) {
		mul_imm(e, &o, t);
	} else {
		x64_load(e, t, o.a, o.type);
		x64_emit(e->c, X64_IMUL_RM, o.size, t, x64_rm(e, o.b), 0);
	}
	x64_store(e, o.d, t, o.type);
}

/* 32 bits: the upper half of a 64-bit product of extended operands.  64 bits: rdx of MUL. */
static void
emit_mulh(Emit *e, Val v, bool is_signed)
{
	Operands o = operands(e, v);

	if (o.type == IR_I32) {
		X64Form extend = is_signed ? X64_MOVSXD : X64_MOV_RM;
		unsigned size = is_signed ? 8 : 4, t = x64_out_reg(e, o.d, IR_I32);

		x64_emit(e->c, extend, size, e->is, x64_rm(e, o.b), 0);
		x64_emit(e->c, extend, size, t, x64_rm(e, o.a), 0);
		x64_emit(e->c, X64_IMUL_RM, 8, t, x64_r(e->is), 0);
		x64_shift_imm(e->c, X64_SHR, 8, x64_r(t), 32);
		return;
	}
	if (loc_is_reg(o.b) && loc_reg(o.b) == RAX)
		exchange(&o);
	x64_load(e, RAX, o.a, IR_I64);
	x64_emit(e->c, is_signed ? X64_IMUL : X64_MUL, 8, 0, x64_rm(e, o.b), 0);
	x64_store(e, o.d, RDX, IR_I64);
}

/* ---- Division ---- */

static void
emit_division(Emit *e, Val v, bool is_signed, bool remainder)
{
	Operands o = operands(e, v);

	x64_load(e, RAX, o.a, o.type);
	if (is_signed)
		x64_cdq(e->c, o.size);
	else
		x64_zero(e->c, RDX);
	x64_emit(e->c, is_signed ? X64_IDIV : X64_DIV, o.size, 0, x64_rm(e, o.b), 0);
	x64_store(e, o.d, remainder ? RDX : RAX, o.type);
}

/* ---- Shifts and rotations ---- */

static void
shift_imm(Emit *e, const Operands *o, X64Shift op)
{
	unsigned count = (unsigned)x64_imm(e, o->b) & (8 * o->size - 1);
	unsigned t = x64_out_reg(e, o->d, o->type);
	bool rotation = op == X64_ROL || op == X64_ROR;

	if (rotation && e->features & TRIVET_FEATURE_BMI2 && count && o->a != o->d &&
	    !loc_is_const(o->a)) {
		count = op == X64_ROL ? 8 * o->size - count : count;
		x64_vex(e->c, X64_RORX, o->size, t, 0, x64_rm(e, o->a), (int32_t)count);
	} else {
		x64_load(e, t, o->a, o->type);
		if (op == X64_SHL && count == 1)
			x64_emit(e->c, X64_ADD_MR, o->size, t, x64_r(t), 0);
		else if (count)
			x64_shift_imm(e->c, op, o->size, x64_r(t), count);
	}
	x64_store(e, o->d, t, o->type);
}

static void
shift_bmi2(Emit *e, const Operands *o, X64Form form)
{
	unsigned t = x64_out_reg(e, o->d, o->type);
	unsigned count = x64_in_reg(e, o->b, IR_I32);
	X64Rm value = x64_rm(e, o->a);

	if (loc_is_const(o->a) && t != count) {
		x64_load(e, t, o->a, o->type);
		value = x64_r(t);
	}
	x64_vex(e->c, form, o->size, t, count, value, 0);
	x64_store(e, o->d, t, o->type);
}

static void
emit_shift(Emit *e, Val v, X64Shift op)
{
	static const X64Form by_cl[8] = { X64_ROL_C, X64_ROR_C, X64_SHL_C, X64_SHL_C,
					  X64_SHL_C, X64_SHR_C, X64_SHL_C, X64_SAR_C };
	Operands o = operands(e, v);
	unsigned t;

	if (loc_is_const(o.b)) {
		shift_imm(e, &o, op);
		return;
	}
	if (e->features & TRIVET_FEATURE_BMI2 && op >= X64_SHL) {
		shift_bmi2(e, &o, op == X64_SHL ? X64_SHLX : op == X64_SHR ? X64_SHRX : X64_SARX);
		return;
	}
	t = x64_out_reg(e, o.d, o.type); /* rcx is ours; t must be neither it nor the count's */
	if (t == RCX || (loc_is_reg(o.b) && t == loc_reg(o.b)))
		t = e->is;
	x64_load(e, t, o.a, o.type);
	x64_load(e, RCX, o.b, IR_I32);
	x64_emit(e->c, by_cl[op], o.size, 0, x64_r(t), 0);
	x64_store(e, o.d, t, o.type);
}

/* ---- One operand ---- */

static void
emit_unary(Emit *e, Val v)
{
	Operands o = operands(e, v);
	unsigned op = e->f->ins.at[v].op, t = x64_out_reg(e, o.d, o.type);

	x64_load(e, t, o.a, o.type);
	if (op == IR_BSWAP)
		x64_bswap(e->c, o.size, t);
	else
		x64_emit(e->c, op == IR_NEG ? X64_NEG : X64_NOT, o.size, 0, x64_r(t), 0);
	x64_store(e, o.d, t, o.type);
}

/* BSR and BSF leave the destination undefined and set ZF for an operand of 0. */
static void
emit_count_zeros(Emit *e, Val v, bool leading)
{
	Operands o = operands(e, v);
	uint32_t needs = leading ? TRIVET_FEATURE_LZCNT : TRIVET_FEATURE_BMI1;
	unsigned t = x64_out_reg(e, o.d, o.type), bits = 8 * o.size;
	X64Rm a = x64_rm(e, o.a);

	if (e->features & needs) {
		x64_emit(e->c, leading ? X64_LZCNT : X64_TZCNT, o.size, t, a, 0);
	} else {
		x64_mov_imm(e->c, 4, e->is, leading ? 2 * bits - 1 : bits);
		x64_emit(e->c, leading ? X64_BSR : X64_BSF, o.size, t, a, 0);
		x64_cmov(e->c, X64_E, o.size, t, x64_r(e->is));
		if (leading)
			x64_alu_imm(e->c, X64_XOR, 4, x64_r(t), (int32_t)bits - 1);
	}
	x64_store(e, o.d, t, o.type);
}

static void
emit_convert(Emit *e, Val v)
{
	Operands o = operands(e, v);
	unsigned op = e->f->ins.at[v].op, t = x64_out_reg(e, o.d, o.type);

	switch (op) {
	case IR_POPCNT: x64_emit(e->c, X64_POPCNT, o.size, t, x64_rm(e, o.a), 0); break;
	case IR_SEXT32: x64_emit(e->c, X64_MOVSXD, 8, t, x64_rm(e, o.a), 0); break;
	case IR_ZEXT32: x64_emit(e->c, X64_MOV_RM, 4, t, x64_rm(e, o.a), 0); break;
	default:
		assert(op == IR_WRAP);
		x64_load(e, t, o.a, IR_I32);
		break;
	}
	x64_store(e, o.d, t, o.type);
}

/* ---- Comparisons ---- */

Cond
x64_cond_not(Cond k)
{
	Cond negated = { k.cc ^ 1, k.also };

	if (k.also == COND_OR_P)
		negated.also = COND_AND_NP;
	else if (k.also == COND_AND_NP)
		negated.also = COND_OR_P;
	return negated;
}

void
x64_jump_if(Emit *e, Cond k, Label to)
{
	Label over;

	switch (k.also) {
	case COND_ONE: x64_jcc(e->c, k.cc, to); break;
	case COND_OR_P:
		x64_jcc(e->c, X64_P, to);
		x64_jcc(e->c, k.cc, to);
		break;
	default:
		over = cbuf_label(e->c);
		x64_jcc_short(e->c, X64_P, over);
		x64_jcc(e->c, k.cc, to);
		cbuf_bind(e->c, over);
		break;
	}
}

static X64Cc
int_condition(IrCc cc)
{
	static const uint8_t table[] = {
		[CC_EQ] = X64_E,  [CC_NE] = X64_NE,  [CC_SLT] = X64_L, [CC_SLE] = X64_LE,
		[CC_SGT] = X64_G, [CC_SGE] = X64_GE, [CC_ULT] = X64_B, [CC_ULE] = X64_BE,
		[CC_UGT] = X64_A, [CC_UGE] = X64_AE,
	};

	assert(cc < sizeof table);
	return (X64Cc)table[cc];
}

/* x & y, for ZF. */
static void
test(Emit *e, Val and)
{
	IrType type = (IrType)e->f->ins.at[and].type;
	Loc a = use_loc(e, and, 0), b = use_loc(e, and, 1);
	unsigned size = type_bytes(type);

	if (loc_is_const(b)) {
		int32_t imm = (int32_t)x64_imm(e, b);
		size = imm >= 0 && imm <= 0xff ? 1 : size;
		x64_test_imm(e->c, size, x64_rm(e, a), imm);
	} else if (loc_is_reg(b)) {
		x64_emit(e->c, X64_TEST_MR, size, loc_reg(b), x64_rm(e, a), 0);
	} else {
		x64_emit(e->c, X64_TEST_MR, size, x64_in_reg(e, a, type), x64_rm(e, b), 0);
	}
}

Cond
x64_compare(Emit *e, Val v)
{
	const Ins *i = &e->f->ins.at[v];
	IrType type = (IrType)e->f->ins.at[i->arg[0]].type;
	Loc a = use_loc(e, v, 0), b = use_loc(e, v, 1), other = a;
	IrCc cc = (IrCc)i->cc;
	unsigned size = type_bytes(type);

	if (type_is_fp(type))
		return x64_compare_fp(e, cc, a, b, type);
	if (loc_is_const(a) && !loc_is_const(b)) {
		a = b;
		b = other;
		cc = (IrCc)cc_swapped[cc];
	}
	if (loc_is_fused(a) && e->f->ins.at[loc_n(a)].op == IR_AND) {
		test(e, loc_n(a));
		cc = x64_imm(e, b) ? (IrCc)cc_negated[cc] : cc;
	} else if (loc_is_const(b)) {
		int32_t imm = (int32_t)x64_imm(e, b);
		if (loc_is_const(a)) {
			x64_load(e, e->is, a, type);
			a = LOC(LOC_REG, e->is);
		}
		if (imm == 0 && loc_is_reg(a))
			x64_emit(e->c, X64_TEST_MR, size, loc_reg(a), x64_rm(e, a), 0);
		else
			x64_alu_imm(e->c, X64_CMP, size, x64_rm(e, a), imm);
	} else if (!loc_is_reg(a) && loc_is_reg(b)) {
		x64_emit(e->c, X64_CMP_MR, size, loc_reg(b), x64_rm(e, a), 0);
	} else {
		x64_emit(e->c, X64_CMP_RM, size, x64_in_reg(e, a, type), x64_rm(e, b), 0);
	}
	return (Cond){ int_condition(cc), COND_ONE };
}

/* 0 or 1.  The second flag of a float condition goes through the scratch. */
static void
emit_cmp(Emit *e, Val v)
{
	Loc d = e->r->out[v];
	unsigned t = x64_out_reg(e, d, IR_I32);
	bool clear = loc_is_reg(d) && d != use_loc(e, v, 0) && d != use_loc(e, v, 1);
	Cond k;

	if (clear)
		x64_zero(e->c, t);
	k = x64_compare(e, v);
	if (k.also != COND_ONE && t == e->is) { /* a slot: branch */
		Label over = cbuf_label(e->c);
		x64_emit(e->c, X64_MOV_MI, 4, 0, x64_rm(e, d), 1);
		x64_jump_if(e, k, over);
		x64_emit(e->c, X64_MOV_MI, 4, 0, x64_rm(e, d), 0);
		cbuf_bind(e->c, over);
		return;
	}
	if (k.also != COND_ONE)
		x64_setcc(e->c, k.also == COND_OR_P ? X64_P : X64_NP, x64_r(e->is));
	x64_setcc(e->c, k.cc, x64_r(t));
	if (k.also == COND_OR_P)
		x64_emit(e->c, X64_OR_RM, 1, t, x64_r(e->is), 0);
	else if (k.also == COND_AND_NP)
		x64_emit(e->c, X64_AND_RM, 1, t, x64_r(e->is), 0);
	if (!clear)
		x64_emit(e->c, X64_MOVZX8, 4, t, x64_r(t), 0);
	x64_store(e, d, t, IR_I32);
}

/* d = otherwise; where the condition holds, d = then.  AND is turned into OR first: two moves. */
static void
emit_select(Emit *e, Val v)
{
	IrType type = (IrType)e->f->ins.at[v].type;
	Loc d = e->r->out[v], then = use_loc(e, v, 2), otherwise = use_loc(e, v, 3), swap = then;
	unsigned size = type_bytes(type), t = x64_out_reg(e, d, type);
	X64Rm source;
	Cond k;

	if (type_is_fp(type)) {
		x64_select_fp(e, v);
		return;
	}
	k = x64_compare(e, v);
	if (k.also == COND_AND_NP ||
	    (k.also == COND_ONE && d != otherwise && (d == then || loc_is_const(then)))) {
		k = x64_cond_not(k);
		then = otherwise;
		otherwise = swap;
	}
	if (loc_is_reg(d) && d == then && d != otherwise)
		t = e->is; /* written too early otherwise */
	x64_load(e, t, otherwise, type);
	if (loc_is_const(then) && t != e->is)
		then = LOC(LOC_REG, x64_in_reg(e, then, type));
	source = x64_rm(e, then);
	x64_cmov(e->c, k.cc, size, t, source);
	if (k.also == COND_OR_P)
		x64_cmov(e->c, X64_P, size, t, source);
	x64_store(e, d, t, type);
}

/* ---- Memory ---- */

X64Rm
x64_address(Emit *e, Val v)
{
	const Ins *i = &e->f->ins.at[v];
	unsigned base = loc_reg(use_loc(e, v, 0)), index;
	int32_t disp;

	assert(loc_is_reg(use_loc(e, v, 0)));
	if (!i->arg[1])
		return x64_m(base, i->aux);
	if (loc_is_const(use_loc(e, v, 1)) && x64_index_folds(e->f, v, &disp))
		return x64_m(base, disp);
	index = loc_reg(use_loc(e, v, 1));
	assert(loc_is_reg(use_loc(e, v, 1)));
	return x64_mx(base, index, ir_mem_bytes[i->cc], i->aux);
}

/* Into t.  Loads of 32 bits clear the upper half, those that extend to `size` 8 fill it. */
static void
load(Emit *e, Val v, unsigned size, unsigned t)
{
	X64Rm m = x64_address(e, v);

	switch (e->f->ins.at[v].cc) {
	case MEM_S8: x64_emit(e->c, X64_MOVSX8, size, t, m, 0); break;
	case MEM_U8: x64_emit(e->c, X64_MOVZX8, 4, t, m, 0); break;
	case MEM_S16: x64_emit(e->c, X64_MOVSX16, size, t, m, 0); break;
	case MEM_U16: x64_emit(e->c, X64_MOVZX16, 4, t, m, 0); break;
	case MEM_W32: x64_emit(e->c, size == 8 ? X64_MOVSXD : X64_MOV_RM, size, t, m, 0); break;
	case MEM_W64: x64_emit(e->c, X64_MOV_RM, 8, t, m, 0); break;
	case MEM_F32: x64_emit(e->c, X64_MOVS_RM, 4, t, m, 0); break;
	default: x64_emit(e->c, X64_MOVS_RM, 8, t, m, 0); break;
	}
}

static void
emit_load(Emit *e, Val v)
{
	Loc d = e->r->out[v];
	IrType type = (IrType)e->f->ins.at[v].type;
	unsigned t = x64_out_reg(e, d, type);

	load(e, v, 4, t);
	x64_store(e, d, t, type);
}

/* SEXT32 or ZEXT32 of what is in memory. */
static void
emit_extending_load(Emit *e, Val v)
{
	Loc d = e->r->out[v];
	unsigned t = x64_out_reg(e, d, IR_I64);

	load(e, loc_n(use_loc(e, v, 0)), e->f->ins.at[v].op == IR_SEXT32 ? 8 : 4, t);
	x64_store(e, d, t, IR_I64);
}

/* x[i] op= y */
static void
update(Emit *e, Val sum, unsigned size, X64Rm m)
{
	static const struct {
		uint8_t ir, op;
	} ops[] = { { IR_ADD, X64_ADD },
		    { IR_SUB, X64_SUB },
		    { IR_AND, X64_AND },
		    { IR_OR, X64_OR },
		    { IR_XOR, X64_XOR } };
	Loc a = use_loc(e, sum, 0), y = loc_is_fused(a) ? use_loc(e, sum, 1) : a;
	unsigned k = 0;

	while (ops[k].ir != e->f->ins.at[sum].op)
		k++;
	if (loc_is_const(y))
		x64_alu_imm(e->c, ops[k].op, size, m, (int32_t)x64_imm(e, y));
	else
		x64_emit(e->c, x64_alu_mr(ops[k].op), size,
			 x64_in_reg(e, y, (IrType)e->f->ins.at[sum].type), m, 0);
}

static void
emit_store(Emit *e, Val v)
{
	const Ins *i = &e->f->ins.at[v];
	unsigned size = ir_mem_bytes[i->cc];
	Loc value = use_loc(e, v, 2);
	X64Rm m = x64_address(e, v);

	if (loc_is_fused(value)) {
		update(e, loc_n(value), size, m);
		return;
	}

	if (loc_is_const(value))
		x64_emit(e->c, X64_MOV_MI, size, 0, m, (int32_t)x64_imm(e, value));
	else if (i->cc == MEM_F32 || i->cc == MEM_F64)
		x64_emit(e->c, X64_MOVS_MR, size, loc_reg(value), m, 0);
	else
		x64_emit(e->c, X64_MOV_MR, size, loc_reg(value), m, 0);
}

void
x64_emit_int(Emit *e, Val v)
{
	switch (e->f->ins.at[v].op) {
	case IR_ADD: emit_commutative(e, v, X64_ADD); break;
	case IR_AND: emit_commutative(e, v, X64_AND); break;
	case IR_OR: emit_commutative(e, v, X64_OR); break;
	case IR_XOR: emit_commutative(e, v, X64_XOR); break;
	case IR_SUB: emit_sub(e, v); break;
	case IR_MUL: emit_mul(e, v); break;
	case IR_MULHS: emit_mulh(e, v, true); break;
	case IR_MULHU: emit_mulh(e, v, false); break;
	case IR_SDIV: emit_division(e, v, true, false); break;
	case IR_UDIV: emit_division(e, v, false, false); break;
	case IR_SREM: emit_division(e, v, true, true); break;
	case IR_UREM: emit_division(e, v, false, true); break;
	case IR_SHL: emit_shift(e, v, X64_SHL); break;
	case IR_SHR: emit_shift(e, v, X64_SHR); break;
	case IR_SAR: emit_shift(e, v, X64_SAR); break;
	case IR_ROTL: emit_shift(e, v, X64_ROL); break;
	case IR_ROTR: emit_shift(e, v, X64_ROR); break;
	case IR_NEG:
	case IR_NOT:
	case IR_BSWAP: emit_unary(e, v); break;
	case IR_CLZ: emit_count_zeros(e, v, true); break;
	case IR_CTZ: emit_count_zeros(e, v, false); break;
	case IR_SEXT32:
	case IR_ZEXT32:
		if (loc_is_fused(use_loc(e, v, 0)))
			emit_extending_load(e, v);
		else
			emit_convert(e, v);
		break;
	case IR_POPCNT:
	case IR_WRAP: emit_convert(e, v); break;
	case IR_CMP: emit_cmp(e, v); break;
	case IR_SELECT: emit_select(e, v); break;
	case IR_LOAD: emit_load(e, v); break;
	case IR_STORE: emit_store(e, v); break;
	default: assert(false && "an instruction that no emitter knows"); break;
	}
}
