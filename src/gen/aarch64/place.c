/* place.c - moves between registers, slots and constants; data beside the code. */
#include "gen/aarch64/aarch64.h"

uint64_t
const_of(const IrFunc *f, Val v)
{
	uint64_t bits = ir_const_bits(f, v);
	return width_of(f->ins.at[v].type) == A64_X ? bits : (uint32_t)bits;
}

void
emit_int_const(Emit *e, A64Width w, A64Reg rd, uint64_t bits)
{
	uint32_t words[4];
	unsigned n = a64_mov_const(w, rd, bits, words);

	for (unsigned k = 0; k < n; k++)
		emit_word(e, words[k]);
}

/* One instruction for the common values; else through a general register when that is no
 * dearer than a load, or when the pool is out of reach.  Uses x17. */
void
emit_fp_const(Emit *e, A64Float t, A64Reg rd, uint64_t bits)
{
	A64Width w = t == A64_D ? A64_X : A64_W;
	uint32_t words[4];

	if (a64_is_bytemask(bits)) {
		emit_word(e, a64_movi_d(rd, bits));
	} else if (a64_is_fimm(t, bits)) {
		emit_word(e, a64_fmov_imm(t, rd, bits));
	} else if (a64_mov_const(w, SCRATCH2, bits, words) == 1 || !e->near_data) {
		emit_int_const(e, w, SCRATCH2, bits);
		emit_word(e, a64_fpint(w, t, A64_FMOV_TO_FP, rd, SCRATCH2));
	} else {
		cbuf_fixup(e->c, A64_FIX_BRANCH19, cbuf_here(e->c), e->g->pool_label,
			   (int32_t)gen_pool(e->g, bits));
		emit_word(e, a64_mem_lit(t == A64_D ? A64_LIT_D : A64_LIT_S, rd, 0));
	}
}

/* The far form adds a 32-bit displacement to the address of its own first instruction, so it does
 * not depend on where the code is loaded, page boundaries included. */
void
emit_import(Emit *e, A64Reg rd, uint32_t slot)
{
	uint32_t at = cbuf_here(e->c);
	int32_t offset = (int32_t)(slot * 8);

	if (e->near_data) {
		cbuf_fixup(e->c, A64_FIX_BRANCH19, at, e->g->imports, offset);
		emit_word(e, a64_mem_lit(A64_LIT_X, rd, 0));
		return;
	}
	emit_word(e, a64_adr(SCRATCH, 0));
	cbuf_fixup(e->c, A64_FIX_LO16, at + 4, e->g->imports, offset + 4);
	emit_word(e, a64_movwide(A64_W, A64_MOVZ, SCRATCH2, 0, 0));
	cbuf_fixup(e->c, A64_FIX_HI16, at + 8, e->g->imports, offset + 8);
	emit_word(e, a64_movwide(A64_W, A64_MOVK, SCRATCH2, 0, 16));
	emit_word(e, a64_mem_reg(A64_LDR_X, rd, SCRATCH, SCRATCH2, A64_SXTW, false));
}

/* ---- The stack pointer ---------------------------------------------------------------------- */

void
emit_sp_offset(Emit *e, A64Reg rd, uint32_t n)
{
	if (a64_is_addimm(n)) {
		emit_word(e, a64_addsub_imm(A64_X, A64_ADD, rd, A64_SP, n));
	} else {
		emit_int_const(e, A64_X, SCRATCH2, n);
		emit_word(e, a64_addsub_ext(A64_X, A64_ADD, rd, A64_SP, SCRATCH2, A64_UXTX, 0));
	}
}

/* n is a multiple of 16, so that sp is aligned at each instruction.  Uses x17. */
void
emit_sp_add(Emit *e, bool sub, uint32_t n)
{
	A64AddSub op = sub ? A64_SUB : A64_ADD;

	if (n == 0)
		return;
	if (a64_is_addimm(n)) {
		emit_word(e, a64_addsub_imm(A64_X, op, A64_SP, A64_SP, n));
	} else {
		emit_int_const(e, A64_X, SCRATCH2, n);
		emit_word(e, a64_addsub_ext(A64_X, op, A64_SP, A64_SP, SCRATCH2, A64_UXTX, 0));
	}
}

