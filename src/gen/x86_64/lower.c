/* lower.c - what x86-64 asks for before and during register allocation.
 *
 * x64_legalize() replaces what the CPU at hand lacks; x64_constrain() says, for each instruction,
 * which registers it destroys and which operands it takes as constants.  emit() copes with every
 * answer these constraints allow, so a hint never matters for correctness. */
#include "gen/x86_64/x86_64.h"

enum { RAX = X64_RAX, RCX = X64_RCX, RDX = X64_RDX };

/* ---- Legalisation ---- */

static bool
to_helper(IrFunc *f, Val v, IrHelper h, uint32_t n)
{
	uint32_t first = f->pool.n;
	int32_t slot = (int32_t)ir_helper(f->module, h);
	Ins *i = &f->ins.at[v];

	for (uint32_t k = 0; k < n; k++) {
		Val *at = vec_push(f->module->arena, &f->pool);
		if (!at)
			return false;
		*at = i->arg[k];
	}
	i->op = IR_CALLX;
	i->arg[0] = first;
	i->arg[1] = n;
	i->aux = slot;
	return true;
}

static Val
before(IrFunc *f, Val at, IrOp op, IrType t, Val a, Val b)
{
	return ir_insert_before(f, at,
				(Ins){ .op = (uint8_t)op,
				       .type = (uint8_t)t,
				       .arg = { a, b },
				       .line = f->ins.at[at].line });
}

/* Counting bits in parallel: sums of 2, of 4, of 8 bits, then a multiplication adds the bytes.
 * (Warren, "Hacker's Delight", section 5-1) */
static void
expand_popcnt(IrFunc *f, Val v)
{
	IrType t = (IrType)f->ins.at[v].type;
	Val x = f->ins.at[v].arg[0], half, low, high, last;
	Val m1 = ir_const(f, t, UINT64_C(0x5555555555555555));
	Val m2 = ir_const(f, t, UINT64_C(0x3333333333333333));
	Val m4 = ir_const(f, t, UINT64_C(0x0f0f0f0f0f0f0f0f));
	Val ones = ir_const(f, t, UINT64_C(0x0101010101010101));

	half = before(f, v, IR_SHR, t, x, ir_const(f, t, 1));
	half = before(f, v, IR_AND, t, half, m1);
	x = before(f, v, IR_SUB, t, x, half);
	low = before(f, v, IR_AND, t, x, m2);
	high = before(f, v, IR_SHR, t, x, ir_const(f, t, 2));
	high = before(f, v, IR_AND, t, high, m2);
	x = before(f, v, IR_ADD, t, low, high);
	high = before(f, v, IR_SHR, t, x, ir_const(f, t, 4));
	x = before(f, v, IR_ADD, t, x, high);
	x = before(f, v, IR_AND, t, x, m4);
	x = before(f, v, IR_MUL, t, x, ones);
	last = ir_const(f, t, t == IR_I64 ? 56 : 24);
	f->ins.at[v].op = IR_SHR;
	f->ins.at[v].arg[0] = x;
	f->ins.at[v].arg[1] = last;
}

static bool
legalize_one(IrFunc *f, uint32_t features, Val v)
{
	bool wide = f->ins.at[v].type == IR_F64, sse41 = features & TRIVET_FEATURE_SSE41;

	switch (f->ins.at[v].op) {
	case IR_FFLOOR: return sse41 || to_helper(f, v, wide ? HELPER_FLOOR64 : HELPER_FLOOR32, 1);
	case IR_FCEIL: return sse41 || to_helper(f, v, wide ? HELPER_CEIL64 : HELPER_CEIL32, 1);
	case IR_FTRUNC: return sse41 || to_helper(f, v, wide ? HELPER_TRUNC64 : HELPER_TRUNC32, 1);
	case IR_FNEAREST:
		return sse41 || to_helper(f, v, wide ? HELPER_NEAREST64 : HELPER_NEAREST32, 1);
	case IR_FMA:
		return features & TRIVET_FEATURE_FMA ||
		       to_helper(f, v, wide ? HELPER_FMA64 : HELPER_FMA32, 3);
	case IR_POPCNT:
		if (!(features & TRIVET_FEATURE_POPCNT))
			expand_popcnt(f, v);
		return true;
	default: return true;
	}
}

