/* api.c - the public interface: what a host does right, and everything it can do wrong. */
#include "check.h"
#include "trivet.h"
#include <pthread.h>
#include <stdlib.h>

static const trivet_mode all_modes[] = { TRIVET_INTERP, TRIVET_BASELINE, TRIVET_OPTIMIZED };

static trivet_engine *
opened(void)
{
	trivet_engine *e = NULL;

	CHECK_EQ(trivet_open(NULL, &e), TRIVET_OK);
	return e;
}

static trivet_module *
parsed(trivet_engine *e, const char *text)
{
	trivet_module *m = NULL;

	if (!CHECK(trivet_parse(e, "test.tv", text, strlen(text), &m) == TRIVET_OK))
		printf("    %s\n", trivet_message(e));
	return m;
}

static trivet_code *
compiled(trivet_module *m, trivet_mode mode, bool interruptible)
{
	const trivet_compile_options o = { .mode = mode,
					   .interruptible = interruptible,
					   .verify = true };
	trivet_code *c = NULL;
	trivet_status s = m ? trivet_compile(m, &o, &c) : TRIVET_ARGUMENT;

	if (!CHECK(s == TRIVET_OK))
		printf("    %s\n", trivet_status_text(s));
	return c;
}

static trivet_value
i64(int64_t v)
{
	trivet_value out = { .type = TRIVET_I64 };

	out.as.i64 = v;
	return out;
}

/* ---- Right ---- */

static void
test_call_every_type(void)
{
	static const char text[] = "fn f(a: bool, b: i32, c: u32, d: i64, e: u64, f: f32, g: f64, "
				   "s: [i16], t: [f64]) -> f64 {\n"
				   "  s[0] = s[0] + 1;\n"
				   "  let x: f64 = (b as f64) + (c as f64) + (d as f64) + (e as "
				   "f64) + (f as f64) + g;\n"
				   "  return if a { x + t[1] + (s[0] as f64) } else { 0.0 };\n"
				   "}\n"
				   "fn flag(a: i32) -> bool { return a > 3; }\n"
				   "fn single(a: f32) -> f32 { return a * 2.0; }\n"
				   "fn word(a: u32) -> u32 { return a - 1; }\n"
				   "fn nothing(s: [u8]) { s[0] = 7; }\n";
	int16_t shorts[] = { 41, 0 };
	double doubles[] = { 0, 1000 };
	uint8_t byte = 0;
	trivet_value a[9] = { { .type = TRIVET_BOOL },	  { .type = TRIVET_I32 },
			      { .type = TRIVET_U32 },	  { .type = TRIVET_I64 },
			      { .type = TRIVET_U64 },	  { .type = TRIVET_F32 },
			      { .type = TRIVET_F64 },	  { .type = TRIVET_SPAN_I16 },
			      { .type = TRIVET_SPAN_F64 } };
	trivet_engine *e = opened();
	trivet_module *m = parsed(e, text);
	trivet_value r;

	a[0].as.b = true;
	a[1].as.i32 = -5;
	a[2].as.u32 = 4000000000u;
	a[3].as.i64 = -3;
	a[4].as.u64 = 9;
	a[5].as.f32 = 0.5f;
	a[6].as.f64 = 0.25;
	a[7].as.span.data = shorts;
	a[7].as.span.length = 2;
	a[8].as.span.data = doubles;
	a[8].as.span.length = 2;
	for (int i = 0; i < 3; i++) {
		trivet_code *c = compiled(m, all_modes[i], false);
		trivet_value x = { .type = TRIVET_I32 }, y = { .type = TRIVET_F32 };
		trivet_value z = { .type = TRIVET_U32 }, s = { .type = TRIVET_SPAN_U8 };

		shorts[0] = 41;
		CHECK_EQ(trivet_call(c, "f", a, 9, &r), TRIVET_OK);
		CHECK(r.type == TRIVET_F64 && r.as.f64 == -5 + 4000000000.0 - 3 + 9 + 0.75 + 1042);
		CHECK_EQ(shorts[0], 42);
		x.as.i32 = 4;
		CHECK_EQ(trivet_call(c, "flag", &x, 1, &r), TRIVET_OK);
		CHECK(r.type == TRIVET_BOOL && r.as.b);
		y.as.f32 = 1.25f;
		CHECK_EQ(trivet_call(c, "single", &y, 1, &r), TRIVET_OK);
		CHECK(r.type == TRIVET_F32 && r.as.f32 == 2.5f);
		z.as.u32 = 0;
		CHECK_EQ(trivet_call(c, "word", &z, 1, &r), TRIVET_OK);
		CHECK_EQ(r.as.u32, 0xffffffffu);
		s.as.span.data = &byte;
		s.as.span.length = 1;
		byte = 0;
		CHECK_EQ(trivet_call(c, "nothing", &s, 1, &r), TRIVET_OK);
		CHECK_EQ(byte, 7);
		CHECK_EQ(r.type, TRIVET_VOID);
		trivet_code_free(c);
	}
	trivet_close(e);
}

