/* asm.c - disassembly of what was compiled, through the capstone library where the command was
 * built with it.  An independent reader of our own bytes, on purpose. */
#include "cli/cli.h"

#ifdef HAVE_CAPSTONE
#include <capstone/capstone.h>
#include <inttypes.h>
#include <string.h>

static int
disassemble(csh handle, const trivet_image *image, const trivet_symbol *symbol)
{
	const uint8_t *at = image->bytes + symbol->start;
	size_t left = symbol->end - symbol->start;
	uint64_t address = symbol->start;
	cs_insn *insn = cs_malloc(handle);

	if (!insn)
		return EXIT_INTERNAL;
	printf("%s:\n", symbol->name);
	while (left) {
		if (cs_disasm_iter(handle, &at, &left, &address, insn)) {
			printf("  %6" PRIx64 "  %s%s%s\n", insn->address, insn->mnemonic,
			       *insn->op_str ? " " : "", insn->op_str);
			continue;
		}
		printf("  %6" PRIx64 "  .byte 0x%02x\n", address, *at);
		at++, left--, address++;
	}
	cs_free(insn, 1);
	return EXIT_DONE;
}

int
emit_asm(trivet_code *c, const char *target)
{
	bool arm = !strncmp(target, "aarch64", 7);
	trivet_symbol symbol;
	trivet_image image;
	int status = EXIT_DONE;
	csh handle;

	if (cs_open(arm ? CS_ARCH_ARM64 : CS_ARCH_X86, arm ? CS_MODE_ARM : CS_MODE_64, &handle)) {
		fprintf(stderr, "trivet: this capstone does not know %s; try --form=bytes\n",
			target);
		return EXIT_CANNOT_RUN;
	}
	if (trivet_code_image(c, &image))
		status = EXIT_INTERNAL;
	for (uint32_t i = 0; i < image.functions && !status; i++)
		status = trivet_code_symbol(c, i, &symbol) ? EXIT_INTERNAL
							   : disassemble(handle, &image, &symbol);
	cs_close(&handle);
	return status;
}
#else
int
emit_asm(trivet_code *c, const char *target)
{
	(void)c;
	(void)target;
	fprintf(stderr, "trivet: built without capstone (Debian: libcapstone-dev), so there is no "
			"--form=asm; --form=bytes works\n");
	return EXIT_CANNOT_RUN;
}
#endif
