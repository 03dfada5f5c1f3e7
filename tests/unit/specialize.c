/* specialize.c - trivet_specialize: in every mode, whatever parameters are bound, results, stores
 * and traps are those of the original; constants do get into the code; wrong calls; no memory. */
#include "trivet.h"
#include "starve.h"

#include <inttypes.h>

static trivet_engine *engine;

static int64_t
twice(int64_t x)
{
	return 2 * x;
}

static int64_t
thrice(int64_t x)
{
	return 3 * x;
}

static const char program[] =
	"extern fn scaled(i64) -> i64;\n"
	"fn power(x: f64, n: i32) -> f64 {\n"
	"  let r = 1.0;\n"
	"  for i in 0..n { r *= x; }\n"
	"  return r;\n}\n"
	"fn poly(c: [f64], x: f64) -> f64 {\n"
	"  let s = 0.0;\n"
	"  for i in 0..len(c) { s = s * x + c[i]; }\n"
	"  return s;\n}\n"
	"fn all(b: bool, i: i32, u: u32, l: i64, q: u64, f: f32, d: f64) -> u64 {\n"
	"  let h: u64 = if b { 3u64 } else { 5u64 };\n"
	"  h = h * 31u64 + (i as u64);\n"
	"  h = h * 31u64 + (u as u64);\n"
	"  h = h * 31u64 + (l as u64);\n"
	"  h = h * 31u64 + q;\n"
	"  h = h * 31u64 + (bits(f) as u64);\n"
	"  return h * 31u64 + bits(d);\n}\n"
	"fn assigned(a: i64, b: i64) -> i64 {\n"
	"  while b > 0 { a = a * 3 + b; b -= 1; }\n"
	"  b += a;\n"
	"  return b;\n}\n"
	"fn ack(m: i64, n: i64) -> i64 {\n"
	"  if m == 0 { return n + 1; }\n"
	"  if n == 0 { return ack(m - 1, 1); }\n"
	"  return ack(m - 1, ack(m, n - 1));\n}\n"
	"fn deep(n: i64, by: i64) -> i64 {\n"
	"  return if n <= 0 { 0 } else { deep(n - by, by) + 1 };\n}\n"
	"fn even(n: i64, yes: i64) -> i64 { return if n == 0 { yes } else { odd(n - 1, yes) }; }\n"
	"fn odd(n: i64, yes: i64) -> i64 { return if n == 0 { -yes } else { even(n - 1, yes) }; }\n"
	"fn divide(a: i32, b: i32) -> i32 { return a / b; }\n"
	"fn at(xs: [i32], i: i64, ys: [u8]) -> i64 {\n"
	"  return (xs[i] as i64) * 1000 + (ys[i] as i64);\n}\n"
	"fn fill(xs: [i16], from: i64, to: i64, by: i32) {\n"
	"  for i in from..to { xs[i] = (i as i32) * by; }\n}\n"
	"fn host(a: i64, b: i64) -> i64 { return scaled(a) + b; }\n"
	"fn caller(a: i64, b: i64) -> i64 { return host(a, 1) - assigned(b, a & 7) + even(a & 31, "
	"b); }\n"
	"fn nothing(a: i64) { }\n"
	"fn many(a: i32, b: f32, c: f64, d: i64, e: u32, f: f64, g: bool, h: i64, i: i64, j: f32,\n"
	"        k: [i32], l: i64, m: i32, n: f64, o: f64, p: f64, q: f64, r: f64, s: u64, t: i32) "
	"-> f64 {\n"
	"  return (a as f64) - (b as f64) * c + (d as f64) / f - (e as f64) + (if g { 1.0 } else { "
	"2.0 }) *\n"
	"    (h as f64) - (i as f64) * (j as f64) + (len(k) as f64) - (l as f64) + (m as f64) * n "
	"- o * p +\n"
	"    q / r - (s as f64) + (t as f64);\n}\n";

static int32_t numbers[] = { 5, -7, 1 << 30, -2147483647 - 1, 11 };
static uint8_t bytes[] = { 1, 255, 3 };
static int16_t shorts[8];
static double coefficients[] = { 1, -2.5, 0.125, 3 };

