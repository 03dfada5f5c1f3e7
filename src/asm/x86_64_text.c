/* x86_64_text.c - x86-64 instructions of the table as text in Intel's syntax.
 *
 * Finds the row whose opcode, prefixes and digit are those of the bytes, reads its operands, and
 * encodes the result again: only what gives the same bytes is that instruction.  So nothing is
 * shown that x64_encode() would write otherwise, and truncated or redundant encodings need no rules
 * of their own.
 *
 * Numbers up to 9 are decimal, others hexadecimal; branch targets are addresses. */
#include "asm/x86_64.h"
#include "trivet_x64.h"

typedef struct Reader {
	const uint8_t *at;
	unsigned n, pos;
	bool ended;
} Reader;

/* What stands before the operands. */
typedef struct Head {
	bool lock, o66, vex;
	uint8_t rep;	     /* 0xf2, 0xf3 or 0; of VEX the prefix that pp stands for, 0x66 too */
	unsigned w, r, x, b; /* REX or VEX */
	unsigned vvvv;
	unsigned map, opcode;
	unsigned start; /* of the instruction behind a lock prefix */
} Head;

static unsigned
next(Reader *r)
{
	if (r->pos < r->n)
		return r->at[r->pos++];
	r->ended = true;
	return 0;
}

static unsigned
peek(const Reader *r)
{
	return r->pos < r->n ? r->at[r->pos] : 0;
}

static int64_t
number(Reader *r, unsigned bytes)
{
	uint64_t v = 0;

	for (unsigned k = 0; k < bytes; k++)
		v |= (uint64_t)next(r) << 8 * k;
	switch (bytes) {
	case 1: return (int8_t)v;
	case 2: return (int16_t)v;
	case 4: return (int32_t)v;
	default: return (int64_t)v;
	}
}

static void
read_vex(Reader *r, Head *h)
{
	static const uint8_t prefix[4] = { 0, 0x66, 0xf3, 0xf2 };
	unsigned a, b;

	next(r);
	a = next(r);
	b = next(r);
	h->vex = true;
	h->r = ~a >> 7 & 1;
	h->x = ~a >> 6 & 1;
	h->b = ~a >> 5 & 1;
	h->map = a & 31;
	h->w = b >> 7;
	h->vvvv = ~b >> 3 & 15;
	h->rep = prefix[b & 3];
}

static void
read_head(Reader *r, Head *h)
{
	h->lock = peek(r) == 0xf0 && r->n > 1;
	if (h->lock)
		next(r);
	h->start = r->pos;
	if (peek(r) == 0xc4) {
		read_vex(r, h);
		h->opcode = next(r);
		return;
	}
	if (peek(r) == 0x66) {
		h->o66 = true;
		next(r);
	}
	if (peek(r) == 0xf2 || peek(r) == 0xf3)
		h->rep = (uint8_t)next(r);
	if ((peek(r) & 0xf0) == 0x40) {
		unsigned rex = next(r);

		h->w = rex >> 3 & 1;
		h->r = rex >> 2 & 1;
		h->x = rex >> 1 & 1;
		h->b = rex & 1;
	}
	h->opcode = next(r);
	if (h->opcode != 0x0f)
		return;
	h->map = peek(r) == 0x38 ? 2 : peek(r) == 0x3a ? 3 : 1;
	if (h->map > 1)
		next(r);
	h->opcode = next(r);
}

/* ---- Rows ---- */

static bool
to_opcode(const X64Row *row)
{
	return row->pattern >= X64_PATTERN_OG && row->pattern <= X64_PATTERN_A_OG;
}

/* Sixteen conditions: told from one by the mnemonics around. */
static bool
has_condition(const X64Row *row)
{
	return row->op == TRIVET_X64_JO || row->op == TRIVET_X64_SETO ||
	       row->op == TRIVET_X64_CMOVO;
}

