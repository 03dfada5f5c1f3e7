/* emit_int.c - integer instructions, comparisons, memory. */
#include "gen/aarch64/aarch64.h"

/* ---- Immediates ----------------------------------------------------------------------------- */

bool
fits_add(uint64_t bits, A64Width w, bool *negative)
{
	uint64_t minus = w == A64_X ? -bits : (uint32_t)-bits;

	*negative = !a64_is_addimm(bits);
	return !*negative || a64_is_addimm(minus);
}

/* ADD, SUB or their flag-setting forms with a constant that fits_add() took. */
static void
add_const(Emit *e, A64Width w, A64AddSub op, A64Reg rd, A64Reg rn, uint64_t bits)
{
	bool negative;

	if (fits_add(bits, w, &negative) && negative) {
		op ^= A64_ADD ^ A64_SUB;
		bits = w == A64_X ? -bits : (uint32_t)-bits;
	}
	emit_word(e, a64_addsub_imm(w, op, rd, rn, bits));
}

static bool
is_const(Loc l)
{
	return loc_kind(l) == LOC_CONST;
}

/* A shift by a constant or an extension as the second operand of another instruction. */
static A64Shift
shift_of(Emit *e, const Ins *i, const Loc *use, A64Width w, uint32_t *count)
{
	uint32_t mask = w == A64_X ? 63 : 31;

	*count = (uint32_t)const_of(e->f, loc_n(use[1])) & mask;
	switch (i->op) {
	case IR_SHL: return A64_LSL;
	case IR_SHR: return A64_LSR;
	case IR_SAR: return A64_ASR;
	case IR_ROTL: *count = -*count & mask; return A64_ROR;
	default: assert(i->op == IR_ROTR); return A64_ROR;
	}
}

static void
addsub_fused(Emit *e, A64Width w, A64AddSub op, A64Reg rd, A64Reg rn, Loc b)
{
	const Ins *i = ins_at(e, loc_n(b));
	const Loc *use = fused_use(e, b);
	A64Reg rm = reg_number(use[0]);
	uint32_t count;

	switch (i->op) {
	case IR_SEXT32: emit_word(e, a64_addsub_ext(w, op, rd, rn, rm, A64_SXTW, 0)); return;
	case IR_ZEXT32: emit_word(e, a64_addsub_ext(w, op, rd, rn, rm, A64_UXTW, 0)); return;
	case IR_MUL:
		emit_word(e, a64_mul(w, op == A64_ADD ? A64_MADD : A64_MSUB, rd, rm,
				     reg_number(use[1]), rn));
		return;
	default: break;
	}
	A64Shift s = shift_of(e, i, use, w, &count);
	emit_word(e, a64_addsub_reg(w, op, rd, rn, rm, s, count));
}

/* NOT is the odd operation next to each of AND, ORR, EOR, ANDS. */
static void
logic_fused(Emit *e, A64Width w, A64Logic op, A64Reg rd, A64Reg rn, Loc b)
{
	const Ins *i = ins_at(e, loc_n(b));
	const Loc *use = fused_use(e, b);
	A64Reg rm = reg_number(use[0]);
	A64Shift s = A64_LSL;
	uint32_t count = 0;

	if (i->op == IR_NOT)
		op++;
	else
		s = shift_of(e, i, use, w, &count);
	emit_word(e, a64_logic_reg(w, op, rd, rn, rm, s, count));
}

/* ---- Comparisons ---------------------------------------------------------------------------- */

/* By IrCc.  After fcmp, "unordered" is C and V set, N and Z clear: hence mi and ls for the ordered
 * less, pl and hi for their negations. */
static const uint8_t conditions[CC_COUNT] = {
	[CC_EQ] = A64_EQ,   [CC_NE] = A64_NE,	[CC_SLT] = A64_LT,  [CC_SLE] = A64_LE,
	[CC_SGT] = A64_GT,  [CC_SGE] = A64_GE,	[CC_ULT] = A64_LO,  [CC_ULE] = A64_LS,
	[CC_UGT] = A64_HI,  [CC_UGE] = A64_HS,	[CC_FEQ] = A64_EQ,  [CC_FNE] = A64_NE,
	[CC_FLT] = A64_MI,  [CC_FLE] = A64_LS,	[CC_FGT] = A64_GT,  [CC_FGE] = A64_GE,
	[CC_FNLT] = A64_PL, [CC_FNLE] = A64_HI, [CC_FNGT] = A64_LE, [CC_FNGE] = A64_LT,
};

