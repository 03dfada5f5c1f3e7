/* ops.c - the tables of operators, types and traps, and what each operator computes. */
#include "base/ops.h"

#include <assert.h>

#include "base/num.h"

/* clang-format off */
const OpInfo op_info[OP_COUNT] = {
	[OP_NONE] = { "NONE", "", 0, 0, GIVES_OTHER, FORM_CALL },
#define X(name, text, arity, takes, gives, form) \
	[OP_##name] = { #name, text, arity, takes, GIVES_##gives, FORM_##form },
	OP_LIST(X)
#undef X
};

typedef struct TypeInfo {
	const char *name;
	uint8_t size, element;
} TypeInfo;

static const TypeInfo type_info[TRIVET_TYPE_COUNT] = {
#define X(name, text, size, element) { text, size, TRIVET_##element },
	TRIVET_TYPE_LIST(X)
#undef X
};

static const char *const trap_names[TRIVET_TRAP_COUNT] = {
#define X(name, text) text,
	TRIVET_TRAP_LIST(X)
#undef X
};
/* clang-format on */

const char *
type_name(trivet_type t)
{
	return (unsigned)t < TRIVET_TYPE_COUNT ? type_info[t].name : "?";
}

uint32_t
type_size(trivet_type t)
{
	return (unsigned)t < TRIVET_TYPE_COUNT ? type_info[t].size : 0;
}

trivet_type
type_element(trivet_type span)
{
	return (unsigned)span < TRIVET_TYPE_COUNT ? (trivet_type)type_info[span].element
						  : TRIVET_VOID;
}

const char *
trap_name(trivet_trap t)
{
	return (unsigned)t < TRIVET_TRAP_COUNT ? trap_names[t] : "?";
}

/* ---- Evaluation ------------------------------------------------------------------------------ */

/* The low bits of a 64-bit result that belong to the type. */
static uint64_t
narrow(trivet_type t, uint64_t v)
{
	return type_is_wide(t) ? v : t == TRIVET_BOOL ? (v & 1) : (uint32_t)v;
}

/* An integer or bool value as 64 bits, extended by its sign or by zeros. */
static uint64_t
extend(trivet_type t, uint64_t v)
{
	v = narrow(t, v);
	return t == TRIVET_I32 ? (uint64_t)(int64_t)(int32_t)(uint32_t)v : v;
}

static uint64_t
byte_swap(uint64_t v)
{
	v = (v >> 8 & UINT64_C(0x00ff00ff00ff00ff)) | (v & UINT64_C(0x00ff00ff00ff00ff)) << 8;
	v = (v >> 16 & UINT64_C(0x0000ffff0000ffff)) | (v & UINT64_C(0x0000ffff0000ffff)) << 16;
	return v >> 32 | v << 32;
}

static uint64_t
rotate_left(bool wide, uint64_t v, uint64_t n)
{
	uint64_t width = wide ? 64 : 32;

	n &= width - 1;
	v = wide ? v : (uint32_t)v;
	return n ? v << n | v >> (width - n) : v;
}

static trivet_trap
divide(Op op, trivet_type t, uint64_t a, uint64_t b, uint64_t *r)
{
	uint64_t least = t == TRIVET_I32 ? (uint64_t)INT32_MIN : (uint64_t)INT64_MIN;

	if (b == 0)
		return TRIVET_TRAP_DIVIDE_BY_ZERO;
	if (!type_is_signed(t))
		*r = op == OP_DIV ? a / b : a % b;
	else if (b == UINT64_MAX && op == OP_REM)
		*r = 0;
	else if (b == UINT64_MAX && a == least)
		return TRIVET_TRAP_INTEGER_OVERFLOW;
	else
		*r = (uint64_t)(op == OP_DIV ? (int64_t)a / (int64_t)b : (int64_t)a % (int64_t)b);
	return TRIVET_TRAP_NONE;
}

static uint64_t
multiply_high(trivet_type t, uint64_t a, uint64_t b)
{
	if (!type_is_wide(t))
		return a * b >> 32; /* of i32 the bits 32..63 of the extended product, too */
	return t == TRIVET_U64 ? num_mulhi_u64(a, b)
			       : (uint64_t)num_mulhi_i64((int64_t)a, (int64_t)b);
}

/* Signed a < b where the type is signed. */
static bool
is_less(trivet_type t, uint64_t a, uint64_t b)
{
	return type_is_signed(t) ? (int64_t)a < (int64_t)b : a < b;
}

/* a and b come extended; *r may have any upper half. */
static trivet_trap
eval_int(Op op, trivet_type t, uint64_t a, uint64_t b, uint64_t *r)
{
	bool wide = type_is_wide(t);
	uint64_t count = b & (wide ? 63 : 31);

	switch (op) {
	case OP_ADD: *r = a + b; break;
	case OP_SUB: *r = a - b; break;
	case OP_MUL: *r = a * b; break;
	case OP_DIV:
	case OP_REM: return divide(op, t, a, b, r);
	case OP_AND: *r = a & b; break;
	case OP_OR: *r = a | b; break;
	case OP_XOR: *r = a ^ b; break;
	case OP_SHL: *r = a << count; break;
	/* Of a negative: shift the complement, whose upper bits are zeros. */
	case OP_SHR: *r = is_less(t, a, 0) ? ~(~a >> count) : a >> count; break;
	case OP_EQ: *r = a == b; break;
	case OP_NE: *r = a != b; break;
	case OP_LT: *r = is_less(t, a, b); break;
	case OP_LE: *r = !is_less(t, b, a); break;
	case OP_GT: *r = is_less(t, b, a); break;
	case OP_GE: *r = !is_less(t, a, b); break;
	case OP_NEG: *r = 0 - a; break;
	case OP_NOT: *r = ~a; break;
	case OP_LNOT: *r = !a; break;
	case OP_CLZ: *r = wide ? num_clz64(a) : num_clz32((uint32_t)a); break;
	case OP_CTZ: *r = wide ? num_ctz64(a) : num_ctz32((uint32_t)a); break;
	case OP_POPCNT: *r = num_popcnt64(narrow(t, a)); break;
	case OP_ROTL: *r = rotate_left(wide, a, b); break;
	case OP_ROTR: *r = rotate_left(wide, a, 0 - b); break;
	case OP_BSWAP: *r = byte_swap(a) >> (wide ? 0 : 32); break;
	case OP_MIN: *r = is_less(t, a, b) ? a : b; break;
	case OP_MAX: *r = is_less(t, a, b) ? b : a; break;
	case OP_ABS: *r = is_less(t, a, 0) ? 0 - a : a; break;
	case OP_MULHI: *r = multiply_high(t, a, b); break;
	default: assert(false && "an operator of integers"); return TRIVET_TRAP_UNREACHABLE;
	}
	return TRIVET_TRAP_NONE;
}

/* f32 is computed in f64 and rounded at the end: for + - * / and sqrt the result is the one of a
 * single rounding because 53 >= 2 * 24 + 2 (Figueroa, "When is double rounding innocuous?", 1995),
 * the rest is exact.  Only fma needs its own. */
static double
value_of(trivet_type t, uint64_t bits)
{
	return t == TRIVET_F32 ? (double)num_from_f32((uint32_t)bits) : num_from_f64(bits);
}

static uint64_t
bits_of(trivet_type t, double x)
{
	return t == TRIVET_F32 ? num_bits_f32(num_canon_f32((float)x))
			       : num_bits_f64(num_canon_f64(x));
}

static uint64_t
fma_of(trivet_type t, double a, double b, double c)
{
	return t == TRIVET_F32 ? num_bits_f32(num_fma_f32((float)a, (float)b, (float)c))
			       : num_bits_f64(num_fma_f64(a, b, c));
}

static trivet_trap
compare_float(Op op, double a, double b, uint64_t *r)
{
	switch (op) {
	case OP_EQ: *r = a == b; break;
	case OP_NE: *r = a != b; break;
	case OP_LT: *r = a < b; break;
	case OP_LE: *r = a <= b; break;
	case OP_GT: *r = a > b; break;
	case OP_GE: *r = a >= b; break;
	default: assert(false && "an operator of floats"); return TRIVET_TRAP_UNREACHABLE;
	}
	return TRIVET_TRAP_NONE;
}

static trivet_trap
eval_float(Op op, trivet_type t, double a, double b, double c, uint64_t *r)
{
	double x;

	switch (op) {
	case OP_ADD: x = a + b; break;
	case OP_SUB: x = a - b; break;
	case OP_MUL: x = a * b; break;
	case OP_DIV: x = a / b; break;
	case OP_NEG: x = num_from_f64(num_bits_f64(a) ^ UINT64_C(1) << 63); break;
	case OP_ABS: x = num_from_f64(num_bits_f64(a) & UINT64_MAX >> 1); break;
	case OP_MIN: x = num_min_f64(a, b); break;
	case OP_MAX: x = num_max_f64(a, b); break;
	case OP_COPYSIGN: x = num_copysign_f64(a, b); break;
	case OP_SQRT: x = num_sqrt_f64(a); break;
	case OP_FLOOR: x = num_floor_f64(a); break;
	case OP_CEIL: x = num_ceil_f64(a); break;
	case OP_TRUNC: x = num_trunc_f64(a); break;
	case OP_NEAREST: x = num_nearest_f64(a); break;
	case OP_FMA: *r = fma_of(t, a, b, c); return TRIVET_TRAP_NONE;
	default: return compare_float(op, a, b, r);
	}
	*r = bits_of(t, x);
	return TRIVET_TRAP_NONE;
}

static uint64_t
float_to_int(trivet_type from, trivet_type to, uint64_t bits)
{
	double x = value_of(from, bits);

	switch (to) {
	case TRIVET_I32: return (uint32_t)num_i32_f64(x);
	case TRIVET_U32: return num_u32_f64(x);
	case TRIVET_I64: return (uint64_t)num_i64_f64(x);
	default: return num_u64_f64(x);
	}
}

/* One rounding: never an i64 or u64 to f32 by way of f64. */
static uint64_t
int_to_float(trivet_type from, trivet_type to, uint64_t v)
{
	if (from == TRIVET_U64)
		return to == TRIVET_F32 ? num_bits_f32(num_f32_u64(v))
					: num_bits_f64(num_f64_u64(v));
	return to == TRIVET_F32 ? num_bits_f32((float)(int64_t)extend(from, v))
				: num_bits_f64((double)(int64_t)extend(from, v));
}

static uint64_t
cast(trivet_type from, trivet_type to, uint64_t v)
{
	if (type_is_float(from))
		return type_is_float(to) ? bits_of(to, value_of(from, v))
					 : float_to_int(from, to, v);
	return type_is_float(to) ? int_to_float(from, to, v) : extend(from, v);
}

/* Does x, its fraction cut off, lie in the type?  The bounds are exact in f64; below the least
 * i64 there is no f64 before MIN - 2048, so there the bound itself must be let in. */
static bool
fits(trivet_type to, double x)
{
	switch (to) {
	case TRIVET_I32: return x > -0x1p31 - 1.0 && x < 0x1p31;
	case TRIVET_U32: return x > -1.0 && x < 0x1p32;
	case TRIVET_I64: return x >= -0x1p63 && x < 0x1p63;
	default: return x > -1.0 && x < 0x1p64;
	}
}

trivet_trap
op_eval(Op op, trivet_type from, trivet_type to, const uint64_t in[3], uint64_t *out)
{
	unsigned arity = (unsigned)op < OP_COUNT ? op_info[op].arity : 0;
	uint64_t a = in[0], b = arity > 1 ? in[1] : 0, c = arity > 2 ? in[2] : 0, r = 0;
	trivet_trap trap = TRIVET_TRAP_NONE;

	switch (op) {
	case OP_CAST: r = cast(from, to, a); break;
	case OP_CHECKED:
		if (!fits(to, value_of(from, a)))
			return TRIVET_TRAP_INVALID_CONVERSION;
		r = float_to_int(from, to, a);
		break;
	case OP_BITS: r = bits_of(from, value_of(from, a)); break;
	case OP_FROM_BITS: r = bits_of(to, value_of(to, a)); break;
	case OP_SELECT:
		r = (a & 1) ? b : c;
		if (type_is_float(to))
			r = bits_of(to, value_of(to, r));
		break;
	default:
		if (type_is_float(from))
			trap = eval_float(op, from, value_of(from, a), value_of(from, b),
					  value_of(from, c), &r);
		else
			trap = eval_int(op, from, extend(from, a), extend(from, b), &r);
	}
	if (trap == TRIVET_TRAP_NONE)
		*out = narrow(to, r);
	return trap;
}
