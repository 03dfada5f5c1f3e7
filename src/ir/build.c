/* build.c - a module in SSA form from a checked Program.
 *
 * Functions that may trap, that recur or that call such a function run with a Context, and the host
 * enters them through a thunk, an IrFunc of its own.  All other functions are entered directly. */
#include "ir/build.h"

/* From here on a function checks the stack whatever it does: its frame may be large.  Likewise one
 * at the top of so long a chain of calls that small frames add up. */
enum { BIG_FUNCTION = 1000, LONG_CHAIN = 64 };

/* ---- One function --------------------------------------------------------------------------- */

/* The constants for parameters of this function, or NULL. */
static const IrBound *
bound_here(const Builder *b)
{
	return b->options.bound && b->index == b->bound_index ? b->options.bound : NULL;
}

static void
add_param(IrFunc *f, uint8_t *types, bool *lengths, IrType t, bool is_length)
{
	types[f->nparams] = (uint8_t)t;
	lengths[f->nparams++] = is_length;
}

static bool
set_signature(Builder *b, IrFunc *f)
{
	const IrBound *bound = bound_here(b);
	const Func *s = b->source;
	uint8_t *types = arena_alloc(b->arena, 2 * (size_t)s->nparams + 1);
	bool *lengths = arena_alloc(b->arena, 2 * (size_t)s->nparams + 1);

	if (!types || !lengths)
		return false;
	f->nparams = 0;
	for (uint32_t k = 0, flat = 0; k < s->nparams; k++) {
		unsigned t = s->vars.at[k].type;
		bool span = type_is_span(t), open = !bound || !bound->is_bound[flat];

		flat += span ? 2 : 1;
		if (open)
			add_param(f, types, lengths, span ? IR_I64 : ir_type_of(t), false);
		if (open && span)
			add_param(f, types, lengths, IR_I64, true);
	}
	f->params = types;
	f->lengths = lengths;
	f->result = ir_type_of(s->result);
	f->name = s->name;
	f->source = b->id;
	f->line = s->line;
	return true;
}

static Val
make_param(IrFunc *f, uint32_t k)
{
	return ir_append(f, 0, (Ins){ .op = IR_PARAM, .type = f->params[k], .aux = (int32_t)k });
}

/* The next parameter's value, or the constant it is bound to. */
static Val
param_value(Builder *b, IrType t, uint32_t flat, Val *last)
{
	const IrBound *bound = bound_here(b);

	if (bound && bound->is_bound[flat])
		return ir_const(b->f, t, bound->bits[flat]);
	return ++*last;
}

/* Of a bool the host may set the low byte only. */
static void
make_params(Builder *b)
{
	const Func *s = b->source;
	Val one = 0, last = 0;

	for (uint32_t k = 0; k < b->f->nparams; k++)
		if (make_param(b->f, k) != k + 1)
			return;
	for (uint32_t k = 0, flat = 0; k < s->nparams; k++) {
		unsigned t = s->vars.at[k].type;
		bool span = type_is_span(t);
		Val v = param_value(b, span ? IR_I64 : ir_type_of(t), flat++, &last);

		if (t == TRIVET_BOOL) {
			one = one ? one : ir_const(b->f, IR_I32, 1);
			v = ir_ins(b->f, 0, IR_AND, IR_I32, v, one);
		}
		ssa_write(b, 2 * k, v);
		if (span)
			ssa_write(b, 2 * k + 1, param_value(b, IR_I64, flat++, &last));
	}
}

/* The name of variable k, or what its length is called. */
static void
add_name(Builder *b, uint32_t k, bool length)
{
	Str name = b->source->vars.at[k].name, *slot = vec_push(b->arena, &b->m->names);
	Text t;

	if (!slot)
		return;
	*slot = name;
	if (!length)
		return;
	text_init(&t, b->arena);
	text_addf(&t, "len(%.*s)", (int)name.n, name.at);
	*slot = (Str){ t.at ? t.at : "", t.n };
}

static void
keep_names(Builder *b)
{
	const Func *s = b->source;
	uint32_t *names = arena_alloc(b->arena, (b->f->nparams + 1) * sizeof *names), open = 0;
	const IrBound *bound = bound_here(b);

	b->first_name = b->m->names.n + 1;
	for (uint32_t k = 0; k < s->vars.n; k++)
		add_name(b, k, false);
	for (uint32_t k = 0, flat = 0; names && k < s->nparams; k++) {
		bool span = type_is_span(s->vars.at[k].type);

		if (!bound || !bound->is_bound[flat])
			names[open++] = span ? 0 : b->first_name + k;
		if (span && (!bound || !bound->is_bound[flat + 1])) {
			add_name(b, k, true);
			names[open++] = b->m->names.n;
		}
		flat += span ? 2 : 1;
	}
	b->f->names = names;
}

/* A checked function with a result returns on every path that it can take. */
static void
end_function(Builder *b)
{
	Site never = { TRIVET_TRAP_UNREACHABLE, b->id, b->source->line };

	if (b->cur == BLOCK_NONE)
		return;
	if (b->f->result == IR_VOID)
		ir_ret(b->f, b->cur, 0);
	else
		ir_trap(b->f, b->cur, ir_site(b->m, never));
	ssa_end(b);
}