static void
test_entry(void)
{
	trivet_engine *e = opened();
	trivet_module *m = parsed(e, "fn add(a: i64, b: i64) -> i64 { return a + b; }\n"
				     "fn div(a: i32, b: i32) -> i32 {\n return a / b;\n}\n"
				     "fn at(xs: [i32], i: i64) -> i32 { return xs[i]; }\n");
	int32_t xs[] = { 7, 8, 9 };

	for (int i = 1; i < 3; i++) {
		trivet_code *c = compiled(m, all_modes[i], false);
		int64_t (*add)(int64_t, int64_t) =
			(int64_t(*)(int64_t, int64_t))trivet_entry(c, "add", "i64(i64, i64)");
		int32_t (*divide)(int32_t, int32_t) =
			(int32_t(*)(int32_t, int32_t))trivet_entry(c, "div", "i32(i32,i32)");
		int32_t (*at)(int32_t *, int64_t, int64_t) =
			(int32_t(*)(int32_t *, int64_t, int64_t))trivet_entry(c, "at",
									      "i32([i32],i64)");
		trivet_trap_info t;

		if (!CHECK(add && divide && at))
			break;
		CHECK_EQ(add(10, 5), 15);
		CHECK_EQ(divide(-7, 2), -3);
		CHECK_EQ(trivet_last_trap(&t), TRIVET_TRAP_NONE);
		CHECK_EQ(divide(1, 0), 0);
		CHECK_EQ(trivet_last_trap(&t), TRIVET_TRAP_DIVIDE_BY_ZERO);
		CHECK_STR(t.function, "div");
		CHECK_EQ(t.line, 3);
		CHECK_EQ(trivet_last_trap(NULL), TRIVET_TRAP_NONE);
		CHECK_EQ(at(xs, 3, 2), 9);
		CHECK_EQ(at(xs, 3, 3), 0);
		CHECK_EQ(trivet_last_trap(&t), TRIVET_TRAP_OUT_OF_BOUNDS);
		CHECK_EQ(divide(INT32_MIN, -1), 0);
		CHECK_EQ(trivet_last_trap(NULL), TRIVET_TRAP_INTEGER_OVERFLOW);

		CHECK(!trivet_entry(c, "add", "i64(i64)"));
		CHECK(strstr(trivet_message(e), "i64(i64,i64)") != NULL);
		CHECK(!trivet_entry(c, "add", "i64(i64,u64)"));
		CHECK(!trivet_entry(c, "add", "u64(i64,i64)"));
		CHECK(!trivet_entry(c, "add", "nonsense"));
		CHECK(!trivet_entry(c, "add", NULL));
		CHECK(!trivet_entry(c, "sub", "i64(i64,i64)"));
		CHECK(strstr(trivet_message(e), "sub") != NULL);
		CHECK(!trivet_entry(c, NULL, "i64(i64,i64)"));
	}
	CHECK(!trivet_entry(compiled(m, TRIVET_INTERP, false), "add", "i64(i64,i64)"));
	trivet_close(e);
}

/* ---- Host functions ---- */

static int64_t
host_mix(int32_t a, double b, uint64_t c, float d, bool e)
{
	return (int64_t)(a + b * 10 + (double)c * 100 + (double)d * 1000) + (e ? 100000 : 0);
}

static bool
host_odd(int64_t a)
{
	return a & 1;
}

static int64_t
host_refuses(int64_t a)
{
	if (a == 13)
		trivet_raise();
	return a;
}

static trivet_code *inner_code;

static int64_t
host_calls_back(int64_t a)
{
	trivet_value x = i64(a), r;

	return trivet_call(inner_code, "inner", &x, 1, &r) ? -1 : r.as.i64;
}

