/* lang.c - numbers, types, trees, printing, directives; hostile input; running out of memory. */
#include <stdlib.h>

#include "lang/check.h"
#include "lang/floattext.h"
#include "lang/lang.h"
#include "lang/parse.h"
#include "base/num.h"
#include "check.h"

/* ---- Help ----------------------------------------------------------------------------------- */

typedef struct Run {
	Mem mem;
	Arena arena;
	Diags diags;
	Program p;
	trivet_status status;
} Run;

static Str
str(const char *s)
{
	return (Str){ s, (uint32_t)strlen(s) };
}

static void
run_begin(Run *r, Str text, const trivet_allocator *host)
{
	mem_init(&r->mem, host);
	arena_init(&r->arena, &r->mem);
	diag_init(&r->diags, &r->arena, STR("test"), text);
	r->status = program_init(&r->p, &r->arena, STR("test"));
}

static void
run_parse(Run *r, Str text)
{
	run_begin(r, text, NULL);
	r->status = lang_parse(&r->p, text, &r->diags);
}

static void
run_end(Run *r)
{
	arena_free(&r->arena);
	CHECK_EQ(r->mem.live, 0);
}

/* A program that must be right. */
static int
run_good(Run *r, const char *text)
{
	run_parse(r, str(text));
	if (r->status != TRIVET_OK)
		printf("%s\n-> %s\n", text, r->diags.list.n ? r->diags.list.at[0].message : "?");
	return check_true(r->status == TRIVET_OK, "the program is accepted", __FILE__, __LINE__);
}

/* The value that a constant expression of that type has; false: it has none. */
static int
evaluate(const char *type, const char *expr, uint64_t *bits)
{
	char text[4096];
	Run r;
	int ok;

	snprintf(text, sizeof text, "const X: %s = %s;", type, expr);
	run_parse(&r, str(text));
	ok = r.status == TRIVET_OK && r.p.consts.n == 1;
	*bits = ok ? r.p.consts.at[0].bits : 0;
	run_end(&r);
	return ok;
}

static void
value_is(const char *type, const char *expr, uint64_t expected)
{
	uint64_t bits;

	if (!evaluate(type, expr, &bits) || bits != expected)
		printf("%s as %s: got 0x%" PRIx64 ", expected 0x%" PRIx64 "\n", expr, type, bits,
		       expected);
	check_true(evaluate(type, expr, &bits) && bits == expected, expr, __FILE__, __LINE__);
}

static void
value_none(const char *type, const char *expr)
{
	uint64_t bits;

	check_true(!evaluate(type, expr, &bits), expr, __FILE__, __LINE__);
}

static uint64_t
random_next(uint64_t *state) /* splitmix64 */
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* ---- Numbers -------------------------------------------------------------------------------- */

static void
test_integers(void)
{
	value_is("i64", "0", 0);
	value_is("i64", "1_000", 1000);
	value_is("i64", "0xff", 255);
	value_is("i64", "0XFf_ff", 65535);
	value_is("i64", "0b1010_1", 21);
	value_is("u32", "0x1f32", 0x1f32);
	value_is("u32", "7u32", 7);
	value_is("u32", "0x7_u32", 7);
	value_is("u64", "18446744073709551615", UINT64_MAX);
	value_is("i64", "9223372036854775807", INT64_MAX);
	value_is("i64", "-9223372036854775808", UINT64_C(1) << 63);
	value_is("i32", "-2147483648", 0x80000000);
	value_is("i32", "-2147483648i32", 0x80000000);
	value_is("i32", "-(-2147483648)", 0x80000000);
	value_is("u32", "-1", 0xffffffff);
	value_is("u64", "-1", UINT64_MAX);
	value_is("i32", "~0", 0xffffffff);
	value_none("i64", "9223372036854775808");
	value_none("i64", "-9223372036854775809");
	value_none("i32", "2147483648");
	value_none("i32", "2147483648i32");
	value_none("u32", "4294967296");
	value_none("u64", "18446744073709551616");
	value_none("u64", "99999999999999999999999999999999999999");
	value_none("u32", "7i32");
	value_none("i64", "0x");
	value_none("i64", "0b2");
	value_none("i64", "1.0");
	value_none("i64", "1e3");
}

static void
test_float_f64(void)
{
	value_is("f64", "0.0", 0);
	value_is("f64", "-0.0", UINT64_C(1) << 63);
	value_is("f64", "-0", UINT64_C(1) << 63);
	value_is("f64", "1", UINT64_C(0x3ff0000000000000));
	value_is("f64", "0.1", UINT64_C(0x3fb999999999999a));
	value_is("f64", "1e23", UINT64_C(0x44b52d02c7e14af6)); /* nearer than its neighbour */
	/* half-way cases around 2^53: ties to even, and just beside them */
	value_is("f64", "9007199254740993", UINT64_C(0x4340000000000000));
	value_is("f64", "9007199254740993.0000000000000000000000000000001",
		 UINT64_C(0x4340000000000001));
	value_is("f64", "9007199254740995", UINT64_C(0x4340000000000002));
	value_is("f64", "9007199254740992.99999999999999999999", UINT64_C(0x4340000000000000));
	/* the least normal and the greatest subnormal; a famous pair that hung others' parsers */
	value_is("f64", "2.2250738585072014e-308", UINT64_C(0x0010000000000000));
	value_is("f64", "2.2250738585072012e-308", UINT64_C(0x0010000000000000));
	value_is("f64", "2.2250738585072011e-308", UINT64_C(0x000fffffffffffff));
	/* around half of the least subnormal */
	value_is("f64", "4.9e-324", 1);
	value_is("f64", "2.4703282292062328e-324", 1);
	value_is("f64", "2.4703282292062327e-324", 0);
	value_is("f64", "7.4109846876186981e-324", 1);
	value_is("f64", "7.4109846876186983e-324", 2);
	value_is("f64", "1e-400", 0);
	value_is("f64", "1e-99999999999999999999999", 0);
	value_is("f64", "0e99999999999999999999999", 0);
	value_is("f64", "0.000e400", 0);
	/* the greatest, and what still rounds to it */
	value_is("f64", "1.7976931348623157e308", UINT64_C(0x7fefffffffffffff));
	value_is("f64", "1.7976931348623158e308", UINT64_C(0x7fefffffffffffff));
	value_is("f64", "1.797693134862315807e308", UINT64_C(0x7fefffffffffffff));
	value_none("f64", "1.797693134862315808e308");
	value_none("f64", "1e309");
	value_none("f64", "1e99999999999999999999999");
	/* hexadecimal */
	value_is("f64", "0x1p0", UINT64_C(0x3ff0000000000000));
	value_is("f64", "0x1.8p1", UINT64_C(0x4008000000000000));
	value_none("f64", "0x.p0");
	value_is("f64", "0x1p-1074", 1);
	value_is("f64", "0x1p-1075", 0);
	value_is("f64", "0x1.00000000000001p-1075", 1);
	value_is("f64", "0x3p-1075", 2);
	value_is("f64", "0x1.fffffffffffff8p0", UINT64_C(0x4000000000000000));
	value_is("f64", "0x1.fffffffffffff7p0", UINT64_C(0x3fffffffffffffff));
	value_is("f64", "0x10000000000000800000000p0", UINT64_C(0x4570000000000000));
	value_is("f64", "0x10000000000000800000001p0", UINT64_C(0x4570000000000001));
	value_is("f64", "0xffp-4_0", num_bits_f64(0x1.fep-33));
	value_none("f64", "0x1p1024");
	value_none("f64", "0x1.8");
	value_is("f64", "inf", UINT64_C(0x7ff0000000000000));
	value_is("f64", "-inf", UINT64_C(0xfff0000000000000));
	value_is("f64", "nan", NUM_NAN64);
	value_is("f64", "-nan", NUM_NAN64);
	value_is("f64", "-(nan)", NUM_NAN64);
}

