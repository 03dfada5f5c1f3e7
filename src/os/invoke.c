/* invoke.c - calling any C function in this machine's convention, from a description of its type.
 *
 * C sorts the arguments into registers and stack slots; a few lines of assembly load them.
 * Conventions: System V psABI AMD64 3.2.3; Microsoft "x64 calling convention"; AAPCS64 6.8.2. */
#include "base/ops.h"
#include "os/os.h"

enum { MOST_ARGS = 1000, MOST_WORDS = 2 * MOST_ARGS + 2, FEW_WORDS = 32 };

/* The assembly knows the offsets. */
typedef struct Call {
	OsFunction function;		/*   0 */
	const uint64_t *stack;		/*   8: slots, in ascending addresses; an even number */
	uint64_t nstack;		/*  16 */
	uint64_t int_result, fp_result; /*  24, 32 */
	uint64_t ints[8];		/*  40 */
	uint64_t fps[8];		/* 104: the value in the low bits */
} Call;

_Static_assert(offsetof(Call, nstack) == 16 && offsetof(Call, int_result) == 24 &&
		       offsetof(Call, ints) == 40 && offsetof(Call, fps) == 104,
	       "the assembly below knows these offsets");

void os_invoke_call(Call *c);

/* Each: save, point the frame register at the saved ones, push the stack slots from the last (so
 * that no guard page is jumped over), load every argument register, call, store both results. */
/* clang-format off */
#if defined(__x86_64__) && !defined(_WIN32)
#define NINT 6
#define NFP 8
#define SHARED_POSITIONS false
__asm__(
	".text\n"
	".p2align 4\n"
	".hidden os_invoke_call\n"
	".globl os_invoke_call\n"
	".type os_invoke_call, @function\n"
	"os_invoke_call:\n"
	"	.cfi_startproc\n"
	"	pushq %rbp\n"
	"	.cfi_def_cfa_offset 16\n"
	"	.cfi_offset %rbp, -16\n"
	"	movq %rsp, %rbp\n"
	"	.cfi_def_cfa_register %rbp\n"
	"	pushq %rbx\n"
	"	.cfi_offset %rbx, -24\n"
	"	subq $8, %rsp\n"
	"	movq %rdi, %rbx\n"
	"	movq 8(%rbx), %rsi\n"
	"	movq 16(%rbx), %rcx\n"
	"	jmp 2f\n"
	"1:	pushq -8(%rsi,%rcx,8)\n"
	"	decq %rcx\n"
	"2:	testq %rcx, %rcx\n"
	"	jnz 1b\n"
	"	movsd 104(%rbx), %xmm0\n"
	"	movsd 112(%rbx), %xmm1\n"
	"	movsd 120(%rbx), %xmm2\n"
	"	movsd 128(%rbx), %xmm3\n"
	"	movsd 136(%rbx), %xmm4\n"
	"	movsd 144(%rbx), %xmm5\n"
	"	movsd 152(%rbx), %xmm6\n"
	"	movsd 160(%rbx), %xmm7\n"
	"	movq 40(%rbx), %rdi\n"
	"	movq 48(%rbx), %rsi\n"
	"	movq 56(%rbx), %rdx\n"
	"	movq 64(%rbx), %rcx\n"
	"	movq 72(%rbx), %r8\n"
	"	movq 80(%rbx), %r9\n"
	"	movl $8, %eax\n"              /* for a variadic callee: floats may be in registers */
	"	call *(%rbx)\n"
	"	movq %rax, 24(%rbx)\n"
	"	movsd %xmm0, 32(%rbx)\n"
	"	movq -8(%rbp), %rbx\n"
	"	leave\n"
	"	.cfi_def_cfa %rsp, 8\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size os_invoke_call, .-os_invoke_call\n");

#elif defined(__x86_64__) && defined(_WIN32)
#define NINT 4
#define NFP 4
#define SHARED_POSITIONS true
__asm__(
	".text\n"
	".p2align 4\n"
	".globl os_invoke_call\n"
	".def os_invoke_call; .scl 2; .type 32; .endef\n"
	".seh_proc os_invoke_call\n"
	"os_invoke_call:\n"
	"	pushq %rbp\n"
	"	.seh_pushreg %rbp\n"
	"	pushq %rbx\n"
	"	.seh_pushreg %rbx\n"
	"	subq $8, %rsp\n"
	"	.seh_stackalloc 8\n"
	"	movq %rsp, %rbp\n"
	"	.seh_setframe %rbp, 0\n"
	"	.seh_endprologue\n"
	"	movq %rcx, %rbx\n"
	"	movq 8(%rbx), %rdx\n"
	"	movq 16(%rbx), %rcx\n"
	"	jmp 2f\n"
	"1:	pushq -8(%rdx,%rcx,8)\n"
	"	decq %rcx\n"
	"2:	testq %rcx, %rcx\n"
	"	jnz 1b\n"
	"	subq $32, %rsp\n"
	"	movsd 104(%rbx), %xmm0\n"
	"	movsd 112(%rbx), %xmm1\n"
	"	movsd 120(%rbx), %xmm2\n"
	"	movsd 128(%rbx), %xmm3\n"
	"	movq 40(%rbx), %rcx\n"
	"	movq 48(%rbx), %rdx\n"
	"	movq 56(%rbx), %r8\n"
	"	movq 64(%rbx), %r9\n"
	"	call *(%rbx)\n"
	"	movq %rax, 24(%rbx)\n"
	"	movsd %xmm0, 32(%rbx)\n"
	"	leaq 8(%rbp), %rsp\n"
	"	popq %rbx\n"
	"	popq %rbp\n"
	"	ret\n"
	".seh_endproc\n");