static void
test_externs(void)
{
	static const char text[] = "extern fn mix(i32, f64, u64, f32, bool) -> i64;\n"
				   "extern fn odd(i64) -> bool;\n"
				   "extern fn refuses(i64) -> i64;\n"
				   "extern fn back(i64) -> i64;\n"
				   "fn f(a: i32) -> i64 { return mix(a, 2.0, 3, 4.0, odd(7)) + (if "
				   "odd(8) { 1 } else { 0 }); }\n"
				   "fn g(a: i64) -> i64 {\n return refuses(a) + 1;\n}\n"
				   "fn inner(a: i64) -> i64 { return 100 / a; }\n"
				   "fn outer(a: i64) -> i64 { return back(a) + 1; }\n";
	trivet_engine *e = opened();
	trivet_module *m = parsed(e, text);
	trivet_code *c = NULL;
	trivet_value a = { .type = TRIVET_I32 }, b, r;
	trivet_trap_info t;

	CHECK_EQ(trivet_compile(m, NULL, &c), TRIVET_UNBOUND);
	CHECK(strstr(trivet_message(e), "mix") != NULL);
	CHECK_EQ(trivet_bind(e, "mix", "i64(i32,f64,u64,f32)", (trivet_function)host_mix),
		 TRIVET_OK);
	CHECK_EQ(trivet_compile(m, NULL, &c), TRIVET_UNBOUND);
	CHECK_EQ(trivet_bind(e, "mix", "i64(i32,f64,u64,f32,bool)", (trivet_function)host_mix),
		 TRIVET_OK);
	CHECK_EQ(trivet_bind(e, "odd", "bool(i64)", (trivet_function)host_odd), TRIVET_OK);
	CHECK_EQ(trivet_bind(e, "refuses", "i64(i64)", (trivet_function)host_refuses), TRIVET_OK);
	CHECK_EQ(trivet_bind(e, "back", "i64(i64)", (trivet_function)host_calls_back), TRIVET_OK);
	CHECK_EQ(trivet_bind(e, "", "i64(i64)", (trivet_function)host_refuses), TRIVET_ARGUMENT);
	CHECK_EQ(trivet_bind(e, "x", "i64(i64", (trivet_function)host_refuses), TRIVET_SIGNATURE);
	CHECK_EQ(trivet_bind(e, "x", "i64(i64)", NULL), TRIVET_ARGUMENT);
	a.as.i32 = 1;
	for (int i = 0; i < 3; i++) {
		c = compiled(m, all_modes[i], false);
		inner_code = c;
		CHECK_EQ(trivet_call(c, "f", &a, 1, &r), TRIVET_OK);
		CHECK_EQ(r.as.i64, 104321);
		b = i64(12);
		CHECK_EQ(trivet_call(c, "g", &b, 1, &r), TRIVET_OK);
		CHECK_EQ(r.as.i64, 13);
		b = i64(13);
		CHECK_EQ(trivet_call(c, "g", &b, 1, &r), TRIVET_TRAP);
		CHECK_EQ(trivet_last_trap(&t), TRIVET_TRAP_HOST);
		CHECK_STR(t.function, "g");
		CHECK_EQ(t.line, 7);
		CHECK_EQ(trivet_call(c, "g", &a, 1, &r), TRIVET_SIGNATURE);
		b = i64(7);
		CHECK_EQ(trivet_call(c, "outer", &b, 1, &r), TRIVET_OK);
		CHECK_EQ(r.as.i64, 15);
	}
	trivet_close(e);
}

/* ---- Wrong ---- */

static int64_t
same(int64_t x)
{
	return x;
}

/* Externs have no code; many of them behind the last function must not be looked for in its tables
 * (a sanitizer sees that). */
static void
test_externs_last(void)
{
	char text[4096];
	size_t n = (size_t)snprintf(text, sizeof text, "fn f(a: i64) -> i64 { return a + 1; }\n");
	trivet_engine *e = opened();
	trivet_module *m;

	for (int i = 0; i < 60; i++) {
		char name[16];

		snprintf(name, sizeof name, "host_%d", i);
		CHECK_EQ(trivet_bind(e, name, "i64(i64)", (trivet_function)same), TRIVET_OK);
		n += (size_t)snprintf(text + n, sizeof text - n, "extern fn %s(i64) -> i64;\n",
				      name);
	}
	m = parsed(e, text);
	for (int i = 0; i < 3; i++) {
		trivet_value arg = i64(41), result = { 0 };
		trivet_code *c = compiled(m, all_modes[i], false);

		CHECK_EQ(trivet_call(c, "f", &arg, 1, &result), TRIVET_OK);
		CHECK_EQ(result.as.i64, 42);
		CHECK(trivet_entry(c, "host_59", "i64(i64)") == NULL);
	}
	trivet_close(e);
}

