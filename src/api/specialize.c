/* specialize.c - code of one function, some of whose parameters are constants.
 *
 * Compiled from the checked program as all code is: the parameters are constants from the start, so
 * every pass sees them.  The interpreter is handed all arguments. */
#include "api/api.h"
#include <string.h>

uint32_t
code_params(const trivet_code *c, FuncId id, trivet_type *out)
{
	const Func *f = &c->module->program.funcs.at[id];
	uint32_t n = 0;

	for (uint32_t i = 0; i < f->nparams; i++) {
		if (!code_is_open(c, i))
			continue;
		if (out)
			out[n] = f->vars.at[i].type;
		n++;
	}
	return n;
}

const char *
code_signature(const trivet_code *c, FuncId id)
{
	const Func *f = &c->module->program.funcs.at[id];
	const char *comma = "";
	Text t;

	text_init(&t, &c->engine->told);
	text_addf(&t, "%s(", type_name(f->result));
	for (uint32_t i = 0; i < f->nparams; i++) {
		if (!code_is_open(c, i))
			continue;
		text_addf(&t, "%s%s", comma, type_name(f->vars.at[i].type));
		comma = ",";
	}
	text_addf(&t, ")");
	return t.at ? t.at : "";
}

const IrBound *
code_bound(const trivet_code *c, Arena *a, IrBound *out)
{
	const Func *f;
	uint64_t *bits;
	bool *is_bound;

	if (!c->bound)
		return NULL;
	f = &c->module->program.funcs.at[c->bound_func];
	bits = arena_alloc(a, (2 * (size_t)f->nparams + 1) * sizeof *bits);
	is_bound = arena_alloc(a, 2 * (size_t)f->nparams + 1);
	if (!bits || !is_bound)
		return NULL;
	*out = (IrBound){ .func = c->bound_func, .bits = bits, .is_bound = is_bound };
	for (uint32_t i = 0; i < f->nparams; i++) {
		uint32_t words = type_is_span(f->vars.at[i].type) ? 2 : 1;

		if (code_is_open(c, i)) {
			bits += words;
		} else {
			code_flatten(&c->bound[i], &bits);
			memset(is_bound, true, words);
		}
		is_bound += words;
	}
	return out;
}

/* Fills the open places of `all` from args. */
static trivet_status
bind(trivet_code *c, FuncId id, const char *name, const trivet_value *args, uint32_t n,
     trivet_value *all)
{
	const Func *f = &c->module->program.funcs.at[id];
	uint32_t open = code_params(c, id, NULL);

	if (n != open || (n && !args))
		return api_fail(c->engine, TRIVET_SIGNATURE,
				"%s takes %u arguments, %u were given; one of type void stays open",
				name, open, n);
	for (uint32_t i = 0; i < f->nparams; i++) {
		trivet_status s;

		if (!code_is_open(c, i)) {
			all[i] = c->bound[i];
			continue;
		}
		if (args->type != TRIVET_VOID) {
			s = code_check_argument(c->engine, f, name, i, args);
			if (s)
				return s;
			all[i] = *args;
		}
		args++;
	}
	return TRIVET_OK;
}

trivet_status
trivet_specialize(trivet_code *c, const char *name, const trivet_value *args, uint32_t n,
		  trivet_code **out)
{
	trivet_value *all;
	trivet_engine *e;
	trivet_status s;
	FuncId id;

	if (!c || !out)
		return TRIVET_ARGUMENT;
	*out = NULL;
	e = c->engine;
	api_begin(e);
	arena_free(&e->told);
	if (code_find(c, name, &id))
		return api_fail(e, TRIVET_NO_FUNCTION, "%s", name ? name : "(no name)");
	all = arena_alloc(&e->told, (c->module->program.funcs.at[id].nparams + 1) * sizeof *all);
	if (!all)
		return api_no_memory(e);
	s = bind(c, id, name, args, n, all);
	return s ? s : api_compile(c->module, &c->options, c, id, all, out);
}
