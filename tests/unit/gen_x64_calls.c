/* Calls, frames and traps of x86-64 code, both conventions natively: arguments in and out,
 * preserved registers, shadow space, alignment, entry thunks.  If this fails, a host's registers or
 * stack get corrupted. */
#include "gen_x64.h"

#include <stdlib.h>

#if !defined(__x86_64__)
int
main(void)
{
	printf("not for this target: it runs x86-64 code\n");
	return 77;
}
#else

/* ---- A machine's state, before and after ---- */

enum { WORDS = 48, SHADOW_WORDS = 4 };
typedef struct Machine {
	uint64_t gpr[16];      /*   0: rsp's is unused */
	uint64_t xmm[16][2];   /* 128 */
	uint64_t stack[WORDS]; /* 384: upwards from the first word above the return address */
} Machine;

/* Both are read by the assembly below. */
Machine seen;	/* what `receiver` was called with */
Machine answer; /* what it leaves in all registers but the preserved ones */

/* Calls fn with all registers and the stack as `m` says, and fills `m` with what it leaves; the
 * System V convention.  rdi: fn, rsi: m. */
extern void __attribute__((sysv_abi)) call_with(uint64_t fn, Machine *m);
/* As a callee: notes everything, overwrites what its convention lets it, returns. */
extern void receiver_sysv(void), receiver_win64(void);

#define ALL_XMM(X) \
	X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)
#define LOAD_XMM(n) "movups 128+16*" #n "(%r11), %xmm" #n "\n"
#define SAVE_XMM(n) "movups %xmm" #n ", 128+16*" #n "(%r11)\n"
// clang-format off
#define OLD_GPR(X)                                                                        \
	X(0, rax) X(8, rcx) X(16, rdx) X(24, rbx) X(40, rbp) X(48, rsi) X(56, rdi) X(64, r8) \
	X(72, r9) X(80, r10) X(96, r12) X(104, r13) X(112, r14) X(120, r15)
// clang-format on
#define LOAD_GPR(at, name) "mov " #at "(%r11), %" #name "\n"
#define SAVE_GPR(at, name) "mov %" #name ", " #at "(%r11)\n"

__asm__(".text\n"
	"call_with:\n"
	"push %rbp\n push %rbx\n push %r12\n push %r13\n push %r14\n push %r15\n"
	"sub $408, %rsp\n" /* 48 words of stack, then the pointers: 16-aligned at the call */
	"mov %rsi, 384(%rsp)\n"
	"mov %rdi, 392(%rsp)\n"
	"mov %rsi, %r11\n"
	"xor %eax, %eax\n"
	"1: mov 384(%r11,%rax,8), %rcx\n"
	"mov %rcx, (%rsp,%rax,8)\n"
	"inc %eax\n cmp $48, %eax\n jb 1b\n" ALL_XMM(LOAD_XMM)
		OLD_GPR(LOAD_GPR) "call *392(%rsp)\n"
				  "mov 384(%rsp), %r11\n" OLD_GPR(SAVE_GPR)
					  ALL_XMM(SAVE_XMM) "xor %eax, %eax\n"
							    "1: mov (%rsp,%rax,8), %rcx\n"
							    "mov %rcx, 384(%r11,%rax,8)\n"
							    "inc %eax\n cmp $48, %eax\n jb 1b\n"
							    "add $408, %rsp\n"
							    "pop %r15\n pop %r14\n pop %r13\n pop "
							    "%r12\n pop %rbx\n pop %rbp\n"
							    "ret\n");

#define NOTE                                                           \
	"lea seen(%rip), %r11\n" OLD_GPR(SAVE_GPR)                     \
		ALL_XMM(SAVE_XMM) "mov %rsp, 32(%r11)\n"               \
				  "xor %eax, %eax\n"                   \
				  "1: mov 8(%rsp,%rax,8), %rcx\n"      \
				  "mov %rcx, 384(%r11,%rax,8)\n"       \
				  "inc %eax\n cmp $24, %eax\n jb 1b\n" \
				  "lea answer(%rip), %r11\n"

