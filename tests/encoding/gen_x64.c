/* gen_x64.c - prints the bytes of every x86-64 form beside the text they should be.
 *
 * One line an instruction: bytes in hex, the text made of the operands, the text that
 * trivet_disassemble() makes of the bytes; with a fourth column "gnu" where only that assembler can
 * be made to choose the same of several encodings, or "none".  Each row of the table goes through
 * all pairs of registers, every base, every index, RIP-relative addresses and immediates at the
 * borders and at random, by trivet_x64_emit(), and where that prefers another row by the inner
 * encoder as well.  test_x86_64.py has others read it.
 *
 * With "few" only some of them, and in the last column the row; with "few FIELD BIT" after that bit
 * of the field was flipped in the encoder's table, in every row that has such a bit; which rows
 * those are goes first
 * ("flipped", name). */
#define _DEFAULT_SOURCE /* mprotect */
#include "asm/asm.h"
#include "asm/x86_64_bytes.h"
#include "trivet_x64.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static trivet_asm *a;
static trivet_label here;
static unsigned printed[X64_FORM_COUNT];
static bool few;
static const char *row_name = "-";
static const char *const names[] = {
#define X(name, ...) #name,
	X64_FORM_LIST(X, X, X, X)
#undef X
};

static uint32_t
any(void)
{
	static uint64_t state = 88172645463325252u;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 16);
}

static void
start(void)
{
	trivet_asm_reset(a);
	here = trivet_asm_label(a);
	trivet_asm_bind(a, here);
}

/* ---- Text ---- */

typedef struct Words {
	char s[200];
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
	static const char *const names[] = { "ax", "cx", "dx", "bx", "sp", "bp", "si", "di" };
	static const char *const bytes[] = { "al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil" };

	if (r > 7)
		say(w, "r%u%s", r, size == 8 ? "" : size == 4 ? "d" : size == 2 ? "w" : "b");
	else if (size == 1)
		say(w, "%s", bytes[r]);
	else
		say(w, "%s%s", size == 8 ? "r" : size == 4 ? "e" : "", names[r]);
}

/* `length` of the instruction: a RIP-relative displacement counts from its end. */
static void
operand(Words *w, const trivet_operand *o, unsigned memory_bytes, unsigned length)
{
	const char *plus = "";

	switch (o->kind) {
	case TRIVET_OPERAND_IMM: say(w, "%" PRId64, o->value); return;
	case TRIVET_OPERAND_REG:
		if (o->type == TRIVET_X64_XMM)
			say(w, "xmm%u", o->reg);
		else
			gpr(w, o->type, o->reg);
		return;
	default: break;
	}
	if (memory_bytes <= 16)
		say(w, "%s ptr ",
		    memory_bytes == 16	? "xmmword"
		    : memory_bytes == 8 ? "qword"
		    : memory_bytes == 4 ? "dword"
		    : memory_bytes == 2 ? "word"
					: "byte");
	if (o->type == TRIVET_X64_RIP) {
		say(w, "[rip + %" PRId64 "]", o->value - (int64_t)length);
		return;
	}
	say(w, "[");
	if (o->reg != TRIVET_X64_NO_REG) {
		gpr(w, 8, o->reg);
		plus = " + ";
	}
	if (o->index != TRIVET_X64_NO_REG) {
		say(w, "%s", plus);
		gpr(w, 8, o->index);
		say(w, "*%u", o->scale);
		plus = " + ";
	}
	if (o->value || !*plus)
		say(w, "%s%" PRId64, plus, o->value);
	say(w, "]");
}

static void
print(const uint8_t *bytes, size_t n, const char *text, const char *only)
{
	char ours[160];

	if (trivet_disassemble(TRIVET_ISA_X86_64, bytes, n, 0, ours, sizeof ours) != n)
		snprintf(ours, sizeof ours, "not disassembled");
	for (size_t k = 0; k < n; k++)
		printf("%02x", bytes[k]);
	printf("\t%s\t%s", text, ours);
	if (only || few)
		printf("\t%s", only ? only : "");
	printf(few ? "\t%s\n" : "\n", row_name);
}

/* The bytes of what was emitted; with a message instead when it failed. */
static size_t
take(uint8_t out[16], const char *text)
{
	const uint8_t *code = NULL;
	size_t n = 0;

	if (trivet_asm_finish(a, 0, &code, &n) != TRIVET_OK || n > 15) {
		printf("error: %s\t%s\n", trivet_asm_message(a), text);
		return 0;
	}
	memcpy(out, code, n);
	return n;
}

/* ---- One instruction ---- */

