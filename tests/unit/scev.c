/* scev.c - solved loops give what the iterations would: every comparison, start, bound and step of
 * 8 bits, and trip counts up to 2^64 - 1.
 *
 * Eight bits: in a loop over multiples of 2^24, 32-bit additions and comparisons do what 8-bit
 * ones do with the upper byte, so all wrap-arounds are met; the iterations are made here, in C.
 * Large counts: the iteration is a linear map of the monomials of i, and its power comes from
 * squaring a matrix modulo 2^64; the passes know nothing of this.
 *
 * Bits: all 8 of them at the lower end, in the middle and at the upper end of each type. */
#include <stdlib.h>

#include "check.h"
#include "trivet.h"

typedef int64_t F32(uint32_t n);
typedef int64_t F32k(uint32_t a, uint32_t b, uint32_t k);
typedef uint32_t F64to32(uint32_t n);

static trivet_engine *engine;
static trivet_module *module;
static trivet_code *code;

static void
compile(const char *text)
{
	const trivet_compile_options o = { .mode = TRIVET_OPTIMIZED, .verify = true };

	module = NULL;
	code = NULL;
	if (trivet_parse(engine, "scev.tv", text, strlen(text), &module) != TRIVET_OK ||
	    trivet_compile(module, &o, &code) != TRIVET_OK) {
		CHECK(code != NULL);
		printf("    %s\n%s\n", trivet_message(engine), text);
	}
}

static trivet_function
entry(const char *name, const char *signature)
{
	trivet_function f = code ? trivet_entry(code, name, signature) : NULL;

	if (!CHECK(f != NULL))
		printf("    %s %s: %s\n", name, signature, trivet_message(engine));
	return f;
}

static void
discard(void)
{
	trivet_code_free(code);
	trivet_module_free(module);
}

/* ---- Eight bits ----------------------------------------------------------------------------- */

typedef enum Body {
	COUNT,
	WIDEN,
	HALVE,
	REST,
	QUOTIENT,
	VIEW,
	SPLIT,
	GREATEST,
	XOR,
	SQUARES,
	BODIES
} Body;

static const struct {
	const char *text; /* of the iteration, in which w is an i64, i a counter, k a parameter */
} bodies[BODIES] = {
	[COUNT] = { "w += 1;" },
	[WIDEN] = { "w += i as i64;" },
	[HALVE] = { "w += (i >> 25) as i64;" },
	[REST] = { "w += (i % 83886080) as i64;" },
	[QUOTIENT] = { "w += (i / 100663296) as i64;" },
	[VIEW] = { "w += (i as u32) as i64;" }, /* of a u32: as i32 */
	[SPLIT] = { "w += if i < k { 1 } else { 1000 };" },
	[GREATEST] = { "m = max(m, i);" },
	[XOR] = { "m = m ^ (i >> 24);" },
	[SQUARES] = { "m += (i >> 24) * (i >> 24);" },
};

static const char *const ops[] = { "<", "<=", ">", ">=", "!=", "==" };
enum { OPS = 6 };

static bool
holds(unsigned op, int a, int b)
{
	switch (op) {
	case 0: return a < b;
	case 1: return a <= b;
	case 2: return a > b;
	case 3: return a >= b;
	case 4: return a != b;
	default: return a == b;
	}
}

static int
number(bool is_signed, unsigned byte)
{
	return is_signed ? (int8_t)byte : (int)(byte & 255);
}

/* What the function gives, or false if it does not end. */
static bool
iterate(Body body, bool is_signed, unsigned op, unsigned a, unsigned b, unsigned k, unsigned step,
	int64_t *out)
{
	int64_t w = 0, scale = 1 << 24, n = 0;
	int bound = number(is_signed, b), split = number(is_signed, k);
	uint32_t m = body == GREATEST ? (uint32_t)k << 24 : 0;

	while (holds(op, number(is_signed, a), bound)) {
		int i = number(is_signed, a);
		if (++n > 256)
			return false;
		switch (body) {
		case COUNT: w += 1; break;
		case WIDEN: w += i * scale; break;
		case HALVE: w += is_signed ? i >> 1 : (int)((unsigned)i >> 1); break;
		case REST: w += i % 5 * scale; break;
		case QUOTIENT: w += i / 6; break;
		case VIEW: w += number(!is_signed, a) * scale; break;
		case SPLIT: w += i < split ? 1 : 1000; break;
		case GREATEST:
			if (i > number(is_signed, m >> 24))
				m = (uint32_t)i << 24;
			break;
		case XOR: m ^= (uint32_t)i; break;
		default: m += (uint32_t)i * (uint32_t)i; break;
		}
		a = (a + step) & 255;
	}
	*out = w * 1000 + (is_signed ? (int64_t)(int32_t)m : (int64_t)m) * 7 +
	       number(is_signed, a) * scale;
	return true;
}

