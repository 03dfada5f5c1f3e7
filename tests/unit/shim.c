/* shim.c - trivet_shim.h: what a caller and a handler see, wrong signatures, wrong frees, no
 * memory, no executable memory, threads, backtraces.  Many random signatures are in tests/abi/. */
#include "trivet_shim.h"
#include "starve.h"

#include <inttypes.h>
#include <pthread.h>

#ifdef _WIN32
#include <windows.h>
#else
#include <unwind.h>
#endif

static trivet_engine *engine;

static trivet_stub
shim(const char *signature, trivet_function f)
{
	trivet_stub s;

	if (!CHECK_EQ(trivet_shim(engine, signature, f, &s), TRIVET_OK))
		printf("    %s: %s\n", signature, trivet_message(engine));
	return s;
}

static trivet_stub
closure(const char *signature, trivet_handler *h, void *user)
{
	trivet_stub s;

	if (!CHECK_EQ(trivet_closure(engine, signature, h, user, &s), TRIVET_OK))
		printf("    %s: %s\n", signature, trivet_message(engine));
	return s;
}

/* ---- Shims ---- */

static int
subtract(int a, int b)
{
	return a - b;
}

static int called;

static void
nothing(void)
{
	called++;
}

/* As a function that leaves rubbish above its narrow result does. */
static uint64_t
rubbish(uint64_t low)
{
	return UINT64_C(0xdeadbeefcafe0000) | low;
}

static float
half(float x)
{
	return x / 2;
}

static int64_t
count_bytes(const char *text)
{
	return (int64_t)strlen(text);
}

static uint64_t
call_rubbish(const char *signature, uint64_t low)
{
	trivet_stub s = shim(signature, (trivet_function)rubbish);
	uint64_t result = UINT64_C(0x1111111111111111);
	void *args[] = { &low };

	if (s.call)
		s.call(args, &result);
	return result;
}

static void
test_shims(void)
{
	int a = 7, b = 10, difference = 0;
	void *args[] = { &a, &b };
	trivet_stub s = shim("i32(i32,i32)", (trivet_function)subtract);
	float x = 3;
	const char *text = "seven77";
	int64_t length = 0;

	CHECK(s.call && !s.function && s.id);
	s.call(args, &difference);
	CHECK_EQ(difference, -3);
	s.call(args, NULL);
	CHECK_EQ(trivet_stub_free(engine, s), TRIVET_OK);

	s = shim(" void ( ) ", (trivet_function)nothing);
	s.call(NULL, NULL);
	s.call(args, &difference);
	CHECK_EQ(called, 2);
	CHECK_EQ(difference, -3);
	s = shim("f32(f32)", (trivet_function)half);
	s.call((void *[]){ &x }, &x);
	CHECK(x == 1.5f);
	s = shim("i64(ptr)", (trivet_function)count_bytes);
	s.call((void *[]){ &text }, &length);
	CHECK_EQ(length, 7);
	/* Only as many bytes as the type has are written. */
	CHECK_EQ(call_rubbish("i8(u64)", 0xabcd), UINT64_C(0x11111111111111cd));
	CHECK_EQ(call_rubbish("u16(u64)", 0xabcd), UINT64_C(0x111111111111abcd));
	CHECK_EQ(call_rubbish("i32(u64)", 0xabcd), UINT64_C(0x11111111cafeabcd));
	CHECK_EQ(call_rubbish("bool(u64)", 0xab02), UINT64_C(0x1111111111111101));
	CHECK_EQ(call_rubbish("bool(u64)", 0xab00), UINT64_C(0x1111111111111100));
	CHECK_EQ(call_rubbish("void(u64)", 0xab00), UINT64_C(0x1111111111111111));
}

static void
test_ellipsis(void)
{
	char out[64] = "";
	size_t room = sizeof out;
	const char *format = "%d %s %.2f %.1f";
	char *at = out;
	int32_t n = -5, written = 0;
	const char *word = "words";
	double x = 1.25, y = -0.5;
	trivet_stub s = shim("i32(ptr,u64,ptr,...,i32,ptr,f64,f64)", (trivet_function)snprintf);

	s.call((void *[]){ &at, &room, &format, &n, &word, &x, &y }, &written);
	CHECK_STR(out, "-5 words 1.25 -0.5");
	CHECK_EQ(written, 18);
}

