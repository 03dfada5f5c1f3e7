/* gen.c - the driver: layout of the linked blob, lists by function, failing memory.
 *
 * If this fails, entry points, the import table or line marks are not where the host is told. */
#include "gen/gen.h"
#include "check.h"
#include "ir/build.h"
#include "lang/lang.h"

#include <stdlib.h>

/* ---- A small module ----------------------------------------------------------------------------
 */

static const uint8_t two_i64[] = { IR_I64, IR_I64 };

/* FuncId 0: an extern.  FuncId 1: x*x + y, with a thunk.  FuncId 2: calls both, and adds constants.
 */
static IrModule *
small_module(Arena *a)
{
	IrModule *m = ir_module(a);

	if (!m || !(m->func_of = arena_alloc(a, 3 * sizeof *m->func_of)))
		return NULL;
	for (uint32_t k = 0; k < 3; k++) {
		IrFunc *f = ir_func(m);
		if (!f)
			return NULL;
		f->name = STR("function");
		f->result = IR_I64;
		f->params = two_i64;
		f->nparams = 2;
		f->entry_thunk = k;
		f->line = 10 * (k + 1);
		f->source = k == 1 ? 2 : 1;
	}
	ir_import(m, (Import){ IMPORT_EXTERN, IR_I64, 0, two_i64, 2, false });
	ir_import(m, (Import){ .kind = IMPORT_INTERRUPT });
	ir_helper(m, HELPER_ENTER); /* thunks call these */
	ir_helper(m, HELPER_TRAPPED);
	ir_import(m, (Import){ .kind = IMPORT_CODE });
	m->func_of[0] = BLOCK_NONE;
	m->func_of[1] = 0;
	m->func_of[2] = 1;
	m->funcs.at[0].entry_thunk = 2;
	m->funcs.at[2].is_entry = true;
	for (uint32_t k = 0; k < 3; k++) {
		IrFunc *f = &m->funcs.at[k];
		Val p[2], v = 0;
		for (int32_t n = 0; n < 2; n++)
			p[n] = ir_append(f, 0, (Ins){ .op = IR_PARAM, .type = IR_I64, .aux = n });
		if (k == 0)
			v = ir_ins(f, 0, IR_ADD, IR_I64, ir_ins(f, 0, IR_MUL, IR_I64, p[0], p[0]),
				   p[1]);
		if (k == 1) {
			Val c = ir_const(f, IR_F64, UINT64_C(0x400921fb54442d18));
			Val x = ir_ins(f, 0, IR_STOF, IR_F64, p[0], 0);
			x = ir_ins(f, 0, IR_FMUL, IR_F64, x, c);
			v = ir_pooled(f, 0, IR_CALL, IR_I64, 0, p, 2);
			p[0] = v;
			v = ir_pooled(f, 0, IR_CALLX, IR_I64, 0, p, 2);
			v = ir_ins(f, 0, IR_ADD, IR_I64, v, ir_ins(f, 0, IR_FTOS, IR_I64, x, 0));
		}
		if (k == 2)
			v = ir_pooled(f, 0, IR_CALL, IR_I64, 0, p, 2);
		ir_ret(f, 0, v);
	}
	return a->mem->failed ? NULL : m;
}

static GenOptions
options(const Target *t, Quality q)
{
	return (GenOptions){ t, t->features, q, ~UINT64_C(0), 0, 1 << 16, 1000, true };
}