static void
test_float_f32(void)
{
	value_is("f32", "0.1", 0x3dcccccd);
	value_is("f32", "1.5f32", 0x3fc00000);
	value_is("f32", "16777217", 0x4b800000);
	value_is("f32", "16777219", 0x4b800002);
	/* Through f64 these would be rounded twice: up to the tie, then away from the right answer.
	 */
	value_is("f32", "1.00000017881393432617187499", 0x3f800001);
	value_is("f32", "1.00000017881393432617187500", 0x3f800002);
	value_is("f32", "1.000000059604644775390625", 0x3f800000);
	value_is("f32", "1.00000005960464477539062500000000000000000000000001", 0x3f800001);
	value_is("f32", "0x1.000001p0", 0x3f800000);
	value_is("f32", "0x1.00000100000000000000000001p0", 0x3f800001);
	value_is("f32", "1.17549435e-38", 0x00800000);
	value_is("f32", "1.4e-45", 1);
	value_is("f32", "7.1e-46", 1);
	value_is("f32", "7.0e-46", 0);
	value_is("f32", "3.4028235e38", 0x7f7fffff);
	value_is("f32", "3.4028235677973366e38", 0x7f7fffff);
	value_none("f32", "3.4028235677973367e38");
	value_none("f32", "3.5e38");
	value_none("f32", "1.5f64");
	value_is("f32", "nan", NUM_NAN32);
	value_is("f32", "-inf_f32", 0xff800000);
	value_none("f32", "inf_f64");
}

/* Digits by the thousand: all count. */
static void
test_float_long(void)
{
	static char text[4096];
	size_t n = 0;

	/* 2^-1074, exactly, has 751 digits after 323 zeros; half of it is a tie. */
	memcpy(text, "1.", 2);
	n = 2;
	memset(text + n, '0', 2000);
	n += 2000;
	memcpy(text + n, "1", 2);
	value_is("f64", text, UINT64_C(0x3ff0000000000000));
	/* 1 + 2^-53 is a tie, and with a digit 2,000 places on no longer one. */
	n = (size_t)snprintf(text, sizeof text,
			     "1.00000000000000011102230246251565404236316680908203125");
	value_is("f64", text, UINT64_C(0x3ff0000000000000));
	memset(text + n, '0', 2000);
	text[n + 2000] = '\0';
	value_is("f64", text, UINT64_C(0x3ff0000000000000));
	memcpy(text + n + 2000, "1", 2);
	value_is("f64", text, UINT64_C(0x3ff0000000000001));
	memset(text, '9', 2000);
	memcpy(text + 2000, "e-2000", 7);
	value_is("f64", text, UINT64_C(0x3ff0000000000000));
	memset(text, '0', 2000);
	memcpy(text + 2000, "1.5", 4);
	value_is("f64", text, UINT64_C(0x3ff8000000000000));
}

static void
float_text(trivet_type t, uint64_t bits, const char *expected)
{
	char text[FLOAT_TEXT_MAX];
	uint32_t n = float_write(t, bits, text);

	CHECK_EQ(n, strlen(text));
	CHECK_STR(text, expected);
}

static void
test_float_print(void)
{
	float_text(TRIVET_F64, 0, "0.0");
	float_text(TRIVET_F64, UINT64_C(1) << 63, "-0.0");
	float_text(TRIVET_F64, num_bits_f64(1.0), "1.0");
	float_text(TRIVET_F64, num_bits_f64(-2.5), "-2.5");
	float_text(TRIVET_F64, num_bits_f64(0.1), "0.1");
	float_text(TRIVET_F64, num_bits_f64(100.0), "100.0");
	float_text(TRIVET_F64, num_bits_f64(1e16), "10000000000000000.0");
	float_text(TRIVET_F64, num_bits_f64(1e17), "1e17");
	float_text(TRIVET_F64, num_bits_f64(1e300), "1e300");
	float_text(TRIVET_F64, num_bits_f64(1.25e-7), "1.25e-7");
	float_text(TRIVET_F64, num_bits_f64(0.00001), "0.00001");
	float_text(TRIVET_F64, 1, "5e-324");
	float_text(TRIVET_F64, UINT64_C(0x7fefffffffffffff), "1.7976931348623157e308");
	float_text(TRIVET_F64, UINT64_C(0x0010000000000000), "2.2250738585072014e-308");
	float_text(TRIVET_F64, num_bits_f64(9007199254740993.0), "9007199254740992.0");
	float_text(TRIVET_F64, num_bits_f64(5e-5), "0.00005");
	/* just above a power of two: the nearest 16 digits would read back as the number below */
	float_text(TRIVET_F64, num_bits_f64(0x1p-44), "5.684341886080802e-14");
	float_text(TRIVET_F64, UINT64_C(0x7ff0000000000000), "inf");
	float_text(TRIVET_F64, UINT64_C(0xfff0000000000000), "-inf");
	float_text(TRIVET_F64, NUM_NAN64, "nan");
	float_text(TRIVET_F64, UINT64_C(0xffffffffffffffff), "nan");
	float_text(TRIVET_F32, 0x3dcccccd, "0.1");
	float_text(TRIVET_F32, 1, "1e-45");
	float_text(TRIVET_F32, 0x7f7fffff, "3.4028235e38");
	float_text(TRIVET_F32, 0x4b800000, "16777216.0");
	float_text(TRIVET_F32, 0xff800000, "-inf");
}

/* Reads back; on glibc, whose strtod and printf are exact, also the same as theirs, and no shorter
 * text does it. */
static void
float_round_trip(trivet_type t, uint64_t bits)
{
	char text[FLOAT_TEXT_MAX];
	uint32_t n = float_write(t, bits, text);
	bool negative = text[0] == '-';
	uint64_t back = 0, sign = t == TRIVET_F64 ? UINT64_C(1) << 63 : UINT64_C(1) << 31;
	Number number;

	CHECK(number_scan((Str){ text + negative, n - negative }, &number) == NULL);
	CHECK(number.is_float && float_read(&number, t, &back));
	back |= negative ? sign : 0;
	CHECK_EQ(back, bits);
#ifdef __GLIBC__
	char shorter[64];
	int digits = 0, leading = 1;
	back = t == TRIVET_F64 ? num_bits_f64(strtod(text, NULL))
			       : num_bits_f32(strtof(text, NULL));
	CHECK_EQ(back, bits);
	for (const char *s = text; *s && *s != 'e'; s++) {
		leading &= *s == '0' || *s == '.' || *s == '-';
		digits += *s >= '0' && *s <= '9' && !leading;
	}
	if (t != TRIVET_F64 || digits < 2 || strchr(text, 'e') == NULL)
		return;
	snprintf(shorter, sizeof shorter, "%.*e", digits - 2, num_from_f64(bits));
	CHECK(num_bits_f64(strtod(shorter, NULL)) != bits);
#endif
}