static void
test_bad_calls(void)
{
	trivet_engine *e = opened();
	trivet_module *m = parsed(
		e, "fn f(a: i64) -> i64 { return a; }\nfn s(x: [u8]) -> i64 { return len(x); }");
	trivet_code *c = compiled(m, TRIVET_OPTIMIZED, false);
	trivet_value v = { .type = TRIVET_F64 }, r, s = { .type = TRIVET_SPAN_U8 };

	CHECK_EQ(trivet_call(c, "f", &v, 1, &r), TRIVET_SIGNATURE);
	CHECK(strstr(trivet_message(e), "argument 1 of f is i64, f64 was given") != NULL);
	CHECK_EQ(trivet_call(c, "f", NULL, 0, &r), TRIVET_SIGNATURE);
	CHECK_EQ(trivet_call(c, "f", NULL, 1, &r), TRIVET_SIGNATURE);
	CHECK_EQ(trivet_call(c, "g", &v, 1, &r), TRIVET_NO_FUNCTION);
	CHECK_EQ(trivet_call(c, NULL, &v, 1, &r), TRIVET_NO_FUNCTION);
	CHECK_EQ(trivet_call(NULL, "f", &v, 1, &r), TRIVET_ARGUMENT);
	s.as.span.length = -1;
	CHECK_EQ(trivet_call(c, "s", &s, 1, &r), TRIVET_ARGUMENT);
	s.as.span.length = 1;
	CHECK_EQ(trivet_call(c, "s", &s, 1, &r), TRIVET_ARGUMENT);
	s.as.span.length = 0;
	CHECK_EQ(trivet_call(c, "s", &s, 1, NULL), TRIVET_OK);
	s.as.span.data = &s;
	for (int k = 0; k < 63; k++) {
		s.as.span.length = -(INT64_C(1) << k);
		CHECK_EQ(trivet_call(c, "s", &s, 1, &r), TRIVET_ARGUMENT);
	}
	trivet_close(e);

	CHECK_EQ(trivet_open(NULL, NULL), TRIVET_ARGUMENT);
	CHECK_EQ(trivet_parse(NULL, "x", "", 0, &m), TRIVET_ARGUMENT);
	CHECK_EQ(trivet_compile(NULL, NULL, &c), TRIVET_ARGUMENT);
	CHECK(!trivet_entry(NULL, "f", "i64()"));
	trivet_close(NULL);
	trivet_module_free(NULL);
	trivet_code_free(NULL);
	trivet_prepared_free(NULL);
	trivet_interrupt(NULL);
}

static void
test_source_errors(void)
{
	static const char bad[] = "fn f() -> i64 {\n\tlet x: i32 = 1.5;\n\treturn y;\n}\n";
	trivet_engine *e = opened();
	trivet_module *m = (trivet_module *)&m;
	trivet_diagnostic d;

	CHECK_EQ(trivet_parse(e, "bad.tv", bad, sizeof bad - 1, &m), TRIVET_SOURCE);
	CHECK(m == NULL);
	CHECK_EQ(trivet_diagnostic_count(e), 2);
	CHECK_EQ(trivet_diagnostic_get(e, 0, &d), TRIVET_OK);
	CHECK_EQ(d.line, 2);
	CHECK(strstr(d.text, "bad.tv:2:") == d.text && strchr(d.text, '^'));
	CHECK_EQ(trivet_diagnostic_get(e, 1, &d), TRIVET_OK);
	CHECK_EQ(d.line, 3);
	CHECK_EQ(trivet_diagnostic_get(e, 2, &d), TRIVET_ARGUMENT);
	CHECK_EQ(trivet_parse(e, NULL, "", 0, &m), TRIVET_OK);
	CHECK_EQ(trivet_diagnostic_count(e), 0);
	CHECK_EQ(trivet_function_count(m), 0);
	CHECK_EQ(trivet_parse(e, NULL, NULL, 1, &m), TRIVET_ARGUMENT);
	trivet_close(e);
}

static void
test_ownership(void)
{
	trivet_engine *e = opened();
	trivet_module *m = parsed(e, "fn f(a: i64) -> i64 { return a / 2; }");
	trivet_code *c = compiled(m, TRIVET_BASELINE, false);
	trivet_value a = i64(8), r;
	trivet_prepared *p;

	trivet_module_free(m); /* the code keeps what it needs */
	CHECK_EQ(trivet_call(c, "f", &a, 1, &r), TRIVET_OK);
	CHECK_EQ(r.as.i64, 4);
	trivet_code_free(c);
	for (int i = 0; i < 100; i++) {
		m = parsed(e, "fn f(a: i64) -> i64 { return a / 2; }");
		c = compiled(m, TRIVET_OPTIMIZED, false);
		CHECK_EQ(trivet_prepare(m, "f(9)", &p), TRIVET_OK);
		if (i & 1)
			trivet_module_free(m);
	}
	trivet_close(e); /* frees them all: LeakSanitizer looks */
}

