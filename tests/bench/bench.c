/* bench.c - measures every kernel in one process: its C twin by several compilers, and Trivet's
 * three modes.
 *
 *     bench FOLDER [PART OF A NAME]            all figures; with "-": those of no kernel
 *     bench --marked FOLDER                    one call of each between marks, to be counted
 *
 * Prints records for tests/bench/bench.py, one a line, fields separated by tabs:
 *
 *     result  KERNEL NUMBER                    the same by all, or the program fails
 *     run     KERNEL COLUMN NANOSECONDS        a call; median of ROUNDS, the columns taken in turn
 *     text    KERNEL COLUMN NANOSECONDS        from text to code that can be called
 *     each    KERNEL COLUMN NANOSECONDS        the same a function, COPIES of the text in one
 *     phase   KERNEL MODE PHASE NANOSECONDS    the parts of it
 *     size    KERNEL MODE BYTES                machine code alone
 *     memory  KERNEL MODE BYTES                most that parsing and compiling had allocated
 *     large   MODE OPERATIONS NANOSECONDS      one long function
 *     solved  FUNCTION TYPE STEPS NANOSECONDS  a call of tests/bench/solved.tv
 *     steps   ENGINE NANOSECONDS               a hundred million steps of a loop */
#define _POSIX_C_SOURCE 200809L
#include "kernels/list.h"
#include "trivet.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#ifdef HAVE_TCC
#include <libtcc.h>
#include <math.h>
#endif

enum { ROUNDS = 5, COMPILES = 51, CELLS = 8192 };

typedef int64_t Kernel(int64_t n, int64_t *xs, int64_t nxs, double *fs, int64_t nfs);

/* ---- What is compared ---- */

#ifdef HAVE_CLANG
#define CLANG_LIST(X, name) X(name, clang_O2) X(name, clang_O3)
#else
#define CLANG_LIST(X, name)
#endif
#define C_LIST(X, name) X(name, gcc_O0) X(name, gcc_O2) X(name, gcc_O3) CLANG_LIST(X, name)

#define DECLARE(name, how) Kernel name##_##how;
#define X(name, n) C_LIST(DECLARE, name)
KERNEL_LIST(X)
#undef X

#define COUNT(name, how) +1
#define TEXT(name, how) #how,
enum { C_COLUMNS = 0 C_LIST(COUNT, ), COLUMNS = C_COLUMNS + 4 };
static const char *const column_name[COLUMNS] = { C_LIST(TEXT, ) "tcc", "baseline", "optimized",
						  "interp" };

static const struct {
	const char *name;
	int64_t n;
	Kernel *c[C_COLUMNS];
} kernels[] = {
#define ENTRY(name, how) name##_##how,
#define X(name, n) { #name, n, { C_LIST(ENTRY, name) } },
	KERNEL_LIST(X)
#undef X
};

static int64_t xs[CELLS];
static double fs[CELLS];

/* CPU time of this process: what else the machine does costs others, not us.  Lua's os.clock() too.
 */
static uint64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void
fail(const char *what, const char *why)
{
	fprintf(stderr, "bench: %s: %s\n", what, why);
	exit(1);
}

static double
median(double *values, int n)
{
	for (int i = 1; i < n; i++)
		for (int j = i; j > 0 && values[j] < values[j - 1]; j--) {
			double t = values[j];
			values[j] = values[j - 1];
			values[j - 1] = t;
		}
	return values[n / 2];
}

static char *
read_file(const char *path, size_t *length)
{
	FILE *f = fopen(path, "rb");
	char *text = calloc(1, 1 << 16);

	if (!f || !text)
		fail(path, "cannot be read");
	*length = fread(text, 1, (1 << 16) - 1, f);
	fclose(f);
	return text;
}

/* ---- An allocator that knows the most it had given ---- */

typedef struct Meter {
	size_t live, most;
} Meter;

static void *
metered(void *user, void *p, size_t old_size, size_t size)
{
	Meter *m = user;
	void *to = NULL;

	if (size == 0)
		free(p);
	else if (!(to = realloc(p, size)))
		return NULL;
	m->live += size - old_size;
	if (m->live > m->most)
		m->most = m->live;
	return to;
}

/* ---- libtcc: the same C text, compiled in this process ---- */

/* Instead of the headers, whose reading would be most of its time. */
static const char prelude[] =
	"typedef long long int64_t; typedef unsigned long long uint64_t; typedef int int32_t;\n"
	"typedef unsigned uint32_t; double sqrt(double);\n"
	"static int64_t bits(double x) { union { double x; int64_t b; } u; u.x = x; return u.b; "
	"}\n";