static void
test_float_random(void)
{
	uint64_t state = 1;

	for (int i = 0; i < 1500; i++) {
		uint64_t bits = random_next(&state);
		if ((bits >> 52 & 0x7ff) != 0x7ff)
			float_round_trip(TRIVET_F64, bits);
		float_round_trip(TRIVET_F64, num_bits_f64((double)(int64_t)bits / 1000.0));
		bits = (uint32_t)random_next(&state);
		if ((bits >> 23 & 0xff) != 0xff)
			float_round_trip(TRIVET_F32, bits);
	}
	for (int i = 0; i < 64; i++) { /* borders: powers of two and their neighbours */
		for (uint64_t d = 0; d < 3; d++) {
			float_round_trip(TRIVET_F64, ((uint64_t)(i * 31 + 1) << 52) - 1 + d);
			float_round_trip(TRIVET_F32, ((uint64_t)(i * 3 + 1) << 23) - 1 + d);
		}
	}
	for (uint64_t bits = 0; bits < 40; bits++) {
		float_round_trip(TRIVET_F64, bits);
		float_round_trip(TRIVET_F32, bits);
	}
}

static void
test_print_value(void)
{
	static const struct {
		trivet_type t;
		uint64_t bits;
		const char *plain, *raw;
	} rows[] = {
		{ TRIVET_BOOL, 1, "true", "bool:0x1" },
		{ TRIVET_I32, 0xfffffffd, "-3", "i32:0xfffffffd" },
		{ TRIVET_U32, 0xfffffffd, "4294967293", "u32:0xfffffffd" },
		{ TRIVET_I64, UINT64_C(1) << 63, "-9223372036854775808", "i64:0x8000000000000000" },
		{ TRIVET_U64, UINT64_MAX, "18446744073709551615", "u64:0xffffffffffffffff" },
		{ TRIVET_F32, 0x3f800000, "1.0", "f32:0x3f800000" },
		{ TRIVET_F64, NUM_NAN64, "nan", "f64:0x7ff8000000000000" },
	};
	Run r;

	run_begin(&r, str(""), NULL);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		Text t;
		text_init(&t, &r.arena);
		lang_print_value(&t, rows[i].t, rows[i].bits, false);
		CHECK_STR(t.at, rows[i].plain);
		text_init(&t, &r.arena);
		lang_print_value(&t, rows[i].t, rows[i].bits, true);
		CHECK_STR(t.at, rows[i].raw);
	}
	run_end(&r);
}

/* ---- Types and constant expressions --------------------------------------------------------- */

static void
test_binding(void)
{
	value_is("i64", "1 + 2 * 3", 7);
	value_is("i64", "10 - 3 - 2", 5);
	value_is("i64", "100 / 5 / 2", 10);
	value_is("i64", "1 << 2 + 1", 8);
	value_is("i64", "6 & 3 << 1", 6);
	value_is("i64", "6 ^ 3 & 1", 7);
	value_is("i64", "4 | 1 ^ 5", 4);
	value_is("bool", "5 & 4 == 4", 1);
	value_is("bool", "1 | 2 == 3", 1);
	value_is("bool", "true || false && false", 1);
	value_is("bool", "1 < 2 && 2 < 3", 1);
	value_is("bool", "!false && true", 1);
	value_is("i64", "-1 as u32 as i64", 4294967295);
	value_is("i64", "- 2 * 3", (uint64_t)-6);
	value_is("i64", "~1 + 1", (uint64_t)-1);
	value_is("i64", "2 * 3 as i64", 6);
	value_is("i64", "(1 + 2) * 3", 9);
	value_is("i64", "if 1 < 2 { 3 } else { 4 } + 1", 4);
	value_is("i64", "if false { 1 } else if true { 2 } else { 3 }", 2);
	value_is("i64", "if true { 1 } else if true { 2 } else { 3 } + 4", 5);
	value_is("bool", "(1 < 2) == (3 < 4)", 1);
	value_is("bool", "true && !(1 / 1 == 2)", 1);
	value_is("bool", "false && 1 / 0 == 1", 0); /* not evaluated */
	value_is("bool", "true || 1 / 0 == 1", 1);
	value_is("i64", "if true { 1 } else { 1 / 0 }", 1);
	value_none("i64", "select(true, 1, 1 / 0)");
	value_none("bool", "1 < 2 < 3");
	value_none("bool", "1 == 2 != true");
	value_none("i64", "1 / 0");
	value_none("i64", "-9223372036854775808 / -1");
	value_is("i64", "-9223372036854775808 % -1", 0);
}

static void
test_literal_types(void)
{
	value_is("f32", "0.1 + 0.2", num_bits_f32(0.1f + 0.2f));
	value_is("f32", "1 + 2.5", 0x40600000);
	value_is("bool", "0.1f32 == 0.1", 1);
	value_is("bool", "0.1 == 0.1f32", 1);
	value_is("bool", "0.1f32 as f64 == 0.1", 0);
	value_is("u32", "1 - 2", 0xffffffff);
	value_is("bool", "1 - 2 < 0", 1);
	value_is("bool", "1 - 2 > 0u32", 1);
	value_is("bool", "0u32 < 1 - 2", 1);
	value_is("u32", "bits(1.0f32)", 0x3f800000);
	value_is("u64", "bits(1)", UINT64_C(0x3ff0000000000000));
	value_is("f64", "sqrt(4)", num_bits_f64(2));
	value_is("f32", "sqrt(4)", num_bits_f32(2));
	value_is("f32", "from_bits(f32, 0x7f800000)", 0x7f800000);
	value_is("f64", "from_bits(f64, 0xfff8000000000001)", NUM_NAN64);
	value_is("i32", "checked_i32(1.9)", 1);
	value_is("i32", "min(1, 2) + max(3i32, 4)", 5);
	value_is("f32", "select(true, 1, 2.5)", 0x3f800000);
	value_is("i32", "clz(1)", 31);
	value_is("i64", "clz(1)", 63);
	value_is("i32", "clz(1) as i32", 63); /* no context inside `as` */
	value_is("u32", "rotl(1, 33)", 2);
	value_is("i64", "true as i64", 1);
	value_is("i32", "1e300 as i32", 0x7fffffff);
	value_is("u64", "-1.0 as u64", 0);
	value_none("i32", "1 + 2i64");
	value_none("i64", "1 + 2.0");
	value_none("f64", "1 as bool");
	value_none("i64", "len(1)");
	value_none("i64", "X");
	value_none("i64", "f(1)");
}

