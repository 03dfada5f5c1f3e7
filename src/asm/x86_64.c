/* x86_64.c - one encoder for every row of the table, and the choices of the shortest form.
 *
 * An instruction is laid out as    [66] [F2|F3] [REX] [0F [38|3A]] opcode ModRM [SIB] [disp] [imm]
 * or, with VEX,                     C4|C5 … opcode ModRM [SIB] [disp] [imm]
 * [SDM] volume 2, chapter 2, "Instruction Format". */
#include "asm/x86_64.h"

#define R 8
#define N X64_IMM_N
#define B X64_IMM_B
#define Z X64_IMM_Z
const X64Row x64_row[X64_FORM_COUNT] = {
#define X(name, text, prefix, map, opcode, digit, imm, sizes, by, operands) \
	{ text, prefix, map, opcode, digit, imm, sizes, X64_BY_##by, X64_##operands },
	X64_FORM_LIST(X)
#undef X
};
#undef R
#undef N
#undef B
#undef Z

/* An instruction being put together: 15 bytes at most, and where its label goes. */
typedef struct Code {
	uint8_t b[24];
	uint32_t n;
	uint32_t disp_at; /* of a RIP-relative displacement; 0: none */
} Code;

static void
put(Code *o, unsigned byte)
{
	o->b[o->n++] = (uint8_t)byte;
}

static void
put32(Code *o, uint32_t v)
{
	put(o, v & 0xff);
	put(o, v >> 8 & 0xff);
	put(o, v >> 16 & 0xff);
	put(o, v >> 24);
}

static void
put_imm(Code *o, unsigned size, int32_t imm)
{
	uint32_t v = (uint32_t)imm;

	if (size > 2) {
		put32(o, v);
		return;
	}
	put(o, v & 0xff);
	if (size == 2)
		put(o, v >> 8 & 0xff);
}

static void
finish(Cbuf *c, const Code *o, const X64Rm *rm)
{
	uint32_t start = cbuf_here(c);

	cbuf_bytes(c, o->b, o->n);
	if (o->disp_at)
		cbuf_fixup(c, X64_REL32, start + o->disp_at, rm->label,
			   rm->disp - (int32_t)(o->n - o->disp_at));
}

/* ModRM, SIB and displacement.  [SDM] volume 2, "ModR/M and SIB Bytes", tables 2-2 and 2-3:
 * rm = 100 means a SIB byte follows (rsp and r12 as bases need one), base = 101 with mod = 00
 * means no base (rbp and r13 need a displacement). */
static void
put_operands(Code *o, unsigned reg, const X64Rm *rm)
{
	unsigned field = (reg & 7) << 3, base = rm->base & 7, mod, scale = 0;

	if (rm->kind == X64_REG) {
		put(o, 0xc0 | field | base);
		return;
	}
	if (rm->kind == X64_RIP) {
		put(o, field | 5);
		o->disp_at = o->n;
		put32(o, 0);
		return;
	}
	while (rm->scale >> scale > 1)
		scale++;
	if (rm->base == X64_NONE) {
		unsigned index = rm->index == X64_NONE ? 4 : rm->index & 7;

		put(o, field | 4);
		put(o, scale << 6 | index << 3 | 5);
		put32(o, (uint32_t)rm->disp);
		return;
	}
	mod = rm->disp == 0 && base != 5 ? 0 : x64_is_imm8(rm->disp) ? 1 : 2;
	if (rm->index != X64_NONE) {
		put(o, mod << 6 | field | 4);
		put(o, scale << 6 | (unsigned)(rm->index & 7) << 3 | base);
	} else {
		put(o, mod << 6 | field | base);
		if (base == 4)
			put(o, 0x24);
	}
	if (mod == 1)
		put(o, (unsigned)rm->disp & 0xff);
	else if (mod == 2)
		put32(o, (uint32_t)rm->disp);
}

static bool
rm_is_valid(const X64Row *row, const X64Rm *rm)
{
	if (rm->kind == X64_REG)
		return rm->base < 16 && row != &x64_row[X64_LEA];
	if (rm->kind == X64_RIP)
		return true;
	return rm->kind == X64_MEM && (rm->base < 16 || rm->base == X64_NONE) &&
	       (rm->index == X64_NONE || (rm->index < 16 && rm->index != X64_RSP)) &&
	       (rm->scale == 1 || rm->scale == 2 || rm->scale == 4 || rm->scale == 8);
}

/* spl, bpl, sil and dil exist only with a REX prefix; without one they are ah … bh. */
static bool
needs_byte_rex(const X64Row *row, unsigned size, unsigned reg, const X64Rm *rm)
{
	bool byte_rm = row->operands == X64_RG_Mb || (size == 1 && row->by == X64_BY_INT);
	bool byte_reg = size == 1 && row->by == X64_BY_INT && row->digit == 8;

	return (byte_rm && rm->kind == X64_REG && rm->base >= 4) || (byte_reg && reg >= 4);
}

/* [SDM] volume 2, "The VEX Prefix": R, X, B and vvvv are stored inverted; C5 when X = B = W = 0 and
 * the map is 0F, which no row here has. */
static void
put_vex(Code *o, const X64Row *row, unsigned rxb, unsigned w, unsigned vvvv)
{
	unsigned pp = row->prefix == 0x66   ? 1
		      : row->prefix == 0xf3 ? 2
		      : row->prefix == 0xf2 ? 3
					    : 0;

	put(o, 0xc4);
	put(o, (~rxb & 7) << 5 | row->map);
	put(o, w << 7 | (~vvvv & 15) << 3 | pp);
}

static void
put_prefixes(Code *o, const X64Row *row, unsigned size, unsigned rex)
{
	unsigned prefix = row->prefix;

	if (row->by == X64_BY_SS)
		prefix = size == 8 ? 0xf2 : 0xf3;
	else if (row->by == X64_BY_PS)
		prefix = size == 8 ? 0x66 : 0;
	if (row->by == X64_BY_INT && size == 2)
		put(o, 0x66);
	if (prefix)
		put(o, prefix);
	if (rex)
		put(o, 0x40 | (rex & 15));
	if (row->map)
		put(o, 0x0f);
	if (row->map > 1)
		put(o, row->map == 2 ? 0x38 : 0x3a);
}

/* The one encoder.  `add` is added to the opcode: a condition code. */
static void
encode(Cbuf *c, const X64Row *row, unsigned add, unsigned size, unsigned reg, unsigned vvvv,
       const X64Rm *rm, int32_t imm)
{
	Code o = { .n = 0 };
	unsigned w = size == 8 && (row->by == X64_BY_INT || row->by == X64_BY_VEX);
	unsigned opcode = row->opcode + add, rxb;

	if (row->digit < 8)
		reg = row->digit;
	if (reg > 15 || vvvv > 15 || (vvvv && row->operands < X64_RX_VX_MX) ||
	    !(row->sizes & size) || (size & (size - 1)) || !rm_is_valid(row, rm)) {
		cbuf_fail(c, TRIVET_OPERAND, "x86-64: no such operand");
		return;
	}
	rxb = (reg >> 3) << 2;
	if (rm->kind != X64_RIP) {
		rxb |= rm->base == X64_NONE ? 0 : rm->base >> 3;
		rxb |= rm->index == X64_NONE ? 0 : (unsigned)(rm->index >> 3) << 1;
	}
	if (row->by == X64_BY_VEX) {
		put_vex(&o, row, rxb, w, vvvv);
	} else {
		unsigned rex = w << 3 | rxb;

		put_prefixes(&o, row, size,
			     rex || needs_byte_rex(row, size, reg, rm) ? 0x40 | rex : 0);
		if (size == 1 && row->by == X64_BY_INT && row->map == 0)
			opcode &= 0xfe;
	}
	put(&o, opcode);
	put_operands(&o, reg, rm);
	if (row->imm == X64_IMM_B)
		put(&o, (unsigned)imm & 0xff);
	else if (row->imm == X64_IMM_Z)
		put_imm(&o, size, imm);
	finish(c, &o, rm);
}

void
x64_emit(Cbuf *c, X64Form form, unsigned size, unsigned reg, X64Rm rm, int32_t imm)
{
	encode(c, &x64_row[form], 0, size, reg, 0, &rm, imm);
}

void
x64_vex(Cbuf *c, X64Form form, unsigned size, unsigned reg, unsigned vvvv, X64Rm rm, int32_t imm)
{
	encode(c, &x64_row[form], 0, size, reg, vvvv, &rm, imm);
}

/* ---- Immediates ---- */

/* Opcodes with al, ax, eax or rax and an immediate of the operand's size, at most 32 bits. */
static void
accumulator(Cbuf *c, unsigned opcode, unsigned size, int32_t imm)
{
	Code o = { .n = 0 };

	if (size == 2)
		put(&o, 0x66);
	if (size == 8)
		put(&o, 0x48);
	put(&o, size == 1 ? opcode & 0xfe : opcode);
	put_imm(&o, size, imm);
	cbuf_bytes(c, o.b, o.n);
}

static bool
is_accumulator(unsigned size, const X64Rm *rm)
{
	return rm->kind == X64_REG && rm->base == X64_RAX &&
	       (size == 1 || size == 2 || size == 4 || size == 8);
}

/* [SDM] ADD: 80 /0 ib, 81 /0 id, 83 /0 ib (sign-extended); 04 ib and 05 id for al, ax, eax, rax.
 * The other seven are at distance 8, or have another digit. */
void
x64_alu_imm(Cbuf *c, X64Alu op, unsigned size, X64Rm rm, int32_t imm)
{
	X64Row row = { "", 0, 0, 0x81, (uint8_t)op, X64_IMM_Z, 15, X64_BY_INT, X64_MG_I };

	if (size == 2)
		imm = (int16_t)imm;
	if (size > 1 && x64_is_imm8(imm)) {
		row.opcode = 0x83;
		row.imm = X64_IMM_B;
	} else if (is_accumulator(size, &rm)) {
		accumulator(c, (unsigned)op << 3 | 5, size, imm);
		return;
	}
	encode(c, &row, 0, size, 0, 0, &rm, imm);
}

/* [SDM] TEST: F6 /0 ib, F7 /0 id, A8 ib, A9 id. */
void
x64_test_imm(Cbuf *c, unsigned size, X64Rm rm, int32_t imm)
{
	static const X64Row row = { "", 0, 0, 0xf7, 0, X64_IMM_Z, 15, X64_BY_INT, X64_MG_I };

	if (is_accumulator(size, &rm))
		accumulator(c, 0xa9, size, imm);
	else
		encode(c, &row, 0, size, 0, 0, &rm, imm);
}

/* [SDM] SAL/SAR/SHL/SHR, RCL/RCR/ROL/ROR: D1 /digit by one, C1 /digit ib. */
void
x64_shift_imm(Cbuf *c, X64Shift op, unsigned size, X64Rm rm, unsigned count)
{
	X64Row row = { "", 0, 0, 0xc1, (uint8_t)op, X64_IMM_B, 15, X64_BY_INT, X64_MG_I };

	if (count == 1) {
		row.opcode = 0xd1;
		row.imm = X64_IMM_N;
	}
	encode(c, &row, 0, size, 0, 0, &rm, (int32_t)count);
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
	Code o = { .n = 0 };
	bool high;

	if (reg > 15 || (size != 4 && size != 8)) {
		cbuf_fail(c, TRIVET_OPERAND, "x86-64: no such operand");
		return;
	}
	if (size == 4)
		imm = (uint32_t)imm;
	high = imm >> 32;
	if (high && x64_is_imm32((int64_t)imm)) {
		x64_emit(c, X64_MOV_MI, 8, 0, x64_r(reg), (int32_t)(uint32_t)imm);
		return;
	}
	if (high || reg > 7)
		put(&o, 0x40u | (unsigned)high << 3 | reg >> 3);
	put(&o, 0xb8 | (reg & 7));
	put32(&o, (uint32_t)imm);
	if (high)
		put32(&o, (uint32_t)(imm >> 32));
	cbuf_bytes(c, o.b, o.n);
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
	static const X64Row row = { "", 0, 1, 0x90, 0, X64_IMM_N, 1, X64_BY_INT, X64_MG };

	encode(c, &row, cc, 1, 0, 0, &rm, 0);
}

void
x64_cmov(Cbuf *c, X64Cc cc, unsigned size, unsigned reg, X64Rm rm)
{
	static const X64Row row = { "", 0, 1, 0x40, 8, X64_IMM_N, 14, X64_BY_INT, X64_RG_MG };

	encode(c, &row, cc, size, reg, 0, &rm, 0);
}

/* ---- A register in the opcode, or no operand ---- */

static void
opcode_reg(Cbuf *c, unsigned w, unsigned escape, unsigned opcode, unsigned reg)
{
	Code o = { .n = 0 };

	if (reg > 15) {
		cbuf_fail(c, TRIVET_OPERAND, "x86-64: no such operand");
		return;
	}
	if (w || reg > 7)
		put(&o, 0x40 | w << 3 | reg >> 3);
	if (escape)
		put(&o, escape);
	put(&o, opcode | (reg & 7));
	cbuf_bytes(c, o.b, o.n);
}

void
x64_bswap(Cbuf *c, unsigned size, unsigned reg)
{
	opcode_reg(c, size == 8, 0x0f, 0xc8, reg);
}

void
x64_push(Cbuf *c, unsigned reg)
{
	opcode_reg(c, 0, 0, 0x50, reg);
}

void
x64_pop(Cbuf *c, unsigned reg)
{
	opcode_reg(c, 0, 0, 0x58, reg);
}

void
x64_cdq(Cbuf *c, unsigned size)
{
	if (size == 8)
		cbuf_u8(c, 0x48);
	cbuf_u8(c, 0x99);
}

void
x64_ret(Cbuf *c)
{
	cbuf_u8(c, 0xc3);
}

void
x64_ud2(Cbuf *c)
{
	cbuf_bytes(c, "\x0f\x0b", 2);
}

void
x64_int3(Cbuf *c)
{
	cbuf_u8(c, 0xcc);
}

void
x64_endbr64(Cbuf *c)
{
	cbuf_bytes(c, "\xf3\x0f\x1e\xfa", 4);
}

/* [SDM] NOP, table "Recommended Multi-Byte Sequence of NOP Instruction". */
void
x64_nop(Cbuf *c, uint32_t bytes)
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

		cbuf_bytes(c, nop[n], n);
		bytes -= n;
	}
}

