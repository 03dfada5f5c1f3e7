/* abi.c - generated code and C compilers, of one mind about random signatures, in every direction:
 *
 *   shim -> C, C -> closure, shim -> closure, C -> program -> C host function, shim -> program
 *
 * with rubbish above every narrow value, the stack's alignment checked in each callee, all volatile
 * registers overwritten by it, and each register that a callee must preserve seen to have survived.
 * signatures.py writes the functions.  Floats are never NaN here: programs make those all alike. */
#include "trivet_shim.h"
#include "../unit/check.h"

#include <inttypes.h>

/* What is passed, extended to 64 bits; the same with rubbish above; what came; what is returned. */
static uint64_t arg[64], dirty[64], got[64], answer, result_bits;
static unsigned long misaligned, entered;

static uint64_t random_state = 4711;

static uint64_t
random64(void) /* splitmix64 */
{
	uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static inline float
as_f32(uint64_t bits)
{
	uint32_t low = (uint32_t)bits;
	float x;

	memcpy(&x, &low, 4);
	return x;
}

static inline double
as_f64(uint64_t bits)
{
	double x;

	memcpy(&x, &bits, 8);
	return x;
}

static inline uint64_t
f32_bits(float x)
{
	uint32_t bits;

	memcpy(&bits, &x, 4);
	return bits;
}

static inline uint64_t
f64_bits(double x)
{
	uint64_t bits;

	memcpy(&bits, &x, 8);
	return bits;
}

/* ---- What the generated functions are made of ---- */

/* Through a volatile: the compiler may take the alignment for granted. */
static __attribute__((noinline)) void
enter(void *aligned_local)
{
	void *volatile p = aligned_local;

	misaligned += (uintptr_t)p % 16 != 0;
	entered++;
}

// clang-format off
#if defined(__x86_64__) && !defined(_WIN32)
#define LEAVE __asm__ volatile(                                                                 \
	"mov $-1, %%rax\n mov %%rax, %%rcx\n mov %%rax, %%rdx\n mov %%rax, %%rsi\n"             \
	"mov %%rax, %%rdi\n mov %%rax, %%r8\n mov %%rax, %%r9\n mov %%rax, %%r10\n"             \
	"mov %%rax, %%r11\n movq %%rax, %%xmm0\n movaps %%xmm0, %%xmm1\n"                       \
	"movaps %%xmm0, %%xmm2\n movaps %%xmm0, %%xmm3\n movaps %%xmm0, %%xmm4\n"               \
	"movaps %%xmm0, %%xmm5\n movaps %%xmm0, %%xmm6\n movaps %%xmm0, %%xmm7\n"               \
	"movaps %%xmm0, %%xmm8\n movaps %%xmm0, %%xmm15\n"                                      \
	::: "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory", "cc",        \
	"xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm15");
#elif defined(__x86_64__)
/* And the caller's 32 bytes above the return address, which are the callee's. */
#define LEAVE __asm__ volatile(                                                                 \
	"mov $-1, %%rax\n mov %%rax, %%rcx\n mov %%rax, %%rdx\n mov %%rax, %%r8\n"              \
	"mov %%rax, %%r9\n mov %%rax, %%r10\n mov %%rax, %%r11\n movq %%rax, %%xmm0\n"          \
	"movaps %%xmm0, %%xmm1\n movaps %%xmm0, %%xmm2\n movaps %%xmm0, %%xmm3\n"               \
	"movaps %%xmm0, %%xmm4\n movaps %%xmm0, %%xmm5\n"                                       \
	::: "rax", "rcx", "rdx", "r8", "r9", "r10", "r11", "memory", "cc",                      \
	"xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5");                                        \
	memset((char *)__builtin_frame_address(0) + 16, 0xee, 32);
#else
#define LEAVE __asm__ volatile(                                                                 \
	"mov x0, #-1\n mov x1, x0\n mov x2, x0\n mov x3, x0\n mov x4, x0\n mov x5, x0\n"        \
	"mov x6, x0\n mov x7, x0\n mov x8, x0\n mov x9, x0\n mov x10, x0\n mov x11, x0\n"       \
	"mov x12, x0\n mov x13, x0\n mov x14, x0\n mov x15, x0\n mov x16, x0\n mov x17, x0\n"   \
	"fmov d0, x0\n fmov d1, x0\n fmov d2, x0\n fmov d3, x0\n fmov d4, x0\n fmov d5, x0\n"   \
	"fmov d6, x0\n fmov d7, x0\n fmov d16, x0\n fmov d30, x0\n fmov d31, x0\n"              \
	::: "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12",    \
	"x13", "x14", "x15", "x16", "x17", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7",      \
	"v16", "v30", "v31", "memory");