bool
x64_legalize(IrFunc *f, uint32_t features, Quality q, Arena *scratch)
{
	(void)q;
	(void)scratch;
	uint32_t n = f->ins.n;

	for (Val v = 1; v < n; v++)
		if (!legalize_one(f, features, v))
			return false;
	if (f->is_entry) { /* what a thunk does after a trap */
		ir_helper(f->module, HELPER_TRAPPED);
		ir_import(f->module, (Import){ .kind = IMPORT_CODE });
	}
	return !f->module->arena->mem->failed;
}

uint32_t
x64_find_import(const IrModule *m, uint8_t kind, uint32_t id)
{
	uint32_t k = 0;

	while (k < m->imports.n && (m->imports.at[k].kind != kind ||
				    (kind == IMPORT_HELPER && m->imports.at[k].id != id)))
		k++;
	assert(k < m->imports.n && "made by x64_legalize");
	return k;
}

/* ---- Constants that become part of an instruction ---- */

/* An immediate of 32 bits, which a 64-bit operation sign-extends. */
static bool
is_imm(const IrFunc *f, Val v)
{
	unsigned t = f->ins.at[v].type;

	return ir_is_const(f, v) &&
	       (t == IR_I32 || (t == IR_I64 && x64_is_imm32((int64_t)ir_const_bits(f, v))));
}

/* Any float constant: read from the pool as a memory operand. */
static bool
is_fp_const(const IrFunc *f, Val v)
{
	return ir_is_const(f, v) && type_is_fp(f->ins.at[v].type);
}

/* Stored as an immediate: the bits, floats included. */
static bool
is_stored_imm(const IrFunc *f, Val v)
{
	return ir_is_const(f, v) &&
	       (type_bytes(f->ins.at[v].type) == 4 || x64_is_imm32((int64_t)ir_const_bits(f, v)));
}

bool
x64_index_folds(const IrFunc *f, Val v, int32_t *disp)
{
	const Ins *i = &f->ins.at[v];
	int64_t at;

	if (!i->arg[1] || !ir_is_const(f, i->arg[1]))
		return false;
	at = (int64_t)ir_const_bits(f, i->arg[1]);
	if (!x64_is_imm32(at))
		return false;
	at = at * ir_mem_bytes[i->cc] + i->aux;
	*disp = (int32_t)at;
	return x64_is_imm32(at);
}

/* Operand 1 of a two-address instruction, or operand 0 when they may be exchanged: never both. */
static void
fold_imm(const IrFunc *f, const Ins *i, bool commutes, Constraint *c)
{
	if (is_imm(f, i->arg[1]))
		c->folded |= 2;
	else if (commutes && is_imm(f, i->arg[0]))
		c->folded |= 1;
}

static void
fold_fp(const IrFunc *f, const Ins *i, unsigned n, Constraint *c)
{
	for (unsigned k = 0; k < n; k++)
		if (is_fp_const(f, i->arg[k]))
			c->folded |= 1u << k;
}

/* ---- Loads that become part of an instruction ---- */

static bool
is_load(const IrFunc *f, Val v)
{
	const Ins *i = &f->ins.at[v];

	return i->op == IR_LOAD && i->cc >= MEM_W32; /* all of the register's bits */
}

/* Of operands 0 … n-1, as a memory operand: the allocator takes one at most. */
static void
fuse_loads(const IrFunc *f, const Ins *i, uint32_t which, Constraint *c)
{
	for (unsigned k = 0; k < 2; k++)
		if (which >> k & 1 && is_load(f, i->arg[k]))
			c->fuse |= 1u << k;
	c->fuse_late = !type_is_fp(i->type);
}

/* TEST can do it. */
static bool
is_test(const IrFunc *f, const Ins *i)
{
	const Ins *and = &f->ins.at[i->arg[0]];

	return gen_is_bit_test(f, i) && (!ir_is_const(f, and->arg[1]) || is_imm(f, and->arg[1])) &&
	       !ir_is_const(f, and->arg[0]);
}

/* Stored is the sum, or the like, of what is there: x[i] += y.  1 + the operand of the sum that
 * loads it, or 0. */