// clang-format off
#define B(x) { .type = TRIVET_BOOL, .as.b = (x) }
#define I(x) { .type = TRIVET_I32, .as.i32 = (x) }
#define U(x) { .type = TRIVET_U32, .as.u32 = (x) }
#define L(x) { .type = TRIVET_I64, .as.i64 = (x) }
#define Q(x) { .type = TRIVET_U64, .as.u64 = (x) }
#define F(x) { .type = TRIVET_F32, .as.f32 = (x) }
#define D(x) { .type = TRIVET_F64, .as.f64 = (x) }
#define S(t, x) { .type = TRIVET_SPAN_##t, .as.span = { x, sizeof x / sizeof *x } }
#define NONE(t) { .type = TRIVET_SPAN_##t, .as.span = { NULL, 0 } }
#define NAN64 UINT64_C(0xfff123456789abcd)

enum { MOST = 20 };
static const struct {
	const char *name;
	uint32_t n;
	trivet_value args[MOST];
} calls[] = {
	{ "power", 2, { D(1.5), I(7) } }, { "power", 2, { D(-0.0), I(0) } },
	{ "power", 2, { D(3), I(-2147483647 - 1) } }, { "power", 2, { D(0.99), I(1000) } },
	{ "power", 2, { { .type = TRIVET_F64, .as.u64 = NAN64 }, I(1) } },
	{ "power", 2, { { .type = TRIVET_F64, .as.u64 = NAN64 }, I(0) } },
	{ "poly", 2, { S(F64, coefficients), D(2) } }, { "poly", 2, { NONE(F64), D(2) } },
	{ "poly", 2, { S(F64, coefficients), D(1e300) } },
	{ "all", 7, { B(true), I(-1), U(4000000000u), L(-1), Q(UINT64_MAX), F(-0.0f), D(5e-324) } },
	{ "all", 7, { B(false), I(-2147483647 - 1), U(1), L(INT64_MIN), Q(1), F(1e38f), D(-1e308) } },
	{ "all", 7, { B(true), I(0), U(0), L(0), Q(0),
		{ .type = TRIVET_F32, .as.u32 = 0xffa00001 }, { .type = TRIVET_F64, .as.u64 = NAN64 } } },
	{ "assigned", 2, { L(7), L(20) } }, { "assigned", 2, { L(INT64_MAX), L(-1) } },
	{ "ack", 2, { L(2), L(3) } }, { "ack", 2, { L(0), L(-5) } }, { "ack", 2, { L(-1), L(0) } },
	{ "deep", 2, { L(990), L(1) } }, { "deep", 2, { L(1000), L(1) } },
	{ "deep", 2, { L(1001), L(1) } }, { "deep", 2, { L(1), L(0) } },
	{ "even", 2, { L(100), L(7) } }, { "odd", 2, { L(100), L(7) } }, { "odd", 2, { L(-1), L(7) } },
	{ "divide", 2, { I(100), I(-7) } }, { "divide", 2, { I(1), I(0) } },
	{ "divide", 2, { I(-2147483647 - 1), I(-1) } },
	{ "at", 3, { S(I32, numbers), L(2), S(U8, bytes) } },
	{ "at", 3, { S(I32, numbers), L(3), S(U8, bytes) } },
	{ "at", 3, { S(I32, numbers), L(-1), S(U8, bytes) } },
	{ "at", 3, { NONE(I32), L(0), S(U8, bytes) } },
	{ "fill", 4, { S(I16, shorts), L(1), L(6), I(-3) } },
	{ "fill", 4, { S(I16, shorts), L(5), L(100), I(40000) } },
	{ "fill", 4, { S(I16, shorts), L(3), L(3), I(1) } },
	{ "host", 2, { L(21), L(-2) } }, { "host", 2, { L(-1), L(INT64_MIN) } },
	{ "caller", 2, { L(21), L(5) } }, { "caller", 2, { L(-21), L(-5) } },
	{ "nothing", 1, { L(1) } },
	{ "many", 20, { I(1), F(2), D(3), L(4), U(5), D(6), B(true), L(7), L(8), F(9), S(I32, numbers), L(10),
		I(11), D(12), D(13), D(14), D(15), D(16), Q(17), I(-18) } },
};
// clang-format on
enum { NCALLS = sizeof calls / sizeof *calls };

