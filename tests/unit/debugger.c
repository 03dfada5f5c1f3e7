/* debugger.c - what a debugger is told of generated code: gdb itself shows it, where there is one.
 */
#define _GNU_SOURCE
#include "check.h"
#include "code/debugger.h"
#include "starve.h"
#include "trivet.h"

#include <stdlib.h>
#ifdef __linux__
#include <unistd.h>
#endif

static const char text[] = "extern fn debugger_probe(i64) -> i64;\n"
			   "fn inner(n: i64) -> i64 {\n"
			   "  let m = n * 3;\n"
			   "  return debugger_probe(m) / n;\n"
			   "}\n"
			   "fn outer(n: i64) -> i64 {\n"
			   "  let m = inner(n);\n"
			   "  return m + 1;\n"
			   "}\n";

__attribute__((noinline)) int64_t debugger_probe(int64_t n);

int64_t
debugger_probe(int64_t n)
{
	__asm__ volatile("" : "+r"(n)::"memory");
	return n;
}

extern struct jit_descriptor {
	uint32_t version, action;
	DebugEntry *relevant, *first;
} __jit_debug_descriptor;

static trivet_engine *
opened(bool debugger)
{
	const trivet_options o = { .debugger = debugger };
	trivet_engine *e = NULL;

	CHECK_EQ(trivet_open(&o, &e), TRIVET_OK);
	CHECK_EQ(trivet_bind(e, "debugger_probe", "i64(i64)", (trivet_function)debugger_probe),
		 TRIVET_OK);
	return e;
}

static trivet_code *
compiled(trivet_engine *e)
{
	const trivet_compile_options o = { .mode = TRIVET_BASELINE };
	trivet_module *m = NULL;
	trivet_code *c = NULL;

	CHECK_EQ(trivet_parse(e, "shown.tv", text, sizeof text - 1, &m), TRIVET_OK);
	CHECK_EQ(trivet_compile(m, &o, &c), TRIVET_OK);
	return c;
}

/* The program that gdb runs. */
static int
child(void)
{
	trivet_engine *e = opened(true);
	trivet_code *c = compiled(e);
	int64_t (*f)(int64_t) = (int64_t(*)(int64_t))trivet_entry(c, "outer", "i64(i64)");

	if (f)
		CHECK_EQ(f(7), 4);
	trivet_close(e);
	return check_done();
}

static uint32_t
listed(void)
{
	uint32_t n = 0;
	const DebugEntry *before = NULL;

	for (const DebugEntry *d = __jit_debug_descriptor.first; d; before = d, d = d->next) {
		CHECK(d->prev == before);
		CHECK(d->size > 64 && memcmp(d->object, "\177ELF", 4) == 0);
		n++;
	}
	return n;
}

/* In the list as long as the code lives, in any order of leaving; only when asked for. */
static void
test_list(bool windows)
{
	trivet_engine *e = opened(true), *silent = opened(false);
	trivet_code *c[3];

	compiled(silent);
	CHECK_EQ(listed(), 0);
	for (int k = 0; k < 3; k++) {
		c[k] = compiled(e);
		CHECK_EQ(listed(), windows ? 0 : k + 1);
	}
	trivet_code_free(c[1]);
	CHECK_EQ(listed(), windows ? 0 : 2);
	trivet_code_free(c[2]);
	CHECK_EQ(listed(), windows ? 0 : 1);
	trivet_close(e);
	CHECK_EQ(listed(), 0);
	trivet_close(silent);
}

static void
test_memory(void)
{
	const DebugSymbol f = { "f", 0, 10 };
	const DebugLine lines[] = { { 0, 1 }, { 4, 200000 }, { 200, 3 } };
	const DebugModule m = { .file = "f.tv",
				.size = 1000,
				.symbols = &f,
				.nsymbols = 1,
				.lines = lines,
				.nlines = 3 };
	bool enough = false;

	for (unsigned allowed = 0; !enough && allowed < 100; allowed++) {
		Starved host;
		Mem mem;
		Arena a;
		Text t;

		starved_init(&mem, &host, allowed);
		arena_init(&a, &mem);
		text_init(&t, &a);
		debugger_object(&t, &m);
		enough = !mem.failed;
		CHECK(enough ? t.n > 64 && memcmp(t.at, "\177ELF", 4) == 0 : allowed < 20);
		arena_free(&a);
		CHECK_EQ(host.blocks, 0);
	}
	CHECK(enough);
}