static void
one_function(char *to, size_t room, Body body, bool is_signed, unsigned op, unsigned step)
{
	const char *t = is_signed ? "i32" : "u32";
	int64_t by = (int64_t)number(is_signed, step) * (1 << 24);
	const char *iteration =
		body == VIEW && !is_signed ? "w += (i as i32) as i64;" : bodies[body].text;

	snprintf(to, room,
		 "fn f%u_%u(a: %s, b: %s, k: %s) -> i64 {\n"
		 " let w: i64 = 0; let m: %s = %s; let i: %s = a;\n"
		 " while i %s b { %s i += %s%" PRId64 "; }\n"
		 " return w * 1000 + (m as i64) * 7 + (i as i64);\n}\n",
		 op, step, t, t, t, t, body == GREATEST ? "k" : "0", t, ops[op], iteration,
		 by < 0 ? "-" : "", by < 0 ? -by : by);
}

/* Starts and bounds stride - 1 apart, and those at the ends. */
static void
sweep(F32k *f, Body body, bool is_signed, unsigned op, unsigned step, unsigned stride)
{
	for (unsigned a = 0; a < 256; a += (a + 1) % 128 < 2 || a % 128 < 2 ? 1 : stride) {
		for (unsigned b = 0; b < 256; b += (b + 1) % 128 < 2 || b % 128 < 2 ? 1 : stride) {
			unsigned k = (a * 7 + b * 13 + step) & 255;
			int64_t want, got;
			if (!iterate(body, is_signed, op, a, b, k, step, &want))
				continue;
			got = f(a << 24, b << 24, k << 24);
			check_count++;
			if (got == want)
				continue;
			check_count--;
			CHECK_EQ(got, want);
			printf("    %s: i from %u, %s %u, step %u, k %u: %s\n",
			       is_signed ? "i32" : "u32", a, ops[op], b, step, k,
			       bodies[body].text);
		}
	}
}

/* How many iterations there are from each start, NONE where there is no end, by walking from the
 * ends back. */
enum { NONE = 999 };

static void
count_back(bool is_signed, unsigned op, unsigned b, unsigned step, uint16_t counts[256])
{
	int bound = number(is_signed, b);
	bool stays[256];

	for (unsigned a = 0; a < 256; a++) {
		stays[a] = holds(op, number(is_signed, a), bound);
		counts[a] = stays[a] ? NONE : 0;
	}
	for (unsigned end = 0; end < 256; end++) {
		unsigned a = end;
		for (uint16_t n = 1; !stays[end] && stays[a = (a - step) & 255]; n++)
			counts[a] = n;
	}
}

/* COUNT alone: a start after the other. */
static void
sweep_all(F32k *f, bool is_signed, unsigned op, unsigned step)
{
	/* The machine code of this is the same whatever the numbers; emulated, all would take long.
	 */
#ifdef __x86_64__
	enum { EACH = 1 };
#else
	enum { EACH = 5 };
#endif
	for (unsigned b = 0; b < 256; b++) {
		uint16_t counts[256];
		count_back(is_signed, op, b, step, counts);
		for (unsigned a = (b + op) % EACH; a < 256; a += EACH) {
			unsigned n = counts[a], end = a + n * step;
			int64_t want = (int64_t)n * 1000 +
				       number(is_signed, end) * (INT64_C(1) << 24),
				got;
			if (n == NONE)
				continue;
			got = f(a << 24, b << 24, 0);
			check_count++;
			if (got == want)
				continue;
			check_count--;
			CHECK_EQ(got, want);
			printf("    %s: i from %u, %s %u, step %u\n", is_signed ? "i32" : "u32", a,
			       ops[op], b, step);
		}
	}
}