static uint8_t
updates(const IrFunc *f, const Ins *store)
{
	const Ins *sum = &f->ins.at[store->arg[2]];
	unsigned n = sum->op == IR_SUB ? 1 : 2;

	if (sum->op != IR_ADD && sum->op != IR_SUB && sum->op != IR_AND && sum->op != IR_OR &&
	    sum->op != IR_XOR)
		return 0;
	for (uint8_t k = 0; k < n; k++) {
		const Ins *load = &f->ins.at[sum->arg[k]];
		Val other = sum->arg[1 - k];
		if (load->op == IR_LOAD && load->arg[0] == store->arg[0] &&
		    load->arg[1] == store->arg[1] && load->aux == store->aux &&
		    ir_mem_bytes[load->cc] == ir_mem_bytes[store->cc] &&
		    (!ir_is_const(f, other) || is_imm(f, other)))
			return k + 1;
	}
	return 0;
}

static void
fold_comparison(const IrFunc *f, const Ins *i, Constraint *c)
{
	unsigned cc = i->cc;

	if (type_is_fp(f->ins.at[i->arg[0]].type)) {
		bool swapped = cc == CC_FLT || cc == CC_FLE || cc == CC_FNLT || cc == CC_FNLE;
		fold_fp(f, i, 2, c);
		fuse_loads(f, i, cc == CC_FEQ || cc == CC_FNE ? 3 : swapped ? 1 : 2, c);
	} else {
		fold_imm(f, i, true, c);
		fuse_loads(f, i, 3, c);
		if (is_test(f, i))
			c->fuse = 1;
	}
	c->fuse_late = i->op == IR_CMP; /* the result may be cleared first */
}

/* ---- Constraints ---- */

static void
constrain_shift(const IrFunc *f, const Ins *i, uint32_t features, Constraint *c)
{
	c->same = 1;
	if (ir_is_const(f, i->arg[1])) {
		c->folded = 2;
		return;
	}
	if (is_imm(f, i->arg[0]))
		c->folded = 1;
	if (i->op != IR_ROTL && i->op != IR_ROTR && features & TRIVET_FEATURE_BMI2) {
		c->same = 0;
		return;
	}
	c->clobber = REG_BIT(RCX);
	c->prefer[1] = RCX;
}

static void
constrain_division(const IrFunc *f, const Ins *i, Constraint *c)
{
	c->clobber = REG_BIT(RAX) | REG_BIT(RDX);
	c->late = 2;
	c->folded = is_imm(f, i->arg[0]);
	c->prefer[0] = RAX;
	c->prefer_out = i->op == IR_SDIV || i->op == IR_UDIV ? RAX : RDX;
}

static void
constrain_memory(const IrFunc *f, Val v, Constraint *c)
{
	const Ins *i = &f->ins.at[v];
	int32_t disp;

	c->in_reg = 1;
	if (x64_index_folds(f, v, &disp))
		c->folded = 2;
	else if (i->arg[1])
		c->in_reg |= 2;
	if (i->op == IR_STORE) {
		if (is_stored_imm(f, i->arg[2]))
			c->folded |= 4;
		else
			c->in_reg |= 4;
		c->fuse_with = updates(f, i);
		c->fuse = c->fuse_with ? 4 : 0;
	}
}

static void
constrain_call(const IrFunc *f, const Convention *cv, const Ins *i, Constraint *c)
{
	const IrFunc *to = i->op == IR_CALL ? &f->module->funcs.at[i->aux] : NULL;
	const Import *import = to ? NULL : &f->module->imports.at[i->aux];
	const uint8_t *types = to ? to->params : import->params;
	uint32_t n = i->arg[1];
	Loc at[4];

	c->clobber = cv->allocatable & ~cv->callee_saved;
	if (!conv_assign(cv, types, n < 4 ? n : 4, at))
		for (uint32_t k = 0; k < n && k < 4; k++)
			c->prefer[k] = (Reg)loc_n(at[k]);
	for (uint32_t k = 0; k < n && k < 32; k++)
		if (ir_is_const(f, f->pool.at[i->arg[0] + k]))
			c->folded |= UINT32_C(1) << k;
	c->prefer_out = type_is_fp(i->type) ? cv->fp_result : cv->int_result;
}

static void
constrain_select(const IrFunc *f, const Ins *i, Constraint *c)
{
	fold_comparison(f, i, c);
	c->same = 4;
	if (x64_selects_by_mask(f, i))
		return; /* it is for registers */
	c->folded |= ir_is_const(f, i->arg[2]) ? 4 : 0;
	c->folded |= ir_is_const(f, i->arg[3]) ? 8 : 0;
}