static void
test_prepared(void)
{
	trivet_engine *e = opened();
	trivet_module *m = parsed(e, "fn f(a: i64) -> i64 { return 10 / a; }\n"
				     "fn fill(xs: [u8]) { for i in 0..len(xs) { xs[i] = 7; } }\n"
				     "//! f(3) == 3\n//! f(3) == 4\n//! f(0) traps divide-by-zero\n"
				     "//! fill([1, 2]) leaves [7, 7]\n//! f(5)\n");
	static const trivet_verdict verdicts[] = { TRIVET_PASS, TRIVET_FAIL, TRIVET_PASS,
						   TRIVET_PASS, TRIVET_NO_EXPECTATION };
	trivet_prepared *p;
	trivet_report r;

	CHECK_EQ(trivet_directive_count(m), 5);
	CHECK_EQ(trivet_prepare(m, "f(", &p), TRIVET_SOURCE);
	CHECK(p == NULL);
	CHECK(trivet_prepare(m, "g(1)", &p) != TRIVET_OK);
	CHECK(trivet_prepare(m, "f(1, 2)", &p) != TRIVET_OK);
	CHECK(trivet_prepare(m, "f(true)", &p) != TRIVET_OK);
	for (int i = 0; i < 3; i++) {
		trivet_code *c = compiled(m, all_modes[i], false);

		for (uint32_t k = 0; k < 5; k++) {
			CHECK_EQ(trivet_run_directive(c, k, &r), TRIVET_OK);
			CHECK_EQ(r.verdict, verdicts[k]);
		}
		CHECK_STR(r.result, "2");
		CHECK_STR(r.bits, "i64:0x0000000000000002");
		CHECK_EQ(trivet_run_directive(c, 5, &r), TRIVET_ARGUMENT);
		CHECK_EQ(trivet_prepare(m, "f(0)", &p), TRIVET_OK);
		CHECK_EQ(trivet_run(c, p, &r), TRIVET_OK);
		CHECK_STR(r.result, "trap:divide-by-zero@f:1");
		CHECK_EQ(r.trap.trap, TRIVET_TRAP_DIVIDE_BY_ZERO);
		CHECK_EQ(trivet_last_trap(NULL), TRIVET_TRAP_NONE);
	}
	trivet_close(e);
}

/* ---- Limits, interruption, threads ---- */

static void
test_recursion(void)
{
	static const char text[] =
		"fn down(n: i64) -> i64 { if n == 0 { return 0; } return down(n - 1) + 1; }\n"
		"fn forever(n: i64) -> i64 { return forever(n + 1) + 1; }\n";
	const trivet_options deep = { .max_depth = 100 };
	trivet_engine *e = NULL;
	trivet_module *m;
	trivet_value n, r;

	CHECK_EQ(trivet_open(&deep, &e), TRIVET_OK);
	m = parsed(e, text);
	for (int i = 0; i < 3; i++) {
		trivet_code *c = compiled(m, all_modes[i], false);

		n = i64(100);
		CHECK_EQ(trivet_call(c, "down", &n, 1, &r), TRIVET_OK);
		CHECK_EQ(r.as.i64, 100);
		n = i64(101);
		CHECK_EQ(trivet_call(c, "down", &n, 1, &r), TRIVET_TRAP);
		CHECK_EQ(trivet_last_trap(NULL), TRIVET_TRAP_STACK_OVERFLOW);
		CHECK_EQ(trivet_call(c, "forever", &n, 1, &r), TRIVET_TRAP);
		CHECK_EQ(trivet_last_trap(NULL), TRIVET_TRAP_STACK_OVERFLOW);
	}
	trivet_close(e);
}

/* The native stack's limit in bytes, where the count alone would allow more. */
static void
test_stack_bytes(void)
{
	const trivet_options o = { .max_depth = 1000000, .stack_bytes = 100 * 1024 };
	trivet_engine *e = NULL;
	trivet_module *m;
	trivet_value n = i64(0), r;

	CHECK_EQ(trivet_open(&o, &e), TRIVET_OK);
	m = parsed(e, "fn forever(n: i64) -> i64 { return forever(n + 1) + n; }");
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(trivet_call(compiled(m, all_modes[i], false), "forever", &n, 1, &r),
			 TRIVET_TRAP);
		CHECK_EQ(trivet_last_trap(NULL), TRIVET_TRAP_STACK_OVERFLOW);
	}
	trivet_close(e);
}

static void *
interrupt_soon(void *code)
{
	/* Long enough for the loop to run in most runs; right in all. */
	for (volatile int i = 0; i < 3000000; i++)
		;
	trivet_interrupt(code);
	return NULL;
}

