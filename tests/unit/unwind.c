/* unwind.c - the bytes of unwind data, and this machine's own unwinder walking through our frames.
 *
 * A host function at the end of several generated ones walks the stack up to main(), and looks on
 * its way whether every register that a callee must preserve is found again. */
#define _GNU_SOURCE
#include "check.h"
#include "code/unwind.h"
#include "trivet.h"

#include <stdbool.h>
#include <stdlib.h>

#ifdef _WIN32
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#else
#include <signal.h>
#include <ucontext.h>
#include <unwind.h>
#endif

/* ---- The bytes ------------------------------------------------------------------------------ */

static void
same_bytes(const char *what, const uint8_t *got, uint32_t n, const char *expected)
{
	char text[3 * UNWIND_RECORD + 1] = "";

	CHECK(n % 4 == 0 && n <= UNWIND_RECORD);
	for (uint32_t k = 0; k < n; k++)
		sprintf(text + 3 * k, "%02x ", got[k]);
	if (!CHECK_STR(text, expected))
		printf("    %s\n", what);
}

/* As gcc writes it, for x86-64 bit by bit. */
static void
test_cie(void)
{
	uint8_t out[UNWIND_RECORD];

	same_bytes("CIE", out, unwind_cie(UNWIND_DWARF_X86_64, out),
		   "14 00 00 00 00 00 00 00 01 7a 52 00 01 78 10 01 1b 0c 07 08 90 01 00 00 ");
	same_bytes("CIE", out, unwind_cie(UNWIND_DWARF_AARCH64, out),
		   "10 00 00 00 00 00 00 00 01 7a 52 00 01 78 1e 01 1b 0c 1f 00 ");
}

static void
test_fde(void)
{
	static const UnwindStep x64[] = {
		{ 4 + 1, UNWIND_PUSH, 3, 0 },
		{ 4 + 3, UNWIND_PUSH, 12, 0 },
		{ 4 + 3 + 0x100, UNWIND_ALLOC, 0, 4096 },
	};
	static const UnwindStep a64[] = {
		{ 8, UNWIND_ALLOC, 0, 16 },	{ 8, UNWIND_SAVE, 29, 0 },
		{ 8, UNWIND_SAVE, 30, 8 },	{ 12, UNWIND_FRAME, 29, 0 },
		{ 16, UNWIND_ALLOC, 0, 16 },	{ 16, UNWIND_SAVE, 19, 0 },
		{ 16, UNWIND_SAVE, 20, 8 },	{ 96, UNWIND_ALLOC, 0, 16 },
		{ 96, UNWIND_SAVE, 32 + 8, 0 },
	};
	UnwindFunc f = {
		.start = 0x40, .end = 0x1240, .prologue = 0x10b, .steps = x64, .nsteps = 3
	};
	uint8_t out[UNWIND_RECORD];

	/* Relative to the field at 0x2018 resp. to the CIE at 0x2000. */
	same_bytes("FDE", out, unwind_fde(UNWIND_DWARF_X86_64, &f, 0x2010, 0x2000, out),
		   "20 00 00 00 14 00 00 00 28 e0 ff ff 00 12 00 00 00 "
		   "45 0e 10 83 02 42 0e 18 8c 03 03 00 01 0e 98 20 00 00 00 ");
	f = (UnwindFunc){ .start = 0x40, .end = 0x80, .prologue = 100, .steps = a64, .nsteps = 9 };
	same_bytes("FDE", out, unwind_fde(UNWIND_DWARF_AARCH64, &f, 0x2010, 0x2000, out),
		   "24 00 00 00 14 00 00 00 28 e0 ff ff 40 00 00 00 00 "
		   "48 0e 10 9d 02 9e 01 44 0d 1d 44 93 04 94 03 02 50 05 48 06 00 00 00 ");
	f = (UnwindFunc){ .start = 0, .end = 1, .prologue = 0, .steps = NULL, .nsteps = 0 };
	same_bytes("FDE", out, unwind_fde(UNWIND_DWARF_X86_64, &f, 0x18, 0, out),
		   "10 00 00 00 1c 00 00 00 e0 ff ff ff 01 00 00 00 00 00 00 00 ");
}