/* ---- Closures ---- */

typedef struct Seen {
	uint64_t value[64];
	unsigned n, calls;
	uint64_t answer;
} Seen;

static void
note(void *user, void *const *args, void *result)
{
	Seen *s = user;

	s->calls++;
	for (unsigned k = 0; k < s->n; k++) {
		memcpy(&s->value[k], args[k], 8);
		memset(args[k], 0xee, 8);
	}
	memcpy(result, &s->answer, 8);
}

static void
ignore(void *user, void *const *args, void *result)
{
	(void)user;
	(void)args;
	(void)result;
}

static void
test_closures(void)
{
	typedef int8_t F(int8_t, uint8_t, int16_t, uint16_t, int32_t, uint32_t, bool, float, double,
			 void *);
	Seen seen = { .n = 10, .answer = UINT64_C(0x1122334455667788) };
	trivet_stub s = closure("i8(i8,u8,i16,u16,i32,u32,bool,f32,f64,ptr)", note, &seen);
	uint32_t bits;
	float x = -2;

	CHECK(s.function && !s.call && s.id);
	CHECK_EQ(((F *)s.function)(-1, 255, -2, 65535, -3, 4294967295u, true, x, 0.5, &seen),
		 (int8_t)0x88);
	CHECK_EQ(seen.calls, 1);
	CHECK_EQ(seen.value[0], -1);
	CHECK_EQ(seen.value[1], 255);
	CHECK_EQ(seen.value[2], -2);
	CHECK_EQ(seen.value[3], 65535);
	CHECK_EQ(seen.value[4], -3);
	CHECK_EQ(seen.value[5], 4294967295u);
	CHECK_EQ(seen.value[6], 1);
	memcpy(&bits, &x, 4);
	CHECK_EQ(seen.value[7], bits);
	CHECK_EQ(seen.value[8], UINT64_C(0x3fe0000000000000));
	CHECK_EQ(seen.value[9], (uintptr_t)&seen);

	/* Narrow results are extended to the whole register, whatever the caller relies on. */
	seen.n = 0;
	s = closure("i8()", note, &seen);
	CHECK_EQ(((int64_t(*)(void))s.function)(), -0x78);
	s = closure("u8()", note, &seen);
	CHECK_EQ(((int64_t(*)(void))s.function)(), 0x88);
	s = closure("bool()", note, &seen);
	CHECK_EQ(((int64_t(*)(void))s.function)(), 1);
	s = closure("i16()", note, &seen);
	CHECK_EQ(((int64_t(*)(void))s.function)(), 0x7788);
	seen.answer = 0xfedcba98;
	s = closure("i32()", note, &seen);
	CHECK_EQ(((int64_t(*)(void))s.function)(), -0x1234568);
	s = closure("u32()", note, &seen);
	CHECK_EQ(((int64_t(*)(void))s.function)(), 0xfedcba98);
	s = closure("u64()", ignore, NULL);
	CHECK_EQ(((uint64_t(*)(void))s.function)(), 0);
	s = closure("f64(f64)", ignore, NULL);
	CHECK(((double (*)(double))s.function)(3) == 0);
}

/* ---- Between the engines ---- */

static const char inner_text[] =
	"fn inner(a: i32, b: f32, c: u64, d: f64, e: bool, f: i64, g: i32) -> f64 {\n"
	"  return (a as f64) + (b as f64) * 2.0 + (c as f64) * 4.0 + d * 8.0 + (if e { 16.0 } else "
	"{ 0.0 })\n"
	"    + (f as f64) * 32.0 + (g as f64) * 64.0;\n"
	"}\n";
static const char outer_text[] =
	"extern fn inner(i32, f32, u64, f64, bool, i64, i32) -> f64;\n"
	"fn outer(n: i64) -> f64 {\n"
	"  let s = 0.0;\n"
	"  for i in 0..n { s += inner(-1, 0.5, 3, 0.25, i % 2 == 0, -i, 7); }\n"
	"  return s;\n"
	"}\n";