/* ---- Branches ---- */

static void
branch_short(Cbuf *c, unsigned opcode, Label to)
{
	uint32_t here = cbuf_here(c);
	uint8_t b[2] = { (uint8_t)opcode, 0 };

	cbuf_bytes(c, b, 2);
	cbuf_fixup(c, X64_REL8, here + 1, to, -1);
}

/* jmp: EB rel8, E9 rel32; jcc: 70+cc rel8, 0F 80+cc rel32. */
static void
branch(Cbuf *c, unsigned opcode8, Label to)
{
	uint32_t here = cbuf_here(c);
	uint32_t target = to < c->labels.n ? c->labels.at[to] : LABEL_UNBOUND;
	Code o = { .n = 0 };

	if (target != LABEL_UNBOUND && here + 2 - target <= 128) {
		branch_short(c, opcode8, to);
		return;
	}
	if (opcode8 == 0xeb) {
		put(&o, 0xe9);
	} else {
		put(&o, 0x0f);
		put(&o, opcode8 + 0x10);
	}
	put32(&o, 0);
	cbuf_bytes(c, o.b, o.n);
	cbuf_fixup(c, X64_BRANCH32, here + o.n - 4, to, -4);
}

void
x64_jmp(Cbuf *c, Label to)
{
	branch(c, 0xeb, to);
}