/* Two epilogues: between them the frame is there again. */
static void
test_exits(void)
{
	static const UnwindStep x64[] = { { 5, UNWIND_PUSH, 3, 0 }, { 9, UNWIND_ALLOC, 0, 32 } };
	static const UnwindStep x64_exit[] = { { 0, UNWIND_FREE, 0, 32 },
					       { 1, UNWIND_FREE, 0, 8 } };
	static const UnwindStep a64[] = { { 8, UNWIND_ALLOC, 0, 16 },
					  { 8, UNWIND_SAVE, 29, 0 },
					  { 8, UNWIND_SAVE, 30, 8 },
					  { 12, UNWIND_FRAME, 29, 0 } };
	static const UnwindStep a64_exit[] = { { 4, UNWIND_UNFRAME, 0, 0 },
					       { 4, UNWIND_RESTORE, 29, 0 },
					       { 4, UNWIND_RESTORE, 30, 0 } };
	static const uint32_t exits[] = { 0x40 + 20, 0x40 + 30 };
	uint8_t out[UNWIND_RECORD + 2 * UNWIND_EXIT];
	UnwindFunc f = {
		.start = 0x40,
		.end = 0x40 + 40,
		.steps = x64,
		.nsteps = 2,
		.exit_steps = x64_exit,
		.nexit_steps = 2,
		.exit_end = 2,
		.exits = exits,
		.nexits = 2,
	};

	same_bytes("FDE", out, unwind_fde(UNWIND_DWARF_X86_64, &f, 0x2010, 0x2000, out),
		   "28 00 00 00 14 00 00 00 28 e0 ff ff 28 00 00 00 00 "
		   "45 0e 10 83 02 44 0e 30 "
		   "4b 0a 0e 10 41 0e 08 41 0b "
		   "48 0a 0e 10 41 0e 08 41 0b 00 ");
	f.steps = a64;
	f.nsteps = 4;
	f.exit_steps = a64_exit;
	f.nexit_steps = 3;
	f.exit_end = 8;
	f.nexits = 1;
	same_bytes("FDE", out, unwind_fde(UNWIND_DWARF_AARCH64, &f, 0x2010, 0x2000, out),
		   "20 00 00 00 14 00 00 00 28 e0 ff ff 28 00 00 00 00 "
		   "48 0e 10 9d 02 9e 01 44 0d 1d 4c 0a 0c 1f 00 dd de 44 0b ");
	unwind_fde_place(out, 0x140, 0x2040, 0x2000);
	same_bytes("the same elsewhere", out, 36,
		   "20 00 00 00 44 00 00 00 f8 e0 ff ff 28 00 00 00 00 "
		   "48 0e 10 9d 02 9e 01 44 0d 1d 4c 0a 0c 1f 00 dd de 44 0b ");
}

static void
test_far_steps(void)
{
	const UnwindStep steps[] = { { 70000, UNWIND_ALLOC, 0, 1 << 20 },
				     { 70200, UNWIND_SAVE, 15, 8 } };
	const UnwindFunc f = {
		.start = 0, .end = 80000, .prologue = 70200, .steps = steps, .nsteps = 2
	};
	uint8_t out[UNWIND_RECORD];

	same_bytes("FDE", out, unwind_fde(UNWIND_DWARF_X86_64, &f, 0x18, 0, out),
		   "1c 00 00 00 1c 00 00 00 e0 ff ff ff 80 38 01 00 00 "
		   "04 70 11 01 00 0e 88 80 40 02 c8 8f 80 80 08 ");
}

