/* interp.c - the reference interpreter: statements, spans, traps, depth, interruption, host
 * functions, large programs, lack of memory.  Operations are in interp_ops.c. */
#define _POSIX_C_SOURCE 200809L /* nanosleep */

#include "interp_unit.h"

#include <stdlib.h>

#ifdef _WIN32
#include <windows.h>
#else
#include <pthread.h>
#include <time.h>
#endif

/* ---- Whole programs ------------------------------------------------------------------------- */

// clang-format off
static const char programs[] =
	"fn sum(n: i64) -> i64 { let s: i64 = 0; let i: i64 = 0;\n"
	"  while i < n { s = s + i; i = i + 1; } return s; }\n"
	"fn down(n: i32) -> i32 { let s = 0i32; while n > 0 { s += n; n -= 1; } return s; }\n"
	"fn down_to(n: i64, m: i64) -> i64 { let s = 0; while n >= m { s += n; n -= 3; } return s; }\n"
	"fn up(n: u32) -> u32 { let c = 0u32; let i = 0xfffffff0u32;\n"
	"  while i != n { c += 1u32; i += 1u32; } return c; }\n"
	"fn turned(n: i64) -> i64 { let i = 0; let s = 0; while n > i { s += 2; i += 1; } return s; }\n"
	"fn wraps(n: i32) -> i32 { let i = 2147483646i32; let c = 0i32;\n"
	"  while i > n { c += 1i32; i += 1i32; } return c; }\n"
	"fn for_sum(a: i64, b: i64) -> i64 { let s = 0; for i in a..b { s += i; } return s; }\n"
	"fn for_u32(a: u32, b: u32) -> u32 { let s = 0u32; for i in a..b { s += i; } return s; }\n"
	"fn for_u64(b: u64) -> u64 { let s = 0u64; for i in 0xfffffffffffffff0u64..b { s += 1u64; }\n"
	"  return s; }\n"
	"fn for_i32(a: i32) -> i32 { let s = 0i32; for i in a..10i32 { s += i; } return s; }\n"
	"fn for_once(n: i64) -> i64 { let s = 0; for i in 0..n { n = 0; s += 1; } return s; }\n"
	"fn for_assigned(n: i64) -> i64 { let s = 0; for i in 0..n { i = i * 2; s += i; } return s; }\n"
	"fn skip(n: i64) -> i64 { let s = 0;\n"
	"  for i in 0..n { if i % 2 == 0 { continue; } if i > 20 { break; } s += i; } return s; }\n"
	"fn skip_while(n: i64) -> i64 { let s = 0; let i = 0;\n"
	"  while i < n { i += 1; if i % 3 == 0 { continue; } s += i; } return s; }\n"
	"fn skip_last(n: i64) -> i64 { let i = 0; let s = 0;\n"
	"  while i < n { s += 1; if s > 5 { i += 1; continue; } i += 2; } return s * 100 + i; }\n"
	"fn if_last(n: i64) -> i64 { let i = 0; let t = 0;\n"
	"  while i < n { t += 1; if t > 3 { i = i + 1; } } return t; }\n"
	"fn labels(n: i64) -> i64 { let s = 0;\n"
	"  outer: for i in 0..n { for j in 0..n { if j > i { continue outer; }\n"
	"    if i + j > 12 { break outer; } s += 1; } } return s; }\n"
	"fn forever(n: i64) -> i64 { let i = 0; loop { if i >= n { break; } i += 7; } return i; }\n"
	"fn while_true(n: i64) -> i64 { let i = 0; while true { i += 2; if i > n { break; } } return i;}\n"
	"fn while_false(n: i64) -> i64 { while false { n = 0; } return n; }\n"
	"fn grade(n: i32) -> i32 { if n < 10i32 { return 1i32; } else if n < 20i32 { return 2i32; }\n"
	"  else if n < 30i32 { n = 3i32; } else { n = 4i32; } return n; }\n"
	"fn swap(a: i64, b: i64) -> i64 { let t = a; a = b; b = t; return a * 1000 + b; }\n"
	"fn value_if(a: i64, b: i64) -> i64 { a = if a < b { b - a } else if a == b { 7 } else { a };\n"
	"  return a; }\n"
	"fn logic(a: bool, b: bool, c: bool) -> i64 { let x = a && b || c; let y = a || b && c;\n"
	"  let z = !(a && (b || !c)); a = b && a; b = c || b;\n"
	"  return (x as i64) + (y as i64) * 2 + (z as i64) * 4 + (a as i64) * 8 + (b as i64) * 16; }\n"
	"fn shadow(x: i64) -> i64 { let y = x; { let x = 100; y += x; } let x = x + 1; return x * 1000 + y; }\n"
	"fn nothing() { }\n"
	"fn calls(a: i64) -> i64 { nothing(); add(a, 1); return add(add(a, 2), add(3, add(a, 4))); }\n"
	"fn add(a: i64, b: i64) -> i64 { return a + b; }\n"
	"fn fib(n: i32) -> i64 { if n < 2i32 { return n as i64; } return fib(n - 1i32) + fib(n - 2i32); }\n"
	"fn even(n: i64) -> bool { if n == 0 { return true; } return odd(n - 1); }\n"
	"fn odd(n: i64) -> bool { if n == 0 { return false; } return even(n - 1); }\n"
	"fn pi(n: i64) -> f64 { let s = 0.0; let sign = 1.0; for i in 0..n {\n"
	"  s += sign / ((2 * i + 1) as f64); sign = -sign; } return 4.0 * s; }\n"
	"fn order(a: i64) -> i64 { let x = a; return x + add(x, 1) * x - if x > 2 { x } else { 1 }; }\n"
	"fn nan_sign() -> u64 { return bits(copysign(1.0, -(0.0 / 0.0))); }\n"
	"fn nan_out(a: f64) -> f64 { return -(a / a); }\n"
	"fn nan_bits(a: f32) -> u32 { return bits(-(a / a)); }\n"
	"fn unsigned_neg(a: u32) -> u64 { return -a as u64; }\n"
	"fn widen(a: i32, b: i32) -> i64 { return (a + b) as i64; }\n"
	"fn pick(a: bool, b: i64, c: i64) -> i64 { b = select(a, b + 1, c); return b; }\n"
	"fn fused(a: f64, b: f32) -> f64 { let c = fma(b, b, 1.0f32); a = fma(a, 2.0, a);\n"
	"  return a + (c as f64); }\n"
	"fn dead(a: i64) -> i64 { return a; a = 1 / 0; return 2; }\n";
