/* aarch64_text.c - A64 words back to mnemonics, operands and text.  See aarch64_table.h.
 *
 * Each get_… undoes the put_… of aarch64_public.c.  Where a word is one that the row's alias is not
 * for, or that the manual leaves open, it is no instruction of that row, and the next is tried. */
#include "asm/aarch64_table.h"

/* ---- Bits to operands ---- */

static uint32_t
bits_of(uint32_t word, unsigned lsb, unsigned width)
{
	return word >> lsb & ((1u << width) - 1);
}

static int64_t
signed_bits(uint32_t word, unsigned lsb, unsigned width)
{
	uint32_t sign = 1u << (width - 1);
	return (int64_t)(bits_of(word, lsb, width) ^ sign) - (int64_t)sign;
}

static bool
get_register(const A64Slot *s, uint32_t word, trivet_operand *o)
{
	uint32_t r = bits_of(word, s->lsb, 5);

	if (s->shape == SHAPE_TWICE && bits_of(word, 16, 5) != r)
		return false;
	o->kind = TRIVET_OPERAND_REG;
	o->type = r == 31 ? s->top : s->arg;
	o->reg = (uint8_t)r;
	return o->type != TRIVET_A64_TYPE_NONE;
}

static bool
get_lane(const A64Slot *s, uint32_t word, trivet_operand *o)
{
	static const uint8_t types[] = { TRIVET_A64_TYPE_LB, TRIVET_A64_TYPE_LH, TRIVET_A64_TYPE_LS,
					 TRIVET_A64_TYPE_LD };
	unsigned log2 = s->shape == SHAPE_LANE1 ? 3 : s->arg;
	uint32_t imm5 = bits_of(word, 16, 5);

	if (s->shape == SHAPE_LANE && (imm5 & ((2u << log2) - 1)) != 1u << log2)
		return false;
	o->kind = TRIVET_OPERAND_REG;
	o->type = types[log2];
	o->reg = (uint8_t)bits_of(word, s->lsb, 5);
	o->index = (uint8_t)(s->shape == SHAPE_LANE1 ? 1 : imm5 >> (log2 + 1));
	return true;
}

/* DecodeBitMasks() of the manual, as aarch64.c draws it; false: reserved. */
static bool
get_bitmask(uint32_t word, uint64_t *out)
{
	uint32_t n = bits_of(word, 22, 1), immr = bits_of(word, 16, 6), imms = bits_of(word, 10, 6);
	unsigned size = 64;

	if (!n)
		for (size = 32; size > 1 && (imms & size); size /= 2)
			continue;
	uint32_t ones = (imms & (size - 1)) + 1, r = immr & (size - 1);
	if (size < 2 || ones == size || (n && !(word >> 31)) || immr != r)
		return false;
	uint64_t mask = ~UINT64_C(0) >> (64 - size), x = ~UINT64_C(0) >> (64 - ones);
	x = r ? (x >> r | x << (size - r)) & mask : x;
	for (; size < 64; size *= 2)
		x |= x << size;
	*out = word >> 31 ? x : (uint32_t)x;
	return true;
}

static bool
is_wide_move(bool x, uint64_t v)
{
	for (unsigned hw = 0; hw < (x ? 4 : 2); hw++)
		if ((v & ~(UINT64_C(0xffff) << 16 * hw)) == 0)
			return true;
	return false;
}

/* MOV's constant; not when another row of MOV is preferred for it. */
static bool
get_mov(const A64Slot *s, uint32_t word, uint64_t *v)
{
	bool x = word >> 31;
	uint32_t imm16 = bits_of(word, 5, 16), hw = bits_of(word, 21, 2);
	uint64_t all = x ? UINT64_MAX : UINT32_MAX;

	if (s->shape == SHAPE_MOVBITS)
		return get_bitmask(word, v) && !is_wide_move(x, *v) && !is_wide_move(x, ~*v & all);
	if ((imm16 == 0 && hw != 0) || (!x && hw > 1))
		return false;
	*v = (uint64_t)imm16 << 16 * hw;
	if (s->shape == SHAPE_MOVN) {
		*v = ~*v & all;
		return !is_wide_move(x, *v);
	}
	return true;
}

static uint64_t
get_float(uint32_t imm8)
{
	uint64_t b = imm8 >> 6 & 1;
	return (uint64_t)(imm8 >> 7) << 63 | (b ^ 1) << 62 | (b ? UINT64_C(0xff) : 0) << 54 |
	       (uint64_t)(imm8 & 0x3f) << 48;
}