#endif
#define ENTER _Alignas(16) char local[16]; enter(local);

#define GOT_b(k, v) got[k] = (uint64_t)(v);
#define GOT_c(k, v) got[k] = (uint64_t)(int64_t)(v);
#define GOT_C(k, v) got[k] = (uint64_t)(v);
#define GOT_s(k, v) GOT_c(k, v)
#define GOT_S(k, v) GOT_C(k, v)
#define GOT_i(k, v) GOT_c(k, v)
#define GOT_I(k, v) GOT_C(k, v)
#define GOT_l(k, v) GOT_c(k, v)
#define GOT_L(k, v) GOT_C(k, v)
#define GOT_f(k, v) got[k] = f32_bits(v);
#define GOT_d(k, v) got[k] = f64_bits(v);
#define GOT_p(k, v) got[k] = (uint64_t)(uintptr_t)(v);

#define GIVE_v
#define GIVE_b return answer & 1;
#define GIVE_c return (int8_t)answer;
#define GIVE_C return (uint8_t)answer;
#define GIVE_s return (int16_t)answer;
#define GIVE_S return (uint16_t)answer;
#define GIVE_i return (int32_t)answer;
#define GIVE_I return (uint32_t)answer;
#define GIVE_l return (int64_t)answer;
#define GIVE_L return answer;
#define GIVE_f return as_f32(answer);
#define GIVE_d return as_f64(answer);
#define GIVE_p return (void *)(uintptr_t)answer;
/* The function is compiled with a wide result, and called with a narrow one. */
#define RUBBISH_v
#define RUBBISH_b return (answer & ~UINT64_C(0xff)) | (answer & 1);
#define RUBBISH_c return answer;
#define RUBBISH_C return answer;
#define RUBBISH_s return answer;
#define RUBBISH_S return answer;
#define RUBBISH_i return answer;
#define RUBBISH_I return answer;
#define RUBBISH_l return answer;
#define RUBBISH_L return answer;
#define RUBBISH_f return as_f64(answer);
#define RUBBISH_d return as_f64(answer);
#define RUBBISH_p return answer;

#define PLAIN_b(k) (arg[k] != 0)
#define PLAIN_c(k) (int8_t)arg[k]
#define PLAIN_C(k) (uint8_t)arg[k]
#define PLAIN_s(k) (int16_t)arg[k]
#define PLAIN_S(k) (uint16_t)arg[k]
#define PLAIN_i(k) (int32_t)arg[k]
#define PLAIN_I(k) (uint32_t)arg[k]
#define PLAIN_l(k) (int64_t)arg[k]
#define PLAIN_L(k) arg[k]
#define PLAIN_f(k) as_f32(arg[k])
#define PLAIN_d(k) as_f64(arg[k])
#define PLAIN_p(k) (void *)(uintptr_t)arg[k]
#define PLAIN_RESULT_v(x) x; result_bits = 0;
#define PLAIN_RESULT_b(x) result_bits = x;
#define PLAIN_RESULT_c(x) result_bits = (uint64_t)(int64_t)x;
#define PLAIN_RESULT_C(x) result_bits = x;
#define PLAIN_RESULT_s(x) PLAIN_RESULT_c(x)
#define PLAIN_RESULT_S(x) result_bits = x;
#define PLAIN_RESULT_i(x) PLAIN_RESULT_c(x)
#define PLAIN_RESULT_I(x) result_bits = x;
#define PLAIN_RESULT_l(x) PLAIN_RESULT_c(x)
#define PLAIN_RESULT_L(x) result_bits = x;
#define PLAIN_RESULT_f(x) result_bits = f32_bits(x);
#define PLAIN_RESULT_d(x) result_bits = f64_bits(x);
#define PLAIN_RESULT_p(x) result_bits = (uint64_t)(uintptr_t)x;
#define DIRTY_b(k) dirty[k]
#define DIRTY_c(k) dirty[k]
#define DIRTY_C(k) dirty[k]
#define DIRTY_s(k) dirty[k]
#define DIRTY_S(k) dirty[k]
#define DIRTY_i(k) dirty[k]
#define DIRTY_I(k) dirty[k]
#define DIRTY_l(k) dirty[k]
#define DIRTY_L(k) dirty[k]
#define DIRTY_f(k) as_f64(dirty[k])
#define DIRTY_d(k) as_f64(dirty[k])
#define DIRTY_p(k) dirty[k]
#define DIRTY_RESULT_v(x) x; result_bits = 0;
#define DIRTY_RESULT_b(x) result_bits = x;
#define DIRTY_RESULT_c(x) result_bits = x;
#define DIRTY_RESULT_C(x) result_bits = x;
#define DIRTY_RESULT_s(x) result_bits = x;
#define DIRTY_RESULT_S(x) result_bits = x;
#define DIRTY_RESULT_i(x) result_bits = x;
#define DIRTY_RESULT_I(x) result_bits = x;
#define DIRTY_RESULT_l(x) result_bits = x;
#define DIRTY_RESULT_L(x) result_bits = x;
#define DIRTY_RESULT_f(x) result_bits = f32_bits(as_f32(f64_bits(x)));
#define DIRTY_RESULT_d(x) result_bits = f64_bits(x);
#define DIRTY_RESULT_p(x) result_bits = x;
// clang-format on