static void
test_eight_bits(Body body, bool is_signed, const uint8_t *steps, unsigned nsteps, unsigned stride)
{
	static char text[1 << 19];
	size_t n = 0;

	for (unsigned op = 0; op < OPS; op++) {
		for (unsigned k = 0; k < nsteps; k++) {
			one_function(text + n, sizeof text - n, body, is_signed, op, steps[k]);
			n += strlen(text + n);
		}
	}
	compile(text);
	for (unsigned op = 0; op < OPS && code; op++) {
		for (unsigned k = 0; k < nsteps; k++) {
			char name[32];
			F32k *f;
			snprintf(name, sizeof name, "f%u_%u", op, steps[k]);
			f = (F32k *)entry(name,
					  is_signed ? "i64(i32,i32,i32)" : "i64(u32,u32,u32)");
			if (f && stride == 1)
				sweep_all(f, is_signed, op, steps[k]);
			else if (f)
				sweep(f, body, is_signed, op, steps[k], stride);
		}
	}
	discard();
}

static void
test_all_eight_bits(void)
{
	static const uint8_t some[] = { 1,   2,	  3,   4,   6,	 7,   16,  83,
					127, 128, 129, 224, 252, 253, 254, 255 };
	uint8_t all[255];

	for (unsigned k = 0; k < 255; k++)
		all[k] = (uint8_t)(k + 1);
	for (int is_signed = 0; is_signed < 2; is_signed++) {
		test_eight_bits(COUNT, is_signed, all, sizeof all, 1);
		for (Body body = WIDEN; body < BODIES; body++)
			test_eight_bits(body, is_signed, some, sizeof some, 7);
	}
}

/* ---- Large counts --------------------------------------------------------------------------- */

enum { DIM = 12 };

typedef struct Matrix {
	uint64_t at[DIM][DIM];
} Matrix;

static void
multiply(Matrix *out, const Matrix *a, const Matrix *b)
{
	Matrix m = { 0 };

	for (unsigned i = 0; i < DIM; i++)
		for (unsigned k = 0; k < DIM; k++)
			if (a->at[i][k])
				for (unsigned j = 0; j < DIM; j++)
					m.at[i][j] += a->at[i][k] * b->at[k][j];
	*out = m;
}

/* M, M², M⁴, …, by which each number of iterations of v' = M·v takes a few steps. */
typedef struct Powers {
	Matrix at[64];
} Powers;

static void
square(Powers *p)
{
	for (unsigned k = 1; k < 64; k++)
		multiply(&p->at[k], &p->at[k - 1], &p->at[k - 1]);
}

/* What variable `which` is after n iterations. */
static uint64_t
power(const Powers *p, const uint64_t *v, unsigned which, uint64_t n)
{
	uint64_t now[DIM], next[DIM];

	memcpy(now, v, sizeof now);
	for (unsigned k = 0; n; k++, n >>= 1) {
		if (!(n & 1))
			continue;
		for (unsigned i = 0; i < DIM; i++) {
			next[i] = 0;
			for (unsigned j = 0; j < DIM; j++)
				next[i] += p->at[k].at[i][j] * now[j];
		}
		memcpy(now, next, sizeof now);
	}
	return now[which];
}

/* s += Σ poly[k]·i^k with i from 0, or what is written into `more`: the states i^0 … i^8 come
 * first, s is the tenth, t and u after it. */
typedef struct Large {
	const char *before, *body;
	uint64_t poly[9];
	uint64_t start[3];
	uint64_t more[3][3];
} Large;