static void
test_bits(Emit *e, A64Width w, const Loc *use)
{
	bool swap = is_const(use[0]) || is_fused(use[0]);
	A64Reg a = reg_number(use[swap]);
	Loc b = use[!swap];

	if (is_const(b))
		emit_word(e, a64_tst_imm(w, a, const_of(e->f, loc_n(b))));
	else if (is_fused(b))
		logic_fused(e, w, A64_ANDS, A64_ZR, a, b);
	else
		emit_word(e, a64_tst(w, a, reg_number(b)));
}

/* Whether the flags are those of a against b, from the instruction before. */
static bool
is_compared(const Emit *e, uint8_t type, Loc a, Loc b)
{
	const Known *k = &e->known;

	return k->flags_at && k->flags_at == cbuf_here(e->c) && k->type == type && k->a == a &&
	       k->b == b;
}

A64Cond
emit_compare(Emit *e, const Ins *i, const Loc *use)
{
	uint8_t type = arg_type(e, i, 0), cc = i->cc;
	Loc a = use[0], b = use[1];

	if (is_const(a)) {
		a = use[1];
		b = use[0];
		cc = cc_swapped[cc];
	}
	if (is_compared(e, type, a, b))
		return conditions[cc];
	if (is_float(type)) {
		A64Float t = float_of(type);
		emit_word(e, is_const(b) ? a64_fcmp_zero(t, A64_FCMP, reg_number(a))
					 : a64_fcmp(t, A64_FCMP, reg_number(a), reg_number(b)));
	} else if (is_fused(a)) { /* and another for 0 */
		test_bits(e, width_of(type), fused_use(e, a));
		cc = const_of(e->f, loc_n(b)) ? cc_negated[cc] : cc;
	} else if (is_fused(b)) {
		addsub_fused(e, width_of(type), A64_SUBS, A64_ZR, reg_number(a), b);
	} else if (is_const(b)) {
		/* x - (-n) and x + n give the same flags but for n = 0, which is not negative. */
		add_const(e, width_of(type), A64_SUBS, A64_ZR, reg_number(a),
			  const_of(e->f, loc_n(b)));
	} else {
		emit_word(e, a64_cmp(width_of(type), reg_number(a), reg_number(b)));
	}
	if (!is_fused(a) && !is_fused(b)) {
		e->known.flags_at = cbuf_here(e->c);
		e->known.a = a;
		e->known.b = b;
		e->known.type = type;
	}
	return conditions[cc];
}

/* The flags of code offset `at` outlive a selection into rd, unless they speak of what was there.
 */
static void
keep_flags(Emit *e, uint32_t at, Loc rd)
{
	Known *k = &e->known;

	if (k->flags_at == at && k->a != rd && k->b != rd)
		k->flags_at = cbuf_here(e->c);
}

/* The register of an alternative, and what is to be done to it. */
static A64Reg
alternative(const Emit *e, Loc l, A64Csel *op)
{
	uint64_t bits;

	*op = A64_CSEL;
	if (is_const(l)) {
		bits = const_of(e->f, loc_n(l));
		if (bits)
			*op = bits == 1 ? A64_CSINC : A64_CSINV;
		return A64_ZR;
	}
	if (!is_fused(l))
		return reg_number(l);
	switch (ins_at(e, loc_n(l))->op) {
	case IR_NEG: *op = A64_CSNEG; break;
	case IR_NOT: *op = A64_CSINV; break;
	default: *op = A64_CSINC; break;
	}
	return reg_number(fused_use(e, l)[0]);
}

/* csinc, csneg and csinv do something to the second alternative for nothing: a constant of 1 or -1
 * is made of the zero register. */