/* A kernel's C text behind its #include lines, and KERNEL spelled out. */
static char *
c_body(const char *text)
{
	static const char head[] =
		"int64_t kernel(int64_t n, int64_t *xs, int64_t nxs, double *fs, int64_t nfs)";
	const char *from = strstr(text, "\"kernel.h\"\n"), *macro = strstr(text, "\nKERNEL\n");
	size_t room = strlen(text) + sizeof head;
	char *body = malloc(room);

	if (!body || !from || !macro)
		fail("C text", "is not as kernel.h says");
	from += strlen("\"kernel.h\"\n");
	snprintf(body, room, "%.*s\n%s%s", (int)(macro - from), from, head,
		 macro + strlen("\nKERNEL"));
	return body;
}

#ifdef HAVE_TCC
static TCCState *
tcc_compile(const char *text, const char *name, Kernel **out)
{
	TCCState *s = tcc_new();

	if (!s)
		fail("libtcc", "no memory");
	tcc_set_output_type(s, TCC_OUTPUT_MEMORY);
	tcc_set_options(s, "-nostdlib");
	tcc_add_symbol(s, "sqrt", (void *)(uintptr_t)sqrt);
	if (tcc_compile_string(s, text) || tcc_relocate(s, TCC_RELOCATE_AUTO))
		fail("libtcc", "cannot compile a kernel");
	*(void **)out = tcc_get_symbol(s, name);
	return s;
}

static double
tcc_time(const char *text, const char *name)
{
	double ns[COMPILES];

	for (int i = 0; i < COMPILES; i++) {
		uint64_t start = now();
		Kernel *k;
		TCCState *s = tcc_compile(text, name, &k);
		ns[i] = (double)(now() - start);
		tcc_delete(s);
	}
	return median(ns, COMPILES);
}
#endif

/* ---- Many functions in one text ---- */

enum { COPIES = 20 };

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

/* `copies` of the text, the functions that `m` has renamed in each; none: the text as it is. */
static char *
copies_of(const char *head, const char *text, trivet_module *m, int copies)
{
	size_t room = strlen(head) + (size_t)(copies + 1) * (strlen(text) * 2 + 256), n;
	char *out = malloc(room);

	if (!out)
		fail("copies", "no memory");
	n = (size_t)snprintf(out, room, "%s%s", head, copies ? "" : text);
	for (int copy = 0; copy < copies; copy++)
		for (const char *at = text; *at;) {
			int length = 0;

			while (is_word(at[length]))
				length++;
			n += (size_t)snprintf(out + n, room - n, "%.*s", length ? length : 1, at);
			for (uint32_t i = 0; length && i < trivet_function_count(m); i++) {
				trivet_function_info f;

				trivet_function_get(m, i, &f);
				if (!strncmp(f.name, at, (size_t)length) && !f.name[length])
					n += (size_t)snprintf(out + n, room - n, "_%d", copy);
			}
			at += length ? length : 1;
		}
	return out;
}

/* ---- One kernel ---- */

typedef struct Column {
	Kernel *call;	   /* or, for the interpreter, … */
	trivet_code *code; /* … this; neither: not measured */
	uint64_t repeat;   /* calls per measurement */
	double ns[ROUNDS];
} Column;

static int64_t
call_once(const Column *c, int64_t n)
{
	trivet_value args[3] = { { .type = TRIVET_I64 },
				 { .type = TRIVET_SPAN_I64 },
				 { .type = TRIVET_SPAN_F64 } };
	trivet_value result;

	if (c->call)
		return c->call(n, xs, CELLS, fs, CELLS);
	args[0].as.i64 = n;
	args[1].as.span.data = xs;
	args[1].as.span.length = CELLS;
	args[2].as.span.data = fs;
	args[2].as.span.length = CELLS;
	if (trivet_call(c->code, "kernel", args, 3, &result))
		fail("interp", "the call failed");
	return result.as.i64;
}

static double
measure(const Column *c, int64_t n, uint64_t repeat)
{
	uint64_t start = now();

	for (uint64_t i = 0; i < repeat; i++)
		call_once(c, n);
	return (double)(now() - start) / (double)repeat;
}

static const trivet_mode modes[3] = { TRIVET_BASELINE, TRIVET_OPTIMIZED, TRIVET_INTERP };

static const struct {
	const char *name;
	size_t at;
} phases[] = {
#define X(name) { #name, offsetof(trivet_times, name) },
	X(parse) X(check) X(ssa) X(passes) X(allocate) X(emit) X(seal)
#undef X
};
enum { PHASES = sizeof phases / sizeof *phases };