typedef struct Signature {
	const char *text;
	const char *params; /* a letter each, as in signatures.py */
	char result;
	trivet_function callee;
	void (*plain)(trivet_function f), (*dirty)(trivet_function f);
	trivet_function host; /* NULL: not in the language */
	const char *host_signature, *program;
} Signature;

// clang-format off
#include "abi/signatures.h"
// clang-format on

enum { NSIGNATURES = sizeof signatures / sizeof *signatures };

/* ---- Registers that a callee must preserve ---- */

/* Calls entry(args, result) with those registers set from `in`, all others full of rubbish, and
 * writes what is in them afterwards to `out`, and how far the stack pointer has moved to *moved. */
typedef struct Preserved {
	uint64_t in[32], out[32], moved;
} Preserved;
void call_checked(trivet_caller *entry, void *const *args, void *result, Preserved *p);
void *abi_stack;

// clang-format off
#if defined(__x86_64__) && !defined(_WIN32)
static const char *const preserved[] = { "rbx", "rbp", "r12", "r13", "r14", "r15" };
__asm__(".text\n"
	".globl call_checked\n"
	"call_checked:\n"
	"push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"
	"sub $24, %rsp\n"
	"mov %rcx, (%rsp)\n"
	"mov %rdi, 8(%rsp)\n"
	"mov %rsp, abi_stack(%rip)\n"
	"mov %rsi, %rdi\n"
	"mov %rdx, %rsi\n"
	"mov (%rcx), %rbx\n mov 8(%rcx), %rbp\n mov 16(%rcx), %r12\n mov 24(%rcx), %r13\n"
	"mov 32(%rcx), %r14\n mov 40(%rcx), %r15\n"
	"mov $-2, %rax\n mov %rax, %rcx\n mov %rax, %rdx\n mov %rax, %r8\n mov %rax, %r9\n"
	"mov %rax, %r10\n mov %rax, %r11\n"
	"call *8(%rsp)\n"
	"mov %rsp, %rdx\n"
	"mov abi_stack(%rip), %rsp\n"
	"mov (%rsp), %rcx\n"
	"sub %rsp, %rdx\n"
	"mov %rdx, 512(%rcx)\n"
	"mov %rbx, 256(%rcx)\n mov %rbp, 264(%rcx)\n mov %r12, 272(%rcx)\n mov %r13, 280(%rcx)\n"
	"mov %r14, 288(%rcx)\n mov %r15, 296(%rcx)\n"
	"add $24, %rsp\n"
	"pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n"
	"ret\n");

#elif defined(__x86_64__)
static const char *const preserved[] = {
	"rbx", "rbp", "rdi", "rsi", "r12", "r13", "r14", "r15",
	"xmm6", "high xmm6", "xmm7", "high xmm7", "xmm8", "high xmm8", "xmm9", "high xmm9",
	"xmm10", "high xmm10", "xmm11", "high xmm11", "xmm12", "high xmm12", "xmm13", "high xmm13",
	"xmm14", "high xmm14", "xmm15", "high xmm15",
};
#define EACH_XMM(X, base, at)                                                                  \
	X("6", base, at) X("7", base, at "+16") X("8", base, at "+32") X("9", base, at "+48")    \
	X("10", base, at "+64") X("11", base, at "+80") X("12", base, at "+96")                  \
	X("13", base, at "+112") X("14", base, at "+128") X("15", base, at "+144")