void
x64_jcc(Cbuf *c, X64Cc cc, Label to)
{
	branch(c, 0x70u + cc, to);
}

void
x64_call(Cbuf *c, Label to)
{
	uint32_t here = cbuf_here(c);
	Code o = { .n = 0 };

	put(&o, 0xe8);
	put32(&o, 0);
	cbuf_bytes(c, o.b, o.n);
	cbuf_fixup(c, X64_REL32, here + 1, to, -4);
}

void
x64_jmp_short(Cbuf *c, Label to)
{
	branch_short(c, 0xeb, to);
}

void
x64_jcc_short(Cbuf *c, X64Cc cc, Label to)
{
	branch_short(c, 0x70u + cc, to);
}

bool
x64_patch(uint8_t *at, uint8_t kind, int64_t disp)
{
	if (kind == X64_REL8) {
		if (!x64_is_imm8(disp))
			return false;
		*at = (uint8_t)disp;
		return true;
	}
	if ((kind != X64_REL32 && kind != X64_BRANCH32) || !x64_is_imm32(disp))
		return false;
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)((uint64_t)disp >> 8 * i);
	return true;
}

/* ---- Relaxation ---- */

X64Mark
x64_mark(const Cbuf *c)
{
	return (X64Mark){ c->code.n, c->labels.n, c->fixups.n };
}

