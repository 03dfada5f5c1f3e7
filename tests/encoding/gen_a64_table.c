/* gen_a64_table.c - words and texts of every row of the A64 table, for others to assemble.
 *
 * Each operand of each row goes through all its values when it has up to 64 (and bitmask immediates
 * through all 8192), else through its borders and random ones, while the others are random.  The
 * word is read as the row's operands; they are encoded again, by the path of the public call, and
 * printed: word in hex, tab, text; with a third column "llvm" where GNU as cannot say it without a
 * relocation.  When another row is preferred for the word, that one's text follows likewise.
 *
 *     gen_a64_table                the words of the table
 *     gen_a64_table random N SEED  those among N random words that a64_format() knows
 *     gen_a64_table refuse         operands just outside of what fits, as text; word 0
 *     gen_a64_table wrong          one bit wrong in each row in turn: row's number, tab, a line as
 * above
 */
#include "asm/aarch64_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t seed = 1;

static uint64_t
next_random(void)
{
	uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	return z ^ z >> 27;
}

/* The low bits of value, put where mask has ones. */
static uint32_t
deposit(uint32_t value, uint32_t mask)
{
	uint32_t out = 0;

	for (; mask; mask &= mask - 1, value >>= 1)
		if (value & 1)
			out |= mask & -mask;
	return out;
}

static unsigned
count_bits(uint32_t mask)
{
	unsigned n = 0;
	for (; mask; mask &= mask - 1)
		n++;
	return n;
}

/* Assemblers read distances as ".+8"; and without relocations, as LLVM alone reads a page's. */
static void
print(uint32_t word, const A64Row *row, const trivet_operand *operands, unsigned n)
{
	char text[128];
	unsigned shape = n ? a64_slots[row->slot[n - 1]].shape : 0;

	if (shape != SHAPE_BRANCH && shape != SHAPE_ADR) {
		a64_text(row, operands, n, 0, text, sizeof text);
		printf("%08" PRIx32 "\t%s\n", word, text);
		return;
	}
	a64_text(row, operands, n - 1, 0, text, sizeof text);
	bool page = row->op == TRIVET_A64_ADRP;
	printf("%08" PRIx32 "\t%s%s %s%+" PRId64 "%s\n", word, text,
	       n > 1 + (row->op == TRIVET_A64_BCOND) ? "," : "", page ? "#" : ".",
	       operands[n - 1].value, page ? "\tllvm" : "");
}

static int status;

/* Encodes what was read from `word`; the row that was meant must give the word again. */
static bool
again(uint32_t word, const A64Row *row, const trivet_operand *operands, unsigned n, A64Code *code)
{
	char text[128];

	if (a64_encode(NULL, (trivet_a64_op)row->op, operands, n, code) && !code->fixup &&
	    (code->row != row || code->word == word))
		return true;
	a64_text(row, operands, n, 0, text, sizeof text);
	fprintf(stderr, "%08" PRIx32 " is \"%s\", which is encoded as %08" PRIx32 "\n", word, text,
		code->word);
	status = 1;
	return false;
}

static void
walk_word(const A64Row *row, uint32_t word)
{
	trivet_operand operands[A64_OPERANDS];
	unsigned n = 0;
	A64Code code;

	if (row && a64_decode_as(row, word, operands, &n) && again(word, row, operands, n, &code))
		print(code.word, row, operands, n);
	const A64Row *preferred = a64_decode(word, operands, &n);
	if (preferred && preferred != row && again(word, preferred, operands, n, &code)) {
		if (code.word != word) {
			fprintf(stderr, "%08" PRIx32 " comes back as %08" PRIx32 "\n", word,
				code.word);
			status = 1;
		}
		print(word, preferred, operands, n);
	}
}

/* A field of the slot, the k-th or a random one; names are few among many values. */
static uint32_t
slot_field(const A64Slot *s, uint32_t k)
{
	uint32_t v = k;

	if (s->shape == SHAPE_TWICE)
		return (k & 31) << 5 | (k & 31) << 16;
	if (s->shape == SHAPE_NAMED)
		for (v = k & 0xffff; !a64_name_of((A64Names)s->arg, v);)
			v = (v + 1) & 0xffff;
	return deposit(v, s->mask);
}

static uint32_t
random_word(const A64Row *row)
{
	uint32_t word = row->value;

	for (unsigned i = 0; i < row->most; i++)
		word |= slot_field(&a64_slots[row->slot[i]], (uint32_t)next_random());
	return word;
}

static void
walk_row(const A64Row *row)
{
	if (row->most == 0)
		walk_word(row, row->value);
	for (unsigned i = 0; i < row->most; i++) {
		const A64Slot *s = &a64_slots[row->slot[i]];
		unsigned bits = s->shape == SHAPE_TWICE ? 5 : count_bits(s->mask);
		bool all = bits <= 6 || s->shape == SHAPE_BITMASK;
		unsigned tries = all ? 1u << bits : 80, turns = bits <= 6 ? 3 : 1;

		for (unsigned k = 0; k < tries * turns; k++) {
			uint32_t v = all      ? k % tries
				     : k < 4  ? k
				     : k < 8  ? 3 - k
				     : k < 12 ? (1u << (bits - 1)) + 2 - (k - 8)
					      : (uint32_t)next_random();
			walk_word(row, (random_word(row) & ~s->mask) | slot_field(s, v));
		}
	}
}

/* ---- A wrong bit ---- */