void
emit_select(Emit *e, const Ins *i, const Loc *use, A64Reg rd)
{
	A64Cond c = emit_compare(e, i, use);
	A64Width w = width_of(i->type);
	uint32_t compared = cbuf_here(e->c);
	A64Csel op[2];
	A64Reg reg[2];
	unsigned second;

	if (is_float(i->type)) {
		emit_word(e, a64_fcsel(float_of(i->type), rd, reg_number(use[2]),
				       reg_number(use[3]), c));
		keep_flags(e, compared, LOC(LOC_REG, REG_FP + rd));
		return;
	}
	for (unsigned k = 0; k < 2; k++)
		reg[k] = alternative(e, use[2 + k], &op[k]);
	second = op[0] == A64_CSEL;
	assert(op[!second] == A64_CSEL);
	emit_word(e, a64_csel(w, op[second], rd, reg[!second], reg[second],
			      second ? c : a64_invert(c)));
	keep_flags(e, compared, LOC(LOC_REG, rd));
}

/* ---- Arithmetic ----------------------------------------------------------------------------- */

static void
add_sub(Emit *e, const Ins *i, const Loc *use, A64Reg rd)
{
	A64AddSub op = i->op == IR_ADD ? A64_ADD : A64_SUB;
	A64Width w = width_of(i->type);

	if (is_const(use[1]))
		add_const(e, w, op, rd, reg_number(use[0]), const_of(e->f, loc_n(use[1])));
	else if (is_fused(use[0]))
		addsub_fused(e, w, op, rd, reg_number(use[1]), use[0]);
	else if (is_fused(use[1]))
		addsub_fused(e, w, op, rd, reg_number(use[0]), use[1]);
	else if (is_const(use[0]) && op == A64_ADD)
		add_const(e, w, op, rd, reg_number(use[1]), const_of(e->f, loc_n(use[0])));
	else
		emit_word(e,
			  a64_addsub_reg(w, op, rd, is_const(use[0]) ? A64_ZR : reg_number(use[0]),
					 reg_number(use[1]), A64_LSL, 0));
}

static void
logic(Emit *e, const Ins *i, const Loc *use, A64Reg rd)
{
	A64Width w = width_of(i->type);
	unsigned k = i->op == IR_AND ? 0 : i->op == IR_OR ? 1 : 2;
	static const uint8_t regs[] = { A64_AND, A64_ORR, A64_EOR };
	static const uint8_t imms[] = { A64_ANDI, A64_ORRI, A64_EORI };
	Loc a = use[0], b = use[1];

	if (is_const(a) || is_fused(a)) {
		a = use[1];
		b = use[0];
	}
	if (is_fused(b))
		logic_fused(e, w, regs[k], rd, reg_number(a), b);
	else if (is_const(b))
		emit_word(e,
			  a64_logic_imm(w, imms[k], rd, reg_number(a), const_of(e->f, loc_n(b))));
	else
		emit_word(e,
			  a64_logic_reg(w, regs[k], rd, reg_number(a), reg_number(b), A64_LSL, 0));
}

static void
shift(Emit *e, const Ins *i, const Loc *use, A64Reg rd)
{
	A64Width w = width_of(i->type);
	uint32_t mask = w == A64_X ? 63 : 31;
	A64Reg x = reg_number(use[0]);

	if (is_const(use[1])) {
		uint32_t n = (uint32_t)const_of(e->f, loc_n(use[1])) & mask;
		switch (i->op) {
		case IR_SHL: emit_word(e, a64_lsl_imm(w, rd, x, n)); break;
		case IR_SHR: emit_word(e, a64_lsr_imm(w, rd, x, n)); break;
		case IR_SAR: emit_word(e, a64_asr_imm(w, rd, x, n)); break;
		case IR_ROTL: emit_word(e, a64_ror_imm(w, rd, x, -n & mask)); break;
		default: emit_word(e, a64_ror_imm(w, rd, x, n)); break;
		}
		return;
	}
	A64Reg n = reg_number(use[1]);
	A64Dp2 op = i->op == IR_SHL   ? A64_LSLV
		    : i->op == IR_SHR ? A64_LSRV
		    : i->op == IR_SAR ? A64_ASRV
				      : A64_RORV;
	if (i->op == IR_ROTL) {
		emit_word(e, a64_neg(w, SCRATCH, n));
		n = SCRATCH;
	}
	emit_word(e, a64_dp2(w, op, rd, x, n));
}

