/* invoke.c - os_invoke against C functions of many signatures: what the callee sees is what was
 * passed, in every register and stack slot, and what it returns is what comes back.
 *
 * Every callee folds its arguments into a hash and returns that, made to fit its result type. */
#include <stdarg.h>
#include <stdlib.h>

#include "base/num.h"
#include "base/ops.h"
#include "check.h"
#include "os/os.h"

#ifdef _WIN32
#include <windows.h>
#else
#include <unwind.h>
#endif

static uint64_t random_state = 4711;

static uint64_t
random64(void) /* splitmix64 */
{
	uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

typedef const uint8_t *span_at;

static uint64_t
mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 29;
}

/* The stack must be aligned to 16 in the callee.  Through a volatile, or the compiler, which may
 * take the alignment for granted, answers instead of the machine. */
static unsigned long misaligned;
static uint64_t seen; /* the last hash: for results narrower than it */

static uint64_t
start(void *aligned_local)
{
	void *volatile p = aligned_local;
	misaligned += (uintptr_t)p % 16 != 0;
	return 1;
}

/* clang-format off */
#define START                                                   \
	_Alignas(16) char local[16];                            \
	uint64_t h = start(local);
/* The value's bits, sign-extended where signed: shows an argument that came badly extended. */
#define MIX(t, v) h = mix(h, BITS_##t(v));
#define BITS_b(v) (uint64_t)(v)
#define BITS_i(v) (uint64_t)(int64_t)(v)
#define BITS_u(v) (uint64_t)(v)
#define BITS_l(v) (uint64_t)(v)
#define BITS_q(v) (v)
#define BITS_s(v) (uint64_t)(v)
#define BITS_f(v) num_bits_f32(v)
#define BITS_d(v) num_bits_f64(v)
#define GIVE_v seen = h;
#define GIVE_b seen = h; return h >> 63;
#define GIVE_i seen = h; return (int32_t)(uint32_t)h;
#define GIVE_u seen = h; return (uint32_t)h;
#define GIVE_l seen = h; return (int64_t)h;
#define GIVE_q seen = h; return h;
#define GIVE_f seen = h; return num_from_f32((uint32_t)h & 0xbfffffff);         /* never a NaN */
#define GIVE_d seen = h; return num_from_f64(h & UINT64_C(0xbfffffffffffffff));

/* Signatures at the edges of the conventions, then some drawn by lot. */
static int64_t f0(void)
{
	START
	GIVE_l
}

static void f1(int32_t a0)
{
	START
	MIX(i, a0)
	GIVE_v
}

static double f2(double a0)
{
	START
	MIX(d, a0)
	GIVE_d
}

static float f3(float a0)
{
	START
	MIX(f, a0)
	GIVE_f
}

static bool f4(bool a0)
{
	START
	MIX(b, a0)
	GIVE_b
}

static int32_t f5(int32_t a0)
{
	START
	MIX(i, a0)
	GIVE_i
}

static uint32_t f6(uint32_t a0)
{
	START
	MIX(u, a0)
	GIVE_u
}

static uint64_t f7(uint64_t a0)
{
	START
	MIX(q, a0)
	GIVE_q
}

static int64_t f8(int32_t a0, int32_t a1, int32_t a2, int32_t a3, int32_t a4, int32_t a5,
		int32_t a6, int32_t a7)
{
	START
	MIX(i, a0) MIX(i, a1) MIX(i, a2) MIX(i, a3) MIX(i, a4) MIX(i, a5) MIX(i, a6) MIX(i, a7)
	GIVE_l
}

static double f9(double a0, double a1, double a2, double a3, double a4, double a5, double a6,
		double a7)
{
	START
	MIX(d, a0) MIX(d, a1) MIX(d, a2) MIX(d, a3) MIX(d, a4) MIX(d, a5) MIX(d, a6) MIX(d, a7)
	GIVE_d
}

static float f10(float a0, float a1, float a2, float a3, float a4, float a5, float a6, float a7,
		float a8)
{
	START
	MIX(f, a0) MIX(f, a1) MIX(f, a2) MIX(f, a3) MIX(f, a4) MIX(f, a5) MIX(f, a6) MIX(f, a7)
	MIX(f, a8)
	GIVE_f
}

static uint64_t f11(int64_t a0, int64_t a1, int64_t a2, int64_t a3, int64_t a4, int64_t a5,
		int64_t a6, int64_t a7, int64_t a8)
{
	START
	MIX(l, a0) MIX(l, a1) MIX(l, a2) MIX(l, a3) MIX(l, a4) MIX(l, a5) MIX(l, a6) MIX(l, a7)
	MIX(l, a8)
	GIVE_q
}

