/* module.c - programs: from text, what is in them, and how they look inside. */
#include "api/api.h"
#include <string.h>

static trivet_module *
module_new(trivet_engine *e, const char *name)
{
	trivet_module *m = api_new(e, sizeof *m);

	if (!m)
		return NULL;
	m->engine = e;
	m->users = 1;
	arena_init(&m->arena, &e->mem);
	m->next = e->modules;
	if (m->next)
		m->next->prev = m;
	e->modules = m;
	if (!name)
		name = "program";
	if (program_init(&m->program, &m->arena,
			 str_copy(&m->arena, (Str){ name, (uint32_t)strlen(name) }))) {
		module_release(m);
		return NULL;
	}
	return m;
}

void
module_release(trivet_module *m)
{
	trivet_engine *e = m->engine;

	if (--m->users)
		return;
	if (m->prev)
		m->prev->next = m->next;
	else
		e->modules = m->next;
	if (m->next)
		m->next->prev = m->prev;
	arena_free(&m->arena);
	api_delete(e, m, sizeof *m);
}

void
trivet_module_free(trivet_module *m)
{
	if (m)
		module_release(m);
}

trivet_status
api_module_finish(trivet_module *m, trivet_status s, const Diags *d, trivet_module **out)
{
	trivet_engine *e = m->engine;

	if (s == TRIVET_OK && !e->mem.failed) {
		*out = m;
		return TRIVET_OK;
	}
	if (e->mem.failed)
		s = TRIVET_NO_MEMORY;
	if (s == TRIVET_SOURCE)
		api_diagnose(e, d);
	if (s == TRIVET_SOURCE && d->list.n)
		api_fail(e, s, "%.*s:%u:%u: %s", (int)d->file.n, d->file.at, d->list.at[0].line,
			 d->list.at[0].column, d->list.at[0].message);
	else if (s == TRIVET_NO_MEMORY)
		api_no_memory(e);
	else
		api_fail(e, s, "%.*s", (int)m->program.file.n, m->program.file.at);
	module_release(m);
	return s;
}

trivet_module *
api_module_begin(trivet_engine *e, const char *name)
{
	api_begin(e);
	arena_free(&e->diagnosed);
	memset(&e->diagnostics, 0, sizeof e->diagnostics);
	return module_new(e, name);
}

trivet_status
trivet_parse(trivet_engine *e, const char *name, const char *text, size_t length,
	     trivet_module **out)
{
	trivet_module *m;
	uint64_t start;
	Diags d;
	Str copy;

	if (!e || !out)
		return TRIVET_ARGUMENT;
	*out = NULL;
	m = api_module_begin(e, name);
	if (!m)
		return api_no_memory(e);
	if ((!text && length) || length > UINT32_MAX / 2) {
		module_release(m);
		return api_fail(e, text ? TRIVET_LIMIT : TRIVET_ARGUMENT,
				"a program's text is at most 2 GiB; %zu bytes were given", length);
	}
	start = os_nanoseconds();
	copy = str_copy(&m->arena, (Str){ length ? text : "", (uint32_t)length });
	diag_init(&d, &m->arena, m->program.file, copy);
	if (!copy.at)
		return api_module_finish(m, TRIVET_NO_MEMORY, &d, out);
	trivet_status s = lang_read(&m->program, copy, &d);
	e->times = (trivet_times){ .parse = os_nanoseconds() - start };
	start += e->times.parse;
	s = s ? s : lang_check(&m->program, &d);
	e->times.check = os_nanoseconds() - start;
	return api_module_finish(m, s, &d, out);
}

const char *
api_signature(Arena *a, const Func *f)
{
	Text t;

	text_init(&t, a);
	text_addf(&t, "%s(", type_name(f->result));
	for (uint32_t i = 0; i < f->nparams; i++)
		text_addf(&t, "%s%s", i ? "," : "", type_name(f->vars.at[i].type));
	text_add(&t, ")", 1);
	return t.at;
}

uint32_t
trivet_function_count(const trivet_module *m)
{
	return m ? m->program.funcs.n : 0;
}