static void
test_builtin_table(void)
{
	/* every function of ops.h can be written, with as many operands as it says */
	for (int op = OP_NONE + 1; op < OP_COUNT; op++) {
		const OpInfo *o = &op_info[op];
		bool special = op == OP_CAST || op == OP_CHECKED || op == OP_FROM_BITS ||
			       op == OP_LEN || op == OP_SELECT || op == OP_BITS;
		const char *type = o->takes & TAKES_I ? "i32" : "f32";
		char text[200];
		Run r;
		if (o->form != FORM_CALL)
			continue;
		CHECK(lang_is_builtin(str(o->text)) == (op != OP_CAST && op != OP_CHECKED));
		if (special)
			continue;
		snprintf(text, sizeof text, "fn f(a: %s, b: %s, c: %s) -> %s { return %s(%s); }",
			 type, type, type, type, o->text,
			 o->arity == 1	 ? "a"
			 : o->arity == 2 ? "a, b"
					 : "a, b, c");
		run_good(&r, text);
		run_end(&r);
	}
	CHECK(lang_is_builtin(str("checked_u64")));
	CHECK(!lang_is_builtin(str("checked_f64")));
	CHECK(!lang_is_builtin(str("checked_")));
}

/* ---- The tree ------------------------------------------------------------------------------- */

static const Node *
find_node(const Run *r, NodeKind kind, unsigned skip)
{
	for (uint32_t i = 1; i < r->p.nodes.n; i++)
		if (r->p.nodes.at[i].kind == kind && skip-- == 0)
			return &r->p.nodes.at[i];
	return NULL;
}

static void
test_tree(void)
{
	Run r;

	if (run_good(&r, "fn f(n: i32, xs: [u8]) -> i32 {\n"
			 "  let s = 0i32;\n"
			 "  for i in 0..n { s += i; }\n"
			 "  for i in 0..n { i = 5; }\n"
			 "  xs[n] += 1;\n"
			 "  return s;\n"
			 "  trap;\n"
			 "}\n")) {
		const Func *f = &r.p.funcs.at[0];
		const Node *n = find_node(&r, NODE_FOR, 0);
		CHECK_EQ(f->nparams, 2);
		CHECK_EQ(f->vars.n, 9); /* n xs s, and three of each loop */
		CHECK(n && n->flags & NODE_FIXED && n->type == TRIVET_I32);
		CHECK(n && n->var == 3 && n->var2 == 4 && n->var3 == 5);
		n = find_node(&r, NODE_FOR, 1);
		CHECK(n && !(n->flags & NODE_FIXED));
		n = find_node(&r, NODE_STORE, 0);
		CHECK(n && n->op == OP_ADD && n->type == TRIVET_U32 && n->line == 5);
		n = find_node(&r, NODE_TRAP, 0);
		CHECK(n && n->flags & NODE_UNREACHABLE);
		n = find_node(&r, NODE_RETURN, 0);
		CHECK(n && !(n->flags & NODE_UNREACHABLE));
		CHECK_EQ(r.p.nodes.at[f->body].flags, 0);
	}
	run_end(&r);
	if (run_good(&r, "fn f() { outer: loop { while true { continue outer; } } }")) {
		const Node *n = find_node(&r, NODE_CONTINUE, 0);
		CHECK(n && r.p.nodes.at[n->target].kind == NODE_LOOP);
	}
	run_end(&r);
	if (run_good(&r, "fn f() { let x = -5; let y = -(-5); let z = - -x; }")) {
		CHECK_EQ(find_node(&r, NODE_LITERAL, 0)->type, TRIVET_I64);
		CHECK(find_node(&r, NODE_UNARY, 1) != NULL);
		CHECK(find_node(&r, NODE_UNARY, 2) == NULL);
	}
	run_end(&r);
}

static void
test_recursion(void)
{
	Run r;
	static const bool expected[] = { true, true, false, true, false, true, true, true, false };

	if (run_good(&r,
		     "fn even(n: u32) -> bool { if n == 0 { return true; } return odd(n - 1); }\n"
		     "fn odd(n: u32) -> bool { if n == 0 { return false; } return even(n - 1); }\n"
		     "fn caller() -> bool { return even(1); }\n"
		     "fn self(n: i64) { self(n); leaf(); }\n"
		     "fn leaf() { }\n"
		     "fn a() { b(); leaf(); caller(); }\n"
		     "fn b() { c(); }\n"
		     "fn c() { leaf(); a(); }\n"
		     "extern fn host();\n"))
		for (uint32_t i = 0; i < r.p.funcs.n; i++)
			CHECK_EQ(r.p.funcs.at[i].recursive, expected[i]);
	/* the call of even in caller is not, that in odd is */
	for (uint32_t i = 1; i < r.p.nodes.n; i++) {
		const Node *n = &r.p.nodes.at[i];
		if (n->kind == NODE_CALL)
			CHECK_EQ((n->flags & NODE_RECURSIVE) != 0,
				 n->line != 3 && !(n->line != 1 && n->func == 4) &&
					 !(n->line == 6 && n->func == 2));
	}
	run_end(&r);
}

static void
test_accepted(void)
{
	static const char *const programs[] = {
		"",
		"// nothing",
		"\xef\xbb\xbf"
		"fn f() { }\r\n",
		"fn f() { let x = 1; let x = x as f64; { let x = true; x = false; } x = 2.5; }",
		"fn f(a: i64) -> i64 { a = a + 1; return a; }",
		"fn f() -> i64 { return g(); } fn g() -> i64 { return C; } const C: i64 = 3;",
		"fn f(t: bool) -> i64 { if t { return 1; } else { loop { } } }",
		"fn f() -> i64 { loop { trap; } }",
		"fn f() -> i64 { return 1; return 2; let x = 3; }",
		"fn f() -> i64 { loop { loop { break; } } }",
		"fn f(xs: [u8]) { let ys = xs[1..2]; g(ys); g(xs[0..len(ys)]); g(ys[0..1]); } fn "
		"g(x: [u8]) { }",
		"extern fn h(x: i64, [f32], bool) -> f32; fn f(xs: [f32]) -> f32 { return h(1, xs, "
		"true); }",
		"extern fn h(); fn f() { h(); }",
		"fn f() -> bool { return 1 == 1 && 2.0 != 3 || true ^ false & true | true == "
		"false; }",
		"fn f(x: u64) -> u64 { x <<= 3; x >>= 1; x ^= 7; x |= 8; x &= 255; x %= 10; x /= "
		"3; x *= 2; x -= 1; return x; }",
		"fn f(i: u32, xs: [f64]) { xs[i] *= 2; xs[i as i64] = if i == 0 { 1 } else { 2 }; "
		"}",
		"fn f() { for i in 0..10 { for i in i..20u64 as i64 { } } }",
		"fn f() { for i in 0u64..10 { continue; } }",
		"fn len2() { } fn clz2() { } fn f() { let min = 1; let y = min(min, 2); len2(); "
		"clz2(); }",
		"fn f(f: i64) -> i64 { return f; }",
		"fn f() { a: loop { a: loop { break a; } break a; } }",
		"fn f(x: f32) -> i32 { return checked_i32(x * 2) + x as i32; }",
	};

	for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
		Run r;
		run_good(&r, programs[i]);
		run_end(&r);
	}
}

