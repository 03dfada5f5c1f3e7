/* print.c - the interpreter's bytecode as text. */
#include "interp/bytecode.h"

#include <inttypes.h>

/* Arrays, not pointers, which a shared library would have to relocate; and apart, because who never
 * prints has no use for the names. */
static const char names[INSN_COUNT][20] = {
#define O(name, format) #name,
	INSN_LIST(O)
#undef O
};
static const char formats[INSN_COUNT][5] = {
#define O(name, format) format,
	INSN_LIST(O)
#undef O
};

const char *
insn_format(uint32_t op)
{
	return formats[op];
}

static void
print_operand(const Bytecode *b, uint32_t at, char kind, uint32_t v, Text *out)
{
	switch (kind) {
	case 'd':
	case 'r': text_addf(out, " r%" PRIu32, v); break;
	case 'D':
	case 'R': text_addf(out, " r%" PRIu32 ":%" PRIu32, v, v + 1); break;
	case 'i': text_addf(out, " #%" PRId32, (int32_t)v); break;
	case 'n': text_addf(out, " %" PRIu32, v); break;
	case 'j': text_addf(out, " @%" PRIu32, at + v); break;
	case 'f':
		text_addf(out, " %.*s", (int)b->funcs.at[v].name.n, b->funcs.at[v].name.at);
		break;
	default: break;
	}
}

static void
print_insn(const Bytecode *b, uint32_t at, Text *out)
{
	const Insn *in = &b->code.at[at];
	const char *format = formats[in->op];

	text_addf(out, "%6" PRIu32 "  %-14s", at, names[in->op]);
	print_operand(b, at, format[0], in->a, out);
	print_operand(b, at, format[1], in->b, out);
	print_operand(b, at, format[2], in->c, out);
	if (format[3] == 'x')
		text_addf(out, " x=%d", (int)(int16_t)in->x);
	text_addf(out, "    ; line %" PRIu32 "\n", b->lines.at[at]);
}

void
interp_print(const Bytecode *b, Text *out)
{
	for (uint32_t f = 0; f < b->funcs.n; f++) {
		const InsnFunc *func = &b->funcs.at[f];

		if (func->is_extern) {
			text_addf(out, "extern %.*s\n", (int)func->name.n, func->name.at);
			continue;
		}
		text_addf(out, "fn %.*s: %" PRIu32 " registers\n", (int)func->name.n, func->name.at,
			  func->frame);
		for (uint32_t i = func->start; i < func->end; i++)
			print_insn(b, i, out);
	}
}