static void
note_context(Builder *b)
{
	IrFunc *f = b->f;
	bool calls = false, big = f->ins.n > BIG_FUNCTION;

	f->needs_ctx = big;
	for (Val v = 1; v < f->ins.n; v++) {
		switch (f->ins.at[v].op) {
		case IR_CALLX:
		case IR_CALL: calls = true; break;
		case IR_TRAPIF:
		case IR_TRAP:
		case IR_CTX: f->needs_ctx = true; break;
		default: break;
		}
	}
	f->checks_stack = calls || big; /* if it gets a Context, which callees may bring */
}

static void
build_function(Builder *b, uint32_t index)
{
	b->index = index;
	b->f = &b->m->funcs.at[index];
	b->id = b->f->source;
	b->source = &b->p->funcs.at[b->id];
	b->has_dead = false;
	b->loops.n = b->spine.n = b->args.n = 0;
	if (!ssa_begin(b) || !set_signature(b, b->f))
		return;
	if (b->options.names)
		keep_names(b);
	make_params(b);
	build_block(b, b->source->body);
	end_function(b);
	if (b->arena->mem->failed)
		return;
	if (b->has_dead)
		ir_drop_dead(b->f);
	else if (b->nphis)
		ir_drop_trivial_phis(b->f);
	b->f->reduced = true;
	b->f->line = b->source->line;
	note_context(b);
}

/* ---- The module ----------------------------------------------------------------------------- */

static bool
make_functions(Builder *b)
{
	uint32_t n = b->p->funcs.n;
	IrFunc *f;

	b->extern_slot = arena_alloc(b->arena, (n + 1) * sizeof(uint32_t));
	b->m->func_of = arena_alloc(b->arena, (n + 1) * sizeof(uint32_t));
	if (!b->extern_slot || !b->m->func_of)
		return false;
	for (FuncId k = 0; k < n; k++) {
		b->m->func_of[k] = BLOCK_NONE;
		if (b->p->funcs.at[k].is_extern)
			continue;
		f = ir_func(b->m);
		if (!f)
			return false;
		f->source = k;
		b->m->func_of[k] = b->m->funcs.n - 1;
	}
	if (!b->options.bound)
		return true;
	/* Beside the function itself, which may be called by it or others. */
	f = ir_func(b->m);
	if (!f)
		return false;
	f->source = b->options.bound->func;
	b->bound_index = b->m->funcs.n - 1;
	return true;
}

/* Callees before callers (Kahn's order; calls within a cycle are not in the list): a Context is
 * needed by whoever calls a function that needs one, and by the top of a long chain.  Arrays by
 * function. */
typedef struct Callers {
	uint32_t *first; /* its callers in list[first[k]] … list[first[k + 1] - 1] */
	uint32_t *list;
	uint32_t *waits; /* callees not looked at yet */
	uint32_t *chain; /* longest chain of calls below */
	uint32_t *queue;
} Callers;

static bool
list_callers(Builder *b, Callers *c)
{
	uint32_t n = b->m->funcs.n;

	c->first = arena_alloc(b->arena, (4 * (size_t)n + 2 + b->calls.n) * sizeof(uint32_t));
	if (!c->first)
		return false;
	c->waits = c->first + n + 2;
	c->chain = c->waits + n;
	c->queue = c->chain + n;
	c->list = c->queue + n;
	for (uint32_t k = 0; k < b->calls.n; k++) {
		c->first[b->calls.at[k].callee + 2]++;
		c->waits[b->calls.at[k].caller]++;
	}
	for (uint32_t k = 2; k < n + 2; k++)
		c->first[k] += c->first[k - 1];
	for (uint32_t k = 0; k < b->calls.n; k++)
		c->list[c->first[b->calls.at[k].callee + 1]++] = b->calls.at[k].caller;
	return true;
}

static bool
spread_context(Builder *b)
{
	IrFunc *funcs = b->m->funcs.at;
	uint32_t n = b->m->funcs.n, queued = 0;
	Callers c;

	if (!list_callers(b, &c))
		return false;
	for (uint32_t k = 0; k < n; k++)
		if (!c.waits[k])
			c.queue[queued++] = k;
	for (uint32_t at = 0; at < queued; at++) {
		uint32_t callee = c.queue[at];

		if (c.chain[callee] >= LONG_CHAIN)
			funcs[callee].needs_ctx = true;
		for (uint32_t k = c.first[callee]; k < c.first[callee + 1]; k++) {
			uint32_t caller = c.list[k];
			if (c.chain[caller] <= c.chain[callee])
				c.chain[caller] = c.chain[callee] + 1;
			funcs[caller].needs_ctx |= funcs[callee].needs_ctx;
			if (--c.waits[caller] == 0)
				c.queue[queued++] = caller;
		}
	}
	for (uint32_t k = 0; k < n; k++) {
		Site overflow = { TRIVET_TRAP_STACK_OVERFLOW, funcs[k].source, funcs[k].line };
		funcs[k].checks_stack &= funcs[k].needs_ctx;
		if (funcs[k].checks_stack)
			funcs[k].stack_site = ir_site(b->m, overflow);
	}
	return true;
}