static const trivet_compile_options modes[] = {
	{ .mode = TRIVET_OPTIMIZED, .verify = true },
	{ .mode = TRIVET_BASELINE, .verify = true },
	{ .mode = TRIVET_INTERP },
	{ .mode = TRIVET_OPTIMIZED, .interruptible = true, .without = "gvn,inline" },
};
enum { NMODES = sizeof modes / sizeof *modes };

/* All that a call does. */
typedef struct Outcome {
	trivet_status status;
	uint64_t result;
	trivet_trap_info trap;
	int16_t stored[8];
} Outcome;

static Outcome
outcome(trivet_code *c, const char *name, const trivet_value *args, uint32_t n)
{
	Outcome o = { 0 };
	trivet_value result;

	memset(shorts, 0x55, sizeof shorts);
	o.status = trivet_call(c, name, args, n, &result);
	o.result = result.as.u64;
	trivet_last_trap(&o.trap);
	memcpy(o.stored, shorts, sizeof shorts);
	return o;
}

static void
check_same(const Outcome *a, const Outcome *b, size_t k, uint32_t mask, size_t mode)
{
	int same = CHECK_EQ(b->status, a->status);

	same &= CHECK_EQ(b->result, a->result);
	same &= CHECK_EQ(b->trap.trap, a->trap.trap) && CHECK_EQ(b->trap.line, a->trap.line);
	same &= CHECK_STR(b->trap.function, a->trap.function);
	same &= CHECK(memcmp(a->stored, b->stored, sizeof a->stored) == 0);
	if (!same)
		printf("    call %zu, of %s, bound 0x%x, mode %zu\n", k, calls[k].name, mask, mode);
}

/* Splits call k's arguments: bit i of mask says that argument i is bound. */
static uint32_t
split(size_t k, uint32_t mask, trivet_value *bound, trivet_value *rest)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < calls[k].n; i++) {
		bound[i] = (trivet_value){ 0 };
		if (mask >> i & 1)
			bound[i] = calls[k].args[i];
		else
			rest[n++] = calls[k].args[i];
	}
	return n;
}

static void
test_bound(trivet_code *c, size_t k, uint32_t mask, size_t mode, const Outcome *want)
{
	trivet_value bound[MOST], rest[MOST], none[MOST] = { 0 };
	uint32_t n = split(k, mask, bound, rest);
	trivet_code *less = NULL, *none_left = NULL;
	Outcome got;

	if (!CHECK_EQ(trivet_specialize(c, calls[k].name, bound, calls[k].n, &less), TRIVET_OK)) {
		printf("    call %zu, bound 0x%x, mode %zu: %s\n", k, mask, mode,
		       trivet_message(engine));
		return;
	}
	got = outcome(less, calls[k].name, rest, n);
	check_same(want, &got, k, mask, mode);
	got = outcome(less, calls[k].name, rest, n); /* nothing is left behind */
	check_same(want, &got, k, mask, mode);
	if (n > 0) { /* the rest bound, too */
		CHECK_EQ(trivet_specialize(less, calls[k].name, rest, n, &none_left), TRIVET_OK);
		got = outcome(none_left, calls[k].name, NULL, 0);
		check_same(want, &got, k, mask, mode);
		CHECK_EQ(trivet_specialize(less, calls[k].name, none, n, &none_left), TRIVET_OK);
		trivet_code_free(less);
		got = outcome(none_left, calls[k].name, rest, n);
		check_same(want, &got, k, mask, mode);
		trivet_code_free(none_left);
	} else {
		trivet_code_free(less);
	}
}