static double f12(int32_t a0, double a1, int32_t a2, double a3, int32_t a4, double a5,
		int32_t a6, double a7, int32_t a8, double a9, int32_t a10, double a11,
		int32_t a12, double a13, int32_t a14, double a15)
{
	START
	MIX(i, a0) MIX(d, a1) MIX(i, a2) MIX(d, a3) MIX(i, a4) MIX(d, a5) MIX(i, a6) MIX(d, a7)
	MIX(i, a8) MIX(d, a9) MIX(i, a10) MIX(d, a11) MIX(i, a12) MIX(d, a13) MIX(i, a14)
	MIX(d, a15)
	GIVE_d
}

static float f13(double a0, int32_t a1, float a2, uint32_t a3, double a4, int32_t a5, float a6,
		uint32_t a7, double a8, int32_t a9, float a10, uint32_t a11, double a12,
		int32_t a13, float a14, uint32_t a15)
{
	START
	MIX(d, a0) MIX(i, a1) MIX(f, a2) MIX(u, a3) MIX(d, a4) MIX(i, a5) MIX(f, a6) MIX(u, a7)
	MIX(d, a8) MIX(i, a9) MIX(f, a10) MIX(u, a11) MIX(d, a12) MIX(i, a13) MIX(f, a14)
	MIX(u, a15)
	GIVE_f
}

static uint64_t f14(span_at a0, int64_t n0)
{
	START
	MIX(s, (uintptr_t)a0) MIX(l, n0)
	GIVE_q
}

static int64_t f15(span_at a0, int64_t n0, span_at a1, int64_t n1)
{
	START
	MIX(s, (uintptr_t)a0) MIX(l, n0) MIX(s, (uintptr_t)a1) MIX(l, n1)
	GIVE_l
}

static double f16(span_at a0, int64_t n0, double a1, span_at a2, int64_t n2, float a3,
		span_at a4, int64_t n4)
{
	START
	MIX(s, (uintptr_t)a0) MIX(l, n0) MIX(d, a1) MIX(s, (uintptr_t)a2) MIX(l, n2) MIX(f, a3)
	MIX(s, (uintptr_t)a4) MIX(l, n4)
	GIVE_d
}

static int32_t f17(span_at a0, int64_t n0, span_at a1, int64_t n1, span_at a2, int64_t n2,
		span_at a3, int64_t n3, span_at a4, int64_t n4)
{
	START
	MIX(s, (uintptr_t)a0) MIX(l, n0) MIX(s, (uintptr_t)a1) MIX(l, n1)
	MIX(s, (uintptr_t)a2) MIX(l, n2) MIX(s, (uintptr_t)a3) MIX(l, n3)
	MIX(s, (uintptr_t)a4) MIX(l, n4)
	GIVE_i
}

static uint32_t f18(double a0, double a1, double a2, double a3, span_at a4, int64_t n4)
{
	START
	MIX(d, a0) MIX(d, a1) MIX(d, a2) MIX(d, a3) MIX(s, (uintptr_t)a4) MIX(l, n4)
	GIVE_u
}

static bool f19(bool a0, bool a1, bool a2, bool a3, bool a4, bool a5, bool a6, bool a7, bool a8,
		bool a9, bool a10, bool a11)
{
	START
	MIX(b, a0) MIX(b, a1) MIX(b, a2) MIX(b, a3) MIX(b, a4) MIX(b, a5) MIX(b, a6) MIX(b, a7)
	MIX(b, a8) MIX(b, a9) MIX(b, a10) MIX(b, a11)
	GIVE_b
}

static uint64_t f20(float a0, float a1, float a2, float a3, float a4, float a5, float a6,
		float a7, float a8, float a9, float a10, float a11, float a12, float a13,
		float a14, float a15, float a16, float a17, float a18, float a19)
{
	START
	MIX(f, a0) MIX(f, a1) MIX(f, a2) MIX(f, a3) MIX(f, a4) MIX(f, a5) MIX(f, a6) MIX(f, a7)
	MIX(f, a8) MIX(f, a9) MIX(f, a10) MIX(f, a11) MIX(f, a12) MIX(f, a13) MIX(f, a14)
	MIX(f, a15) MIX(f, a16) MIX(f, a17) MIX(f, a18) MIX(f, a19)
	GIVE_q
}