/* The size these prefixes ask for, or 0 when they are not the row's. */
static unsigned
size_of(const X64Row *row, const Head *h)
{
	uint8_t rep = row->prefix == 0x66 ? 0 : row->prefix;

	switch (row->by) {
	case X64_BY_VEX: return h->rep == row->prefix ? 4u << h->w : 0;
	case X64_BY_SS: return h->o66 ? 0 : h->rep == 0xf3 ? 4 : h->rep == 0xf2 ? 8 : 0;
	case X64_BY_PS: return h->rep ? 0 : h->o66 ? 8 : 4;
	default: break;
	}
	if (h->rep != rep || (row->prefix == 0x66 && !h->o66))
		return 0;
	if (row->by == X64_BY_FIX)
		return h->o66 == (row->prefix == 0x66) ? row->sizes : 0;
	if (h->w)
		return row->by == X64_BY_D64 ? 0 : 8;
	if (h->o66 && row->prefix != 0x66)
		return 2;
	return row->by == X64_BY_D64 ? 8 : 4;
}

/* The row may be meant: its size, and the condition. */
static unsigned
match(const X64Row *row, const Head *h, unsigned *cc)
{
	unsigned opcode = h->opcode, size;

	*cc = 0;
	if (row->map != h->map || (row->by == X64_BY_VEX) != h->vex)
		return 0;
	size = size_of(row, h);
	if (!size)
		return 0;
	if (to_opcode(row)) {
		opcode &= 0xf8;
		if (row->sizes == 1)
			size = 1;
	} else if (has_condition(row)) {
		*cc = opcode & 15;
		opcode &= 0xf0;
	} else if (row->by == X64_BY_INT && row->sizes & 1 && opcode == row->opcode - 1u) {
		opcode++;
		size = 1;
	}
	return opcode == row->opcode && row->sizes & size ? size : 0;
}

static void
read_memory(Reader *r, const Head *h, unsigned modrm, X64Rm *rm)
{
	unsigned mod = modrm >> 6, base = modrm & 7, sib;

	*rm = x64_m(base | h->b << 3, 0);
	if (base == 4) {
		sib = next(r);
		base = sib & 7;
		rm->base = (uint8_t)(base | h->b << 3);
		rm->index = (uint8_t)((sib >> 3 & 7) | h->x << 3);
		rm->scale = (uint8_t)(1u << (sib >> 6));
		if (rm->index == X64_RSP) {
			rm->index = X64_NONE;
			rm->scale = 1;
		}
		if (base == 5 && mod == 0) {
			rm->base = X64_NONE;
			mod = 2;
		}
	} else if (base == 5 && mod == 0) {
		*rm = x64_rip(0, (int32_t)number(r, 4));
		return;
	}
	if (mod)
		rm->disp = (int32_t)number(r, mod == 1 ? 1 : 4);
}

/* The operands behind the opcode; false: these bytes are not that row. */
static bool
read_row(Reader *r, const Head *h, const X64Row *row, unsigned size, X64Ins *i)
{
	static const uint8_t bytes[] = { [X64_IMM_N] = 0, [X64_IMM_B] = 1, [X64_IMM_U] = 1,
					 [X64_IMM_W] = 2, [X64_IMM_Z] = 4, [X64_IMM_Q] = 8 };
	const X64Pattern *pattern = &x64_pattern[row->pattern];
	unsigned modrm;

	i->size = size;
	i->rm = x64_r(0);
	if (pattern->modrm) {
		modrm = next(r);
		if (row->digit < 8 && (modrm >> 3 & 7) != row->digit)
			return false;
		i->reg = row->digit < 8 ? 0 : (modrm >> 3 & 7) | h->r << 3;
		if (modrm >> 6 == 3)
			i->rm = x64_r((modrm & 7) | h->b << 3);
		else
			read_memory(r, h, modrm, &i->rm);
	} else if (to_opcode(row)) {
		i->reg = (h->opcode & 7) | h->b << 3;
	} else if (row->pattern == X64_PATTERN_RM0 || row->pattern == X64_PATTERN_RM2) {
		next(r);
	}
	i->vvvv = pattern->vvvv ? h->vvvv : 0;
	if (row->pattern == X64_PATTERN_L)
		i->imm = number(r, row->sizes);
	else if (row->imm != X64_IMM_N)
		i->imm = number(r, row->imm == X64_IMM_Z && size < 4 ? size : bytes[row->imm]);
	return !r->ended && !x64_is_nop(i->form, size, i->reg);
}