static void
test_info(void)
{
	static const UnwindStep small[] = { { 5, UNWIND_PUSH, 3, 0 },
					    { 7, UNWIND_PUSH, 12, 0 },
					    { 11, UNWIND_ALLOC, 0, 128 } };
	static const UnwindStep middle[] = { { 5, UNWIND_ALLOC, 0, 136 },
					     { 20, UNWIND_SAVE, 32 + 6, 32 },
					     { 20, UNWIND_SAVE, 32 + 15, 48 } };
	static const UnwindStep large[] = { { 7, UNWIND_ALLOC, 0, 0x200000 },
					    { 16, UNWIND_SAVE, 32 + 7, 0x1ffff0 } };
	uint8_t out[UNWIND_RECORD];
	UnwindFunc f = { .start = 0x40, .end = 0x80, .prologue = 11, .steps = small, .nsteps = 3 };

	same_bytes("INFO", out, unwind_info(&f, out), "01 0b 03 00 0b f2 07 c0 05 30 00 00 ");
	f = (UnwindFunc){
		.start = 0x40, .end = 0x80, .prologue = 20, .steps = middle, .nsteps = 3
	};
	same_bytes("INFO", out, unwind_info(&f, out),
		   "01 14 06 00 14 f8 03 00 14 68 02 00 05 01 11 00 ");
	f = (UnwindFunc){ .start = 0x40, .end = 0x80, .prologue = 16, .steps = large, .nsteps = 2 };
	same_bytes("INFO", out, unwind_info(&f, out),
		   "01 10 06 00 10 79 f0 ff 1f 00 07 11 00 00 20 00 ");
	f = (UnwindFunc){ .start = 0x40, .end = 0x80, .prologue = 4, .steps = NULL, .nsteps = 0 };
	same_bytes("INFO", out, unwind_info(&f, out), "01 04 00 00 ");
}

/* ---- This machine's unwinder ---------------------------------------------------------------- */

enum { MAX_FRAMES = 200, NSAVED = 7, NSAVED_FP = 3 };

/* One frame as the unwinder sees it: where it is, and the preserved registers it holds. */
typedef struct Frame {
	uintptr_t pc;
	uint64_t saved[NSAVED];
	uint64_t fp[NSAVED_FP];
} Frame;

typedef struct Walk {
	Frame at[MAX_FRAMES];
	uint32_t n;
} Walk;

static Walk walk;

#if defined(_WIN32)

#define FP_SAVED 1
#define REGISTERS(X) \
	X(0, "rbx") X(1, "rsi") X(2, "rdi") X(3, "r12") X(4, "r13") X(5, "r14") X(6, "r15")
#define FP_REGISTERS(X) X(0, "xmm6") X(1, "xmm9") X(2, "xmm15")

static void
note(Frame *f, const CONTEXT *c)
{
	const uint64_t saved[NSAVED] = { c->Rbx, c->Rsi, c->Rdi, c->R12, c->R13, c->R14, c->R15 };

	f->pc = c->Rip;
	memcpy(f->saved, saved, sizeof saved);
	f->fp[0] = c->Xmm6.Low;
	f->fp[1] = c->Xmm9.Low;
	f->fp[2] = c->Xmm15.Low;
}

static void
walk_stack(void)
{
	CONTEXT c;

	RtlCaptureContext(&c);
	for (walk.n = 0; walk.n < MAX_FRAMES && c.Rip; walk.n++) {
		DWORD64 base, establisher;
		void *handler;
		PRUNTIME_FUNCTION f = RtlLookupFunctionEntry(c.Rip, &base, NULL);

		note(&walk.at[walk.n], &c);
		if (f) {
			RtlVirtualUnwind(UNW_FLAG_NHANDLER, base, c.Rip, f, &c, &handler,
					 &establisher, NULL);
		} else {
			c.Rip = *(DWORD64 *)c.Rsp;
			c.Rsp += 8;
		}
	}
}

/* Where the function that contains pc begins, as the unwinder knows it; 0: it knows none. */
static uintptr_t
function_at(uintptr_t pc)
{
	DWORD64 base;
	PRUNTIME_FUNCTION f = RtlLookupFunctionEntry(pc, &base, NULL);

	return f ? (uintptr_t)(base + f->BeginAddress) : 0;
}

#else

#if defined(__x86_64__)
#define FP_SAVED 0
#define REGISTERS(X) X(0, "rbx") X(1, "r12") X(2, "r13") X(3, "r14") X(4, "r15")
#define FP_REGISTERS(X)
static const int columns[NSAVED] = { 3, 12, 13, 14, 15, -1, -1 },
		 fp_columns[NSAVED_FP] = { -1, -1, -1 };
#else
#define FP_SAVED 1
#define REGISTERS(X) \
	X(0, "x19") X(1, "x20") X(2, "x21") X(3, "x24") X(4, "x26") X(5, "x27") X(6, "x28")