/* x * (2^n + 1) */
static void
multiply_by_sum(Emit *e, A64Width w, const Loc *use, A64Reg rd)
{
	A64Reg x = reg_number(use[0]);
	unsigned n = (unsigned)__builtin_ctzll(const_of(e->f, loc_n(use[1])) - 1);

	emit_word(e, a64_addsub_reg(w, A64_ADD, rd, x, x, A64_LSL, n));
}

/* The upper half; of a 32-bit product, all of which fits a register, by a shift. */
static void
multiply_high(Emit *e, const Ins *i, const Loc *use, A64Reg rd)
{
	bool s = i->op == IR_MULHS;
	A64Reg a = reg_number(use[0]), b = reg_number(use[1]);

	if (i->type == IR_I64) {
		emit_word(e, a64_mul(A64_X, s ? A64_SMULH : A64_UMULH, rd, a, b, A64_ZR));
		return;
	}
	emit_word(e, a64_mul(A64_X, s ? A64_SMADDL : A64_UMADDL, rd, a, b, A64_ZR));
	emit_word(e, a64_lsr_imm(A64_X, rd, rd, 32));
}

static void
divide(Emit *e, const Ins *i, const Loc *use, A64Reg rd)
{
	A64Width w = width_of(i->type);
	A64Dp2 op = i->op == IR_SDIV || i->op == IR_SREM ? A64_SDIV : A64_UDIV;
	A64Reg a = reg_number(use[0]), b = reg_number(use[1]);

	if (i->op == IR_SDIV || i->op == IR_UDIV) {
		emit_word(e, a64_dp2(w, op, rd, a, b));
		return;
	}
	emit_word(e, a64_dp2(w, op, SCRATCH, a, b));
	emit_word(e, a64_mul(w, A64_MSUB, rd, SCRATCH, b, a));
}

/* Only the vector unit counts bits; v31 holds 4 or 8 bytes, the rest of its low half zero. */
static void
population(Emit *e, const Ins *i, A64Reg rd, A64Reg x)
{
	A64Width w = width_of(i->type);

	emit_word(e, a64_fpint(w, float_of(w == A64_X ? IR_F64 : IR_F32), A64_FMOV_TO_FP, VSCRATCH,
			       x));
	emit_word(e, a64_cnt(false, VSCRATCH, VSCRATCH));
	emit_word(e, a64_addv(false, VSCRATCH, VSCRATCH));
	emit_word(e, a64_fpint(A64_W, A64_S, A64_FMOV_TO_INT, rd, VSCRATCH));
}

/* ---- Memory --------------------------------------------------------------------------------- */

static const uint8_t load_ops[MEM_COUNT] = {
	[MEM_S8] = A64_LDRSB_W, [MEM_U8] = A64_LDRB,   [MEM_S16] = A64_LDRSH_W,
	[MEM_U16] = A64_LDRH,	[MEM_W32] = A64_LDR_W, [MEM_W64] = A64_LDR_X,
	[MEM_F32] = A64_LDR_S,	[MEM_F64] = A64_LDR_D,
};
static const uint8_t store_ops[MEM_COUNT] = {
	[MEM_S8] = A64_STRB,   [MEM_U8] = A64_STRB,   [MEM_S16] = A64_STRH,  [MEM_U16] = A64_STRH,
	[MEM_W32] = A64_STR_W, [MEM_W64] = A64_STR_X, [MEM_F32] = A64_STR_S, [MEM_F64] = A64_STR_D,
};

static unsigned
log2_bytes(uint32_t bytes)
{
	return bytes == 8 ? 3 : bytes / 2;
}

/* x16 = base + index << shift, unless it is that already. */
static void
add_index(Emit *e, A64Reg base, A64Reg index, A64Extend extend, unsigned shift)
{
	Known *k = &e->known;

	if (k->address && k->base == base && k->index == index && k->extend == extend &&
	    k->shift == shift)
		return;
	emit_word(e, a64_addsub_ext(A64_X, A64_ADD, SCRATCH, base, index, extend, shift));
	k->address = true;
	k->base = base;
	k->index = index;
	k->extend = extend;
	k->shift = shift;
}

static bool
reaches(A64Mem op, int32_t offset)
{
	return a64_is_uoff(op, offset) || a64_is_simm9(offset);
}