static const char bridge[] = "f64(i32,f32,u64,f64,bool,i64,i32)";

/* What a closure does when a program that is interpreted is called as a C function. */
static void
interpret(void *code, void *const *args, void *result)
{
	static const trivet_type types[] = { TRIVET_I32,  TRIVET_F32, TRIVET_U64, TRIVET_F64,
					     TRIVET_BOOL, TRIVET_I64, TRIVET_I32 };
	trivet_value values[7], r;

	for (unsigned k = 0; k < 7; k++) {
		values[k] = (trivet_value){ .type = types[k] };
		memcpy(&values[k].as, args[k], 8);
	}
	CHECK_EQ(trivet_call(code, "inner", values, 7, &r), TRIVET_OK);
	*(double *)result = r.as.f64;
}

static trivet_code *
compiled(trivet_engine *e, const char *text, trivet_mode mode)
{
	const trivet_compile_options o = { .mode = mode };
	trivet_module *m;
	trivet_code *c = NULL;

	if (!CHECK_EQ(trivet_parse(e, "bridge.tv", text, strlen(text), &m), TRIVET_OK) ||
	    !CHECK_EQ(trivet_compile(m, &o, &c), TRIVET_OK))
		printf("    %s\n", trivet_message(e));
	return c;
}

/* Each engine's programs call each other's: compiled ones by their entries, interpreted ones by
 * closures. */
static void
test_bridges(void)
{
	static const trivet_mode modes[] = { TRIVET_INTERP, TRIVET_BASELINE, TRIVET_OPTIMIZED };

	for (unsigned k = 0; k < 9; k++) {
		trivet_mode from = modes[k / 3], to = modes[k % 3];
		trivet_value n = { .type = TRIVET_I64, .as.i64 = 101 }, r = { 0 };
		trivet_stub s = { 0 };
		trivet_engine *e;
		trivet_code *inner, *outer;

		CHECK_EQ(trivet_open(NULL, &e), TRIVET_OK);
		inner = compiled(e, inner_text, to);
		if (to == TRIVET_INTERP)
			CHECK_EQ(trivet_closure(e, bridge, interpret, inner, &s), TRIVET_OK);
		else
			s.function = trivet_entry(inner, "inner", bridge);
		CHECK_EQ(trivet_bind(e, "inner", bridge, s.function), TRIVET_OK);
		outer = compiled(e, outer_text, from);
		CHECK_EQ(trivet_call(outer, "outer", &n, 1, &r), TRIVET_OK);
		CHECK(r.as.f64 == 101 * (-1 + 1 + 12 + 2 + 448) + 51 * 16 - 32 * 5050);
		trivet_close(e);
	}
}

/* ---- Wrong signatures ---- */

static const struct {
	const char *signature;
	const char *message; /* a part of it */
} wrong[] = {
	{ "", "at byte 0, \"\": expected void, bool, i8 … u64, f32, f64 or ptr" },
	{ "i32", "at byte 3, \"\": expected (" },
	{ "(i32)", "at byte 0, \"(i32)\": expected void" },
	{ "int(i32)", "at byte 0, \"int(i32)\"" },
	{ "i32(", "at byte 4, \"\": expected bool" },
	{ "i32()x", "at byte 5, \"x\": expected its end" },
	{ "i32(i32", "at byte 7, \"\": expected )" },
	{ "i32(i32,)", "at byte 8, \")\": expected bool" },
	{ "i32(,i32)", "at byte 4" },
	{ "i32(void)", "at byte 4, \"void)\"" },
	{ "i32(i32 i32)", "at byte 8, \"i32)\": expected )" },
	{ "i32(i33)", "at byte 4, \"i33)\"" },
	{ "i32(i3)", "at byte 4" },
	{ "i32(i320)", "at byte 4" },
	{ "i32(I32)", "at byte 4" },
	{ "i32(char *)", "at byte 4" },
	{ "i32([f64])", "at byte 4" },
	{ "i32(\x01\xff\n)", "at byte 4, \"?" },
	{ "i32(...)", "at byte 7, \")\": expected ," },
	{ "i32(ptr,...,u8)", "at byte 12, \"u8)\": expected i32 or wider" },
	{ "i32(ptr,...,f32)", "at byte 12" },
	{ "i32(ptr,...,bool)", "at byte 12" },
	{ "i32(ptr,...,i32,...,i32)", "at byte 16" },
};

