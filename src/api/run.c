/* run.c - calls with constant arguments: directives, and what the command's user types.
 *
 * Span arguments are fresh copies between guard words, so that a stray store shows. */
#include "api/api.h"
#include <string.h>

enum { GUARD = 64 }; /* bytes on each side of a span */
#define GUARD_BYTE 0xa5

typedef struct Buffer {
	uint8_t *memory; /* GUARD bytes, the elements, GUARD bytes */
	size_t bytes;	 /* of the elements */
} Buffer;

static trivet_status
lay_out(Arena *a, const CallSpec *call, const Func *f, uint64_t *flat, Buffer *buffers)
{
	for (uint32_t i = 0; i < f->nparams; i++) {
		const ConstValue *v = &call->args[i];
		uint32_t size = type_size(v->type);
		Buffer *b = &buffers[i];

		if (!type_is_span(v->type)) {
			*flat++ = v->bits;
			continue;
		}
		b->bytes = (size_t)v->count * size;
		b->memory = arena_alloc(a, b->bytes + 2 * GUARD);
		if (!b->memory)
			return TRIVET_NO_MEMORY;
		memset(b->memory, GUARD_BYTE, b->bytes + 2 * GUARD);
		/* All three machines are little-endian, so an element is its low bytes. */
		for (uint64_t k = 0; k < v->count; k++)
			memcpy(b->memory + GUARD + k * size, &v->elements[k], size);
		*flat++ = (uint64_t)(uintptr_t)(b->memory + GUARD);
		*flat++ = v->count;
	}
	return TRIVET_OK;
}

static bool
guards_intact(const Buffer *b)
{
	if (!b->memory)
		return true;
	for (size_t i = 0; i < GUARD; i++)
		if (b->memory[i] != GUARD_BYTE || b->memory[GUARD + b->bytes + i] != GUARD_BYTE)
			return false;
	return true;
}

/* FNV-1a over all span arguments, so that engines can be compared on every byte they leave. */
static uint64_t
hash_spans(const Buffer *b, uint32_t n)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	bool any = false;

	for (uint32_t i = 0; i < n; i++) {
		any |= b[i].memory != NULL;
		for (size_t k = 0; b[i].memory && k < b[i].bytes; k++)
			h = (h ^ b[i].memory[GUARD + k]) * UINT64_C(0x100000001b3);
	}
	return any ? h : 0;
}

/* Element k of memory, as ConstValue.elements holds it. */
static uint64_t
element_bits(trivet_type span, const uint8_t *memory, uint64_t k)
{
	uint32_t size = type_size(span);
	uint64_t bits = 0;

	memcpy(&bits, memory + k * size, size);
	if (span == TRIVET_SPAN_I8)
		bits = (uint64_t)(int64_t)(int8_t)bits & 0xffffffffu;
	else if (span == TRIVET_SPAN_I16)
		bits = (uint64_t)(int64_t)(int16_t)bits & 0xffffffffu;
	return bits;
}

static void
print_span(Text *t, trivet_type span, const uint8_t *memory, const uint64_t *elements, uint64_t n,
	   bool as_bits)
{
	text_add(t, "[", 1);
	for (uint64_t k = 0; k < n; k++) {
		uint64_t bits = memory ? element_bits(span, memory, k) : elements[k];

		if (k)
			text_add(t, ", ", 2);
		lang_print_value(t, type_element(span), bits, as_bits);
	}
	text_add(t, "]", 1);
}

static void
print_result(Text *t, const trivet_code *c, const CallSpec *call, const trivet_trap_info *trap,
	     uint64_t result, const Buffer *buffers, bool leaves, bool as_bits)
{
	const Func *f = &c->module->program.funcs.at[call->func];
	bool first = true;

	if (trap->trap)
		text_addf(t, "trap:%s@%s:%u", trap_name(trap->trap), trap->function, trap->line);
	else if (f->result == TRIVET_VOID)
		text_addf(t, "void");
	else
		lang_print_value(t, f->result, result, as_bits);
	for (uint32_t i = 0; leaves && i < f->nparams; i++) {
		if (!buffers[i].memory)
			continue;
		text_addf(t, first ? " leaves " : ", ");
		first = false;
		print_span(t, f->vars.at[i].type, buffers[i].memory + GUARD, NULL,
			   call->args[i].count, as_bits);
	}
}

