/* add_by_hand.c - int32_t add(int32_t, int32_t), assembled by hand for whatever this runs on.
 *
 *     cc -Isrc examples/embed/add_by_hand.c build/x86_64-linux/libtrivet.a -pthread -o add && ./add
 *
 * The instruction is one; the rest is how any hand-written code gets from an assembler to a call:
 * assemble, finish, allocate, write, seal, enter.  Each of these can fail, and says so. */
#include "trivet_a64.h"
#include "trivet_memory.h"
#include "trivet_x64.h"
#include <stdio.h>
#include <string.h>

/* The first two integer arguments come in other registers on each target; the result is in eax, or
 * w0. */
static void
emit_add(trivet_asm *a, const char *target)
{
	if (strcmp(target, "aarch64-linux") == 0) {
		trivet_a64(a, ADD, trivet_a64_w(0), trivet_a64_w(0), trivet_a64_w(1));
		trivet_a64(a, RET);
	} else if (strcmp(target, "x86_64-windows") == 0) {
		trivet_x64(a, LEA, trivet_x64_r32(TRIVET_RAX),
			   trivet_x64_mx(TRIVET_RCX, TRIVET_RDX, 1, 0));
		trivet_x64(a, RET);
	} else {
		trivet_x64(a, LEA, trivet_x64_r32(TRIVET_RAX),
			   trivet_x64_mx(TRIVET_RDI, TRIVET_RSI, 1, 0));
		trivet_x64(a, RET);
	}
}

/* Executable memory with what was assembled. */
static trivet_status
place(trivet_asm *a, trivet_memory *m, trivet_piece *out)
{
	const uint8_t *code;
	size_t size;
	trivet_status s = trivet_asm_finish(a, 0, &code, &size);

	if (!s)
		s = trivet_memory_alloc(m, size, out);
	if (!s)
		s = trivet_memory_write(m, *out, 0, code, size);
	if (!s)
		s = trivet_memory_seal(m, *out);
	return s;
}

static trivet_status
use(trivet_memory *m)
{
	typedef int32_t Add(int32_t, int32_t);
	const char *target = trivet_host_target();
	trivet_isa isa = strncmp(target, "aarch64", 7) ? TRIVET_ISA_X86_64 : TRIVET_ISA_AARCH64;
	trivet_status s;
	trivet_piece p;
	trivet_asm *a;
	Add *add;

	s = trivet_asm_open(NULL, isa, &a);
	if (s)
		return s;
	emit_add(a, target);
	s = place(a, m, &p);
	if (trivet_asm_status(a))
		fprintf(stderr, "%s\n", trivet_asm_message(a));
	trivet_asm_close(a); /* the code has its own memory by now */
	if (s)
		return s;
	add = TRIVET_ENTRY(Add *, m, p, &s);
	if (!add)
		return s;
	printf("%d\n", (int)add(10, 5));
	printf("%d\n", (int)add(-2147483647 - 1, -1));
	return trivet_memory_free(m, p);
}

int
main(void)
{
	trivet_memory *m;
	trivet_status s = trivet_memory_open(NULL, &m);

	if (!s) {
		s = use(m);
		trivet_memory_close(m);
	}
	if (s)
		fprintf(stderr, "%s\n", trivet_status_text(s));
	return s ? 1 : 0;
}