static bool
get_immediate(const A64Slot *s, uint32_t word, trivet_operand *o)
{
	uint32_t top = s->arg, immr = bits_of(word, 16, 6), imms = bits_of(word, 10, 6);
	uint32_t eight = bits_of(word, 16, 3) << 5 | bits_of(word, 5, 5);
	uint64_t v = 0;
	bool ok = true;

	o->kind = TRIVET_OPERAND_IMM;
	switch ((A64Shape)s->shape) {
	case SHAPE_UIMM: v = bits_of(word, s->lsb, s->arg); break;
	case SHAPE_ADDIMM:
		v = bits_of(word, 10, 12);
		ok = !(word >> 22 & 1);
		break;
	case SHAPE_BITMASK: ok = get_bitmask(word, &v); break;
	case SHAPE_MOVZ:
	case SHAPE_MOVN:
	case SHAPE_MOVBITS: ok = get_mov(s, word, &v); break;
	case SHAPE_BIT6: v = bits_of(word, 19, 5) | word >> 31 << 5; break;
	case SHAPE_LSLIMM:
		v = top - imms;
		ok = imms != top && imms + 1 == immr;
		break;
	case SHAPE_LSB:
		v = -immr & top;
		ok = imms < immr;
		break;
	case SHAPE_XWIDTH:
		v = imms - immr + 1;
		ok = imms >= immr;
		break;
	case SHAPE_IWIDTH: v = imms + 1; break;
	case SHAPE_FBITS: v = 64 - imms; break;
	case SHAPE_FIMM:
		o->type = TRIVET_A64_FLOAT;
		v = get_float(bits_of(word, 13, 8));
		break;
	case SHAPE_FZERO: o->type = TRIVET_A64_FLOAT; break;
	case SHAPE_BYTEMASK:
		for (unsigned k = 0; k < 8; k++)
			v |= (eight >> k & 1 ? UINT64_C(0xff) : 0) << 8 * k;
		break;
	case SHAPE_VIMM8: v = eight; break;
	case SHAPE_VSHL: v = bits_of(word, 16, 3 + top); break;
	case SHAPE_VSHR: v = (8u << top) - bits_of(word, 16, 3 + top); break;
	case SHAPE_NAMED:
		v = s->arg == NAMES_BARRIER ? bits_of(word, 8, 4)
		    : s->arg == NAMES_BTI   ? bits_of(word, 6, 2)
		    : s->arg == NAMES_DC    ? bits_of(word, 5, 14)
		    : s->arg == NAMES_IC    ? bits_of(word, 5, 14)
					    : bits_of(word, 5, 15) | 1u << 15;
		ok = a64_name_of((A64Names)s->arg, (uint32_t)v) != NULL;
		break;
	case SHAPE_BRANCH: v = (uint64_t)signed_bits(word, s->lsb, s->arg) * 4; break;
	case SHAPE_ADR:
		v = ((uint64_t)signed_bits(word, 5, 19) << 2 | bits_of(word, 29, 2)) << s->arg;
		break;
	default: return false;
	}
	o->value = (int64_t)v;
	return ok;
}

/* A shift by nothing is left out, where it may be: `absent`. */
static bool
get_shift(const A64Slot *s, uint32_t word, trivet_operand *o, bool *absent)
{
	uint32_t kind = 0, n = bits_of(word, 10, 6), plain;
	bool to_sp;

	o->kind = TRIVET_OPERAND_SHIFT;
	switch ((A64Shape)s->shape) {
	case SHAPE_SHIFT:
	case SHAPE_SHIFTROR:
		kind = bits_of(word, 22, 2);
		if (n > s->arg || (kind == 3 && s->shape == SHAPE_SHIFT))
			return false;
		*absent = kind == 0 && n == 0;
		break;
	case SHAPE_EXTEND:
		kind = TRIVET_A64_SHIFT_UXTB + bits_of(word, 13, 3);
		n = bits_of(word, 10, 3);
		plain = s->arg == 2   ? TRIVET_A64_SHIFT_UXTX
			: s->arg == 0 ? TRIVET_A64_SHIFT_UXTW
				      : 0;
		if (n > 4 ||
		    (s->arg && (s->arg == 2) != ((kind & 3) == (TRIVET_A64_SHIFT_UXTX & 3))))
			return false;
		to_sp = bits_of(word, 5, 5) == 31 ||
			(bits_of(word, 0, 5) == 31 && !(word >> 29 & 1));
		if (to_sp && kind == plain) {
			kind = TRIVET_A64_SHIFT_LSL;
			*absent = n == 0;
		}
		break;
	case SHAPE_LSL12: n = bits_of(word, 22, 1) * 12; return o->scale = (uint8_t)n, n != 0;
	case SHAPE_LSL16:
		n = bits_of(word, 21, 2) * 16;
		if (n > s->arg)
			return false;
		*absent = n == 0;
		break;
	case SHAPE_VLSL:
		n = bits_of(word, 13, s->arg == 24 ? 2 : 1) * 8;
		*absent = n == 0;
		break;
	default: return false;
	}
	o->extra = (uint8_t)kind;
	o->scale = (uint8_t)n;
	return true;
}

