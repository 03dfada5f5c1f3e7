/* x86_64.c - one encoder for every row of the table, and the choices of the shortest form. */
#include "asm/x86_64.h"
#include "asm/x86_64_bytes.h"
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
#define IS_MEMORY(a) (IS_RM(a) && !(ACCEPTS_##a & (X64_IN_G | X64_IN_XMM)))
#define IS_RM(a) (X64_SLOT_##a >= X64_SLOT_MG && X64_SLOT_##a <= X64_SLOT_XR)
const X64Pattern x64_pattern[X64_PATTERN_COUNT] = {
#define X(name, count, a, b, c)                                                                 \
	{ .n = count, .slot = { X64_SLOT_##a, X64_SLOT_##b, X64_SLOT_##c },                     \
	  .accepts = (count > 0 ? ACCEPTS_##a : 0) | (count > 1 ? ACCEPTS_##b << 8 : 0) |       \
	             (count > 2 ? ACCEPTS_##c << 16 : 0),                                       \
	  .modrm = IS_RM(a) || IS_RM(b) || IS_RM(c),                                            \
	  .reg_general = HAS(X64_SLOT_RG, a, b, c) || HAS(X64_SLOT_OG, a, b, c),                \
	  .vvvv = HAS(X64_SLOT_VG, a, b, c) || HAS(X64_SLOT_VX, a, b, c),                       \
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

// clang-format off
/* ---- What each row and size say of the bytes ---- */

enum { /* of a pattern */
#define X(name, count, a, b, c)                                                                 \
	MODRM_##name = IS_RM(a) || IS_RM(b) || IS_RM(c),                                        \
	RM_GENERAL_##name = HAS(X64_SLOT_MG, a, b, c),                                          \
	RM_BYTE_##name = HAS(X64_SLOT_MB, a, b, c),                                             \
	REG_GENERAL_##name = HAS(X64_SLOT_RG, a, b, c) || HAS(X64_SLOT_OG, a, b, c),            \
	IN_OPCODE_##name = X64_PATTERN_##name >= X64_PATTERN_OG && X64_PATTERN_##name <= X64_PATTERN_A_OG,  \
	HAS_##name = (MODRM_##name ? X64_HAS_MODRM : 0) | (IN_OPCODE_##name ? X64_HAS_OPCODE_REG : 0) |     \
	             (HAS(X64_SLOT_VG, a, b, c) || HAS(X64_SLOT_VX, a, b, c) ? X64_HAS_VVVV : 0) |          \
	             (IS_MEMORY(a) || IS_MEMORY(b) || IS_MEMORY(c) ? 0 : X64_HAS_REGISTER) |                       \
	             (HAS(X64_SLOT_XR, a, b, c) ? 0 : X64_HAS_MEMORY),
	X64_PATTERN_LIST(X)
#undef X
};

#define IS(by, which) (X64_BY_##by == X64_BY_##which)
#define WIDE(by, s) ((s) == 8 && (IS(by, INT) || IS(by, VEX)))
#define MANDATORY(prefix, by, s) \
	(IS(by, SS) ? (s) == 8 ? 0xf2u : 0xf3u : IS(by, PS) ? (s) == 8 ? 0x66u : 0u : (prefix) + 0u)
#define NARROW(by, s) ((s) == 2 && (IS(by, INT) || IS(by, D64)))
#define BEFORE(prefix, by, s) \
	(NARROW(by, s) ? 0x66 | MANDATORY(prefix, by, s) << 8 : MANDATORY(prefix, by, s))
/* [SDM] volume 2, "The VEX Prefix".  C5, a byte shorter, is for the map 0F alone, which no row has. */
#define PP(prefix) ((prefix) == 0x66 ? 1u : (prefix) == 0xf3 ? 2u : (prefix) == 0xf2 ? 3u : 0u)
#define VEX_BYTES(prefix, map, by, s) (0xc4u | (map) << 8 | PP(prefix) << 16 | (WIDE(by, s) ? 1u << 23 : 0u))
#define MAP(map, opcode) \
	((map) == 0 ? (opcode) : (map) == 1 ? 0x0f | (opcode) << 8 : (map) == 2 ? 0x380f | (opcode) << 16 \
										: 0x3a0f | (opcode) << 16)
#define MAP_N(map) ((map) > 1 ? 3u : (map) + 1u)
/* Of 8 bits is the opcode before. */
#define OPCODE(opcode, by, pattern, s) \
	((s) == 1 && IS(by, INT) && !RM_BYTE_##pattern && !IN_OPCODE_##pattern ? (opcode) & 0xfeu : (opcode) + 0u)
#define HAS_FIXED(pattern) (X64_PATTERN_##pattern == X64_PATTERN_RM0 || X64_PATTERN_##pattern == X64_PATTERN_RM2)
#define FIXED(map, digit, pattern)                                                              \
	(HAS_FIXED(pattern)                                                                     \
	 ? (0xc0u | (digit & 7u) << 3 | (X64_PATTERN_##pattern == X64_PATTERN_RM2 ? 2u : 0u)) << 8 * MAP_N(map) : 0u)
#define IMM_N(imm, s) \
	((imm) == X64_IMM_N ? 0 : (imm) == X64_IMM_Q ? 8 : (imm) == X64_IMM_W ? 2 \
	 : (imm) == X64_IMM_Z ? ((s) > 4 ? 4 : (s)) : 1)
#define LEAD(map_, prefix_, opcode_, digit_, imm_, sizes_, by_, pattern_, s)                    \
	{ .prefix = IS(by_, VEX) ? VEX_BYTES(prefix_, map_, by_, s) : BEFORE(prefix_, by_, s),  \
	  .prefix_n = IS(by_, VEX) ? 3 : NARROW(by_, s) + (MANDATORY(prefix_, by_, s) != 0),    \
	  .opcode = IS(by_, VEX) ? (opcode_)                                                    \
	                         : MAP(map_, OPCODE(opcode_, by_, pattern_, s)) | FIXED(map_, digit_, pattern_), \
	  .opcode_n = IS(by_, VEX) ? 1 : MAP_N(map_) + HAS_FIXED(pattern_),                     \
	  .rex = WIDE(by_, s) ? 0x48 : 0,                                                       \
	  .rex_reg = (s) == 1 && REG_GENERAL_##pattern_ && (digit_) == 8 ? 4 : 255,             \
	  .rex_rm = RM_BYTE_##pattern_ || ((s) == 1 && RM_GENERAL_##pattern_) ? 4 : 255,        \
	  .digit = digit_, .imm_n = IMM_N(imm_, s),                                             \
	  .has = HAS_##pattern_ | (IS(by_, VEX) ? X64_HAS_VEX : 0) |                            \
	         ((s) == 1 || RM_BYTE_##pattern_ ? X64_HAS_BYTE : 0) }
#define R 8
#define N X64_IMM_N
#define B X64_IMM_B
#define U X64_IMM_U
#define W X64_IMM_W
#define Z X64_IMM_Z
#define Q X64_IMM_Q
/* Of the sizes in a mask: what there is for each, how many places that takes, how many are before it. */
#define EACH_1(l, ...) l(__VA_ARGS__, 1)
#define EACH_2(l, ...) l(__VA_ARGS__, 2)
#define EACH_4(l, ...) l(__VA_ARGS__, 4)
#define EACH_8(l, ...) l(__VA_ARGS__, 8)
#define EACH_6(l, ...) EACH_2(l, __VA_ARGS__), EACH_4(l, __VA_ARGS__)
#define EACH_12(l, ...) EACH_4(l, __VA_ARGS__), EACH_8(l, __VA_ARGS__)
#define EACH_14(l, ...) EACH_2(l, __VA_ARGS__), EACH_12(l, __VA_ARGS__)
#define EACH_10(l, ...) EACH_14(l, __VA_ARGS__)
#define EACH_15(l, ...) EACH_1(l, __VA_ARGS__), EACH_14(l, __VA_ARGS__)
#define PLACE(size) ((size) == 8 ? 3 : (size) / 2)
#define LEAST(sizes) PLACE((sizes) & -(sizes))
#define MOST(sizes) ((sizes) & 8 ? 3 : (sizes) & 4 ? 2 : (sizes) & 2 ? 1 : 0)
enum {
#define X(name, op, prefix, map, opcode, digit, imm, sizes, by, pattern)                        \
	LEAD_OF_##name, LAST_LEAD_OF_##name = LEAD_OF_##name + MOST(sizes) - LEAST(sizes),
	X64_FORM_LIST(X, X, X, X)
#undef X
};
const X64Lead x64_leads[] = {
#define X(name, op, prefix, map, opcode, digit, imm, sizes, by, pattern)                        \
	EACH_##sizes(LEAD, map, prefix, opcode, digit, imm, sizes, by, pattern),
	X64_FORM_LIST(X, X, X, X)
#undef X
};
const X64LeadAt x64_lead_at[X64_FORM_COUNT] = {
#define X(name, op, prefix, map, opcode, digit, imm, sizes, by, pattern)                        \
	{ LEAD_OF_##name - LEAST(sizes), sizes },
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
// clang-format on

static X64_INLINE bool
rm_is_valid(const X64Lead *l, const X64Rm *rm)
{
	if (rm->kind == X64_REG)
		return rm->base < 16 && l->has & X64_HAS_REGISTER;
	if (rm->kind == X64_RIP)
		return l->has & X64_HAS_MEMORY;
	return rm->kind == X64_MEM && l->has & X64_HAS_MEMORY &&
	       (rm->base < 16 || rm->base == X64_NONE) &&
	       (rm->index == X64_NONE || (rm->index < 16 && rm->index != X64_RSP)) &&
	       (rm->scale == 1 || rm->scale == 2 || rm->scale == 4 || rm->scale == 8);
}

/* Any row and operands.  Touches X64_ROOM bytes at p; NULL: no such operand.  *disp is set to where
 * a RIP-relative displacement goes. */
static X64_INLINE uint8_t *
encode(uint8_t *p, X64Form form, unsigned cc, unsigned size, unsigned reg, unsigned vvvv,
       const X64Rm *rm, int64_t imm, uint8_t **disp)
{
	const X64Lead *l;

	if (!(x64_lead_at[form].sizes & size) || (size & (size - 1)))
		return NULL;
	l = x64_lead(form, size);
	if (l->digit < 8)
		reg = l->digit;
	if ((reg | vvvv | cc) > 15 || (vvvv && !(l->has & X64_HAS_VVVV)) ||
	    (l->has & X64_HAS_MODRM && !rm_is_valid(l, rm)))
		return NULL;
	return x64_put(p, l, l->has, cc, reg, vvvv, rm, imm, disp);
}

/* Straight into the buffer. */
static X64_INLINE void
append(Cbuf *c, X64Form form, unsigned cc, unsigned size, unsigned reg, unsigned vvvv,
       const X64Rm *rm, int64_t imm)
{
	uint8_t *end, *disp = NULL;

	if (!cbuf_room(c, X64_ROOM))
		return;
	end = encode(c->code.at + c->code.n, form, cc, size, reg, vvvv, rm, imm, &disp);
	if (!end) {
		cbuf_fail(c, TRIVET_OPERAND, "x86-64: no such operand");
		return;
	}
	x64_wrote(c, end, disp, rm);
}

static void
emit(Cbuf *c, X64Form form, unsigned cc, unsigned size, unsigned reg, unsigned vvvv,
     const X64Rm *rm, int64_t imm)
{
	append(c, form, cc, size, reg, vvvv, rm, imm);
}

void
x64_emit(Cbuf *c, X64Form form, unsigned size, unsigned reg, X64Rm rm, int32_t imm)
{
	append(c, form, 0, size, reg, 0, &rm, imm);
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

	end = encode(out, i->form, i->cc, i->size, i->reg, i->vvvv, &i->rm, i->imm, &disp);
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

/* There are many in a program of small functions, and they are short. */
static void
stack(Cbuf *c, X64Form form, unsigned reg)
{
	if (reg > 15)
		plain(c, form, 8, reg, 0); /* fails */
	if (!cbuf_room(c, 2))
		return;
	if (reg > 7)
		c->code.at[c->code.n++] = 0x41; /* REX.B */
	c->code.at[c->code.n++] = (uint8_t)(x64_row[form].opcode | (reg & 7));
}

void
x64_push(Cbuf *c, unsigned reg)
{
	stack(c, X64_PUSH_O, reg);
}

void
x64_pop(Cbuf *c, unsigned reg)
{
	stack(c, X64_POP_O, reg);
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

/* [SDM] NOP, table "Recommended Multi-Byte Sequence of NOP Instruction", with displacements other
 * than 0: an assembler given the text of these makes the same bytes. */
void
x64_write_nops(uint8_t *p, uint32_t bytes)
{
	static const char *const nop[10] = {
		"",
		"\x90",
		"\x66\x90",
		"\x0f\x1f\x00",
		"\x0f\x1f\x40\x01",
		"\x0f\x1f\x44\x00\x01",
		"\x66\x0f\x1f\x44\x00\x01",
		"\x0f\x1f\x80\x00\x01\x00\x00",
		"\x0f\x1f\x84\x00\x00\x01\x00\x00",
		"\x66\x0f\x1f\x84\x00\x00\x01\x00\x00",
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