__asm__(".text\n"
	"receiver_sysv:\n" NOTE ALL_XMM(
		LOAD_XMM) "mov (%r11), %rax\n mov 8(%r11), %rcx\n mov 16(%r11), %rdx\n mov "
			  "48(%r11), %rsi\n"
			  "mov 56(%r11), %rdi\n mov 64(%r11), %r8\n mov 72(%r11), %r9\n mov "
			  "80(%r11), %r10\n"
			  "mov 88(%r11), %r11\n ret\n"
			  "receiver_win64:\n" NOTE LOAD_XMM(0) LOAD_XMM(1) LOAD_XMM(2) LOAD_XMM(3)
				  LOAD_XMM(4)
					  LOAD_XMM(5) "mov (%r11), %rax\n mov 8(%r11), %rcx\n mov "
						      "16(%r11), %rdx\n mov 64(%r11), %r8\n"
						      "mov 72(%r11), %r9\n mov 80(%r11), %r10\n"
						      "mov %rcx, 8(%rsp)\n mov %rcx, 16(%rsp)\n "
						      "mov %rcx, 24(%rsp)\n mov %rcx, 32(%rsp)\n"
						      "mov 88(%r11), %r11\n ret\n");

static void
randomise(Machine *m)
{
	uint64_t *words = (uint64_t *)m;

	for (size_t k = 0; k < sizeof *m / 8; k++)
		words[k] = rnd();
}

static bool
is_fp(unsigned t)
{
	return t == IR_F32 || t == IR_F64;
}

/* The word in which argument k travels, written from the two ABIs' texts and not from gen/conv.c.
 */
static uint64_t *
place(Machine *m, bool win64, const uint8_t *types, uint32_t k)
{
	static const uint8_t sysv[6] = { 7, 6, 2, 1, 8, 9 }, ms[4] = { 1, 2, 8, 9 };
	uint32_t ints = 0, fps = 0, words = 0;

	for (uint32_t i = 0; i <= k; i++) {
		bool fp = is_fp(types[i]);
		uint32_t at = win64 ? i : fp ? fps : ints;
		uint32_t limit = win64 ? 4 : fp ? 8 : 6;
		if (at >= limit) {
			if (i == k)
				return &m->stack[words + (win64 ? SHADOW_WORDS : 0)];
			words++;
			continue;
		}
		if (i == k)
			return fp ? m->xmm[at] : &m->gpr[win64 ? ms[at] : sysv[at]];
		fps += fp;
		ints += !fp;
	}
	return NULL;
}

static bool
is_preserved_gpr(bool win64, unsigned r)
{
	return r == 3 || r == 5 || r >= 12 || (win64 && (r == 6 || r == 7));
}

static void
check_preserved(const Machine *before, const Machine *after, bool win64, const char *what)
{
	for (unsigned r = 0; r < 16; r++)
		if (is_preserved_gpr(win64, r) && r != 4)
			check_equal(after->gpr[r], before->gpr[r], what, "general register",
				    (int)r);
	for (unsigned r = 6; win64 && r < 16; r++) {
		check_equal(after->xmm[r][0], before->xmm[r][0], what, "xmm register, low", (int)r);
		check_equal(after->xmm[r][1], before->xmm[r][1], what, "xmm register, high",
			    (int)r);
	}
	for (unsigned k = win64 ? SHADOW_WORDS : 0; k < WORDS; k++)
		if (after->stack[k] != before->stack[k])
			check_true(0, what, "caller's stack", (int)k);
}

static uint64_t
low_bits(unsigned t, uint64_t v)
{
	return t == IR_I32 || t == IR_F32 ? (uint32_t)v : v;
}

static IrMem
mem_of(unsigned t)
{
	return t == IR_I32 ? MEM_W32 : t == IR_I64 ? MEM_W64 : t == IR_F32 ? MEM_F32 : MEM_F64;
}

/* ---- Random signatures ---- */