typedef struct Case {
	X64Form form;
	unsigned size, cc;
	unsigned reg, vvvv;
	trivet_operand rm; /* register or memory; where there is one */
	int64_t imm;
} Case;

static trivet_operand
slot_operand(const Case *k, unsigned slot)
{
	switch (slot) {
	case X64_SLOT_RG:
	case X64_SLOT_OG: return trivet_x64_reg(k->size, k->reg);
	case X64_SLOT_RD: return trivet_x64_r32(k->reg);
	case X64_SLOT_RX: return trivet_x64_xmm(k->reg);
	case X64_SLOT_VG: return trivet_x64_reg(k->size, k->vvvv);
	case X64_SLOT_VX: return trivet_x64_xmm(k->vvvv);
	case X64_SLOT_A: return trivet_x64_reg(k->size, TRIVET_RAX);
	case X64_SLOT_C: return trivet_x64_r8(TRIVET_RCX);
	case X64_SLOT_1: return trivet_imm(1);
	case X64_SLOT_I: return trivet_imm(k->imm);
	default: return k->rm;
	}
}

/* Bytes of memory that the slot means; the type of a register there. */
static unsigned
rm_width(const Case *k, unsigned slot)
{
	switch (slot) {
	case X64_SLOT_MB: return 1;
	case X64_SLOT_MRW:
	case X64_SLOT_MW: return 2;
	case X64_SLOT_MD:
	case X64_SLOT_MX4: return 4;
	case X64_SLOT_MM8:
	case X64_SLOT_MX8: return 8;
	case X64_SLOT_MM16:
	case X64_SLOT_M16: return 16;
	case X64_SLOT_MM: return X64_ANY;
	default: return k->size;
	}
}

static unsigned
rm_slot(const X64Pattern *p)
{
	for (unsigned k = 0; k < p->n; k++)
		if (p->slot[k] >= X64_SLOT_MG && p->slot[k] <= X64_SLOT_XR)
			return p->slot[k];
	return X64_SLOT_I;
}

static X64Rm
inner_rm(const trivet_operand *o)
{
	if (o->kind == TRIVET_OPERAND_REG)
		return x64_r(o->reg);
	if (o->type == TRIVET_X64_RIP)
		return x64_rip(o->label, (int32_t)o->value);
	return x64_mx(o->reg, o->index, o->scale, (int32_t)o->value);
}

/* How GNU as is asked for a row that is not its first choice. */
static const char *
forced(const Case *k)
{
	unsigned p = x64_row[k->form].pattern;

	if (k->rm.kind != TRIVET_OPERAND_REG || k->form == X64_XCHG_RM || k->form == X64_TEST_RM)
		return NULL;
	if (p == X64_PATTERN_RG_MG)
		return "{load} ";
	return p == X64_PATTERN_MX_RX || p == X64_PATTERN_M16_RX ? "{store} " : NULL;
}

/* LLVM swaps the registers of xchg, and takes a branch to [number] for one to the number. */
static bool
llvm_differs(const Case *k)
{
	if (k->rm.kind == TRIVET_OPERAND_REG)
		return k->form == X64_XCHG_MR;
	return (k->form == X64_JMP_M || k->form == X64_CALL_M) && k->rm.reg == X64_NONE &&
	       k->rm.index == X64_NONE;
}

static void
one(const Case *k)
{
	static unsigned shown[X64_FORM_COUNT][9];
	const X64Row *row = &x64_row[k->form];
	const X64Pattern *p = &x64_pattern[row->pattern];
	trivet_operand ops[4];
	uint8_t inner[16], outer[16];
	size_t n_inner, n_outer;
	unsigned op = x64_op_of(row, k->size, k->cc);
	Words w = { "", 0 };
	X64Ins i = { k->form, k->cc, k->size, k->reg, k->vvvv, inner_rm(&k->rm), k->imm };

	if ((k->form == X64_XCHG_OA || k->form == X64_XCHG_AO) && k->reg == TRIVET_RAX)
		return; /* a no-operation, or must not be one */
	for (unsigned j = 0; j < p->n; j++) {
		ops[j] = slot_operand(k, p->slot[j]);
		if (p->slot[j] >= X64_SLOT_MG && p->slot[j] <= X64_SLOT_XR &&
		    ops[j].kind == TRIVET_OPERAND_MEM && rm_width(k, p->slot[j]) <= 16)
			ops[j].size = (uint8_t)rm_width(k, p->slot[j]);
	}
	start();
	x64_ins(&a->buf, &i);
	n_inner = take(inner, x64_mnemonic(op));
	start();
	trivet_x64_emit(a, (trivet_x64_op)op, ops, p->n);
	n_outer = take(outer, x64_mnemonic(op));
	if (!n_inner || !n_outer)
		return;
	if (n_inner != n_outer || memcmp(inner, outer, n_inner)) {
		if (n_outer > n_inner)
			printf("error: the public call takes the longer form\t%s\n",
			       x64_mnemonic(op));
		if (!forced(k))
			return; /* the other row prints it */
		say(&w, "%s", forced(k));
	}
	say(&w, "%s", x64_mnemonic(op));
	for (unsigned j = 0; j < p->n; j++) {
		say(&w, j ? ", " : " ");
		operand(&w, &ops[j], rm_width(k, p->slot[j]), (unsigned)n_inner);
	}
	printed[k->form]++;
	if (few && ++shown[k->form][k->size] > 8 && shown[k->form][k->size] % 97)
		return;
	row_name = names[k->form];
	print(inner, n_inner, w.s, w.s[0] == '{' || llvm_differs(k) ? "gnu" : NULL);
}

