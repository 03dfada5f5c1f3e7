/* formula.c - what a host with user-given formulas does: arrays, a function of its own, traps, a
 * fallback where executable memory is refused.
 *
 * Prints the same five lines on every machine; floats are shown as bits to prove it. */
#include "trivet.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What a user typed.  `rate` is ours. */
static const char text[] = "extern fn rate(i32) -> f64;\n"
			   "fn discounted(cash: [f64], currency: i32) -> f64 {\n"
			   "    let total: f64 = 0.0;\n"
			   "    let factor: f64 = 1.0;\n"
			   "    let r: f64 = rate(currency);\n"
			   "    for t in 0..len(cash) {\n"
			   "        total += cash[t] * factor;\n"
			   "        factor /= 1.0 + r;\n"
			   "    }\n"
			   "    return total;\n"
			   "}\n"
			   "fn at(cash: [f64], day: i64) -> f64 { return cash[day]; }\n";

static double
rate(int32_t currency)
{
	if (currency < 0 || currency > 1) {
		trivet_raise(); /* the program traps when we return */
		return 0;
	}
	return currency ? 0.03 : 0.05;
}

static void
show(const char *what, double x)
{
	uint64_t bits;

	memcpy(&bits, &x, 8);
	printf("%s %016" PRIx64 "\n", what, bits);
}

static void
show_trap(const char *what)
{
	trivet_trap_info trap;

	if (trivet_last_trap(&trap))
		printf("%s %s in %s, line %" PRIu32 "\n", what, trivet_trap_name(trap.trap),
		       trap.function, trap.line);
	else
		printf("%s did not trap\n", what);
}

/* By name: works in every mode, so also where the system refuses executable memory. */
static double
by_name(trivet_code *c, double *cash, int64_t n, int32_t currency)
{
	trivet_value args[2] = { { .type = TRIVET_SPAN_F64 }, { .type = TRIVET_I32 } };
	trivet_value result;

	args[0].as.span.data = cash;
	args[0].as.span.length = n;
	args[1].as.i32 = currency;
	if (trivet_call(c, "discounted", args, 2, &result))
		return -1;
	return result.as.f64;
}

static int
use(trivet_engine *e)
{
	typedef double Discounted(double *cash, int64_t n, int32_t currency);
	typedef double At(double *cash, int64_t n, int64_t day);
	const trivet_compile_options interpreted = { .mode = TRIVET_INTERP };
	double cash[] = { -100, 30, 40, 50 };
	trivet_module *m;
	trivet_code *native, *interp;
	Discounted *discounted;
	At *at;

	if (trivet_bind(e, "rate", "f64(i32)", (trivet_function)rate) ||
	    trivet_parse(e, "formula", text, strlen(text), &m) ||
	    trivet_compile(m, &interpreted, &interp))
		return 1;
	show("interpreted", by_name(interp, cash, 4, 0));
	if (trivet_compile(m, NULL, &native))
		return 1;
	discounted = (Discounted *)trivet_entry(native, "discounted", "f64([f64],i32)");
	at = (At *)trivet_entry(native, "at", "f64([f64],i64)");
	if (!discounted || !at)
		return 1;
	show("compiled   ", discounted(cash, 4, 0));
	show("other rate ", discounted(cash, 4, 1));
	at(cash, 4, 4);
	show_trap("past the end:");
	discounted(cash, 4, 7);
	show_trap("no such currency:");
	return 0;
}

int
main(void)
{
	trivet_engine *e;
	int failed;

	if (trivet_open(NULL, &e))
		return 1;
	failed = use(e);
	if (failed)
		fprintf(stderr, "%s\n", trivet_message(e));
	trivet_close(e);
	return failed;
}