#define LOAD_XMM(n, base, at) "movups " at "(%" base "), %xmm" n "\n"
#define SAVE_XMM(n, base, at) "movups %xmm" n ", " at "(%" base ")\n"
__asm__(".text\n"
	".globl call_checked\n"
	"call_checked:\n"
	"push %rbx\n push %rbp\n push %rdi\n push %rsi\n push %r12\n push %r13\n push %r14\n push %r15\n"
	"sub $232, %rsp\n" /* 32 for the callee, 2 pointers, 160 for xmm registers */
	EACH_XMM(SAVE_XMM, "rsp", "64")
	"mov %r9, 40(%rsp)\n"
	"mov %rcx, 48(%rsp)\n"
	"mov %rsp, abi_stack(%rip)\n"
	"mov (%r9), %rbx\n mov 8(%r9), %rbp\n mov 16(%r9), %rdi\n mov 24(%r9), %rsi\n"
	"mov 32(%r9), %r12\n mov 40(%r9), %r13\n mov 48(%r9), %r14\n mov 56(%r9), %r15\n"
	EACH_XMM(LOAD_XMM, "r9", "64")
	"mov %rdx, %rcx\n"
	"mov %r8, %rdx\n"
	"mov $-2, %rax\n mov %rax, %r8\n mov %rax, %r9\n mov %rax, %r10\n mov %rax, %r11\n"
	"call *48(%rsp)\n"
	"mov %rsp, %rdx\n"
	"mov abi_stack(%rip), %rsp\n"
	"mov 40(%rsp), %rcx\n"
	"sub %rsp, %rdx\n"
	"mov %rdx, 512(%rcx)\n"
	"mov %rbx, 256(%rcx)\n mov %rbp, 264(%rcx)\n mov %rdi, 272(%rcx)\n mov %rsi, 280(%rcx)\n"
	"mov %r12, 288(%rcx)\n mov %r13, 296(%rcx)\n mov %r14, 304(%rcx)\n mov %r15, 312(%rcx)\n"
	EACH_XMM(SAVE_XMM, "rcx", "320")
	EACH_XMM(LOAD_XMM, "rsp", "64")
	"add $232, %rsp\n"
	"pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rsi\n pop %rdi\n pop %rbp\n pop %rbx\n"
	"ret\n");

#else
/* x18 is the platform's: this file is compiled with -ffixed-x18, so nobody here uses it. */
static const char *const preserved[] = {
	"x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "x18",
	"d8", "d9", "d10", "d11", "d12", "d13", "d14", "d15",
};
__asm__(".text\n"
	".globl call_checked\n"
	"call_checked:\n"
	"stp x29, x30, [sp, #-192]!\n"
	"stp x19, x20, [sp, #16]\n stp x21, x22, [sp, #32]\n stp x23, x24, [sp, #48]\n"
	"stp x25, x26, [sp, #64]\n stp x27, x28, [sp, #80]\n"
	"stp d8, d9, [sp, #96]\n stp d10, d11, [sp, #112]\n stp d12, d13, [sp, #128]\n"
	"stp d14, d15, [sp, #144]\n"
	"stp x3, x18, [sp, #160]\n"
	"adrp x9, abi_stack\n add x9, x9, :lo12:abi_stack\n mov x10, sp\n str x10, [x9]\n"
	"mov x16, x0\n mov x0, x1\n mov x1, x2\n"
	"ldp x19, x20, [x3]\n ldp x21, x22, [x3, #16]\n ldp x23, x24, [x3, #32]\n"
	"ldp x25, x26, [x3, #48]\n ldp x27, x28, [x3, #64]\n ldp x29, x18, [x3, #80]\n"
	"ldp d8, d9, [x3, #96]\n ldp d10, d11, [x3, #112]\n ldp d12, d13, [x3, #128]\n"
	"ldp d14, d15, [x3, #144]\n"
	"mov x2, #-2\n mov x3, x2\n mov x4, x2\n mov x5, x2\n mov x6, x2\n mov x7, x2\n mov x8, x2\n"
	"mov x9, x2\n mov x10, x2\n mov x11, x2\n mov x17, x2\n"
	"blr x16\n"
	"adrp x9, abi_stack\n add x9, x9, :lo12:abi_stack\n ldr x9, [x9]\n"
	"mov x10, sp\n mov sp, x9\n"
	"sub x10, x10, x9\n"
	"ldr x3, [sp, #160]\n"
	"str x10, [x3, #512]\n"
	"add x3, x3, #256\n"
	"stp x19, x20, [x3]\n stp x21, x22, [x3, #16]\n stp x23, x24, [x3, #32]\n"
	"stp x25, x26, [x3, #48]\n stp x27, x28, [x3, #64]\n stp x29, x18, [x3, #80]\n"
	"stp d8, d9, [x3, #96]\n stp d10, d11, [x3, #112]\n stp d12, d13, [x3, #128]\n"
	"stp d14, d15, [x3, #144]\n"
	"ldr x18, [sp, #168]\n"
	"ldp d8, d9, [sp, #96]\n ldp d10, d11, [sp, #112]\n ldp d12, d13, [sp, #128]\n"
	"ldp d14, d15, [sp, #144]\n"
	"ldp x19, x20, [sp, #16]\n ldp x21, x22, [sp, #32]\n ldp x23, x24, [sp, #48]\n"
	"ldp x25, x26, [sp, #64]\n ldp x27, x28, [sp, #80]\n"
	"ldp x29, x30, [sp], #192\n"
	"ret\n");