static bool
get_memory(const A64Slot *s, uint32_t word, trivet_operand *o)
{
	static const uint8_t pair_modes[] = { TRIVET_A64_OFFSET, TRIVET_A64_POST, TRIVET_A64_OFFSET,
					      TRIVET_A64_PRE };
	uint32_t option = bits_of(word, 13, 3);

	o->kind = TRIVET_OPERAND_MEM;
	o->reg = (uint8_t)bits_of(word, 5, 5);
	switch ((A64Shape)s->shape) {
	case SHAPE_MEMU: o->value = (int64_t)bits_of(word, 10, 12) << s->arg; break;
	case SHAPE_MEMR:
		o->type = TRIVET_A64_INDEX;
		o->index = (uint8_t)bits_of(word, 16, 5);
		o->extra = option == 3 ? TRIVET_A64_SHIFT_LSL
				       : (uint8_t)(TRIVET_A64_SHIFT_UXTB + option);
		o->scale = word >> 12 & 1 ? s->arg : TRIVET_A64_NO_SHIFT;
		return (option & 2) != 0;
	case SHAPE_MEMS9:
		o->type = pair_modes[bits_of(word, 10, 2)];
		o->value = signed_bits(word, 12, 9);
		break;
	case SHAPE_PAIR:
		o->type = pair_modes[bits_of(word, 23, 2)];
		o->value = signed_bits(word, 15, 7) * (1 << s->arg);
		break;
	case SHAPE_MEMBASE: break;
	default: return false;
	}
	return !a64_is_unpredictable(s, word);
}

static bool
get(const A64Slot *s, uint32_t word, trivet_operand *o, bool *absent)
{
	A64Shape shape = (A64Shape)s->shape;

	switch (shape) {
	case SHAPE_REGISTER:
	case SHAPE_TWICE: return get_register(s, word, o);
	case SHAPE_LANE:
	case SHAPE_LANE1: return get_lane(s, word, o);
	case SHAPE_SHIFT:
	case SHAPE_SHIFTROR:
	case SHAPE_EXTEND:
	case SHAPE_LSL12:
	case SHAPE_LSL16:
	case SHAPE_VLSL: return get_shift(s, word, o, absent);
	case SHAPE_COND:
	case SHAPE_INVERSE:
		o->kind = TRIVET_OPERAND_COND;
		o->reg = (uint8_t)(bits_of(word, s->lsb, 4) ^ (shape == SHAPE_INVERSE));
		return shape == SHAPE_COND || o->reg < 14;
	case SHAPE_MEMU:
	case SHAPE_MEMR:
	case SHAPE_PAIR:
	case SHAPE_MEMS9:
	case SHAPE_MEMBASE: return get_memory(s, word, o);
	default: return get_immediate(s, word, o);
	}
}

bool
a64_decode_as(const A64Row *row, uint32_t word, trivet_operand operands[A64_OPERANDS], unsigned *n)
{
	bool absent = false;

	for (unsigned i = 0; i < row->most; i++) {
		operands[i] = (trivet_operand){ 0 };
		if (!get(&a64_slots[row->slot[i]], word, &operands[i], &absent))
			return false;
	}
	*n = row->least < row->most && absent ? row->least : row->most;
	return true;
}

const A64Row *
a64_decode(uint32_t word, trivet_operand operands[A64_OPERANDS], unsigned *n)
{
	for (unsigned i = 0; i < a64_row_count; i++)
		if ((word & a64_rows[i].mask) == a64_rows[i].value &&
		    a64_decode_as(&a64_rows[i], word, operands, n))
			return &a64_rows[i];
	return NULL;
}