/* ---- Printing and reading back -------------------------------------------------------------- */

static int
same_tree(const Program *p, NodeId a, const Program *q, NodeId b)
{
	for (; a && b; a = p->nodes.at[a].next, b = q->nodes.at[b].next) {
		const Node *m = &p->nodes.at[a], *n = &q->nodes.at[b];
		bool typed = m->kind <= NODE_STORE || m->kind == NODE_FOR;
		bool with_op = m->kind == NODE_UNARY || m->kind == NODE_BINARY ||
			       m->kind == NODE_LOGIC || m->kind == NODE_BUILTIN ||
			       m->kind == NODE_STORE;
		if (m->kind != n->kind || m->flags != n->flags || (typed && m->type != n->type) ||
		    (with_op && m->op != n->op))
			return 0;
		if (m->kind == NODE_LITERAL && m->bits != n->bits)
			return 0;
		if (m->kind == NODE_CALL && m->func != n->func)
			return 0;
		if ((m->kind == NODE_VAR || m->kind == NODE_LET || m->kind == NODE_ASSIGN ||
		     m->kind == NODE_FOR) &&
		    m->var != n->var)
			return 0;
		if ((m->kind == NODE_BREAK || m->kind == NODE_CONTINUE) &&
		    p->nodes.at[m->target].kind != q->nodes.at[n->target].kind)
			return 0;
		if (!same_tree(p, m->a, q, n->a) || !same_tree(p, m->b, q, n->b) ||
		    !same_tree(p, m->c, q, n->c))
			return 0;
	}
	return a == b;
}

/* The printed text is accepted, gives the same tree, and prints the same. */
static void
round_trip(const Run *r)
{
	Run again;
	Text first, second;
	int same = 1;

	text_init(&first, (Arena *)&r->arena);
	lang_print(&r->p, &first);
	run_parse(&again, (Str){ first.at ? first.at : "", first.n });
	text_init(&second, &again.arena);
	if (!CHECK_EQ(again.status, TRIVET_OK)) {
		printf("%s\n", first.at);
		if (again.diags.list.n)
			printf("-> %u: %s\n", (unsigned)again.diags.list.at[0].line,
			       again.diags.list.at[0].message);
	} else {
		lang_print(&again.p, &second);
		CHECK(first.n == second.n &&
		      (!first.n || memcmp(first.at, second.at, first.n) == 0));
		CHECK_EQ(r->p.funcs.n, again.p.funcs.n);
		for (uint32_t i = 0; same && i < r->p.funcs.n; i++)
			same = same_tree(&r->p, r->p.funcs.at[i].body, &again.p,
					 again.p.funcs.at[i].body);
		if (!CHECK(same))
			printf("%s\nprinted again:\n%s\n", first.at, second.at);
	}
	run_end(&again);
}

static const char *const corpus[] = {
	"const N: i64 = 3 + 4 * 2; const F: f32 = -1.5;\n"
	"extern fn host(i64, [f64]) -> f64; extern fn note(bool);\n"
	"fn sum(n: i64) -> i64 { let s: i64 = 0; let i = 0; while i < n { s += i; i = i + 1; } "
	"return s; }\n"
	"//! sum(10) == 45\n"
	"fn fill(xs: [f64], b: [u8], k: i32) -> f64 {\n"
	"	let ys = xs[1..len(xs) - 1];\n"
	"	outer: for i in 0..len(ys) {\n"
	"		if i == N { break; } else if i > 5 { continue outer; } else { ys[i] = (i "
	"as f64) * 0.1; }\n"
	"		ys[i] += if k < 3 { 1 } else { 2.5 };\n"
	"		loop { if b[i] == 7 && !(k == 2) || false { break outer; } b[k] ^= 255; k "
	"= k - (2 - k) * 3 % 4 << 1; }\n"
	"	}\n"
	"	let z: f32 = F * -0.0 + inf; let m = -9223372036854775808; let q = -2147483648 + "
	"k;\n"
	"	let r = fill(ys[0..1], b, 2i32) + host(1, ys);\n"
	"	return sqrt(max(1.0, r)) + from_bits(f64, 0x7ff0000000000000) - (checked_i32(z) as "
	"f64);\n"
	"}\n"
	"//! fill([1, 2.5, nan], [0; 4], 3) == 0x1p-3 leaves [nan, -0.0, 1e300], [255, 0, 1, 2]\n",

	"fn g(a: u64, t: bool) -> u64 {\n"
	"	let x = a + (a - (a * (a / (a % (a & (a | (a ^ (a << (a >> 1)))))))));\n"
	"	let y = ((((a + 1) * 2 - 3) << 4) & 5) | (6 ^ 7);\n"
	"	let p = (a < x) == (x < y) && (t || a == 1) && !(t && t) || (t == (a != 2));\n"
	"	let q = -(~a + 1) * - -a; let c = (a as f64 as f32) as u64; let d = -(a as i64) as "
	"u64;\n"
	"	let e = (if p { a } else if t { x } else { y }) + (if t { 1 } else { 2 });\n"
	"	if p { return q; } else { } { let x = t; if x { trap; } }\n"
	"	for i in a..e { if i == 3 { i = 7; continue; } break; }\n"
	"	return select(t, rotl(a, 3), mulhi(a, clz(c))) + bits(fma(1.0, 2.0, nan)) + "
	"(bits(nan_f32) as u64);\n"
	"}\n"
	"//! g(1, true) traps unreachable\n"
	"//! g(0xffff_ffff_ffff_ffff, false)\n",

	"fn fib(n: u32) -> u32 { if n < 2 { return n; } return fib(n - 1) + fib(n - 2); }\n"
	"fn v(x: f32, i: [i8], u: [u16], f: [f32]) {\n"
	"	i[0] = -128; u[1u32] += 65535; f[2i32] /= x; v(nan, i, u[0..2], f); return; "
	"v(-inf, i, u, f);\n"
	"	lp: while true { loop { loop { break lp; } } }\n"
	"}\n"
	"//! v(1.5, [-128, 127], [0, 65535, 1], []) traps out-of-bounds leaves [], [], []\n"
	"//! fib(10) == 55\n",
};
enum { CORPUS = sizeof corpus / sizeof corpus[0] };

static void
test_round_trip(void)
{
	for (size_t i = 0; i < CORPUS; i++) {
		Run r;
		if (run_good(&r, corpus[i]))
			round_trip(&r);
		run_end(&r);
	}
}

/* ---- Directives, calls, signatures ---------------------------------------------------------- */

