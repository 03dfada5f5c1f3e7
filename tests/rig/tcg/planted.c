/* planted.c - what sanitizer.c must see, one mistake for each argument; and what it must not. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef long Function(void);

static char *page;

/* movz x0, #value; ret - written at `at`, with or without making it known to instruction fetch */
static void
emit(size_t at, int value, int flush)
{
	uint32_t code[] = { 0xd2800000u | (uint32_t)value << 5, 0xd65f03c0u };
	char *p = page + at;

	mprotect(page, 65536, PROT_READ | PROT_WRITE);
	memcpy(p, code, sizeof code);
	if (flush)
		__builtin___clear_cache(p, p + sizeof code);
	mprotect(page, 65536, PROT_READ | PROT_EXEC);
}

static long
call(size_t at)
{
	char *p = page + at;
	Function *f;

	memcpy(&f, &p, sizeof f);
	return f();
}

static long
emit_and_call(size_t at, int value, int flush)
{
	emit(at, value, flush);
	return call(at);
}

static void
new_page(void)
{
	page = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void
work(long n)
{
	__asm__ volatile("1: subs %0, %0, #1\n\tb.ne 1b" : "+r"(n) : : "cc");
}

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	long sum = 0;

	new_page();
	if (!strcmp(what, "fine")) {
		for (int i = 0; i < 50; i++)
			sum += emit_and_call((size_t)i * 8 % 512, i, 1);
		munmap(page, 65536);
		new_page();
		sum += emit_and_call(0, 1, 1);
		__asm__ volatile("stp x0, x1, [sp, #-32]!\n\tldp x0, x1, [sp], #32" ::: "memory");
		__asm__ volatile(
			"str q0, [sp, #-64]!\n\tldr w9, [sp, #4]\n\tldp q1, q2, [sp], #64" ::
				: "x9", "v1", "v2", "memory");
	} else if (!strcmp(what, "stale")) { /* one of fifty */
		for (int i = 0; i < 50; i++)
			sum += emit_and_call((size_t)i * 64, i, i != 20);
	} else if (!strcmp(what, "again")) { /* executed, written again, executed */
		sum = emit_and_call(128, 1, 1) + emit_and_call(128, 2, 0);
	} else if (!strcmp(what, "beside")) { /* the neighbour's flush does not help */
		emit(320, 1, 0);
		emit(256, 1, 1);
		sum = call(256) + call(320);
	} else if (!strcmp(what, "sp")) {
		__asm__ volatile("sub sp, sp, #24\n\tstr xzr, [sp, #16]\n\tadd sp, sp, #24" ::
					 : "memory");
	} else if (!strcmp(what, "sp-pair")) {
		__asm__ volatile("sub sp, sp, #8\n\tstp xzr, xzr, [sp, #-16]!\n\tadd sp, sp, #24" ::
					 : "memory");
	} else if (!strcmp(what, "count")) {
		for (long n = 1000; n <= 3000; n += 1000) {
			__asm__ volatile("hint #80");
			work(n);
			__asm__ volatile("hint #81");
		}
	} else {
		return 2;
	}
	printf("sum %ld\n", sum);
	return 0;
}
