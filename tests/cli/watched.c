/* watched.c - a host program for test_profilers.py to look at from outside.
 *
 *   watched debugger N     compiles N modules with gdb's interface on, and calls the last: outer
 * -> inner -> the host's probe(), where the test has a breakpoint profiled jitdump DIR    works for
 * half a second in spin(), with a jitdump file in DIR
 *   watched reuse N        N functions, one after the other at one address, each with another
 * result */
#include "trivet.h"
#include "trivet_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char text[] = "extern fn probe(i64) -> i64;\n"
			   "fn inner(n: i64) -> i64 {\n"
			   "  let m = n * 3;\n"
			   "  return probe(m) / n;\n"
			   "}\n"
			   "fn outer(n: i64) -> i64 {\n"
			   "  return inner(n) + 1;\n"
			   "}\n"
			   "fn spin(n: i64) -> i64 {\n"
			   "  let h = 1;\n"
			   "  for i in 0..n {\n"
			   "    h = (h ^ i) * 31 + (h >> 7) / (i + 1);\n"
			   "  }\n"
			   "  return h;\n"
			   "}\n";

__attribute__((noinline)) int64_t probe(int64_t n);

int64_t
probe(int64_t n)
{
	__asm__ volatile("" : "+r"(n)::"memory");
	return n;
}

static int
reuse(int n)
{
#if defined(__x86_64__)
	unsigned char code[] = { 0xf3, 0x0f, 0x1e, 0xfa, 0xb8, 0, 0, 0, 0, 0xc3 };
#else
	unsigned char code[] = { 0x5f, 0x24, 0x03, 0xd5, 0, 0, 0x80, 0x52, 0xc0, 0x03, 0x5f, 0xd6 };
#endif
	int wrong = 0, moved = -1;
	uint64_t at, before = 0;
	trivet_memory *m;
	trivet_piece p;

	if (trivet_memory_open(NULL, &m))
		return 1;
	for (int i = 0; i < n; i++) {
		int (*f)(void);
#if defined(__x86_64__)
		code[5] = (unsigned char)(i & 0x7f);
#else
		code[4] = (unsigned char)(i << 5);
		code[5] = (unsigned char)((i & 0x7f) >> 3);
#endif
		if (trivet_memory_alloc(m, sizeof code, &p) ||
		    trivet_memory_write(m, p, 0, code, sizeof code) || trivet_memory_seal(m, p))
			return 1;
		trivet_memory_address(m, p, &at);
		moved += at != before;
		before = at;
		f = TRIVET_ENTRY(int (*)(void), m, p, NULL);
		wrong += f() != (i & 0x7f);
		trivet_memory_free(m, p);
	}
	trivet_memory_close(m);
	printf("%d at another address, %d wrong\n", moved, wrong);
	return wrong != 0;
}

int
main(int argc, char **argv)
{
	trivet_options o = { .debugger = false };
	trivet_compile_options co = { .mode = TRIVET_BASELINE };
	trivet_engine *e;
	trivet_module *m;
	trivet_code *c = NULL;
	int64_t (*f)(int64_t);
	clock_t start = clock();
	int n;

	if (argc != 3)
		return 2;
	if (strcmp(argv[1], "reuse") == 0)
		return reuse(atoi(argv[2]));
	o.debugger = strcmp(argv[1], "debugger") == 0;
	o.jitdump = o.debugger ? NULL : argv[2];
	n = o.debugger ? atoi(argv[2]) : 1;
	if (trivet_open(&o, &e) || trivet_bind(e, "probe", "i64(i64)", (trivet_function)probe) ||
	    trivet_parse(e, "shown.tv", text, sizeof text - 1, &m)) {
		puts("cannot begin");
		return 1;
	}
	for (int i = 0; i < n; i++) {
		co.mode = i == n - 1 ? TRIVET_BASELINE : TRIVET_OPTIMIZED;
		if (trivet_compile(m, &co, &c)) {
			puts(trivet_message(e));
			return 1;
		}
	}
	printf("compiled after %ld ms\n", (long)((clock() - start) * 1000 / CLOCKS_PER_SEC));
	f = (int64_t(*)(int64_t))trivet_entry(c, o.debugger ? "outer" : "spin", "i64(i64)");
	if (!f)
		return 1;
	if (o.debugger)
		return f(7) != 4;
	while (clock() - start < CLOCKS_PER_SEC / 2)
		f(100000);
	trivet_close(e);
	return 0;
}