#define FP_REGISTERS(X) X(0, "d8") X(1, "d11") X(2, "d15")
static const int columns[NSAVED] = { 19, 20, 21, 24, 26, 27, 28 },
		 fp_columns[NSAVED_FP] = { 72, 75, 79 };
#endif

struct dwarf_eh_bases {
	void *text, *data, *function;
};
extern const void *_Unwind_Find_FDE(void *pc, struct dwarf_eh_bases *out);

static _Unwind_Reason_Code
note(struct _Unwind_Context *c, void *unused)
{
	Frame *f = &walk.at[walk.n];

	(void)unused;
	if (walk.n == MAX_FRAMES)
		return _URC_END_OF_STACK;
	walk.n++;
	f->pc = (uintptr_t)_Unwind_GetIP(c);
	for (int k = 0; k < NSAVED && columns[k] >= 0; k++)
		f->saved[k] = _Unwind_GetGR(c, columns[k]);
	for (int k = 0; k < NSAVED_FP && fp_columns[k] >= 0; k++)
		f->fp[k] = _Unwind_GetGR(c, fp_columns[k]);
	return _URC_NO_REASON;
}

static void
walk_stack(void)
{
	walk.n = 0;
	_Unwind_Backtrace(note, NULL);
}

static uintptr_t
function_at(uintptr_t pc)
{
	struct dwarf_eh_bases bases;

	return _Unwind_Find_FDE((void *)pc, &bases) ? (uintptr_t)bases.function : 0;
}

#endif

/* ---- A deep call ---------------------------------------------------------------------------- */

static int64_t
probe(int64_t n)
{
	walk_stack();
	return n + 1;
}

typedef int64_t Outer(int64_t, double);

/* Calls f with known values in the registers it must preserve. */
static __attribute__((noinline)) int64_t
enter(Outer *f, int64_t n, uint64_t *saved, double *fp)
{
#define HOLD(k, name) register uint64_t r##k __asm__(name) = 0x1234567800000000u + (k + 1) * 0x1111;
#define HOLD_FP(k, name) register double d##k __asm__(name) = 1000.25 + k;
#define PIN(k, name) __asm__ volatile("" : "+r"(r##k));
#if defined(__x86_64__)
#define PIN_FP(k, name) __asm__ volatile("" : "+x"(d##k));
#else
#define PIN_FP(k, name) __asm__ volatile("" : "+w"(d##k));
#endif
#define KEEP(k, name) saved[k] = r##k;
#define KEEP_FP(k, name) fp[k] = d##k;
	int64_t result;
	REGISTERS(HOLD)
	FP_REGISTERS(HOLD_FP)
	REGISTERS(PIN)
	FP_REGISTERS(PIN_FP)
	result = f(n, 0.5);
	REGISTERS(PIN)
	FP_REGISTERS(PIN_FP)
	REGISTERS(KEEP)
	FP_REGISTERS(KEEP_FP)
	(void)fp;
	return result;
}

/* Which generated function holds pc?  NULL: none. */
static const char *
piece_at(trivet_code *c, uintptr_t pc, trivet_symbol *s)
{
	trivet_image image;

	if (trivet_code_image(c, &image))
		return NULL;
	for (uint32_t k = 0; k < image.functions && trivet_code_symbol(c, k, s) == TRIVET_OK; k++)
		if (pc - (uintptr_t)image.bytes >= s->start && pc - (uintptr_t)image.bytes < s->end)
			return s->name;
	return NULL;
}

int main(int argc, char **argv);

/* The walk must have gone: probe's helpers; then exactly `names`, or (NULL: there is inlining) any
 * generated functions; enter(), holding what it put into its registers; and on to main(). */
