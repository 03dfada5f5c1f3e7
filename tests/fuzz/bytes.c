/* bytes.c - any bytes as a program: parsed, printed, compiled for every target, and run by all
 * engines.
 *
 * With libFuzzer (`make fuzz-bytes`), it is what libFuzzer calls; with -DREPLAY it is a program
 * that takes the files named as arguments, or standard input, so that AFL++ and a found input need
 * nothing else.
 *
 * Wrong is, besides a crash and what sanitizers see: an internal error, a failure without a
 * message, printed text that is not read again, and engines that differ in a directive's bits. Such
 * an input ends in abort(). */
#define _DEFAULT_SOURCE
#include "trivet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <signal.h>

enum { MOST_MEMORY = 256 << 20, MOST_MICROSECONDS = 20000 };

static void
wrong(const char *what, const char *more)
{
	fprintf(stderr, "bytes: %s: %s\n", what, more);
	abort();
}

/* Memory for everything but the tables of a sanitizer ends at MOST_MEMORY: running out is tried,
 * too. */
static void *
limited(void *user, void *p, size_t old_size, size_t size)
{
	size_t *left = user;
	void *to;

	if (size > old_size && size - old_size > *left)
		return NULL;
	if (size == 0) {
		free(p);
		*left += old_size;
		return NULL;
	}
	to = realloc(p, size);
	if (to)
		*left -= size - old_size;
	return to;
}

/* ---- Directives, by all engines ---- */

static trivet_code *volatile running;

static void
time_is_up(int signal)
{
	(void)signal;
	if (running)
		trivet_interrupt(running);
}

static void
set_timer(long microseconds)
{
	struct itimerval t = { { 0, 0 }, { 0, microseconds } };

	setitimer(ITIMER_PROF, &t, NULL);
}

typedef struct Seen {
	char bits[512];
	uint64_t spans;
	bool ended; /* within its time */
} Seen;

static Seen
see(trivet_code *c, uint32_t directive)
{
	Seen s = { .ended = false };
	trivet_report r;
	trivet_status status;

	running = c;
	set_timer(MOST_MICROSECONDS);
	status = trivet_run_directive(c, directive, &r);
	set_timer(0);
	running = NULL;
	trivet_rearm(c);
	if (status != TRIVET_OK)
		return s;
	s.ended = r.trap.trap != TRIVET_TRAP_INTERRUPTED;
	s.spans = r.span_hash;
	snprintf(s.bits, sizeof s.bits, "%s", r.bits);
	return s;
}

static void
run_directives(trivet_module *m, trivet_code *const *codes, int n)
{
	uint32_t count = trivet_directive_count(m);

	for (uint32_t d = 0; d < count && d < 8; d++) {
		Seen first = see(codes[0], d);

		for (int i = 1; i < n && first.ended; i++) {
			Seen other = see(codes[i], d);
			if (other.ended &&
			    (strcmp(first.bits, other.bits) || first.spans != other.spans))
				wrong(first.bits, other.bits);
		}
	}
}

/* ---- One input ---- */

static void
read_again(trivet_engine *e, trivet_module *m)
{
	const char *text;
	char *copy;
	trivet_module *again;
	trivet_status s = trivet_dump(m, TRIVET_FORM_AST, &text);

	if (s == TRIVET_NO_MEMORY)
		return;
	copy = s ? NULL : strdup(text);
	if (!copy)
		wrong("no printed form", trivet_message(e));
	s = trivet_parse(e, "printed", copy, strlen(copy), &again);
	if (s == TRIVET_OK)
		trivet_module_free(again);
	else if (s != TRIVET_NO_MEMORY)
		wrong("the printed form is not read again", copy);
	free(copy);
}

static void
compile_for_all(trivet_engine *e, trivet_module *m)
{
	static const trivet_mode modes[] = { TRIVET_INTERP, TRIVET_BASELINE, TRIVET_OPTIMIZED };
	trivet_code *codes[3];
	int n = 0;

	for (uint32_t t = 0; trivet_target_name(t); t++)
		for (int i = 0; i < 3; i++) {
			bool host = !strcmp(trivet_target_name(t), trivet_host_target());
			trivet_compile_options o = { .mode = modes[i],
						     .interruptible = host,
						     .verify = true,
						     .target =
							     host ? NULL : trivet_target_name(t) };
			trivet_code *c;
			trivet_status s;

			if (modes[i] == TRIVET_INTERP && !host)
				continue;
			s = trivet_compile(m, &o, &c);
			if (s == TRIVET_INTERNAL || (s && !*trivet_message(e)))
				wrong("compiling", trivet_message(e));
			if (s == TRIVET_OK && host)
				codes[n++] = c;
			else if (s == TRIVET_OK)
				trivet_code_free(c);
		}
	if (n)
		run_directives(m, codes, n);
	for (int i = 0; i < n; i++)
		trivet_code_free(codes[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t left = MOST_MEMORY;
	trivet_options options = { .allocator = { limited, &left }, .max_depth = 200 };
	trivet_engine *e;
	trivet_module *m;
	trivet_status s;

	signal(SIGPROF, time_is_up);
	if (trivet_open(&options, &e))
		wrong("no engine", "");
	s = trivet_parse(e, "input", (const char *)data, size, &m);
	if (s == TRIVET_SOURCE) {
		trivet_diagnostic d;

		for (uint32_t i = 0; i < trivet_diagnostic_count(e); i++)
			if (trivet_diagnostic_get(e, i, &d) || !*d.text || !d.line)
				wrong("a diagnostic without text", d.message);
		if (!trivet_diagnostic_count(e))
			wrong("no diagnostic", trivet_message(e));
	} else if (s == TRIVET_OK) {
		read_again(e, m);
		compile_for_all(e, m);
	} else if (s != TRIVET_NO_MEMORY && s != TRIVET_LIMIT) {
		wrong("parsing", trivet_message(e));
	}
	trivet_close(e);
	if (left != MOST_MEMORY)
		wrong("memory was not given back", "");
	return 0;
}

#ifdef REPLAY
static void
take(FILE *f)
{
	static uint8_t bytes[1 << 20];

	LLVMFuzzerTestOneInput(bytes, fread(bytes, 1, sizeof bytes, f));
}

int
main(int argc, char **argv)
{
	if (argc == 1)
		take(stdin);
	for (int i = 1; i < argc; i++) {
		FILE *f = fopen(argv[i], "rb");

		if (!f) {
			perror(argv[i]);
			return 2;
		}
		fprintf(stderr, "%s\n", argv[i]);
		take(f);
		fclose(f);
	}
	return 0;
}
#endif