enum { ARGS_MAX = 20, EXTRA_MAX = 40 };
typedef struct Trial {
	uint8_t in[ARGS_MAX], out[ARGS_MAX]; /* types */
	uint32_t nin, nout;
	uint32_t from[ARGS_MAX]; /* argument k passed on: of which parameter, or constant */
	uint64_t constant[ARGS_MAX];
	uint8_t result;
	bool through_ir;	  /* another IR function stands between */
	uint64_t saved[ARGS_MAX]; /* the parameters, stored after the call */
} Trial;

static uint8_t
random_type(void)
{
	return (uint8_t)(IR_I32 + rnd() % 4);
}

static void
random_trial(Trial *t)
{
	t->nin = (uint32_t)(rnd() % (ARGS_MAX + 1));
	t->nout = (uint32_t)(rnd() % (ARGS_MAX + 1));
	t->result = random_type();
	t->through_ir = rnd() & 1;
	for (uint32_t k = 0; k < t->nin; k++)
		t->in[k] = random_type();
	for (uint32_t k = 0; k < t->nout; k++) {
		t->from[k] = t->nin ? (uint32_t)(rnd() % t->nin) : 0;
		t->out[k] = t->nin ? t->in[t->from[k]] : random_type();
		if (!t->nin || rnd() % 5 == 0) {
			t->from[k] = UINT32_MAX;
			t->constant[k] = low_bits(t->out[k], rnd() >> rnd() % 64);
			if (is_fp(t->out[k])) /* no NaN: it would become another */
				t->constant[k] &= t->out[k] == IR_F32
							  ? 0xbfffffff
							  : UINT64_C(0xbfffffffffffffff);
		}
	}
}

static IrFunc *
new_func(IrModule *m, const char *name, const uint8_t *params, uint32_t n, uint8_t result)
{
	IrFunc *f = ir_func(m);

	if (!f)
		return NULL;
	f->name = (Str){ name, (uint32_t)strlen(name) };
	f->params = params;
	f->nparams = n;
	f->result = (IrType)result;
	f->source = m->funcs.n - 1;
	f->entry_thunk = m->funcs.n - 1;
	return f;
}

static void
make_params(IrFunc *f, Val *v)
{
	for (uint32_t k = 0; k < f->nparams; k++)
		v[k] = ir_append(f, 0,
				 (Ins){ .op = IR_PARAM, .type = f->params[k], .aux = (int32_t)k });
}

/* middle(out…) = receiver(out…); outer(in…): r = middle or receiver; stores in…; gives r. */
static IrModule *
build_trial(Arena *a, Trial *t)
{
	IrModule *m = ir_module(a);
	Val in[ARGS_MAX] = { 0 }, out[ARGS_MAX] = { 0 }, r, base;
	uint32_t slot = ir_import(m, (Import){ .kind = IMPORT_EXTERN,
					       .result = t->result,
					       .id = 99,
					       .params = t->out,
					       .nparams = t->nout });
	IrFunc *f = new_func(m, "middle", t->out, t->nout, t->result);

	make_params(f, out);
	r = ir_pooled(f, 0, IR_CALLX, (IrType)t->result, (int32_t)slot, out, t->nout);
	ir_ret(f, 0, r);
	f = new_func(m, "outer", t->in, t->nin, t->result);
	make_params(f, in);
	for (uint32_t k = 0; k < t->nout; k++)
		out[k] = t->from[k] == UINT32_MAX ? ir_const(f, (IrType)t->out[k], t->constant[k])
						  : in[t->from[k]];
	r = ir_pooled(f, 0, t->through_ir ? IR_CALL : IR_CALLX, (IrType)t->result,
		      t->through_ir ? 0 : (int32_t)slot, out, t->nout);
	base = ir_const(f, IR_I64, (uint64_t)(uintptr_t)t->saved);
	for (uint32_t k = 0; k < t->nin; k++)
		ir_store(f, 0, mem_of(t->in[k]), base, 0, (int32_t)(8 * k), in[k]);
	ir_ret(f, 0, r);
	return m;
}