static void
test_layout(const Target *t, Quality q)
{
	Mem mem;
	Arena a;
	Text why;
	ObjectCode o;
	GenOptions go = options(t, q);

	mem_init(&mem, NULL);
	arena_init(&a, &mem);
	text_init(&why, &a);
	IrModule *m = small_module(&a);
	if (!CHECK(m != NULL) || !CHECK_EQ(gen_module(m, &go, &a, &o, &why), TRIVET_OK)) {
		printf("    %s: %s\n", t->name, why.at ? why.at : "");
		arena_free(&a);
		return;
	}
	CHECK_EQ(o.nframes, 3);
	CHECK_EQ(o.imports % 8, 0);
	CHECK_EQ(o.unwind & 3, 0);
	CHECK(o.unwind >= o.imports + 8 * m->imports.n && o.unwind < o.size);
	for (uint32_t k = o.imports; k < o.imports + 8 * m->imports.n; k++)
		CHECK_EQ(o.bytes[k], 0);
	for (uint32_t k = 0; k < 3; k++) {
		CHECK(o.frames[k].start < o.frames[k].end);
		CHECK(o.frames[k].end <= o.imports);
		CHECK(k == 0 || o.frames[k].start >= o.frames[k - 1].end);
		CHECK(t->code_align == 0 || o.frames[k].start % t->code_align == 0);
		CHECK(o.frames[k].prologue_bytes < o.frames[k].end - o.frames[k].start);
	}
	CHECK(o.funcs[1].needs_thunk);
	CHECK(!o.funcs[2].needs_thunk);
	CHECK_EQ(o.funcs[1].entry, o.frames[2].start);
	CHECK_EQ(o.funcs[1].start, o.frames[0].start);
	CHECK_EQ(o.funcs[2].entry, o.frames[1].start);
	CHECK_EQ(o.funcs[2].end, o.frames[1].end);
	for (uint32_t k = o.frames[0].end; k < o.frames[1].start; k++)
		CHECK_EQ(o.bytes[k], t->filler >> 8 * (k % 4) & 0xff);
	CHECK(o.nlines >= 1 && o.lines[0].line == 10);
	for (uint32_t k = 1; k < o.nlines; k++)
		CHECK(o.lines[k].at > o.lines[k - 1].at && o.lines[k].line != o.lines[k - 1].line);
	arena_free(&a);
}

static void
test_pool_and_lines(void)
{
	Mem mem;
	Arena a;
	Cbuf c;

	mem_init(&mem, NULL);
	arena_init(&a, &mem);
	cbuf_init(&c, &a);
	Gen g = { .c = &c, .arena = &a };
	CHECK_EQ(gen_pool(&g, 1), 0);
	CHECK_EQ(gen_pool(&g, 2), 8);
	CHECK_EQ(gen_pool(&g, 1), 0);
	for (uint32_t k = 0; k < 1000; k++)
		CHECK_EQ(gen_pool(&g, 100 + k), 16 + 8 * k);
	gen_line(&g, 5);
	gen_line(&g, 6); /* nothing was emitted for line 5 */
	CHECK_EQ(g.lines.n, 1);
	cbuf_u32(&c, 0);
	gen_line(&g, 6);
	CHECK_EQ(g.lines.n, 1);
	gen_line(&g, 7);
	CHECK_EQ(g.lines.n, 2);
	CHECK_EQ(g.lines.at[0].line, 6);
	CHECK_EQ(g.lines.at[1].at, 4);
	arena_free(&a);
}

static void
test_targets(void)
{
	uint32_t n = 0;

	for (const Target *t; (t = target_at(n)) != NULL; n++)
		CHECK(target_find(t->name) == t);
	CHECK_EQ(n, 3);
	CHECK(target_find("vax-vms") == NULL);
	CHECK(target_find("") == NULL);
	CHECK(target_find(NULL) == NULL);
	CHECK(target_at(UINT32_MAX) == NULL);
}

/* ---- Memory that runs out ----------------------------------------------------------------------
 */

typedef struct Ration {
	unsigned long left, asked;
} Ration;

static void *
rationed(void *user, void *p, size_t old_size, size_t size)
{
	Ration *r = user;

	(void)old_size;
	if (size == 0) {
		free(p);
		return NULL;
	}
	r->asked++;
	if (r->left == 0)
		return NULL;
	r->left--;
	return realloc(p, size);
}