#endif
// clang-format on

enum { NPRESERVED = sizeof preserved / sizeof *preserved };

static int
call_and_check(trivet_caller *entry, void *const *args, void *result)
{
	Preserved p;
	int fine;

	memset(&p, 0, sizeof p);
	for (unsigned k = 0; k < NPRESERVED; k++)
		p.in[k] = random64();
	call_checked(entry, args, result, &p);
	fine = CHECK_EQ(p.moved, 0);
	for (unsigned k = 0; k < NPRESERVED; k++)
		if (!CHECK_EQ(p.out[k], p.in[k])) {
			printf("    %s was changed\n", preserved[k]);
			fine = 0;
		}
	return fine;
}

/* ---- Values ---- */

static unsigned
size_of(char t)
{
	switch (t) {
	case 'v': return 0;
	case 'b':
	case 'c':
	case 'C': return 1;
	case 's':
	case 'S': return 2;
	case 'i':
	case 'I':
	case 'f': return 4;
	default: return 8;
	}
}

/* The low bytes as a value of that type, extended to 64 bits. */
static uint64_t
extended(char t, uint64_t v)
{
	switch (t) {
	case 'v': return 0;
	case 'b': return v & 1;
	case 'c': return (uint64_t)(int8_t)v;
	case 'C': return (uint8_t)v;
	case 's': return (uint64_t)(int16_t)v;
	case 'S': return (uint16_t)v;
	case 'i': return (uint64_t)(int32_t)v;
	case 'I':
	case 'f': return (uint32_t)v;
	default: return v;
	}
}

/* No NaN, neither as it is nor in its low half. */
static uint64_t
random_value(char t)
{
	uint64_t v = random64();

	return t == 'f' || t == 'd' ? v & UINT64_C(0xbfffffffbfffffff) : v;
}

static void
choose(const Signature *s)
{
	for (unsigned k = 0; s->params[k]; k++) {
		dirty[k] = random_value(s->params[k]);
		if (s->params[k] == 'b')
			dirty[k] &= ~UINT64_C(0xfe);
		arg[k] = extended(s->params[k], dirty[k]);
	}
	answer = random_value(s->result);
	if (s->result == 'b')
		answer &= ~UINT64_C(0xfe);
	memset(got, 0xdd, sizeof got);
	result_bits = UINT64_C(0xdddddddddddddddd);
}

static void
check_got(const Signature *s, const char *direction)
{
	int same = 1;

	for (unsigned k = 0; s->params[k]; k++)
		if (!CHECK_EQ(got[k], arg[k])) {
			printf("    argument %u\n", k);
			same = 0;
		}
	same &= CHECK_EQ(result_bits, extended(s->result, answer));
	if (!same)
		printf("    %s: %s\n", direction, s->text);
}

/* Each argument at the very end of 8 bytes of rubbish, or else at their start. */
static void
call_through(trivet_caller *entry, const Signature *s, const char *direction)
{
	static uint64_t memory[64][2];
	uint64_t room[2] = { UINT64_C(0x5a5a5a5a5a5a5a5a), UINT64_C(0x5a5a5a5a5a5a5a5a) };
	void *args[64];
	unsigned size = size_of(s->result);

	for (unsigned k = 0; s->params[k]; k++) {
		memset(memory[k], 0xa5, sizeof memory[k]);
		args[k] = (char *)memory[k] + (k % 2 ? 0 : 8 - size_of(s->params[k]));
		memcpy(args[k], &arg[k], size_of(s->params[k]));
	}
	if (!call_and_check(entry, args, room))
		printf("    %s: %s\n", direction, s->text);
	result_bits = 0;
	memcpy(&result_bits, room, size);
	result_bits = extended(s->result, result_bits);
	for (unsigned k = size; k < sizeof room; k++)
		CHECK_EQ(((unsigned char *)room)[k], 0x5a);
	check_got(s, direction);
}