static uint64_t
result_of(const Machine *m, unsigned t)
{
	return low_bits(t, is_fp(t) ? m->xmm[0][0] : m->gpr[0]);
}

static void
run_trial(const GenOptions *o)
{
	bool win64 = o->target == &target_x86_64_windows;
	uint64_t import = (uint64_t)(uintptr_t)(win64 ? receiver_win64 : receiver_sysv);
	Machine before, after;
	Trial t = { .nin = 0 };
	Mem mem;
	Arena a;
	Loaded l;

	random_trial(&t);
	mem_init(&mem, NULL);
	arena_init(&a, &mem);
	if (load_module(&mem, &a, build_trial(&a, &t), o, &import, &l)) {
		randomise(&before);
		randomise(&answer);
		after = before;
		call_with(entry_of(&l, l.o.funcs[1].entry), &after);
		check_preserved(&before, &after, win64, o->target->name);
		CHECK_EQ(seen.gpr[4] % 16, 8);
		CHECK_EQ(result_of(&after, t.result), result_of(&answer, t.result));
		for (uint32_t k = 0; k < t.nout; k++) {
			uint64_t sent = t.from[k] == UINT32_MAX
						? t.constant[k]
						: *place(&before, win64, t.in, t.from[k]);
			CHECK_EQ(low_bits(t.out[k], *place(&seen, win64, t.out, k)),
				 low_bits(t.out[k], sent));
		}
		for (uint32_t k = 0; k < t.nin; k++)
			CHECK_EQ(low_bits(t.in[k], t.saved[k]),
				 low_bits(t.in[k], *place(&before, win64, t.in, k)));
		unload_module(&l);
	}
	arena_free(&a);
}

/* ---- The C compiler as judge: both sides compiled by it ---- */

#define SIGNATURE                                                                               \
	int32_t a, double b, int64_t c, float d, int64_t e, int32_t f, double g, int64_t h,     \
		int64_t i, float j, double k, double l, double m, double n, double o, double p, \
		int32_t q
#define JUDGE(abi)                                                                                 \
	static double __attribute__((abi)) judge_##abi(SIGNATURE)                                  \
	{                                                                                          \
		return a + 2 * b + 3 * (double)c + 4 * (double)d + 5 * (double)e + 6 * f + 7 * g + \
		       8 * (double)h + 9 * (double)i + 10 * (double)j + 11 * k + 12 * l + 13 * m + \
		       14 * n + 15 * o + 16 * p + 17 * q;                                          \
	}                                                                                          \
	typedef double __attribute__((abi)) Judge_##abi(SIGNATURE);
// clang-format off
JUDGE(sysv_abi)
JUDGE(ms_abi)
// clang-format on
#define VALUES 1, 2.5, -3, 4.5f, 5000000000, -6, 7.25, 8, -9, 10.5f, 11, 12, 13, 14, 15, 16, -17

static void
judge(const GenOptions *o)
{
	static const uint8_t types[] = { IR_I32, IR_F64, IR_I64, IR_F32, IR_I64, IR_I32,
					 IR_F64, IR_I64, IR_I64, IR_F32, IR_F64, IR_F64,
					 IR_F64, IR_F64, IR_F64, IR_F64, IR_I32 };
	enum { N = sizeof types };
	bool win64 = o->target == &target_x86_64_windows;
	uint64_t import = win64 ? (uintptr_t)judge_ms_abi : (uintptr_t)judge_sysv_abi, entry;
	double expected = judge_sysv_abi(VALUES), got;
	IrModule *m;
	IrFunc *f;
	Val v[N], r;
	Mem mem;
	Arena a;
	Loaded l;

	mem_init(&mem, NULL);
	arena_init(&a, &mem);
	m = ir_module(&a);
	ir_import(
		m,
		(Import){ .kind = IMPORT_EXTERN, .result = IR_F64, .params = types, .nparams = N });
	f = new_func(m, "judged", types, N, IR_F64);
	make_params(f, v);
	r = ir_pooled(f, 0, IR_CALLX, IR_F64, 0, v, N);
	ir_ret(f, 0, r);
	if (load_module(&mem, &a, m, o, &import, &l)) {
		entry = entry_of(&l, l.o.funcs[0].entry);
		if (win64) {
			got = ((Judge_ms_abi *)(uintptr_t)entry)(VALUES);
			KEEP_APART("Microsoft");
		} else {
			got = ((Judge_sysv_abi *)(uintptr_t)entry)(VALUES);
			KEEP_APART("System V");
		}
		if (!CHECK(got == expected))
			printf("    %s: got %a, expected %a\n", o->target->name, got, expected);
		unload_module(&l);
	}
	arena_free(&a);
}