/* The n-th allocation fails, for each n, until none does. */
static void
test_no_memory(const Target *t)
{
	trivet_status s = TRIVET_NO_MEMORY;
	unsigned long n = 0;

	for (; s != TRIVET_OK && n < 10000; n++) {
		Ration ration = { n, 0 };
		trivet_allocator host = { rationed, &ration };
		Mem mem;
		Arena a;
		Text why;
		ObjectCode o;
		GenOptions go = options(t, QUALITY_BASELINE);
		mem_init(&mem, &host);
		arena_init(&a, &mem);
		text_init(&why, &a);
		IrModule *m = small_module(&a);
		s = m ? gen_module(m, &go, &a, &o, &why) : TRIVET_NO_MEMORY;
		if (s != TRIVET_OK) {
			if (!CHECK_EQ(s, TRIVET_NO_MEMORY) && check_failures < 5)
				printf("    %s: %s\n", t->name, why.at ? why.at : "");
			CHECK(mem.failed);
		}
		arena_free(&a);
		CHECK_EQ(mem.live, 0);
	}
	CHECK_EQ(s, TRIVET_OK);
	CHECK(n > 1);
}

/* One register of a class is too few for x*x + y on any target: a status, not a crash. */
static void
test_too_few_registers(const Target *t)
{
	Mem mem;
	Arena a;
	Text why;
	ObjectCode o;
	GenOptions go = options(t, QUALITY_OPTIMIZED);

	go.available = 0;
	mem_init(&mem, NULL);
	arena_init(&a, &mem);
	text_init(&why, &a);
	IrModule *m = small_module(&a);
	CHECK_EQ(gen_module(m, &go, &a, &o, &why), TRIVET_INTERNAL);
	CHECK(why.n > 0 && !mem.failed);
	arena_free(&a);
}

/* ---- Entries that are alike ----------------------------------------------------------------- */

/* More signatures than are remembered, arguments in registers and on the stack, in an order that
 * comes back to the first ones; with externs, entries call a helper first. */
static const char *const entered[] = {
	"fn a(n: i64, xs: [i64]) -> i64 { return xs[n]; }\n"
	"fn b(n: i64, xs: [i64]) -> i64 { return xs[n] + a(n, xs); }\n"
	"fn c(x: f64, n: i32) -> f64 { return x / ((1 / n) as f64); }\n"
	"fn d(n: i64, xs: [i64]) -> i64 { return 2 / n; } fn e(n: i64, xs: [i64]) -> i64 { return "
	"3 / n; }\n"
	"fn f(n: i32) { g(1 / n); } fn g(n: i32) { f(2 / n); }\n"
	"fn h(a: i64, b: i64, c: i64, d: i64, e: i64, f: i64, g: i64, h: i64, x: [f64]) -> f64 {\n"
	" return x[a / b / c / d / e / f / g / h]; }\n"
	"fn i(x: f64, n: i32) -> f64 { return x * ((2 / n) as f64); }\n"
	"fn j(n: i64) -> i64 { return 5 / n; }\n"
	"fn k(a: i64, b: i64, c: i64, d: i64, e: i64, f: i64, g: i64, h: i64, x: [f64]) -> f64 {\n"
	" return x[h / a]; }\n"
	"fn l(n: i64) -> f32 { return (7 / n) as f32; }\n"
	"fn m(n: i64, xs: [i64]) -> i64 { return xs[n + 1]; }\n"
	"fn n(n: i64) -> i64 { return 6 / n; }\n"
	"fn o(n: i32) { f(n / n); }\n"
	"fn p(n: u64) -> i64 { return xs(5 / n); } fn xs(n: u64) -> i64 { return 1; }\n",
	"extern fn z(i64) -> i64;\n"
	"fn a(n: i64) -> i64 { return z(1 / n); }\n"
	"fn b(n: i64) -> i64 { return z(2 / n); }\n"
	"fn c(x: f64, y: f32, n: i64) -> f64 { return x + (z(2 / n) as f64); }\n"
	"fn d(x: f64, y: f32, n: i64) -> f64 { return x - (z(3 / n) as f64); }\n",
};

