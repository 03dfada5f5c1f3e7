/* ops.c - every operator on every type it takes, over edge values and random ones, against a second
 * definition: wide integers for the integers, the compiler's own float and double for the floats.
 */
#include "base/ops.h"

#include "base/num.h"
#include "check.h"

__extension__ typedef __int128 I128;
__extension__ typedef unsigned __int128 U128;

static uint64_t random_state = 99;

static uint64_t
random64(void) /* splitmix64 */
{
	uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

typedef struct Outcome {
	trivet_trap trap;
	uint64_t bits;
} Outcome;

static Outcome
value(uint64_t bits)
{
	return (Outcome){ TRIVET_TRAP_NONE, bits };
}

static Outcome
trapped(trivet_trap t)
{
	return (Outcome){ t, 0 };
}

/* ---- The second definition: integers and bool -------------------------------------------------
 */

static int
width_of(trivet_type t)
{
	return t == TRIVET_BOOL					       ? 1
	       : t == TRIVET_I32 || t == TRIVET_U32 || t == TRIVET_F32 ? 32
								       : 64;
}

static uint64_t
mask_of(trivet_type t)
{
	return UINT64_MAX >> (64 - width_of(t));
}

static I128
number_of(trivet_type t, uint64_t bits)
{
	bool negative = type_is_signed(t) && bits >> (width_of(t) - 1) & 1;
	return (I128)(bits & mask_of(t)) - (negative ? (I128)1 << width_of(t) : 0);
}

static Outcome
wrapped(trivet_type t, I128 v)
{
	return value((uint64_t)v & mask_of(t));
}

static I128
floor_shift(I128 v, int n)
{
	I128 unit = (I128)1 << n, q = v / unit;
	return q * unit > v ? q - 1 : q;
}

static unsigned
count_bits(uint64_t bits, int width, char what)
{
	unsigned n = 0, low = 0, high = 0;

	for (int i = 0; i < width; i++)
		n += (unsigned)(bits >> i & 1);
	while (low < (unsigned)width && !(bits >> low & 1))
		low++;
	while (high < (unsigned)width && !(bits >> (width - 1 - (int)high) & 1))
		high++;
	return what == 'n' ? n : what == 'l' ? high : low;
}

static uint64_t
permuted(Op op, uint64_t bits, int width, int n)
{
	uint64_t r = 0;

	for (int i = 0; i < width; i++) {
		int to = op == OP_ROTL	 ? (i + n) % width
			 : op == OP_ROTR ? (i + width - n) % width
					 : width - 8 - i / 8 * 8 + i % 8;
		r |= (bits >> i & 1) << to;
	}
	return r;
}

static Outcome
expected_divide(Op op, trivet_type t, I128 a, I128 b)
{
	I128 most = ((I128)1 << (width_of(t) - type_is_signed(t))) - 1;

	if (b == 0)
		return trapped(TRIVET_TRAP_DIVIDE_BY_ZERO);
	if (op == OP_REM)
		return wrapped(t, a % b);
	return a / b > most ? trapped(TRIVET_TRAP_INTEGER_OVERFLOW) : wrapped(t, a / b);
}

static I128
high_half(trivet_type t, uint64_t a, uint64_t b)
{
	if (t == TRIVET_U64)
		return (I128)((U128)a * b >> 64);
	return floor_shift(number_of(t, a) * number_of(t, b), width_of(t));
}

static Outcome
expected_int(Op op, trivet_type t, uint64_t abits, uint64_t bbits)
{
	I128 a = number_of(t, abits), b = number_of(t, bbits);
	int width = width_of(t), n = (int)(bbits & (uint64_t)(width - 1));

	switch (op) {
	case OP_ADD: return wrapped(t, a + b);
	case OP_SUB: return wrapped(t, a - b);
	case OP_MUL: return wrapped(t, (I128)((U128)a * (U128)b));
	case OP_DIV:
	case OP_REM: return expected_divide(op, t, a, b);
	case OP_AND: return wrapped(t, a & b);
	case OP_OR: return wrapped(t, a | b);
	case OP_XOR: return wrapped(t, a ^ b);
	case OP_SHL: return wrapped(t, (I128)((U128)a << n));
	case OP_SHR: return wrapped(t, floor_shift(a, n));
	case OP_EQ: return value(a == b);
	case OP_NE: return value(a != b);
	case OP_LT: return value(a < b);
	case OP_LE: return value(a <= b);
	case OP_GT: return value(a > b);
	case OP_GE: return value(a >= b);
	case OP_NEG: return wrapped(t, -a);
	case OP_NOT: return wrapped(t, -a - 1);
	case OP_LNOT: return value(1 - abits);
	case OP_CLZ: return value(count_bits(abits, width, 'l'));
	case OP_CTZ: return value(count_bits(abits, width, 't'));
	case OP_POPCNT: return value(count_bits(abits, width, 'n'));
	case OP_ROTL:
	case OP_ROTR:
	case OP_BSWAP: return value(permuted(op, abits, width, n));
	case OP_MIN: return wrapped(t, a < b ? a : b);
	case OP_MAX: return wrapped(t, a > b ? a : b);
	case OP_ABS: return wrapped(t, a < 0 ? -a : a);
	case OP_MULHI: return wrapped(t, high_half(t, abits, bbits));
	default: CHECK(false && "an integer operator without an expectation"); return value(0);
	}
}

/* ---- The second definition: floats ------------------------------------------------------------
 */

static uint64_t
canon32(float x)
{
	return x != x ? 0x7fc00000 : num_bits_f32(x);
}

static uint64_t
canon64(double x)
{
	return x != x ? UINT64_C(0x7ff8000000000000) : num_bits_f64(x);
}

/* `volatile` makes each a single operation of the type at run time. */
static Outcome
expected_f32(Op op, uint64_t abits, uint64_t bbits, uint64_t cbits)
{
	volatile float a = num_from_f32((uint32_t)abits), b = num_from_f32((uint32_t)bbits);
	float x = a, y = b, z = num_from_f32((uint32_t)cbits);

	switch (op) {
	case OP_ADD: return value(canon32(a + b));
	case OP_SUB: return value(canon32(a - b));
	case OP_MUL: return value(canon32(a * b));
	case OP_DIV: return value(canon32(a / b));
	case OP_SQRT: return value(canon32(__builtin_sqrtf(a)));
	case OP_EQ: return value(a == b);
	case OP_NE: return value(!(a == b));
	case OP_LT: return value(a < b);
	case OP_LE: return value(a <= b);
	case OP_GT: return value(b < a);
	case OP_GE: return value(b <= a);
	case OP_NEG: return value(x != x ? 0x7fc00000 : abits ^ 0x80000000);
	case OP_ABS: return value(x != x ? 0x7fc00000 : abits & 0x7fffffff);
	/* these have tests of their own against other definitions, in num.c */
	case OP_MIN: return value(num_bits_f32(num_min_f32(x, y)));
	case OP_MAX: return value(num_bits_f32(num_max_f32(x, y)));
	case OP_COPYSIGN: return value(num_bits_f32(num_copysign_f32(x, y)));
	case OP_FLOOR: return value(num_bits_f32(num_floor_f32(x)));
	case OP_CEIL: return value(num_bits_f32(num_ceil_f32(x)));
	case OP_TRUNC: return value(num_bits_f32(num_trunc_f32(x)));
	case OP_NEAREST: return value(num_bits_f32(num_nearest_f32(x)));
	case OP_FMA: return value(num_bits_f32(num_fma_f32(x, y, z)));
	default: CHECK(false && "a float operator without an expectation"); return value(0);
	}
}

static Outcome
expected_f64(Op op, uint64_t abits, uint64_t bbits, uint64_t cbits)
{
	volatile double a = num_from_f64(abits), b = num_from_f64(bbits);
	double x = a, y = b, z = num_from_f64(cbits);

	switch (op) {
	case OP_ADD: return value(canon64(a + b));
	case OP_SUB: return value(canon64(a - b));
	case OP_MUL: return value(canon64(a * b));
	case OP_DIV: return value(canon64(a / b));
	case OP_SQRT: return value(canon64(__builtin_sqrt(a)));
	case OP_EQ: return value(a == b);
	case OP_NE: return value(!(a == b));
	case OP_LT: return value(a < b);
	case OP_LE: return value(a <= b);
	case OP_GT: return value(b < a);
	case OP_GE: return value(b <= a);
	case OP_NEG: return value(x != x ? NUM_NAN64 : abits ^ UINT64_C(1) << 63);
	case OP_ABS: return value(x != x ? NUM_NAN64 : abits & ~(UINT64_C(1) << 63));
	case OP_MIN: return value(num_bits_f64(num_min_f64(x, y)));
	case OP_MAX: return value(num_bits_f64(num_max_f64(x, y)));
	case OP_COPYSIGN: return value(num_bits_f64(num_copysign_f64(x, y)));
	case OP_FLOOR: return value(num_bits_f64(num_floor_f64(x)));
	case OP_CEIL: return value(num_bits_f64(num_ceil_f64(x)));
	case OP_TRUNC: return value(num_bits_f64(num_trunc_f64(x)));
	case OP_NEAREST: return value(num_bits_f64(num_nearest_f64(x)));
	case OP_FMA: return value(num_bits_f64(num_fma_f64(x, y, z)));
	default: CHECK(false && "a float operator without an expectation"); return value(0);
	}
}

/* ---- The second definition: conversions -------------------------------------------------------
 */

static I128
least_of(trivet_type t)
{
	return type_is_signed(t) ? -((I128)1 << (width_of(t) - 1)) : 0;
}

static I128
most_of(trivet_type t)
{
	return ((I128)1 << (width_of(t) - type_is_signed(t))) - 1;
}

static double
double_of(trivet_type t, uint64_t bits)
{
	return t == TRIVET_F32 ? (double)num_from_f32((uint32_t)bits) : num_from_f64(bits);
}

static Outcome
expected_to_int(trivet_type from, trivet_type to, uint64_t bits, bool checked)
{
	double x = double_of(from, bits);
	bool nan = x != x;
	/* beyond these there is nothing but saturation */
	I128 v = nan ? 0 : (I128)(x > 0x1p100 ? 0x1p100 : x < -0x1p100 ? -0x1p100 : x);

	if (checked && (nan || v < least_of(to) || v > most_of(to)))
		return trapped(TRIVET_TRAP_INVALID_CONVERSION);
	return wrapped(to, v < least_of(to) ? least_of(to) : v > most_of(to) ? most_of(to) : v);
}

static Outcome
expected_cast(trivet_type from, trivet_type to, uint64_t bits)
{
	I128 v;

	if (type_is_float(from) && type_is_float(to)) {
		volatile double x = double_of(from, bits);
		return value(to == TRIVET_F32 ? canon32((float)x) : canon64(x));
	}
	if (type_is_float(from))
		return expected_to_int(from, to, bits, false);
	v = number_of(from, bits);
	if (to == TRIVET_F32)
		return value(num_bits_f32((float)v)); /* libgcc's, from 128 bits */
	if (to == TRIVET_F64)
		return value(num_bits_f64((double)v));
	return wrapped(to, v);
}

static Outcome
expected(Op op, trivet_type from, trivet_type to, const uint64_t in[3])
{
	switch (op) {
	case OP_CAST: return expected_cast(from, to, in[0]);
	case OP_CHECKED: return expected_to_int(from, to, in[0], true);
	case OP_BITS:
		return value(from == TRIVET_F32 ? canon32(num_from_f32((uint32_t)in[0]))
						: canon64(num_from_f64(in[0])));
	case OP_FROM_BITS:
		return value(to == TRIVET_F32 ? canon32(num_from_f32((uint32_t)in[0]))
					      : canon64(num_from_f64(in[0])));
	case OP_SELECT: return expected_cast(to, to, in[0] ? in[1] : in[2]);
	default: break;
	}
	if (from == TRIVET_F32)
		return expected_f32(op, in[0], in[1], in[2]);
	if (from == TRIVET_F64)
		return expected_f64(op, in[0], in[1], in[2]);
	return expected_int(op, from, in[0], in[1]);
}

/* ---- Walking the rows -------------------------------------------------------------------------
 */

/* clang-format off */
static const uint64_t edges_int[] = {
	0, 1, 2, 3, 7, 31, 32, 33, 63, 64, 65, 0x7f, 0x80, 0xff, 0x55555555, 0x7ffffffe, 0x7fffffff,
	0x80000000, 0x80000001, 0xfffffffe, 0xffffffff, 0x100000000, 0x1ffffffff,
	0x0123456789abcdef, 0x7ffffffffffffffe, 0x7fffffffffffffff, 0x8000000000000000,
	0x8000000000000001, 0x8000008000000001, 0xffffffff00000000, 0xffffffff80000000,
	0xfffffffffffff800, 0xfffffffffffffffe, 0xffffffffffffffff,
};
static const uint64_t edges_f32[] = {
	0, 0x80000000, 1, 0x80000001, 0x007fffff, 0x00800000, 0x33800000, 0x3effffff, 0x3f000000,
	0xbf000000, 0x3f7fffff, 0x3f800000, 0xbf800000, 0xbf800001, 0x3fc00000, 0x40200000, 0xc0200000,
	0x40490fdb, 0x4effffff, 0x4f000000, 0xcf000000, 0xcf000001, 0x4f7fffff, 0x4f800000,
	0x5effffff, 0x5f000000, 0xdf000000, 0xdf000001, 0x5f7fffff, 0x5f800000, 0x7f7fffff, 0xff7fffff,
	0x7f800000, 0xff800000, 0x7f800001, 0xffa00000, 0x7fc00000, 0xffc00000, 0x7fffffff,
};
static const uint64_t edges_f64[] = {
	0, 0x8000000000000000, 1, 0x8000000000000001, 0x000fffffffffffff, 0x0010000000000000,
	0x36a0000000000000, 0x36a0000000000001, 0x380fffffffffffff, 0x3fdfffffffffffff,
	0x3fe0000000000000, 0xbfe0000000000000, 0x3fefffffffffffff, 0x3ff0000000000000,
	0xbff0000000000000, 0xbff0000000000001, 0x3ff0000010000000, 0x3ff0000030000000,
	0x4004000000000000, 0xc004000000000000, 0x41dfffffffc00000, 0x41dfffffffe00000,
	0x41e0000000000000, 0xc1e0000000000000, 0xc1e00000001fffff, 0xc1e0000000200000,
	0x41efffffffe00000, 0x41efffffffffffff, 0x41f0000000000000, 0x4330000000000001,
	0x43dfffffffffffff, 0x43e0000000000000, 0xc3e0000000000000, 0xc3e0000000000001,
	0x43efffffffffffff, 0x43f0000000000000, 0x47efffffe0000000, 0x47efffffefffffff,
	0x47effffff0000000, 0x7fefffffffffffff, 0xffefffffffffffff, 0x7ff0000000000000,
	0xfff0000000000000, 0x7ff0000000000001, 0xfff4000000000000, 0x7ff8000000000000,
	0xfff8000000000000, 0x7fffffffffffffff,
};
/* clang-format on */
enum {
	N_INT = sizeof edges_int / 8,
	N_F32 = sizeof edges_f32 / 8,
	N_F64 = sizeof edges_f64 / 8,
	N_RANDOM = 6,
};

/* Operand values of a type, the last few random; false past the last. */
static bool
operand(trivet_type t, unsigned i, uint64_t *bits)
{
	const uint64_t *list = t == TRIVET_F32	 ? edges_f32
			       : t == TRIVET_F64 ? edges_f64
						 : edges_int;
	unsigned n = t == TRIVET_F32	? N_F32
		     : t == TRIVET_F64	? N_F64
		     : t == TRIVET_BOOL ? 2
					: N_INT;

	if (t != TRIVET_BOOL && i >= n && i < n + N_RANDOM)
		*bits = random64() >> (random64() & 63) & mask_of(t);
	else if (i < n)
		*bits = list[i] & mask_of(t);
	else
		return false;
	return true;
}

static void
check_one(Op op, trivet_type from, trivet_type to, const uint64_t in[3])
{
	const uint64_t untouched = UINT64_C(0xa5a5a5a5a5a5a5a5);
	uint64_t got = untouched;
	Outcome want = expected(op, from, to, in);
	trivet_trap trap = op_eval(op, from, to, in, &got);
	int ok = CHECK_EQ(trap, want.trap);

	if (want.trap != TRIVET_TRAP_NONE)
		want.bits = untouched;
	if (!CHECK_EQ(got, want.bits) || !ok)
		printf("    %s from %s to %s on 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64 "\n",
		       op_info[op].name, type_name(from), type_name(to), in[0], in[1], in[2]);
}

static void
check_row(Op op, trivet_type from, trivet_type to)
{
	unsigned arity = op_info[op].arity;
	uint64_t in[3] = { 0 };

	for (unsigned i = 0; operand(op == OP_SELECT ? TRIVET_BOOL : from, i, &in[0]); i++) {
		if (arity == 1) {
			check_one(op, from, to, in);
			continue;
		}
		for (unsigned k = 0; operand(from, k, &in[1]); k++) {
			if (arity == 2) {
				check_one(op, from, to, in);
				continue;
			}
			for (unsigned m = 0; operand(from, m, &in[2]); m++)
				check_one(op, from, to, in);
		}
	}
}

static bool
takes(Op op, trivet_type t)
{
	unsigned kind = t == TRIVET_BOOL ? TAKES_B : type_is_float(t) ? TAKES_F : TAKES_I;
	return op_info[op].takes & kind;
}

/* Which results an OTHER row has, by the rows' comments and the language. */
static bool
gives(Op op, trivet_type from, trivet_type to)
{
	switch (op) {
	case OP_CAST: return to != TRIVET_BOOL || from == TRIVET_BOOL;
	case OP_CHECKED: return type_is_int(to);
	case OP_BITS: return to == (from == TRIVET_F32 ? TRIVET_U32 : TRIVET_U64);
	case OP_FROM_BITS:
		return (from == TRIVET_U32 && to == TRIVET_F32) ||
		       (from == TRIVET_U64 && to == TRIVET_F64);
	case OP_SELECT: return to == from;
	default: return to == (op_info[op].gives == GIVES_BOOL ? TRIVET_BOOL : from);
	}
}

static void
test_rows(void)
{
	for (Op op = OP_NONE + 1; op < OP_COUNT; op++) {
		unsigned long before = check_count;
		if (op == OP_LEN)
			continue;
		for (trivet_type from = TRIVET_BOOL; from <= TRIVET_F64; from++)
			for (trivet_type to = TRIVET_BOOL; to <= TRIVET_F64; to++)
				if (takes(op, from) && gives(op, from, to))
					check_row(op, from, to);
		if (!CHECK(check_count > before))
			printf("    %s was not tried\n", op_info[op].name);
	}
}

/* What stands in the upper half of a narrow operand is nobody's business. */
static void
test_upper_halves(void)
{
	const uint64_t in[3] = { UINT64_C(0xdeadbeef80000000), UINT64_C(0xdeadbeefffffffff), 0 };
	uint64_t out = 0;

	CHECK_EQ(op_eval(OP_DIV, TRIVET_I32, TRIVET_I32, in, &out), TRIVET_TRAP_INTEGER_OVERFLOW);
	CHECK_EQ(op_eval(OP_DIV, TRIVET_U32, TRIVET_U32, in, &out), TRIVET_TRAP_NONE);
	CHECK_EQ(out, 0);
	CHECK_EQ(op_eval(OP_ADD, TRIVET_I32, TRIVET_I32, in, &out), TRIVET_TRAP_NONE);
	CHECK_EQ(out, 0x7fffffff);
	CHECK_EQ(op_eval(OP_CAST, TRIVET_I32, TRIVET_I64, in, &out), TRIVET_TRAP_NONE);
	CHECK_EQ(out, UINT64_C(0xffffffff80000000));
	CHECK_EQ(op_eval(OP_CAST, TRIVET_I32, TRIVET_U64, in, &out), TRIVET_TRAP_NONE);
	CHECK_EQ(out, UINT64_C(0xffffffff80000000));
	CHECK_EQ(op_eval(OP_CAST, TRIVET_U32, TRIVET_I64, in, &out), TRIVET_TRAP_NONE);
	CHECK_EQ(out, 0x80000000);
}

static void
test_tables(void)
{
	static const struct {
		trivet_type t;
		const char *name;
		uint32_t size;
		trivet_type element;
	} types[] = {
		{ TRIVET_VOID, "void", 0, TRIVET_VOID },
		{ TRIVET_BOOL, "bool", 1, TRIVET_VOID },
		{ TRIVET_I32, "i32", 4, TRIVET_VOID },
		{ TRIVET_F64, "f64", 8, TRIVET_VOID },
		{ TRIVET_SPAN_I8, "[i8]", 1, TRIVET_I32 },
		{ TRIVET_SPAN_U16, "[u16]", 2, TRIVET_U32 },
		{ TRIVET_SPAN_F64, "[f64]", 8, TRIVET_F64 },
	};

	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		CHECK_STR(type_name(types[i].t), types[i].name);
		CHECK_EQ(type_size(types[i].t), types[i].size);
		CHECK_EQ(type_element(types[i].t), types[i].element);
	}
	CHECK_STR(type_name((trivet_type)1000), "?");
	CHECK_STR(trap_name((trivet_trap)1000), "?");
	CHECK_STR(trap_name(TRIVET_TRAP_STACK_OVERFLOW), "stack-overflow");
	CHECK_STR(trap_name(TRIVET_TRAP_DIVIDE_BY_ZERO), "divide-by-zero");
	CHECK_STR(op_info[OP_SHR].text, ">>");
	CHECK_STR(op_info[OP_FROM_BITS].name, "FROM_BITS");
	for (Op op = OP_NONE + 1; op < OP_COUNT; op++)
		CHECK(op_info[op].name[0] && op_info[op].text[0] && op_info[op].arity >= 1 &&
		      op_info[op].arity <= 3);
}

int
main(void)
{
	test_tables();
	test_rows();
	test_upper_halves();
	return check_done();
}