/* The bytes are what the encoder makes of it. */
static bool
is_canonical(const Reader *r, const Head *h, const X64Ins *i)
{
	const X64Row *row = &x64_row[i->form];
	unsigned n = r->pos - h->start, disp_at;
	uint8_t again[24];

	if (row->pattern == X64_PATTERN_L)
		return n == (row->map ? 2u : 1u) + row->sizes;
	if (x64_encode(again, i, &disp_at) != n)
		return false;
	if (disp_at)
		memcpy(again + disp_at, r->at + h->start + disp_at, 4);
	return memcmp(again, r->at + h->start, n) == 0;
}

/* [SDM] LOCK: which instructions it may stand before, with memory as destination. */
static bool
may_lock(const X64Row *row, const X64Ins *i)
{
	unsigned op = row->op;

	if (!x64_pattern[row->pattern].modrm || i->rm.kind == X64_REG || i->form == X64_XCHG_RM)
		return false;
	if (op >= TRIVET_X64_ADD && op <= TRIVET_X64_XOR)
		return x64_pattern[row->pattern].slot[0] == X64_SLOT_MG;
	return op == TRIVET_X64_XCHG || (op >= TRIVET_X64_NOT && op <= TRIVET_X64_DEC) ||
	       (op >= TRIVET_X64_BTS && op <= TRIVET_X64_BTC) || op == TRIVET_X64_CMPXCHG ||
	       op == TRIVET_X64_XADD;
}

/* ---- Text ---- */

typedef struct Line {
	char *at;
	size_t room, n; /* n counts on beyond the room, as snprintf does */
} Line;

#define SAY(l, ...)                                                         \
	((l)->n += mem_format((l)->n < (l)->room ? (l)->at + (l)->n : NULL, \
			      (l)->n < (l)->room ? (l)->room - (l)->n : 0, __VA_ARGS__))

static void
say_register(Line *l, unsigned type, unsigned r)
{
	static const char *const old[] = { "ax", "cx", "dx", "bx", "sp", "bp", "si", "di" };
	static const char *const low[] = { "al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil" };

	if (type == X64_IN_XMM)
		SAY(l, "xmm%u", r);
	else if (r > 7)
		SAY(l, "r%u%s", r, type == 8 ? "" : type == 4 ? "d" : type == 2 ? "w" : "b");
	else if (type == 1)
		SAY(l, "%s", low[r]);
	else
		SAY(l, "%s%s", type == 8 ? "r" : type == 4 ? "e" : "", old[r]);
}

static void
say_number(Line *l, uint64_t v)
{
	SAY(l, v > 9 ? "0x%llx" : "%llu", (unsigned long long)v);
}

static void
say_displacement(Line *l, int32_t disp, bool first)
{
	uint32_t size = disp < 0 ? 0u - (uint32_t)disp : (uint32_t)disp;

	if (first) {
		say_number(l, (uint64_t)(int64_t)disp);
		return;
	}
	SAY(l, disp < 0 ? " - " : " + ");
	say_number(l, size);
}

static void
say_memory(Line *l, const X64Rm *rm, unsigned bytes)
{
	if (bytes <= 16)
		SAY(l, "%s ptr ",
		    bytes == 1	 ? "byte"
		    : bytes == 2 ? "word"
		    : bytes == 4 ? "dword"
		    : bytes == 8 ? "qword"
				 : "xmmword");
	SAY(l, "[");
	if (rm->kind == X64_RIP)
		SAY(l, "rip");
	else if (rm->base != X64_NONE)
		say_register(l, 8, rm->base);
	if (rm->kind == X64_MEM && rm->index != X64_NONE) {
		SAY(l, rm->base != X64_NONE ? " + " : "");
		say_register(l, 8, rm->index);
		if (rm->scale > 1 || rm->base == X64_NONE)
			SAY(l, "*%u", rm->scale);
	}
	if (rm->kind == X64_MEM && rm->base == X64_NONE && rm->index == X64_NONE)
		say_displacement(l, rm->disp, true);
	else if (rm->disp)
		say_displacement(l, rm->disp, false);
	SAY(l, "]");
}

