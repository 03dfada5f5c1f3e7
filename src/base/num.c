/* num.c - float functions by bits and integers, so that no C library or CPU has a say in them.
 *
 * Where arithmetic is used it is exact, or a single IEEE operation that every target has.  The f32
 * forms of exact functions go through f64: the result of rounding an f32 to an integer is an f32.
 */
#include "base/num.h"

#include <limits.h>
#include <stdbool.h>

__extension__ typedef unsigned __int128 U128;

/* ---- Square root, rounding to an integer ----------------------------------------------------- */

/* The builtin is one instruction on every target; IEEE 754 makes it exact.  (-fno-math-errno keeps
 * compilers from adding a call to sqrt for the sake of errno.) */
float
num_sqrt_f32(float x)
{
	return num_canon_f32(__builtin_sqrtf(x));
}

double
num_sqrt_f64(double x)
{
	return num_canon_f64(__builtin_sqrt(x));
}

/* Clears the bits of the fraction; the sign stays, so that -0.5 becomes -0.0. */
double
num_trunc_f64(double x)
{
	uint64_t b = num_bits_f64(x);
	int exponent = (int)(b >> 52 & 0x7ff) - 1023;

	if (exponent < 0)
		return num_from_f64(b & UINT64_C(1) << 63);
	if (exponent >= 52)
		return num_canon_f64(x);
	return num_from_f64(b & ~(UINT64_MAX >> 12 >> exponent));
}

/* Below, t differs from x only when |x| < 2^52, and there t +- 1 is exact. */
double
num_floor_f64(double x)
{
	double t = num_trunc_f64(x);
	return t > x ? t - 1.0 : t;
}

double
num_ceil_f64(double x)
{
	double t = num_trunc_f64(x);
	return t < x ? t + 1.0 : t;
}

double
num_nearest_f64(double x)
{
	double t = num_trunc_f64(x), rest;

	if (t == x || t != t)
		return t;
	rest = x < t ? t - x : x - t;
	if (rest < 0.5 || (rest == 0.5 && ((int64_t)t & 1) == 0))
		return t;
	return x < 0 ? t - 1.0 : t + 1.0;
}

/* ---- Minimum, maximum, sign ------------------------------------------------------------------ */

/* Equal operands have equal bits unless they are zeros: or-ing the bits finds a -0, and-ing a +0.
 */
double
num_min_f64(double a, double b)
{
	if (a != a || b != b)
		return num_from_f64(NUM_NAN64);
	if (a == b)
		return num_from_f64(num_bits_f64(a) | num_bits_f64(b));
	return a < b ? a : b;
}

double
num_max_f64(double a, double b)
{
	if (a != a || b != b)
		return num_from_f64(NUM_NAN64);
	if (a == b)
		return num_from_f64(num_bits_f64(a) & num_bits_f64(b));
	return a > b ? a : b;
}

/* A NaN has no sign that could be seen: as the second operand it counts as positive. */
double
num_copysign_f64(double a, double b)
{
	uint64_t sign = num_bits_f64(num_canon_f64(b)) & UINT64_C(1) << 63;
	return num_canon_f64(num_from_f64((num_bits_f64(a) & UINT64_MAX >> 1) | sign));
}

/* clang-format off */
#define NARROW(name) float num_##name##_f32(float x) { return (float)num_##name##_f64(x); }
NARROW(floor) NARROW(ceil) NARROW(trunc) NARROW(nearest)
#undef NARROW
#define NARROW(name) \
	float num_##name##_f32(float a, float b) { return (float)num_##name##_f64(a, b); }
NUM_BINARY_LIST(NARROW)
#undef NARROW
	/* clang-format on */

	/* ---- Fused multiply-add
	   ---------------------------------------------------------------------- */

	typedef struct Format {
	int precision; /* bits of the significand with the hidden one */
	int bias;
	uint64_t sign;	   /* its bit */
	uint64_t infinity; /* the exponent field's bits */
} Format;

static const Format FORMAT_F32 = { 24, 127, UINT64_C(1) << 31, UINT64_C(0x7f800000) };
static const Format FORMAT_F64 = { 53, 1023, UINT64_C(1) << 63, UINT64_C(0x7ff0000000000000) };

typedef enum Class { ZERO, FINITE, INFINITE, NOT_A_NUMBER } Class;