typedef struct Open {
	trivet_engine *engine;
	trivet_module *module;
	char *text, *c_text;   /* c_text: with its prelude */
	char *texts, *c_texts; /* COPIES of them */
	size_t length;
	Column columns[COLUMNS];
} Open;

typedef struct Compiled {
	double phase[PHASES];
	size_t size, memory;
} Compiled;

/* Nanoseconds from text to code, the median of COMPILES in an engine of their own. */
static double
compile_once(const char *name, const char *text, trivet_mode mode, Compiled *out)
{
	const trivet_compile_options o = { .mode = mode };
	Meter meter = { 0, 0 };
	const trivet_options options = { .allocator = { metered, &meter } };
	double ns[COMPILES], phase[PHASES][COMPILES];
	size_t length = strlen(text);
	trivet_engine *e;

	*out = (Compiled){ 0 };
	if (trivet_open(&options, &e))
		fail(name, "no engine");
	for (int i = 0; i < COMPILES; i++) {
		trivet_image image = { 0 };
		trivet_times times;
		trivet_module *m;
		trivet_code *c;
		uint64_t start = now();

		if (trivet_parse(e, name, text, length, &m) || trivet_compile(m, &o, &c))
			fail(name, trivet_message(e));
		ns[i] = (double)(now() - start);
		trivet_last_times(e, &times);
		for (int p = 0; p < PHASES; p++)
			phase[p][i] = (double)*(uint64_t *)(void *)((char *)&times + phases[p].at);
		if (mode != TRIVET_INTERP)
			trivet_code_image(c, &image);
		out->size = image.code_size;
		trivet_code_free(c);
		trivet_module_free(m);
	}
	trivet_close(e);
	out->memory = meter.most;
	for (int p = 0; p < PHASES; p++)
		out->phase[p] = median(phase[p], COMPILES);
	return median(ns, COMPILES);
}

static void
compile_times(const char *name, const Open *o, int column)
{
	trivet_mode mode = modes[column - C_COLUMNS - 1];
	const char *by = column_name[column];
	Compiled one, many;
	double ns = compile_once(name, o->text, mode, &one);

	printf("text\t%s\t%s\t%.0f\n", name, by, ns);
	for (int p = 0; p < PHASES; p++)
		printf("phase\t%s\t%s\t%s\t%.0f\n", name, by, phases[p].name, one.phase[p]);
	printf("memory\t%s\t%s\t%zu\n", name, by, one.memory);
	ns = compile_once(name, o->texts, mode, &many);
	printf("each\t%s\t%s\t%.0f\n", name, by, ns / (COPIES * trivet_function_count(o->module)));
	if (mode != TRIVET_INTERP)
		printf("size\t%s\t%s\t%zu\n", name, by, one.size);
}

static void
open_kernel(size_t k, const char *folder, Open *o)
{
	const char *name = kernels[k].name;
	char path[512], *file, *body;
	size_t length;
	trivet_module *m;

	memset(o, 0, sizeof *o);
	for (int i = 0; i < C_COLUMNS; i++)
		o->columns[i].call = kernels[k].c[i];
	snprintf(path, sizeof path, "%s/%s.c", folder, name);
	file = read_file(path, &length);
	body = c_body(file);
	free(file);
	snprintf(path, sizeof path, "%s/%s.tv", folder, name);
	o->text = read_file(path, &o->length);
	if (trivet_open(NULL, &o->engine) || trivet_parse(o->engine, path, o->text, o->length, &m))
		fail(path, o->engine ? trivet_message(o->engine) : "no memory");
	o->module = m;
	o->texts = copies_of("", o->text, m, COPIES);
	o->c_texts = copies_of(prelude, body, m, COPIES);
	o->c_text = copies_of(prelude, body, m, 0);
	free(body);
	for (int i = 0; i < 3; i++) {
		trivet_compile_options how = { .mode = modes[i] };
		Column *c = &o->columns[C_COLUMNS + 1 + i];

		if (trivet_compile(m, &how, &c->code))
			fail(path, trivet_message(o->engine));
		if (how.mode != TRIVET_INTERP)
			c->call = (Kernel *)trivet_entry(c->code, "kernel", "i64(i64,[i64],[f64])");
	}
#ifdef HAVE_TCC
	tcc_compile(o->c_text, "kernel", &o->columns[C_COLUMNS].call);
#endif
}

static void
close_kernel(Open *o)
{
	trivet_close(o->engine);
	free(o->text);
	free(o->c_text);
	free(o->texts);
	free(o->c_texts);
}