/* ---- Traps ---- */

static uint64_t trapped_code, trapped_site, trapped_count;
static void __attribute__((sysv_abi)) trapped_sysv(uint64_t code, uint64_t site)
{
	trapped_code = code;
	trapped_site = site;
	trapped_count++;
}
static void __attribute__((ms_abi)) trapped_win64(uint64_t code, uint64_t site)
{
	trapped_sysv(code, site);
}

static void
make_thunk(IrModule *m, uint32_t of)
{
	const IrFunc *real = &m->funcs.at[of];
	IrFunc *f = new_func(m, "thunk", real->params, real->nparams, (uint8_t)real->result);
	Val v[ARGS_MAX], r;

	f->is_entry = true;
	f->source = of;
	m->funcs.at[of].entry_thunk = m->funcs.n - 1;
	make_params(f, v);
	r = ir_pooled(f, 0, IR_CALL, f->result, (int32_t)of, v, f->nparams);
	ir_ret(f, 0, r);
}

/* down(n, x): traps at site 1 when n == x; n == 0 gives the Context's depth; else down(n - 1, x)
 * + 1. `slots` parameters more, kept across the call, make the frame large. */
static IrModule *
build_down(Arena *a, const uint8_t *types, uint32_t n)
{
	IrModule *m = ir_module(a);
	IrFunc *f = new_func(m, "down", types, n, IR_I64);
	BlockId again = ir_block(f), bottom = ir_block(f);
	Val v[ARGS_MAX], r, one = ir_const(f, IR_I64, 1);

	for (uint32_t k = 0; k < 3; k++)
		ir_site(m, (Site){ TRIVET_TRAP_UNREACHABLE, 0, k });
	f->needs_ctx = f->checks_stack = true;
	f->stack_site = 2;
	make_params(f, v);
	ir_trapif(f, 0, CC_EQ, v[0], v[1], 1);
	ir_br(f, 0, CC_EQ, v[0], ir_const(f, IR_I64, 0), bottom, again);
	r = ir_ins(f, bottom, IR_CTX, IR_I64, 0, 0);
	r = ir_load(f, bottom, MEM_W32, r, 0, CONTEXT_DEPTH);
	ir_ret(f, bottom,
	       ir_append(f, bottom, (Ins){ .op = IR_ZEXT32, .type = IR_I64, .arg = { r } }));
	v[0] = ir_ins(f, again, IR_SUB, IR_I64, v[0], one);
	r = ir_pooled(f, again, IR_CALL, IR_I64, 0, v, n);
	r = ir_ins(f, again, IR_ADD, IR_I64, r, one);
	for (uint32_t k = 2; k < n; k++) /* used after the call: x + c - c */
		r = ir_append(f, again,
			      (Ins){ .op = IR_SUB,
				     .type = IR_I64,
				     .arg = { ir_append(f, again,
							(Ins){ .op = IR_ADD,
							       .type = IR_I64,
							       .arg = { r, v[k] } }),
					      v[k] } });
	ir_ret(f, again, r);
	make_thunk(m, 0);
	return m;
}