/* ---- Walks ---- */

static const int32_t disps[] = { 0, 1, -1, 127, -128, 128, -129, INT32_MAX, INT32_MIN };
enum { NDISPS = sizeof disps / sizeof *disps };

static trivet_operand
rm_register(const Case *k, unsigned n)
{
	unsigned slot = rm_slot(&x64_pattern[x64_row[k->form].pattern]);

	if (slot == X64_SLOT_MG)
		return trivet_x64_reg(k->size, n);
	if (slot == X64_SLOT_MRW)
		return trivet_x64_r32(n);
	if (slot == X64_SLOT_MB || slot == X64_SLOT_MW || slot == X64_SLOT_MD)
		return trivet_x64_reg(rm_width(k, slot), n);
	return trivet_x64_xmm(n);
}

static int64_t
some_imm(const X64Row *row, unsigned size, unsigned turn)
{
	static const int64_t borders[4][8] = {
		{ 0, 1, -1, 127, -128, 128, 255, 2 },
		{ 0, 127, -128, 128, -129, 32767, -32768, 65535 },
		{ 127, -128, 128, -129, INT32_MAX, INT32_MIN, UINT32_MAX, 0 },
		{ 127, -128, 128, -129, INT32_MAX, INT32_MIN, -1, 0 },
	};
	unsigned k = size == 1 ? 0 : size == 2 ? 1 : size == 4 ? 2 : 3;
	uint64_t random = (uint64_t)any() << 32 | any();

	switch (row->imm) {
	case X64_IMM_U: return turn % 3 ? (int64_t)(random & (size < 8 ? 31 : 63)) : turn % 256;
	case X64_IMM_B: return turn % 3 ? (int8_t)random : borders[0][turn / 3 % 5];
	case X64_IMM_W: return turn % 3 ? (uint16_t)random : borders[1][turn / 3 % 2];
	case X64_IMM_Q: random >>= any() % 64; return (int64_t)(turn & 1 ? random : ~random);
	default: break;
	}
	if (turn % 3 == 0)
		return borders[k][turn / 3 % 8];
	return size == 1 ? (int8_t)random : size == 2 ? (int16_t)random : (int32_t)random;
}

static void
walk_registers(Case k)
{
	const X64Row *row = &x64_row[k.form];
	const X64Pattern *p = &x64_pattern[row->pattern];
	bool has_reg = row->digit == 8 && (p->modrm || p->reg_general);
	unsigned turns = p->modrm ? 16 : 1, regs = has_reg ? 16 : 1;
	unsigned more = row->imm != X64_IMM_N && regs * turns < 256 ? 12 : 1;

	for (unsigned m = 0; m < turns; m++)
		for (unsigned r = 0; r < regs; r++)
			for (unsigned t = 0; t < more; t++) {
				k.rm = rm_register(&k, m);
				k.reg = r;
				k.vvvv = p->vvvv ? (3 * m + 5 * r + 1) % 16 : 0;
				k.imm = some_imm(row, k.size, more * (m + 16 * r) + t);
				one(&k);
			}
	for (unsigned v = 0; v < 16 && p->vvvv; v++) {
		k.vvvv = v;
		one(&k);
	}
}