static void
test_directives(void)
{
	Run r;

	if (run_good(&r, "const K: i32 = 7;\n"
			 "fn f(a: i32, x: [i8], y: [f64]) -> f32 { return 1; } // not one\n"
			 "//! f((-7 - 1), [1, -2, K], [0.5; 3]) == -0.0 leaves [], [nan]\n"
			 "fn g() { } //! g()\n"
			 "//! g() traps stack-overflow  \r\n"
			 "//! program other\n"
			 "//!g()\n") &&
	    CHECK_EQ(r.p.directives.n, 4)) {
		const Directive *d = r.p.directives.at;
		CHECK_EQ(d[0].line, 3);
		CHECK_EQ(d[0].call.args[0].bits, 0xfffffff8);
		CHECK_EQ(d[0].call.args[1].count, 3);
		CHECK_EQ(d[0].call.args[1].elements[1], 0xfffffffe);
		CHECK_EQ(d[0].call.args[1].elements[2], 7);
		CHECK_EQ(d[0].call.args[2].count, 3);
		CHECK_EQ(d[0].call.args[2].elements[2], num_bits_f64(0.5));
		CHECK_EQ(d[0].expect, EXPECT_VALUE);
		CHECK_EQ(d[0].value, 0x80000000);
		CHECK(d[0].leaves && d[0].nspans == 2);
		CHECK_EQ(d[0].spans[1].elements[0], NUM_NAN64);
		CHECK(str_is(d[0].call.text, "f((-7 - 1), [1, -2, K], [0.5; 3])"));
		CHECK_EQ(d[1].expect, EXPECT_NOTHING);
		CHECK_EQ(d[1].line, 4);
		CHECK_EQ(d[2].expect, EXPECT_TRAP);
		CHECK_EQ(d[2].trap, TRIVET_TRAP_STACK_OVERFLOW);
	}
	run_end(&r);
}

static trivet_status
try_call(Run *r, const char *text, CallSpec *out)
{
	r->diags.list.n = 0;
	return lang_parse_call(&r->p, &r->arena, str(text), &r->diags, out);
}

static void
test_calls(void)
{
	Run r;
	CallSpec c;

	if (run_good(&r,
		     "const K: i64 = 5; fn f(a: i64, b: f32) -> i64 { return a; } fn g() { }")) {
		uint32_t nodes = r.p.nodes.n;
		CHECK_EQ(try_call(&r, "f(10, 5)", &c), TRIVET_OK);
		CHECK_EQ(c.args[0].bits, 10);
		CHECK_EQ(c.args[1].bits, 0x40a00000);
		CHECK_EQ(try_call(&r, " f ( K * 2 , nan ) ", &c), TRIVET_OK);
		CHECK_EQ(c.args[0].bits, 10);
		CHECK_EQ(try_call(&r, "g()", &c), TRIVET_OK);
		CHECK_EQ(c.func, 1);
		CHECK_EQ(try_call(&r, "", &c), TRIVET_SOURCE);
		CHECK_EQ(try_call(&r, "f", &c), TRIVET_SOURCE);
		CHECK_EQ(try_call(&r, "f(1)", &c), TRIVET_SOURCE);
		CHECK_EQ(try_call(&r, "f(1, 2, 3)", &c), TRIVET_SOURCE);
		CHECK_EQ(try_call(&r, "f(1, 2) x", &c), TRIVET_SOURCE);
		CHECK_EQ(try_call(&r, "f(1, 2", &c), TRIVET_SOURCE);
		CHECK_EQ(try_call(&r, "f(g(), 2)", &c), TRIVET_SOURCE);
		CHECK_EQ(try_call(&r, "f(1.0, 2)", &c), TRIVET_SOURCE);
		CHECK_EQ(try_call(&r, "h()", &c), TRIVET_SOURCE);
		CHECK_EQ(r.p.nodes.n, nodes);
	}
	run_end(&r);
}

static void
test_signatures(void)
{
	trivet_type result, params[4];
	uint32_t n;

	CHECK(lang_parse_signature(str("i64(i64,[f64])"), &result, params, &n, 4));
	CHECK(result == TRIVET_I64 && n == 2 && params[1] == TRIVET_SPAN_F64);
	CHECK(lang_parse_signature(str(" void ( ) "), &result, params, &n, 4));
	CHECK(result == TRIVET_VOID && n == 0);
	CHECK(lang_parse_signature(str("bool(bool , [ i8 ],u32,f32)"), &result, params, &n, 4));
	CHECK(n == 4 && params[1] == TRIVET_SPAN_I8 && params[3] == TRIVET_F32);
	static const char *const wrong[] = { "",
					     "i64",
					     "i64(",
					     "i64)",
					     "i64(i64",
					     "i64(i64,)",
					     "i64(,)",
					     "[i64]()",
					     "i8()",
					     "i64(void)",
					     "i64(x)",
					     "i64() extra",
					     "i64(i8)",
					     "I64()",
					     "i64([bool])",
					     "i64(i64 i64)",
					     "i64(i64,i64,i64,i64,i64)" };
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		check_true(!lang_parse_signature(str(wrong[i]), &result, params, &n, 4), wrong[i],
			   __FILE__, __LINE__);
}

/* ---- Trees that no text gives --------------------------------------------------------------- */

static NodeId
make(Run *r, NodeKind kind, NodeId a, NodeId b, NodeId c)
{
	NodeId id = ast_node(&r->p, kind, 1, 1);

	r->p.nodes.at[id].a = a;
	r->p.nodes.at[id].b = b;
	r->p.nodes.at[id].c = c;
	return id;
}

static NodeId
make_int(Run *r, uint64_t value)
{
	NodeId id = make(r, NODE_LITERAL, 0, 0, 0);

	r->p.nodes.at[id].type = TRIVET_I64;
	r->p.nodes.at[id].bits = value;
	return id;
}

static trivet_status
check_body(Run *r, NodeId statement)
{
	Func *f = vec_push(&r->arena, &r->p.funcs);

	f->name = STR("f");
	f->result = TRIVET_I64;
	f->body = make(r, NODE_BLOCK, statement, 0, 0);
	return lang_check(&r->p, &r->diags);
}