static uint64_t f21(int32_t a0, uint32_t a1, int32_t a2, uint32_t a3, int32_t a4, uint32_t a5,
		int32_t a6, uint32_t a7, int32_t a8, uint32_t a9, int32_t a10, uint32_t a11,
		int32_t a12, uint32_t a13, int32_t a14, uint32_t a15, int32_t a16, uint32_t a17,
		int32_t a18, uint32_t a19)
{
	START
	MIX(i, a0) MIX(u, a1) MIX(i, a2) MIX(u, a3) MIX(i, a4) MIX(u, a5) MIX(i, a6) MIX(u, a7)
	MIX(i, a8) MIX(u, a9) MIX(i, a10) MIX(u, a11) MIX(i, a12) MIX(u, a13) MIX(i, a14)
	MIX(u, a15) MIX(i, a16) MIX(u, a17) MIX(i, a18) MIX(u, a19)
	GIVE_q
}

static float f22(double a0, int32_t a1, float a2)
{
	START
	MIX(d, a0) MIX(i, a1) MIX(f, a2)
	GIVE_f
}

static float f23(int64_t a0, double a1, int64_t a2, double a3, int32_t a4)
{
	START
	MIX(l, a0) MIX(d, a1) MIX(l, a2) MIX(d, a3) MIX(i, a4)
	GIVE_f
}

static int64_t f24(bool a0, double a1, int64_t a2, uint32_t a3, uint32_t a4, uint64_t a5)
{
	START
	MIX(b, a0) MIX(d, a1) MIX(l, a2) MIX(u, a3) MIX(u, a4) MIX(q, a5)
	GIVE_l
}

static uint32_t f25(int64_t a0, int32_t a1, int64_t a2, double a3, span_at a4, int64_t n4,
		span_at a5, int64_t n5, int64_t a6)
{
	START
	MIX(l, a0) MIX(i, a1) MIX(l, a2) MIX(d, a3) MIX(s, (uintptr_t)a4) MIX(l, n4)
	MIX(s, (uintptr_t)a5) MIX(l, n5) MIX(l, a6)
	GIVE_u
}

static uint32_t f26(int64_t a0, uint64_t a1, float a2, uint64_t a3, int32_t a4, double a5,
		float a6, span_at a7, int64_t n7, int32_t a8)
{
	START
	MIX(l, a0) MIX(q, a1) MIX(f, a2) MIX(q, a3) MIX(i, a4) MIX(d, a5) MIX(f, a6)
	MIX(s, (uintptr_t)a7) MIX(l, n7) MIX(i, a8)
	GIVE_u
}

static float f27(float a0, span_at a1, int64_t n1, int32_t a2, double a3, int32_t a4,
		uint64_t a5, span_at a6, int64_t n6, double a7, double a8,
		span_at a9, int64_t n9, int32_t a10)
{
	START
	MIX(f, a0) MIX(s, (uintptr_t)a1) MIX(l, n1) MIX(i, a2) MIX(d, a3) MIX(i, a4) MIX(q, a5)
	MIX(s, (uintptr_t)a6) MIX(l, n6) MIX(d, a7) MIX(d, a8) MIX(s, (uintptr_t)a9) MIX(l, n9)
	MIX(i, a10)
	GIVE_f
}

static void f28(uint64_t a0, int64_t a1, span_at a2, int64_t n2, span_at a3, int64_t n3,
		uint64_t a4, double a5, double a6, float a7, double a8, float a9, uint32_t a10,
		int64_t a11, uint32_t a12)
{
	START
	MIX(q, a0) MIX(l, a1) MIX(s, (uintptr_t)a2) MIX(l, n2) MIX(s, (uintptr_t)a3) MIX(l, n3)
	MIX(q, a4) MIX(d, a5) MIX(d, a6) MIX(f, a7) MIX(d, a8) MIX(f, a9) MIX(u, a10) MIX(l, a11)
	MIX(u, a12)
	GIVE_v
}

static uint64_t f29(uint32_t a0, float a1, float a2, float a3, double a4, double a5, double a6,
		int32_t a7, double a8, float a9, int32_t a10, uint32_t a11, float a12,
		int32_t a13, double a14, uint64_t a15, double a16)
{
	START
	MIX(u, a0) MIX(f, a1) MIX(f, a2) MIX(f, a3) MIX(d, a4) MIX(d, a5) MIX(d, a6) MIX(i, a7)
	MIX(d, a8) MIX(f, a9) MIX(i, a10) MIX(u, a11) MIX(f, a12) MIX(i, a13) MIX(d, a14)
	MIX(q, a15) MIX(d, a16)
	GIVE_q
}