static void
test_wrong_signatures(void)
{
	char many[8 + 65 * 4], *at = many;
	trivet_stub s;

	for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
		CHECK_EQ(trivet_shim(engine, wrong[k].signature, nothing, &s), TRIVET_SIGNATURE);
		CHECK(!s.call && !s.function && !s.id);
		if (!CHECK(strstr(trivet_message(engine), wrong[k].message) != NULL))
			printf("    %s: %s\n", wrong[k].signature, trivet_message(engine));
	}
	CHECK_EQ(trivet_closure(engine, "i32(ptr,...,i32)", ignore, NULL, &s), TRIVET_SIGNATURE);
	CHECK(strstr(trivet_message(engine), "no \"...\" in a closure") != NULL);
	/* 64 parameters, and one more. */
	at += sprintf(at, "void(");
	for (int k = 0; k < 64; k++)
		at += sprintf(at, "%si16", k ? "," : "");
	sprintf(at, ")");
	CHECK_EQ(trivet_shim(engine, many, nothing, &s), TRIVET_OK);
	CHECK_EQ(trivet_closure(engine, many, ignore, NULL, &s), TRIVET_OK);
	sprintf(at, ",i8)");
	CHECK_EQ(trivet_shim(engine, many, nothing, &s), TRIVET_SIGNATURE);
	CHECK(strstr(trivet_message(engine), "no more than 64 parameters") != NULL);
}

static void
test_huge_signatures(void)
{
	enum { HUGE_BYTES = 1 << 20 };
	char *text = malloc(HUGE_BYTES + 1);
	trivet_stub s;

	if (!CHECK(text != NULL))
		return;
	text[HUGE_BYTES] = 0;
	memset(text, 'i', HUGE_BYTES);
	CHECK_EQ(trivet_shim(engine, text, nothing, &s), TRIVET_SIGNATURE);
	CHECK(strlen(trivet_message(engine)) < 200);
	memset(text, ' ', HUGE_BYTES);
	CHECK_EQ(trivet_shim(engine, text, nothing, &s), TRIVET_SIGNATURE);
	memcpy(text + HUGE_BYTES - 6, "void()", 6);
	CHECK_EQ(trivet_shim(engine, text, nothing, &s), TRIVET_OK);
	memcpy(text, "void(", 5);
	for (int k = 5; k < HUGE_BYTES; k++)
		text[k] = "i32,"[(k - 5) % 4];
	CHECK_EQ(trivet_shim(engine, text, nothing, &s), TRIVET_SIGNATURE);
	free(text);
}

/* ---- Wrong calls, and freeing ---- */

static void
test_wrong_calls(void)
{
	trivet_stub s, t, none = { 0 };
	trivet_engine *other;

	CHECK_EQ(trivet_shim(NULL, "void()", nothing, &s), TRIVET_ARGUMENT);
	CHECK_EQ(trivet_shim(engine, "void()", nothing, NULL), TRIVET_ARGUMENT);
	CHECK_EQ(trivet_shim(engine, NULL, nothing, &s), TRIVET_ARGUMENT);
	CHECK_EQ(trivet_shim(engine, "void()", NULL, &s), TRIVET_ARGUMENT);
	CHECK_EQ(trivet_closure(NULL, "void()", ignore, NULL, &s), TRIVET_ARGUMENT);
	CHECK_EQ(trivet_closure(engine, "void()", ignore, NULL, NULL), TRIVET_ARGUMENT);
	CHECK_EQ(trivet_closure(engine, NULL, ignore, NULL, &s), TRIVET_ARGUMENT);
	CHECK_EQ(trivet_closure(engine, "void()", NULL, NULL, &s), TRIVET_ARGUMENT);
	CHECK(!s.call && !s.function && !s.id);

	s = shim("void()", nothing);
	CHECK_EQ(trivet_stub_free(NULL, s), TRIVET_ARGUMENT);
	CHECK_EQ(trivet_stub_free(engine, none), TRIVET_ARGUMENT);
	none.id = UINT64_MAX;
	CHECK_EQ(trivet_stub_free(engine, none), TRIVET_ARGUMENT);
	none.id = s.id + (UINT64_C(1) << 32);
	CHECK_EQ(trivet_stub_free(engine, none), TRIVET_ARGUMENT);
	CHECK_EQ(trivet_open(NULL, &other), TRIVET_OK);
	CHECK_EQ(trivet_stub_free(other, s), TRIVET_ARGUMENT);
	trivet_close(other);

	CHECK_EQ(trivet_stub_free(engine, s), TRIVET_OK);
	CHECK_EQ(trivet_stub_free(engine, s), TRIVET_FREED);
	t = shim("void()", nothing); /* in its place: the old id stays dead */
	CHECK(t.id != s.id);
	CHECK_EQ(trivet_stub_free(engine, s), TRIVET_FREED);
	called = 0;
	t.call(NULL, NULL);
	CHECK_EQ(called, 1);
	CHECK_EQ(trivet_stub_free(engine, t), TRIVET_OK);
	CHECK_EQ(trivet_stub_free(engine, t), TRIVET_FREED);
}