// clang-format on

typedef struct Row {
	const char *name;
	uint64_t args[3];
	uint64_t expected;
} Row;

static const Row rows[] = {
	{ "sum", { 10 }, 45 },
	{ "sum", { (uint64_t)-1 }, 0 },
	{ "sum", { 100000 }, 4999950000 },
	{ "down", { 10 }, 55 },
	{ "down", { 0 }, 0 },
	{ "down_to", { 10, 1 }, 22 },
	{ "down_to", { 1, 2 }, 0 },
	{ "up", { 5 }, 21 },
	{ "turned", { 6 }, 12 },
	{ "wraps", { 0 }, 2 },
	{ "for_sum", { 3, 7 }, 18 },
	{ "for_sum", { 7, 3 }, 0 },
	{ "for_sum", { (uint64_t)-3, 3 }, (uint64_t)-3 },
	{ "for_sum", { INT64_MAX - 1, INT64_MAX }, INT64_MAX - 1 },
	{ "for_u32", { 0xfffffffe, 0xffffffff }, 0xfffffffe },
	{ "for_u32", { 0x7fffffff, 0x80000001 }, 0xffffffff },
	{ "for_u64", { UINT64_MAX }, 15 },
	{ "for_u64", { 5 }, 0 },
	{ "for_i32", { 0xfffffffe }, 42 },
	{ "for_once", { 9 }, 9 },
	{ "for_assigned", { 5 }, 20 },
	{ "skip", { 100 }, 100 },
	{ "skip", { 6 }, 9 },
	{ "skip_while", { 10 }, 37 },
	{ "skip_last", { 20 }, 1520 },
	{ "if_last", { 4 }, 7 },
	{ "labels", { 5 }, 15 },
	{ "labels", { 20 }, 34 },
	{ "forever", { 20 }, 21 },
	{ "while_true", { 5 }, 6 },
	{ "while_false", { 5 }, 5 },
	{ "grade", { 5 }, 1 },
	{ "grade", { 15 }, 2 },
	{ "grade", { 25 }, 3 },
	{ "grade", { 35 }, 4 },
	{ "swap", { 1, 2 }, 2001 },
	{ "value_if", { 1, 4 }, 3 },
	{ "value_if", { 4, 4 }, 7 },
	{ "value_if", { 5, 4 }, 5 },
	{ "shadow", { 5 }, 6105 },
	{ "nothing", { 0 }, 0 },
	{ "calls", { 10 }, 29 },
	{ "fib", { 20 }, 6765 },
	{ "even", { 100 }, 1 },
	{ "even", { 101 }, 0 },
	{ "order", { 5 }, 30 },
	{ "nan_sign", { 0 }, 0x3ff0000000000000 },
	{ "nan_out", { 0 }, NUM_NAN64 },
	{ "nan_bits", { 0 }, NUM_NAN32 },
	{ "unsigned_neg", { 1 }, 0xffffffff },
	{ "widen", { 0x7fffffff, 1 }, 0xffffffff80000000 },
	{ "pi", { 1 }, 0x4010000000000000 },
	{ "pick", { 1, 5, 9 }, 6 },
	{ "pick", { 0, 5, 9 }, 9 },
	{ "fused", { 0x4000000000000000, 0x40400000 }, 0x4030000000000000 },
	{ "dead", { 3 }, 3 },
	/* what the host leaves above a narrow argument does not matter */
	{ "down", { 0xdeadbeef00000003 }, 6 },
};

static void
test_programs(void)
{
	Unit u;

	if (!unit_open(&u, programs))
		return;
	for (uint32_t i = 0; i < COUNT(rows); i++) {
		uint64_t got = unit_call(&u, rows[i].name, rows[i].args);

		if (!CHECK(u.status == TRIVET_OK && got == rows[i].expected))
			printf("    %s: status %d, got %" PRId64 ", expected %" PRId64 "\n",
			       rows[i].name, (int)u.status, (int64_t)got,
			       (int64_t)rows[i].expected);
	}
	for (uint32_t i = 0; i < 8; i++) {
		bool a = i & 1, b = i & 2, c = i & 4, a2 = b && a, b2 = c || b;
		uint32_t expected = (uint32_t)((a && b) || c) + (uint32_t)(a || (b && c)) * 2 +
				    (uint32_t) !(a && (b || !c)) * 4 + (uint32_t)a2 * 8 +
				    (uint32_t)b2 * 16;

		CHECK_EQ(unit_call(&u, "logic", (uint64_t[]){ a, b, c }), expected);
	}
	unit_close(&u);
}

/* ---- Spans ---------------------------------------------------------------------------------- */