static void f30(span_at a0, int64_t n0, double a1, uint64_t a2, int32_t a3, uint64_t a4,
		uint32_t a5, int64_t a6, double a7, bool a8, uint64_t a9, float a10,
		uint64_t a11, uint32_t a12, int64_t a13, float a14, int64_t a15, double a16,
		int64_t a17, span_at a18, int64_t n18, bool a19)
{
	START
	MIX(s, (uintptr_t)a0) MIX(l, n0) MIX(d, a1) MIX(q, a2) MIX(i, a3) MIX(q, a4) MIX(u, a5)
	MIX(l, a6) MIX(d, a7) MIX(b, a8) MIX(q, a9) MIX(f, a10) MIX(q, a11) MIX(u, a12)
	MIX(l, a13) MIX(f, a14) MIX(l, a15) MIX(d, a16) MIX(l, a17)
	MIX(s, (uintptr_t)a18) MIX(l, n18) MIX(b, a19)
	GIVE_v
}

static bool f31(span_at a0, int64_t n0, float a1, float a2, double a3, int32_t a4, int64_t a5,
		span_at a6, int64_t n6, bool a7, float a8, int32_t a9, float a10, float a11,
		uint32_t a12, float a13, double a14, int32_t a15, uint32_t a16, float a17,
		span_at a18, int64_t n18, float a19, span_at a20, int64_t n20, float a21,
		uint32_t a22, int32_t a23)
{
	START
	MIX(s, (uintptr_t)a0) MIX(l, n0) MIX(f, a1) MIX(f, a2) MIX(d, a3) MIX(i, a4) MIX(l, a5)
	MIX(s, (uintptr_t)a6) MIX(l, n6) MIX(b, a7) MIX(f, a8) MIX(i, a9) MIX(f, a10) MIX(f, a11)
	MIX(u, a12) MIX(f, a13) MIX(d, a14) MIX(i, a15) MIX(u, a16) MIX(f, a17)
	MIX(s, (uintptr_t)a18) MIX(l, n18) MIX(f, a19) MIX(s, (uintptr_t)a20) MIX(l, n20)
	MIX(f, a21) MIX(u, a22) MIX(i, a23)
	GIVE_b
}

static uint32_t f32(int64_t a0, float a1, int64_t a2, int64_t a3, float a4, double a5, float a6,
		double a7, double a8, float a9, bool a10, float a11, uint32_t a12,
		span_at a13, int64_t n13, int32_t a14, float a15, span_at a16, int64_t n16,
		int32_t a17, float a18, uint64_t a19, int32_t a20, bool a21, int32_t a22,
		int64_t a23, span_at a24, int64_t n24, span_at a25, int64_t n25, int64_t a26,
		uint64_t a27, float a28, float a29)
{
	START
	MIX(l, a0) MIX(f, a1) MIX(l, a2) MIX(l, a3) MIX(f, a4) MIX(d, a5) MIX(f, a6) MIX(d, a7)
	MIX(d, a8) MIX(f, a9) MIX(b, a10) MIX(f, a11) MIX(u, a12)
	MIX(s, (uintptr_t)a13) MIX(l, n13) MIX(i, a14) MIX(f, a15)
	MIX(s, (uintptr_t)a16) MIX(l, n16) MIX(i, a17) MIX(f, a18) MIX(q, a19) MIX(i, a20)
	MIX(b, a21) MIX(i, a22) MIX(l, a23) MIX(s, (uintptr_t)a24) MIX(l, n24)
	MIX(s, (uintptr_t)a25) MIX(l, n25) MIX(l, a26) MIX(q, a27) MIX(f, a28) MIX(f, a29)
	GIVE_u
}

static double f33(span_at a0, int64_t n0, int64_t a1, int64_t a2, int32_t a3, float a4,
		double a5, uint32_t a6, float a7, int32_t a8, span_at a9, int64_t n9,
		int64_t a10, double a11, double a12, int64_t a13, int32_t a14, bool a15,
		span_at a16, int64_t n16, bool a17, uint64_t a18, int32_t a19, int64_t a20,
		float a21, uint64_t a22, uint32_t a23, uint32_t a24, double a25,
		span_at a26, int64_t n26, int32_t a27, uint32_t a28, int32_t a29, bool a30,
		uint64_t a31, int64_t a32, int32_t a33, float a34)
{
	START
	MIX(s, (uintptr_t)a0) MIX(l, n0) MIX(l, a1) MIX(l, a2) MIX(i, a3) MIX(f, a4) MIX(d, a5)
	MIX(u, a6) MIX(f, a7) MIX(i, a8) MIX(s, (uintptr_t)a9) MIX(l, n9) MIX(l, a10) MIX(d, a11)
	MIX(d, a12) MIX(l, a13) MIX(i, a14) MIX(b, a15) MIX(s, (uintptr_t)a16) MIX(l, n16)
	MIX(b, a17) MIX(q, a18) MIX(i, a19) MIX(l, a20) MIX(f, a21) MIX(q, a22) MIX(u, a23)
	MIX(u, a24) MIX(d, a25) MIX(s, (uintptr_t)a26) MIX(l, n26) MIX(i, a27) MIX(u, a28)
	MIX(i, a29) MIX(b, a30) MIX(q, a31) MIX(l, a32) MIX(i, a33) MIX(f, a34)
	GIVE_d
}