static void
call_down(const Loaded *l, bool win64, const uint8_t *types, uint32_t n, uint64_t depth,
	  uint64_t at, uint64_t expected, int site)
{
	Machine before, after;

	randomise(&before);
	*place(&before, win64, types, 0) = depth;
	*place(&before, win64, types, 1) = at;
	after = before;
	trapped_count = 0;
	(void)n;
	call_with(entry_of(l, l->o.funcs[0].entry), &after);
	check_preserved(&before, &after, win64, "after a trap or none");
	CHECK_EQ(after.gpr[0], expected);
	CHECK_EQ(trapped_count, site >= 0);
	if (site >= 0) {
		CHECK_EQ(after.xmm[0][0], 0);
		CHECK_EQ(trapped_site, site);
		CHECK_EQ(trapped_code, 0x1234567890abcdef);
	}
}

static void
check_traps(GenOptions o, uint32_t n)
{
	static const uint8_t types[ARGS_MAX] = { IR_I64, IR_I64, IR_I64, IR_I64, IR_I64,
						 IR_I64, IR_I64, IR_I64, IR_I64, IR_I64,
						 IR_I64, IR_I64, IR_I64, IR_I64, IR_I64,
						 IR_I64, IR_I64, IR_I64, IR_I64, IR_I64 };
	bool win64 = o.target == &target_x86_64_windows;
	uint64_t imports[2];
	IrModule *m;
	Mem mem;
	Arena a;
	Loaded l;

	o.max_depth = 777;
	o.stack_bytes = 100000;
	mem_init(&mem, NULL);
	arena_init(&a, &mem);
	m = build_down(&a, types, n);
	imports[ir_helper(m, HELPER_TRAPPED)] =
		win64 ? (uintptr_t)trapped_win64 : (uintptr_t)trapped_sysv;
	imports[ir_import(m, (Import){ .kind = IMPORT_CODE })] = 0x1234567890abcdef;
	if (load_module(&mem, &a, m, &o, imports, &l)) {
		call_down(&l, win64, types, n, 0, 5, 777, -1);
		call_down(&l, win64, types, n, 40, 1000, 777 + 40, -1);
		call_down(&l, win64, types, n, 9, 9, 0, 1);
		call_down(&l, win64, types, n, 40, 3, 0, 1);
		call_down(&l, win64, types, n, 1000000, UINT64_MAX, 0, 2);
		unload_module(&l);
	}
	arena_free(&a);
}

/* ---- Frames ---- */

static bool
contains(const Loaded *l, const uint8_t *bytes, size_t n)
{
	const FrameInfo *frame = &l->o.frames[0];

	for (uint32_t at = frame->start; at + n <= frame->end; at++)
		if (!memcmp(l->o.bytes + at, bytes, n))
			return true;
	return false;
}

/* Windows grows a stack a page at a time: a frame of a page or more touches each in its order. Wine
 * does not insist on it, so the code itself is looked at. */
static void
check_probes(const Loaded *l, bool win64, uint32_t frame_bytes)
{
	static const uint8_t first[] = {
		0x85, 0x84, 0x24, 0x00, 0xf0, 0xff, 0xff
	}; /* test [rsp-4096], eax */
	static const uint8_t next[] = { 0x49, 0x81, 0xeb, 0x00,
					0x10, 0x00, 0x00,   /* sub r11, 4096 */
					0x41, 0x85, 0x03 }; /* test [r11], eax */

	CHECK_EQ(contains(l, first, sizeof first),
		 win64 && frame_bytes >= 4096 && frame_bytes < 5 * 4096);
	CHECK_EQ(contains(l, next, sizeof next), win64 && frame_bytes >= 5 * 4096);
}

/* sum of xs[0 … n-1] with all of them live at once: n slots, pages to touch.  Left as a chain so
 * that the last loaded is added first. */
