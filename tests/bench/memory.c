/* memory.c - `make bench-memory`: what code memory costs, beside the system calls that nobody can
 * do without.
 *
 * In one run, the least of many rounds.  The bare calls have no guard pages and nothing
 * overwritten. */
#define _GNU_SOURCE
#include "trivet.h"
#include "trivet_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum { SIZE = 64, MANY = 1000, ROUNDS = 40, CYCLES = 200 };

/* A function of 64 bytes that returns 42; the rest is never reached. */
#if defined(__x86_64__)
static const unsigned char code[SIZE] = { 0xf3, 0x0f, 0x1e, 0xfa, 0xb8, 42, 0, 0, 0, 0xc3 };
#else
static const unsigned char code[SIZE] = { 0x5f, 0x24, 0x03, 0xd5, 0x40, 0x05,
					  0x80, 0x52, 0xc0, 0x03, 0x5f, 0xd6 };
#endif

typedef int Answer(void);

static trivet_memory *memory;
static size_t page;
static unsigned wrong;

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void
bare(void)
{
	void *p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	Answer *f;

	if (p == MAP_FAILED)
		exit(1);
	memcpy(p, code, SIZE);
	__builtin___clear_cache(p, (char *)p + SIZE);
	mprotect(p, page, PROT_READ | PROT_EXEC);
	memcpy(&f, &p, sizeof f);
	wrong += f() != 42;
	munmap(p, page);
}

static void
one(void)
{
	trivet_piece p;
	Answer *f;

	trivet_memory_alloc(memory, SIZE, &p);
	trivet_memory_write(memory, p, 0, code, SIZE);
	trivet_memory_seal(memory, p);
	f = TRIVET_ENTRY(Answer *, memory, p, NULL);
	wrong += !f || f() != 42;
	trivet_memory_free(memory, p);
}

static void
many(void)
{
	static trivet_piece p[MANY];
	trivet_block b;

	trivet_memory_block(memory, MANY * SIZE, &b);
	for (int i = 0; i < MANY; i++) {
		trivet_memory_alloc_in(memory, b, SIZE, &p[i]);
		trivet_memory_write(memory, p[i], 0, code, SIZE);
	}
	trivet_memory_seal_block(memory, b);
	for (int i = 0; i < MANY; i++) {
		Answer *f = TRIVET_ENTRY(Answer *, memory, p[i], NULL);
		wrong += !f || f() != 42;
	}
	for (int i = 0; i < MANY; i++)
		trivet_memory_free(memory, p[i]);
}

static double
least(void (*what)(void), int cycles)
{
	double best = 1e18;

	for (int r = 0; r < ROUNDS; r++) {
		double start = now(), took;
		for (int i = 0; i < cycles; i++)
			what();
		took = (now() - start) / cycles;
		best = took < best ? took : best;
	}
	return best;
}

static double
with_keep(size_t keep)
{
	const trivet_memory_options o = { .keep = keep };
	double took;

	if (trivet_memory_open(&o, &memory) != TRIVET_OK)
		exit(1);
	took = least(one, CYCLES);
	trivet_memory_close(memory);
	return took;
}

int
main(void)
{
	double system, kept, unkept, shared;

	if (trivet_memory_probe() != TRIVET_OK) {
		puts("this system refuses executable memory");
		return 77;
	}
	page = trivet_page_size();
	system = least(bare, CYCLES);
	kept = with_keep(0);
	unkept = with_keep(1);
	if (trivet_memory_open(NULL, &memory) != TRIVET_OK)
		return 1;
	shared = least(many, 2) / MANY;
	trivet_memory_close(memory);
	puts("alloc, write, seal, call, free of a 64-byte function");
	printf("  mmap, mprotect, munmap   %6.0f ns  1.00\n", system);
	printf("  a block of its own       %6.0f ns  %.2f  (at most 1.30)\n", kept, kept / system);
	printf("  the same, nothing kept   %6.0f ns  %.2f  (at most 1.30)\n", unkept,
	       unkept / system);
	printf("  1,000 in a block, each   %6.0f ns        (at most 300)\n", shared);
	return wrong != 0;
}