// clang-format off
static const char span_programs[] =
	"fn sum8(xs: [i8]) -> i32 { let s = 0i32; for i in 0..len(xs) { s += xs[i]; } return s; }\n"
	"fn fill_i8(xs: [i8], v: i32) { for i in 0..len(xs) { xs[i] = v; } }\n"
	"fn fill_u8(xs: [u8], v: u32) { for i in 0i32..4i32 { xs[i] = v; } }\n"
	"fn fill_i16(xs: [i16], v: i32) { xs[0u32] = v; xs[1u64] = v + 1i32; }\n"
	"fn get_i16(xs: [i16], i: i32) -> i32 { return xs[i]; }\n"
	"fn get_u16(xs: [u16], i: u32) -> u32 { return xs[i]; }\n"
	"fn get_u8(xs: [u8], i: i64) -> u32 { return xs[i]; }\n"
	"fn get_i32(xs: [i32], i: u64) -> i32 { return xs[i]; }\n"
	"fn put_f32(xs: [f32], v: f32) { xs[0] = -v; xs[1] += v; }\n"
	"fn put_f64(xs: [f64], v: f64) { xs[0] = -v; xs[1] *= v; }\n"
	"fn compound(xs: [u64], i: i64) -> u64 {\n"
	"  xs[i] += 5; xs[i] <<= 2; xs[i + 1] -= xs[i]; return xs[i]; }\n"
	"fn inner(xs: [u32]) -> u32 { let ys = xs[1..len(xs) - 1]; ys[0] = 9u32;\n"
	"  let zs = ys[1..len(ys)]; return (len(ys) as u32) * 100u32 + zs[0]; }\n"
	"fn total(xs: [i64], a: i64) -> i64 {\n"
	"  let s = a; for i in 0..len(xs) { s += xs[i]; } return s; }\n"
	"fn halves(xs: [i64]) -> i64 { let h = len(xs) / 2;\n"
	"  return total(xs[0..h], 1) * 1000 + total(xs[h..len(xs)], 2); }\n"
	"fn sort(xs: [i64]) { for i in 1..len(xs) { let v = xs[i]; let j = i;\n"
	"  while j > 0 && xs[j - 1] > v { xs[j] = xs[j - 1]; j -= 1; } xs[j] = v; } }\n"
	"fn all_x(a: [i8], b: [u8], c: [u16], d: [u64], e: [i16]) -> i64 { let s = 0;\n"
	"  for i in 0i32..2i32 { s += (a[i] as i64) + (b[i] as i64) + (c[i] as i64); }\n"
	"  for i in 0i32..2i32 { d[i] += 3; s += (d[i] as i64) + (e[i as i64] as i64); }\n"
	"  return s; }\n"
	"fn put_x(a: [i16], b: [i32], c: [u64], d: [f32], e: [f64]) { let i = 1i32;\n"
	"  a[i] = 70000i32; b[i] = 2i32; c[i] = 3; d[i] = -(0.0f32 / 0.0f32); e[i] = 5.0; }\n"
	"fn other(xs: [u8]) -> u32 { xs[0] = 7; return 1u32; }\n"
	"fn once(xs: [u8]) -> u32 { xs[0] += other(xs); return xs[0]; }\n";
// clang-format on

/* args: address and length, then what follows */
#define SPAN(array) (uintptr_t)(array), sizeof(array) / sizeof *(array)
#define ARGS(...) ((uint64_t[]){ __VA_ARGS__ })

static void
test_narrow_spans(Unit *u)
{
	int8_t i8[5] = { 1, -2, 3, -128, 127 };
	uint8_t u8[5] = { 0, 0, 0, 0, 99 };
	int16_t i16[2] = { 0, 0 };
	uint16_t u16[2] = { 5, 0xfff0 };
	int32_t i32[2] = { 5, -6 };

	CHECK_EQ(unit_call(u, "sum8", ARGS(SPAN(i8))), 1);
	CHECK_EQ(unit_call(u, "sum8", ARGS((uintptr_t)i8, 4)), (uint32_t)-126);
	CHECK_EQ(unit_call(u, "sum8", ARGS(0, 0)), 0);
	unit_call(u, "fill_i8", ARGS(SPAN(i8), 0x1ff));
	CHECK(i8[0] == -1 && i8[4] == -1);
	unit_call(u, "fill_u8", ARGS(SPAN(u8), 0x1fe));
	CHECK(u8[0] == 0xfe && u8[3] == 0xfe && u8[4] == 99);
	CHECK_EQ(unit_call(u, "get_u8", ARGS(SPAN(u8), 3)), 0xfe);
	unit_call(u, "fill_i16", ARGS(SPAN(i16), 0x17fff));
	CHECK(i16[0] == 0x7fff && i16[1] == -0x8000);
	CHECK_EQ(unit_call(u, "get_i16", ARGS(SPAN(i16), 1)), 0xffff8000);
	CHECK_EQ(unit_call(u, "get_u16", ARGS(SPAN(u16), 1)), 0xfff0);
	CHECK_EQ(unit_call(u, "get_i32", ARGS(SPAN(i32), 1)), (uint32_t)-6);
	CHECK_EQ(unit_call(u, "once", ARGS(SPAN(u8))), 0xff);
}