typedef struct Unpacked { /* FINITE: m * 2^e, bit 63 of m set */
	Class class;
	bool negative;
	uint64_t m;
	int e;
} Unpacked;

static Unpacked
unpack(uint64_t bits, Format f)
{
	int exponent_max = 2 * f.bias + 1;
	int exponent = (int)(bits >> (f.precision - 1)) & exponent_max;
	Unpacked u = { ZERO, (bits & f.sign) != 0, 0, 0 };

	u.m = bits << (64 - f.precision) & UINT64_MAX >> 1; /* the fraction, below bit 63 */
	if (exponent == exponent_max) {
		u.class = u.m ? NOT_A_NUMBER : INFINITE;
		return u;
	}
	if (exponent == 0) {
		if (u.m == 0)
			return u;
		exponent = 1 - (int)num_clz64(u.m);
		u.m <<= num_clz64(u.m);
	} else {
		u.m |= UINT64_C(1) << 63;
	}
	u.class = FINITE;
	u.e = exponent - f.bias - 63;
	return u;
}

/* Shifts right; what falls out is kept as a sticky lowest bit. */
static uint64_t
jam64(uint64_t v, int n)
{
	if (n <= 0)
		return v;
	return n > 63 ? v != 0 : v >> n | (v << (64 - n) != 0);
}

static U128
jam128(U128 v, int n)
{
	if (n <= 0)
		return v;
	return n > 127 ? v != 0 : v >> n | (v << (128 - n) != 0);
}

/* m * 2^e rounded to nearest even; bit 63 of m set, bit 0 sticky.  The significand is added to the
 * exponent field below it, so that a carry out of rounding makes the next exponent, or infinity. */
static uint64_t
round_pack(uint64_t sign, uint64_t m, int e, Format f)
{
	int shift = 64 - f.precision, exponent = e + 63 + f.bias;
	uint64_t kept, rest, half = UINT64_C(1) << (shift - 1);

	if (exponent > 2 * f.bias)
		return sign | f.infinity;
	if (exponent < 1) {
		m = jam64(m, 1 - exponent);
		exponent = 1;
	}
	kept = m >> shift;
	rest = m & (half | (half - 1));
	if (rest > half || (rest == half && (kept & 1)))
		kept++;
	return sign | (((uint64_t)(exponent - 1) << (f.precision - 1)) + kept);
}

/* The sum of the product and c, both finite, c perhaps zero.  Both are laid into 128 bits with the
 * leading one at bit 126.  The product of two significands of at most 53 bits then ends in at least
 * 21 zeros and c in 74, so a bit can be lost, and become sticky, only where the operands differ by
 * more than 21 places; there at most one leading bit cancels and the sticky bit stays far below the
 * rounding position. */
static uint64_t
fma_finite(Unpacked a, Unpacked b, Unpacked c, bool negative, Format f)
{
	U128 p = (U128)a.m * b.m, q = (U128)c.m << 63, sum;
	int pe = a.e + b.e, qe = c.e - 63, e, lead;
	uint64_t high;

	if (p >> 127) {
		p >>= 1;
		pe++;
	}
	e = c.class == ZERO || pe > qe ? pe : qe;
	p = jam128(p, e - pe);
	q = c.class == ZERO ? 0 : jam128(q, e - qe);
	if (c.class == ZERO || c.negative == negative) {
		sum = p + q;
	} else if (p >= q) {
		sum = p - q;
	} else {
		sum = q - p;
		negative = c.negative;
	}
	if (sum == 0)
		return 0;
	high = (uint64_t)(sum >> 64);
	lead = high ? (int)num_clz64(high) : 64 + (int)num_clz64((uint64_t)sum);
	sum <<= lead;
	return round_pack(negative ? f.sign : 0, (uint64_t)(sum >> 64) | ((uint64_t)sum != 0),
			  e - lead + 64, f);
}

static uint64_t
fma_bits(uint64_t a_bits, uint64_t b_bits, uint64_t c_bits, Format f)
{
	Unpacked a = unpack(a_bits, f), b = unpack(b_bits, f), c = unpack(c_bits, f);
	uint64_t nan = f.infinity | UINT64_C(1) << (f.precision - 2);
	bool negative = a.negative != b.negative;

	if (a.class == NOT_A_NUMBER || b.class == NOT_A_NUMBER || c.class == NOT_A_NUMBER)
		return nan;
	if (a.class == INFINITE || b.class == INFINITE) {
		if (a.class == ZERO || b.class == ZERO)
			return nan;
		if (c.class == INFINITE && c.negative != negative)
			return nan;
		return f.infinity | (negative ? f.sign : 0);
	}
	if (c.class == INFINITE)
		return c_bits;
	if (a.class == ZERO || b.class == ZERO) {
		if (c.class == ZERO)
			return negative && c.negative ? f.sign : 0;
		return c_bits;
	}
	return fma_finite(a, b, c, negative, f);
}

