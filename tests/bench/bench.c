/* bench.c - measures every kernel in one process: its C twin at -O0 and -O2, and Trivet's three
 * modes.
 *
 * Prints one line a kernel for tests/bench/bench.py: name, result, then nanoseconds a call (medians
 * of ROUNDS, taken in turn so that a noisy moment hits all alike), then nanoseconds from text to
 * sealed code, then bytes of code.  A result that differs is an error. */
#define _POSIX_C_SOURCE 200809L
#include "kernels/list.h"
#include "trivet.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 5, CELLS = 8192, MODES = 3, COLUMNS = 2 + MODES };

typedef int64_t Kernel(int64_t n, int64_t *xs, int64_t nxs, double *fs, int64_t nfs);
#define X(name, n) Kernel name##_O0, name##_O2;
KERNEL_LIST(X)
#undef X

static const struct {
	const char *name;
	int64_t n;
	Kernel *o0, *o2;
} kernels[] = {
#define X(name, n) { #name, n, name##_O0, name##_O2 },
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

typedef struct Column {
	Kernel *call;	   /* or, for the interpreter, … */
	trivet_code *code; /* … this */
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
	if (trivet_call(c->code, "kernel", args, 3, &result)) {
		fprintf(stderr, "the interpreter failed\n");
		exit(1);
	}
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

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static char *
read_file(const char *path, size_t *length)
{
	FILE *f = fopen(path, "rb");
	char *text = calloc(1, 1 << 16);

	if (!f || !text) {
		fprintf(stderr, "cannot read %s\n", path);
		exit(1);
	}
	*length = fread(text, 1, (1 << 16) - 1, f);
	fclose(f);
	return text;
}

/* Median time from text to sealed code, nanoseconds. */
static double
compile_time(const char *name, const char *text, size_t length, trivet_mode mode)
{
	const trivet_compile_options o = { .mode = mode };
	double ns[101];
	trivet_engine *e;

	if (trivet_open(NULL, &e))
		exit(1);
	for (int i = 0; i < 101; i++) {
		trivet_module *m;
		trivet_code *c;
		uint64_t start = now();

		if (trivet_parse(e, name, text, length, &m) || trivet_compile(m, &o, &c)) {
			fprintf(stderr, "%s: %s\n", name, trivet_message(e));
			exit(1);
		}
		ns[i] = (double)(now() - start);
		trivet_code_free(c);
		trivet_module_free(m);
	}
	trivet_close(e);
	qsort(ns, 101, sizeof *ns, by_size);
	return ns[50];
}

static void
bench_kernel(size_t k, const char *folder)
{
	static const trivet_mode modes[MODES] = { TRIVET_BASELINE, TRIVET_OPTIMIZED,
						  TRIVET_INTERP };
	Column columns[COLUMNS] = { { .call = kernels[k].o0 }, { .call = kernels[k].o2 } };
	const char *name = kernels[k].name;
	int64_t n = kernels[k].n, expected;
	trivet_engine *e;
	trivet_module *m;
	trivet_image image = { 0 };
	char path[512];
	size_t length;
	char *text;

	snprintf(path, sizeof path, "%s/%s.tv", folder, name);
	text = read_file(path, &length);
	if (trivet_open(NULL, &e) || trivet_parse(e, path, text, length, &m)) {
		fprintf(stderr, "%s: %s\n", path, e ? trivet_message(e) : "no memory");
		exit(1);
	}
	expected = call_once(&columns[0], n);
	for (int i = 0; i < COLUMNS; i++) {
		Column *c = &columns[i];
		if (i >= 2) {
			trivet_compile_options o = { .mode = modes[i - 2] };
			if (trivet_compile(m, &o, &c->code)) {
				fprintf(stderr, "%s: %s\n", path, trivet_message(e));
				exit(1);
			}
			if (o.mode != TRIVET_INTERP)
				c->call = (Kernel *)trivet_entry(c->code, "kernel",
								 "i64(i64,[i64],[f64])");
			if (o.mode == TRIVET_BASELINE)
				trivet_code_image(c->code, &image);
		}
		if (call_once(c, n) != expected) {
			fprintf(stderr, "%s: column %d gives another result\n", name, i);
			exit(1);
		}
		for (c->repeat = 1; measure(c, n, c->repeat) * (double)c->repeat < 4e6;)
			c->repeat *= 2;
	}
	for (int round = 0; round < ROUNDS; round++)
		for (int i = 0; i < COLUMNS; i++)
			columns[i].ns[round] = measure(&columns[i], n, columns[i].repeat);
	printf("%s\t%" PRId64, name, expected);
	for (int i = 0; i < COLUMNS; i++) {
		qsort(columns[i].ns, ROUNDS, sizeof(double), by_size);
		printf("\t%.1f", columns[i].ns[ROUNDS / 2]);
	}
	for (int i = 0; i < MODES; i++)
		printf("\t%.0f", compile_time(path, text, length, modes[i]));
	printf("\t%zu\n", image.code_size);
	fflush(stdout);
	trivet_close(e);
	free(text);
}

int
main(int argc, char **argv)
{
	for (size_t k = 0; k < sizeof kernels / sizeof *kernels; k++)
		if (argc < 3 || strstr(kernels[k].name, argv[2]))
			bench_kernel(k, argc > 1 ? argv[1] : "tests/bench/kernels");
	return 0;
}