/* Operands that the row takes, and the word that they give with one of its bits wrong. */
static void
spoil_row(const A64Row *row)
{
	uint32_t bit;
	A64Row wrong = *row;

	do
		bit = 1u << next_random() % 32;
	while (!(row->mask & bit));
	wrong.value ^= bit;
	for (unsigned tries = 0, done = 0; tries < 300 && done < 3; tries++) {
		trivet_operand operands[A64_OPERANDS];
		unsigned n = 0;
		A64Code code;

		if (!a64_decode_as(row, random_word(row), operands, &n) ||
		    !a64_encode(NULL, (trivet_a64_op)row->op, operands, n, &code) ||
		    code.row != row)
			continue;
		if (!a64_encode_as(&wrong, operands, n, &code))
			code.word = 0; /* refused: found, too */
		printf("%u\t", (unsigned)(row - a64_rows));
		print(code.word, row, operands, n);
		done++;
	}
}

/* ---- What must be refused ---- */

static void
try_value(const A64Row *row, const trivet_operand *operands, unsigned n, unsigned at, int64_t value)
{
	trivet_operand changed[A64_OPERANDS];
	A64Code code;

	for (unsigned i = 0; i < n; i++)
		changed[i] = operands[i];
	changed[at].value = value;
	if (a64_encode_as(row, changed, n, &code)) {
		fprintf(stderr, "row %u takes operand %u with %" PRId64 "\n",
			(unsigned)(row - a64_rows), at + 1, value);
		status = 1;
	}
	if (!a64_encode(NULL, (trivet_a64_op)row->op, changed, n, &code)) /* another row may */
		print(0, row, changed, n);
}

static void
refuse_row(const A64Row *row)
{
	trivet_operand operands[A64_OPERANDS];
	unsigned n = 0;
	A64Code code = { .row = NULL };

	for (unsigned k = 0; k < 300 && code.row != row; k++)
		if (!a64_decode_as(row, random_word(row), operands, &n) ||
		    !a64_encode(NULL, (trivet_a64_op)row->op, operands, n, &code))
			code.row = NULL;
	if (code.row != row)
		return;
	for (unsigned i = 0; i < n; i++) {
		const A64Slot *s = &a64_slots[row->slot[i]];
		int64_t top = s->arg, size = INT64_C(1) << s->arg;

		switch ((A64Shape)s->shape) {
		case SHAPE_UIMM:
			try_value(row, operands, n, i, -1);
			try_value(row, operands, n, i, size);
			break;
		case SHAPE_ADDIMM:
			try_value(row, operands, n, i, 4097);
			try_value(row, operands, n, i, 0x1000000);
			try_value(row, operands, n, i, 0xfff001);
			break;
		case SHAPE_BITMASK:
			try_value(row, operands, n, i, 0);
			try_value(row, operands, n, i, -1);
			try_value(row, operands, n, i, 5);
			break;
		case SHAPE_BIT6:
			try_value(row, operands, n, i, 64);
			try_value(row, operands, n, i, -1);
			break;
		case SHAPE_LSLIMM:
		case SHAPE_LSB:
			try_value(row, operands, n, i, top + 1);
			try_value(row, operands, n, i, -1);
			break;
		case SHAPE_XWIDTH:
		case SHAPE_IWIDTH:
			try_value(row, operands, n, i, 0);
			try_value(row, operands, n, i, top + 2 - operands[i - 1].value);
			break;
		case SHAPE_FBITS:
			try_value(row, operands, n, i, 0);
			try_value(row, operands, n, i, top + 1);
			break;
		case SHAPE_BYTEMASK: try_value(row, operands, n, i, 0x1fe); break;
		case SHAPE_VIMM8:
			try_value(row, operands, n, i, 256);
			try_value(row, operands, n, i, -1);
			break;
		case SHAPE_VSHL:
			try_value(row, operands, n, i, 8 << top);
			try_value(row, operands, n, i, -1);
			break;
		case SHAPE_VSHR:
			try_value(row, operands, n, i, (8 << top) + 1);
			try_value(row, operands, n, i, 0);
			break;
		case SHAPE_MEMU:
			try_value(row, operands, n, i, 4096 * size);
			try_value(row, operands, n, i, -257);
			if (top > 1)
				try_value(row, operands, n, i, 257);
			break;
		case SHAPE_PAIR:
			try_value(row, operands, n, i, 64 * size);
			try_value(row, operands, n, i, -65 * size);
			try_value(row, operands, n, i, 2);
			break;
		case SHAPE_MEMS9:
			try_value(row, operands, n, i, 256);
			try_value(row, operands, n, i, -257);
			break;
		case SHAPE_MEMBASE: try_value(row, operands, n, i, 8); break;
		case SHAPE_BRANCH:
			try_value(row, operands, n, i, INT64_C(2) << top);
			try_value(row, operands, n, i, -(INT64_C(2) << top) - 4);
			try_value(row, operands, n, i, 2);
			break;
		case SHAPE_ADR:
			try_value(row, operands, n, i, size << 20);
			try_value(row, operands, n, i, -(size << 20) - 1);
			break;
		default: break;
		}
	}
}

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "random") && argc == 4) {
		unsigned long n = strtoul(argv[2], NULL, 0);
		seed = strtoul(argv[3], NULL, 0);
		while (n--)
			walk_word(NULL, (uint32_t)next_random());
		return status;
	}
	for (unsigned i = 0; i < a64_row_count; i++)
		if (!strcmp(what, "refuse"))
			refuse_row(&a64_rows[i]);
		else if (!strcmp(what, "wrong"))
			spoil_row(&a64_rows[i]);
		else
			walk_row(&a64_rows[i]);
	return status;
}
