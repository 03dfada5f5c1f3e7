/* gen_x64.c - prints the bytes of every x86-64 form beside the text they should be.
 *
 * One line an instruction: bytes in hex, tab, text in AT&T syntax; with a third column "gnu" or
 * "llvm" where only that assembler can be made to choose the same of several encodings.  Each
 * form of the table goes through all pairs of registers, every base, every index, RIP-relative
 * addresses and the immediates at the borders.  test_x86_64.py has the text assembled by others. */
#include "asm/x86_64.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

static Mem mem;
static Arena arena;
static Cbuf code;

/* ---- Text ---- */

typedef struct Words {
	char s[160];
	unsigned n;
} Words;

static void
say(Words *w, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	w->n += (unsigned)vsnprintf(w->s + w->n, sizeof w->s - w->n, format, ap);
	va_end(ap);
}

static void
gpr(Words *w, unsigned size, unsigned r)
{
	static const char *const old[] = { "ax", "cx", "dx", "bx", "sp", "bp", "si", "di" };
	static const char *const bytes[] = { "al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil" };

	if (r > 7)
		say(w, "%%r%u%s", r, size == 8 ? "" : size == 4 ? "d" : size == 2 ? "w" : "b");
	else if (size == 1)
		say(w, "%%%s", bytes[r]);
	else
		say(w, "%%%s%s", size == 8 ? "r" : size == 4 ? "e" : "", old[r]);
}

/* The bytes are there already: a RIP-relative displacement counts from their end. */
static void
operand(Words *w, bool xmm, unsigned size, X64Rm rm)
{
	if (rm.kind == X64_REG) {
		if (xmm)
			say(w, "%%xmm%u", rm.base);
		else
			gpr(w, size, rm.base);
		return;
	}
	if (rm.kind == X64_RIP) {
		say(w, "%d(%%rip)", rm.disp - (int)code.code.n);
		return;
	}
	if (rm.disp)
		say(w, "%" PRId32, rm.disp);
	say(w, "(");
	if (rm.base != X64_NONE)
		gpr(w, 8, rm.base);
	if (rm.index != X64_NONE) {
		say(w, ",");
		gpr(w, 8, rm.index);
		say(w, ",%u", rm.scale);
	}
	say(w, ")");
}

static const char *
suffix(unsigned size)
{
	return size == 8 ? "q" : size == 4 ? "l" : size == 2 ? "w" : "b";
}

static void
start(void)
{
	code.code.n = 0;
	code.labels.n = 0;
	code.fixups.n = 0;
	cbuf_bind(&code, cbuf_label(&code));
}

static void
finish(const Words *w, const char *only)
{
	trivet_status s = cbuf_link(&code, x64_patch);

	if (s != TRIVET_OK)
		printf("error %d: %s", (int)s, code.message);
	for (uint32_t k = 0; k < code.code.n; k++)
		printf("%02x", code.code.at[k]);
	printf("\t%s%s%s\n", w->s, only ? "\t" : "", only ? only : "");
}

/* ---- One row of the table ---- */

static bool
has_suffix(X64Form form, const X64Row *row)
{
	return form != X64_MOVSXD && (row->by == X64_BY_INT || row->operands >= X64_RG_MG_VG ||
				      form == X64_RORX || form == X64_PUSH_M || form == X64_POP_M);
}

static bool
is_float_by_size(const X64Row *row)
{
	return row->by == X64_BY_SS || row->by == X64_BY_PS || row->operands == X64_RX_VX_MX;
}

static void
mnemonic(Words *w, X64Form form, unsigned size, bool swapped)
{
	const X64Row *row = &x64_row[form];

	say(w, "%s", row->text);
	if (form == X64_MOVD_XG || form == X64_MOVD_GX)
		say(w, "%s", size == 8 ? "q" : "d");
	else if (has_suffix(form, row))
		say(w, "%s", suffix(size));
	else if (is_float_by_size(row))
		say(w, "%s", size == 8 ? "d" : "s");
	say(w, "%s ", swapped ? ".s" : "");
}