/* What is sign-extended is signed, except to bit patterns; the rest as wide as the operand: mov
 * eax, 0xffffffff; add eax, -1; and eax, 0xfffffff0. */
static void
say_immediate(Line *l, const X64Row *row, unsigned size, int64_t imm)
{
	uint64_t v = (uint64_t)imm;
	bool extended = row->imm == X64_IMM_B || (row->imm == X64_IMM_Z && size == 8);
	bool bits =
		row->op == TRIVET_X64_AND || row->op == TRIVET_X64_OR || row->op == TRIVET_X64_XOR;

	if (extended && !bits && imm < 0) {
		SAY(l, "-");
		say_number(l, 0 - v);
		return;
	}
	if (row->imm == X64_IMM_U)
		v &= 0xff;
	else if (row->imm == X64_IMM_W)
		v &= 0xffff;
	else if (size < 8)
		v &= ((uint64_t)1 << 8 * size) - 1;
	say_number(l, v);
}

static void
say_operand(Line *l, const X64Ins *i, unsigned slot, uint64_t target)
{
	static const uint8_t width[] = {
#define X(name, accepts, bytes) bytes,
		X64_SLOT_LIST(X)
#undef X
	};
	static const uint8_t accepts[] = {
#define X(name, accepts, bytes) accepts,
		X64_SLOT_LIST(X)
#undef X
	};
	const X64Row *row = &x64_row[i->form];
	unsigned type = accepts[slot] & 31; /* of a register there */

	if (type == X64_IN_G)
		type = i->size;
	switch (slot) {
	case X64_SLOT_L: say_number(l, target); return;
	case X64_SLOT_1: SAY(l, "1"); return;
	case X64_SLOT_I: say_immediate(l, row, i->size, i->imm); return;
	case X64_SLOT_A: say_register(l, i->size, X64_RAX); return;
	case X64_SLOT_C: SAY(l, "cl"); return;
	case X64_SLOT_VG:
	case X64_SLOT_VX: say_register(l, type, i->vvvv); return;
	case X64_SLOT_RG:
	case X64_SLOT_RD:
	case X64_SLOT_RX:
	case X64_SLOT_OG: say_register(l, type, i->reg); return;
	default: break;
	}
	if (i->rm.kind == X64_REG)
		say_register(l, type, i->rm.base);
	else
		say_memory(l, &i->rm, width[slot] ? width[slot] : i->size);
}

static size_t
write_text(Line *l, const Reader *r, const Head *h, const X64Ins *i, uint64_t address)
{
	const X64Row *row = &x64_row[i->form];
	const X64Pattern *pattern = &x64_pattern[row->pattern];

	if (h->lock)
		SAY(l, "lock ");
	SAY(l, "%s", x64_mnemonic(x64_op_of(row, i->size, i->cc)));
	for (unsigned k = 0; k < pattern->n; k++) {
		SAY(l, k ? ", " : " ");
		say_operand(l, i, pattern->slot[k], address + r->pos + (uint64_t)i->imm);
	}
	return r->pos;
}

size_t
x64_format(const uint8_t *code, size_t size, uint64_t address, char *text, size_t room)
{
	Reader r = { code, size < X64_LONGEST + 1 ? (unsigned)size : X64_LONGEST + 1, 0, false };
	Line l = { text, room, 0 };
	Head h = { .lock = false };
	unsigned behind;

	if (room)
		text[0] = 0;
	if (!size)
		return 0;
	read_head(&r, &h);
	behind = r.pos;
	for (unsigned f = 0; f < X64_FORM_COUNT && !r.ended; f++) {
		X64Ins i = { .form = (X64Form)f };

		i.size = match(&x64_row[f], &h, &i.cc);
		if (!i.size)
			continue;
		r.pos = behind;
		if (read_row(&r, &h, &x64_row[f], i.size, &i) && is_canonical(&r, &h, &i) &&
		    (!h.lock || may_lock(&x64_row[f], &i)))
			return write_text(&l, &r, &h, &i, address);
		r.ended = false;
	}
	SAY(&l, ".byte 0x%02x", code[0]);
	return 0;
}
