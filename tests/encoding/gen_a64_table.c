/* gen_a64_table.c - words and texts of every row of the A64 table, for others to assemble.
 *
 * Each operand of each row goes through all its values when it has up to 64 (and bitmask immediates
 * through all 8192), else through its borders and random ones, while the others are random.  A word
 * is decoded, its operands are encoded again, by the public path, which must give the word, and
 * printed: word in hex, tab, text; with a third column "llvm" where GNU as cannot say it without a
 * relocation.
 *
 *     gen_a64_table                the words of the table
 *     gen_a64_table random N SEED  those among N random words that a64_format() knows
 *     gen_a64_table refuse         operands just outside of what fits: text of what was refused
 *     gen_a64_table wrong ROW BIT  as without arguments, but that row's words have a bit flipped */
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

static void
walk_word(uint32_t word, bool quiet, uint32_t flip)
{
	trivet_operand operands[A64_OPERANDS];
	unsigned n = 0;
	A64Code code;
	const A64Row *row = a64_decode(word, operands, &n);

	if (!row)
		return;
	if (!a64_encode(NULL, (trivet_a64_op)row->op, operands, n, &code) || code.word != word ||
	    code.fixup) {
		char text[128];
		a64_text(row, operands, n, 0, text, sizeof text);
		fprintf(stderr, "%08" PRIx32 " is \"%s\", which is encoded as %08" PRIx32 "\n",
			word, text, code.word);
		status = 1;
	}
	if (!quiet)
		print(word ^ flip, row, operands, n);
}

static void
walk_row(const A64Row *row, uint32_t flip)
{
	if (row->most == 0)
		walk_word(row->value, false, flip);
	for (unsigned i = 0; i < row->most; i++) {
		const A64Slot *s = &a64_slots[row->slot[i]];
		unsigned bits = count_bits(s->mask);
		bool all = bits <= 6 || s->shape == SHAPE_BITMASK;
		unsigned tries = all ? 1u << bits : 80, turns = all && bits <= 6 ? 3 : 1;

		for (unsigned turn = 0; turn < turns; turn++)
			for (uint32_t k = 0; k < tries; k++) {
				uint32_t v = all      ? k
					     : k < 4  ? k
					     : k < 8  ? 3 - k
					     : k < 12 ? (1u << (bits - 1)) + 2 - (k - 8)
						      : (uint32_t)next_random();
				uint32_t others = (uint32_t)next_random() & ~row->mask & ~s->mask;
				walk_word(row->value | deposit(v, s->mask) | others, false, flip);
			}
	}
}

/* ---- What must be refused ---- */

/* Values just outside; those that another row takes, as another mnemonic's alias, are encoded as
 * what they say, which is checked by reading them back. */
static void
try_value(const A64Row *row, const trivet_operand *operands, unsigned n, unsigned at, int64_t value)
{
	trivet_operand changed[A64_OPERANDS], back[A64_OPERANDS];
	unsigned m = 0;
	A64Code code;
	char text[128], again[128];

	for (unsigned i = 0; i < n; i++)
		changed[i] = operands[i];
	changed[at].value = value;
	bool done = a64_encode(NULL, (trivet_a64_op)row->op, changed, n, &code);
	a64_text(row, changed, n, 0, text, sizeof text);
	if (!done) {
		printf("refused\t%s\n", text);
		return;
	}
	const A64Row *other = a64_decode(code.word, back, &m);
	a64_text(other ? other : row, back, m, 0, again, sizeof again);
	printf("taken\t%s\t%s\n", text, again);
}

static void
refuse_row(const A64Row *row)
{
	trivet_operand operands[A64_OPERANDS];
	unsigned n = 0;
	const A64Row *found = NULL;

	for (unsigned k = 0; k < 200 && found != row; k++) {
		uint32_t r = (uint32_t)next_random() & ~row->mask;
		found = a64_decode(row->value | r, operands, &n);
	}
	if (found != row)
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
	unsigned long row = a64_row_count, n;

	if (argc == 4 && argv[1][0] == 'r') {
		n = strtoul(argv[2], NULL, 0);
		seed = strtoul(argv[3], NULL, 0);
		while (n--)
			walk_word((uint32_t)next_random(), false, 0);
		return status;
	}
	if (argc == 2 && argv[1][0] == 'r') {
		for (unsigned i = 0; i < a64_row_count; i++)
			refuse_row(&a64_rows[i]);
		return status;
	}
	if (argc == 4)
		row = strtoul(argv[2], NULL, 0);
	for (unsigned i = 0; i < a64_row_count; i++)
		walk_row(&a64_rows[i], i == row ? 1u << strtoul(argv[3], NULL, 0) : 0);
	return status;
}