#ifdef __linux__

/* A line for every piece of code, and nothing but such lines. */
static void
test_perf_map(void)
{
	const trivet_options o = { .perf_map = true };
	unsigned long start, size;
	char name[64], line[200];
	trivet_engine *e = NULL;
	trivet_image image;
	trivet_code *c;
	uint32_t n = 0;
	FILE *map;

	snprintf(name, sizeof name, "/tmp/perf-%ld.map", (long)getpid());
	remove(name);
	e = opened(false);
	compiled(e);
	trivet_close(e);
	CHECK(access(name, F_OK) != 0); /* only when asked */
	CHECK_EQ(trivet_open(&o, &e), TRIVET_OK);
	trivet_bind(e, "debugger_probe", "i64(i64)", (trivet_function)debugger_probe);
	c = compiled(e);
	CHECK_EQ(trivet_code_image(c, &image), TRIVET_OK);
	map = fopen(name, "r");
	while (map && fgets(line, sizeof line, map)) {
		trivet_symbol s;
		int at = 0;

		CHECK_EQ(trivet_code_symbol(c, n++, &s), TRIVET_OK);
		CHECK(sscanf(line, "%lx %lx %n", &start, &size, &at) == 2 && at > 0);
		CHECK_EQ(start, (uintptr_t)image.bytes + s.start);
		CHECK_EQ(size, s.end - s.start);
		line[strcspn(line, "\n")] = '\0';
		CHECK_STR(line + at, s.name);
	}
	CHECK_EQ(n, image.functions);
	if (map)
		fclose(map);
	remove(name);
	trivet_close(e);
}

/* gdb must print these in this order. */
static void
test_gdb(const char *self)
{
	static const char *const wanted[] = {
		"debugger_probe",
		"in inner () at shown.tv:4",
		"in outer () at shown.tv:7",
		"in outer(entry) () at shown.tv:6",
		"main",
		"exited normally",
	};
	enum { NWANTED = sizeof wanted / sizeof *wanted };
	char command[1000], line[1000], all[10000] = "";
	size_t n = 0, got;
	const char *at = all;
	FILE *gdb;

	snprintf(command, sizeof command,
		 "ASAN_OPTIONS=detect_leaks=0 gdb -q -nx -batch -iex 'set debuginfod enabled off' "
		 "-ex 'break debugger_probe' "
		 "-ex run "
		 "-ex bt -ex continue --args '%s' child 2>&1 </dev/null",
		 self);
	gdb = popen(command, "r");
	if (!CHECK(gdb != NULL))
		return;
	while ((got = fread(line, 1, sizeof line, gdb)) > 0)
		if (n + got < sizeof all) {
			memcpy(all + n, line, got);
			n += got;
		}
	pclose(gdb);
	if (!strstr(all, "Breakpoint 1, ")) {
		puts("gdb cannot run a program here; its output is not checked");
		return;
	}
	for (int k = 0; k < NWANTED; k++) {
		const char *found = strstr(at, wanted[k]);
		if (!CHECK(found != NULL)) {
			printf("    no \"%s\" in\n%s\n", wanted[k], all);
			return;
		}
		at = found;
	}
}

#endif

int
main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "child") == 0)
		return child();
#ifdef _WIN32
	test_list(true);
#else
	test_list(false);
#endif
	test_memory();
#if defined(__linux__)
	test_perf_map();
	if (system("gdb --version >/dev/null 2>&1") == 0)
		test_gdb(argv[0]);
	else
		puts("there is no gdb");
#endif
	return check_done();
}