static double f34(double a0, bool a1, int64_t a2, float a3, uint32_t a4, uint64_t a5, int64_t a6,
		uint32_t a7, bool a8, float a9, int64_t a10, int64_t a11, float a12, double a13,
		double a14, double a15, int64_t a16, uint32_t a17, float a18, float a19,
		uint64_t a20, bool a21, double a22, double a23, uint64_t a24, uint32_t a25,
		span_at a26, int64_t n26, float a27, double a28, uint64_t a29, uint32_t a30,
		double a31, uint64_t a32, int64_t a33, bool a34, int32_t a35, bool a36,
		uint64_t a37, int64_t a38, uint32_t a39)
{
	START
	MIX(d, a0) MIX(b, a1) MIX(l, a2) MIX(f, a3) MIX(u, a4) MIX(q, a5) MIX(l, a6) MIX(u, a7)
	MIX(b, a8) MIX(f, a9) MIX(l, a10) MIX(l, a11) MIX(f, a12) MIX(d, a13) MIX(d, a14)
	MIX(d, a15) MIX(l, a16) MIX(u, a17) MIX(f, a18) MIX(f, a19) MIX(q, a20) MIX(b, a21)
	MIX(d, a22) MIX(d, a23) MIX(q, a24) MIX(u, a25) MIX(s, (uintptr_t)a26) MIX(l, n26)
	MIX(f, a27) MIX(d, a28) MIX(q, a29) MIX(u, a30) MIX(d, a31) MIX(q, a32) MIX(l, a33)
	MIX(b, a34) MIX(i, a35) MIX(b, a36) MIX(q, a37) MIX(l, a38) MIX(u, a39)
	GIVE_d
}

static double f35(span_at a0, int64_t n0, uint32_t a1, double a2, uint32_t a3, float a4,
		float a5, bool a6, float a7, double a8, float a9, int64_t a10, bool a11,
		int32_t a12, int32_t a13, int32_t a14, span_at a15, int64_t n15, int32_t a16,
		float a17, int64_t a18, span_at a19, int64_t n19, double a20, uint64_t a21,
		int64_t a22, uint32_t a23, uint64_t a24, uint32_t a25, bool a26, int32_t a27,
		span_at a28, int64_t n28, uint64_t a29, span_at a30, int64_t n30, int64_t a31,
		int32_t a32, float a33, int32_t a34, double a35, double a36, int64_t a37,
		int32_t a38, uint64_t a39)
{
	START
	MIX(s, (uintptr_t)a0) MIX(l, n0) MIX(u, a1) MIX(d, a2) MIX(u, a3) MIX(f, a4) MIX(f, a5)
	MIX(b, a6) MIX(f, a7) MIX(d, a8) MIX(f, a9) MIX(l, a10) MIX(b, a11) MIX(i, a12)
	MIX(i, a13) MIX(i, a14) MIX(s, (uintptr_t)a15) MIX(l, n15) MIX(i, a16) MIX(f, a17)
	MIX(l, a18) MIX(s, (uintptr_t)a19) MIX(l, n19) MIX(d, a20) MIX(q, a21) MIX(l, a22)
	MIX(u, a23) MIX(q, a24) MIX(u, a25) MIX(b, a26) MIX(i, a27)
	MIX(s, (uintptr_t)a28) MIX(l, n28) MIX(q, a29) MIX(s, (uintptr_t)a30) MIX(l, n30)
	MIX(l, a31) MIX(i, a32) MIX(f, a33) MIX(i, a34) MIX(d, a35) MIX(d, a36) MIX(l, a37)
	MIX(i, a38) MIX(q, a39)
	GIVE_d
}

