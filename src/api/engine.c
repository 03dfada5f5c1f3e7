/* engine.c - opening, closing, messages, bindings, and what there is to know about this machine. */
#include "api/api.h"
#include "api/version.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const status_text[TRIVET_STATUS_COUNT] = {
#define X(name, text) [TRIVET_##name] = text,
	TRIVET_STATUS_LIST(X)
#undef X
};

static const char *const feature_text[TRIVET_FEATURE_COUNT] = {
#define X(name, text) [TRIVET_FEATURE_INDEX_##name] = text,
	TRIVET_FEATURE_LIST(X)
#undef X
};

void
api_begin(trivet_engine *e)
{
	e->mem.failed = false;
	e->message[0] = 0;
}

trivet_status
api_fail(trivet_engine *e, trivet_status s, const char *format, ...)
{
	va_list args;
	size_t used;

	snprintf(e->message, sizeof e->message, "%s: ", trivet_status_text(s));
	used = strlen(e->message);
	va_start(args, format);
	vsnprintf(e->message + used, sizeof e->message - used, format, args);
	va_end(args);
	return s;
}

trivet_status
api_no_memory(trivet_engine *e)
{
	return api_fail(e, TRIVET_NO_MEMORY, "%zu bytes are in use", e->mem.live);
}

void *
api_new(trivet_engine *e, size_t bytes)
{
	void *p = mem_resize(&e->mem, NULL, 0, bytes);

	if (p)
		memset(p, 0, bytes);
	return p;
}

void
api_delete(trivet_engine *e, void *p, size_t bytes)
{
	mem_resize(&e->mem, p, bytes, 0);
}

void
api_diagnose(trivet_engine *e, const Diags *d)
{
	arena_free(&e->diagnosed);
	memset(&e->diagnostics, 0, sizeof e->diagnostics);
	for (uint32_t i = 0; i < d->list.n; i++) {
		const Diag *g = &d->list.at[i];
		trivet_diagnostic *out = vec_push(&e->diagnosed, &e->diagnostics);
		Text t;

		if (!out)
			return;
		text_init(&t, &e->diagnosed);
		diag_format(d, i, &t);
		out->line = g->line;
		out->column = g->column;
		out->message =
			str_copy(&e->diagnosed, (Str){ g->message, (uint32_t)strlen(g->message) })
				.at;
		out->text = t.at;
		if (!out->message || !out->text)
			e->diagnostics.n--;
	}
}

/* ---- Opening and closing ---- */

uint16_t
api_machine(UnwindFormat format)
{
	return format == UNWIND_DWARF_AARCH64 ? 183 : 62;
}

/* Opened with its header written. */
static trivet_status
open_dump(trivet_engine *e)
{
	const Target *host = target_find(os_target_name());
	JitdumpWriter w = { os_process_id(), os_thread_id(), os_nanoseconds(), &e->dumped };
	Arena scratch;
	Text t;

	if (!e->options.jitdump || host->unwind == UNWIND_WINDOWS_X64)
		return TRIVET_OK;
	if (!os_dump_open(&e->dump, e->options.jitdump))
		return TRIVET_SYSTEM;
	arena_init(&scratch, &e->mem);
	text_init(&t, &scratch);
	jitdump_header(&t, api_machine(host->unwind), &w);
	if (!e->mem.failed)
		os_dump_write(&e->dump, t.at, t.n);
	arena_free(&scratch);
	e->options.jitdump = NULL; /* the host's text need not last */
	return e->mem.failed ? TRIVET_NO_MEMORY : TRIVET_OK;
}

static void
close_dump(trivet_engine *e)
{
	JitdumpWriter w = { os_process_id(), os_thread_id(), os_nanoseconds(), &e->dumped };
	Arena scratch;
	Text t;

	if (!e->dump.mark)
		return;
	arena_init(&scratch, &e->mem);
	text_init(&t, &scratch);
	jitdump_end(&t, &w);
	os_dump_write(&e->dump, t.at, t.n);
	arena_free(&scratch);
	os_dump_close(&e->dump);
}

/* Bytes that an engine keeps of what compiling needed, for the next time: asked of the system anew,
 * memory costs more than what is done in it. */
enum { ENGINE_KEEPS = 2 << 20 };

trivet_status
trivet_open(const trivet_options *options, trivet_engine **out)
{
	const trivet_options none = { 0 };
	trivet_engine *e;
	trivet_status s;
	Mem mem;

	if (!out)
		return TRIVET_ARGUMENT;
	*out = NULL;
	if (!options)
		options = &none;
	mem_init(&mem, options->allocator.resize ? &options->allocator : NULL);
	e = mem_resize(&mem, NULL, 0, sizeof *e);
	if (!e)
		return TRIVET_NO_MEMORY;
	memset(e, 0, sizeof *e);
	e->mem = mem;
	e->mem.keep = ENGINE_KEEPS;
	e->options = *options;
	e->cpu = os_cpu_features();
	os_find_unwinder(&e->unwinder);
	if (!e->options.max_depth)
		e->options.max_depth = TRIVET_DEFAULT_MAX_DEPTH;
	if (!e->options.stack_bytes)
		e->options.stack_bytes = TRIVET_DEFAULT_STACK_BYTES;
	code_pool_init(&e->pool, &e->mem, 0);
	arena_init(&e->bound, &e->mem);
	arena_init(&e->diagnosed, &e->mem);
	arena_init(&e->told, &e->mem);
	arena_init(&e->stub_slots, &e->mem);
	s = open_dump(e);
	if (s) {
		trivet_close(e);
		return s;
	}
	*out = e;
	return TRIVET_OK;
}