/* How many pages the stubs' entries are in. */
static unsigned
count_pages(const trivet_stub *s, unsigned n)
{
	unsigned pages = 0;

	for (unsigned k = 0; k < n; k++) {
		uintptr_t page = (uintptr_t)s[k].function / trivet_page_size();
		bool seen = false;

		for (unsigned j = 0; j < k; j++)
			seen = seen || (uintptr_t)s[j].function / trivet_page_size() == page;
		pages += !seen;
	}
	return pages;
}

/* Those of a signature share pages, those of two do not: what one is told reaches no other. */
static void
test_sharing(void)
{
	enum { MANY = 1000 };
	static trivet_stub s[2 * MANY];
	static Seen seen[2 * MANY];
	trivet_engine *e;
	trivet_stub again;

	CHECK_EQ(trivet_open(NULL, &e), TRIVET_OK);
	for (unsigned k = 0; k < 2 * MANY; k++) {
		unsigned at = k % 2 * MANY + k / 2; /* in turn */

		seen[at] = (Seen){ .answer = 7 * at, .n = at < MANY ? 0 : 1 };
		CHECK_EQ(trivet_closure(e, at < MANY ? "u64()" : " u64 (i8)", note, &seen[at],
					&s[at]),
			 TRIVET_OK);
	}
	CHECK(count_pages(s, MANY) <= 6 && count_pages(s + MANY, MANY) <= 6);
	CHECK_EQ(count_pages(s, 2 * MANY), count_pages(s, MANY) + count_pages(s + MANY, MANY));
	for (unsigned k = 0; k < MANY; k++)
		CHECK_EQ(((uint64_t(*)(void))s[k].function)(), 7 * k);
	for (unsigned k = MANY; k < 2 * MANY; k++)
		CHECK_EQ(((uint64_t(*)(int8_t))s[k].function)((int8_t)k), 7 * k);
	for (unsigned k = MANY; k < 2 * MANY; k++)
		CHECK(seen[k].calls == 1 && seen[k].value[0] == (uint64_t)(int8_t)k);
	/* A free entry is taken before there is another page; the old id stays dead. */
	CHECK_EQ(trivet_stub_free(e, s[MANY / 2]), TRIVET_OK);
	CHECK_EQ(trivet_closure(e, "u64()", note, &seen[1], &again), TRIVET_OK);
	CHECK(again.id != s[MANY / 2].id);
	s[MANY / 2].function = again.function;
	CHECK(count_pages(s, MANY) <= 6);
	CHECK_EQ(((uint64_t(*)(void))again.function)(), 7);
	CHECK_EQ(trivet_stub_free(e, s[MANY / 2]), TRIVET_FREED);
	for (unsigned k = 0; k < 2 * MANY;
	     k++) /* the pages of one signature go, the other's stay */
		if (k != MANY / 2 && k < MANY)
			CHECK_EQ(trivet_stub_free(e, s[k]), TRIVET_OK);
	CHECK_EQ(((uint64_t(*)(void))again.function)(), 7);
	CHECK_EQ(trivet_stub_free(e, again), TRIVET_OK);
	CHECK_EQ(((uint64_t(*)(int8_t))s[MANY].function)(1), 7 * MANY);
	/* A shim of the same signature is something else. */
	CHECK_EQ(trivet_shim(e, "u64(i8)", nothing, &again), TRIVET_OK);
	CHECK(again.call && !again.function);
	trivet_close(e);
}