/* Where an access at base + *offset is best made from, when that is too far: x16 is then the
 * multiple of 4096 below it, or, just below base, the very place; or what it was, if that is near.
 */
static A64Reg
near_base(Emit *e, A64Mem op, A64Reg base, int32_t *offset)
{
	Known *k = &e->known;
	int32_t far = *offset < 0 && *offset > -4096 ? *offset : *offset & ~4095;
	bool negative;

	if (base == SCRATCH || reaches(op, *offset) || !reaches(op, *offset - far) ||
	    !fits_add((uint64_t)far, A64_X, &negative))
		return base;
	if (!k->address || k->base != base || k->index != A64_ZR ||
	    !reaches(op, *offset - k->far)) {
		add_const(e, A64_X, A64_ADD, SCRATCH, base, (uint64_t)far);
		k->address = true;
		k->base = base;
		k->index = A64_ZR;
		k->far = far;
	}
	*offset -= k->far;
	return SCRATCH;
}

/* Becomes part of the access before it, when the two are a pair's. */
static bool
joins_access(Emit *e, A64Mem op, A64Reg rt, A64Reg base, int32_t offset)
{
	static const struct {
		uint8_t mem, pair;
	} ops[] = {
		{ A64_LDR_X, A64_LDP_X }, { A64_STR_X, A64_STP_X }, { A64_LDR_D, A64_LDP_D },
		{ A64_STR_D, A64_STP_D }, { A64_LDR_W, A64_LDP_W }, { A64_STR_W, A64_STP_W },
		{ A64_LDR_S, A64_LDP_S }, { A64_STR_S, A64_STP_S },
	};
	const Known *k = &e->known;
	int32_t size = (int32_t)a64_mem_bytes(op), first = offset < k->offset ? offset : k->offset;
	bool down = offset < k->offset, load;
	unsigned n = 0;

	if (!k->access_at || k->access_at != cbuf_here(e->c) || k->access != op ||
	    k->from != base || offset - k->offset != (down ? -size : size))
		return false;
	while (n < sizeof ops / sizeof *ops && ops[n].mem != op)
		n++;
	if (n == sizeof ops / sizeof *ops || !a64_is_pairoff(ops[n].pair, first))
		return false;
	load = op & 1;
	if (load && (k->rt == rt || (k->rt == base && (op == A64_LDR_X || op == A64_LDR_W))))
		return false;
	cbuf_put32(e->c->code.at + k->access_at - 4,
		   a64_pair(ops[n].pair, A64_OFFSET, down ? rt : k->rt, down ? k->rt : rt, base,
			    first));
	e->known.access_at = 0;
	return true;
}

static void
note_access(Emit *e, A64Mem op, A64Reg rt, A64Reg base, int32_t offset)
{
	e->known.access_at = cbuf_here(e->c);
	e->known.access = (uint8_t)op;
	e->known.rt = rt;
	e->known.from = base;
	e->known.offset = offset;
}

/* base + index * bytes + offset, in the fewest instructions: the addressing modes take an index or
 * an offset, not both. */
static void
mem_access(Emit *e, A64Mem op, A64Reg rt, A64Reg base, Loc at, int32_t offset)
{
	if (at != LOC_NONE) {
		A64Extend extend = A64_UXTX;
		if (is_fused(at)) {
			extend = ins_at(e, loc_n(at))->op == IR_SEXT32 ? A64_SXTW : A64_UXTW;
			at = fused_use(e, at)[0];
		}
		if (offset == 0) {
			emit_word(e, a64_mem_reg(op, rt, base, reg_number(at), extend, true));
			return;
		}
		add_index(e, base, reg_number(at), extend, log2_bytes(a64_mem_bytes(op)));
		base = SCRATCH;
	}
	base = near_base(e, op, base, &offset);
	if (joins_access(e, op, rt, base, offset))
		return;
	if (a64_is_uoff(op, offset)) {
		emit_word(e, a64_mem(op, rt, base, offset));
		note_access(e, op, rt, base, offset);
	} else if (a64_is_simm9(offset)) {
		emit_word(e, a64_mem_unscaled(op, rt, base, offset));
		note_access(e, op, rt, base, offset);
	} else {
		emit_int_const(e, A64_X, SCRATCH2, (uint64_t)(int64_t)offset);
		emit_word(e, a64_mem_reg(op, rt, base, SCRATCH2, A64_UXTX, false));
	}
}