static void
check_walk(trivet_code *c, const char *const *names, const uint64_t *saved, const double *fp)
{
	trivet_symbol s;
	uint32_t k = 0;

	while (k < walk.n && !piece_at(c, walk.at[k].pc - 1, &s))
		k++;
	CHECK(k >= 1);
	for (; names && *names && k < walk.n; names++, k++) {
		const char *name = piece_at(c, walk.at[k].pc - 1, &s);
		if (!CHECK_STR(name, *names))
			return;
	}
	CHECK(!names || !*names);
	while (!names && k < walk.n && piece_at(c, walk.at[k].pc - 1, &s))
		k++;
	if (!CHECK(k + 1 < walk.n) ||
	    !CHECK_EQ(function_at(walk.at[k].pc - 1), function_at((uintptr_t)enter)))
		return;
	for (int r = 0; r < NSAVED; r++)
		CHECK_EQ(walk.at[k].saved[r], saved[r]);
	CHECK(memcmp(walk.at[k].fp, fp, sizeof walk.at[k].fp) == 0);
	while (k < walk.n && function_at(walk.at[k].pc - 1) != function_at((uintptr_t)main))
		k++;
	CHECK(k < walk.n);
}

typedef struct Program {
	trivet_engine *e;
	trivet_module *m;
	trivet_code *c;
} Program;

static bool
start(Program *p, const char *text, trivet_mode mode)
{
	const trivet_compile_options o = { .mode = mode, .verify = true };

	*p = (Program){ 0 };
	if (!CHECK_EQ(trivet_open(NULL, &p->e), TRIVET_OK))
		return false;
	trivet_bind(p->e, "probe", "i64(i64)", (trivet_function)probe);
	if (CHECK_EQ(trivet_parse(p->e, "t.tv", text, strlen(text), &p->m), TRIVET_OK) &&
	    CHECK_EQ(trivet_compile(p->m, &o, &p->c), TRIVET_OK))
		return true;
	printf("    %s\n", trivet_message(p->e));
	trivet_close(p->e);
	return false;
}

static void
run(const char *text, const char *const *names, trivet_mode mode, int64_t n)
{
	uint64_t saved[NSAVED] = { 0 };
	double fp[NSAVED_FP] = { 0 };
	Program p;
	Outer *f;

	if (!start(&p, text, mode))
		return;
	f = (Outer *)trivet_entry(p.c, "outer", "i64(i64, f64)");
	if (CHECK(f != NULL)) {
		walk.n = 0;
		enter(f, n, saved, fp);
		CHECK(trivet_last_trap(NULL) == TRIVET_TRAP_NONE);
		check_walk(p.c, mode == TRIVET_BASELINE ? names : NULL, saved, fp);
	}
	trivet_close(p.e);
}

/* Recursion through functions that keep integers and floats alive across their calls. */
static void
test_deep(trivet_mode mode)
{
	static const char text[] =
		"extern fn probe(i64) -> i64;\n"
		"fn last(n: i64) -> i64 { return probe(n) / (n + 1); }\n"
		"fn rec(n: i64, a: i64, b: i64, c: i64, d: i64, e: i64, f: i64, x: f64) -> i64 {\n"
		"  let g: i64 = a * b; let h: i64 = b * c; let i: i64 = c * d; let j: i64 = d * "
		"e;\n"
		"  let y: f64 = x * 2.0; let z: f64 = x + 3.0; let u: f64 = z * y; let v: f64 = u "
		"- x;\n"
		"  let r: i64 = 0;\n"
		"  if n == 0 { r = last(a); } else { r = rec(n - 1, b, c, d, e, f, a, y); }\n"
		"  return r + a + b + c + d + e + f + g + h + i + j + ((x + y + z + u + v) as "
		"i64);\n"
		"}\n"
		"fn outer(n: i64, x: f64) -> i64 { return rec(n, 1, 2, 3, 4, 5, 6, x) + 1; }\n";
	static const char *const names[] = { "last", "rec",   "rec",	       "rec", "rec",
					     "rec",  "outer", "outer (entry)", NULL };

	run(text, names, mode, 4);
}

/* Not a single one of the things that make frames. */
static void
test_small(trivet_mode mode)
{
	static const char text[] = "extern fn probe(i64) -> i64;\n"
				   "fn outer(n: i64, x: f64) -> i64 { return probe(n) + 1; }\n";
	static const char *const names[] = { "outer", "outer (entry)", NULL };

	run(text, names, mode, 4);
}