static void
bench_kernel(size_t k, const char *folder)
{
	const char *name = kernels[k].name;
	int64_t n = kernels[k].n, expected;
	Open o;

	open_kernel(k, folder, &o);
	expected = call_once(&o.columns[0], n);
	printf("result\t%s\t%" PRId64 "\n", name, expected);
	for (int i = 0; i < COLUMNS; i++) {
		Column *c = &o.columns[i];

		if (!c->call && !c->code)
			continue;
		if (call_once(c, n) != expected)
			fail(name, "the columns' results differ");
		for (c->repeat = 1; measure(c, n, c->repeat) * (double)c->repeat < 4e6;)
			c->repeat *= 2;
	}
	for (int round = 0; round < ROUNDS; round++)
		for (int i = 0; i < COLUMNS; i++)
			if (o.columns[i].repeat)
				o.columns[i].ns[round] =
					measure(&o.columns[i], n, o.columns[i].repeat);
	for (int i = 0; i < COLUMNS; i++)
		if (o.columns[i].repeat)
			printf("run\t%s\t%s\t%.1f\n", name, column_name[i],
			       median(o.columns[i].ns, ROUNDS));
#ifdef HAVE_TCC
	printf("text\t%s\ttcc\t%.0f\n", name, tcc_time(o.c_text, "kernel"));
	printf("each\t%s\ttcc\t%.0f\n", name,
	       tcc_time(o.c_texts, "kernel_0") / (COPIES * trivet_function_count(o.module)));
#endif
	for (int i = 0; i < 3; i++)
		compile_times(name, &o, C_COLUMNS + 1 + i);
	fflush(stdout);
	close_kernel(&o);
}

/* One call of each native column between two marks, for tests/rig/tcg/count.sh.  The first call
 * before it makes memory alike for all. */
static int
marked_calls(const char *folder)
{
#ifdef __aarch64__
	for (size_t k = 0; k < sizeof kernels / sizeof *kernels; k++) {
		Open o;

		open_kernel(k, folder, &o);
		for (int i = 0; i < COLUMNS; i++) {
			Kernel *call = o.columns[i].call;

			if (!call)
				continue;
			call(kernels[k].n, xs, CELLS, fs, CELLS);
			__asm__ volatile("hint #80");
			call(kernels[k].n, xs, CELLS, fs, CELLS);
			__asm__ volatile("hint #81");
			printf("marked\t%s\t%s\n", kernels[k].name, column_name[i]);
		}
		close_kernel(&o);
	}
	return 0;
#else
	(void)folder;
	fprintf(stderr, "bench: instructions are counted of AArch64 programs alone\n");
	return 77;
#endif
}

/* ---- One long function ---- */

/* Straight code over 16 variables with a branch now and then; three operations a statement. */
static char *
long_text(int operations)
{
	size_t room = (size_t)operations * 24 + 4096, n = 0;
	char *text = malloc(room);
	uint32_t x = 1;

	if (!text)
		fail("large", "no memory");
	n += (size_t)snprintf(text, room, "fn large(a: i64, b: i64) -> i64 {\n");
	for (int i = 0; i < 16; i++)
		n += (size_t)snprintf(text + n, room - n, "let v%d: i64 = a + b * %d;\n", i, i + 3);
	for (int i = 0; i < operations / 3; i++) {
		x = x * 1664525 + 1013904223;
		n += (size_t)snprintf(text + n, room - n,
				      i % 16 == 15 ? "if v%u < v%u { v%u = (v%u - v%u) ^ %u; }\n"
						   : "v%u = (v%u + v%u) * v%u ^ %u;\n",
				      x >> 28, x >> 24 & 15, x >> 20 & 15, x >> 16 & 15,
				      x >> 8 & 15, x & 255);
	}
	n += (size_t)snprintf(text + n, room - n, "return v0");
	for (int i = 1; i < 16; i++)
		n += (size_t)snprintf(text + n, room - n, " + v%d", i);
	snprintf(text + n, room - n, ";\n}\n");
	return text;
}

static void
bench_large(int operations)
{
	char *text = long_text(operations);

	for (int i = 0; i < 2; i++) {
		const trivet_compile_options o = { .mode = modes[i] };
		double ns[3];

		for (int round = 0; round < 3; round++) {
			trivet_engine *e;
			trivet_module *m;
			trivet_code *c;
			uint64_t start;

			if (trivet_open(NULL, &e))
				fail("large", "no engine");
			start = now();
			if (trivet_parse(e, "large", text, strlen(text), &m) ||
			    trivet_compile(m, &o, &c))
				fail("large", trivet_message(e));
			ns[round] = (double)(now() - start);
			trivet_close(e);
		}
		printf("large\t%s\t%d\t%.0f\n", i ? "optimized" : "baseline", operations,
		       median(ns, 3));
	}
	free(text);
}