void
trivet_close(trivet_engine *e)
{
	Mem mem;

	if (!e)
		return;
	close_dump(e);
	e->pool.closing = true;
	while (e->prepared)
		trivet_prepared_free(e->prepared);
	while (e->codes)
		trivet_code_free(e->codes);
	while (e->modules) {
		e->modules->users = 1;
		module_release(e->modules);
	}
	api_free_stubs(e);
	arena_free(&e->bound);
	arena_free(&e->diagnosed);
	arena_free(&e->told);
	code_pool_free(&e->pool);
	mem_drop_spare(&e->mem);
	mem = e->mem;
	mem_resize(&mem, e, sizeof *e, 0);
}

/* ---- Names ---- */

const char *
trivet_message(const trivet_engine *e)
{
	return e ? e->message : "no engine";
}

const char *
trivet_status_text(trivet_status s)
{
	return (unsigned)s < TRIVET_STATUS_COUNT ? status_text[s] : "unknown status";
}

const char *
trivet_type_name(trivet_type t)
{
	return (unsigned)t < TRIVET_TYPE_COUNT ? type_name(t) : "?";
}

const char *
trivet_trap_name(trivet_trap t)
{
	return (unsigned)t < TRIVET_TRAP_COUNT ? trap_name(t) : "?";
}

const char *
trivet_version(void)
{
	return TRIVET_VERSION;
}

const char *
trivet_host_target(void)
{
	return os_target_name();
}

const char *
trivet_target_name(uint32_t index)
{
	const Target *t = target_at(index);

	return t ? t->name : NULL;
}

uint32_t
trivet_host_features(void)
{
	return os_cpu_features();
}

uint32_t
trivet_target_features(const char *target)
{
	const Target *t = target ? target_find(target) : NULL;

	return t ? t->features : 0;
}

const char *
trivet_feature_name(uint32_t index)
{
	return index < TRIVET_FEATURE_COUNT ? feature_text[index] : NULL;
}

size_t
trivet_page_size(void)
{
	return os_page_size();
}

trivet_status
trivet_probe(trivet_engine *e)
{
	trivet_status s;

	if (!e)
		return TRIVET_ARGUMENT;
	api_begin(e);
	s = e->options.refuse_exec ? TRIVET_NO_EXEC : code_probe();
	return s ? api_fail(e, s, "the interpreter can serve the same calls") : s;
}

/* ---- Diagnostics ---- */

uint32_t
trivet_diagnostic_count(const trivet_engine *e)
{
	return e ? e->diagnostics.n : 0;
}

trivet_status
trivet_diagnostic_get(trivet_engine *e, uint32_t index, trivet_diagnostic *out)
{
	if (!e || !out)
		return TRIVET_ARGUMENT;
	if (index >= e->diagnostics.n)
		return api_fail(e, TRIVET_ARGUMENT, "diagnostic %u of %u", index, e->diagnostics.n);
	*out = e->diagnostics.at[index];
	return TRIVET_OK;
}

/* ---- Host functions ---- */

trivet_status
trivet_bind(trivet_engine *e, const char *name, const char *signature, trivet_function function)
{
	trivet_type result, params[64];
	Binding b = { 0 }, *slot = NULL;
	Str text;

	if (!e)
		return TRIVET_ARGUMENT;
	api_begin(e);
	if (!name || !*name || !signature || !function)
		return api_fail(e, TRIVET_ARGUMENT,
				"a binding needs a name, a signature, a function");
	text = (Str){ signature, (uint32_t)strlen(signature) };
	if (!lang_parse_signature(text, &result, params, &b.nparams, 64))
		return api_fail(
			e, TRIVET_SIGNATURE,
			"\"%s\" of %s is not one; it should look like \"i64(i64,[f64])\" with "
			"at most 64 parameters",
			signature, name);
	b.name = str_copy(&e->bound, (Str){ name, (uint32_t)strlen(name) });
	b.params = arena_alloc(&e->bound, (b.nparams + 1) * sizeof *b.params);
	if (!b.name.at || !b.params)
		return api_no_memory(e);
	memcpy(b.params, params, b.nparams * sizeof *params);
	b.result = result;
	b.function = function;
	for (uint32_t i = 0; i < e->bindings.n; i++)
		if (str_equal(e->bindings.at[i].name, b.name))
			slot = &e->bindings.at[i];
	if (!slot)
		slot = vec_push(&e->bound, &e->bindings);
	if (!slot)
		return api_no_memory(e);
	*slot = b;
	return TRIVET_OK;
}