static float f36(uint64_t a0, double a1, span_at a2, int64_t n2, uint32_t a3,
		span_at a4, int64_t n4, double a5, uint32_t a6, double a7, float a8, float a9,
		float a10, float a11, uint64_t a12, int32_t a13, int32_t a14, double a15,
		bool a16, bool a17, double a18, uint32_t a19, uint64_t a20, float a21, float a22,
		double a23, double a24, float a25, bool a26, double a27, uint32_t a28,
		uint64_t a29, uint32_t a30, double a31, uint64_t a32, uint64_t a33, int64_t a34,
		double a35, uint32_t a36, span_at a37, int64_t n37, span_at a38, int64_t n38,
		double a39)
{
	START
	MIX(q, a0) MIX(d, a1) MIX(s, (uintptr_t)a2) MIX(l, n2) MIX(u, a3)
	MIX(s, (uintptr_t)a4) MIX(l, n4) MIX(d, a5) MIX(u, a6) MIX(d, a7) MIX(f, a8) MIX(f, a9)
	MIX(f, a10) MIX(f, a11) MIX(q, a12) MIX(i, a13) MIX(i, a14) MIX(d, a15) MIX(b, a16)
	MIX(b, a17) MIX(d, a18) MIX(u, a19) MIX(q, a20) MIX(f, a21) MIX(f, a22) MIX(d, a23)
	MIX(d, a24) MIX(f, a25) MIX(b, a26) MIX(d, a27) MIX(u, a28) MIX(q, a29) MIX(u, a30)
	MIX(d, a31) MIX(q, a32) MIX(q, a33) MIX(l, a34) MIX(d, a35) MIX(u, a36)
	MIX(s, (uintptr_t)a37) MIX(l, n37) MIX(s, (uintptr_t)a38) MIX(l, n38) MIX(d, a39)
	GIVE_f
}

/* b bool, i i32, u u32, l i64, q u64, f f32, d f64, s a span, v void */
static const struct {
	OsFunction f;
	char result;
	const char *params;
} signatures[] = {
	{ (OsFunction)f0, 'l', "" },
	{ (OsFunction)f1, 'v', "i" },
	{ (OsFunction)f2, 'd', "d" },
	{ (OsFunction)f3, 'f', "f" },
	{ (OsFunction)f4, 'b', "b" },
	{ (OsFunction)f5, 'i', "i" },
	{ (OsFunction)f6, 'u', "u" },
	{ (OsFunction)f7, 'q', "q" },
	{ (OsFunction)f8, 'l', "iiiiiiii" },
	{ (OsFunction)f9, 'd', "dddddddd" },
	{ (OsFunction)f10, 'f', "fffffffff" },
	{ (OsFunction)f11, 'q', "lllllllll" },
	{ (OsFunction)f12, 'd', "idididididididid" },
	{ (OsFunction)f13, 'f', "difudifudifudifu" },
	{ (OsFunction)f14, 'q', "s" },
	{ (OsFunction)f15, 'l', "ss" },
	{ (OsFunction)f16, 'd', "sdsfs" },
	{ (OsFunction)f17, 'i', "sssss" },
	{ (OsFunction)f18, 'u', "dddds" },
	{ (OsFunction)f19, 'b', "bbbbbbbbbbbb" },
	{ (OsFunction)f20, 'q', "ffffffffffffffffffff" },
	{ (OsFunction)f21, 'q', "iuiuiuiuiuiuiuiuiuiu" },
	{ (OsFunction)f22, 'f', "dif" },
	{ (OsFunction)f23, 'f', "ldldi" },
	{ (OsFunction)f24, 'l', "bdluuq" },
	{ (OsFunction)f25, 'u', "lildssl" },
	{ (OsFunction)f26, 'u', "lqfqidfsi" },
	{ (OsFunction)f27, 'f', "fsidiqsddsi" },
	{ (OsFunction)f28, 'v', "qlssqddfdfulu" },
	{ (OsFunction)f29, 'q', "ufffdddidfiufidqd" },
	{ (OsFunction)f30, 'v', "sdqiquldbqfqulfldlsb" },
	{ (OsFunction)f31, 'b', "sffdilsbfiffufdiufsfsfui" },
	{ (OsFunction)f32, 'u', "lfllfdfddfbfusifsifqibilsslqff" },
	{ (OsFunction)f33, 'd', "sllifdufislddlibsbqilfquudsiuibqlif" },
	{ (OsFunction)f34, 'd', "dblfuqlubfllfdddluffqbddqusfdqudqlbibqlu" },
	{ (OsFunction)f35, 'd', "suduffbfdflbiiisiflsdqluqubisqslifiddliq" },
	{ (OsFunction)f36, 'f', "qdsusdudffffqiidbbduqffddfbduqudqqldussd" },
};
/* clang-format on */

static trivet_type
type_of(char c)
{
	switch (c) {
	case 'v': return TRIVET_VOID;
	case 'b': return TRIVET_BOOL;
	case 'i': return TRIVET_I32;
	case 'u': return TRIVET_U32;
	case 'l': return TRIVET_I64;
	case 'q': return TRIVET_U64;
	case 'f': return TRIVET_F32;
	case 'd': return TRIVET_F64;
	default: return (trivet_type)(TRIVET_SPAN_I8 + random64() % 10);
	}
}