/* Source first, destination last. */
static void
operands(Words *w, const X64Row *row, unsigned size, unsigned reg, unsigned v, X64Rm rm,
	 int32_t imm)
{
	unsigned o = row->operands;
	bool rx = o == X64_RX_MX || o == X64_MX_RX || o == X64_RX_MG || o == X64_MG_RX ||
		  o == X64_RX_MX_I || o == X64_RX_VX_MX;
	bool mx = o == X64_RX_MX || o == X64_MX_RX || o == X64_RG_MX || o == X64_RX_MX_I ||
		  o == X64_RX_VX_MX;
	bool to_rm = o == X64_MG_RG || o == X64_MX_RX || o == X64_MG_RX;
	unsigned msize = o == X64_RG_Mb ? 1 : o == X64_RG_Mw ? 2 : size;
	X64Rm r = x64_r(reg);

	if (row == &x64_row[X64_MOVSXD])
		msize = 4;
	if (row->imm != X64_IMM_N)
		say(w, "$%" PRId32 ", ", imm);
	if (o == X64_MG_C)
		say(w, "%%cl, ");
	if (o == X64_RG_MG_VG) {
		operand(w, false, size, x64_r(v));
		say(w, ", ");
	}
	if (row->digit == 8 && to_rm) {
		operand(w, rx, size, r);
		say(w, ", ");
	}
	operand(w, mx, msize, rm);
	if (o == X64_RX_VX_MX || o == X64_RG_VG_MG) {
		say(w, ", ");
		operand(w, o == X64_RX_VX_MX, size, x64_r(v));
	}
	if (row->digit == 8 && !to_rm) {
		say(w, ", ");
		operand(w, rx, size, r);
	}
}

/* Which assembler can be asked for this encoding: NULL both, "" none. */
static const char *
chooser(X64Form form, unsigned size, X64Rm rm, bool *swapped)
{
	const X64Row *row = &x64_row[form];
	bool reg = rm.kind == X64_REG;

	*swapped = false;
	if (form == X64_LEA && reg)
		return "";
	if (form == X64_MOV_MI && reg && size != 8)
		return ""; /* B8+r is shorter */
	if ((form == X64_PUSH_M || form == X64_POP_M) && reg)
		return "";
	if ((form == X64_MOVD_XG || form == X64_MOVD_GX) && !reg && size == 8)
		return ""; /* F3 0F 7E, 66 0F D6 */
	if (reg && row->operands == X64_RG_MG && row->map == 0 && row->imm == X64_IMM_N &&
	    form != X64_MOVSXD)
		*swapped = true; /* they would take the store form */
	if (reg && row->operands == X64_MX_RX)
		*swapped = true;
	return *swapped ? "gnu" : NULL;
}

static void
print_row(X64Form form, unsigned size, unsigned reg, unsigned v, X64Rm rm, int32_t imm)
{
	const X64Row *row = &x64_row[form];
	Words w = { "", 0 };
	bool swapped;
	const char *only = chooser(form, size, rm, &swapped);

	if (only && !*only)
		return;
	if (form == X64_RORX)
		v = 0; /* vvvv is no operand of it */
	start();
	if (row->by == X64_BY_VEX)
		x64_vex(&code, form, size, reg, v, rm, imm);
	else
		x64_emit(&code, form, size, reg, rm, imm);
	mnemonic(&w, form, size, swapped);
	operands(&w, row, size, reg, v, rm, imm);
	finish(&w, only);
}

/* ---- Walks ---- */

static const int32_t disps[] = { 0, 1, -1, 127, -128, 128, -129, INT32_MAX, INT32_MIN };
enum { NDISPS = sizeof disps / sizeof *disps };

static void
walk_registers(X64Form form, unsigned size, int32_t imm)
{
	const X64Row *row = &x64_row[form];
	bool vvvv = row->by == X64_BY_VEX && form != X64_RORX;

	for (unsigned a = 0; a < 16; a++) {
		for (unsigned b = 0; b < (row->digit == 8 ? 16 : 1); b++)
			print_row(form, size, b, vvvv ? (3 * a + b) % 16 : 0, x64_r(a), imm);
		if (vvvv)
			print_row(form, size, 5, a, x64_r(9), imm);
	}
}

static void
walk_memory(X64Form form, unsigned size, int32_t imm)
{
	unsigned turn = 0;

	for (unsigned base = 0; base < 16; base++)
		for (unsigned d = 0; d < NDISPS; d += 1 + (base * 3 + d) % 3, turn++)
			print_row(form, size, turn % 16, (turn + 1) % 16, x64_m(base, disps[d]),
				  imm);
	for (unsigned index = 0; index < 16; index++) {
		if (index == X64_RSP)
			continue;
		for (unsigned k = 0; k < 4; k++, turn++)
			print_row(form, size, turn % 16, (turn + 5) % 16,
				  x64_mx((turn * 7 + k) % 16, index, 1u << k, disps[turn % NDISPS]),
				  imm);
	}
	print_row(form, size, 3, 2, x64_rip(0, 0), imm);
	print_row(form, size, 12, 14, x64_rip(0, 0x12345678), imm);
	print_row(form, size, 7, 8, x64_rip(0, -0x12345678), imm);
}