static void
test_built_trees(void)
{
	Run r;
	NodeId a, b, c;

	run_begin(&r, str(""), NULL);
	a = make(&r, NODE_BINARY, make_int(&r, 1), make_int(&r, 2), 0);
	r.p.nodes.at[a].op = OP_ADD;
	CHECK_EQ(check_body(&r, make(&r, NODE_RETURN, a, 0, 0)), TRIVET_OK);
	round_trip(&r);
	run_end(&r);

	run_begin(&r, str(""), NULL); /* a node used twice */
	b = make_int(&r, 1);
	a = make(&r, NODE_BINARY, b, b, 0);
	r.p.nodes.at[a].op = OP_ADD;
	CHECK_EQ(check_body(&r, make(&r, NODE_RETURN, a, 0, 0)), TRIVET_SOURCE);
	run_end(&r);

	run_begin(&r, str(""), NULL); /* a cycle, down and along */
	a = make(&r, NODE_RETURN, 0, 0, 0);
	r.p.nodes.at[a].a = a;
	CHECK_EQ(check_body(&r, a), TRIVET_SOURCE);
	run_end(&r);
	run_begin(&r, str(""), NULL);
	a = make(&r, NODE_TRAP, 0, 0, 0);
	r.p.nodes.at[a].next = a;
	CHECK_EQ(check_body(&r, a), TRIVET_SOURCE);
	run_end(&r);

	run_begin(&r, str(""), NULL); /* too deep, through a kind that the parser never nests so */
	for (a = make_int(&r, 1), b = 0; b < 300; b++) {
		a = make(&r, NODE_BUILTIN, a, 0, 0);
		r.p.nodes.at[a].op = OP_ABS;
	}
	CHECK_EQ(check_body(&r, make(&r, NODE_RETURN, a, 0, 0)), TRIVET_SOURCE);
	run_end(&r);

	/* nonsense of all kinds: any node anywhere, missing operands, indexes from nowhere */
	for (uint64_t state = 7, i = 0; i < 3000; i++) {
		run_begin(&r, str(""), NULL);
		for (c = 0; c < 12; c++) {
			uint64_t bits = random_next(&state);
			a = make(&r, (NodeKind)(bits % NODE_KIND_COUNT), (NodeId)(bits >> 8) % 13,
				 (NodeId)(bits >> 16) % 13, (NodeId)(bits >> 24) % 14);
			r.p.nodes.at[a].op = (uint8_t)((bits >> 32) % (OP_COUNT + 2));
			r.p.nodes.at[a].type = (uint8_t)((bits >> 40) % 9);
			r.p.nodes.at[a].next = (NodeId)(bits >> 48) % 13;
			r.p.nodes.at[a].flags = (uint8_t)(bits >> 56);
			if (r.p.nodes.at[a].type == TRIVET_VOID || a > 9)
				r.p.nodes.at[a].name = STR("x");
		}
		check_body(&r, a);
		CHECK(r.status == TRIVET_OK);
		run_end(&r);
	}
}

/* The tree of a good program with some fields changed: told, or a program that prints and reads
 * back. */
static void
test_broken_trees(void)
{
	uint64_t state = 11;
	unsigned accepted = 0;

	for (uint64_t i = 0; i < 6000; i++) {
		Str text = str(corpus[i % CORPUS]);
		Parser ps;
		Run r;
		run_begin(&r, text, NULL);
		parser_init(&ps, text, 1, 1, &r.p, &r.diags);
		parse_program(&ps);
		for (uint64_t k = random_next(&state) % 3 + 1; k; k--) {
			uint64_t x = random_next(&state);
			Node *n = &r.p.nodes.at[1 + (x >> 40) % (r.p.nodes.n - 1)];
			NodeId id = (NodeId)(1 + (x >> 8) % (r.p.nodes.n + 1));
			switch (x % 10) {
			case 0: n->kind = (uint8_t)((x >> 8) % NODE_KIND_COUNT); break;
			case 1: n->op = (uint8_t)((x >> 8) % (OP_COUNT + 3)); break;
			case 2: n->op = (uint8_t)(x >> 8); break;
			case 3: n->type = (uint8_t)((x >> 8) % (TRIVET_TYPE_COUNT + 2)); break;
			case 4: n->a = id; break;
			case 5: n->b = id; break;
			case 6: n->c = id; break;
			case 7: n->next = id; break;
			case 8: n->next = n->a = 0; break;
			case 9: n->b = n->c = 0; break;
			}
		}
		r.status = lang_check(&r.p, &r.diags);
		CHECK(r.status == TRIVET_OK || r.diags.list.n);
		if (r.status == TRIVET_OK) {
			accepted++;
			round_trip(&r);
		}
		run_end(&r);
	}
	CHECK(accepted > 100);
}

/* ---- Hostile input -------------------------------------------------------------------------- */

/* prefix, then n times a, middle, n times b, suffix */
static void
nested(const char *prefix, const char *a, const char *middle, const char *b, const char *suffix,
       int n, trivet_status expected)
{
	size_t size = strlen(prefix) + strlen(middle) + strlen(suffix) +
		      (size_t)n * (strlen(a) + strlen(b)) + 1;
	char *text = malloc(size), *at = text;
	Run r;

	if (!text)
		return;
	at += strlen(strcpy(at, prefix));
	for (int i = 0; i < n; i++)
		at += strlen(strcpy(at, a));
	at += strlen(strcpy(at, middle));
	for (int i = 0; i < n; i++)
		at += strlen(strcpy(at, b));
	strcpy(at, suffix);
	run_parse(&r, str(text));
	if (!CHECK_EQ(r.status, expected))
		printf("    %s%s…%s\n", prefix, a, middle);
	if (expected == TRIVET_SOURCE) {
		CHECK_EQ(r.diags.list.n, 1);
		CHECK(r.diags.list.n &&
		      strncmp(r.diags.list.at[0].message, "nested too deeply", 17) == 0);
	}
	run_end(&r);
	free(text);
}

static void
test_nesting(void)
{
	enum { MANY = 100000 };
	const char *f = "fn f(x: i64) -> i64 { return ";

	nested(f, "(", "x", ")", "; }", MANY, TRIVET_SOURCE);
	nested(f, "-", "x", "", "; }", MANY, TRIVET_SOURCE);
	nested(f, "", "x", " as i64", "; }", MANY, TRIVET_SOURCE);
	nested(f, "f(", "x", ")", "; }", MANY, TRIVET_SOURCE);
	nested(f, "abs(", "x", ")", "; }", MANY, TRIVET_SOURCE);
	nested(f, "x + (", "x", ")", "; }", MANY, TRIVET_SOURCE);
	nested(f, "if x == 1 { 1 } else ", "{ 2 }", "", "; }", MANY, TRIVET_SOURCE);
	nested(f, "if x == 1 { ", "x", " } else { 1 }", "; }", MANY, TRIVET_SOURCE);
	nested("fn f(x: [u8]) -> u32 { return ", "x[", "1", "]", "; }", MANY, TRIVET_SOURCE);
	nested("fn f() { ", "{", "", "}", "}", MANY, TRIVET_SOURCE);
	nested("fn f() { ", "loop {", "", "}", "}", MANY, TRIVET_SOURCE);
	nested("fn f(x: i64) { ", "if x == 1 {", "", "}", "}", MANY, TRIVET_SOURCE);
	nested("fn f(x: i64) { }\n//! f(", "(", "1", ")", ")", MANY, TRIVET_SOURCE);
	nested("const A: i64 = ", "-(", "1", ")", ";", MANY, TRIVET_SOURCE);

	nested(f, "x + ", "x", "", "; }", MANY, TRIVET_OK);
	nested(f, "1 + ", "1", "", "; }", MANY, TRIVET_OK);
	nested(f, "x * 2 - ", "x", "", "; }", MANY, TRIVET_OK);
	nested("const A: i32 = ", "1 + ", "1", "", ";", MANY, TRIVET_OK);
	nested("fn f(x: i64) -> bool { return ", "x == 1 || ", "true", "", "; }", MANY, TRIVET_OK);
	nested("fn f(x: i64) { if x == 0 { }", "else if x == 1 { }", "", "", "}", MANY, TRIVET_OK);
	nested("fn f() { ", "let x = 1;", "", "", "}", MANY, TRIVET_OK);

	/* what the limit still allows */
	nested(f, "(", "x", ")", "; }", 254, TRIVET_OK);
	nested(f, "-", "x", "", "; }", 250, TRIVET_OK);
	nested("fn f() { ", "{", "", "}", "}", 250, TRIVET_OK);
	nested("fn f(x: i64) { ", "if x == 1 {", "", "}", "}", 126, TRIVET_OK);
}