/* An argument's bits; signalling NaNs are left out, C may quieten them on the way. */
static uint64_t
random_argument(char c)
{
	uint64_t r = random64();

	switch (c) {
	case 'b': return r & 1;
	case 'i':
	case 'u': return (uint32_t)r;
	case 'f': return (uint32_t)r & 0xbfffffff;
	case 'd': return r & UINT64_C(0xbfffffffffffffff);
	default: return r;
	}
}

static uint64_t
as_seen(char c, uint64_t bits)
{
	return c == 'i' ? (uint64_t)(int64_t)(int32_t)(uint32_t)bits : bits;
}

static uint64_t
result_of(char c, uint64_t h)
{
	switch (c) {
	case 'v': return 0;
	case 'b': return h >> 63;
	case 'i':
	case 'u': return (uint32_t)h;
	case 'f': return (uint32_t)h & 0xbfffffff;
	case 'd': return h & UINT64_C(0xbfffffffffffffff);
	default: return h;
	}
}

static void
test_signature(size_t k)
{
	const char *params = signatures[k].params;
	trivet_type types[64];
	uint64_t args[128], h = 1, out = 7;
	int same;
	uint32_t n = (uint32_t)strlen(params), words = 0;

	for (uint32_t i = 0; i < n; i++) {
		types[i] = type_of(params[i]);
		args[words] = random_argument(params[i]);
		h = mix(h, as_seen(params[i], args[words++]));
		if (params[i] == 's') {
			args[words] = random64();
			h = mix(h, args[words++]);
		}
	}
	/* What stands above a narrow value must not matter. */
	for (uint32_t i = 0, w = 0; i < n; w += params[i++] == 's' ? 2 : 1)
		if (strchr("iuf", params[i]))
			args[w] |= random64() << 32;
	seen = 0;
	CHECK_EQ(os_invoke(signatures[k].f, type_of(signatures[k].result), types, n, args, &out),
		 TRIVET_OK);
	same = CHECK_EQ(seen, h);
	if (!CHECK_EQ(out, result_of(signatures[k].result, h)) || !same)
		printf("    signature %c(%s)\n", signatures[k].result, params);
}

/* ---- As many arguments as there may be ---------------------------------------------------------
 */

static uint64_t
hash_many(int64_t n, ...)
{
	va_list list;
	START

	va_start(list, n);
	while (n-- > 0)
		h = mix(h, va_arg(list, uint64_t));
	va_end(list);
	return h;
}

static uint64_t
hash_many_doubles(int64_t n, ...)
{
	va_list list;
	START

	va_start(list, n);
	while (n-- > 0)
		h = mix(h, num_bits_f64(va_arg(list, double)));
	va_end(list);
	return h;
}

static void
test_many(void)
{
	static trivet_type types[1001];
	static uint64_t args[2002];
	uint64_t out;

	for (uint32_t n = 1; n <= 1000; n += n < 70 ? 1 : 93) {
		bool doubles = n & 1;
		uint64_t h = 1;
		types[0] = TRIVET_I64;
		args[0] = n - 1;
		for (uint32_t i = 1; i < n; i++) {
			types[i] = doubles ? TRIVET_F64 : TRIVET_U64;
			args[i] = random_argument('d');
			h = mix(h, args[i]);
		}
		CHECK_EQ(os_invoke(doubles ? (OsFunction)hash_many_doubles : (OsFunction)hash_many,
				   TRIVET_U64, types, n, args, &out),
			 TRIVET_OK);
		CHECK_EQ(out, h);
	}
	args[0] = 2 * 999;
	for (uint32_t i = 1; i < 1000; i++)
		types[i] = TRIVET_SPAN_F32;
	uint64_t h = 1;
	for (uint32_t i = 1; i <= 2 * 999; i++)
		h = mix(h, args[i] = random64());
	CHECK_EQ(os_invoke((OsFunction)hash_many, TRIVET_U64, types, 1000, args, &out), TRIVET_OK);
	CHECK_EQ(out, h);
	types[1000] = TRIVET_I64;
	CHECK_EQ(os_invoke((OsFunction)hash_many, TRIVET_U64, types, 1001, args, &out),
		 TRIVET_LIMIT);
}

/* ---- Results with rubbish above them, and wrong calls ------------------------------------------
 */

static uint64_t
return_rubbish(uint64_t low)
{
	return UINT64_C(0xdeadbeefcafe0000) | low;
}

static uint64_t
invoke_rubbish(trivet_type result, uint64_t low)
{
	trivet_type type = TRIVET_U64;
	uint64_t out = 0;

	CHECK_EQ(os_invoke((OsFunction)return_rubbish, result, &type, 1, &low, &out), TRIVET_OK);
	return out;
}

static uint64_t
return_argument(uint64_t v)
{
	return v;
}