static void
test_wide_spans(Unit *u)
{
	uint32_t f32[2] = { 0, 0x3f800000 }, u32[5] = { 1, 2, 3, 4, 5 };
	uint64_t f64[2] = { 0, 0x3ff0000000000000 }, u64[3] = { 0, 1, 100 };
	int64_t i64[5] = { 5, -3, 9, 0, 5 };

	unit_call(u, "put_f32", ARGS(SPAN(f32), 0xff812345));
	CHECK(f32[0] == NUM_NAN32 && f32[1] == NUM_NAN32);
	unit_call(u, "put_f64", ARGS(SPAN(f64), 0xfff0000000000001));
	CHECK(f64[0] == NUM_NAN64 && f64[1] == NUM_NAN64);
	unit_call(u, "put_f64", ARGS(SPAN(f64), 0x4000000000000000));
	CHECK_EQ(f64[0], 0xc000000000000000);
	CHECK_EQ(unit_call(u, "compound", ARGS(SPAN(u64), 1)), 24);
	CHECK_EQ(u64[2], 76);
	CHECK_EQ(unit_call(u, "inner", ARGS(SPAN(u32))), 303);
	CHECK_EQ(u32[1], 9);
	CHECK_EQ(unit_call(u, "halves", ARGS(SPAN(i64))), 3 * 1000 + 16);
	unit_call(u, "sort", ARGS(SPAN(i64)));
	CHECK(i64[0] == -3 && i64[1] == 0 && i64[2] == 5 && i64[3] == 5 && i64[4] == 9);
	/* an address that is not aligned, as a slice of bytes may give */
	memcpy((char *)i64 + 4, &(uint64_t){ 41 }, 8);
	CHECK_EQ(unit_call(u, "total", ARGS((uintptr_t)i64 + 4, 1, 1)), 42);
}

/* Indexed by an i32. */
static void
test_signed_index(Unit *u)
{
	int8_t a[2] = { -1, -2 };
	uint8_t b[2] = { 255, 1 };
	uint16_t c[2] = { 65535, 1 };
	uint64_t d[2] = { 100, 200 };
	int16_t e[2] = { -5, 6 };
	int32_t f[2] = { 0, 0 };
	uint32_t g[2] = { 0, 0 };

	CHECK_EQ(unit_call(u, "all_x", ARGS(SPAN(a), SPAN(b), SPAN(c), SPAN(d), SPAN(e))),
		 -3 + 256 + 65536 + 306 + 1);
	unit_call(u, "put_x", ARGS(SPAN(e), SPAN(f), SPAN(d), SPAN(g), SPAN(d)));
	CHECK(e[1] == 4464 && f[1] == 2 && g[1] == NUM_NAN32);
	CHECK_EQ(d[1], num_bits_f64(5));
	CHECK(e[0] == -5 && f[0] == 0 && g[0] == 0 && d[0] == 103);
}

static void
test_spans(void)
{
	Unit u;

	if (!unit_open(&u, span_programs))
		return;
	test_narrow_spans(&u);
	test_wide_spans(&u);
	test_signed_index(&u);
	unit_close(&u);
}

/* ---- Traps ---------------------------------------------------------------------------------- */

/* Line numbers are those of this text. */
// clang-format off
static const char trap_programs[] =
	"fn div(a: i64, b: i64) -> i64 {\n"
	"  let x = a;\n"
	"  return x\n"
	"    / b;\n"
	"}\n"
	"fn rem(a: i32, b: i32) -> i32 { return a % b; }\n"
	"fn inner(a: i64) -> i64 {\n"
	"  if a == 3 {\n"
	"    trap;\n"
	"  }\n"
	"  return a;\n"
	"}\n"
	"fn outer(a: i64) -> i64 {\n"
	"  let x = 1;\n"
	"  return inner(a) + x;\n"
	"}\n"
	"fn get(xs: [i32], i: i32) -> i32 {\n"
	"  return xs[i];\n"
	"}\n"
	"fn put(xs: [i32], i: u64, a: i32) {\n"
	"  xs[0] = 1;\n"
	"  xs[i] = 10 / a;\n"
	"  xs[1] = 2;\n"
	"}\n"
	"fn add(xs: [i32], i: i64, a: i32) {\n"
	"  xs[i] += 10 / a;\n"
	"}\n"
	"fn conv(a: f64) -> i32 {\n"
	"  return checked_i32(a);\n"
	"}\n"
	"fn slice(xs: [i32], a: i64, b: i64) -> i64 {\n"
	"  let ys = xs[a..b];\n"
	"  return len(ys);\n"
	"}\n"
	"fn again(a: u64) -> u64 { return 1 / a; }\n";
// clang-format on

typedef struct TrapRow {
	const char *name;
	bool span; /* pass { 10, 20, 30 } first */
	uint64_t args[2];
	trivet_trap trap;
	const char *where;
	uint32_t line;
} TrapRow;

#define LEAST64 UINT64_C(0x8000000000000000)