static int32_t
border(const X64Row *row, unsigned size, unsigned k)
{
	static const int32_t bytes[] = { 0, 1, 127, -128 };
	static const int32_t words[] = { 0x1234, -0x8000, 0x7fff, 128 };
	static const int32_t dwords[] = { 0x12345678, INT32_MIN, INT32_MAX, 128 };

	if (row->digit < 8 && row->imm == X64_IMM_B)
		return (int32_t[]){ 0, 1, 7, 15 }[k]; /* bit numbers */
	if (row->operands == X64_RX_MX_I)
		return (int32_t[]){ 0, 1, 3, 7 }[k];
	if (row->by == X64_BY_VEX)
		return (int32_t[]){ 0, 1, 13, 31 }[k];
	if (row->imm == X64_IMM_B || size == 1)
		return bytes[k];
	return size == 2 ? words[k] : dwords[k];
}

static void
walk_table(void)
{
	for (unsigned form = 0; form < X64_FORM_COUNT; form++) {
		const X64Row *row = &x64_row[form];
		for (unsigned size = 1; size <= 8; size *= 2) {
			if (!(row->sizes & size))
				continue;
			for (unsigned k = 0; k < (row->imm == X64_IMM_N ? 1 : 4); k++)
				walk_registers((X64Form)form, size, border(row, size, k));
			walk_memory((X64Form)form, size, border(row, size, 0));
		}
	}
}

/* Every base × index × scale × displacement, once. */
static void
walk_addresses(void)
{
	for (unsigned base = 0; base < 17; base++)
		for (unsigned index = 0; index < 16; index++)
			for (unsigned scale = 1; scale <= 8; scale *= 2)
				for (unsigned d = 0; d < NDISPS; d++) {
					int32_t disp = disps[d];
					if (index == X64_RSP || (base == 16 && scale == 1))
						continue;
					print_row(X64_MOV_RM, 8, (base + index) % 16, 0,
						  x64_mx(base == 16 ? X64_NONE : base, index, scale,
							 disp),
						  0);
				}
}

/* ---- What is not in the table ---- */

static void
simple(const char *text, unsigned size, bool with_suffix, X64Rm rm, const char *last)
{
	Words w = { "", 0 };

	say(&w, "%s%s ", text, with_suffix ? suffix(size) : "");
	operand(&w, false, size, rm);
	say(&w, "%s", last);
	finish(&w, NULL);
}

static void
immediates_to(unsigned size, X64Rm rm)
{
	static const char *const alu[] = { "add", "or", "adc", "sbb", "and", "sub", "xor", "cmp" };
	static const char *const shift[] = { "rol", "ror", NULL, NULL, "shl", "shr", NULL, "sar" };
	static const int32_t imms[] = { 0,    1,      127,     -128,	  128,
					-129, 0x7fff, -0x8000, INT32_MAX, INT32_MIN };

	for (unsigned k = 0; k < sizeof imms / sizeof *imms; k++) {
		int32_t imm = imms[k];
		char text[32];
		if ((size == 1 && !x64_is_imm8(imm)) || (size == 2 && imm != (int16_t)imm))
			continue;
		for (unsigned op = 0; op <= X64_ALU_COUNT; op++) {
			start();
			if (op == X64_ALU_COUNT)
				x64_test_imm(&code, size, rm, imm);
			else
				x64_alu_imm(&code, (X64Alu)op, size, rm, imm);
			snprintf(text, sizeof text, "%s%s $%" PRId32 ",",
				 op == X64_ALU_COUNT ? "test" : alu[op], suffix(size), imm);
			simple(text, size, false, rm, "");
		}
	}
	for (unsigned op = 0; op < 8; op++)
		for (unsigned count = 0; shift[op] && count < 8 * size;
		     count += count < 2 ? 1 : 5) {
			char text[32];
			start();
			x64_shift_imm(&code, (X64Shift)op, size, rm, count);
			snprintf(text, sizeof text, "%s%s $%u,", shift[op], suffix(size), count);
			simple(text, size, false, rm, "");
		}
}