/* Frames of every size that is written another way: n values live across a call. */
static void
test_frame_of(trivet_mode mode, unsigned n)
{
	static const char *const names[] = { "big", "outer", "outer (entry)", NULL };
	char *text = malloc(100 * n + 1000), *t = text;

	if (!text)
		return;
	t += sprintf(t, "extern fn probe(i64) -> i64;\nfn big(n: i64) -> i64 {\n");
	for (unsigned k = 0; k < n; k++)
		t += sprintf(t, "let a%u = n * %u; ", k, k + 3);
	t += sprintf(t, "\nlet r = probe(n);\n");
	for (unsigned k = 0; k < n; k++)
		t += sprintf(t, "r = r + a%u * (r + %u);\n", k, k);
	sprintf(t, "return r;\n}\nfn outer(n: i64, x: f64) -> i64 { return big(n) + 1; }\n");
	run(text, names, mode, 4);
	free(text);
}

/* A trap on the way leaves the stack walkable, and the next call as well. */
static void
test_after_trap(trivet_mode mode)
{
	static const char text[] =
		"extern fn probe(i64) -> i64;\n"
		"fn outer(n: i64, x: f64) -> i64 { return 10 / n + probe(n); }\n";
	static const char *const names[] = { "outer", "outer (entry)", NULL };
	uint64_t saved[NSAVED] = { 0 };
	double fp[NSAVED_FP] = { 0 };
	Program p;
	Outer *f;

	if (!start(&p, text, mode))
		return;
	f = (Outer *)trivet_entry(p.c, "outer", "i64(i64, f64)");
	if (CHECK(f != NULL)) {
		enter(f, 0, saved, fp);
		CHECK(trivet_last_trap(NULL) == TRIVET_TRAP_DIVIDE_BY_ZERO);
		enter(f, 1, saved, fp);
		check_walk(p.c, mode == TRIVET_BASELINE ? names : NULL, saved, fp);
	}
	trivet_close(p.e);
}

/* Every address of every function is found while the code lives, and none afterwards. */
static void
test_lifetime(void)
{
	enum { MODULES = 5 };
	static const char text[] = "fn a(n: i64) -> i64 { return n / 3; }\n"
				   "fn b(n: i64) -> i64 { return a(n) / n; }\n";
	trivet_image image[MODULES];
	trivet_symbol s[MODULES][4];
	Program p[MODULES];

	memset(image, 0, sizeof image);
	for (int i = 0; i < MODULES; i++) {
		if (!start(&p[i], text, TRIVET_BASELINE))
			return;
		CHECK_EQ(trivet_code_image(p[i].c, &image[i]), TRIVET_OK);
		CHECK(image[i].functions >= 2 && image[i].functions <= 4);
		for (uint32_t k = 0; k < image[i].functions; k++)
			trivet_code_symbol(p[i].c, k, &s[i][k]);
	}
	for (int gone = 0; gone <= MODULES; gone++) {
		for (int i = 0; i < MODULES; i++) {
			uintptr_t base = (uintptr_t)image[i].bytes;
			/* Others may have been mapped where freed code was: ask only for what
			 * lives, or for the one that has just gone. */
			for (uint32_t k = 0; i >= gone - 1 && k < image[i].functions; k++) {
				uintptr_t begin = base + s[i][k].start, end = base + s[i][k].end;
				CHECK_EQ(function_at(begin), i < gone ? 0 : begin);
				CHECK_EQ(function_at(end - 1), i < gone ? 0 : begin);
			}
		}
		if (gone < MODULES)
			trivet_code_free(p[gone].c);
	}
	for (int i = 0; i < MODULES; i++)
		trivet_close(p[i].e);
}

#if defined(__x86_64__) && !defined(_WIN32)

/* ---- At every single instruction ------------------------------------------------------------ */

static trivet_image stepped;
static unsigned long nsteps, nlost;
static uint64_t stepped_saved[NSAVED];

/* A profiler may stop the thread anywhere.  From there, too, the walk must come to step_through(),
 * with the registers it put its values into.  (QEMU up to 8.0 calls handlers with a misaligned
 * stack.) */