static const TrapRow trap_rows[] = {
	{ "div", false, { 1, 0 }, TRIVET_TRAP_DIVIDE_BY_ZERO, "div", 4 },
	{ "div", false, { LEAST64, UINT64_MAX }, TRIVET_TRAP_INTEGER_OVERFLOW, "div", 4 },
	{ "div", false, { LEAST64, 1 }, TRIVET_TRAP_NONE, NULL, 0 },
	{ "rem", false, { 5, 0 }, TRIVET_TRAP_DIVIDE_BY_ZERO, "rem", 6 },
	{ "rem", false, { 0x80000000, 0xffffffff }, TRIVET_TRAP_NONE, NULL, 0 },
	{ "inner", false, { 3 }, TRIVET_TRAP_UNREACHABLE, "inner", 9 },
	{ "outer", false, { 3 }, TRIVET_TRAP_UNREACHABLE, "inner", 9 },
	{ "outer", false, { 4 }, TRIVET_TRAP_NONE, NULL, 0 },
	{ "get", true, { 2 }, TRIVET_TRAP_NONE, NULL, 0 },
	{ "get", true, { 3 }, TRIVET_TRAP_OUT_OF_BOUNDS, "get", 18 },
	{ "get", true, { 0xffffffff }, TRIVET_TRAP_OUT_OF_BOUNDS, "get", 18 },
	{ "put", true, { 2, 1 }, TRIVET_TRAP_NONE, NULL, 0 },
	{ "put", true, { 3, 1 }, TRIVET_TRAP_OUT_OF_BOUNDS, "put", 22 },
	{ "put", true, { UINT64_MAX, 1 }, TRIVET_TRAP_OUT_OF_BOUNDS, "put", 22 },
	{ "put", true, { 3, 0 }, TRIVET_TRAP_DIVIDE_BY_ZERO, "put", 22 },
	{ "add", true, { 3, 0 }, TRIVET_TRAP_OUT_OF_BOUNDS, "add", 26 },
	{ "add", true, { 2, 0 }, TRIVET_TRAP_DIVIDE_BY_ZERO, "add", 26 },
	{ "conv", false, { 0x7ff8000000000000 }, TRIVET_TRAP_INVALID_CONVERSION, "conv", 29 },
	{ "conv", false, { 0x41dfffffffffffff }, TRIVET_TRAP_NONE, NULL, 0 },
	{ "slice", true, { 0, 3 }, TRIVET_TRAP_NONE, NULL, 0 },
	{ "slice", true, { 3, 3 }, TRIVET_TRAP_NONE, NULL, 0 },
	{ "slice", true, { 0, 4 }, TRIVET_TRAP_OUT_OF_BOUNDS, "slice", 32 },
	{ "slice", true, { 2, 1 }, TRIVET_TRAP_OUT_OF_BOUNDS, "slice", 32 },
	{ "slice", true, { UINT64_MAX, 1 }, TRIVET_TRAP_OUT_OF_BOUNDS, "slice", 32 },
	{ "slice", true, { 0, UINT64_MAX }, TRIVET_TRAP_OUT_OF_BOUNDS, "slice", 32 },
	{ "again", false, { 0 }, TRIVET_TRAP_DIVIDE_BY_ZERO, "again", 35 },
};

static void
check_trap(Unit *u, const char *what, trivet_trap trap, const char *where, uint32_t line)
{
	bool ok = u->status == TRIVET_TRAP && u->where.trap == trap && u->where.line == line &&
		  u->where.func == unit_find(u, where);

	if (!CHECK(ok))
		printf("    %s: status %d, trap %s in function %u line %u; expected %s in %s line "
		       "%u\n",
		       what, (int)u->status, trap_name(u->where.trap), (unsigned)u->where.func,
		       (unsigned)u->where.line, trap_name(trap), where, (unsigned)line);
}

static void
test_traps(void)
{
	Unit u;

	if (!unit_open(&u, trap_programs))
		return;
	for (uint32_t i = 0; i < COUNT(trap_rows); i++) {
		const TrapRow *r = &trap_rows[i];
		int32_t xs[3] = { 10, 20, 30 };
		uint64_t args[4] = { (uintptr_t)xs, 3, r->args[0], r->args[1] };

		unit_call(&u, r->name, r->span ? args : args + 2);
		if (r->trap)
			check_trap(&u, r->name, r->trap, r->where, r->line);
		else
			CHECK_EQ(u.status, TRIVET_OK);
		/* what was stored before the trap has happened, what came after has not */
		if (strcmp(r->name, "put") == 0 && r->trap)
			CHECK(xs[0] == 1 && xs[1] == 20 && xs[2] == 30);
	}
	unit_close(&u);
}

/* ---- Depth and stack ------------------------------------------------------------------------ */

static void
test_depth(void)
{
	Unit u;

	if (!unit_open(&u, "fn down(n: i64) -> i64 {\n"
			   "  if n == 0 { return 0; }\n"
			   "  return down(n - 1) + 1;\n"
			   "}\n"
			   "fn ping(n: i64) -> i64 {\n"
			   "  if n == 0 { return leaf(n); }\n"
			   "  return pong(leaf(n) - 1);\n"
			   "}\n"
			   "fn pong(n: i64) -> i64 { if n == 0 { return 0; }\n"
			   "  return ping(n - 1); }\n"
			   "fn leaf(n: i64) -> i64 { return n; }\n"
			   "fn twice(n: i64) -> i64 { return down(n) + down(n); }\n"
			   "fn endless() { endless(); }\n"))
		return;
	u.env.max_depth = 100;
	CHECK_EQ(unit_call(&u, "down", ARGS(100)), 100);
	unit_call(&u, "down", ARGS(101));
	check_trap(&u, "down", TRIVET_TRAP_STACK_OVERFLOW, "down", 3);
	/* calls that do not recurse are free, and depth comes back when calls return */
	CHECK_EQ(unit_call(&u, "twice", ARGS(100)), 200);
	CHECK_EQ(unit_call(&u, "ping", ARGS(100)), 0);
	CHECK_EQ(u.status, TRIVET_OK);
	unit_call(&u, "ping", ARGS(101));
	check_trap(&u, "ping", TRIVET_TRAP_STACK_OVERFLOW, "ping", 7);
	unit_call(&u, "endless", ARGS(0));
	check_trap(&u, "endless", TRIVET_TRAP_STACK_OVERFLOW, "endless", 13);
	u.env.max_depth = 0;
	CHECK_EQ(unit_call(&u, "leaf", ARGS(4)), 4);
	unit_call(&u, "down", ARGS(1));
	check_trap(&u, "down", TRIVET_TRAP_STACK_OVERFLOW, "down", 3);

	/* the stack grows and moves on the way, and has an end of its own */
	u.env.max_depth = 1000000;
	CHECK_EQ(unit_call(&u, "down", ARGS(200000)), 200000);
	u.env.max_stack = 10000;
	CHECK_EQ(unit_call(&u, "down", ARGS(100)), 100);
	unit_call(&u, "down", ARGS(100000));
	check_trap(&u, "down", TRIVET_TRAP_STACK_OVERFLOW, "down", 3);
	u.env.max_stack = 0;
	unit_call(&u, "leaf", ARGS(1));
	check_trap(&u, "leaf", TRIVET_TRAP_STACK_OVERFLOW, "leaf", 11);
	unit_close(&u);
}