static void
large_frame(GenOptions o, uint32_t n)
{
	static const uint8_t types[] = { IR_I64 };
	bool win64 = o.target == &target_x86_64_windows;
	uint64_t *xs, expected = 0;
	Machine before, after;
	IrModule *m;
	IrFunc *f;
	Val p, *v, sum;
	Mem mem;
	Arena a;
	Loaded l;

	mem_init(&mem, NULL);
	arena_init(&a, &mem);
	xs = arena_alloc(&a, n * sizeof *xs);
	v = arena_alloc(&a, n * sizeof *v);
	m = ir_module(&a);
	f = new_func(m, "large", types, 1, IR_I64);
	make_params(f, &p);
	for (uint32_t k = 0; k < n; k++) {
		xs[k] = rnd();
		expected = expected * 3 + xs[k];
		v[k] = ir_load(f, 0, MEM_W64, p, 0, (int32_t)(8 * k));
	}
	sum = ir_const(f, IR_I64, 0);
	for (uint32_t k = 0; k < n; k++)
		sum = ir_ins(f, 0, IR_ADD, IR_I64,
			     ir_ins(f, 0, IR_MUL, IR_I64, sum, ir_const(f, IR_I64, 3)), v[k]);
	ir_ret(f, 0, sum);
	if (load_module(&mem, &a, m, &o, NULL, &l)) {
		randomise(&before);
		*place(&before, win64, types, 0) = (uint64_t)(uintptr_t)xs;
		after = before;
		call_with(entry_of(&l, l.o.funcs[0].entry), &after);
		CHECK_EQ(after.gpr[0], expected);
		check_preserved(&before, &after, win64, "after a large frame");
		if (n > 1000)
			CHECK(l.o.frames[0].frame_bytes > 8 * (n - 100));
		check_probes(&l, win64, l.o.frames[0].frame_bytes);
		unload_module(&l);
	}
	arena_free(&a);
}

/* ---- Memory runs out ---- */

static long allocations_left;
static void *
scarce(void *user, void *p, size_t old_size, size_t size)
{
	(void)user;
	(void)old_size;
	if (size == 0) {
		free(p);
		return NULL;
	}
	return allocations_left-- > 0 ? realloc(p, size) : NULL;
}

/* Each allocation of code generation fails once: a status, never a crash, and nothing is kept. */
static void
out_of_memory(GenOptions o)
{
	trivet_allocator host = { scarce, NULL };
	static const uint8_t types[ARGS_MAX] = { IR_I64, IR_I64, IR_I64, IR_I64, IR_I64,
						 IR_I64, IR_I64, IR_I64, IR_I64, IR_I64,
						 IR_I64, IR_I64, IR_I64, IR_I64, IR_I64,
						 IR_I64, IR_I64, IR_I64, IR_I64, IR_I64 };
	trivet_status s = TRIVET_NO_MEMORY;
	unsigned failures = 0;

	o.verify = false;
	for (long limit = 0; s == TRIVET_NO_MEMORY && limit < 1000; limit++) {
		ObjectCode object;
		Trial t = { .nin = 0 };
		IrModule *m;
		Text why;
		Mem mem;
		Arena a;

		mem_init(&mem, &host);
		arena_init(&a, &mem);
		allocations_left = 1000000;
		random_trial(&t);
		text_init(&why, &a);
		m = limit & 1 ? build_down(&a, types, 20) : build_trial(&a, &t);
		allocations_left = limit / 2;
		s = gen_module(m, &o, &a, &object, &why);
		failures += s == TRIVET_NO_MEMORY;
		CHECK(s == TRIVET_OK || s == TRIVET_NO_MEMORY);
		arena_free(&a);
		CHECK_EQ(mem.live, 0);
	}
	CHECK_EQ(s, TRIVET_OK);
	CHECK(failures > 1);
}

int
main(void)
{
	uint32_t host = os_cpu_features() & target_x86_64_linux.features;

	for (unsigned k = 0; k < 600; k++) {
		GenOptions o = {
			.target = x64_targets[k & 1],
			.features = host,
			.quality = k & 2 ? QUALITY_BASELINE : QUALITY_OPTIMIZED,
			.available = k & 4 ? ~UINT64_C(0) : rnd() | 0x10004000f,
			.verify = true,
		};
		run_trial(&o);
		if (k >= 8)
			continue;
		judge(&o);
		check_traps(o, 2);
		check_traps(o, 9);
		check_traps(o, 20);
		large_frame(o, 30);
		large_frame(o, 600);
		large_frame(o, 5000);
		out_of_memory(o);
	}
	return check_done();
}
#endif