__attribute__((force_align_arg_pointer)) static void
on_step(int signal, siginfo_t *info, void *context)
{
	uintptr_t pc = (uintptr_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
	const uint8_t *at = (const uint8_t *)pc;
	uint32_t k = 0;

	(void)signal;
	(void)info;
	if (pc - (uintptr_t)stepped.bytes >= stepped.code_size)
		return;
	/* jmp *8(%r15) ends a trap: the stack is the entry stub's already, its code comes next. */
	if (memcmp(at, "\x41\xff\x67\x08", 4) == 0)
		return;
	nsteps++;
	walk_stack();
	while (k < walk.n && (walk.at[k].pc - 1 - (uintptr_t)stepped.bytes < stepped.code_size ||
			      memcmp(walk.at[k].saved, stepped_saved, 5 * 8) != 0 ||
			      function_at(walk.at[k].pc - 1) != (uintptr_t)enter))
		k++;
	nlost += k == walk.n;
	if (k == walk.n && nlost < 10)
		printf("    lost at 0x%lx\n", (unsigned long)(pc - (uintptr_t)stepped.bytes));
}

static void
set_trap_flag(bool on)
{
	if (on)
		__asm__ volatile("lea -128(%%rsp), %%rsp; pushfq; orq $0x100, (%%rsp); popfq; "
				 "lea 128(%%rsp), %%rsp" ::
					 : "cc", "memory");
	else
		__asm__ volatile("lea -128(%%rsp), %%rsp; pushfq; andq $~0x100, (%%rsp); popfq; "
				 "lea 128(%%rsp), %%rsp" ::
					 : "cc", "memory");
}

static void
test_every_step(trivet_mode mode)
{
	static const char text[] =
		"extern fn probe(i64) -> i64;\n"
		"fn leaf(n: i64) -> i64 { return n ^ 5; }\n"
		"fn last(n: i64) -> i64 { if n > 5 { return n; } return leaf(n) / (n + 1); }\n"
		"fn rec(n: i64, a: i64, b: i64, c: i64, d: i64, e: i64, f: i64, x: f64) -> i64 {\n"
		"  let g: i64 = a * b; let h: i64 = b * c; let i: i64 = c * d;\n"
		"  let r: i64 = 0;\n"
		"  if n == 0 { r = last(a); } else { r = rec(n - 1, b, c, d, e, f, a, x); }\n"
		"  if r == 77 { return r * g; }\n"
		"  return r + a + b + c + d + e + f + g + h + i;\n"
		"}\n"
		"fn outer(n: i64, x: f64) -> i64 { return rec(n, 1, 2, 3, 4, 5, 6, x) / n; }\n";
	struct sigaction now = { .sa_sigaction = on_step, .sa_flags = SA_SIGINFO }, before;
	double fp[NSAVED_FP] = { 0 };
	Program p;
	Outer *f;

	if (!start(&p, text, mode))
		return;
	f = (Outer *)trivet_entry(p.c, "outer", "i64(i64, f64)");
	CHECK_EQ(trivet_code_image(p.c, &stepped), TRIVET_OK);
	nsteps = nlost = 0;
	if (CHECK(f != NULL)) {
		enter(f, 3, stepped_saved, fp);
		sigaction(SIGTRAP, &now, &before);
		set_trap_flag(true);
		enter(f, 3, stepped_saved, fp);
		enter(f, 0, stepped_saved, fp);
		set_trap_flag(false);
		sigaction(SIGTRAP, &before, NULL);
	}
	CHECK(trivet_last_trap(NULL) == TRIVET_TRAP_DIVIDE_BY_ZERO);
	CHECK(nsteps > 100);
	CHECK_EQ(nlost, 0);
	trivet_close(p.e);
}

#else

static void
test_every_step(trivet_mode mode)
{
	(void)mode;
}

#endif

int
main(int argc, char **argv)
{
	static const unsigned sizes[] = { 1, 8, 20, 40, 600, 3000 };

	(void)argc;
	(void)argv;
	test_cie();
	test_fde();
	test_exits();
	test_far_steps();
	test_info();
	for (int mode = TRIVET_BASELINE; mode >= TRIVET_OPTIMIZED; mode--) {
		test_small((trivet_mode)mode);
		test_deep((trivet_mode)mode);
		test_after_trap((trivet_mode)mode);
		test_every_step((trivet_mode)mode);
	}
	for (unsigned k = 0; k < sizeof sizes / sizeof *sizes; k++)
		test_frame_of(TRIVET_BASELINE, sizes[k]);
	test_lifetime();
	return check_done();
}