static void
test_interrupt(void)
{
	trivet_engine *e = opened();
	trivet_module *m = parsed(e, "fn spin() -> i64 { let i: i64 = 0; loop { i += 1; } }\n"
				     "fn fine() -> i64 { return 4; }");
	trivet_value r;

	for (int i = 0; i < 3; i++) {
		trivet_code *c = compiled(m, all_modes[i], true);
		pthread_t t;

		if (!CHECK(pthread_create(&t, NULL, interrupt_soon, c) == 0))
			break;
		CHECK_EQ(trivet_call(c, "spin", NULL, 0, &r), TRIVET_TRAP);
		CHECK_EQ(trivet_last_trap(NULL), TRIVET_TRAP_INTERRUPTED);
		pthread_join(t, NULL);
		CHECK_EQ(trivet_call(c, "spin", NULL, 0, &r), TRIVET_TRAP); /* stays so … */
		trivet_rearm(c);					    /* … until here */
		CHECK_EQ(trivet_call(c, "fine", NULL, 0, &r), TRIVET_OK);
	}
	trivet_close(e);
}

static void *
hammer(void *code)
{
	trivet_value r, a;
	uintptr_t wrong = 0;

	for (int64_t i = 0; i < 2000; i++) {
		a = i64(i);
		if (trivet_call(code, "work", &a, 1, &r) != (i % 7 ? TRIVET_OK : TRIVET_TRAP))
			wrong++;
		if (trivet_last_trap(NULL) !=
		    (i % 7 ? TRIVET_TRAP_NONE : TRIVET_TRAP_DIVIDE_BY_ZERO))
			wrong++;
	}
	return (void *)wrong;
}

static void
test_threads(void)
{
	trivet_engine *e = opened();
	trivet_module *m = parsed(
		e, "fn work(n: i64) -> i64 { return down(n % 50) / (n % 7); }\n"
		   "fn down(n: i64) -> i64 { return if n == 0 { 0 } else { down(n - 1) + 1 }; }");
	trivet_code *c = compiled(m, TRIVET_OPTIMIZED, false);
	pthread_t t[4];
	void *wrong;

	for (int i = 0; i < 4; i++)
		CHECK_EQ(pthread_create(&t[i], NULL, hammer, c), 0);
	for (int i = 0; i < 4; i++) {
		pthread_join(t[i], &wrong);
		CHECK(wrong == NULL);
	}
	trivet_close(e);
}

static void
test_refused_memory(void)
{
	const trivet_options o = { .refuse_exec = true };
	trivet_engine *e = NULL;
	trivet_module *m;
	trivet_code *c = NULL;
	trivet_value a = i64(20), r;

	CHECK_EQ(trivet_open(&o, &e), TRIVET_OK);
	CHECK_EQ(trivet_probe(e), TRIVET_NO_EXEC);
	m = parsed(e, "fn f(a: i64) -> i64 { return a + 1; }");
	CHECK_EQ(trivet_compile(m, NULL, &c), TRIVET_NO_EXEC);
	CHECK(c == NULL);
	c = compiled(m, TRIVET_INTERP, false);
	CHECK_EQ(trivet_call(c, "f", &a, 1, &r), TRIVET_OK);
	CHECK_EQ(r.as.i64, 21);
	trivet_close(e);
}

static void
test_other_targets(void)
{
	trivet_engine *e = opened();
	trivet_module *m =
		parsed(e, "extern fn h(i64) -> i64;\nfn f(a: i64) -> i64 { return h(a) / 3; }");
	const char *name;

	for (uint32_t i = 0; (name = trivet_target_name(i)) != NULL; i++) {
		trivet_compile_options o = { .target = name, .verify = true };
		trivet_code *c = NULL;
		trivet_image image;
		trivet_symbol symbol;

		if (!strcmp(name, trivet_host_target()))
			continue;
		CHECK_EQ(trivet_compile(m, &o, &c), TRIVET_OK);
		CHECK_EQ(trivet_code_image(c, &image), TRIVET_OK);
		CHECK(image.code_size > 8 && image.size >= image.code_size && image.functions == 2);
		CHECK_EQ(trivet_code_symbol(c, 1, &symbol), TRIVET_OK);
		CHECK(symbol.start < symbol.end && symbol.end <= image.code_size);
		CHECK_EQ(trivet_code_symbol(c, 2, &symbol), TRIVET_ARGUMENT);
		CHECK(!trivet_entry(c, "f", "i64(i64)"));
		CHECK_EQ(trivet_call(c, "f", (trivet_value[]){ i64(1) }, 1, NULL), TRIVET_TARGET);
	}
	trivet_compile_options o = { .target = "pdp11" };
	trivet_code *c;
	CHECK_EQ(trivet_compile(m, &o, &c), TRIVET_TARGET);
	trivet_close(e);
}

/* ---- The builder ---- */