static void
conditions(X64Rm rm)
{
	static const char *const cc[] = { "o", "no", "b", "ae", "e", "ne", "be", "a",
					  "s", "ns", "p", "np", "l", "ge", "le", "g" };
	char text[16];

	for (unsigned k = 0; k < 16; k++) {
		snprintf(text, sizeof text, "set%s", cc[k]);
		start();
		x64_setcc(&code, (X64Cc)k, rm);
		simple(text, 1, false, rm, "");
		for (unsigned size = 2; size <= 8; size *= 2) {
			Words w = { "", 0 };
			start();
			x64_cmov(&code, (X64Cc)k, size, 15 - k, rm);
			say(&w, "cmov%s%s ", cc[k], suffix(size));
			operand(&w, false, size, rm);
			say(&w, ", ");
			gpr(&w, size, 15 - k);
			finish(&w, NULL);
		}
	}
}

static void
move_immediates(unsigned reg)
{
	for (unsigned k = 0; k < 64; k++)
		for (unsigned down = 0; down < 2; down++) {
			uint64_t x = (UINT64_C(1) << k) - down;
			Words w = { "", 0 };
			x = reg & 1 ? ~x : x;
			start();
			x64_mov_imm(&code, 8, reg, x);
			if (x >> 32 == 0)
				say(&w, "movl $0x%" PRIx64 ", ", x);
			else if (x64_is_imm32((int64_t)x))
				say(&w, "movq $%" PRId64 ", ", (int64_t)x);
			else
				say(&w, "movabsq $0x%" PRIx64 ", ", x);
			gpr(&w, x >> 32 ? 8 : 4, reg);
			finish(&w, NULL);
		}
}

static void
one_register(unsigned reg)
{
	static const int32_t imms[] = { 1, 127, -128, 128, INT32_MIN };
	X64Rm r = x64_r(reg);

	start();
	x64_push(&code, reg);
	simple("pushq", 8, false, r, "");
	start();
	x64_pop(&code, reg);
	simple("popq", 8, false, r, "");
	for (unsigned size = 4; size <= 8; size += 4) {
		start();
		x64_bswap(&code, size, reg);
		simple("bswap", size, true, r, "");
		for (unsigned k = 0; k < 5; k++) {
			Words w = { "", 0 };
			start();
			x64_imul_imm(&code, size, reg, x64_r(15 - reg), imms[k]);
			say(&w, "imul%s $%" PRId32 ", ", suffix(size), imms[k]);
			gpr(&w, size, 15 - reg);
			say(&w, ", ");
			gpr(&w, size, reg);
			finish(&w, NULL);
		}
	}
	start();
	x64_zero(&code, reg);
	Words w = { "", 0 };
	say(&w, "xorl ");
	gpr(&w, 4, reg);
	say(&w, ", ");
	gpr(&w, 4, reg);
	finish(&w, NULL);
}

static void
no_operand(void)
{
	static void (*const emit[])(Cbuf *) = { x64_ret, x64_ud2, x64_int3, x64_endbr64 };
	static const char *const text[] = { "ret", "ud2", "int3", "endbr64" };

	for (unsigned k = 0; k < 4; k++) {
		Words w = { "", 0 };
		start();
		emit[k](&code);
		say(&w, "%s", text[k]);
		finish(&w, NULL);
	}
	for (unsigned size = 4; size <= 8; size += 4) {
		Words w = { "", 0 };
		start();
		x64_cdq(&code, size);
		say(&w, size == 8 ? "cqto" : "cltd");
		finish(&w, NULL);
	}
}

int
main(void)
{
	mem_init(&mem, NULL);
	arena_init(&arena, &mem);
	cbuf_init(&code, &arena);
	walk_table();
	walk_addresses();
	for (unsigned size = 1; size <= 8; size *= 2) {
		for (unsigned r = 0; r < 16; r++)
			immediates_to(size, x64_r(r));
		immediates_to(size, x64_m(X64_R13, 0));
		immediates_to(size, x64_mx(X64_R12, X64_R15, 8, -129));
		immediates_to(size, x64_rip(0, 1000));
	}
	for (unsigned r = 0; r < 16; r++) {
		conditions(x64_r(r));
		move_immediates(r);
		one_register(r);
	}
	conditions(x64_mx(X64_R9, X64_R12, 2, 5));
	conditions(x64_rip(0, -9));
	no_operand();
	arena_free(&arena);
	return code.err != TRIVET_OK;
}