/* Bytes gone in front of old offset `until`, since the last one of the list. */
typedef struct Cut {
	uint32_t until, bytes;
} Cut;

/* Distances only shrink, so what reaches now reaches afterwards. */
static bool
can_shorten(const Cbuf *c, const Fixup *f, uint32_t start)
{
	uint32_t target = f->to < c->labels.n ? c->labels.at[f->to] : LABEL_UNBOUND;

	return f->kind == X64_BRANCH32 && target != LABEL_UNBOUND && target >= start &&
	       target >= f->at + 4 && target - (f->at + 4) <= 127;
}

static uint32_t
moved(uint32_t offset, const Cut *cuts, uint32_t n)
{
	uint32_t low = 0;

	while (low < n) { /* how many cuts end at or before it */
		uint32_t middle = low + (n - low) / 2;
		if (cuts[middle].until <= offset)
			low = middle + 1;
		else
			n = middle;
	}
	return low ? offset - cuts[low - 1].bytes : offset;
}

/* Moves the code up, fixups with it.  Returns how many cuts there are. */
static uint32_t
shorten(Cbuf *c, X64Mark since, Cut *cuts)
{
	uint8_t *code = c->code.at;
	uint32_t to = since.code, from = since.code, n = 0;

	for (uint32_t k = since.fixup; k < c->fixups.n; k++) {
		Fixup *f = &c->fixups.at[k];
		uint32_t gone = from - to;

		if (!can_shorten(c, f, since.code)) {
			f->at -= gone;
			continue;
		}
		uint32_t end = f->at + 4;
		uint32_t opcode = code[f->at - 1] == 0xe9 ? f->at - 1 : f->at - 2;

		memmove(code + to, code + from, opcode - from);
		to += opcode - from;
		code[to] = code[f->at - 1] == 0xe9 ? 0xeb : (uint8_t)(code[f->at - 1] - 0x10);
		code[to + 1] = 0;
		f->at = to + 1;
		f->kind = X64_REL8;
		f->addend = -1;
		to += 2;
		from = end;
		cuts[n++] = (Cut){ end, from - to };
	}
	memmove(code + to, code + from, c->code.n - from);
	c->code.n -= from - to;
	return n;
}

void
x64_relax(Cbuf *c, X64Mark since, void *offsets, uint32_t n, uint32_t stride)
{
	uint32_t ncuts = 0;
	Cut *cuts;

	for (uint32_t k = since.fixup; k < c->fixups.n; k++)
		ncuts += can_shorten(c, &c->fixups.at[k], since.code);
	if (!ncuts || c->err != TRIVET_OK)
		return;
	cuts = arena_alloc(c->arena, ncuts * sizeof *cuts);
	if (!cuts) {
		cbuf_fail(c, TRIVET_NO_MEMORY, "no memory to shorten branches");
		return;
	}
	ncuts = shorten(c, since, cuts);
	for (uint32_t k = since.label; k < c->labels.n; k++)
		if (c->labels.at[k] != LABEL_UNBOUND)
			c->labels.at[k] = moved(c->labels.at[k], cuts, ncuts);
	for (uint32_t k = 0; k < n; k++) {
		char *at = (char *)offsets + (size_t)k * stride;
		uint32_t offset;

		memcpy(&offset, at, sizeof offset);
		offset = moved(offset, cuts, ncuts);
		memcpy(at, &offset, sizeof offset);
	}
}