/* ---- Moves ---------------------------------------------------------------------------------- */

/* Of a slot, from sp. */
static uint32_t
slot_offset(const Emit *e, Loc l)
{
	switch (loc_kind(l)) {
	case LOC_IN: return (e->framed ? e->frame_bytes + e->pushed : 0) + loc_n(l) * 8;
	case LOC_OUT: return loc_n(l) * 8;
	default: assert(loc_kind(l) == LOC_SLOT); return e->slots_at + loc_n(l) * 8;
	}
}

/* Loads or stores a register from or to [sp, #offset]; x17 helps when that is too far. */
static void
stack_access(Emit *e, A64Mem op, A64Reg rt, uint32_t offset)
{
	if (a64_is_uoff(op, offset)) {
		emit_word(e, a64_mem(op, rt, A64_SP, offset));
	} else {
		emit_int_const(e, A64_X, SCRATCH2, offset);
		emit_word(e, a64_mem_reg(op, rt, A64_SP, SCRATCH2, A64_UXTX, false));
	}
}

static A64Mem
mem_op(bool load, bool fp, A64Width w)
{
	static const A64Mem ops[2][2][2] = {
		{ { A64_STR_W, A64_STR_X }, { A64_STR_S, A64_STR_D } },
		{ { A64_LDR_W, A64_LDR_X }, { A64_LDR_S, A64_LDR_D } },
	};
	return ops[load][fp][w];
}

static void
const_to(Emit *e, Loc to, uint64_t bits, IrType type)
{
	A64Width w = width_of((uint8_t)type);

	if (loc_kind(to) == LOC_REG) {
		if (reg_is_fp((Reg)loc_n(to)))
			emit_fp_const(e, float_of((uint8_t)type), reg_number(to), bits);
		else
			emit_int_const(e, w, reg_number(to), bits);
		return;
	}
	A64Reg from = A64_ZR;
	if (bits != 0) {
		from = SCRATCH;
		emit_int_const(e, w, from, bits);
	}
	stack_access(e, mem_op(false, false, w), from, slot_offset(e, to));
}

static void
reg_to_reg(Emit *e, Reg to, Reg from, IrType type)
{
	A64Width w = width_of((uint8_t)type);
	A64Float t = w == A64_X ? A64_D : A64_S;
	A64Reg d = to & 31u, s = from & 31u;

	if (to == from)
		return;
	if (reg_is_fp(to))
		emit_word(e, reg_is_fp(from) ? a64_fp1(t, A64_FMOV, d, s)
					     : a64_fpint(w, t, A64_FMOV_TO_FP, d, s));
	else
		emit_word(e, reg_is_fp(from) ? a64_fpint(w, t, A64_FMOV_TO_INT, d, s)
					     : a64_mov(w, d, s));
}

void
emit_move(Emit *e, Loc to, Loc from, IrType type)
{
	A64Width w = width_of((uint8_t)type);

	if (loc_kind(from) == LOC_CONST) {
		const_to(e, to, const_of(e->f, loc_n(from)), type);
	} else if (loc_kind(to) != LOC_REG) {
		bool fp = reg_is_fp((Reg)loc_n(from));
		stack_access(e, mem_op(false, fp, w), reg_number(from), slot_offset(e, to));
	} else if (loc_kind(from) != LOC_REG) {
		bool fp = reg_is_fp((Reg)loc_n(to));
		stack_access(e, mem_op(true, fp, w), reg_number(to), slot_offset(e, from));
	} else {
		reg_to_reg(e, (Reg)loc_n(to), (Reg)loc_n(from), type);
	}
}

void
move_fn(void *to_emitter, Loc to, Loc from, IrType type)
{
	emit_move(to_emitter, to, from, type);
}