static void
walk_memory(Case k)
{
	const X64Row *row = &x64_row[k.form];
	const X64Pattern *p = &x64_pattern[row->pattern];
	unsigned turn = 0;

#define EACH(memory)                                                                          \
	(k.rm = (memory), k.reg = row->digit == 8 ? turn % 16 : 0,                            \
	 k.vvvv = p->vvvv ? (turn + 5) % 16 : 0, k.imm = some_imm(row, k.size, turn), turn++, \
	 one(&k))
	for (unsigned base = 0; base < 16; base++)
		for (unsigned d = 0; d < NDISPS; d += 1 + (base * 3 + d) % 3)
			EACH(trivet_x64_m(base, disps[d]));
	for (unsigned index = 0; index < 16; index++)
		for (unsigned s = 0; s < 4 && index != TRIVET_RSP; s++)
			EACH(trivet_x64_mx((turn * 7 + s) % 16, index, 1u << s,
					   disps[turn % NDISPS]));
	EACH(trivet_x64_mx(TRIVET_X64_NO_REG, 3, 8, (int32_t)any()));
	EACH(trivet_x64_m(TRIVET_X64_NO_REG, (int32_t)(any() >> 1)));
	for (unsigned n = 0; n < 60; n++) {
		unsigned index = any() % 16, shift = any() % 32;

		EACH(trivet_x64_mx(any() % 16, index == TRIVET_RSP ? TRIVET_X64_NO_REG : index,
				   1u << any() % 4, (int32_t)any() >> shift));
	}
	EACH(trivet_x64_at(here, 0));
	EACH(trivet_x64_at(here, 0x12345678));
	EACH(trivet_x64_at(here, -(int64_t)(any() >> 2)));
#undef EACH
}

static bool
is_conditional(const X64Row *row)
{
	return row->op == TRIVET_X64_SETO || row->op == TRIVET_X64_CMOVO;
}