/* ---- Operands to text ---- */

static const char *const type_names[] = {
#define X(name, text) text,
	TRIVET_A64_TYPE_LIST(X)
#undef X
};
static const char *const shift_names[] = { "lsl",  "lsr",  "asr",  "ror",  "uxtb", "uxth",
					   "uxtw", "uxtx", "sxtb", "sxth", "sxtw", "sxtx" };
static const char *const condition_names[] = { "eq", "ne", "hs", "lo", "mi", "pl", "vs", "vc",
					       "hi", "ls", "ge", "lt", "gt", "le", "al", "nv" };

static size_t
type_text(unsigned type, bool second, char *text, size_t room)
{
	const char *name = type_names[type];

	if (type == TRIVET_A64_TYPE_NONE)
		return mem_format(text, room, "%s", "");
	if (type >= TRIVET_A64_TYPE_WZR && type <= TRIVET_A64_TYPE_XSP)
		return mem_format(text, room, second ? " or %s" : "%s", name);
	if (name[0] == '.')
		return mem_format(text, room, "v0%s..v31%s", name, name);
	return mem_format(text, room, "%s0..%s%u", name, name,
			  type <= TRIVET_A64_TYPE_X ? 30u : 31u);
}

size_t
a64_types_text(const A64Slot *s, char *text, size_t room)
{
	size_t n = type_text(s->arg, false, text, room);

	if (s->top != s->arg && n < room)
		n += type_text(s->top, n > 0, text + n, room - n);
	return n;
}

static size_t
register_text(const trivet_operand *o, char *text, size_t room)
{
	const char *name = o->type < TRIVET_A64_TYPES ? type_names[o->type] : "";

	if (name[0] == 0 || o->reg > 31)
		return mem_format(text, room, "register %u", o->reg);
	if (o->type >= TRIVET_A64_TYPE_WZR && o->type <= TRIVET_A64_TYPE_XSP)
		return mem_format(text, room, "%s", name);
	if (o->type >= TRIVET_A64_TYPE_LB)
		return mem_format(text, room, "v%u%s[%u]", o->reg, name, o->index);
	if (name[0] == '.')
		return mem_format(text, room, "v%u%s", o->reg, name);
	return mem_format(text, room, "%s%u", name, o->reg);
}

static size_t
shift_text(const trivet_operand *o, char *text, size_t room)
{
	const char *name = o->extra < 12 ? shift_names[o->extra] : "shift";

	if ((o->scale == 0 && o->extra > 3) || o->scale == TRIVET_A64_NO_SHIFT)
		return mem_format(text, room, "%s", name);
	return mem_format(text, room, "%s #%u", name, o->scale);
}

static size_t
memory_text(const trivet_operand *o, char *text, size_t room)
{
	static const char *const formats[] = { "[%s, #%lld]", "[%s, #%lld]!", "[%s], #%lld" };
	char base[16], index[16], shift[16];

	if (o->reg > 31)
		mem_format(base, sizeof base, "?");
	else if (o->reg == 31)
		mem_format(base, sizeof base, "sp");
	else
		mem_format(base, sizeof base, "x%u", o->reg);
	if (o->type == TRIVET_A64_INDEX) {
		/* Of the extensions, those of X registers are odd; lsl is one of them. */
		const char *kind = o->extra == TRIVET_A64_SHIFT_LSL || o->extra & 1 ? "x" : "w";
		mem_format(index, sizeof index, o->index == 31 ? "%szr" : "%s%u", kind, o->index);
		if (o->extra == TRIVET_A64_SHIFT_LSL && o->scale == TRIVET_A64_NO_SHIFT)
			return mem_format(text, room, "[%s, %s]", base, index);
		shift_text(o, shift, sizeof shift);
		if (o->scale == 0 && o->extra != TRIVET_A64_SHIFT_LSL) /* of a byte */
			return mem_format(text, room, "[%s, %s, %s #0]", base, index, shift);
		return mem_format(text, room, "[%s, %s, %s]", base, index, shift);
	}
	if (o->type == TRIVET_A64_OFFSET && o->value == 0)
		return mem_format(text, room, "[%s]", base);
	return mem_format(text, room, formats[o->type < 3 ? o->type : 0], base,
			  (long long)o->value);
}

