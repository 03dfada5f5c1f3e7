/* run.c - trivet run, and trivet bench: one call. */
#include "cli/cli.h"
#include <inttypes.h>
#include <string.h>

static int
bad_call(const trivet_engine *e, trivet_status s)
{
	trivet_diagnostic d;

	if (s != TRIVET_SOURCE && s != TRIVET_NO_FUNCTION && s != TRIVET_SIGNATURE)
		return complain(e, s);
	for (uint32_t i = 0; i < trivet_diagnostic_count(e); i++)
		if (!trivet_diagnostic_get((trivet_engine *)e, i, &d))
			fprintf(stderr, "%s", d.text);
	return trivet_diagnostic_count(e) ? EXIT_USAGE : complain(e, s);
}

static int
run_once(const Options *o, Loaded *l, trivet_code *c, const trivet_prepared *call)
{
	trivet_report r;
	trivet_status s;

	watchdog_start(c, o->timeout_ms);
	s = trivet_run(c, call, &r);
	watchdog_stop();
	if (s)
		return complain(l->engine, s);
	if (r.trap.trap == TRIVET_TRAP_NONE) {
		printf("%s\n", o->bits ? r.bits : r.result);
		return EXIT_DONE;
	}
	fprintf(stderr, "trivet: trap: %s in %s, %s:%" PRIu32 "\n", trivet_trap_name(r.trap.trap),
		r.trap.function, o->operands[0], r.trap.line);
	return EXIT_TRAP;
}

int
command_run(const Options *o)
{
	trivet_prepared *call;
	trivet_status s;
	Loaded l;
	int status = load_file(o, o->operands[0], &l);

	if (status)
		return status;
	s = trivet_prepare(l.module, o->operands[1], &call);
	if (s)
		status = bad_call(l.engine, s);
	for (int m = MODE_COUNT - 1; m >= 0 && (!status || status == EXIT_TRAP); m--) {
		if (!l.code[m])
			continue;
		int one = run_once(o, &l, l.code[m], call);
		status = one ? one : status;
	}
	unload(&l);
	return status;
}

/* ---- bench ---- */

static int
bench_mode(Loaded *l, trivet_mode m, const trivet_prepared *call, const trivet_times *t)
{
	uint64_t calls = 1, ns = 0;
	trivet_status s = TRIVET_OK;

	while (!s && ns < 200000000u && calls < UINT64_C(1) << 40) {
		calls *= ns < 20000000u ? 8 : 2;
		s = trivet_time(l->code[m], call, calls, &ns);
	}
	if (s == TRIVET_TRAP)
		fprintf(stderr, "trivet: the call traps: `trivet run` tells where\n");
	if (s)
		return s == TRIVET_TRAP ? EXIT_TRAP : complain(l->engine, s);
	printf("%-10s %14.1f ns/call   us: ssa %.1f, passes %.1f, allocate %.1f, emit %.1f, seal "
	       "%.1f\n",
	       mode_name(m), (double)ns / (double)calls, (double)t->ssa / 1e3,
	       (double)t->passes / 1e3, (double)t->allocate / 1e3, (double)t->emit / 1e3,
	       (double)t->seal / 1e3);
	return EXIT_DONE;
}

int
command_bench(const Options *o)
{
	Options all = *o;
	trivet_times parse, times[MODE_COUNT];
	trivet_prepared *call;
	trivet_status s;
	Loaded l;
	int status;

	if (!o->mode_given)
		for (int m = 0; m < MODE_COUNT; m++)
			all.modes[m] = true;
	status = load_file(&all, o->operands[0], &l);
	if (status)
		return status;
	trivet_last_times(l.engine, &parse);
	/* Again, warm: the first compilation pays for the process' first pages. */
	for (int m = 0; m < MODE_COUNT && !status; m++) {
		trivet_compile_options c = { .mode = (trivet_mode)m, .without = o->without };
		trivet_code *code;

		if (!all.modes[m])
			continue;
		for (int i = 0; i < 20 && !status; i++) {
			s = trivet_compile(l.module, &c, &code);
			trivet_last_times(l.engine, &times[m]);
			if (s)
				status = complain(l.engine, s);
			else
				trivet_code_free(code);
		}
	}
	s = trivet_prepare(l.module, o->operands[1], &call);
	if (!status && s)
		status = bad_call(l.engine, s);
	if (!status)
		printf("parse %.1f us, check %.1f us\n", (double)parse.parse / 1e3,
		       (double)parse.check / 1e3);
	for (int m = MODE_COUNT - 1; m >= 0 && !status; m--)
		if (l.code[m])
			status = bench_mode(&l, (trivet_mode)m, call, &times[m]);
	unload(&l);
	return status;
}