static void
print_expected(Text *t, const trivet_code *c, const Directive *d)
{
	const Func *f = &c->module->program.funcs.at[d->call.func];

	if (d->expect == EXPECT_TRAP)
		text_addf(t, "trap:%s", trap_name(d->trap));
	else if (d->expect == EXPECT_VALUE)
		lang_print_value(t, f->result, d->value, true);
	for (uint32_t i = 0; d->leaves && i < d->nspans; i++) {
		text_addf(t, i ? ", " : d->expect ? " leaves " : "leaves ");
		print_span(t, d->spans[i].type, NULL, d->spans[i].elements, d->spans[i].count,
			   true);
	}
}

static bool
spans_as_expected(const Directive *d, const Func *f, const Buffer *buffers)
{
	uint32_t k = 0;

	for (uint32_t i = 0; i < f->nparams && k < d->nspans; i++) {
		const ConstValue *want = &d->spans[k];
		uint32_t size = type_size(f->vars.at[i].type);

		if (!buffers[i].memory)
			continue;
		k++;
		if (want->count * size != buffers[i].bytes)
			return false;
		for (uint64_t j = 0; j < want->count; j++)
			if (memcmp(buffers[i].memory + GUARD + j * size, &want->elements[j], size))
				return false;
	}
	return k == d->nspans;
}

static trivet_verdict
judge(const Directive *d, const Func *f, const trivet_trap_info *trap, uint64_t result,
      const Buffer *buffers)
{
	bool good = true;

	if (!d || (d->expect == EXPECT_NOTHING && !d->leaves))
		return TRIVET_NO_EXPECTATION;
	if (d->expect == EXPECT_TRAP)
		good = trap->trap == d->trap;
	else if (d->expect == EXPECT_VALUE)
		good = !trap->trap && result == d->value;
	if (d->leaves)
		good = good && spans_as_expected(d, f, buffers);
	return good ? TRIVET_PASS : TRIVET_FAIL;
}

static trivet_status
run(trivet_code *c, const CallSpec *call, const Directive *d, trivet_report *out)
{
	trivet_engine *e = c->engine;
	const Func *f = &c->module->program.funcs.at[call->func];
	uint64_t *flat, result = 0;
	trivet_trap_info trap;
	trivet_status s;
	Buffer *buffers;
	Text decimal, bits, expected;

	api_begin(e);
	arena_free(&e->told);
	*out = (trivet_report){ .line = d ? d->line : 0 };
	flat = arena_alloc(&e->told, (2 * (size_t)f->nparams + 1) * sizeof *flat);
	buffers = arena_alloc(&e->told, ((size_t)f->nparams + 1) * sizeof *buffers);
	if (!flat || !buffers || lay_out(&e->told, call, f, flat, buffers))
		return api_no_memory(e);
	if (c->bound)
		return api_fail(e, TRIVET_ARGUMENT, "specialised code takes other arguments");
	s = code_invoke(c, call->func, flat, &result, &trap);
	if (s && s != TRIVET_TRAP)
		return api_fail(e, s, "calling %.*s", (int)f->name.n, f->name.at);
	runtime_clear_trap();
	for (uint32_t i = 0; i < f->nparams; i++)
		if (!guards_intact(&buffers[i]))
			return api_fail(e, TRIVET_INTERNAL, "%.*s stored outside its argument %u",
					(int)f->name.n, f->name.at, i + 1);
	text_init(&decimal, &e->told);
	text_init(&bits, &e->told);
	text_init(&expected, &e->told);
	print_result(&decimal, c, call, &trap, result, buffers, d && d->leaves, false);
	print_result(&bits, c, call, &trap, result, buffers, d && d->leaves, true);
	if (d)
		print_expected(&expected, c, d);
	out->call = str_copy(&e->told, call->text).at;
	out->result = decimal.at ? decimal.at : "";
	out->bits = bits.at ? bits.at : "";
	out->expected = expected.at ? expected.at : "";
	out->span_hash = hash_spans(buffers, f->nparams);
	out->verdict = judge(d, f, &trap, result, buffers);
	out->trap = trap;
	return e->mem.failed ? api_no_memory(e) : TRIVET_OK;
}

