/* verdicts.c - a directive that is right passes and one that is wrong fails, in each of its parts.
 */
#include "check.h"
#include "trivet.h"

static const char text[] = "fn f(a: i64) -> i64 { return 10 / a; }\n"
			   "fn x(a: f64) -> f64 { return a; }\n"
			   "fn fill(xs: [i32], v: i32) -> i64 {\n"
			   "  for i in 0..len(xs) { xs[i] = v; }\n"
			   "  return len(xs);\n"
			   "}\n"
			   "//! f(5) == 2\n"
			   "//! f(0) traps divide-by-zero\n"
			   "//! x(-0.0) == -0.0\n"
			   "//! x(nan) == nan\n"
			   "//! fill([1, 2], 7) == 2\n"
			   "//! fill([1, 2], 7) leaves [7, 7]\n"
			   "//! fill([1, 2], 7) == 2 leaves [7, 7]\n"
			   "//! f(1)\n"
			   "//! f(5) == 3\n"
			   "//! f(0) == 0\n"
			   "//! f(5) traps divide-by-zero\n"
			   "//! f(0) traps integer-overflow\n"
			   "//! x(0.0) == -0.0\n"
			   "//! x(nan) == 1.0\n"
			   "//! fill([1, 2], 7) == 3\n"
			   "//! fill([1, 2], 7) leaves [7, 8]\n"
			   "//! fill([1, 2], 7) leaves [7]\n"
			   "//! fill([1, 2], 7) leaves [7, 7, 7]\n"
			   "//! fill([1, 2], 7) == 2 leaves [8, 7]\n"
			   "//! fill([1, 2], 7) == 3 leaves [7, 7]\n";
enum { RIGHT = 7, OPEN = 1 }; /* then come the wrong ones */

static void
check_mode(trivet_module *m, trivet_mode mode)
{
	const trivet_compile_options o = { .mode = mode, .verify = true };
	trivet_code *c = NULL;
	trivet_report r;

	CHECK_EQ(trivet_compile(m, &o, &c), TRIVET_OK);
	for (uint32_t i = 0; i < trivet_directive_count(m); i++) {
		trivet_verdict want = i < RIGHT		 ? TRIVET_PASS
				      : i < RIGHT + OPEN ? TRIVET_NO_EXPECTATION
							 : TRIVET_FAIL;
		CHECK_EQ(trivet_run_directive(c, i, &r), TRIVET_OK);
		if (!CHECK_EQ(r.verdict, want))
			printf("    line %u: %s gives %s, expected %s\n", (unsigned)r.line, r.call,
			       r.bits, r.expected);
	}
	CHECK_EQ(trivet_run_directive(c, trivet_directive_count(m), &r), TRIVET_ARGUMENT);
	trivet_code_free(c);
}

/* A C function that says it gives a bool, but leaves what it likes above the low byte. */
static int64_t garbage;

static int64_t
careless(void)
{
	return garbage;
}

static void
test_careless_bool(trivet_engine *e, trivet_mode mode)
{
	static const char program[] = "extern fn careless() -> bool;\n"
				      "fn f() -> i64 { return if careless() { 1 } else { 0 }; }\n"
				      "fn g() -> bool { return careless(); }\n";
	static const struct {
		int64_t given;
		bool is;
	} row[] = { { 0, false },	   { 1, true },	      { 0x100, false },
		    { 0x7fffff00, false }, { -0x100, false }, { 0x101, true },
		    { 2, true },	   { 0x80, true },    { INT64_MIN, false },
		    { INT64_MAX, true } };
	const trivet_compile_options o = { .mode = mode, .verify = true };
	trivet_module *m = NULL;
	trivet_code *c = NULL;
	trivet_value r;

	CHECK_EQ(trivet_bind(e, "careless", "bool()", (trivet_function)careless), TRIVET_OK);
	CHECK_EQ(trivet_parse(e, "c.tv", program, sizeof program - 1, &m), TRIVET_OK);
	CHECK_EQ(trivet_compile(m, &o, &c), TRIVET_OK);
	for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
		garbage = row[k].given;
		CHECK_EQ(trivet_call(c, "f", NULL, 0, &r), TRIVET_OK);
		CHECK_EQ(r.as.i64, row[k].is);
		CHECK_EQ(trivet_call(c, "g", NULL, 0, &r), TRIVET_OK);
		CHECK_EQ(r.as.b, row[k].is);
	}
	trivet_module_free(m);
}

int
main(void)
{
	static const trivet_mode modes[] = { TRIVET_INTERP, TRIVET_BASELINE, TRIVET_OPTIMIZED };
	trivet_engine *e = NULL;
	trivet_module *m = NULL;

	CHECK_EQ(trivet_open(NULL, &e), TRIVET_OK);
	CHECK_EQ(trivet_parse(e, "v.tv", text, sizeof text - 1, &m), TRIVET_OK);
	CHECK(trivet_directive_count(m) > RIGHT + OPEN);
	for (int k = 0; k < 3; k++) {
		check_mode(m, modes[k]);
		test_careless_bool(e, modes[k]);
	}
	trivet_close(e);
	return check_done();
}