#else
#define NINT 8
#define NFP 8
#define SHARED_POSITIONS false
__asm__(
	".text\n"
	".p2align 4\n"
	".hidden os_invoke_call\n"
	".globl os_invoke_call\n"
	".type os_invoke_call, %function\n"
	"os_invoke_call:\n"
	"	.cfi_startproc\n"
	"	stp x29, x30, [sp, #-32]!\n"
	"	.cfi_def_cfa_offset 32\n"
	"	.cfi_offset x29, -32\n"
	"	.cfi_offset x30, -24\n"
	"	mov x29, sp\n"
	"	.cfi_def_cfa_register x29\n"
	"	str x19, [sp, #16]\n"
	"	.cfi_offset x19, -16\n"
	"	mov x19, x0\n"
	"	ldp x1, x2, [x19, #8]\n"
	"	add x1, x1, x2, lsl #3\n"
	"	b 2f\n"
	"1:	ldp x3, x4, [x1, #-16]!\n"
	"	stp x3, x4, [sp, #-16]!\n"
	"	sub x2, x2, #2\n"
	"2:	cbnz x2, 1b\n"
	"	ldp d0, d1, [x19, #104]\n"
	"	ldp d2, d3, [x19, #120]\n"
	"	ldp d4, d5, [x19, #136]\n"
	"	ldp d6, d7, [x19, #152]\n"
	"	ldp x0, x1, [x19, #40]\n"
	"	ldp x2, x3, [x19, #56]\n"
	"	ldp x4, x5, [x19, #72]\n"
	"	ldp x6, x7, [x19, #88]\n"
	"	ldr x16, [x19]\n"
	"	blr x16\n"
	"	str x0, [x19, #24]\n"
	"	str d0, [x19, #32]\n"
	"	ldr x19, [x29, #16]\n"
	"	mov sp, x29\n"
	"	.cfi_def_cfa_register sp\n"
	"	ldp x29, x30, [sp], #32\n"
	"	.cfi_def_cfa_offset 0\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size os_invoke_call, .-os_invoke_call\n");
#endif
/* clang-format on */

/* One argument word to the next free register of its kind, else to the stack.  Under Win64 a
 * position is taken in both kinds at once; then both registers get the value (harmless, and what
 * variadic functions need). */
typedef struct Placing {
	Call *call;
	uint64_t *stack;
	unsigned nint, nfp;
} Placing;

static void
place(Placing *p, bool is_float, uint64_t word)
{
	if (SHARED_POSITIONS && p->nint < NINT) {
		p->call->ints[p->nint++] = word;
		p->call->fps[p->nfp++] = word;
	} else if (!SHARED_POSITIONS && is_float && p->nfp < NFP) {
		p->call->fps[p->nfp++] = word;
	} else if (!SHARED_POSITIONS && !is_float && p->nint < NINT) {
		p->call->ints[p->nint++] = word;
	} else {
		p->stack[p->call->nstack++] = word;
	}
}

/* Callees of some compilers take it for granted that narrow arguments come extended. */
static uint64_t
extended(trivet_type t, uint64_t v)
{
	switch (t) {
	case TRIVET_BOOL: return v & 1;
	case TRIVET_I32: return (uint64_t)(int64_t)(int32_t)(uint32_t)v;
	case TRIVET_U32:
	case TRIVET_F32: return (uint32_t)v;
	default: return v;
	}
}

static uint64_t
call(OsFunction f, trivet_type result, const trivet_type *types, uint32_t n, const uint64_t *args,
     uint64_t *stack)
{
	Call c = { .function = f, .stack = stack };
	Placing p = { .call = &c, .stack = stack };

	for (uint32_t i = 0; i < n; i++) {
		place(&p, type_is_float(types[i]), extended(types[i], *args++));
		if (type_is_span(types[i]))
			place(&p, false, *args++);
	}
	if (c.nstack % 2)
		stack[c.nstack++] = 0;
	os_invoke_call(&c);
	switch (result) {
	case TRIVET_VOID: return 0;
	case TRIVET_BOOL: return (c.int_result & 0xff) != 0;
	case TRIVET_F32: return (uint32_t)c.fp_result;
	case TRIVET_F64: return c.fp_result;
	case TRIVET_I32:
	case TRIVET_U32: return (uint32_t)c.int_result;
	default: return c.int_result;
	}
}

/* Apart, so that the usual call needs no 16 KiB of stack. */
static __attribute__((noinline)) uint64_t
call_with_many(OsFunction f, trivet_type result, const trivet_type *types, uint32_t n,
	       const uint64_t *args)
{
	uint64_t stack[MOST_WORDS];
	return call(f, result, types, n, args, stack);
}

static __attribute__((noinline)) uint64_t
call_with_few(OsFunction f, trivet_type result, const trivet_type *types, uint32_t n,
	      const uint64_t *args)
{
	uint64_t stack[FEW_WORDS];
	return call(f, result, types, n, args, stack);
}

trivet_status
os_invoke(OsFunction f, trivet_type result, const trivet_type *types, uint32_t n,
	  const uint64_t *args, uint64_t *out)
{
	uint32_t words = 0;

	*out = 0;
	if (n > MOST_ARGS)
		return TRIVET_LIMIT;
	if (!f || (unsigned)result > TRIVET_F64)
		return TRIVET_ARGUMENT;
	for (uint32_t i = 0; i < n; i++) {
		if (types[i] == TRIVET_VOID || (unsigned)types[i] >= TRIVET_TYPE_COUNT)
			return TRIVET_ARGUMENT;
		words += type_is_span(types[i]) ? 2 : 1;
	}
	*out = words < FEW_WORDS ? call_with_few(f, result, types, n, args)
				 : call_with_many(f, result, types, n, args);
	return TRIVET_OK;
}