static trivet_status
build_sum(trivet_engine *e, trivet_module **m)
{
	trivet_builder *b = trivet_build_begin(e, "sum");

	trivet_ast_line(b, 7);
	trivet_ast_extern(b, "host", "i64(i64,f64)");
	trivet_ast_function(b, "sum", TRIVET_I64);
	trivet_ast_param(b, "n", TRIVET_I64);
	trivet_ast_let(b, "s", TRIVET_I64, trivet_ast_int(b, TRIVET_I64, 0));
	trivet_ast_for(b, NULL, "i", trivet_ast_int(b, TRIVET_I64, 0), trivet_ast_load(b, "n"));
	trivet_ast_let(b, "inner", TRIVET_VOID, trivet_ast_load(b, "i"));
	trivet_ast_if(b, trivet_ast_compare(b, ">", trivet_ast_load(b, "inner"),
					    trivet_ast_int(b, TRIVET_I64, 5)));
	trivet_ast_store(b, "s",
			 trivet_ast_binary(b, "+", trivet_ast_load(b, "s"),
					   trivet_ast_int(b, TRIVET_I64, 100)));
	trivet_ast_else(b);
	trivet_ast_store(
		b, "s",
		trivet_ast_binary(b, "+", trivet_ast_load(b, "s"), trivet_ast_load(b, "i")));
	trivet_ast_end(b);
	trivet_ast_end(b);
	trivet_ast_return(b, trivet_ast_load(b, "s"));
	trivet_ast_end(b);

	trivet_ast_function(b, "rest", TRIVET_F64);
	trivet_ast_param(b, "xs", TRIVET_SPAN_F64);
	trivet_ast_loop(b, "outer");
	trivet_ast_loop(b, NULL);
	trivet_ast_break(b, "outer");
	trivet_ast_end(b);
	trivet_ast_end(b);
	trivet_ast_store_index(b, "xs", trivet_ast_int(b, TRIVET_I64, 1),
			       trivet_ast_float(b, TRIVET_F64, 2.5));
	trivet_node args[2] = { trivet_ast_index(b, "xs", trivet_ast_int(b, TRIVET_I64, 0)),
				trivet_ast_index(b, "xs", trivet_ast_int(b, TRIVET_I64, 1)) };
	trivet_node count[1] = { trivet_ast_int(b, TRIVET_I64, 3) };
	trivet_ast_return(
		b, trivet_ast_binary(b, "*", trivet_ast_builtin(b, "max", args, 2),
				     trivet_ast_convert(b, "as", TRIVET_F64,
							trivet_ast_call(b, "sum", count, 1))));
	trivet_ast_end(b);
	return b ? trivet_build_end(b, m) : TRIVET_NO_MEMORY;
}

static void
test_builder(void)
{
	trivet_engine *e = opened();
	trivet_module *m = NULL;
	double xs[] = { 1, 0 };
	trivet_value n = i64(8), s = { .type = TRIVET_SPAN_F64 }, r;

	trivet_bind(e, "host", "i64(i64,f64)", (trivet_function)host_refuses);
	if (!CHECK(build_sum(e, &m) == TRIVET_OK))
		printf("    %s\n", trivet_message(e));
	s.as.span.data = xs;
	s.as.span.length = 2;
	for (int i = 0; m && i < 3; i++) {
		trivet_code *c = compiled(m, all_modes[i], false);

		CHECK_EQ(trivet_call(c, "sum", &n, 1, &r), TRIVET_OK);
		CHECK_EQ(r.as.i64, 15 + 200);
		CHECK_EQ(trivet_call(c, "rest", &s, 1, &r), TRIVET_OK);
		CHECK(r.as.f64 == 7.5);
	}
	trivet_close(e);
}