static void
test_calls(trivet_module *m)
{
	for (size_t mode = 0; mode < NMODES; mode++) {
		trivet_code *c = NULL;

		if (!CHECK_EQ(trivet_compile(m, &modes[mode], &c), TRIVET_OK)) {
			printf("    %s\n", trivet_message(engine));
			return;
		}
		for (size_t k = 0; k < NCALLS; k++) {
			uint32_t n = calls[k].n, most = n < 5 ? 1u << n : 12;
			Outcome want = outcome(c, calls[k].name, calls[k].args, n);

			for (uint32_t i = 0; i < most;
			     i++) /* all of few parameters, some of many */
				test_bound(c, k, n < 5 ? i : i * 0x9e3779b9u >> 7 & ((1u << n) - 1),
					   mode, &want);
		}
		trivet_code_free(c);
	}
}

/* ---- Entry points ---- */

static void
test_entry(trivet_module *m)
{
	const trivet_value cube[] = { { .type = TRIVET_VOID }, I(3) };
	trivet_code *c = NULL, *s = NULL;
	double (*power)(double), x;
	trivet_function_info info;

	CHECK_EQ(trivet_compile(m, NULL, &c), TRIVET_OK);
	CHECK_EQ(trivet_specialize(c, "power", cube, 2, &s), TRIVET_OK);
	trivet_code_free(c); /* they are independent */
	CHECK(!trivet_entry(s, "power", "f64(f64,i32)"));
	CHECK(strstr(trivet_message(engine), "power is \"f64(f64)\"") != NULL);
	CHECK(!trivet_entry(s, "poly", "f64([f64],f64)"));
	CHECK(strstr(trivet_message(engine), "no such function") != NULL);
	CHECK(!trivet_entry(s, "divide", "i32(i32,i32)"));
	power = (double (*)(double))trivet_entry(s, "power", "f64(f64)");
	if (CHECK(power != NULL)) {
		x = power(1.25);
		CHECK(x == 1.953125);
	}
	CHECK_EQ(trivet_function_get(m, 1, &info), TRIVET_OK);
	CHECK_STR(info.signature, "f64(f64,i32)");
	trivet_code_free(s);
}

/* The constants get as far as the passes carry them: a call with all of them known is a few bytes.
 */
static void
test_size(trivet_module *m)
{
	const trivet_value all[] = { D(1.5), I(7) };
	const trivet_value twelve[] = { { .type = TRIVET_VOID }, L(12) };
	trivet_image whole, one;
	trivet_code *c = NULL, *s = NULL;

	CHECK_EQ(trivet_compile(m, NULL, &c), TRIVET_OK);
	CHECK_EQ(trivet_code_image(c, &whole), TRIVET_OK);
	CHECK_EQ(trivet_specialize(c, "power", all, 2, &s), TRIVET_OK);
	CHECK_EQ(trivet_code_image(s, &one), TRIVET_OK);
	CHECK_EQ(one.functions, 1); /* and none of the others */
	CHECK(one.code_size < whole.code_size / 8);
	trivet_code_free(s);
	CHECK_EQ(trivet_specialize(c, "assigned", twelve, 2, &s), TRIVET_OK);
	CHECK_EQ(trivet_code_image(s, &one), TRIVET_OK);
	CHECK_EQ(one.functions, 1);
	trivet_code_free(s);
	CHECK_EQ(trivet_specialize(c, "even", twelve, 2, &s), TRIVET_OK);
	CHECK_EQ(trivet_code_image(s, &one), TRIVET_OK);
	CHECK(one.functions >= 2 && one.functions < whole.functions / 2); /* odd(), even() */
	trivet_code_free(s);
	trivet_code_free(c);
}

/* Host functions are those that the original was compiled with. */
static void
test_host(trivet_module *m)
{
	const trivet_value bound[] = { L(10), { .type = TRIVET_VOID } };
	trivet_value rest[] = { L(1) }, result;
	trivet_code *c = NULL, *s = NULL;

	CHECK_EQ(trivet_compile(m, NULL, &c), TRIVET_OK);
	CHECK_EQ(trivet_bind(engine, "scaled", "i64(i64)", (trivet_function)thrice), TRIVET_OK);
	CHECK_EQ(trivet_specialize(c, "host", bound, 2, &s), TRIVET_OK);
	CHECK_EQ(trivet_call(s, "host", rest, 1, &result), TRIVET_OK);
	CHECK_EQ(result.as.i64, 21);
	CHECK_EQ(trivet_bind(engine, "scaled", "i64(i64)", (trivet_function)twice), TRIVET_OK);
	trivet_code_free(s);
	trivet_code_free(c);
}

