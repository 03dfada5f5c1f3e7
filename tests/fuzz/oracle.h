/* oracle.h - what the operations of docs/language.md mean, in plain C, for programs that oracle.py writes.
 *
 * Shares no code with Trivet on purpose.  Built with -fwrapv -ffp-contract=off. */
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef int32_t i32;
typedef uint32_t u32;
typedef int64_t i64;
typedef uint64_t u64;
typedef float f32;
typedef double f64;
typedef int8_t i8;
typedef uint8_t u8;
typedef int16_t i16;
typedef uint16_t u16;

static jmp_buf host;
static const char *trap_reason, *trap_function;
static int trap_line;

static _Noreturn void
trap(const char *reason, const char *function, int line)
{
	trap_reason = reason;
	trap_function = function;
	trap_line = line;
	longjmp(host, 1);
}

#define AT const char *f, int line

#define SPAN(T) \
	typedef struct span_##T { \
		T *p; \
		i64 n; \
	} span_##T; \
	static inline span_##T slice_##T(span_##T s, i64 a, i64 b, AT) \
	{ \
		if (a < 0 || b < a || s.n < b) \
			trap("out-of-bounds", f, line); \
		return (span_##T){ s.p + a, b - a }; \
	}
SPAN(i8) SPAN(u8) SPAN(i16) SPAN(u16) SPAN(i32) SPAN(u32) SPAN(i64) SPAN(u64) SPAN(f32) SPAN(f64)

#define INTEGER(T, U, W, IS_SIGNED, MIN, WIDE) \
	static inline T add_##T(T a, T b) { return (T)((U)a + (U)b); } \
	static inline T sub_##T(T a, T b) { return (T)((U)a - (U)b); } \
	static inline T mul_##T(T a, T b) { return (T)((U)a * (U)b); } \
	static inline T and_##T(T a, T b) { return a & b; } \
	static inline T or_##T(T a, T b) { return a | b; } \
	static inline T xor_##T(T a, T b) { return a ^ b; } \
	static inline T not_##T(T a) { return ~a; } \
	static inline T neg_##T(T a) { return (T)(0 - (U)a); } \
	static inline T shl_##T(T a, T b) { return (T)((U)a << ((U)b % W)); } \
	static inline T shr_##T(T a, T b) { return a >> ((U)b % W); } \
	static inline T div_##T(T a, T b, AT) \
	{ \
		if (b == 0) \
			trap("divide-by-zero", f, line); \
		if (IS_SIGNED && b == (T)-1) { \
			if (a == MIN) \
				trap("integer-overflow", f, line); \
			return neg_##T(a); \
		} \
		return a / b; \
	} \
	static inline T rem_##T(T a, T b, AT) \
	{ \
		if (b == 0) \
			trap("divide-by-zero", f, line); \
		return IS_SIGNED && b == (T)-1 ? 0 : a % b; \
	} \
	static inline T clz_##T(T a) \
	{ \
		T n = 0; \
		for (int k = W - 1; k >= 0 && !((U)a >> k & 1); k--) \
			n++; \
		return n; \
	} \
	static inline T ctz_##T(T a) \
	{ \
		T n = 0; \
		for (int k = 0; k < W && !((U)a >> k & 1); k++) \
			n++; \
		return n; \
	} \
	static inline T popcnt_##T(T a) \
	{ \
		T n = 0; \
		for (int k = 0; k < W; k++) \
			n += (T)((U)a >> k & 1); \
		return n; \
	} \
	static inline T bswap_##T(T a) \
	{ \
		U r = 0; \
		for (int k = 0; k < W; k += 8) \
			r = r << 8 | ((U)a >> k & 255); \
		return (T)r; \
	} \
	static inline T rotl_##T(T a, T b) \
	{ \
		int n = (int)((U)b % W); \
		return n ? (T)((U)a << n | (U)a >> (W - n)) : a; \
	} \
	static inline T rotr_##T(T a, T b) \
	{ \
		int n = (int)((U)b % W); \
		return n ? (T)((U)a >> n | (U)a << (W - n)) : a; \
	} \
	static inline T mulhi_##T(T a, T b) { return (T)((WIDE)a * (WIDE)b >> W); } \
	static inline T min_##T(T a, T b) { return a < b ? a : b; } \
	static inline T max_##T(T a, T b) { return a > b ? a : b; } \
	static inline T abs_##T(T a) { return IS_SIGNED && a < 0 ? neg_##T(a) : a; }
INTEGER(i32, u32, 32, 1, INT32_MIN, i64)
INTEGER(u32, u32, 32, 0, 0, u64)
INTEGER(i64, u64, 64, 1, INT64_MIN, __int128)
INTEGER(u64, u64, 64, 0, 0, unsigned __int128)

#define FLOATING(T, U, QUIET, S) \
	static inline U bits_##T(T a) \
	{ \
		U u; \
		memcpy(&u, &a, sizeof u); \
		return a != a ? QUIET : u; \
	} \
	static inline T from_bits_##T(U u) \
	{ \
		T a; \
		memcpy(&a, &u, sizeof a); \
		return a; \
	} \
	static inline T seen_##T(T a) { return from_bits_##T(bits_##T(a)); } \
	static inline T add_##T(T a, T b) { return a + b; } \
	static inline T sub_##T(T a, T b) { return a - b; } \
	static inline T mul_##T(T a, T b) { return a * b; } \
	static inline T div_##T(T a, T b) { return a / b; } \
	static inline T neg_##T(T a) { return -a; } \
	static inline T abs_##T(T a) { return fabs##S(a); } \
	static inline T sqrt_##T(T a) { return sqrt##S(a); } \
	static inline T floor_##T(T a) { return floor##S(a); } \
	static inline T ceil_##T(T a) { return ceil##S(a); } \
	static inline T trunc_##T(T a) { return trunc##S(a); } \
	static inline T nearest_##T(T a) { return rint##S(a); } \
	static inline T copysign_##T(T a, T b) { return copysign##S(a, seen_##T(b)); } \
	static inline T fma_##T(T a, T b, T c) { return fma##S(a, b, c); } \
	static inline T min_##T(T a, T b) \
	{ \
		if (a != a || b != b) \
			return a + b; \
		return a < b || (a == b && signbit(a)) ? a : b; \
	} \
	static inline T max_##T(T a, T b) \
	{ \
		if (a != a || b != b) \
			return a + b; \
		return a > b || (a == b && !signbit(a)) ? a : b; \
	}
FLOATING(f32, u32, 0x7fc00000u, f)
FLOATING(f64, u64, 0x7ff8000000000000u, )

/* END is the first value above T's range, as a float of either width. */
#define CONVERSION(F, T, MIN, MAX, END) \
	static inline T F##_as_##T(F a) \
	{ \
		a = a != a ? 0 : (F)trunc(a); \
		return a >= (F)END ? MAX : a < (F)MIN ? MIN : (T)a; \
	} \
	static inline T F##_checked_##T(F a, AT) \
	{ \
		a = (F)trunc(a); \
		if (!(a < (F)END && a >= (F)MIN)) \
			trap("invalid-conversion", f, line); \
		return (T)a; \
	}
#define CONVERSIONS(T, MIN, MAX, END) CONVERSION(f32, T, MIN, MAX, END) CONVERSION(f64, T, MIN, MAX, END)
CONVERSIONS(i32, INT32_MIN, INT32_MAX, 0x1p31)
CONVERSIONS(u32, 0, UINT32_MAX, 0x1p32)
CONVERSIONS(i64, INT64_MIN, INT64_MAX, 0x1p63)
CONVERSIONS(u64, 0, UINT64_MAX, 0x1p64)

static u64
mix(u64 h, const void *p, size_t n)
{
	const u8 *b = p;

	for (size_t k = 0; k < n; k++)
		h = (h ^ b[k]) * 0x100000001b3u;
	return h;
}

static u64
mix_u64(u64 h, u64 v)
{
	return mix(h, &v, sizeof v);
}

static u64 spans;

static void
hash(const void *p, size_t n)
{
	spans = mix(spans, p, n);
}

#define SHOW_BITS(T, bits, digits) \
	printf(#T ":0x%0" #digits PRIx64, (u64)(bits))
static void show_bool(bool v) { SHOW_BITS(bool, v, 1); }
static void show_i32(i32 v) { SHOW_BITS(i32, (u32)v, 8); }
static void show_u32(u32 v) { SHOW_BITS(u32, v, 8); }
static void show_i64(i64 v) { SHOW_BITS(i64, v, 16); }
static void show_u64(u64 v) { SHOW_BITS(u64, v, 16); }
static void show_f32(f32 v) { SHOW_BITS(f32, bits_f32(v), 8); }
static void show_f64(f64 v) { SHOW_BITS(f64, bits_f64(v), 16); }
