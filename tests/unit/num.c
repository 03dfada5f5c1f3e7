/* num.c - the float and integer functions of base/num.h against other ways to the same numbers:
 * the CPU's fused multiply-add, an integer square root, wide integers, known hard cases. */
#include "base/num.h"

#include "check.h"
#include "os/os.h"

__extension__ typedef __int128 I128;
__extension__ typedef unsigned __int128 U128;

static uint64_t random_state = 12345;

static uint64_t
random64(void) /* splitmix64 */
{
	uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* clang-format off */
static const uint64_t edge64[] = {
	0, 1, 2, 0x000fffffffffffff, 0x0010000000000000, 0x0010000000000001, 0x3cb0000000000000,
	0x3fdfffffffffffff, 0x3fe0000000000000, 0x3fe0000000000001, 0x3fefffffffffffff,
	0x3ff0000000000000, 0x3ff0000000000001, 0x3ff8000000000000, 0x4000000000000000,
	0x4004000000000000, 0x400921fb54442d18, 0x41dfffffffc00000, 0x41dfffffffe00000,
	0x41e0000000000000, 0x41e0000000100000, 0x41efffffffe00000, 0x41effffffff00000,
	0x41f0000000000000, 0x432fffffffffffff, 0x4330000000000000, 0x4330000000000001,
	0x433fffffffffffff, 0x4340000000000000, 0x43dfffffffffffff, 0x43e0000000000000,
	0x43efffffffffffff, 0x43f0000000000000, 0x43f0000000000001, 0x7fe0000000000000,
	0x7fefffffffffffff, 0x7ff0000000000000, 0x7ff0000000000001, 0x7ff4000000000000,
	0x7ff8000000000000, 0x7ff8000000000001, 0x7fffffffffffffff,
};
static const uint32_t edge32[] = {
	0, 1, 2, 0x007fffff, 0x00800000, 0x00800001, 0x33800000, 0x3effffff, 0x3f000000, 0x3f000001,
	0x3f7fffff, 0x3f800000, 0x3f800001, 0x3fc00000, 0x40000000, 0x40200000, 0x4affffff,
	0x4b000000, 0x4b000001, 0x4b7fffff, 0x4b800000, 0x4effffff, 0x4f000000, 0x4f7fffff, 0x4f800000,
	0x5effffff, 0x5f000000, 0x5f7fffff, 0x5f800000, 0x7f000000, 0x7f7fffff, 0x7f800000,
	0x7f800001, 0x7fa00000, 0x7fc00000, 0x7fffffff,
};
/* clang-format on */
enum { N64 = sizeof edge64 / sizeof *edge64, N32 = sizeof edge32 / sizeof *edge32 };

/* Edge values with either sign, numbered from 0. */
static double
edge_f64(unsigned i)
{
	return num_from_f64(edge64[i / 2] | (uint64_t)(i & 1) << 63);
}

static float
edge_f32(unsigned i)
{
	return num_from_f32(edge32[i / 2] | (uint32_t)(i & 1) << 31);
}

static uint64_t
canon64(double x)
{
	return num_bits_f64(num_canon_f64(x));
}

static uint32_t
canon32(float x)
{
	return num_bits_f32(num_canon_f32(x));
}

/* ---- Rounding to an integer -------------------------------------------------------------------
 */

/* By integers: floor(|x|) as int64, then by cases. */
static double
expected_round(double x, char how)
{
	double magnitude = x < 0 ? -x : x, whole, rest;
	bool negative = num_bits_f64(x) >> 63, up;

	if (!(magnitude < 0x1p52))
		return x;
	whole = (double)(int64_t)magnitude;
	rest = magnitude - whole;
	up = how == 'f'	  ? negative && rest > 0
	     : how == 'c' ? !negative && rest > 0
	     : how == 't' ? false
			  : rest > 0.5 || (rest == 0.5 && (int64_t)magnitude % 2 == 1);
	whole += up ? 1 : 0;
	return num_from_f64(num_bits_f64(whole) | (uint64_t)negative << 63);
}

static void
test_round_one(double x)
{
	float f = (float)x;

	CHECK_EQ(num_bits_f64(num_floor_f64(x)), canon64(expected_round(x, 'f')));
	CHECK_EQ(num_bits_f64(num_ceil_f64(x)), canon64(expected_round(x, 'c')));
	CHECK_EQ(num_bits_f64(num_trunc_f64(x)), canon64(expected_round(x, 't')));
	CHECK_EQ(num_bits_f64(num_nearest_f64(x)), canon64(expected_round(x, 'n')));
	CHECK_EQ(num_bits_f32(num_floor_f32(f)), canon32((float)expected_round(f, 'f')));
	CHECK_EQ(num_bits_f32(num_ceil_f32(f)), canon32((float)expected_round(f, 'c')));
	CHECK_EQ(num_bits_f32(num_trunc_f32(f)), canon32((float)expected_round(f, 't')));
	CHECK_EQ(num_bits_f32(num_nearest_f32(f)), canon32((float)expected_round(f, 'n')));
}

static void
test_round(void)
{
	for (unsigned i = 0; i < 2 * N64; i++)
		test_round_one(edge_f64(i));
	for (unsigned i = 0; i < 2 * N32; i++)
		test_round_one(edge_f32(i));
	for (int i = -4000; i <= 4000; i++)
		test_round_one(i / 8.0);
	for (int i = 0; i < 20000; i++) {
		uint64_t r = random64();
		test_round_one(num_from_f64(r));
		/* exponents from 2^-2 to 2^53, where rounding has something to do */
		test_round_one(num_from_f64((r & UINT64_C(0x800fffffffffffff)) |
					    (1021 + random64() % 56) << 52));
	}
	/* where adding 0.5 first would go wrong */
	CHECK_EQ(num_bits_f64(num_nearest_f64(0x1.fffffffffffffp-2)), 0);
	CHECK(num_nearest_f64(2.5) == 2 && num_nearest_f64(3.5) == 4 &&
	      num_nearest_f64(-2.5) == -2);
	CHECK_EQ(num_bits_f64(num_ceil_f64(-0.5)), UINT64_C(1) << 63);
	CHECK_EQ(num_bits_f64(num_nearest_f64(-0.5)), UINT64_C(1) << 63);
}

/* ---- Square root ------------------------------------------------------------------------------
 */

/* m * 2^e with e even, scaled until the integer root has more bits than the result; the root of
 * such a number never lies half way between two floats. */
static double
expected_sqrt(double x)
{
	uint64_t b = num_bits_f64(x), m = b & UINT64_C(0xfffffffffffff);
	int e = (int)(b >> 52 & 0x7ff);
	U128 v, root = 0;

	if (x != x || x < 0)
		return num_from_f64(NUM_NAN64);
	if (x == 0 || e == 0x7ff)
		return x;
	m |= e ? UINT64_C(1) << 52 : 0;
	e = (e ? e : 1) - 1075;
	while (m < UINT64_C(1) << 52) {
		m *= 2;
		e--;
	}
	v = (U128)m << (e & 1 ? 73 : 72); /* 125 or 126 bits: the root has 63 */
	e = (e - (e & 1)) - 72;
	for (int bit = 63; bit >= 0; bit--) {
		U128 next = root | (U128)1 << bit;
		if (next * next <= v)
			root = next;
	}
	/* One conversion of an integer, with what was cut off as its lowest bit. */
	root = root << 1 | (root * root != v);
	return (double)(uint64_t)root * num_from_f64((uint64_t)(1023 + e / 2 - 1) << 52);
}

static void
test_sqrt(void)
{
	for (unsigned i = 0; i < 2 * N64; i++)
		CHECK_EQ(num_bits_f64(num_sqrt_f64(edge_f64(i))),
			 canon64(expected_sqrt(edge_f64(i))));
	for (unsigned i = 0; i < 2 * N32; i++)
		CHECK_EQ(num_bits_f32(num_sqrt_f32(edge_f32(i))),
			 canon32((float)expected_sqrt(edge_f32(i))));
	for (int i = 0; i < 3000; i++) {
		double x = num_from_f64(random64() >> 1);
		float f = num_from_f32((uint32_t)(random64() >> 33));
		CHECK_EQ(num_bits_f64(num_sqrt_f64(x)), canon64(expected_sqrt(x)));
		CHECK_EQ(num_bits_f32(num_sqrt_f32(f)), canon32((float)expected_sqrt(f)));
	}
	CHECK_EQ(num_bits_f64(num_sqrt_f64(-0.0)), UINT64_C(1) << 63);
	CHECK_EQ(num_bits_f64(num_sqrt_f64(-1.0)), NUM_NAN64);
	CHECK_EQ(num_bits_f32(num_sqrt_f32(-1.0f)), NUM_NAN32);
}

/* ---- Minimum, maximum, sign -------------------------------------------------------------------
 */

/* Floats in the order of their values, -0 before +0, as integers. */
static int64_t
order_of(double x)
{
	uint64_t b = num_bits_f64(x);
	return b >> 63 ? -(int64_t)(b << 1 >> 1) - 1 : (int64_t)b;
}

static void
test_pair(double a, double b)
{
	bool nan = a != a || b != b;
	double less = order_of(a) < order_of(b) ? a : b, more = order_of(a) < order_of(b) ? b : a;
	uint64_t magnitude = num_bits_f64(a) << 1 >> 1;
	uint64_t sign = b != b ? 0 : num_bits_f64(b) >> 63 << 63;

	CHECK_EQ(num_bits_f64(num_min_f64(a, b)), nan ? NUM_NAN64 : num_bits_f64(less));
	CHECK_EQ(num_bits_f64(num_max_f64(a, b)), nan ? NUM_NAN64 : num_bits_f64(more));
	CHECK_EQ(num_bits_f64(num_copysign_f64(a, b)), a != a ? NUM_NAN64 : (magnitude | sign));
}

static void
test_pair_f32(float a, float b)
{
	bool nan = a != a || b != b;
	float less = order_of(a) < order_of(b) ? a : b, more = order_of(a) < order_of(b) ? b : a;
	uint32_t magnitude = num_bits_f32(a) << 1 >> 1;
	uint32_t sign = b != b ? 0 : num_bits_f32(b) >> 31 << 31;

	CHECK_EQ(num_bits_f32(num_min_f32(a, b)), nan ? NUM_NAN32 : num_bits_f32(less));
	CHECK_EQ(num_bits_f32(num_max_f32(a, b)), nan ? NUM_NAN32 : num_bits_f32(more));
	CHECK_EQ(num_bits_f32(num_copysign_f32(a, b)), a != a ? NUM_NAN32 : (magnitude | sign));
}

static void
test_pairs(void)
{
	for (unsigned i = 0; i < 2 * N64; i++)
		for (unsigned k = 0; k < 2 * N64; k++)
			test_pair(edge_f64(i), edge_f64(k));
	for (unsigned i = 0; i < 2 * N32; i++)
		for (unsigned k = 0; k < 2 * N32; k++)
			test_pair_f32(edge_f32(i), edge_f32(k));
	for (int i = 0; i < 2000; i++)
		test_pair(num_from_f64(random64()), num_from_f64(random64()));
}

/* ---- Fused multiply-add -----------------------------------------------------------------------
 */

/* The CPU's own.  `volatile` operands keep the compiler from computing it. */
#if defined(__x86_64__)
__attribute__((target("fma"))) static double
cpu_fma_f64(double a, double b, double c)
{
	volatile double x = a, y = b, z = c;
	return __builtin_fma(x, y, z);
}

__attribute__((target("fma"))) static float
cpu_fma_f32(float a, float b, float c)
{
	volatile float x = a, y = b, z = c;
	return __builtin_fmaf(x, y, z);
}

#else
static double
cpu_fma_f64(double a, double b, double c)
{
	volatile double x = a, y = b, z = c;
	return __builtin_fma(x, y, z);
}

static float
cpu_fma_f32(float a, float b, float c)
{
	volatile float x = a, y = b, z = c;
	return __builtin_fmaf(x, y, z);
}
#endif

static bool cpu_has_fma;

/* For f32 without the CPU: the product is exact in f64; the sum is rounded to odd there (its error
 * by Knuth's TwoSum), so that rounding it to f32 is the only one that counts (Boldo and Melquiond,
 * "Emulation of FMA and correctly rounded sums: proved algorithms using rounding to odd", 2008). */
static float
expected_fma_f32(float a, float b, float c)
{
	double p = (double)a * b, s = p + c, t = s - p, error = (p - (s - t)) + (c - t);
	uint64_t bits = num_bits_f64(s);

	if (error == error && error != 0 && s - s == 0 && (bits & 1) == 0)
		bits += (error > 0) == (s > 0) ? 1 : UINT64_MAX;
	return (float)num_from_f64(bits);
}

static void
test_fma_one(double a, double b, double c)
{
	if (!CHECK_EQ(num_bits_f64(num_fma_f64(a, b, c)), canon64(cpu_fma_f64(a, b, c))))
		printf("    fma(%a, %a, %a)\n", a, b, c);
}

static void
test_fma_f32_one(float a, float b, float c)
{
	uint32_t got = num_bits_f32(num_fma_f32(a, b, c));

	if (!CHECK_EQ(got, canon32(expected_fma_f32(a, b, c))))
		printf("    fma(%a, %a, %a)\n", (double)a, (double)b, (double)c);
	if (cpu_has_fma)
		CHECK_EQ(got, canon32(cpu_fma_f32(a, b, c)));
}

/* A few bits set and an exponent near `around`: ties and cancellation are frequent. */
static double
sparse(int around, int spread)
{
	uint64_t m = UINT64_C(1) << random64() % 52 | UINT64_C(1) << random64() % 52;
	uint64_t r = random64();
	int e = around + (int)(random64() % (unsigned)(2 * spread + 1)) - spread;

	m = r & 1 ? m : r & 2 ? UINT64_C(0xfffffffffffff) - m : m - 1;
	return num_from_f64(r >> 63 << 63 | (uint64_t)e << 52 | (m & UINT64_C(0xfffffffffffff)));
}

static float
sparse_f32(int around, int spread)
{
	uint32_t m = UINT32_C(1) << random64() % 23 | UINT32_C(1) << random64() % 23;
	uint64_t r = random64();
	int e = around + (int)(random64() % (unsigned)(2 * spread + 1)) - spread;

	m = r & 1 ? m : r & 2 ? 0x7fffff - m : m - 1;
	return num_from_f32((uint32_t)(r >> 63 << 31) | (uint32_t)e << 23 | (m & 0x7fffff));
}

static void
test_fma_random(int rounds)
{
	for (int i = 0; i < rounds; i++) {
		double a = sparse(1023, 3), b = sparse(1023, 3);
		test_fma_one(a, b, sparse(1023, 110));
		test_fma_one(a, b, num_from_f64(num_bits_f64(-(a * b)) + random64() % 5 - 2));
		test_fma_one(sparse(512, 60), sparse(512, 60), sparse(60, 59)); /* subnormal */
		test_fma_one(sparse(512, 3), sparse(500, 30), num_from_f64(random64() % 16));
		test_fma_one(sparse(1500, 30), sparse(1545, 30), sparse(2040, 6)); /* overflow */
		test_fma_one(num_from_f64(random64()), num_from_f64(random64()),
			     num_from_f64(random64()));
	}
}

static void
test_fma_f32_random(int rounds)
{
	for (int i = 0; i < rounds; i++) {
		float a = sparse_f32(127, 3), b = sparse_f32(127, 3);
		test_fma_f32_one(a, b, sparse_f32(127, 60));
		test_fma_f32_one(
			a, b,
			num_from_f32(num_bits_f32(-(a * b)) + (uint32_t)(random64() % 5) - 2));
		test_fma_f32_one(sparse_f32(64, 30), sparse_f32(64, 30), sparse_f32(20, 20));
		test_fma_f32_one(sparse_f32(64, 3), sparse_f32(50, 30),
				 num_from_f32(random64() % 16));
		test_fma_f32_one(sparse_f32(180, 20), sparse_f32(200, 20), sparse_f32(250, 4));
		test_fma_f32_one(num_from_f32((uint32_t)random64()),
				 num_from_f32((uint32_t)random64()),
				 num_from_f32((uint32_t)random64()));
	}
}

/* Every triple of edge values (every third c, from a moving start, to keep it short). */
static void
test_fma_edges(void)
{
	for (unsigned i = 0; i < 2 * N64; i++)
		for (unsigned j = 0; j < 2 * N64; j++)
			for (unsigned k = (i + j) % 5; k < 2 * N64; k += 5)
				test_fma_one(edge_f64(i), edge_f64(j), edge_f64(k));
}

static void
test_fma_f32_edges(void)
{
	for (unsigned i = 0; i < 2 * N32; i++)
		for (unsigned j = 0; j < 2 * N32; j++)
			for (unsigned k = (i + j) % 5; k < 2 * N32; k += 5)
				test_fma_f32_one(edge_f32(i), edge_f32(j), edge_f32(k));
}

/* Hard cases worked out by hand; these need no CPU. */
static void
test_fma_known(void)
{
	double tiny = 0x1p-1074, big = 0x1.fffffffffffffp1023, e = 0x1p-52;

	CHECK(num_fma_f64(1 + e, 1 - e, -1) == -e * e);
	CHECK(num_fma_f64(0x1p-537, 0x1p-537, 0) == tiny);
	CHECK(num_fma_f64(0x1p-538, 0x1p-537, 0) == 0); /* half of tiny: to even */
	CHECK(num_fma_f64(0x1p-538, 0x1.0000000000001p-537, 0) == tiny);
	CHECK(num_fma_f64(0x1p-538, 0x1p-537, tiny) == 2 * tiny); /* 1.5 tiny: to even */
	CHECK(num_fma_f64(-0x1p-538, 0x1p-537, tiny) == 0);	  /* 0.5 tiny: to even */
	CHECK(num_fma_f64(big, 2, -big) == big);
	CHECK(num_fma_f64(big, 1, 0x1p969) == big);
	CHECK_EQ(num_bits_f64(num_fma_f64(big, 1, 0x1p970)), 0x7ff0000000000000);
	CHECK_EQ(num_bits_f64(num_fma_f64(-big, 2, 0)), 0xfff0000000000000);
	/* 1 + half an ulp + 2^-1000: the tie is broken far away */
	CHECK(num_fma_f64(0x1p-500, 0x1p-500, 1 + e) == 1 + e);
	CHECK(num_fma_f64(1 + e, 1 + 0x1p-1 * e * 0, 0x1p-53) == 1 + 2 * e);
	CHECK(num_fma_f64(0x1p-27, 0x1p-26, 1) == 1); /* a tie: to even */
	CHECK(num_fma_f64(0x1p-27, 0x1.0000000000001p-26, 1) == 1 + e);
	CHECK_EQ(num_bits_f64(num_fma_f64(1, 1, -1)), 0);
	CHECK_EQ(num_bits_f64(num_fma_f64(-0.0, 1, -0.0)), UINT64_C(1) << 63);
	CHECK_EQ(num_bits_f64(num_fma_f64(-0.0, 1, 0.0)), 0);
	CHECK_EQ(num_bits_f64(num_fma_f64(-tiny, 0.25, 0.0)), UINT64_C(1) << 63);
	CHECK_EQ(num_bits_f64(num_fma_f64(0, num_from_f64(0xfff0000000000000), 1)), NUM_NAN64);
	CHECK_EQ(num_bits_f64(num_fma_f64(num_from_f64(0x7ff0000000000000), 1,
					  num_from_f64(0xfff0000000000000))),
		 NUM_NAN64);
	CHECK_EQ(num_bits_f32(num_fma_f32(num_from_f32(0xffc12345), 1, 1)), NUM_NAN32);
	/* f32 by way of f64 rounds twice here: 1 + 2^-24 + 2^-77 */
	CHECK(num_fma_f32(0x1p-70f, 0x1p-7f, 0x1.000002p0f) == 0x1.000002p0f);
	CHECK(num_fma_f32(0x1.000002p0f, 0x1.000002p0f, 0x1p-60f) == 0x1.000004p0f);
}

/* ---- Conversions ------------------------------------------------------------------------------
 */

/* The value cut to an integer, as a wide one; beyond +-2^100 as +-2^100. */
static I128
whole_of(double x)
{
	uint64_t b = num_bits_f64(x);
	int e = (int)(b >> 52 & 0x7ff) - 1075;
	I128 m = (I128)((b & UINT64_C(0xfffffffffffff)) | UINT64_C(1) << 52);

	if (x != x)
		return 0;
	m = e < -63 ? 0 : e < 0 ? m >> -e : e > 40 ? (I128)1 << 100 : m << e;
	return b >> 63 ? -m : m;
}

static I128
clamp(I128 v, I128 least, I128 most)
{
	return v < least ? least : v > most ? most : v;
}

static void
test_to_int(double x)
{
	I128 v = whole_of(x), f = whole_of((float)x);

	CHECK_EQ(num_i32_f64(x), (int32_t)clamp(v, INT32_MIN, INT32_MAX));
	CHECK_EQ(num_u32_f64(x), (uint32_t)clamp(v, 0, UINT32_MAX));
	CHECK_EQ(num_i64_f64(x), (int64_t)clamp(v, INT64_MIN, INT64_MAX));
	CHECK_EQ(num_u64_f64(x), (uint64_t)clamp(v, 0, UINT64_MAX));
	CHECK_EQ(num_i32_f32((float)x), (int32_t)clamp(f, INT32_MIN, INT32_MAX));
	CHECK_EQ(num_u32_f32((float)x), (uint32_t)clamp(f, 0, UINT32_MAX));
	CHECK_EQ(num_i64_f32((float)x), (int64_t)clamp(f, INT64_MIN, INT64_MAX));
	CHECK_EQ(num_u64_f32((float)x), (uint64_t)clamp(f, 0, UINT64_MAX));
}

/* Nearest to even by comparing the distances of the two candidates. */
static void
test_from_u64(uint64_t x)
{
	int width = 64 - (int)num_clz64(x);
	double d = num_f64_u64(x);
	float f = num_f32_u64(x);
	uint64_t cut53 = width > 53 ? x >> (width - 53) << (width - 53) : x;
	I128 error = (I128)x - whole_of(d), ulp = width > 53 ? (I128)1 << (width - 53) : 1;
	I128 error32 = (I128)x - whole_of(f), ulp32 = width > 24 ? (I128)1 << (width - 24) : 1;

	CHECK(2 * error <= ulp && -2 * error <= ulp);
	CHECK(2 * error32 <= ulp32 && -2 * error32 <= ulp32);
	if (2 * error == ulp || -2 * error == ulp)
		CHECK_EQ(num_bits_f64(d) & 1, 0);
	if (2 * error32 == ulp32 || -2 * error32 == ulp32)
		CHECK_EQ(num_bits_f32(f) & 1, 0);
	CHECK(whole_of(d) >= (I128)cut53);
	CHECK(d == (double)x && f == (float)x);
}

static void
test_conversions(void)
{
	for (unsigned i = 0; i < 2 * N64; i++)
		test_to_int(edge_f64(i));
	for (unsigned i = 0; i < 2 * N32; i++)
		test_to_int(edge_f32(i));
	for (int i = 0; i < 20000; i++) {
		uint64_t r = random64();
		test_to_int(num_from_f64(r));
		test_to_int(num_from_f64((r & UINT64_C(0x800fffffffffffff)) |
					 (1020 + random64() % 70) << 52));
		test_from_u64(r >> random64() % 64);
	}
	for (int bit = 0; bit < 64; bit++)
		for (int low = 0; low <= bit; low++)
			for (int d = -1; d <= 1; d++)
				test_from_u64((UINT64_C(1) << bit | UINT64_C(1) << low) +
					      (uint64_t)d);
	CHECK_EQ(num_bits_f64(num_f64_u64(0)), 0);
	CHECK(num_f64_u64(UINT64_MAX) == 0x1p64);
	CHECK(num_f32_u64(UINT64_C(0x8000008000000001)) == 0x1.000002p63f); /* not by way of f64 */
}

/* ---- Integers ---------------------------------------------------------------------------------
 */

static uint64_t
schoolbook_high(uint64_t a, uint64_t b)
{
	uint64_t al = (uint32_t)a, ah = a >> 32, bl = (uint32_t)b, bh = b >> 32;
	uint64_t middle = (al * bl >> 32) + (uint32_t)(ah * bl) + (uint32_t)(al * bh);
	return ah * bh + (ah * bl >> 32) + (al * bh >> 32) + (middle >> 32);
}

static void
test_bits_of(uint64_t x)
{
	unsigned lead = 0, trail = 0, ones = 0;

	for (int i = 63; i >= 0 && !(x >> i & 1); i--)
		lead++;
	for (int i = 0; i < 64 && !(x >> i & 1); i++)
		trail++;
	for (int i = 0; i < 64; i++)
		ones += (unsigned)(x >> i & 1);
	CHECK_EQ(num_clz64(x), lead);
	CHECK_EQ(num_ctz64(x), trail);
	CHECK_EQ(num_popcnt64(x), ones);
	if (x <= UINT32_MAX) {
		CHECK_EQ(num_clz32((uint32_t)x), lead - 32);
		CHECK_EQ(num_ctz32((uint32_t)x), x ? trail : 32);
		CHECK_EQ(num_popcnt32((uint32_t)x), ones);
	}
}

static void
test_integers(void)
{
	static const uint64_t v[] = { 0,	   1,	       2,
				      0x7fffffff,  0x80000000, 0xffffffff,
				      0x100000000, INT64_MAX,  UINT64_C(1) << 63,
				      UINT64_MAX };

	for (int i = 0; i < 5000; i++) {
		uint64_t a = i < 100 ? v[i / 10] : random64(), b = i < 100 ? v[i % 10] : random64();
		I128 product = (I128)(int64_t)a * (int64_t)b;
		CHECK_EQ(num_mulhi_u64(a, b), schoolbook_high(a, b));
		CHECK_EQ(num_mulhi_i64((int64_t)a, (int64_t)b), (uint64_t)((U128)product >> 64));
		test_bits_of(a);
		test_bits_of(a >> (b & 63));
	}
	for (int i = 0; i < 64; i++) {
		test_bits_of(UINT64_C(1) << i);
		test_bits_of(UINT64_MAX << i);
		test_bits_of(UINT64_MAX >> i);
	}
}

int
main(void)
{
	cpu_has_fma = strcmp(os_target_name(), "aarch64-linux") == 0 ||
		      (os_cpu_features() & TRIVET_FEATURE_FMA);
	test_round();
	test_sqrt();
	test_pairs();
	test_fma_known();
	test_fma_f32_edges();
	test_fma_f32_random(20000);
	if (cpu_has_fma) {
		test_fma_edges();
		test_fma_random(20000);
	} else {
		printf("no FMA in this CPU: the f64 fma was held against known values only\n");
	}
	test_conversions();
	test_integers();
	return check_done();
}
