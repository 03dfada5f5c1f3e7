/* check.c - trivet check: programs that are their own tests, from files or from a stream. */
#include "cli/cli.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#ifndef TRIVET_BUILD_ID
#define TRIVET_BUILD_ID "unknown"
#endif

typedef struct Tally {
	uint32_t passed, failed, open; /* open: without expectation */
} Tally;

static trivet_status
run_one(const Options *o, trivet_code *c, uint32_t index, trivet_report *r, Tally *t)
{
	trivet_status s;

	trivet_rearm(c);
	watchdog_start(c, o->timeout_ms);
	s = trivet_run_directive(c, index, r);
	watchdog_stop();
	if (s || r->verdict == TRIVET_FAIL)
		t->failed++;
	else if (r->verdict == TRIVET_PASS)
		t->passed++;
	else
		t->open++;
	return s;
}

static void
print_one(const Options *o, const char *file, trivet_mode m, const trivet_report *r)
{
	const char *result = o->bits || r->verdict == TRIVET_FAIL ? r->bits : r->result;

	printf("%-4s %s:%" PRIu32 ": %s: %s = %s",
	       r->verdict == TRIVET_FAIL   ? "FAIL"
	       : r->verdict == TRIVET_PASS ? "ok"
					   : "-",
	       file, r->line, mode_name(m), r->call, result);
	if (r->verdict == TRIVET_FAIL)
		printf(" (%s), expected %s", r->result, r->expected);
	printf("\n");
}

static int
check_file(const Options *o, const char *path, Tally *t)
{
	trivet_report r;
	Loaded l;
	int status = load_file(o, path, &l);

	for (int m = MODE_COUNT - 1; m >= 0 && !status; m--) {
		if (!l.code[m])
			continue;
		for (uint32_t i = 0; i < trivet_directive_count(l.module) && !status; i++) {
			trivet_status s = run_one(o, l.code[m], i, &r, t);

			if (s)
				status = complain(l.engine, s);
			else
				print_one(o, path, (trivet_mode)m, &r);
		}
	}
	unload(&l);
	return status;
}

int
command_check(const Options *o)
{
	Tally t = { 0 };
	int worst = 0;

	if (o->stream)
		return command_stream(o);
	if (!o->count) {
		fprintf(stderr, "trivet: usage: trivet check FILE.tv... [options]\n");
		return EXIT_USAGE;
	}
	for (int i = 0; i < o->count; i++) {
		int status = check_file(o, o->operands[i], &t);
		worst = status > worst ? status : worst;
	}
	if (t.passed + t.failed + t.open) {
		printf("%" PRIu32 " passed, %" PRIu32 " failed, %" PRIu32 " without expectation\n",
		       t.passed, t.failed, t.open);
	} else if (!worst) {
		fprintf(stderr,
			"trivet: no directives (lines such as `//! f(1) == 2`) were found\n");
		return EXIT_CHECK_FAILED;
	}
	return worst ? worst : t.failed ? EXIT_CHECK_FAILED : EXIT_DONE;
}

/* ---- The stream ---- */

/* Text of one program, gathered line by line. */
typedef struct Gathered {
	char *name, *text;
	size_t length, capacity;
} Gathered;

/* The protocol's fields end at tabs and its lines at line ends; calls and messages may hold either.
 */
static void
print_field(const char *s)
{
	for (; *s; s++)
		putchar((unsigned char)*s < ' ' ? ' ' : *s);
}

static void
stream_result(const Gathered *g, trivet_mode m, const trivet_report *r)
{
	printf("%s:%" PRIu32 "\t%s\t", g->name, r->line, mode_name(m));
	print_field(r->call);
	printf("\t%s", r->bits);
	if (r->span_hash)
		printf(" spans:%016" PRIx64, r->span_hash);
	if (r->verdict == TRIVET_FAIL)
		printf("\tFAIL expected %s\n", r->expected);
	else
		printf("\t%s\n", r->verdict == TRIVET_PASS ? "ok" : "-");
	fflush(stdout);
}

static void
stream_error(const Gathered *g, const char *what)
{
	printf("%s\terror\t", g->name);
	print_field(what);
	printf("\n");
	fflush(stdout);
}

static void
stream_directives(const Options *o, const Gathered *g, Loaded *l, Tally *t)
{
	trivet_report r;

	for (int m = MODE_COUNT - 1; m >= 0; m--) {
		trivet_compile_options c = {
			.mode = (trivet_mode)m,
			.interruptible = o->timeout_ms != 0,
			.verify = o->verify,
			.without = o->without,
		};

		if (!o->modes[m])
			continue;
		if (trivet_compile(l->module, &c, &l->code[m])) {
			stream_error(g, trivet_message(l->engine));
			t->failed++;
			continue;
		}
		for (uint32_t i = 0; i < trivet_directive_count(l->module); i++) {
			if (run_one(o, l->code[m], i, &r, t))
				stream_error(g, trivet_message(l->engine));
			else
				stream_result(g, (trivet_mode)m, &r);
		}
		trivet_code_free(l->code[m]);
		l->code[m] = NULL;
	}
}