/* The memory of a bound span is read when called, and interruption is each one's own. */
static void
test_span_and_interrupt(trivet_module *m)
{
	const trivet_compile_options o = { .interruptible = true };
	const trivet_value bound[] = { S(F64, coefficients), { .type = TRIVET_VOID } };
	trivet_value rest[] = { D(10) }, result;
	trivet_code *c = NULL, *s = NULL;

	CHECK_EQ(trivet_compile(m, &o, &c), TRIVET_OK);
	CHECK_EQ(trivet_specialize(c, "poly", bound, 2, &s), TRIVET_OK);
	CHECK_EQ(trivet_call(s, "poly", rest, 1, &result), TRIVET_OK);
	CHECK(result.as.f64 == 754.25);
	coefficients[3] = 4;
	CHECK_EQ(trivet_call(s, "poly", rest, 1, &result), TRIVET_OK);
	CHECK(result.as.f64 == 755.25);
	coefficients[3] = 3;
	trivet_interrupt(c);
	CHECK_EQ(trivet_call(s, "poly", rest, 1, &result), TRIVET_OK);
	trivet_interrupt(s);
	CHECK_EQ(trivet_call(s, "poly", rest, 1, &result), TRIVET_TRAP);
	CHECK_EQ(trivet_last_trap(NULL), TRIVET_TRAP_INTERRUPTED);
	trivet_code_free(s);
	trivet_code_free(c);
}

/* ---- Wrong calls ---- */

static void
test_wrong(trivet_module *m)
{
	const trivet_value two[] = { L(1), L(2) }, wrong_type[] = { D(1), D(2) };
	const trivet_value hole[] = { L(1), { .type = TRIVET_VOID } };
	trivet_value negative[] = { S(F64, coefficients), D(1) };
	trivet_prepared *p = NULL;
	trivet_report report;
	trivet_code *c = NULL, *s = NULL;
	uint64_t ns;

	CHECK_EQ(trivet_compile(m, NULL, &c), TRIVET_OK);
	CHECK_EQ(trivet_specialize(NULL, "ack", two, 2, &s), TRIVET_ARGUMENT);
	CHECK_EQ(trivet_specialize(c, "ack", two, 2, NULL), TRIVET_ARGUMENT);
	CHECK_EQ(trivet_specialize(c, NULL, two, 2, &s), TRIVET_NO_FUNCTION);
	CHECK_EQ(trivet_specialize(c, "acker", two, 2, &s), TRIVET_NO_FUNCTION);
	CHECK_EQ(trivet_specialize(c, "scaled", two, 1, &s), TRIVET_NO_FUNCTION);
	CHECK_EQ(trivet_specialize(c, "ack", two, 1, &s), TRIVET_SIGNATURE);
	CHECK_EQ(trivet_specialize(c, "ack", two, UINT32_MAX, &s), TRIVET_SIGNATURE);
	CHECK_EQ(trivet_specialize(c, "ack", NULL, 2, &s), TRIVET_SIGNATURE);
	CHECK_EQ(trivet_specialize(c, "power", wrong_type, 2, &s), TRIVET_SIGNATURE);
	CHECK(strstr(trivet_message(engine), "argument 2 of power is i32, f64 was given") != NULL);
	negative[0].as.span.length = -1;
	CHECK_EQ(trivet_specialize(c, "poly", negative, 2, &s), TRIVET_ARGUMENT);
	negative[0].as.span.length = 1;
	negative[0].as.span.data = NULL;
	CHECK_EQ(trivet_specialize(c, "poly", negative, 2, &s), TRIVET_ARGUMENT);
	CHECK(!s);

	CHECK_EQ(trivet_specialize(c, "ack", hole, 2, &s), TRIVET_OK);
	CHECK_EQ(trivet_call(s, "ack", two, 2, NULL), TRIVET_SIGNATURE);
	CHECK_EQ(trivet_call(s, "ack", wrong_type, 1, NULL), TRIVET_SIGNATURE);
	CHECK_EQ(trivet_call(s, "deep", two, 2, NULL), TRIVET_NO_FUNCTION);
	CHECK_EQ(trivet_prepare(m, "ack(1, 2)", &p), TRIVET_OK);
	CHECK_EQ(trivet_run(s, p, &report), TRIVET_ARGUMENT);
	CHECK_EQ(trivet_time(s, p, 1, &ns), TRIVET_ARGUMENT);
	trivet_prepared_free(p);
	trivet_code_free(s);
	trivet_code_free(c);
}