/* In an order of their own, then with what is left freed by trivet_close(). */
static void
test_many(void)
{
	enum { MANY = 300 };
	static trivet_stub s[MANY];
	static Seen seen[MANY];
	trivet_engine *e;

	CHECK_EQ(trivet_open(NULL, &e), TRIVET_OK);
	for (unsigned k = 0; k < MANY; k++) {
		seen[k].answer = k;
		CHECK_EQ(trivet_closure(e, "u64()", note, &seen[k], &s[k]), TRIVET_OK);
	}
	for (unsigned k = 0; k < MANY; k += 3)
		CHECK_EQ(trivet_stub_free(e, s[k * 7 % MANY]), TRIVET_OK); /* 7 * 3k: each once */
	for (unsigned k = 0; k < MANY; k++) {
		if (k % 3)
			CHECK_EQ(((uint64_t(*)(void))s[k].function)(), k);
		else
			CHECK_EQ(trivet_stub_free(e, s[k]), TRIVET_FREED);
	}
	trivet_close(e);
}

/* ---- Without memory ---- */

static trivet_status
make_both(unsigned allowed, bool *opened)
{
	Starved starved = { .allowed = allowed };
	trivet_options o = { .allocator = { starved_resize, &starved } };
	trivet_engine *e;
	trivet_stub s, c;
	trivet_status status = trivet_open(&o, &e);

	*opened = !status;
	if (status)
		return status;
	status = trivet_shim(e, "f64(i8,f32,ptr,u64,i32,i32,i32,i32,i32)", nothing, &s);
	if (!status)
		status = trivet_closure(e, "f64(i8,f32,ptr,u64,i32,i32,i32,i32)", ignore, NULL, &c);
	if (status) {
		CHECK(strstr(trivet_message(e), "memory") != NULL);
		starved.allowed = 1000; /* it recovers */
		CHECK_EQ(trivet_shim(e, "void()", nothing, &s), TRIVET_OK);
		called = 0;
		s.call(NULL, NULL);
		CHECK_EQ(called, 1);
	}
	trivet_close(e);
	CHECK_EQ(starved.blocks, 0);
	return status;
}

static void
test_no_memory(void)
{
	unsigned n = 0;
	bool opened;

	while (n < 100) {
		trivet_status s = make_both(n++, &opened);
		if (s == TRIVET_OK)
			break;
		CHECK_EQ(s, TRIVET_NO_MEMORY);
	}
	CHECK(n > 4 && n < 100);
}

static void
test_no_exec(void)
{
	const trivet_options o = { .refuse_exec = true };
	trivet_engine *e;
	trivet_stub s;

	CHECK_EQ(trivet_open(&o, &e), TRIVET_OK);
	CHECK_EQ(trivet_shim(e, "void()", nothing, &s), TRIVET_NO_EXEC);
	CHECK_EQ(trivet_closure(e, "void()", ignore, NULL, &s), TRIVET_NO_EXEC);
	CHECK(!s.call && !s.function && !s.id);
	CHECK_EQ(trivet_stub_free(e, s), TRIVET_ARGUMENT);
	trivet_close(e);
}

/* With gdb and perf told of each: it works, and leaves nothing behind. */
static void
test_tools(void)
{
	Starved starved = { .allowed = 1000 };
	const trivet_options o = {
		.allocator = { starved_resize, &starved },
		.debugger = true,
	};
	trivet_engine *e;
	trivet_stub s[20];
	int a = 7, b = 10, difference = 0;

	CHECK_EQ(trivet_open(&o, &e), TRIVET_OK);
	for (int k = 0; k < 20; k++)
		CHECK_EQ(trivet_shim(e, "i32(i32,i32)", (trivet_function)subtract, &s[k]),
			 TRIVET_OK);
	for (int k = 0; k < 20; k += 2)
		CHECK_EQ(trivet_stub_free(e, s[k]), TRIVET_OK);
	s[1].call((void *[]){ &a, &b }, &difference);
	CHECK_EQ(difference, -3);
	trivet_close(e);
	CHECK_EQ(starved.blocks, 0);
}