/* ---- Interruption --------------------------------------------------------------------------- */

// clang-format off
static const char endless_programs[] =
	"fn a() {\n"
	"  loop { }\n"
	"}\n"
	"fn b(n: i64) { let i = 0;\n"
	"  while i < n { i = i + 0; }\n"
	"}\n"
	"fn c(n: i64) { let i = 0;\n"
	"  while i != n {\n"
	"    i = i + 2; }\n"
	"}\n"
	"fn d(n: i64) { let x = true;\n"
	"  while x || n == 0 { n = n + 1; }\n"
	"}\n"
	"fn e(n: i64) { for i in 0..0x7fffffffffffffff {\n"
	"    n = n + 1; }\n"
	"}\n"
	"fn f(n: bool) {\n"
	"  while !n { }\n"
	"}\n"
	"fn g(n: i64) -> i64 {\n"
	"  return h(n); }\n"
	"fn h(n: i64) -> i64 { return n; }\n"
	"fn i(n: i64) { loop { if n == 1 { continue; } n = 1; } }\n";
// clang-format on

static uint32_t interrupt_flag;

static void
interrupt_later(void *unused)
{
#ifdef _WIN32
	Sleep(20);
#else
	struct timespec t = { .tv_nsec = 20 * 1000 * 1000 };

	nanosleep(&t, NULL);
#endif
	(void)unused;
	__atomic_store_n(&interrupt_flag, 1, __ATOMIC_RELAXED);
}

/* The two systems' ways to start and to end a thread that runs job(). */
typedef struct Thread {
	void (*job)(void *);
	void *arg;
#ifdef _WIN32
	HANDLE handle;
#else
	pthread_t handle;
#endif
} Thread;

#ifdef _WIN32
static DWORD WINAPI
thread_main(void *t)
#else
static void *
thread_main(void *t)
#endif
{
	((Thread *)t)->job(((Thread *)t)->arg);
	return 0;
}

static bool
thread_start(Thread *t)
{
#ifdef _WIN32
	t->handle = CreateThread(NULL, 0, thread_main, t, 0, NULL);
	return CHECK(t->handle != NULL);
#else
	return CHECK(pthread_create(&t->handle, NULL, thread_main, t) == 0);
#endif
}

static void
thread_join(Thread *t)
{
#ifdef _WIN32
	WaitForSingleObject(t->handle, INFINITE);
	CloseHandle(t->handle);
#else
	pthread_join(t->handle, NULL);
#endif
}

/* Calls a function that runs until a second thread interrupts it. */
static void
call_interrupted(Unit *u, const char *name)
{
	Thread t = { .job = interrupt_later };

	interrupt_flag = 0;
	if (!thread_start(&t))
		return;
	unit_call(u, name, ARGS(99));
	thread_join(&t);
}

static void
test_interrupt(void)
{
	static const struct {
		const char *name;
		uint32_t line;
	} loops[] = { { "a", 2 }, { "b", 5 }, { "c", 8 }, { "d", 12 }, { "e", 14 }, { "i", 23 } };
	Unit u;

	if (!unit_open(&u, endless_programs))
		return;
	u.env.interrupt = &interrupt_flag;
	for (uint32_t i = 0; i < COUNT(loops); i++) {
		call_interrupted(&u, loops[i].name);
		check_trap(&u, loops[i].name, TRIVET_TRAP_INTERRUPTED, loops[i].name,
			   loops[i].line);
	}
	interrupt_flag = 1; /* from the start: seen at the first loop head or call */
	unit_call(&u, "f", ARGS(1));
	check_trap(&u, "f", TRIVET_TRAP_INTERRUPTED, "f", 18);
	unit_call(&u, "g", ARGS(1));
	check_trap(&u, "g", TRIVET_TRAP_INTERRUPTED, "g", 21);
	CHECK_EQ(unit_call(&u, "h", ARGS(5)), 5);
	interrupt_flag = 0;
	CHECK_EQ(unit_call(&u, "g", ARGS(5)), 5);
	unit_close(&u);
}

/* ---- One Bytecode, several threads ---------------------------------------------------------- */

typedef struct Sharer {
	const Unit *u;
	FuncId fib, even;
	uint64_t sum;
} Sharer;

static void
share(void *arg)
{
	Sharer *s = arg;
	InterpEnv env = s->u->env;
	TrapSite where;
	Mem mem;

	mem_init(&mem, NULL);
	env.mem = &mem;
	for (int i = 0; i < 50; i++) {
		uint64_t result = 0;

		interp_call(s->u->code, &env, s->fib, ARGS(15), &result, &where);
		s->sum += result;
		interp_call(s->u->code, &env, s->even, ARGS(5000), &result, &where);
		s->sum += result;
	}
}