static void
test_foreign(trivet_module *m)
{
	const trivet_value cube[] = { { .type = TRIVET_VOID }, I(3) };

	for (uint32_t t = 0; trivet_target_name(t); t++) {
		const trivet_compile_options o = { .target = trivet_target_name(t) };
		trivet_code *c = NULL, *s = NULL;
		trivet_image image;

		CHECK_EQ(trivet_compile(m, &o, &c), TRIVET_OK);
		CHECK_EQ(trivet_specialize(c, "power", cube, 2, &s), TRIVET_OK);
		CHECK_EQ(trivet_code_image(s, &image), TRIVET_OK);
		CHECK_EQ(image.functions, 1);
		trivet_code_free(s);
		trivet_code_free(c);
	}
}

static trivet_status
starved(unsigned allowed, trivet_mode mode)
{
	const trivet_compile_options co = { .mode = mode };
	const trivet_value bound[] = { L(10), { .type = TRIVET_VOID } };
	Starved starved = { .allowed = 100000 };
	trivet_options o = { .allocator = { starved_resize, &starved } };
	trivet_status status;
	trivet_module *m;
	trivet_engine *e;
	trivet_code *c, *s;

	if (trivet_open(&o, &e))
		return TRIVET_INTERNAL;
	trivet_bind(e, "scaled", "i64(i64)", (trivet_function)twice);
	CHECK_EQ(trivet_parse(e, "t", program, sizeof program - 1, &m), TRIVET_OK);
	CHECK_EQ(trivet_compile(m, &co, &c), TRIVET_OK);
	starved.allowed = allowed;
	status = trivet_specialize(c, "caller", bound, 2, &s);
	CHECK((status == TRIVET_OK) == (s != NULL));
	trivet_close(e);
	CHECK_EQ(starved.blocks, 0);
	return status;
}

static void
test_no_memory(void)
{
	static const trivet_mode some[] = { TRIVET_OPTIMIZED, TRIVET_INTERP };

	for (size_t k = 0; k < 2; k++) {
		unsigned n = 0;

		while (n < 1000) {
			trivet_status s = starved(n++, some[k]);
			if (s == TRIVET_OK)
				break;
			CHECK_EQ(s, TRIVET_NO_MEMORY);
		}
		CHECK(n > 2 && n < 1000);
	}
}

int
main(void)
{
	trivet_module *m = NULL;

	if (trivet_open(NULL, &engine))
		return 1;
	if (trivet_probe(engine)) {
		printf("this system refuses executable memory\n");
		return 77;
	}
	trivet_bind(engine, "scaled", "i64(i64)", (trivet_function)twice);
	if (!CHECK_EQ(trivet_parse(engine, "s.tv", program, sizeof program - 1, &m), TRIVET_OK)) {
		trivet_diagnostic d;
		if (!trivet_diagnostic_get(engine, 0, &d))
			puts(d.text);
		return check_done();
	}
	test_calls(m);
	test_entry(m);
	test_size(m);
	test_host(m);
	test_span_and_interrupt(m);
	test_wrong(m);
	test_foreign(m);
	test_no_memory();
	trivet_close(engine);
	return check_done();
}