// clang-format off
static const Large large[] = {
	{ "", "s += 5;",
	  { 5 }, { 0 }, { { 1 } } },
	{ "", "s += i;",
	  { 0, 1 }, { 0 }, { { 1 } } },
	{ "", "s -= i;", { 0, (uint64_t)-1 }, { 0 }, { { 1 } } },
	{ "", "s += i * i;",
	  { 0, 0, 1 }, { 0 }, { { 1 } } },
	{ "", "s += i * i * i;",
	  { 0, 0, 0, 1 }, { 0 }, { { 1 } } },
	{ "", "s += i * i * i * i;",
	  { 0, 0, 0, 0, 1 }, { 0 }, { { 1 } } },
	{ "", "s += i * i * i * i * i;",
	  { 0, 0, 0, 0, 0, 1 }, { 0 }, { { 1 } } },
	{ "let q: T = 0;", "q = i * i * i; s += q * q + 3;",
	  { 3, 0, 0, 0, 0, 0, 1 }, { 0 }, { { 1 } } },
	{ "let q: T = 0;", "q = i * i * i; s += q * q * i;",
	  { 0, 0, 0, 0, 0, 0, 0, 1 }, { 0 }, { { 1 } } },
	{ "let q: T = 0;", "q = i * i; q = q * q; s += q * q + 3 * i;",
	  { 0, 3, 0, 0, 0, 0, 0, 0, 1 }, { 0 }, { { 1 } } },
	{ "", "s += (i << 2) + 1;",
	  { 1, 4 }, { 0 }, { { 1 } } },
	{ "let t: T = 7;", "for j in 0..t { s += i * j; }",
	  { 0, 21 }, { 0 }, { { 1 } } },
	{ "s = 1;", "s *= 3;",
	  { 0 }, { 1 }, { { 3 } } },
	{ "s = 1;", "s *= 2;",
	  { 0 }, { 1 }, { { 2 } } },
	{ "s = 9;", "s = s * 1103515245 + 12345;",
	  { 12345 }, { 9 }, { { 1103515245 } } },
	{ "s = 9;", "s = s * 5 + i;",
	  { 0, 1 }, { 9 }, { { 5 } } },
	{ "let t: T = 1;", "let u = s + t; s = t; t = u;",
	  { 0 }, { 0, 1 }, { { 0, 1 }, { 1, 1 } } },
	{ "let t: T = 1;", "s = s * 3 + t + i * i; t = t * 2;",
	  { 0, 0, 1 }, { 0, 1 }, { { 3, 1 }, { 0, 2 } } },
	{ "let t: T = 1; let u: T = 1;", "let x = s + t + u; s = t; t = u; u = x;",
	  { 0 }, { 0, 1, 1 }, { { 0, 1, 0 }, { 0, 0, 1 }, { 1, 1, 1 } } },
	{ "let t: T = 1;", "s += t; t = t * 7;",
	  { 0 }, { 0, 1 }, { { 1, 1 }, { 0, 7 } } },
	/* polynomials of an i that goes up from 0, and only that */
	{ "", "for j in 0..i { s += 2 * j; }", { 0, (uint64_t)-1, 1 }, { 0 }, { { 1 } } },
	{ "", "for j in 0..i { s += 2 * i * j; }", { 0, 0, (uint64_t)-1, 1 }, { 0 }, { { 1 } } },
	{ "", "let j = i; while j > 0 { j -= 1; s += 2 * j; }", { 0, (uint64_t)-1, 1 }, { 0 }, { { 1 } } },
	{ "let t: T = 3;", "s += t; t += 7;",
	  { 3, 7 }, { 0 }, { { 1 } } },
};
// clang-format on
enum { LARGE = sizeof large / sizeof *large, ONLY_UP = 4 };

/* The iteration in which i goes by +1 or -1. */
static void
matrix_of(const Large *c, bool down, Matrix *m)
{
	uint64_t row[10] = { 1 };

	*m = (Matrix){ 0 };
	for (unsigned k = 0; k < 9; k++) { /* (i ± 1)^k by Pascal's triangle */
		for (unsigned j = 0; j <= k; j++)
			m->at[k][j] = down && (k - j) % 2 ? 0 - row[j] : row[j];
		for (unsigned j = k + 1; j > 0; j--)
			row[j] += row[j - 1];
		m->at[9][k] = c->poly[k];
	}
	for (unsigned i = 0; i < 3; i++)
		for (unsigned j = 0; j < 3; j++)
			m->at[9 + i][9 + j] = c->more[i][j];
}

/* What there is before the first iteration, in which i is `first`. */
static void
start_of(const Large *c, uint64_t first, uint64_t v[DIM])
{
	v[0] = 1;
	for (unsigned k = 1; k < 9; k++)
		v[k] = v[k - 1] * first;
	for (unsigned i = 0; i < 3; i++)
		v[9 + i] = c->start[i];
}

static void
append_typed(char *to, size_t room, const char *text, const char *type)
{
	size_t n = strlen(to);

	for (; *text && n + 8 < room; text++) {
		bool is_type = text[0] == 'T' && n && to[n - 1] == ' ';
		n += (size_t)snprintf(to + n, room - n, is_type ? "%s" : "%.1s",
				      is_type ? type : text);
	}
}