static void
constrain_fp(const IrFunc *f, const Ins *i, Constraint *c)
{
	switch (i->op) {
	case IR_FSUB:
	case IR_FDIV:
		c->late = 2;
		/* fallthrough */
	case IR_FADD:
	case IR_FMUL:
		fold_fp(f, i, 2, c);
		fuse_loads(f, i, i->op == IR_FADD || i->op == IR_FMUL ? 3 : 2, c);
		c->same = 1;
		break;
	case IR_FMIN:
	case IR_FMAX:
		fold_fp(f, i, 2, c);
		c->same = 1;
		c->out_in_reg = true;
		break;
	case IR_FCOPYSIGN:
		fold_fp(f, i, 1, c);
		c->same = 1;
		c->late = c->in_reg = 2;
		c->out_in_reg = true;
		break;
	case IR_FMA:
		c->in_reg = 3;
		c->folded = is_fp_const(f, i->arg[2]) ? 4 : 0;
		c->out_in_reg = true;
		c->same = 1;
		break;
	case IR_CANON:
	case IR_FNEG:
	case IR_FABS:
		c->out_in_reg = true;
		c->same = 1;
		break;
	case IR_FTOS:
	case IR_FTOU: c->out_in_reg = true; break;
	case IR_STOF: fuse_loads(f, i, 1, c); break;
	case IR_BITCAST: c->folded = ir_is_const(f, i->arg[0]); break;
	default: break;
	}
}

void
x64_constrain(const IrFunc *f, const Convention *cv, uint32_t features, Val v, Constraint *c)
{
	const Ins *i = &f->ins.at[v];

	*c = (Constraint){ .prefer_out = REG_NONE,
			   .prefer = { REG_NONE, REG_NONE, REG_NONE, REG_NONE } };
	switch (i->op) {
	case IR_ADD:
	case IR_MUL:
	case IR_AND:
	case IR_OR:
	case IR_XOR:
		fold_imm(f, i, true, c);
		if (i->op == IR_AND && ir_is_const(f, i->arg[1]) &&
		    ir_const_bits(f, i->arg[1]) == UINT32_MAX)
			c->folded = 2;
		c->same = i->op == IR_MUL && c->folded ? 0 : 1;
		if (!c->folded || i->op == IR_MUL)
			fuse_loads(f, i, 3, c);
		break;
	case IR_SUB:
		fold_imm(f, i, true, c);
		fuse_loads(f, i, 2, c);
		c->same = 1;
		break;
	case IR_MULHS:
	case IR_MULHU:
		if (i->type == IR_I64) {
			c->clobber = REG_BIT(RAX) | REG_BIT(RDX);
			c->prefer[0] = RAX;
			c->prefer_out = RDX;
		} else {
			c->out_in_reg = true;
		}
		break;
	case IR_SDIV:
	case IR_UDIV:
	case IR_SREM:
	case IR_UREM: constrain_division(f, i, c); break;
	case IR_SHL:
	case IR_SHR:
	case IR_SAR:
	case IR_ROTL:
	case IR_ROTR: constrain_shift(f, i, features, c); break;
	case IR_NEG:
	case IR_NOT:
	case IR_BSWAP:
	case IR_WRAP: c->same = 1; break;
	case IR_SEXT32:
	case IR_ZEXT32:
		c->same = 1;
		c->fuse = f->ins.at[i->arg[0]].op == IR_LOAD;
		break;
	case IR_CLZ:
	case IR_CTZ: c->out_in_reg = true; break;
	case IR_CMP:
	case IR_TRAPIF:
	case IR_BR: fold_comparison(f, i, c); break;
	case IR_SELECT: constrain_select(f, i, c); break;
	case IR_LOAD:
	case IR_STORE: constrain_memory(f, v, c); break;
	case IR_CALL:
	case IR_CALLX: constrain_call(f, cv, i, c); break;
	case IR_RET:
		if (!i->arg[0])
			break;
		c->folded = ir_is_const(f, i->arg[0]);
		c->prefer[0] =
			type_is_fp(f->ins.at[i->arg[0]].type) ? cv->fp_result : cv->int_result;
		break;
	default: constrain_fp(f, i, c); break;
	}
}