trivet_status
trivet_time(trivet_code *c, const trivet_prepared *p, uint64_t calls, uint64_t *nanoseconds)
{
	trivet_engine *e;
	const Func *f;
	uint64_t *flat, result, start;
	Buffer *buffers;
	trivet_status s = TRIVET_OK;

	if (!c || !p || !nanoseconds || c->module != p->module)
		return TRIVET_ARGUMENT;
	e = c->engine;
	f = &c->module->program.funcs.at[p->call.func];
	api_begin(e);
	arena_free(&e->told);
	flat = arena_alloc(&e->told, (2 * (size_t)f->nparams + 1) * sizeof *flat);
	buffers = arena_alloc(&e->told, ((size_t)f->nparams + 1) * sizeof *buffers);
	if (!flat || !buffers || lay_out(&e->told, &p->call, f, flat, buffers))
		return api_no_memory(e);
	if (c->bound)
		return api_fail(e, TRIVET_ARGUMENT, "specialised code takes other arguments");
	start = os_nanoseconds();
	for (uint64_t i = 0; i < calls && !s; i++)
		s = code_invoke(c, p->call.func, flat, &result, NULL);
	*nanoseconds = os_nanoseconds() - start;
	if (s && s != TRIVET_TRAP)
		api_fail(e, s, "calling %.*s", (int)f->name.n, f->name.at);
	return s;
}

uint32_t
trivet_directive_count(const trivet_module *m)
{
	return m ? m->program.directives.n : 0;
}

trivet_status
trivet_run_directive(trivet_code *c, uint32_t index, trivet_report *out)
{
	const Program *p;

	if (!c || !out)
		return TRIVET_ARGUMENT;
	p = &c->module->program;
	if (index >= p->directives.n)
		return api_fail(c->engine, TRIVET_ARGUMENT, "directive %u of %u", index,
				p->directives.n);
	return run(c, &p->directives.at[index].call, &p->directives.at[index], out);
}

trivet_status
trivet_run(trivet_code *c, const trivet_prepared *p, trivet_report *out)
{
	if (!c || !p || !out)
		return TRIVET_ARGUMENT;
	if (c->module != p->module)
		return api_fail(c->engine, TRIVET_ARGUMENT,
				"the call was prepared for another module");
	return run(c, &p->call, NULL, out);
}

/* ---- Prepared calls ---- */

trivet_status
trivet_prepare(trivet_module *m, const char *call, trivet_prepared **out)
{
	trivet_engine *e;
	trivet_prepared *p;
	trivet_status s;
	Diags d;
	Str text;

	if (!m || !call || !out)
		return TRIVET_ARGUMENT;
	e = m->engine;
	*out = NULL;
	api_begin(e);
	p = api_new(e, sizeof *p);
	if (!p)
		return api_no_memory(e);
	p->engine = e;
	p->module = m;
	m->users++;
	arena_init(&p->arena, &e->mem);
	p->next = e->prepared;
	if (p->next)
		p->next->prev = p;
	e->prepared = p;
	text = str_copy(&p->arena, (Str){ call, (uint32_t)strlen(call) });
	diag_init(&d, &p->arena, STR("call"), text);
	s = text.at ? lang_parse_call(&m->program, &p->arena, text, &d, &p->call)
		    : TRIVET_NO_MEMORY;
	if (!s && !e->mem.failed) {
		*out = p;
		return TRIVET_OK;
	}
	if (e->mem.failed) {
		s = api_no_memory(e);
	} else {
		api_diagnose(e, &d);
		api_fail(e, s, "%s", d.list.n ? d.list.at[0].message : call);
	}
	trivet_prepared_free(p);
	return s;
}

void
trivet_prepared_free(trivet_prepared *p)
{
	trivet_engine *e;

	if (!p)
		return;
	e = p->engine;
	if (p->prev)
		p->prev->next = p->next;
	else
		e->prepared = p->next;
	if (p->next)
		p->next->prev = p->prev;
	arena_free(&p->arena);
	module_release(p->module);
	api_delete(e, p, sizeof *p);
}
