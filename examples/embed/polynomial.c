/* polynomial.c - a general function, made into one for the coefficients and the degree at hand.
 *
 *     cc -Isrc examples/embed/polynomial.c build/x86_64-linux/libtrivet.a -pthread -o poly &&
 * ./poly
 *
 * c0 + c1 x + c2 x^2 + c3 x^3, of which only the first `degree` powers are wanted.  When degree and
 * coefficients are known the loop is gone, and with it what a general function has to ask each
 * time. */
#include "trivet.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char text[] =
	"fn poly(x: f64, degree: i32, c0: f64, c1: f64, c2: f64, c3: f64) -> f64 {\n"
	"    let sum: f64 = 0.0;\n"
	"    let k: i32 = degree;\n"
	"    while k >= 0 {\n"
	"        let c: f64 = if k == 0 { c0 } else { if k == 1 { c1 } else {\n"
	"                     if k == 2 { c2 } else { c3 } } };\n"
	"        sum = sum * x + c;\n"
	"        k -= 1;\n"
	"    }\n"
	"    return sum;\n"
	"}\n";

static uint64_t
bits(double x)
{
	uint64_t b;

	memcpy(&b, &x, 8);
	return b;
}

/* Everything but x. */
static trivet_status
specialize(trivet_code *general, trivet_code **out)
{
	trivet_value args[6] = {
		{ .type = TRIVET_VOID }, /* stays a parameter */
		{ .type = TRIVET_I32, .as.i32 = 3 },
		{ .type = TRIVET_F64, .as.f64 = 0.5 },
		{ .type = TRIVET_F64, .as.f64 = -2 },
		{ .type = TRIVET_F64, .as.f64 = 1.25 },
		{ .type = TRIVET_F64, .as.f64 = 0.1 },
	};

	return trivet_specialize(general, "poly", args, 6, out);
}

static int
use(trivet_engine *e)
{
	typedef double General(double, int32_t, double, double, double, double);
	typedef double Special(double);
	trivet_code *code, *special;
	trivet_module *m;
	General *general;
	Special *poly;

	if (trivet_parse(e, "poly.tv", text, strlen(text), &m) || trivet_compile(m, NULL, &code))
		return 1;
	general = (General *)trivet_entry(code, "poly", "f64(f64,i32,f64,f64,f64,f64)");
	if (!general || specialize(code, &special))
		return 1;
	poly = (Special *)trivet_entry(special, "poly", "f64(f64)");
	if (!poly)
		return 1;
	for (double x = -2; x <= 2; x += 1)
		printf("%016" PRIx64 " %s\n", bits(poly(x)),
		       bits(poly(x)) == bits(general(x, 3, 0.5, -2, 1.25, 0.1)) ? "same"
										: "DIFFERENT");
	return 0;
}

int
main(void)
{
	trivet_engine *e;
	int failed;

	if (trivet_open(NULL, &e)) {
		fprintf(stderr, "no memory\n");
		return 1;
	}
	failed = use(e);
	if (failed)
		fprintf(stderr, "%s\n", trivet_message(e));
	trivet_close(e);
	return failed;
}