static void
test_threads(void)
{
	Thread threads[3];
	Sharer sharers[3];
	Unit u;

	if (!unit_open(&u, programs))
		return;
	for (uint32_t i = 0; i < COUNT(threads); i++) {
		sharers[i] = (Sharer){ .u = &u,
				       .fib = unit_find(&u, "fib"),
				       .even = unit_find(&u, "even") };
		threads[i] = (Thread){ .job = share, .arg = &sharers[i] };
		if (!thread_start(&threads[i]))
			return;
	}
	for (uint32_t i = 0; i < COUNT(threads); i++) {
		thread_join(&threads[i]);
		CHECK_EQ(sharers[i].sum, 50 * (610 + 1));
	}
	unit_close(&u);
}

/* ---- Host functions ------------------------------------------------------------------------- */

static Unit *raising;
static uint64_t host_saw;

static double
host_mix(int32_t a, double b, float c, const uint8_t *xs, int64_t n, bool d, uint64_t e, double f,
	 float g, int64_t h)
{
	double sum = 0;

	for (int64_t i = 0; i < n; i++)
		sum += xs[i];
	return (double)a + b * 2 + (double)c * 4 + sum + (d ? 1000 : 0) + (double)e + f +
	       (double)g + (double)h;
}

static bool
host_bool(double x, float y)
{
	uint32_t low = num_bits_f32(y);

	host_saw = num_bits_f64(x) ^ low;
	return x > 1;
}

static void
host_fail(uint32_t x)
{
	if (x == 7)
		*raising->env.host_raised = 1;
}

/* A host function that comes back into the program. */
static int64_t
host_again(int64_t n)
{
	return n <= 0 ? 0 : 1 + (int64_t)unit_call(raising, "again", ARGS((uint64_t)n));
}

static void
test_externs(void)
{
	uint8_t xs[3] = { 1, 2, 3 };
	Unit u;

	if (!unit_open(&u,
		       "extern fn mix(i32, f64, f32, [u8], bool, u64, f64, f32, i64) -> f64;\n"
		       "extern fn flag(f64, f32) -> bool;\n"
		       "extern fn fail(u32);\n"
		       "extern fn absent();\n"
		       "extern fn back(i64) -> i64;\n"
		       "fn again(n: i64) -> i64 { return back(n - 1) + n; }\n"
		       "fn f(a: i32, xs: [u8]) -> f64 { return 1.0 + mix(a, 0.5, 0.25, xs[1..3],\n"
		       "  a < 0, 8, 16.0, 32.0, 64) * 1.0; }\n"
		       "fn g(a: f64, b: f32) -> i64 { return if flag(-(a / a), -b) { 1 } else { 2 "
		       "}; }\n"
		       "fn h(a: u32) -> i64 { let i = 5; fail(a);\n"
		       "  return i; }\n"
		       "fn k() { absent(); }\n"))
		return;
	u.externs[unit_find(&u, "mix")] = (OsFunction)host_mix;
	u.externs[unit_find(&u, "flag")] = (OsFunction)host_bool;
	u.externs[unit_find(&u, "fail")] = (OsFunction)host_fail;
	raising = &u;
	CHECK_EQ(unit_call(&u, "f", ARGS((uint32_t)-4, SPAN(xs))),
		 num_bits_f64(1.0 + (-4.0 + 1 + 1 + 5 + 1000 + 8 + 16 + 32 + 64)));
	CHECK_EQ(u.status, TRIVET_OK);
	CHECK_EQ(unit_call(&u, "g", ARGS(0, 0xff800001)), 2);
	CHECK_EQ(host_saw, NUM_NAN64 ^ NUM_NAN32);
	CHECK_EQ(unit_call(&u, "flag", ARGS(num_bits_f64(2), 0)), 1);
	CHECK_EQ(unit_call(&u, "h", ARGS(6)), 5);
	unit_call(&u, "h", ARGS(7));
	check_trap(&u, "h", TRIVET_TRAP_HOST, "h", 10);
	CHECK_EQ(u.raised, 0);
	unit_call(&u, "fail", ARGS(7));
	check_trap(&u, "fail", TRIVET_TRAP_HOST, "fail", 3);
	u.externs[unit_find(&u, "back")] = (OsFunction)host_again;
	CHECK_EQ(unit_call(&u, "again", ARGS(50)), 50 * 51 / 2 + 49);
	unit_call(&u, "k", ARGS(0));
	CHECK_EQ(u.status, TRIVET_UNBOUND);
	unit_close(&u);
}

/* ---- Large programs ------------------------------------------------------------------------- */

static void
test_many(const char *what, Text *t, const char *name, uint64_t expected)
{
	uint64_t args[400];
	Unit u;

	for (uint32_t i = 0; i < COUNT(args); i++)
		args[i] = i;
	if (t->at && unit_open(&u, t->at)) {
		uint64_t got = unit_call(&u, name, args);

		if (!CHECK(u.status == TRIVET_OK && got == expected))
			printf("    %s: status %d, %" PRIu64 ", not %" PRIu64 "\n", what,
			       (int)u.status, got, expected);
		unit_close(&u);
	}
	t->n = 0;
}