trivet_status
trivet_function_get(trivet_module *m, uint32_t index, trivet_function_info *out)
{
	const Func *f;

	if (!m || !out)
		return TRIVET_ARGUMENT;
	api_begin(m->engine);
	if (index >= m->program.funcs.n)
		return api_fail(m->engine, TRIVET_NO_FUNCTION, "number %u of %u", index,
				m->program.funcs.n);
	f = &m->program.funcs.at[index];
	out->name = str_copy(&m->arena, f->name).at;
	out->signature = api_signature(&m->arena, f);
	out->line = f->line;
	out->is_extern = f->is_extern;
	return out->name && out->signature ? TRIVET_OK : api_no_memory(m->engine);
}

/* The module in SSA form after the passes `o` asks for; NULL with *s set. */
static IrModule *
optimized_ir(const trivet_module *m, const OptOptions *o, Arena *scratch, Text *remarks,
	     trivet_status *s)
{
	const IrOptions plain = { .names = remarks != NULL };
	IrModule *ir = ir_build(scratch, &m->program, &plain);
	Text why;

	text_init(&why, scratch);
	*s = TRIVET_OK;
	if (ir && opt_run(ir, o, scratch, remarks, &why))
		return ir;
	if (!m->engine->mem.failed)
		*s = api_fail(m->engine, TRIVET_INTERNAL, "%s", why.at ? why.at : "passes");
	return NULL;
}

static trivet_status
dump(trivet_module *m, trivet_form form, const OptOptions *opt, const char **out)
{
	trivet_engine *e = m->engine;
	trivet_status s = TRIVET_OK;
	Arena scratch;
	Text t;

	arena_free(&e->told);
	arena_init(&scratch, &e->mem);
	text_init(&t, &e->told);
	text_add(&t, "", 0);
	if (form == TRIVET_FORM_AST) {
		lang_print(&m->program, &t);
	} else if (form == TRIVET_FORM_REMARKS) {
		optimized_ir(m, opt ? opt : &(OptOptions){ 0 }, &scratch, &t, &s);
	} else if (form == TRIVET_FORM_IR) {
		const IrOptions o = { 0 };
		IrModule *ir = opt ? optimized_ir(m, opt, &scratch, NULL, &s)
				   : ir_build(&scratch, &m->program, &o);
		if (ir)
			ir_print(ir, &t);
	} else {
		Bytecode *b = interp_compile(&scratch, &m->program);
		if (b)
			interp_print(b, &t);
	}
	arena_free(&scratch);
	if (e->mem.failed)
		return api_no_memory(e);
	if (!s)
		*out = t.at ? t.at : "";
	return s;
}

trivet_status
trivet_dump(trivet_module *m, trivet_form form, const char **out)
{
	if (!m || !out)
		return TRIVET_ARGUMENT;
	*out = NULL;
	api_begin(m->engine);
	return dump(m, form, NULL, out);
}

static trivet_status
dump_optimized(trivet_module *m, trivet_form form, const char *pass, const char *without,
	       const char **out)
{
	OptOptions o = { .verify = true };
	Str unknown;

	if (!m || !out)
		return TRIVET_ARGUMENT;
	*out = NULL;
	api_begin(m->engine);
	if (!opt_parse(&o, without, pass, &unknown))
		return api_fail(m->engine, TRIVET_ARGUMENT, "there is no pass '%.*s'",
				(int)unknown.n, unknown.at);
	return dump(m, form, &o, out);
}

trivet_status
trivet_dump_after(trivet_module *m, const char *pass, const char *without, const char **out)
{
	return dump_optimized(m, TRIVET_FORM_IR, pass, without, out);
}

trivet_status
trivet_dump_remarks(trivet_module *m, const char *without, const char **out)
{
	return dump_optimized(m, TRIVET_FORM_REMARKS, NULL, without, out);
}

bool
trivet_pass(uint32_t index, const char **name, const char **what)
{
	const Pass *p = opt_pass(index);

	if (!p)
		return false;
	if (name)
		*name = p->name;
	if (what)
		*what = p->what;
	return true;
}