/* One program; the engine stays for the next. */
static void
stream_program(const Options *o, Gathered *g, trivet_engine *e, Tally *all)
{
	Loaded l = { .engine = e };
	trivet_diagnostic d;
	Tally t = { 0 };

	if (!g->name)
		return;
	if (!trivet_parse(e, g->name, g->text, g->length, &l.module)) {
		if (o->stand_ins && bind_stand_ins(e, l.module, &l.stand_ins)) {
			t.failed++;
			stream_error(g, trivet_message(e));
		} else {
			stream_directives(o, g, &l, &t);
		}
		free_stand_ins(e, &l.stand_ins);
		trivet_module_free(l.module);
	} else {
		t.failed++;
		stream_error(g, trivet_diagnostic_count(e) && !trivet_diagnostic_get(e, 0, &d)
					? d.text
					: trivet_message(e));
	}
	printf("%s\tdone\t%" PRIu32 "\t%" PRIu32 "\n", g->name, t.passed + t.open, t.failed);
	fflush(stdout);
	all->passed += t.passed;
	all->failed += t.failed;
	all->open += t.open;
	free(g->name);
	g->name = NULL;
	g->length = 0;
}

static bool
gather(Gathered *g, const char *line, size_t n)
{
	if (g->length + n > g->capacity) {
		size_t capacity = 2 * (g->length + n);
		char *more = realloc(g->text, capacity);
		if (!more)
			return false;
		g->text = more;
		g->capacity = capacity;
	}
	memcpy(g->text + g->length, line, n);
	g->length += n;
	return true;
}

/* If the line begins a program, its name (malloc'ed), else NULL. */
static char *
program_name(const char *line, size_t n)
{
	static const char mark[] = "//! program ";
	size_t k = sizeof mark - 1;
	char *name;

	if (n <= k || memcmp(line, mark, k))
		return NULL;
	while (n > k && (line[n - 1] == '\n' || line[n - 1] == '\r'))
		n--;
	name = malloc(n - k + 1);
	if (name) {
		memcpy(name, line + k, n - k);
		name[n - k] = 0;
	}
	return name;
}

/* What this process is, and what it may use of the CPU: the rig compares that with what it asked
 * for. */
static void
greet(const Options *o)
{
	uint32_t features = trivet_host_features() & ~o->features_off;
	const char *name, *separator = "";

	printf("trivet-stream 1 %s pagesize=%zu features=", trivet_host_target(),
	       trivet_page_size());
	for (uint32_t k = 0; (name = trivet_feature_name(k)) != NULL; k++) {
		if (!(features >> k & 1))
			continue;
		printf("%s%s", separator, name);
		separator = ",";
	}
	printf(" build=%s\n", TRIVET_BUILD_ID);
	fflush(stdout);
}

/* A line of any length; 0 at the end of input. */
static size_t
read_line(char **line, size_t *capacity)
{
	size_t n = 0;
	int c;

	while ((c = getchar()) != EOF) {
		if (n + 1 >= *capacity) {
			char *more = realloc(*line, 2 * *capacity + 256);
			if (!more)
				return n;
			*line = more;
			*capacity = 2 * *capacity + 256;
		}
		(*line)[n++] = (char)c;
		if (c == '\n')
			break;
	}
	return n;
}

int
command_stream(const Options *o)
{
	Gathered g = { 0 };
	Tally t = { 0 };
	trivet_engine *e;
	uint32_t programs = 0;
	char *line = NULL, *name;
	size_t capacity = 0, n;
	int status = open_engine(o, &e);

	if (status)
		return status;
	greet(o);
	while (!status && (n = read_line(&line, &capacity)) != 0) {
		name = program_name(line, n);
		if (name) {
			stream_program(o, &g, e, &t);
			g.name = name;
			programs++;
		}
		/* The naming line is not part of the program: its own first line is line 1. */
		if (!name && g.name && !gather(&g, line, n)) {
			fprintf(stderr, "trivet: no memory for a program of %zu bytes\n", g.length);
			status = EXIT_INTERNAL;
		}
	}
	stream_program(o, &g, e, &t);
	printf("bye %" PRIu32 " %" PRIu32 "\n", programs, t.passed + t.failed + t.open);
	free(g.text);
	free(line);
	trivet_close(e);
	return status ? status : t.failed ? EXIT_CHECK_FAILED : EXIT_DONE;
}
