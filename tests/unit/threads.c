/* threads.c - what trivet.h promises to several threads: an engine each, one code for all, called
 * while others compile, and an interrupt from outside.  `make check-threads` runs it and others
 * under ThreadSanitizer. */
#include "check.h"
#include "trivet.h"

#include <pthread.h>
#include <stdlib.h>

static const char text[] = "extern fn host(i64) -> i64;\n"
			   "fn sum(n: i64) -> i64 {\n"
			   "  let s = 0;\n"
			   "  for i in 0..n { s += host(i) ^ s / (n - 77); }\n"
			   "  return s;\n"
			   "}\n"
			   "fn for_ever() { loop { } }\n";

typedef int64_t Sum(int64_t);

/* Called by generated code in any thread. */
static int64_t
host(int64_t n)
{
	return n * 3;
}

static int64_t
expected(int64_t n)
{
	int64_t s = 0;

	for (int64_t i = 0; i < n; i++)
		s += host(i) ^ (s / (n - 77));
	return s;
}

typedef struct Program {
	trivet_engine *e;
	trivet_module *m;
} Program;

static bool
start(Program *p, bool debugger)
{
	const trivet_options o = { .debugger = debugger };

	return trivet_open(&o, &p->e) == TRIVET_OK &&
	       trivet_bind(p->e, "host", "i64(i64)", (trivet_function)host) == TRIVET_OK &&
	       trivet_parse(p->e, "threads.tv", text, sizeof text - 1, &p->m) == TRIVET_OK;
}

static trivet_code *
compiled(Program *p, trivet_mode mode)
{
	const trivet_compile_options o = { .mode = mode, .interruptible = true };
	trivet_code *c = NULL;

	trivet_compile(p->m, &o, &c);
	return c;
}

/* Checks are counted by main(), afterwards. */
typedef struct Worker {
	Sum *sum;
	trivet_code *code[3]; /* of another thread's engine, one a mode */
	unsigned number, wrong;
} Worker;

/* Its values and its traps are the thread's own. */
static bool
call_shared(const Worker *w, int64_t n)
{
	trivet_trap_info trap;
	trivet_value v = { .type = TRIVET_I64 }, r;

	if (w->sum(n) != expected(n) || trivet_last_trap(NULL) != TRIVET_TRAP_NONE)
		return false;
	if (w->sum(77) != 0 || trivet_last_trap(&trap) != TRIVET_TRAP_DIVIDE_BY_ZERO ||
	    trap.line != 4 || strcmp(trap.function, "sum") != 0)
		return false;
	for (int mode = 0; mode < 3; mode++) {
		v.as.i64 = n;
		if (trivet_call(w->code[mode], "sum", &v, 1, &r) != TRIVET_OK ||
		    r.as.i64 != expected(n))
			return false;
	}
	return true;
}

/* An engine of its own, in all modes, while the others do the same and call the shared code. */
static bool
live(const Worker *w, unsigned round)
{
	Program p = { NULL, NULL };
	bool ok = start(&p, round % 2 == 0);

	for (int mode = 0; ok && mode < 3; mode++) {
		trivet_value v = { .type = TRIVET_I64 }, r;
		trivet_code *c = compiled(&p, (trivet_mode)mode);

		v.as.i64 = 10 + w->number + round;
		ok = c && trivet_call(c, "sum", &v, 1, &r) == TRIVET_OK &&
		     r.as.i64 == expected(v.as.i64);
		if (round % 3 == 0)
			trivet_code_free(c);
	}
	trivet_close(p.e);
	return ok;
}

static void *
work(void *argument)
{
	Worker *w = argument;

	for (unsigned round = 0; round < 8; round++) {
		w->wrong += !live(w, round);
		for (int64_t n = 0; n < 20; n++)
			w->wrong += !call_shared(w, n + w->number);
	}
	return NULL;
}

static void
test_many(void)
{
	enum { THREADS = 4 };
	Worker w[THREADS] = { { NULL } };
	pthread_t thread[THREADS];
	trivet_code *c[3];
	Program p;

	if (!CHECK(start(&p, true)))
		return;
	for (int mode = 0; mode < 3; mode++)
		CHECK((c[mode] = compiled(&p, (trivet_mode)mode)) != NULL);
	for (unsigned i = 0; i < THREADS; i++) {
		w[i] = (Worker){
			(Sum *)trivet_entry(c[i % 2], "sum", "i64(i64)"), { c[0], c[1], c[2] }, i, 0
		};
		CHECK(w[i].sum != NULL);
	}
	for (unsigned i = 0; i < THREADS; i++)
		CHECK_EQ(pthread_create(&thread[i], NULL, work, &w[i]), 0);
	/* meanwhile the owner compiles on */
	for (int i = 0; i < 20; i++) {
		trivet_code *more = compiled(&p, (trivet_mode)(i % 3));
		CHECK(more != NULL);
		trivet_code_free(more);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		CHECK_EQ(pthread_join(thread[i], NULL), 0);
		CHECK_EQ(w[i].wrong, 0);
	}
	trivet_close(p.e);
}

/* ---- Interrupts -------------------------------------------------------------------------------
 */

typedef struct Runaway {
	trivet_code *c;
	trivet_status status;
	trivet_trap trap;
} Runaway;

static void *
run_away(void *argument)
{
	Runaway *r = argument;

	r->status = trivet_call(r->c, "for_ever", NULL, 0, NULL);
	r->trap = trivet_last_trap(NULL);
	return NULL;
}

static void
test_interrupt(trivet_mode mode)
{
	enum { THREADS = 3 };
	Runaway r[THREADS];
	pthread_t thread[THREADS];
	trivet_code *c;
	Program p;

	if (!CHECK(start(&p, false)) || !CHECK((c = compiled(&p, mode)) != NULL))
		return;
	for (int i = 0; i < THREADS; i++) {
		r[i] = (Runaway){ .c = c };
		CHECK_EQ(pthread_create(&thread[i], NULL, run_away, &r[i]), 0);
	}
	trivet_interrupt(c);
	for (int i = 0; i < THREADS; i++) {
		CHECK_EQ(pthread_join(thread[i], NULL), 0);
		CHECK_EQ(r[i].status, TRIVET_TRAP);
		CHECK_EQ(r[i].trap, TRIVET_TRAP_INTERRUPTED);
	}
	trivet_close(p.e);
}

int
main(void)
{
	test_many();
	for (int mode = 0; mode < 3; mode++)
		test_interrupt((trivet_mode)mode);
	return check_done();
}