/* ---- Directions ---- */

static void
handle(void *user, void *const *args, void *result)
{
	const Signature *s = user;
	ENTER

	for (unsigned k = 0; s->params[k]; k++)
		memcpy(&got[k], args[k], 8);
	LEAVE
	memcpy(result, &answer, 8); /* more than the type has: not looked at */
}

static void
test_stubs(trivet_engine *e, const Signature *s)
{
	trivet_stub shim, closure, both;
	union {
		const Signature *s;
		void *p;
	} user = { s };

	if (!CHECK_EQ(trivet_shim(e, s->text, s->callee, &shim), TRIVET_OK) ||
	    !CHECK_EQ(trivet_closure(e, s->text, handle, user.p, &closure), TRIVET_OK) ||
	    !CHECK_EQ(trivet_shim(e, s->text, closure.function, &both), TRIVET_OK)) {
		printf("    %s: %s\n", s->text, trivet_message(e));
		return;
	}
	for (int round = 0; round < 3; round++) {
		choose(s);
		call_through(shim.call, s, "shim to C");
		choose(s);
		s->plain(closure.function);
		check_got(s, "C to closure");
		choose(s);
		s->dirty(closure.function);
		check_got(s, "C to closure, with rubbish");
		choose(s);
		call_through(both.call, s, "shim to closure");
	}
	CHECK_EQ(trivet_stub_free(e, shim), TRIVET_OK);
	CHECK_EQ(trivet_stub_free(e, closure), TRIVET_OK);
	CHECK_EQ(trivet_stub_free(e, both), TRIVET_OK);
}

static void
test_program(trivet_engine *e, const Signature *s, unsigned n, trivet_mode mode)
{
	const trivet_compile_options o = { .mode = mode };
	char function[16], host[16];
	trivet_module *m;
	trivet_code *c;
	trivet_function f;
	trivet_stub shim;

	snprintf(function, sizeof function, "run%u", n);
	snprintf(host, sizeof host, "host%u", n);
	if (!CHECK_EQ(trivet_bind(e, host, s->host_signature, s->host), TRIVET_OK) ||
	    !CHECK_EQ(trivet_parse(e, "abi", s->program, strlen(s->program), &m), TRIVET_OK) ||
	    !CHECK_EQ(trivet_compile(m, &o, &c), TRIVET_OK) ||
	    !CHECK((f = trivet_entry(c, function, s->text)) != NULL) ||
	    !CHECK_EQ(trivet_shim(e, s->text, f, &shim), TRIVET_OK)) {
		printf("    %s: %s\n", s->text, trivet_message(e));
		return;
	}
	for (int round = 0; round < 2; round++) {
		choose(s);
		s->plain(f);
		check_got(s, "C to program to C");
		choose(s);
		s->dirty(f);
		result_bits = extended(s->result, result_bits); /* wider than what it promises */
		check_got(s, "C to program to C, with rubbish");
		choose(s);
		call_through(shim.call, s, "shim to program to C");
	}
	CHECK_EQ(trivet_last_trap(NULL), TRIVET_TRAP_NONE);
	CHECK_EQ(trivet_stub_free(e, shim), TRIVET_OK);
	trivet_code_free(c);
	trivet_module_free(m);
}

int
main(void)
{
	trivet_engine *e;
	unsigned programs = 0;

	if (trivet_open(NULL, &e))
		return 1;
	if (trivet_probe(e)) {
		printf("this system refuses executable memory\n");
		return 77;
	}
	for (unsigned n = 0; n < NSIGNATURES; n++) {
		test_stubs(e, &signatures[n]);
		if (!signatures[n].host)
			continue;
		programs++;
		test_program(e, &signatures[n], n, TRIVET_OPTIMIZED);
		test_program(e, &signatures[n], n, TRIVET_BASELINE);
	}
	trivet_close(e);
	CHECK_EQ(misaligned, 0);
	CHECK(entered >= 12ul * NSIGNATURES + 12ul * programs);
	printf("%d signatures, %u of them in programs too, %lu calls\n", NSIGNATURES, programs,
	       entered);
	return check_done();
}