/* ---- Threads ---- */

static void
add_up(void *user, void *const *args, void *result)
{
	(void)user;
	*(int64_t *)result = *(int32_t *)args[0] + *(int64_t *)args[1];
}

static void *
call_often(void *function)
{
	trivet_function f;
	intptr_t wrong_sums = 0;

	memcpy(&f, function, sizeof f);
	for (int32_t k = 0; k < 20000; k++)
		wrong_sums += ((int64_t(*)(int32_t, int64_t))f)(-k, 2 * k) != k;
	return (void *)wrong_sums;
}

static void
test_threads(void)
{
	trivet_stub s = closure("i64(i32,i64)", add_up, NULL);
	pthread_t threads[4];
	void *wrong_sums;

	for (int k = 0; k < 4; k++)
		CHECK_EQ(pthread_create(&threads[k], NULL, call_often, &s.function), 0);
	for (int k = 0; k < 50; k++) /* others come and go meanwhile */
		trivet_stub_free(engine, closure("i64(i32,i64)", add_up, NULL));
	for (int k = 0; k < 4; k++) {
		pthread_join(threads[k], &wrong_sums);
		CHECK(wrong_sums == NULL);
	}
}

/* ---- A shim of a closure of a shim, and the way back out of it ---- */

static void *frames[64], *caller;
static unsigned nframes;

#ifdef _WIN32
static void
take_frames(void)
{
	nframes = CaptureStackBackTrace(0, 64, frames, NULL);
}
#else
static _Unwind_Reason_Code
take_frame(struct _Unwind_Context *context, void *unused)
{
	(void)unused;
	if (nframes < 64)
		frames[nframes++] = (void *)(uintptr_t)_Unwind_GetIP(context);
	return nframes < 64 ? _URC_NO_REASON : _URC_END_OF_STACK;
}

static void
take_frames(void)
{
	nframes = 0;
	_Unwind_Backtrace(take_frame, NULL);
}
#endif

static void
call_shim(void *user, void *const *args, void *result)
{
	trivet_caller *next = *(trivet_caller **)user;

	next(args, result);
}

static int64_t
walk(int32_t a, int64_t b, double c, int64_t d, int64_t e, int64_t f, int64_t g, int64_t h,
     int64_t i)
{
	take_frames();
	return a + b + (int64_t)c + d + e + f + g + h + i;
}

static __attribute__((noinline)) void
test_unwinding(void)
{
	static const char signature[] = "i64(i32,i64,f64,i64,i64,i64,i64,i64,i64)";
	trivet_stub inner = shim(signature, (trivet_function)walk);
	trivet_stub middle = closure(signature, call_shim, &inner.call);
	trivet_stub outer = shim(signature, middle.function);
	int32_t a = -1;
	int64_t n[8] = { 2, 0, 4, 8, 16, 32, 64, 128 }, sum = 0;
	double c = 1000;
	bool found = false;

	caller = __builtin_return_address(0);
	outer.call((void *[]){ &a, &n[0], &c, &n[2], &n[3], &n[4], &n[5], &n[6], &n[7] }, &sum);
	CHECK_EQ(sum, 1253);
	for (unsigned k = 0; k < nframes; k++)
		found = found || frames[k] == caller;
	if (!CHECK(found))
		printf("    %u frames, none of them the caller\n", nframes);
}

int
main(void)
{
	if (trivet_open(NULL, &engine))
		return 1;
	if (trivet_probe(engine)) {
		printf("this system refuses executable memory\n");
		return 77;
	}
	test_shims();
	test_ellipsis();
	test_closures();
	test_bridges();
	test_wrong_signatures();
	test_huge_signatures();
	test_wrong_calls();
	test_many();
	test_sharing();
	test_no_memory();
	test_no_exec();
	test_tools();
	test_threads();
	test_unwinding();
	trivet_close(engine);
	return check_done();
}