static uint64_t
pass(trivet_type type, uint64_t v)
{
	uint64_t out = 0;

	CHECK_EQ(os_invoke((OsFunction)return_argument, TRIVET_U64, &type, 1, &v, &out), TRIVET_OK);
	return out;
}

/* The whole register: callees of some compilers rely on it for narrow types. */
static void
test_extension(void)
{
	CHECK_EQ(pass(TRIVET_I32, UINT64_C(0xdeadbeef80000000)), UINT64_C(0xffffffff80000000));
	CHECK_EQ(pass(TRIVET_I32, UINT64_C(0xdeadbeef7fffffff)), 0x7fffffff);
	CHECK_EQ(pass(TRIVET_U32, UINT64_C(0xdeadbeef80000000)), 0x80000000);
	CHECK_EQ(pass(TRIVET_BOOL, UINT64_C(0xdeadbeef80000001)), 1);
	CHECK_EQ(pass(TRIVET_U64, UINT64_C(0xdeadbeef80000001)), UINT64_C(0xdeadbeef80000001));
}

static void
test_results(void)
{
	CHECK_EQ(invoke_rubbish(TRIVET_BOOL, 0x0100), 0);
	CHECK_EQ(invoke_rubbish(TRIVET_BOOL, 0xff01), 1);
	CHECK_EQ(invoke_rubbish(TRIVET_I32, 0xfffe), 0xcafefffe);
	CHECK_EQ(invoke_rubbish(TRIVET_U32, 0xfffe), 0xcafefffe);
	CHECK_EQ(invoke_rubbish(TRIVET_VOID, 0xfffe), 0);
	CHECK_EQ(invoke_rubbish(TRIVET_I64, 0xfffe), UINT64_C(0xdeadbeefcafefffe));
}

static void
test_wrong(void)
{
	trivet_type types[2] = { TRIVET_U64, TRIVET_VOID };
	uint64_t args[2] = { 1, 2 }, out;
	OsFunction f = (OsFunction)return_rubbish;

	CHECK_EQ(os_invoke(NULL, TRIVET_I32, types, 1, args, &out), TRIVET_ARGUMENT);
	CHECK_EQ(os_invoke(f, TRIVET_SPAN_I8, types, 1, args, &out), TRIVET_ARGUMENT);
	CHECK_EQ(os_invoke(f, TRIVET_I32, types, 2, args, &out), TRIVET_ARGUMENT);
	types[1] = TRIVET_TYPE_COUNT;
	CHECK_EQ(os_invoke(f, TRIVET_I32, types, 2, args, &out), TRIVET_ARGUMENT);
	CHECK_EQ(os_invoke(f, (trivet_type)-1, types, 1, args, &out), TRIVET_ARGUMENT);
	CHECK_EQ(out, 0);
}

/* ---- Unwinding ---------------------------------------------------------------------------------
 */

/* A debugger, a profiler or an exception in the callee must find the way through to our caller. */
static void *caller, *frames[64];
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

static __attribute__((noinline)) void
invoke_and_unwind(uint32_t n)
{
	static const trivet_type types[20] = { TRIVET_I64, TRIVET_I64, TRIVET_I64, TRIVET_I64,
					       TRIVET_I64, TRIVET_I64, TRIVET_I64, TRIVET_I64,
					       TRIVET_I64, TRIVET_I64, TRIVET_I64, TRIVET_I64,
					       TRIVET_I64, TRIVET_I64, TRIVET_I64, TRIVET_I64,
					       TRIVET_I64, TRIVET_I64, TRIVET_I64, TRIVET_I64 };
	static const uint64_t args[20];
	uint64_t out;
	bool found = false;
	/* An array of unknown size makes this frame depend on the frame pointer, which the frames
	 * between must therefore restore. */
	volatile char unknown[n + 1];

	unknown[n] = 1;
	caller = __builtin_return_address(0);
	nframes = 0;
	CHECK_EQ(os_invoke(take_frames, TRIVET_VOID, types, n, args, &out), TRIVET_OK);
	for (unsigned i = 0; i < nframes; i++)
		found = found || frames[i] == caller;
	CHECK_EQ(unknown[n], 1);
	if (!CHECK(found))
		printf("    %u frames, none of them the caller, with %u arguments\n", nframes, n);
}

int
main(void)
{
	for (int round = 0; round < 200; round++)
		for (size_t k = 0; k < sizeof signatures / sizeof *signatures; k++)
			test_signature(k);
	test_many();
	test_extension();
	test_results();
	test_wrong();
	for (uint32_t n = 0; n <= 20; n++)
		invoke_and_unwind(n);
	CHECK_EQ(misaligned, 0);
	return check_done();
}