void
emit_memory(Emit *e, const Ins *i, const Loc *use, Loc out)
{
	bool load = i->op == IR_LOAD;
	A64Mem op = load ? load_ops[i->cc] : store_ops[i->cc];
	A64Reg rt;

	if (load) {
		rt = reg_number(out);
	} else if (is_const(use[2])) { /* zero, of any type */
		rt = A64_ZR;
		op = op == A64_STR_S ? A64_STR_W : op == A64_STR_D ? A64_STR_X : op;
	} else {
		rt = reg_number(use[2]);
	}
	mem_access(e, op, rt, reg_number(use[0]), i->arg[1] ? use[1] : LOC_NONE, i->aux);
}

/* Every load into a W register clears the upper half. */
static void
emit_extending_load(Emit *e, const Ins *i, const Loc *use, A64Reg rd)
{
	const Ins *load = ins_at(e, loc_n(use[0]));
	const Loc *at = fused_use(e, use[0]);
	A64Mem op = load_ops[load->cc];

	if (i->op == IR_SEXT32)
		op = op == A64_LDRSB_W	 ? A64_LDRSB_X
		     : op == A64_LDRSH_W ? A64_LDRSH_X
		     : op == A64_LDR_W	 ? A64_LDRSW
					 : op;
	mem_access(e, op, rd, reg_number(at[0]), load->arg[1] ? at[1] : LOC_NONE, load->aux);
}

/* ---- Any of these ---- */

void
emit_int(Emit *e, const Ins *i, const Loc *use, A64Reg rd)
{
	A64Width w = width_of(i->type);

	switch (i->op) {
	case IR_ADD:
	case IR_SUB: add_sub(e, i, use, rd); return;
	case IR_AND:
	case IR_OR:
	case IR_XOR: logic(e, i, use, rd); return;
	case IR_SHL:
	case IR_SHR:
	case IR_SAR:
	case IR_ROTL:
	case IR_ROTR: shift(e, i, use, rd); return;
	case IR_MULHS:
	case IR_MULHU: multiply_high(e, i, use, rd); return;
	case IR_SDIV:
	case IR_UDIV:
	case IR_SREM:
	case IR_UREM: divide(e, i, use, rd); return;
	case IR_CMP: emit_word(e, a64_cset(A64_W, rd, emit_compare(e, i, use))); return;
	case IR_MUL:
		if (is_const(use[1])) {
			multiply_by_sum(e, w, use, rd);
			return;
		}
		emit_word(e,
			  a64_mul(w, A64_MADD, rd, reg_number(use[0]), reg_number(use[1]), A64_ZR));
		return;
	default: break;
	}
	if (is_fused(use[0])) {
		const Ins *part = ins_at(e, loc_n(use[0]));
		if (part->op == IR_LOAD)
			emit_extending_load(e, i, use, rd);
		else
			emit_int(e, part, fused_use(e, use[0]), rd);
		return;
	}
	A64Reg x = reg_number(use[0]);
	switch (i->op) {
	case IR_NEG: emit_word(e, a64_neg(w, rd, x)); return;
	case IR_NOT: emit_word(e, a64_mvn(w, rd, x)); return;
	case IR_CLZ: emit_word(e, a64_dp1(w, A64_CLZ, rd, x)); return;
	case IR_CTZ:
		emit_word(e, a64_dp1(w, A64_RBIT, rd, x));
		emit_word(e, a64_dp1(w, A64_CLZ, rd, rd));
		return;
	case IR_POPCNT: population(e, i, rd, x); return;
	case IR_BSWAP: emit_word(e, a64_dp1(w, A64_REV, rd, x)); return;
	case IR_SEXT32: emit_word(e, a64_sxtw(rd, x)); return;
	case IR_ZEXT32: emit_word(e, a64_mov(A64_W, rd, x)); return;
	default:
		assert(i->op == IR_WRAP);
		if (rd != x)
			emit_word(e, a64_mov(A64_W, rd, x));
		return;
	}
}