/* What the host calls: sets up the Context (the generator's prologue does), calls the function. */
static bool
make_thunk(Builder *b, uint32_t index)
{
	IrFunc *f = ir_func(b->m), *real = &b->m->funcs.at[index];
	Val *args, v;

	if (!f)
		return false;
	f->name = real->name;
	f->source = real->source;
	f->result = real->result;
	f->params = real->params;
	f->nparams = real->nparams;
	f->line = real->line;
	f->is_entry = true;
	f->entry_thunk = real->entry_thunk = b->m->funcs.n - 1;
	args = arena_alloc(b->arena, (f->nparams + 1) * sizeof *args);
	if (!args)
		return false;
	for (uint32_t k = 0; k < f->nparams; k++)
		args[k] = make_param(f, k);
	if (b->calls_externs) {
		v = ir_ins(f, 0, IR_CTX, IR_I64, 0, 0);
		ir_pooled(f, 0, IR_CALLX, IR_VOID, (int32_t)ir_helper(b->m, HELPER_ENTER), &v, 1);
	}
	v = ir_pooled(f, 0, IR_CALL, f->result, (int32_t)index, args, f->nparams);
	ir_ret(f, 0, f->result == IR_VOID ? 0 : v);
	f->clean = f->alike = true;
	return true;
}

static bool
make_thunks(Builder *b)
{
	uint32_t n = b->m->funcs.n;

	for (uint32_t k = 0; k < n; k++) {
		b->m->funcs.at[k].entry_thunk = k;
		if (b->m->funcs.at[k].needs_ctx && !make_thunk(b, k))
			return false;
	}
	if (b->m->funcs.n > n) {
		ir_import(b->m, (Import){ .kind = IMPORT_CODE });
		ir_helper(b->m, HELPER_TRAPPED);
	}
	return true;
}

/* ---- Only a part of a module ---------------------------------------------------------------- */

typedef struct Kept {
	uint32_t *index; /* by old index: 1 + the new one, or 0 */
	uint32_t *queue; /* old indexes */
	uint32_t n;
} Kept;

static void
keep(Kept *k, uint32_t index)
{
	if (!k->index[index])
		k->queue[k->n++] = index;
	k->index[index] = 1;
}

static void
keep_callees(Kept *k, const IrFunc *f)
{
	for (BlockId b = 0; b < f->blocks.n; b++)
		for (Val v = f->blocks.at[b].first; v; v = f->ins.at[v].next)
			if (f->ins.at[v].op == IR_CALL)
				keep(k, (uint32_t)f->ins.at[v].aux);
}

static void
renumber_calls(const Kept *k, IrFunc *f)
{
	for (BlockId b = 0; b < f->blocks.n; b++)
		for (Val v = f->blocks.at[b].first; v; v = f->ins.at[v].next)
			if (f->ins.at[v].op == IR_CALL)
				f->ins.at[v].aux = (int32_t)k->index[f->ins.at[v].aux] - 1;
}

void
ir_keep_only(IrModule *m, uint32_t source)
{
	uint32_t n = m->funcs.n, root = m->func_of[source], count = 0;
	Kept k = { .index = arena_alloc(m->arena, 2 * (size_t)n * sizeof(uint32_t)) };

	if (!k.index)
		return;
	k.queue = k.index + n;
	keep(&k, root);
	keep(&k, m->funcs.at[root].entry_thunk);
	for (uint32_t at = 0; at < k.n; at++)
		keep_callees(&k, &m->funcs.at[k.queue[at]]);
	for (uint32_t old = 0; old < n; old++) {
		uint32_t *of = &m->func_of[m->funcs.at[old].source];

		if (k.index[old]) {
			k.index[old] = ++count;
			m->funcs.at[count - 1] = m->funcs.at[old];
		}
		if (*of == old)
			*of = k.index[old] - 1; /* BLOCK_NONE when it goes */
	}
	m->funcs.n = count;
	for (uint32_t i = 0; i < count; i++) {
		IrFunc *f = &m->funcs.at[i];
		uint32_t thunk = k.index[f->entry_thunk];

		renumber_calls(&k, f);
		f->entry_thunk = thunk ? thunk - 1 : i;
	}
}

IrModule *
ir_build(Arena *a, const Program *p, const IrOptions *o)
{
	Builder b = { .arena = a, .p = p, .options = *o };

	b.m = ir_module(a);
	if (!b.m || !make_functions(&b))
		return NULL;
	for (uint32_t k = 0; k < b.m->funcs.n && !a->mem->failed; k++)
		build_function(&b, k);
	if (a->mem->failed || !spread_context(&b) || !make_thunks(&b) || a->mem->failed)
		return NULL;
	if (o->bound) { /* what the host enters is that one */
		b.m->func_of[o->bound->func] = b.bound_index;
		ir_keep_only(b.m, o->bound->func);
	}
	return b.m;
}