static trivet_status
compile_entered(const char *text, bool alike, const GenOptions *go, Arena *a, ObjectCode *o,
		uint32_t *copied)
{
	Diags diags;
	Program p;
	IrModule *m;
	Str source = { text, (uint32_t)strlen(text) };
	IrOptions none = { 0 };

	diag_init(&diags, a, STR("test"), source);
	if (!CHECK_EQ(program_init(&p, a, STR("test")), TRIVET_OK) ||
	    !CHECK_EQ(lang_parse(&p, source, &diags), TRIVET_OK) ||
	    !CHECK((m = ir_build(a, &p, &none)) != NULL))
		return TRIVET_SOURCE;
	for (uint32_t k = 0; k < m->funcs.n; k++) {
		*copied += m->funcs.at[k].alike;
		m->funcs.at[k].alike &= alike;
	}
	return gen_module(m, go, a, o, NULL);
}

static uint32_t
word_at(const ObjectCode *o, uint32_t at)
{
	const uint8_t *b = o->bytes + at;

	return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

/* The records of .eh_frame are those of the frames, one after the other. */
static void
check_eh_frame(const ObjectCode *o)
{
	uint32_t at = o->unwind;

	for (uint32_t k = 0; k < o->nframes; k++) {
		at += 4 + word_at(o, at);
		if (!CHECK(at + 16 < o->size))
			return;
		CHECK_EQ(at + 4 - word_at(o, at + 4), o->unwind);
		CHECK_EQ(at + 8 + word_at(o, at + 8), o->frames[k].start);
		CHECK_EQ(word_at(o, at + 12), o->frames[k].end - o->frames[k].start);
	}
	at += 4 + word_at(o, at);
	CHECK(at + 4 == o->size && word_at(o, at) == 0);
}

/* Copied from one another or made one by one, they are the same. */
static void
test_alike(const Target *t, const char *text)
{
	GenOptions go = options(t, QUALITY_BASELINE);
	uint32_t copied = 0;
	ObjectCode o[2];
	Mem mem;
	Arena a;

	mem_init(&mem, NULL);
	arena_init(&a, &mem);
	for (int k = 0; k < 2; k++)
		if (!CHECK_EQ(compile_entered(text, k, &go, &a, &o[k], &copied), TRIVET_OK))
			goto done;
	CHECK(copied >= 2 * 4);
	CHECK(o[0].size == o[1].size && memcmp(o[0].bytes, o[1].bytes, o[0].size) == 0);
	CHECK(o[0].imports == o[1].imports && o[0].unwind == o[1].unwind);
	CHECK(o[0].nlines == o[1].nlines &&
	      memcmp(o[0].lines, o[1].lines, o[0].nlines * sizeof(LineMark)) == 0);
	CHECK(o[0].nframes == o[1].nframes && o[0].nfuncs == o[1].nfuncs);
	for (uint32_t k = 0; k < o[0].nframes; k++) {
		FrameInfo x = o[0].frames[k], y = o[1].frames[k];
		CHECK(x.start == y.start && x.end == y.end && x.frame_bytes == y.frame_bytes);
		CHECK(x.saved == y.saved && x.prologue_bytes == y.prologue_bytes);
		CHECK(x.pushes == y.pushes && x.framed == y.framed && x.nexits == y.nexits);
		for (uint32_t n = 0; n < x.nexits && n < y.nexits; n++)
			CHECK_EQ(x.exits[n], y.exits[n]);
	}
	if (t->unwind != UNWIND_WINDOWS_X64)
		check_eh_frame(&o[1]);
	for (uint32_t k = 0; k < o[0].nfuncs; k++)
		CHECK(o[0].funcs[k].entry == o[1].funcs[k].entry &&
		      o[0].funcs[k].needs_thunk == o[1].funcs[k].needs_thunk);
done:
	arena_free(&a);
}

int
main(void)
{
	test_targets();
	test_pool_and_lines();
	for (uint32_t k = 0; target_at(k); k++) {
		test_layout(target_at(k), QUALITY_BASELINE);
		test_layout(target_at(k), QUALITY_OPTIMIZED);
		test_no_memory(target_at(k));
		test_too_few_registers(target_at(k));
		test_alike(target_at(k), entered[0]);
		test_alike(target_at(k), entered[1]);
	}
	return check_done();
}
