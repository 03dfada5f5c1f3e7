/* x86_64.c - one encoder for every row of the table, and the choices of the shortest form.
 *
 * An instruction is laid out as    [66] [F2|F3] [REX] [0F [38|3A]] opcode ModRM [SIB] [disp] [imm]
 * or, with VEX,                     C4 … … opcode ModRM [SIB] [disp] [imm]
 * [SDM] volume 2, chapter 2, "Instruction Format". */
#include "asm/x86_64.h"
#include "trivet_x64.h"

// clang-format off
#define R 8
#define N X64_IMM_N
#define B X64_IMM_B
#define U X64_IMM_U
#define W X64_IMM_W
#define Z X64_IMM_Z
#define Q X64_IMM_Q
const X64Row x64_row[X64_FORM_COUNT] = {
#define X(name, op, prefix, map, opcode, digit, imm, sizes, by, pattern)                        \
	{ TRIVET_X64_##op, prefix, map, opcode, digit, imm, sizes, X64_BY_##by, X64_PATTERN_##pattern },
	X64_FORM_LIST(X, X, X, X)
#undef X
};
#undef R
#undef N
#undef B
#undef U
#undef W
#undef Z
#undef Q

enum {
#define X(name, accepts, bytes) ACCEPTS_##name = accepts,
	X64_SLOT_LIST(X)
#undef X
#define X(name, accepts, bytes) BYTES_##name = bytes,
	X64_SLOT_LIST(X)
#undef X
};
#define HAS(slot, a, b, c) (X64_SLOT_##a == (slot) || X64_SLOT_##b == (slot) || X64_SLOT_##c == (slot))
#define BYTES(name) (IS_RM(name) ? BYTES_##name : 0)
#define AT(low, high, count, a, b, c)                                                           \
	(count > 0 && X64_SLOT_##a >= (low) && X64_SLOT_##a <= (high)   ? 0                     \
	 : count > 1 && X64_SLOT_##b >= (low) && X64_SLOT_##b <= (high) ? 1                     \
	 : count > 2 && X64_SLOT_##c >= (low) && X64_SLOT_##c <= (high) ? 2                     \
									: X64_NOWHERE)
#define IS_GENERAL(a) (ACCEPTS_##a & X64_IN_R8 && ACCEPTS_##a & X64_IN_R64 ? 0xffu : 0)
#define IS_RM(a) (X64_SLOT_##a >= X64_SLOT_MG && X64_SLOT_##a <= X64_SLOT_XR)
const X64Pattern x64_pattern[X64_PATTERN_COUNT] = {
#define X(name, count, a, b, c)                                                                 \
	{ .n = count, .slot = { X64_SLOT_##a, X64_SLOT_##b, X64_SLOT_##c },                     \
	  .accepts = (count > 0 ? ACCEPTS_##a : 0) | (count > 1 ? ACCEPTS_##b << 8 : 0) |       \
	             (count > 2 ? ACCEPTS_##c << 16 : 0),                                       \
	  .modrm = IS_RM(a) || IS_RM(b) || IS_RM(c),                                            \
	  .rm_general = HAS(X64_SLOT_MG, a, b, c),                                              \
	  .reg_general = HAS(X64_SLOT_RG, a, b, c) || HAS(X64_SLOT_OG, a, b, c),                \
	  .vvvv = HAS(X64_SLOT_VG, a, b, c) || HAS(X64_SLOT_VX, a, b, c),                       \
	  .rm_byte = HAS(X64_SLOT_MB, a, b, c),                                                 \
	  .memory_only = HAS(X64_SLOT_MM, a, b, c),                                             \
	  .register_only = HAS(X64_SLOT_XR, a, b, c),                                           \
	  .general = (count > 0 ? IS_GENERAL(a) : 0) | (count > 1 ? IS_GENERAL(b) << 8 : 0) |   \
	             (count > 2 ? IS_GENERAL(c) << 16 : 0),                                     \
	  .at_reg = AT(X64_SLOT_RG, X64_SLOT_OG, count, a, b, c),                               \
	  .at_vvvv = AT(X64_SLOT_VG, X64_SLOT_VX, count, a, b, c),                              \
	  .at_rm = AT(X64_SLOT_MG, X64_SLOT_XR, count, a, b, c),                                \
	  .at_fixed = AT(X64_SLOT_A, X64_SLOT_1, count, a, b, c),                               \
	  .at_imm = AT(X64_SLOT_I, X64_SLOT_I, count, a, b, c),                                 \
	  .rm_bytes = BYTES(a) | BYTES(b) | BYTES(c) },
	X64_PATTERN_LIST(X)
#undef X
};
// clang-format on

static uint8_t *
put32(uint8_t *p, uint32_t v)
{
	cbuf_put32(p, v);
	return p + 4;
}

static uint8_t *
put_imm(uint8_t *p, const X64Row *row, unsigned size, int64_t imm)
{
	switch (row->imm) {
	case X64_IMM_N: return p;
	case X64_IMM_Q:
		p = put32(p, (uint32_t)(uint64_t)imm);
		return put32(p, (uint32_t)((uint64_t)imm >> 32));
	case X64_IMM_Z:
		if (size > 2)
			return put32(p, (uint32_t)(uint64_t)imm);
		break;
	case X64_IMM_W: size = 2; break;
	default: size = 1;
	}
	*p++ = (uint8_t)imm;
	if (size == 2)
		*p++ = (uint8_t)((uint64_t)imm >> 8);
	return p;
}

/* ModRM, SIB and displacement.  [SDM] volume 2, "ModR/M and SIB Bytes", tables 2-2 and 2-3:
 * rm = 100 means a SIB byte follows (rsp and r12 as bases need one), base = 101 with mod = 00
 * means no base (rbp and r13 need a displacement). */
static uint8_t *
put_memory(uint8_t *p, unsigned reg, const X64Rm *rm)
{
	static const uint8_t shift[9] = { 0, 0, 1, 0, 2, 0, 0, 0, 3 };
	unsigned field = (reg & 7) << 3, base = rm->base & 7, index = rm->index & 7, mod;
	unsigned scale = shift[rm->scale];

	if (rm->base == X64_NONE) {
		*p++ = (uint8_t)(field | 4);
		if (rm->index == X64_NONE) {
			index = 4;
			scale = 0;
		}
		*p++ = (uint8_t)(scale << 6 | index << 3 | 5);
		return put32(p, (uint32_t)rm->disp);
	}
	mod = rm->disp == 0 && base != 5 ? 0 : x64_is_imm8(rm->disp) ? 0x40 : 0x80;
	if (rm->index != X64_NONE) {
		*p++ = (uint8_t)(mod | field | 4);
		*p++ = (uint8_t)(scale << 6 | index << 3 | base);
	} else {
		*p++ = (uint8_t)(mod | field | base);
		if (base == 4)
			*p++ = 0x24;
	}
	if (mod == 0x40)
		*p++ = (uint8_t)rm->disp;
	else if (mod == 0x80)
		p = put32(p, (uint32_t)rm->disp);
	return p;
}

static bool
rm_is_valid(const X64Pattern *pattern, const X64Rm *rm)
{
	if (rm->kind == X64_REG)
		return rm->base < 16 && !pattern->memory_only;
	if (rm->kind == X64_RIP)
		return !pattern->register_only;
	return rm->kind == X64_MEM && !pattern->register_only &&
	       (rm->base < 16 || rm->base == X64_NONE) &&
	       (rm->index == X64_NONE || (rm->index < 16 && rm->index != X64_RSP)) &&
	       (rm->scale == 1 || rm->scale == 2 || rm->scale == 4 || rm->scale == 8);
}

/* [SDM] volume 2, "The VEX Prefix": R, X, B and vvvv are stored inverted.  C5, a byte shorter, is
 * for the map 0F alone, which no row has. */
static uint8_t *
put_vex(uint8_t *p, const X64Row *row, unsigned rxb, unsigned w, unsigned vvvv)
{
	unsigned pp = row->prefix == 0x66   ? 1
		      : row->prefix == 0xf3 ? 2
		      : row->prefix == 0xf2 ? 3
					    : 0;

	*p++ = 0xc4;
	*p++ = (uint8_t)((~rxb & 7) << 5 | row->map);
	*p++ = (uint8_t)(w << 7 | (~vvvv & 15) << 3 | pp);
	return p;
}

static uint8_t *
put_prefixes(uint8_t *p, const X64Row *row, unsigned size, unsigned rex)
{
	unsigned prefix = row->prefix;

	if (row->by == X64_BY_SS)
		prefix = size == 8 ? 0xf2 : 0xf3;
	else if (row->by == X64_BY_PS)
		prefix = size == 8 ? 0x66 : 0;
	else if (size == 2 && row->by <= X64_BY_D64)
		*p++ = 0x66;
	if (prefix)
		*p++ = (uint8_t)prefix;
	if (rex)
		*p++ = (uint8_t)rex;
	if (row->map) {
		*p++ = 0x0f;
		if (row->map > 1)
			*p++ = row->map == 2 ? 0x38 : 0x3a;
	}
	return p;
}

/* The one encoder.  Writes at most 16 bytes to p, of which 15 count; NULL: no such operand.  *disp
 * is set to where a RIP-relative displacement goes. */
static inline uint8_t *
encode(uint8_t *p, const X64Row *row, unsigned cc, unsigned size, unsigned reg, unsigned vvvv,
       const X64Rm *rm, int64_t imm, uint8_t **disp)
{
	const X64Pattern *pattern = &x64_pattern[row->pattern];
	unsigned opcode = row->opcode + cc, rxb = 0, w, rex;
	bool to_opcode = row->pattern >= X64_PATTERN_OG && row->pattern <= X64_PATTERN_A_OG;

	if (row->digit < 8)
		reg = row->digit;
	if ((reg | vvvv) > 15 || (vvvv && !pattern->vvvv) || cc > 15 || !(row->sizes & size) ||
	    (size & (size - 1)))
		return NULL;
	w = size == 8 && (row->by == X64_BY_INT || row->by == X64_BY_VEX);
	/* spl, bpl, sil and dil exist only with a REX prefix; without one they are ah … bh. */
	rex = size == 1 && pattern->reg_general && row->digit == 8 && reg >= 4 ? 0x40 : 0;
	if (pattern->modrm) {
		if (!rm_is_valid(pattern, rm))
			return NULL;
		rxb = reg >> 3 << 2;
		if (rm->kind != X64_RIP) {
			rxb |= rm->base >> 3 & ~(rm->base >> 4) & 1u; /* not of X64_NONE */
			rxb |= (rm->index >> 3 & ~(rm->index >> 4) & 1u) << 1;
		}
		if (rm->kind == X64_REG && rm->base >= 4 &&
		    (pattern->rm_byte || (size == 1 && pattern->rm_general)))
			rex = 0x40;
	} else if (to_opcode) {
		rxb = reg >> 3;
		opcode |= reg & 7;
	}
	if (row->by == X64_BY_VEX) {
		p = put_vex(p, row, rxb, w, vvvv);
	} else {
		rex |= w << 3 | rxb;
		p = put_prefixes(p, row, size, rex ? 0x40 | rex : 0);
		if (size == 1 && row->by == X64_BY_INT && !pattern->rm_byte && !to_opcode)
			opcode &= 0xfe;
	}
	*p++ = (uint8_t)opcode;
	if (!pattern->modrm) {
		if (row->pattern == X64_PATTERN_RM0 || row->pattern == X64_PATTERN_RM2)
			*p++ = (uint8_t)(0xc0 | reg << 3 |
					 (row->pattern == X64_PATTERN_RM2 ? 2 : 0));
	} else if (rm->kind == X64_REG) {
		*p++ = (uint8_t)(0xc0 | (reg & 7) << 3 | (rm->base & 7));
	} else if (rm->kind == X64_RIP) {
		*p++ = (uint8_t)((reg & 7) << 3 | 5);
		*disp = p;
		p = put32(p, 0);
	} else {
		p = put_memory(p, reg, rm);
	}
	return put_imm(p, row, size, imm);
}

/* Straight into the buffer. */
static inline void
emit(Cbuf *c, X64Form form, unsigned cc, unsigned size, unsigned reg, unsigned vvvv,
     const X64Rm *rm, int64_t imm)
{
	uint8_t *start, *end, *disp = NULL;

	if (!cbuf_room(c, 24))
		return;
	start = c->code.at + c->code.n;
	end = encode(start, &x64_row[form], cc, size, reg, vvvv, rm, imm, &disp);
	if (!end) {
		cbuf_fail(c, TRIVET_OPERAND, "x86-64: no such operand");
		return;
	}
	c->code.n += (uint32_t)(end - start);
	if (disp)
		cbuf_fixup(c, X64_REL32, (uint32_t)(disp - c->code.at), rm->label,
			   rm->disp - (int32_t)(end - disp));
}

void
x64_emit(Cbuf *c, X64Form form, unsigned size, unsigned reg, X64Rm rm, int32_t imm)
{
	emit(c, form, 0, size, reg, 0, &rm, imm);
}

void
x64_vex(Cbuf *c, X64Form form, unsigned size, unsigned reg, unsigned vvvv, X64Rm rm, int32_t imm)
{
	emit(c, form, 0, size, reg, vvvv, &rm, imm);
}

void
x64_ins(Cbuf *c, const X64Ins *i)
{
	emit(c, i->form, i->cc, i->size, i->reg, i->vvvv, &i->rm, i->imm);
}

unsigned
x64_encode(uint8_t out[24], const X64Ins *i, unsigned *disp_at)
{
	uint8_t *disp = NULL, *end;

	end = encode(out, &x64_row[i->form], i->cc, i->size, i->reg, i->vvvv, &i->rm, i->imm,
		     &disp);
	*disp_at = disp ? (unsigned)(disp - out) : 0;
	return end ? (unsigned)(end - out) : 0;
}

/* A row without ModRM: a register in the opcode, an immediate, or nothing. */
static void
plain(Cbuf *c, X64Form form, unsigned size, unsigned reg, int64_t imm)
{
	emit(c, form, 0, size, reg, 0, NULL, imm);
}

/* ---- Immediates ---- */

static bool
is_accumulator(const X64Rm *rm)
{
	return rm->kind == X64_REG && rm->base == X64_RAX;
}

/* [SDM] ADD: 80 /0 ib, 81 /0 id, 83 /0 ib (sign-extended); 04 ib and 05 id for al, ax, eax, rax. */
void
x64_alu_imm(Cbuf *c, X64Alu op, unsigned size, X64Rm rm, int32_t imm)
{
	X64Form mr = x64_alu_mr(op);

	if (size == 2)
		imm = (int16_t)imm;
	if (size > 1 && x64_is_imm8(imm))
		x64_emit(c, mr + (X64_ADD_MB - X64_ADD_MR), size, 0, rm, imm);
	else if (is_accumulator(&rm))
		plain(c, mr + (X64_ADD_AI - X64_ADD_MR), size, 0, imm);
	else
		x64_emit(c, mr + (X64_ADD_MI - X64_ADD_MR), size, 0, rm, imm);
}

void
x64_test_imm(Cbuf *c, unsigned size, X64Rm rm, int32_t imm)
{
	if (is_accumulator(&rm))
		plain(c, X64_TEST_AI, size, 0, imm);
	else
		x64_emit(c, X64_TEST_MI, size, 0, rm, imm);
}

/* [SDM] SAL/SAR/SHL/SHR, RCL/RCR/ROL/ROR: D1 /digit by one, C1 /digit ib. */
void
x64_shift_imm(Cbuf *c, X64Shift op, unsigned size, X64Rm rm, unsigned count)
{
	X64Form one = X64_ROL_1 + 3 * (op < X64_SAR ? (X64Form)op : 6);

	if (count == 1)
		x64_emit(c, one, size, 0, rm, 0);
	else
		x64_emit(c, one + (X64_ROL_I - X64_ROL_1), size, 0, rm, (int32_t)count);
}

void
x64_imul_imm(Cbuf *c, unsigned size, unsigned reg, X64Rm rm, int32_t imm)
{
	x64_emit(c, x64_is_imm8(imm) ? X64_IMUL_RMB : X64_IMUL_RMI, size, reg, rm, imm);
}

/* [SDM] MOV: B8+rd id zero-extends, REX.W C7 /0 id sign-extends, REX.W B8+rd io. */
void
x64_mov_imm(Cbuf *c, unsigned size, unsigned reg, uint64_t imm)
{
	if (size != 4 && size != 8)
		cbuf_fail(c, TRIVET_OPERAND, "x86-64: no such operand");
	else if (size == 4 || imm >> 32 == 0)
		plain(c, X64_MOV_OI, 4, reg, (int64_t)(uint32_t)imm);
	else if (x64_is_imm32((int64_t)imm))
		x64_emit(c, X64_MOV_MI, 8, 0, x64_r(reg), (int32_t)(uint32_t)imm);
	else
		plain(c, X64_MOV_OQ, 8, reg, (int64_t)imm);
}

void
x64_zero(Cbuf *c, unsigned reg)
{
	x64_emit(c, X64_XOR_MR, 4, reg, x64_r(reg), 0);
}

/* ---- Conditions ---- */

void
x64_setcc(Cbuf *c, X64Cc cc, X64Rm rm)
{
	emit(c, X64_SETCC, cc, 1, 0, 0, &rm, 0);
}

void
x64_cmov(Cbuf *c, X64Cc cc, unsigned size, unsigned reg, X64Rm rm)
{
	emit(c, X64_CMOVCC, cc, size, reg, 0, &rm, 0);
}

/* ---- A register in the opcode, or no operand ---- */

void
x64_bswap(Cbuf *c, unsigned size, unsigned reg)
{
	plain(c, X64_BSWAP, size, reg, 0);
}

void
x64_push(Cbuf *c, unsigned reg)
{
	plain(c, X64_PUSH_O, 8, reg, 0);
}

void
x64_pop(Cbuf *c, unsigned reg)
{
	plain(c, X64_POP_O, 8, reg, 0);
}

void
x64_cdq(Cbuf *c, unsigned size)
{
	plain(c, size == 8 ? X64_CQO : X64_CDQ, size, 0, 0);
}

void
x64_ret(Cbuf *c)
{
	plain(c, X64_RET, 8, 0, 0);
}

void
x64_ud2(Cbuf *c)
{
	plain(c, X64_UD2, 8, 0, 0);
}

void
x64_int3(Cbuf *c)
{
	plain(c, X64_INT3, 8, 0, 0);
}

void
x64_endbr64(Cbuf *c)
{
	plain(c, X64_ENDBR64, 8, 0, 0);
}

/* [SDM] NOP, table "Recommended Multi-Byte Sequence of NOP Instruction". */
void
x64_write_nops(uint8_t *p, uint32_t bytes)
{
	static const char *const nop[10] = {
		"",
		"\x90",
		"\x66\x90",
		"\x0f\x1f\x00",
		"\x0f\x1f\x40\x00",
		"\x0f\x1f\x44\x00\x00",
		"\x66\x0f\x1f\x44\x00\x00",
		"\x0f\x1f\x80\x00\x00\x00\x00",
		"\x0f\x1f\x84\x00\x00\x00\x00\x00",
		"\x66\x0f\x1f\x84\x00\x00\x00\x00\x00",
	};

	while (bytes) {
		uint32_t n = bytes > 9 ? 9 : bytes;

		memcpy(p, nop[n], n);
		p += n;
		bytes -= n;
	}
}

void
x64_nop(Cbuf *c, uint32_t bytes)
{
	if (!cbuf_room(c, bytes))
		return;
	x64_write_nops(c->code.at + c->code.n, bytes);
	c->code.n += bytes;
}