/* FMOV's are multiples of 1/128 below 32; others appear in messages alone. */
static size_t
float_text(int64_t bits, char *text, size_t room)
{
	uint64_t b = (uint64_t)bits;
	int exponent = (int)(b >> 52 & 0x7ff) - 1023;

	if (b == 0)
		return mem_format(text, room, "#0.0");
	if (exponent < -3 || exponent > 4 || (b & ((UINT64_C(1) << 48) - 1)) != 0)
		return mem_format(text, room, "the float 0x%llx", (unsigned long long)b);
	uint32_t units = (16 | (uint32_t)(b >> 48 & 15)) << (exponent + 3); /* of 1/128 */
	return mem_format(text, room, "#%s%u.%07u", b >> 63 ? "-" : "", units / 128,
			  units % 128 * 78125);
}

static size_t
immediate_text(const A64Slot *s, const trivet_operand *o, uint64_t address, char *text, size_t room)
{
	const char *name;

	if (o->type == TRIVET_A64_FLOAT)
		return float_text(o->value, text, room);
	switch (s ? (A64Shape)s->shape : SHAPE_UIMM) {
	case SHAPE_NAMED:
		name = a64_name_of((A64Names)s->arg, (uint32_t)o->value);
		return mem_format(text, room, "%s", name ? name : "?");
	case SHAPE_ADR:
		if (s->arg)
			address &= ~((UINT64_C(1) << s->arg) - 1);
		/* fall through */
	case SHAPE_BRANCH:
		return mem_format(text, room, "0x%llx",
				  (unsigned long long)(address + (uint64_t)o->value));
	case SHAPE_BITMASK:
	case SHAPE_MOVBITS:
	case SHAPE_MOVZ:
	case SHAPE_MOVN:
	case SHAPE_BYTEMASK: return mem_format(text, room, "#0x%llx", (unsigned long long)o->value);
	default: return mem_format(text, room, "#%lld", (long long)o->value);
	}
}

size_t
a64_operand_text(const A64Row *row, unsigned i, const trivet_operand *o, uint64_t address,
		 char *text, size_t room)
{
	const A64Slot *s = row ? &a64_slots[row->slot[i]] : NULL;

	switch ((trivet_operand_kind)o->kind) {
	case TRIVET_OPERAND_REG: return register_text(o, text, room);
	case TRIVET_OPERAND_MEM: return memory_text(o, text, room);
	case TRIVET_OPERAND_LABEL: return mem_format(text, room, "label %u", (unsigned)o->label);
	case TRIVET_OPERAND_IMM: return immediate_text(s, o, address, text, room);
	case TRIVET_OPERAND_SHIFT: return shift_text(o, text, room);
	case TRIVET_OPERAND_COND:
		return mem_format(text, room, "%s", o->reg < 16 ? condition_names[o->reg] : "?");
	case TRIVET_OPERAND_NONE: break;
	}
	return mem_format(text, room, "no operand");
}

size_t
a64_text(const A64Row *row, const trivet_operand *operands, unsigned n, uint64_t address,
	 char *text, size_t room)
{
	size_t length = mem_format(text, room, "%s", a64_mnemonics[row->op]);

	for (unsigned i = 0; i < n; i++) {
		/* b.eq is one word */
		const char *between = i == 0 ? row->op == TRIVET_A64_BCOND ? "" : " "
				      : i == 1 && row->op == TRIVET_A64_BCOND ? " "
									      : ", ";
		size_t at = length < room ? length : room;

		length += mem_format(text + at, room - at, "%s", between);
		at = length < room ? length : room;
		length += a64_operand_text(row, i, &operands[i], address, text + at, room - at);
	}
	return length;
}

size_t
a64_format(const uint8_t *code, size_t size, uint64_t address, char *text, size_t room)
{
	trivet_operand operands[A64_OPERANDS];
	unsigned n = 0;

	if (size < 4) {
		mem_format(text, room, ".byte 0x%02x", size ? code[0] : 0u);
		return 0;
	}
	uint32_t word = code[0] | (uint32_t)code[1] << 8 | (uint32_t)code[2] << 16 |
			(uint32_t)code[3] << 24;
	const A64Row *row = a64_decode(word, operands, &n);
	if (row)
		a64_text(row, operands, n, address, text, room);
	else
		mem_format(text, room, ".word 0x%08x", (unsigned)word);
	return row ? 4 : 0;
}