/* How the counter goes from `a` to `n`. */
static const struct {
	const char *from, *test, *step;
	bool down;
} ways[] = {
	{ "a", "i < n", "i += 1;", false },
	{ "a", "i != n", "i += 1;", false },
	{ "a", "i > n", "i -= 1;", true },
};
enum { WAYS = sizeof ways / sizeof *ways };

typedef uint64_t FLarge64(uint64_t a, uint64_t n);
typedef uint32_t FLarge32(uint32_t a, uint32_t n);

static void
compile_large(unsigned way, const char *type)
{
	static char text[1 << 16];

	text[0] = 0;
	for (unsigned k = 0; k < LARGE; k++) {
		char head[32];
		snprintf(head, sizeof head, "fn f%u", k);
		append_typed(text, sizeof text, head, type);
		append_typed(text, sizeof text, "(a: T, n: T) -> T { let s: T = 0; ", type);
		append_typed(text, sizeof text, large[k].before, type);
		append_typed(text, sizeof text, " let i: T = ", type);
		append_typed(text, sizeof text, ways[way].from, type);
		append_typed(text, sizeof text, "; while ", type);
		append_typed(text, sizeof text, ways[way].test, type);
		append_typed(text, sizeof text, " { ", type);
		append_typed(text, sizeof text, large[k].body, type);
		append_typed(text, sizeof text, ways[way].step, type);
		append_typed(text, sizeof text, " } return s; }\n", type);
	}
	compile(text);
}

typedef struct Type {
	const char *name;
	unsigned width;
	bool is_signed;
} Type;

static bool
is_below(const Type *t, uint64_t a, uint64_t b)
{
	uint64_t flip = t->is_signed ? UINT64_C(1) << (t->width - 1) : 0;
	return (a ^ flip) < (b ^ flip);
}

/* From `first`, with as many iterations, or none if `count` leads past an end of the type. */
static void
check_large(const Type *t, unsigned way, unsigned k, const Powers *p, trivet_function f,
	    uint64_t first, uint64_t count)
{
	uint64_t mask = UINT64_MAX >> (64 - t->width), v[DIM], want, got;
	uint64_t n = (ways[way].down ? first - count : first + count) & mask;

	count &= mask;
	if (way == 0 && !is_below(t, first, n))
		count = 0;
	if (way == 2 && !is_below(t, n, first))
		count = 0;
	start_of(&large[k], first, v);
	want = power(p, v, 9, count) & mask;
	got = t->width == 32 ? ((FLarge32 *)f)((uint32_t)first, (uint32_t)n)
			     : ((FLarge64 *)f)(first, n);
	if (!CHECK_EQ(got, want))
		printf("    %s, i from %" PRIu64 ", %" PRIu64 " times, %s: %s\n", t->name, first,
		       count, ways[way].test, large[k].body);
}

/* Counts near 0, all powers of two, and 2^width. */
static void
check_counts(const Type *t, unsigned way, unsigned k, const Powers *p, trivet_function f,
	     uint64_t first)
{
	for (unsigned e = 0; e <= t->width; e++) {
		for (int64_t near = e < 4 ? 0 : -11; near <= 11; near++) {
			uint64_t power_of_2 = e < 64 ? UINT64_C(1) << e : 0;
			check_large(t, way, k, p, f, first, power_of_2 + (uint64_t)near);
			if (e > 12 && e != 31 && e != 32 && e < t->width - 2)
				near += 4;
		}
	}
}

static void
test_large(const Type *t, unsigned way)
{
	static Powers p;
	uint64_t half = UINT64_C(1) << (t->width - 1), mask = 2 * half - 1;
	const uint64_t starts[] = { 0, 1, half, half - 1, (half + 1) / 3, mask - 4 };

	compile_large(way, t->name);
	for (unsigned k = 0; k < LARGE && code; k++) {
		char name[16], signature[32];
		trivet_function f;

		snprintf(name, sizeof name, "f%u", k);
		snprintf(signature, sizeof signature, "%s(%s,%s)", t->name, t->name, t->name);
		f = entry(name, signature);
		matrix_of(&large[k], ways[way].down, &p.at[0]);
		square(&p);
		for (unsigned s = 0; f && s < sizeof starts / sizeof *starts; s++)
			if (k < LARGE - ONLY_UP || (way == 0 && s == 0))
				check_counts(t, way, k, &p, f, starts[s]);
	}
	discard();
}