static void
test_builder_mistakes(void)
{
	trivet_engine *e = opened();
	trivet_module *m;
	trivet_builder *b;
	trivet_node x;

	b = trivet_build_begin(e, "a");
	trivet_ast_return(b, 0); /* outside of a function */
	CHECK_EQ(trivet_build_end(b, &m), TRIVET_ARGUMENT);
	CHECK(m == NULL && strstr(trivet_message(e), "outside of a function"));

	b = trivet_build_begin(e, "b");
	trivet_ast_function(b, "f", TRIVET_I64);
	x = trivet_ast_int(b, TRIVET_I64, 1);
	trivet_ast_return(b, trivet_ast_binary(b, "+", x, x));
	trivet_ast_end(b);
	CHECK_EQ(trivet_build_end(b, &m), TRIVET_ARGUMENT);
	CHECK(strstr(trivet_message(e), "used twice") != NULL);

	b = trivet_build_begin(e, "c");
	trivet_ast_function(b, "f", TRIVET_I64);
	trivet_ast_return(b, trivet_ast_load(b, "nobody"));
	trivet_ast_end(b);
	CHECK_EQ(trivet_build_end(b, &m), TRIVET_SOURCE);
	CHECK(trivet_diagnostic_count(e) == 1);

	b = trivet_build_begin(e, "d");
	trivet_ast_function(b, "f", TRIVET_I64);
	CHECK_EQ(trivet_build_end(b, &m), TRIVET_ARGUMENT); /* still open */

	b = trivet_build_begin(e, "e");
	trivet_ast_function(b, "f", TRIVET_I64);
	x = trivet_ast_int(b, TRIVET_I64, 1);
	for (int i = 0; i < 100000; i++)
		x = trivet_ast_unary(b, "-", x);
	trivet_ast_return(b, x);
	trivet_ast_end(b);
	CHECK_EQ(trivet_build_end(b, &m), TRIVET_ARGUMENT);
	CHECK(strstr(trivet_message(e), "nested too deeply") != NULL);

	b = trivet_build_begin(e, "f");
	trivet_ast_function(b, "f", TRIVET_I64);
	x = trivet_ast_int(b, TRIVET_I64, 1);
	for (int i = 0; i < 50000; i++) /* a chain may be as long as it likes */
		x = trivet_ast_binary(b, "+", x, trivet_ast_int(b, TRIVET_I64, 1));
	trivet_ast_return(b, x);
	trivet_ast_end(b);
	CHECK_EQ(trivet_build_end(b, &m), TRIVET_OK);

	b = trivet_build_begin(e, "g");
	trivet_ast_function(b, "f", TRIVET_I64);
	for (int i = 0; i < 1000; i++)
		trivet_ast_loop(b, NULL);
	CHECK_EQ(trivet_build_end(b, &m), TRIVET_ARGUMENT);
	CHECK_EQ(trivet_build_end(NULL, &m), TRIVET_ARGUMENT);
	CHECK(trivet_build_begin(NULL, "x") == NULL);
	CHECK_EQ(build_sum(NULL, &m), TRIVET_NO_MEMORY); /* every call does nothing */
	trivet_close(e);
}

/* ---- Memory that runs out ---- */

typedef struct Limited {
	long left; /* allocations until one fails; further ones fail too */
	long live;
} Limited;

static void *
limited_resize(void *user, void *p, size_t old_size, size_t size)
{
	Limited *l = user;

	(void)old_size;
	if (!size) {
		l->live -= p != NULL;
		free(p);
		return NULL;
	}
	if (l->left-- <= 0)
		return NULL;
	l->live += p == NULL;
	return realloc(p, size);
}

static const char whole_text[] =
	"const K: i64 = 3;\n"
	"fn f(a: i64, xs: [i32]) -> i64 {\n"
	"  let s: i64 = 0;\n"
	"  for i in 0..len(xs) { xs[i] += (a as i32) / (xs[i] + 1); s += xs[i] as i64; }\n"
	"  if a > 0 { return f(a - 1, xs) + s * K; }\n"
	"  return s;\n"
	"}\n"
	"//! f(3, [1, 2, 3])\n";

static trivet_status
whole(const trivet_allocator *a, trivet_mode mode)
{
	const trivet_options o = { .allocator = *a };
	const trivet_compile_options co = { .mode = mode };
	trivet_engine *e;
	trivet_module *m, *built;
	trivet_code *c;
	trivet_report r;
	trivet_prepared *p;
	trivet_status s = trivet_open(&o, &e);

	if (!s)
		s = trivet_bind(e, "x", "i64(i64)", (trivet_function)host_refuses);
	if (!s)
		s = build_sum(e, &built);
	if (!s)
		s = trivet_parse(e, "t", whole_text, sizeof whole_text - 1, &m);
	if (!s)
		s = trivet_compile(m, &co, &c);
	if (!s)
		s = trivet_run_directive(c, 0, &r);
	if (!s)
		s = trivet_prepare(m, "f(1, [5])", &p);
	if (!s)
		s = trivet_run(c, p, &r);
	trivet_close(e);
	return s;
}

static void
test_no_memory(void)
{
	for (int i = 0; i < 3; i++) {
		trivet_status s = TRIVET_NO_MEMORY;
		long n;

		for (n = 0; s == TRIVET_NO_MEMORY && n < 10000; n++) {
			Limited l = { n, 0 };
			trivet_allocator a = { limited_resize, &l };

			s = whole(&a, all_modes[i]);
			CHECK(s == TRIVET_NO_MEMORY || s == TRIVET_OK);
			CHECK_EQ(l.live, 0);
		}
		CHECK_EQ(s, TRIVET_OK);
		CHECK(n > 3);
	}
}

int
main(void)
{
	test_call_every_type();
	test_entry();
	test_externs();
	test_externs_last();
	test_bad_calls();
	test_source_errors();
	test_ownership();
	test_prepared();
	test_recursion();
	test_stack_bytes();
	test_interrupt();
	test_threads();
	test_refused_memory();
	test_other_targets();
	test_builder();
	test_builder_mistakes();
	test_no_memory();
	return check_done();
}