float
num_fma_f32(float a, float b, float c)
{
	uint64_t r = fma_bits(num_bits_f32(a), num_bits_f32(b), num_bits_f32(c), FORMAT_F32);
	return num_from_f32((uint32_t)r);
}

double
num_fma_f64(double a, double b, double c)
{
	return num_from_f64(
		fma_bits(num_bits_f64(a), num_bits_f64(b), num_bits_f64(c), FORMAT_F64));
}

/* ---- Conversions ----------------------------------------------------------------------------- */

/* C leaves a conversion that does not fit undefined, so the range is asked first.  The bounds are
 * powers of two and therefore exact. */
int32_t
num_i32_f64(double x)
{
	if (x != x)
		return 0;
	return x >= 0x1p31 ? INT32_MAX : x <= -0x1p31 ? INT32_MIN : (int32_t)x;
}

uint32_t
num_u32_f64(double x)
{
	if (!(x > -1.0))
		return 0;
	return x >= 0x1p32 ? UINT32_MAX : (uint32_t)x;
}

int64_t
num_i64_f64(double x)
{
	if (x != x)
		return 0;
	return x >= 0x1p63 ? INT64_MAX : x <= -0x1p63 ? INT64_MIN : (int64_t)x;
}

uint64_t
num_u64_f64(double x)
{
	if (!(x > -1.0))
		return 0;
	return x >= 0x1p64 ? UINT64_MAX : (uint64_t)x;
}

int32_t
num_i32_f32(float x)
{
	return num_i32_f64(x);
}

uint32_t
num_u32_f32(float x)
{
	return num_u32_f64(x);
}

int64_t
num_i64_f32(float x)
{
	return num_i64_f64(x);
}

uint64_t
num_u64_f32(float x)
{
	return num_u64_f64(x);
}

static uint64_t
float_of_u64(uint64_t x, Format f)
{
	uint32_t lead = num_clz64(x);
	return x ? round_pack(0, x << lead, -(int)lead, f) : 0;
}

float
num_f32_u64(uint64_t x)
{
	return num_from_f32((uint32_t)float_of_u64(x, FORMAT_F32));
}

double
num_f64_u64(uint64_t x)
{
	return num_from_f64(float_of_u64(x, FORMAT_F64));
}

/* ---- Integers -------------------------------------------------------------------------------- */

uint64_t
num_mulhi_u64(uint64_t a, uint64_t b)
{
	return (uint64_t)((U128)a * b >> 64);
}

/* A negative a is a + 2^64 when read as unsigned, which puts b too much into the upper half. */
int64_t
num_mulhi_i64(int64_t a, int64_t b)
{
	uint64_t high = num_mulhi_u64((uint64_t)a, (uint64_t)b);

	high -= (a < 0 ? (uint64_t)b : 0) + (b < 0 ? (uint64_t)a : 0);
	return (int64_t)high;
}

uint32_t
num_clz32(uint32_t x)
{
	return x ? (uint32_t)__builtin_clz(x) : 32;
}

uint32_t
num_ctz32(uint32_t x)
{
	return x ? (uint32_t)__builtin_ctz(x) : 32;
}

uint32_t
num_clz64(uint64_t x)
{
	return x ? (uint32_t)__builtin_clzll(x) : 64;
}

uint32_t
num_ctz64(uint64_t x)
{
	return x ? (uint32_t)__builtin_ctzll(x) : 64;
}

/* Sums of 2, 4, 8 bits side by side, then all bytes into the top one. */
uint32_t
num_popcnt64(uint64_t x)
{
	x -= x >> 1 & UINT64_C(0x5555555555555555);
	x = (x & UINT64_C(0x3333333333333333)) + (x >> 2 & UINT64_C(0x3333333333333333));
	x = (x + (x >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	return (uint32_t)(x * UINT64_C(0x0101010101010101) >> 56);
}

uint32_t
num_popcnt32(uint32_t x)
{
	return num_popcnt64(x);
}