/* ---- Where a polynomial wraps before the counter does ---------------------------------------- */

static const char wrapping[] = "fn f0(n: i32) -> i64 { let s: i64 = 0;"
			       " for i in 0..n { s += (i * (i + 1) / 2) as i64; } return s; }\n"
			       "fn f1(n: i32) -> i64 { let s: i64 = 0;"
			       " for i in 0..n { s += (i * i) as i64; } return s; }\n"
			       "fn f2(n: u32) -> i64 { let s: i64 = 0; let i: u32 = 0;"
			       " while i < n { s += (i * i / 3) as i64; i += 1; } return s; }\n"
			       "fn f3(n: u32) -> i64 { let s: i64 = 0; let i: u32 = 0;"
			       " while i < n { s += (i * i) as i64; i += 1; } return s; }\n"
			       "fn f4(n: i32) -> i64 { let s: i64 = 0;"
			       " for i in 0..n { s += ((i * i * i) % 5) as i64; } return s; }\n";

static int64_t
wrapping_term(unsigned which, uint32_t i)
{
	switch (which) {
	case 0: return (int32_t)(i * (i + 1)) / 2;
	case 1: return (int32_t)(i * i);
	case 2: return i * i / 3;
	case 3: return i * i;
	default: return (int32_t)(i * i * i) % 5;
	}
}

static void
test_wrapping(void)
{
	compile(wrapping);
	for (unsigned k = 0; k < 5 && code; k++) {
		char name[8];
		F32 *f;
		int64_t sum = 0;
		snprintf(name, sizeof name, "f%u", k);
		f = (F32 *)entry(name, k == 2 || k == 3 ? "i64(u32)" : "i64(i32)");
		for (uint32_t n = 0; f && n < 140000; n++) {
			bool near = (n > 1280 && n < 1300) || (n > 46330 && n < 46350) ||
				    (n > 65525 && n < 65550) || n < 50 || n % 9973 == 0;
			if (near)
				CHECK_EQ(f(n), sum);
			sum += wrapping_term(k, n);
		}
	}
	discard();
}

/* ---- Bits ----------------------------------------------------------------------------------- */

typedef uint64_t FBits64(uint64_t x);
typedef uint32_t FBits32(uint32_t x);

typedef struct Bits {
	const char *stay, *step; /* in T x, with x as it was in the iteration before */
	char how;		 /* & clears the lowest, > shifts, / divides */
	unsigned by, least;	 /* bits; the smallest x that stays, 0: all but 0 */
} Bits;

// clang-format off
static const Bits bits[] = {
	{ "x != 0", "x = x & (x - 1)", '&', 0, 0 },
	{ "x > 0", "x &= x - 1", '&', 0, 1 },
	{ "x != 0", "x >>= 1", '>', 1, 0 },
	{ "x > 0", "x = x >> 1", '>', 1, 1 },
	{ "x > 1", "x = x >> 1", '>', 1, 2 },
	{ "x >= 16", "x = x >> 3", '>', 3, 16 },
	{ "x != 0", "x >>= 5", '>', 5, 0 },
	{ "x > 7", "x >>= 31", '>', 31, 8 },
	{ "x != 0", "x = x / 2", '/', 1, 0 },
	{ "x != 0", "x = x / 128", '/', 7, 0 },
	{ "x > 3", "x = x / 8", '/', 3, 4 },
};
// clang-format on
enum { BITS_ROWS = sizeof bits / sizeof *bits, FOREVER = 100 };

/* x and the count, as the function returns them; false: it does not end. */
static bool
take_bits(const Bits *b, bool is_signed, unsigned width, uint64_t x, uint64_t *out)
{
	uint64_t ones = UINT64_MAX >> (64 - width), n = 0;

	for (; n < FOREVER; n++) {
		int64_t v = width == 32 ? (int32_t)x : (int64_t)x;
		bool negative = is_signed && v < 0;
		if (b->least ? negative || (x & ones) < b->least : !v)
			break;
		if (b->how == '&')
			x &= x - 1;
		else if (!negative)
			x = (x & ones) >> b->by;
		else if (b->how == '/')
			x = 0 - ((0 - x) & ones) / (UINT64_C(1) << b->by);
		else
			x = ~(~(uint64_t)v >> b->by);
		x &= ones;
	}
	*out = (x + n * 1000003) & ones;
	return n < FOREVER;
}