static void
test_many_functions(void)
{
	enum { MANY = 20000 };
	size_t size = MANY * 40;
	char *text = malloc(size), *at = text;
	Run r;

	if (!text)
		return;
	for (int i = 0; i < MANY; i++) /* one cycle of calls through all of them */
		at += snprintf(at, 40, "fn x%d() { x%d(); }\n", i, (i + 1) % MANY);
	run_parse(&r, str(text));
	CHECK_EQ(r.status, TRIVET_OK);
	for (uint32_t i = 0; i < r.p.funcs.n; i++)
		check_count++, check_failures += !r.p.funcs.at[i].recursive;
	run_end(&r);
	free(text);
}

/* Changes the corpus in places; whatever happens, nothing crashes, and what is accepted can be
 * printed and read back. */
static void
test_mutations(void)
{
	static const char *const bits[] = { "(",    ")",    "{",    "}",  "[",	   "]",	  ";",
					    "-",    "1",    "x",    "0x", "..",	   "if ", "else ",
					    "let ", "fn ",  "nan",  "//", "//! f", "e9",  "i32",
					    " as ", "\n",   "\xff", "+",  "<",	   "==",  "&&",
					    "f64 ", "true", ",",    ":" };
	static char text[4096];
	uint64_t state = 3;

	for (int i = 0; i < 4000; i++) {
		const char *source = corpus[i % CORPUS];
		size_t n = strlen(source);
		Run r;
		memcpy(text, source, n);
		for (uint64_t k = 1 + random_next(&state) % 4; k; k--) {
			uint64_t x = random_next(&state);
			const char *s = bits[(x >> 32) % (sizeof bits / sizeof bits[0])];
			size_t at = (size_t)(x % n), length = strlen(s);
			if (x >> 62 == 0) { /* replace */
				text[at] = (char)(x >> 40);
			} else if (x >> 62 == 1 && n > 40) { /* cut out */
				size_t cut =
					(size_t)(x >> 40) % 9 < n - at ? (size_t)(x >> 40) % 9 : 0;
				memmove(text + at, text + at + cut, n - at - cut);
				n -= cut;
			} else if (n + length < sizeof text) { /* put in */
				memmove(text + at + length, text + at, n - at);
				memcpy(text + at, s, length);
				n += length;
			}
		}
		run_parse(&r, (Str){ text, (uint32_t)n });
		CHECK(r.status == TRIVET_OK || (r.status == TRIVET_SOURCE && r.diags.list.n));
		CHECK(r.diags.list.n <= DIAG_MAX);
		for (uint32_t k = 0; k < r.diags.list.n; k++) {
			Text t;
			text_init(&t, &r.arena);
			diag_format(&r.diags, k, &t);
		}
		if (r.status == TRIVET_OK)
			round_trip(&r);
		run_end(&r);
	}
}

static void
test_random_bytes(void)
{
	static char text[300];
	uint64_t state = 5;

	for (int i = 0; i < 3000; i++) {
		Run r;
		for (size_t k = 0; k < sizeof text; k++) {
			uint64_t x = random_next(&state);
			text[k] = (char)(i % 2 ? x
					       : (uint64_t) "(){}[];:,.=<>&|+-*/%^!~ \nx1"[x % 28]);
		}
		run_parse(&r, (Str){ text, sizeof text });
		CHECK(r.status == TRIVET_OK || r.status == TRIVET_SOURCE);
		run_end(&r);
	}
}

/* ---- Running out of memory ------------------------------------------------------------------ */

typedef struct Budget {
	long left; /* allocations that still succeed */
} Budget;

static void *
budget_resize(void *user, void *p, size_t old_size, size_t size)
{
	Budget *b = user;

	(void)old_size;
	if (size == 0) {
		free(p);
		return NULL;
	}
	return b->left-- > 0 ? realloc(p, size) : NULL;
}

static void
test_no_memory(void)
{
	for (size_t i = 0; i < CORPUS; i++) {
		trivet_status s = TRIVET_NO_MEMORY;
		long n;
		/* The arena asks for chunks of its own choosing; a small reserve makes failures
		 * fall between. */
		for (n = 0; n < 100 && s == TRIVET_NO_MEMORY; n++) {
			Budget b = { n };
			trivet_allocator host = { budget_resize, &b };
			CallSpec call;
			Text t;
			Run r;
			run_begin(&r, str(corpus[i]), &host);
			s = r.status;
			if (s == TRIVET_OK)
				s = lang_parse(&r.p, str(corpus[i]), &r.diags);
			if (s == TRIVET_OK)
				s = lang_parse_call(&r.p, &r.arena, str("fib(1 + 2)"), &r.diags,
						    &call);
			CHECK(s == TRIVET_NO_MEMORY || s == TRIVET_OK || i != 2);
			text_init(&t, &r.arena);
			if (s == TRIVET_OK)
				lang_print(&r.p, &t);
			if (r.mem.failed)
				s = TRIVET_NO_MEMORY;
			run_end(&r);
		}
		CHECK(n > 3 && n < 100);
	}
}

/* The same with the chunks' borders moved, so that any single allocation can be the one that fails.
 */
static void
test_no_memory_anywhere(void)
{
	unsigned successes = 0, failures = 0;

	for (size_t pad = 16; pad < 66000; pad += 272) {
		for (long n = 1; n < 8; n++) {
			Budget b = { n };
			trivet_allocator host = { budget_resize, &b };
			Run r;
			mem_init(&r.mem, &host);
			arena_init(&r.arena, &r.mem);
			for (size_t i = 0; i < pad; i += 16)
				arena_alloc(&r.arena, 16);
			diag_init(&r.diags, &r.arena, STR("test"), str(corpus[2]));
			r.status = program_init(&r.p, &r.arena, STR("test"));
			if (r.status == TRIVET_OK)
				r.status = lang_parse(&r.p, str(corpus[2]), &r.diags);
			CHECK(r.status == (r.mem.failed ? TRIVET_NO_MEMORY : TRIVET_OK));
			successes += r.status == TRIVET_OK;
			failures += r.status != TRIVET_OK;
			run_end(&r);
		}
	}
	CHECK(successes > 100 && failures > 100);
}

int
main(void)
{
	test_integers();
	test_float_f64();
	test_float_f32();
	test_float_long();
	test_float_print();
	test_float_random();
	test_print_value();
	test_binding();
	test_literal_types();
	test_builtin_table();
	test_tree();
	test_recursion();
	test_accepted();
	test_round_trip();
	test_directives();
	test_calls();
	test_signatures();
	test_built_trees();
	test_broken_trees();
	test_nesting();
	test_many_functions();
	test_mutations();
	test_random_bytes();
	test_no_memory();
	test_no_memory_anywhere();
	return check_done();
}