static void
walk_table(void)
{
	for (unsigned form = 0; form < X64_FORM_COUNT; form++) {
		const X64Row *row = &x64_row[form];
		unsigned slot = rm_slot(&x64_pattern[row->pattern]);

		if (row->pattern == X64_PATTERN_L || form == X64_LOCK)
			continue;
		for (unsigned size = 1; size <= 8; size *= 2)
			for (unsigned cc = 0; cc < (is_conditional(row) ? 16 : 1); cc++) {
				Case k = { .form = (X64Form)form, .size = size, .cc = cc };

				k.rm = trivet_x64_r64(0);
				if (!(row->sizes & size))
					continue;
				if (x64_lead((X64Form)form, size)->has & X64_HAS_REGISTER)
					walk_registers(k);
				if (slot != X64_SLOT_XR && slot != X64_SLOT_I)
					walk_memory(k);
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
					Case k = { .form = X64_MOV_RM, .size = 8 };

					if (index == TRIVET_RSP || (base == 16 && scale == 1))
						continue;
					k.reg = (base + index) % 16;
					k.rm = trivet_x64_mx(base == 16 ? TRIVET_X64_NO_REG : base,
							     index, scale, disps[d]);
					one(&k);
				}
}

/* ---- What is not one row ---- */

static void
emit_one(const char *text, trivet_x64_op op, const trivet_operand *ops, unsigned n)
{
	uint8_t bytes[16];
	size_t size;

	trivet_x64_emit(a, op, ops, n);
	size = take(bytes, text);
	if (size)
		print(bytes, size, text, NULL);
}

/* mov r64, imm: zero-extended, sign-extended, or all of it. */
static void
move_immediates(unsigned reg)
{
	for (unsigned k = 0; k < 64; k++)
		for (unsigned down = 0; down < 2; down++) {
			uint64_t x = (UINT64_C(1) << k) - down;
			Words w = { "", 0 };
			x = reg & 1 ? ~x : x;
			start();
			say(&w, x >> 32 && !x64_is_imm32((int64_t)x) ? "movabs " : "mov ");
			gpr(&w, x >> 32 ? 8 : 4, reg);
			say(&w, ", %" PRId64, (int64_t)x);
			emit_one(w.s, TRIVET_X64_MOV,
				 (trivet_operand[]){ trivet_x64_r64(reg), trivet_imm((int64_t)x) },
				 2);
		}
}

static void
locked(void)
{
	static const trivet_x64_op ops[] = { TRIVET_X64_ADD, TRIVET_X64_XOR,	 TRIVET_X64_SBB,
					     TRIVET_X64_BTS, TRIVET_X64_CMPXCHG, TRIVET_X64_XADD };

	for (unsigned k = 0; k < sizeof ops / sizeof *ops; k++)
		for (unsigned r = 0; r < 16; r++) {
			trivet_operand o[2] = { trivet_x64_mx(15 - r, (r + 5) % 16, 4, 0),
						trivet_x64_r64(r) };
			Words w = { "", 0 };
			if (o[0].index == TRIVET_RSP)
				continue;
			start();
			trivet_x64(a, LOCK);
			say(&w, "lock %s ", x64_mnemonic(ops[k]));
			operand(&w, &o[0], 8, 0);
			say(&w, ", ");
			operand(&w, &o[1], 8, 0);
			emit_one(w.s, ops[k], o, 2);
		}
	start();
	trivet_x64(a, LOCK);
	trivet_operand o = trivet_x64_sized(1, trivet_x64_m(TRIVET_R13, 0));
	emit_one("lock inc byte ptr [r13]", TRIVET_X64_INC, &o, 1);
}

/* To itself, which is 8 bits for all but calls; farther ones are in tests/unit/asm_x64.c. */
static void
branches(void)
{
	trivet_operand to;

	for (unsigned op = TRIVET_X64_JO; op <= TRIVET_X64_CALL; op++) {
		Words w = { "", 0 };
		if (op > TRIVET_X64_JG && op < TRIVET_X64_JMP)
			continue;
		start();
		to = trivet_at(here);
		say(&w, "at_%s: %s at_%s", x64_mnemonic(op), x64_mnemonic(op), x64_mnemonic(op));
		emit_one(w.s, (trivet_x64_op)op, &to, 1);
	}
}

/* Each row was shown, except those that stand behind a shorter one in every case that can be asked
 * for. */
static void
check_all_printed(void)
{
	static const X64Form hidden[] = { X64_JCC8,    X64_JCC32,   X64_JMP8,
					  X64_JMP32,   X64_CALL32,  X64_LOCK,
					  X64_XCHG_OA, X64_XCHG_RM, X64_TEST_RM };

	for (unsigned f = 0; f < X64_FORM_COUNT; f++) {
		bool known = printed[f] > 0;

		for (unsigned k = 0; k < sizeof hidden / sizeof *hidden; k++)
			known |= hidden[k] == f;
		if (!known)
			printf("error: never shown\t%s\n", names[f]);
	}
}

/* ---- A wrong table ---- */

/* The bit of the field, or NULL when this row has none such. */
static uint32_t *
bit_of(X64Lead *l, const char *field, unsigned bit)
{
	bool vex = l->has & X64_HAS_VEX;

	if (!strcmp(field, "opcode"))
		return bit < 8u * l->opcode_n ? &l->opcode : NULL;
	if (!strcmp(field,
		    "prefix")) /* of VEX what operands do not change: C4, the map, W and pp */
		return bit < 8u * l->prefix_n && !(vex && 0x78e000 >> bit & 1) ? &l->prefix : NULL;
	return NULL;
}

static void
flip(const char *field, unsigned bit)
{
	long page = sysconf(_SC_PAGESIZE);
	uintptr_t from = (uintptr_t)x64_leads & ~(uintptr_t)(page - 1);
	uintptr_t end = (uintptr_t)(x64_lead((X64Form)(X64_FORM_COUNT - 1), 8) + 1);

	if (mprotect((void *)from, end - from, PROT_READ | PROT_WRITE))
		exit(2);
	for (unsigned f = 0; f < X64_FORM_COUNT; f++) {
		bool any_size = false;

		for (unsigned size = 1; size <= 8; size *= 2) {
			X64Lead *l;

			if (!(x64_lead_at[f].sizes & size))
				continue;
			l = (X64Lead *)(void *)((char *)from +
						((uintptr_t)x64_lead((X64Form)f, size) - from));
			uint32_t *word = bit_of(l, field, bit);

			if (word)
				*word ^= UINT32_C(1) << bit;
			else if (!strcmp(field, "digit") && l->digit < 8 && l->has & X64_HAS_MODRM)
				l->digit ^= (uint8_t)(1u << bit);
			else if (!strcmp(field, "rex") && !(l->has & X64_HAS_VEX))
				l->rex ^= (uint8_t)(0x40 | 1u << bit);
			else
				continue;
			any_size = true;
		}
		if (any_size)
			printf("flipped\t%s\n", names[f]);
	}
}

int
main(int argc, char **argv)
{
	few = argc > 1 && !strcmp(argv[1], "few");
	if (argc > 3)
		flip(argv[2], (unsigned)strtoul(argv[3], NULL, 10));
	if (trivet_asm_open(NULL, TRIVET_ISA_X86_64, &a) != TRIVET_OK)
		return 1;
	start();
	walk_table();
	if (few) {
		trivet_asm_close(a);
		return 0;
	}
	walk_addresses();
	for (unsigned r = 0; r < 16; r++)
		move_immediates(r);
	locked();
	branches();
	check_all_printed();
	trivet_asm_close(a);
	return 0;
}
