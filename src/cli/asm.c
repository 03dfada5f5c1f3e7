/* asm.c - disassembly of what was compiled, for any target. */
#include "cli/cli.h"
#include "trivet_asm.h"
#include <string.h>

int
emit_asm(trivet_code *c, const char *target)
{
	bool arm = !strncmp(target, "aarch64", 7);
	trivet_isa isa = arm ? TRIVET_ISA_AARCH64 : TRIVET_ISA_X86_64;
	trivet_symbol symbol;
	trivet_image image;
	char text[160];

	if (trivet_code_image(c, &image))
		return EXIT_INTERNAL;
	for (uint32_t i = 0; i < image.functions; i++) {
		if (trivet_code_symbol(c, i, &symbol))
			return EXIT_INTERNAL;
		printf("%s:\n", symbol.name);
		for (size_t at = symbol.start, n; at < symbol.end; at += n) {
			n = trivet_disassemble(isa, image.bytes + at, symbol.end - at, at, text,
					       sizeof text);
			printf("  %6zx  %s\n", at, text);
			if (n == 0) /* data: a byte or a word of it was shown */
				n = arm && symbol.end - at >= 4 ? 4 : 1;
		}
	}
	return EXIT_DONE;
}