static void
test_bits(const char *type, unsigned width, bool is_signed)
{
	static char text[1 << 12];
	char name[32], signature[32];
	size_t n = 0;

	for (unsigned k = 0; k < BITS_ROWS; k++)
		n += (size_t)snprintf(text + n, sizeof text - n,
				      "fn f%u(x: %s) -> %s { let n: %s = 0;"
				      " while %s { %s; n += 1000003; } return x + n; }\n",
				      k, type, type, type, bits[k].stay, bits[k].step);
	compile(text);
	snprintf(signature, sizeof signature, "%s(%s)", type, type);
	for (unsigned k = 0; k < BITS_ROWS && code; k++) {
		trivet_function f;
		snprintf(name, sizeof name, "f%u", k);
		f = entry(name, signature);
		for (unsigned case_of = 0; f && case_of < 256 * 6; case_of++) {
			static const unsigned at[] = { 0, 12, 24, 27, 55, 56 };
			uint64_t x = (uint64_t)(case_of & 255) << at[case_of >> 8] % width, want,
				 got;
			if (case_of & 1)
				x -= 2; /* and with ones all above */
			if (!take_bits(&bits[k], is_signed, width, x, &want))
				continue;
			got = width == 32 ? ((FBits32 *)f)((uint32_t)x) : ((FBits64 *)f)(x);
			if (!CHECK_EQ(got, want))
				printf("    %s: while %s { %s }, x %" PRIx64 "\n", type,
				       bits[k].stay, bits[k].step, x);
		}
	}
	discard();
}

/* ---- Loops that do not end, or end late ----------------------------------------------------- */

/* A loop that may go on for ever is still there after the pass; where it ends, it ends alike. */
static void
test_endless(const char *text, uint32_t n, uint32_t want)
{
	const char *ir = NULL;
	F64to32 *f;

	compile(text);
	f = (F64to32 *)entry("f", "u32(u32)");
	if (f)
		CHECK_EQ(f(n), want);
	if (module && CHECK_EQ(trivet_dump_after(module, "scev", NULL, &ir), TRIVET_OK))
		CHECK(strstr(ir, "phi") != NULL);
	discard();
}

static void
test_all_endless(void)
{
	test_endless("fn f(n: u32) -> u32 { let i: u32 = 0; while i <= n { i += 1; } return i; }",
		     UINT32_MAX - 1, UINT32_MAX);
	test_endless("fn f(n: u32) -> u32 { let i: u32 = 1; let s: u32 = 0;"
		     " while i != n { i += 2; s += i; } return s; }",
		     5, 8);
	test_endless("fn f(n: u32) -> u32 { let i: u32 = 0;"
		     " loop { i += 1; if n == 0 { break; } } return i; }",
		     0, 1);
	test_endless(
		"fn f(n: u32) -> u32 { let i: u32 = 0; while i < n { i *= 1; i += 4; } return i; }",
		UINT32_MAX - 4, UINT32_MAX - 3);
	test_endless("fn f(n: u32) -> u32 { let i = n as i32; let s: u32 = 0;"
		     " while i != 0 { i = i >> 1; s += 1; } return s; }",
		     INT32_MAX, 31);
}

int
main(void)
{
	static const Type types[] = {
		{ "i32", 32, true }, { "u32", 32, false }, { "i64", 64, true }, { "u64", 64, false }
	};
	trivet_status s = trivet_open(NULL, &engine);

	CHECK_EQ(s, TRIVET_OK);
	if (s || trivet_probe(engine) == TRIVET_NO_EXEC) {
		printf("no executable memory here\n");
		return 77;
	}
	test_all_eight_bits();
	for (unsigned k = 0; k < 4; k++)
		for (unsigned way = 0; way < WAYS; way++)
			test_large(&types[k], way);
	test_wrapping();
	test_bits("i32", 32, true);
	test_bits("u32", 32, false);
	test_bits("i64", 64, true);
	test_bits("u64", 64, false);
	test_all_endless();
	trivet_close(engine);
	return check_done();
}