static void
test_large(void)
{
	enum { VARIABLES = 3000, PARAMETERS = 300, TERMS = 100000, NESTED = 60 };
	Mem mem;
	Arena arena;
	Text t;

	mem_init(&mem, NULL);
	arena_init(&arena, &mem);
	text_init(&t, &arena);

	text_addf(&t, "fn f(a: i64) -> i64 {\nlet v0 = a;\n");
	for (int i = 1; i < VARIABLES; i++)
		text_addf(&t, "let v%d = v%d * 3 + %d.0 as i64;\n", i, i - 1, i);
	text_addf(&t, "return v%d; }\n", VARIABLES - 1);
	{
		uint64_t v = 0;

		for (uint64_t i = 1; i < VARIABLES; i++)
			v = v * 3 + i;
		test_many("variables, constants", &t, "f", v);
	}

	text_addf(&t, "fn g(");
	for (int i = 0; i < PARAMETERS; i++)
		text_addf(&t, "%sp%d: %s", i ? ", " : "", i, i % 2 ? "u64" : "i32");
	text_addf(&t, ") -> u64 { return p%d - p1 + (p298 as u64); }\nfn f() -> u64 { return g(",
		  PARAMETERS - 1);
	for (int i = 0; i < PARAMETERS; i++)
		text_addf(&t, "%s%d", i ? ", " : "", i);
	text_addf(&t, "); }\n");
	test_many("parameters", &t, "f", 299 - 1 + 298);

	text_addf(&t, "fn f(p: i64, q: i64) -> i64 { return p");
	for (int i = 1; i < TERMS; i++)
		text_addf(&t, " + q");
	text_addf(&t, "; }\n");
	test_many("terms", &t, "f", TERMS - 1);

	text_addf(&t, "fn f(p: i64, q: i64) -> bool { if p == q");
	for (int i = 1; i < TERMS / 4; i++)
		text_addf(&t, " || p > q && p != 3");
	text_addf(&t, " || q == 1 { return true; } return false; }\n");
	test_many("conditions", &t, "f", 1);

	text_addf(&t, "fn f(p: i64, q: i64) -> bool { return ");
	for (int i = 0; i < NESTED; i++)
		text_addf(&t, "if ");
	text_addf(&t, "p == 0");
	for (int i = 0; i < NESTED; i++) {
		for (int k = 0; k < 150; k++)
			text_addf(&t, " && q == 1");
		text_addf(&t, " { true } else { p == 5 }");
	}
	text_addf(&t, "; }\n");
	test_many("nested conditions", &t, "f", 1);

	text_addf(&t, "fn f(p: i64, q: i64) -> i64 { if p == 1 { return 1; }\n");
	for (int i = 2; i < TERMS / 10; i++)
		text_addf(&t, "else if q == %d { return %d; }\n", i, i);
	text_addf(&t, "return 42; }\n");
	test_many("else if", &t, "f", 42);
	arena_free(&arena);
}

/* ---- Memory --------------------------------------------------------------------------------- */

static long allocations_left;

static void *
failing_resize(void *user, void *p, size_t old_size, size_t size)
{
	(void)user;
	(void)old_size;
	if (size == 0) {
		free(p);
		return NULL;
	}
	return allocations_left-- > 0 ? realloc(p, size) : NULL;
}

/* Compiling and running with the n-th allocation failing, for all n until it works. */
static void
test_memory(void)
{
	const trivet_allocator host = { failing_resize, NULL };
	bool done = false;
	Unit u;
	long n;

	if (!unit_open(&u, programs))
		return;
	for (n = 0; !done && n < 1000; n++) {
		uint64_t result, args[1] = { 30000 };
		trivet_status status;
		Arena arena;
		Bytecode *b;
		Mem mem;

		mem_init(&mem, &host);
		arena_init(&arena, &mem);
		allocations_left = n;
		b = interp_compile(&arena, &u.program);
		CHECK(b ? !mem.failed : mem.failed);
		if (b) {
			u.env.mem = &mem;
			u.env.max_depth = 100000;
			status = interp_call(b, &u.env, unit_find(&u, "even"), args, &result,
					     &u.where);
			done = status == TRIVET_OK;
			CHECK(status == TRIVET_OK ? result == 1 : status == TRIVET_NO_MEMORY);
		}
		arena_free(&arena);
		CHECK_EQ(mem.live, 0);
	}
	CHECK(done && n > 5);
	u.env.mem = &u.mem;
	unit_close(&u);
}

static void
test_print(void)
{
	Text t;
	Unit u;

	if (!unit_open(&u, programs))
		return;
	text_init(&t, &u.arena);
	interp_print(u.code, &t);
	CHECK(t.at && strstr(t.at, "fn sum: "));
	CHECK(t.at && strstr(t.at, "STEP_LT_I64"));
	unit_close(&u);
}

/* Whoever calls from outside need not clear what lies above a narrow argument. */
static void
test_dirty_arguments(void)
{
	static const uint64_t args[] = { 0xdeadbeeffffffffe, 0x1234567800000003, 0xabcd00 };
	Unit u;

	if (!unit_open(
		    &u,
		    "fn f(a: i32, b: u32, c: bool) -> u64 {\n"
		    "  return (a as i64 as u64) + (b as u64) * 10 + (if c { 1000 } else { 0 });\n"
		    "}\n"
		    "fn g(a: i32) -> i32 { return a; }\n"))
		return;
	CHECK_EQ(unit_call(&u, "f", args), UINT64_C(28));
	CHECK_EQ(unit_call(&u, "g", args), UINT64_C(0xfffffffe));
	unit_close(&u);
}

int
main(void)
{
	test_dirty_arguments();
	test_programs();
	test_spans();
	test_traps();
	test_depth();
	test_interrupt();
	test_threads();
	test_externs();
	test_large();
	test_memory();
	test_print();
	unit_coverage(INSN_HALT, INSN_SLICE);
	unit_coverage(INSN_LOAD_I8, INSN_COUNT - 1);
	return check_done();
}