/* ---- Solved loops ---- */

static double
call_time(int64_t (*f)(int64_t), int64_t n, uint64_t calls)
{
	uint64_t start = now();
	volatile int64_t sink = 0;

	for (uint64_t i = 0; i < calls; i++)
		sink = f(n);
	(void)sink;
	return (double)(now() - start) / (double)calls;
}

static double
call_time32(int32_t (*f)(int32_t), int32_t n, uint64_t calls)
{
	uint64_t start = now();
	volatile int32_t sink = 0;

	for (uint64_t i = 0; i < calls; i++)
		sink = f(n);
	(void)sink;
	return (double)(now() - start) / (double)calls;
}

/* Every function of the file in two widths.  First with few steps, lest an unsolved one takes for
 * ever. */
static void
bench_solved(const char *path, bool narrow)
{
	const char *type = narrow ? "i32" : "i64";
	trivet_engine *e;
	trivet_module *m;
	trivet_code *c;
	size_t length;
	char *text = read_file(path, &length);

	for (char *at = text; narrow && (at = strstr(at, "i64"));)
		memcpy(at, "i32", 3);
	if (trivet_open(NULL, &e) || trivet_parse(e, path, text, length, &m) ||
	    trivet_compile(m, NULL, &c))
		fail(path, trivet_message(e));
	for (uint32_t i = 0; i < trivet_function_count(m); i++) {
		trivet_function_info f;
		trivet_function entry;
		int64_t steps = 1 << 10, most = narrow ? INT32_MAX - 1 : (int64_t)1 << 40;
		double ns = 0;

		trivet_function_get(m, i, &f);
		entry = trivet_entry(c, f.name, f.signature);
		if (!entry)
			fail(f.name, trivet_message(e));
		for (;; steps = steps > most / 16 ? most : steps * 16) {
			for (uint64_t calls = 1; calls <= 1 << 16; calls *= 2) {
				ns = narrow ? call_time32((int32_t(*)(int32_t))entry,
							  (int32_t)steps, calls)
					    : call_time((int64_t(*)(int64_t))entry, steps, calls);
				if (ns * (double)calls > 1e6)
					break;
			}
			if (steps == most || ns > 1e5)
				break;
		}
		printf("solved\t%s\t%s\t%" PRId64 "\t%.2f\n", f.name, type, steps, ns);
	}
	trivet_close(e);
	free(text);
}

/* The published figure that this is compared with: an interpreter's hundred million steps against
 * one call. */
static void
bench_steps(void)
{
	static const char text[] = "fn f(n: i64) -> i64 {\n"
				   "	let sum: i64 = 0;\n"
				   "	let i: i64 = 0;\n"
				   "	while i < n { sum = sum + i; i = i + 1; }\n"
				   "	return sum;\n"
				   "}\n";
	const trivet_compile_options interp = { .mode = TRIVET_INTERP };
	trivet_value n = { .type = TRIVET_I64, .as.i64 = 100000000 }, result;
	int64_t (*f)(int64_t);
	trivet_engine *e;
	trivet_module *m;
	trivet_code *slow, *fast;
	uint64_t start;

	if (trivet_open(NULL, &e) || trivet_parse(e, "steps", text, strlen(text), &m) ||
	    trivet_compile(m, &interp, &slow) || trivet_compile(m, NULL, &fast))
		fail("steps", trivet_message(e));
	f = (int64_t(*)(int64_t))trivet_entry(fast, "f", "i64(i64)");
	start = now();
	if (trivet_call(slow, "f", &n, 1, &result) || result.as.i64 != f(n.as.i64))
		fail("steps", "the engines' results differ");
	printf("steps\tinterp\t%.0f\n", (double)(now() - start));
	printf("steps\toptimized\t%.2f\n", call_time(f, n.as.i64, 10000000));
	trivet_close(e);
}

int
main(int argc, char **argv)
{
	const char *folder = argc > 1 ? argv[1] : "tests/bench/kernels";
	char path[512];

	if (argc == 3 && !strcmp(argv[1], "--marked"))
		return marked_calls(argv[2]);
	for (size_t k = 0; k < sizeof kernels / sizeof *kernels; k++)
		if (argc < 3 || !*argv[2] || strstr(kernels[k].name, argv[2]))
			bench_kernel(k, folder);
	if (argc > 2 && strcmp(argv[2], "-"))
		return 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	bench_large(45000);
	bench_large(90000);
	snprintf(path, sizeof path, "%s/../solved.tv", folder);
	bench_solved(path, false);
	bench_solved(path, true);
	bench_steps();
	return 0;
}
