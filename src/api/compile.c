/* compile.c - from a checked program to bytecode or sealed machine code, and calling it. */
#include "api/api.h"
#include <string.h>

/* The bound function for an extern, or NULL with the message set. */
static trivet_function
bound_function(trivet_engine *e, const Func *f)
{
	for (uint32_t i = 0; i < e->bindings.n; i++) {
		const Binding *b = &e->bindings.at[i];
		bool same = b->result == f->result && b->nparams == f->nparams;

		if (!str_equal(b->name, f->name))
			continue;
		for (uint32_t k = 0; same && k < f->nparams; k++)
			same = b->params[k] == f->vars.at[k].type;
		if (same)
			return b->function;
		api_fail(e, TRIVET_UNBOUND, "%.*s is declared %s in line %u, and bound otherwise",
			 (int)f->name.n, f->name.at, api_signature(&e->told, f), f->line);
		return NULL;
	}
	api_fail(e, TRIVET_UNBOUND, "%.*s, declared %s in line %u: trivet_bind() it first",
		 (int)f->name.n, f->name.at, api_signature(&e->told, f), f->line);
	return NULL;
}

static trivet_status
resolve_externs(trivet_code *c, const trivet_code *like)
{
	const Program *p = &c->module->program;

	c->externs = arena_alloc(&c->arena, (p->funcs.n + 1) * sizeof *c->externs);
	if (!c->externs)
		return api_no_memory(c->engine);
	if (like) {
		memcpy(c->externs, like->externs, p->funcs.n * sizeof *c->externs);
		return TRIVET_OK;
	}
	for (uint32_t i = 0; i < p->funcs.n; i++) {
		if (!p->funcs.at[i].is_extern)
			continue;
		c->externs[i] = bound_function(c->engine, &p->funcs.at[i]);
		if (!c->externs[i])
			return TRIVET_UNBOUND;
	}
	return TRIVET_OK;
}

static uint64_t
import_address(const trivet_code *c, const Import *i)
{
	switch ((ImportKind)i->kind) {
	case IMPORT_HELPER: return runtime_helper(i->id);
	case IMPORT_EXTERN: return (uint64_t)(uintptr_t)c->externs[i->id];
	case IMPORT_CODE: return (uint64_t)(uintptr_t)c;
	case IMPORT_INTERRUPT: return (uint64_t)(uintptr_t)&c->interrupt;
	}
	return 0;
}

/* What must outlive the compilation's scratch memory. */
static bool
keep(trivet_code *c, const IrModule *ir, const ObjectCode *o)
{
	uint32_t nfuncs = c->module->program.funcs.n;
	CodeFunc *funcs = arena_alloc(&c->arena, (nfuncs + 1) * sizeof *funcs);
	FrameInfo *frames = arena_alloc(&c->arena, (o->nframes + 1) * sizeof *frames);
	Str *names = arena_alloc(&c->arena, (o->nframes + 1) * sizeof *names);
	Site *sites = arena_alloc(&c->arena, (ir->sites.n + 1) * sizeof *sites);

	if (!funcs || !frames || !names || !sites)
		return false;
	if (o->nfuncs) /* none of what comes behind them: externs */
		memcpy(funcs, o->funcs, o->nfuncs * sizeof *funcs);
	memcpy(frames, o->frames, o->nframes * sizeof *frames);
	for (uint32_t i = 0; i < o->nframes; i++)
		frames[i].exits = NULL; /* were in scratch memory; used up */
	if (ir->sites.n)
		memcpy(sites, ir->sites.at, ir->sites.n * sizeof *sites);
	for (uint32_t i = 0; i < o->nframes; i++) {
		const IrFunc *f = &ir->funcs.at[i];
		Text t;

		text_init(&t, &c->arena);
		text_add(&t, f->name.at, f->name.n);
		if (f->is_entry)
			text_addf(&t, " (entry)");
		names[i] = (Str){ t.at, t.n };
		if (!t.at)
			return false;
	}
	c->object = *o;
	c->object.bytes = NULL;
	c->object.lines = NULL;
	c->object.nlines = 0;
	c->object.funcs = funcs;
	c->object.frames = frames;
	c->piece_names = names;
	c->sites = sites;
	c->nsites = ir->sites.n;
	c->nimports = ir->imports.n;
	for (uint32_t i = 0; i < o->nframes; i++)
		if (frames[i].end > c->code_size)
			c->code_size = frames[i].end;
	return true;
}

/* The module as debuggers and profilers see it, in memory of `a`. */
static bool
describe(const trivet_code *c, const ObjectCode *o, UnwindFormat format, Arena *a, DebugModule *m)
{
	const uint8_t *code = code_address(c->block);
	DebugSymbol *symbols = arena_alloc(a, (o->nframes + 1) * sizeof *symbols);
	DebugLine *lines = arena_alloc(a, (o->nlines + 1) * sizeof *lines);

	*m = (DebugModule){
		.file = str_copy(a, c->module->program.file).at,
		.address = (uintptr_t)code,
		.code = code,
		.size = (uint32_t)c->code_size,
		.machine = api_machine(format),
		.eh_frame = code + o->unwind,
		.eh_frame_size = o->size - o->unwind,
		.symbols = symbols,
		.nsymbols = o->nframes,
		.lines = lines,
		.nlines = o->nlines,
	};
	if (!symbols || !lines || !m->file)
		return false;
	for (uint32_t k = 0; k < o->nframes; k++)
		symbols[k] =
			(DebugSymbol){ c->piece_names[k].at, o->frames[k].start, o->frames[k].end };
	for (uint32_t k = 0; k < o->nlines; k++)
		lines[k] = (DebugLine){ o->lines[k].at, o->lines[k].line };
	return true;
}

static void
tell_perf(trivet_engine *e, const DebugModule *m, Arena *a)
{
	JitdumpWriter w = { os_process_id(), os_thread_id(), os_nanoseconds(), &e->dumped };
	Text map, dump;

	text_init(&map, a);
	text_init(&dump, a);
	for (uint32_t k = 0; e->options.perf_map && k < m->nsymbols; k++)
		text_addf(&map, "%llx %x %s\n",
			  (unsigned long long)(m->address + m->symbols[k].start),
			  m->symbols[k].end - m->symbols[k].start, m->symbols[k].name);
	if (e->dump.mark)
		jitdump_module(&dump, m, &w);
	if (a->mem->failed)
		return;
	if (map.n)
		os_perf_map(map.at, map.n);
	os_dump_write(&e->dump, dump.at, dump.n);
}

bool
api_tell_tools(trivet_engine *e, const DebugModule *m, UnwindFormat format, Arena *keep,
	       DebugEntry *debug)
{
	Arena scratch;
	Text elf;

	if (e->options.debugger && format != UNWIND_WINDOWS_X64) {
		text_init(&elf, keep);
		debugger_object(&elf, m);
		if (!e->mem.failed)
			debugger_add(debug, elf.at, elf.n);
	}
	arena_init(&scratch, &e->mem);
	tell_perf(e, m, &scratch);
	arena_free(&scratch);
	return !e->mem.failed;
}

static bool
tell_tools(trivet_code *c, const ObjectCode *o, UnwindFormat format)
{
	trivet_engine *e = c->engine;
	DebugModule m;
	Arena scratch;

	if (!api_has_tools(e))
		return true;
	arena_init(&scratch, &e->mem);
	if (describe(c, o, format, &scratch, &m))
		api_tell_tools(e, &m, format, &c->arena, &c->debug);
	arena_free(&scratch);
	return !e->mem.failed;
}

static trivet_status
seal(trivet_code *c, const IrModule *ir, ObjectCode *o, const Target *target)
{
	trivet_engine *e = c->engine;
	uint32_t features = e->cpu & ~e->options.features_off;
	trivet_status s;

	if (c->foreign) {
		c->object.bytes = arena_alloc(&c->arena, o->size);
		if (!c->object.bytes)
			return api_no_memory(e);
		if (o->size)
			memcpy(c->object.bytes, o->bytes, o->size);
		return TRIVET_OK;
	}
	for (uint32_t i = 0; i < ir->imports.n; i++) {
		uint64_t address = import_address(c, &ir->imports.at[i]);
		memcpy(o->bytes + o->imports + 8 * i, &address, 8);
	}
	s = e->options.refuse_exec ? TRIVET_NO_EXEC : code_alloc(&e->pool, o->size, &c->block);
	if (!s)
		s = code_write(c->block, 0, o->bytes, o->size);
	if (!s)
		s = code_seal(c->block, (features & TRIVET_FEATURE_BTI) != 0);
	if (!s)
		s = os_register_unwind(&e->unwinder, &c->unwind, code_address(c->block), o->unwind,
				       o->nframes);
	if (!s && !tell_tools(c, o, target->unwind))
		s = TRIVET_NO_MEMORY;
	if (s)
		return api_fail(e, s, "%u bytes of code%s", o->size,
				s == TRIVET_NO_EXEC ? "; the interpreter can serve the same calls"
						    : "");
	return TRIVET_OK;
}

static trivet_status
compile_native(trivet_code *c, const trivet_compile_options *o, const Target *target)
{
	trivet_engine *e = c->engine;
	uint32_t off = e->options.features_off | o->features_off;
	IrOptions io = { .interruptible = o->interruptible };
	GenOptions go = {
		.target = target,
		/* For another machine: its floor, so that the code runs on all of its kind. */
		.features = c->foreign ? 0 : e->cpu & target->features & ~off,
		.quality = c->mode == TRIVET_OPTIMIZED ? QUALITY_OPTIMIZED : QUALITY_BASELINE,
		.available = ~(RegSet)0,
		.stack_bytes = e->options.stack_bytes,
		.max_depth = e->options.max_depth,
		.verify = o->verify,
	};
	uint64_t t0 = os_nanoseconds(), t1, t2, t3;
	trivet_status s = TRIVET_NO_MEMORY;
	ObjectCode object = { 0 };
	OptOptions opt = { .verify = o->verify };
	Arena scratch;
	IrBound bound;
	IrModule *ir;
	Str unknown;
	Text why;

	if (!opt_parse(&opt, o->without, NULL, &unknown))
		return api_fail(e, TRIVET_ARGUMENT, "there is no pass '%.*s'", (int)unknown.n,
				unknown.at);
	if (opt.few_registers)
		go.available = gen_registers(target, opt.few_registers - 1, &go.early);
	arena_init(&scratch, &e->mem);
	text_init(&why, &scratch);
	io.bound = code_bound(c, &scratch, &bound);
	ir = e->mem.failed ? NULL : ir_build(&scratch, &c->module->program, &io);
	t1 = os_nanoseconds();
	if (ir && c->mode == TRIVET_OPTIMIZED && !opt_run(ir, &opt, &scratch, NULL, &why)) {
		ir = NULL;
		s = TRIVET_INTERNAL;
	}
	if (ir && c->bound) /* much of it may have been inlined */
		ir_keep_only(ir, c->bound_func);
	t2 = os_nanoseconds();
	if (ir)
		s = gen_module(ir, &go, &scratch, &object, &why);
	t3 = os_nanoseconds();
	if (e->mem.failed || s == TRIVET_NO_MEMORY)
		s = api_no_memory(e);
	else if (s)
		s = api_fail(e, s, "%.*s: %s", (int)c->module->program.file.n,
			     c->module->program.file.at, why.at ? why.at : "code generation");
	else
		s = keep(c, ir, &object) ? seal(c, ir, &object, target) : api_no_memory(e);
	arena_free(&scratch);
	e->times.ssa = t1 - t0;
	e->times.passes = t2 - t1;
	e->times.allocate = object.allocating;
	e->times.emit = t3 - t2 - object.allocating;
	e->times.seal = os_nanoseconds() - t3;
	return s;
}

/* Keeps the options; texts of its own. */
static bool
keep_options(trivet_code *c, const trivet_compile_options *o, const Target *target)
{
	Str without = { o->without, o->without ? (uint32_t)strlen(o->without) : 0 };

	c->options = *o;
	c->options.target = target->name;
	if (o->without)
		c->options.without = str_copy(&c->arena, without).at;
	return !o->without || c->options.without;
}

static bool
keep_bound(trivet_code *c, FuncId func, const trivet_value *bound)
{
	size_t bytes = c->module->program.funcs.at[func].nparams * sizeof *bound;

	c->bound_func = func;
	c->bound = arena_alloc(&c->arena, bytes + 1);
	if (c->bound && bytes)
		memcpy(c->bound, bound, bytes);
	return c->bound != NULL;
}

static trivet_status
compile_into(trivet_code *c, const trivet_compile_options *o, const trivet_code *like)
{
	trivet_engine *e = c->engine;
	const char *name = o->target ? o->target : os_target_name();
	const Target *target = target_find(name);
	trivet_status s;

	if ((unsigned)o->mode > TRIVET_INTERP)
		return api_fail(e, TRIVET_ARGUMENT, "there is no mode %d", (int)o->mode);
	if (!target)
		return api_fail(e, TRIVET_TARGET, "\"%s\" is not one of Trivet's targets", name);
	c->foreign = strcmp(name, os_target_name()) != 0;
	if (!keep_options(c, o, target))
		return api_no_memory(e);
	if (!c->foreign && (s = resolve_externs(c, like)) != TRIVET_OK)
		return s;
	if (c->mode != TRIVET_INTERP)
		return compile_native(c, o, target);
	uint64_t start = os_nanoseconds();
	c->bytecode = interp_compile(&c->arena, &c->module->program);
	e->times =
		(trivet_times){ e->times.parse, e->times.check, .emit = os_nanoseconds() - start };
	return c->bytecode ? TRIVET_OK : api_no_memory(e);
}

trivet_status
api_compile(trivet_module *m, const trivet_compile_options *options, const trivet_code *like,
	    FuncId func, const trivet_value *bound, trivet_code **out)
{
	trivet_engine *e = m->engine;
	trivet_code *c = api_new(e, sizeof *c);
	trivet_status s;

	if (!c)
		return api_no_memory(e);
	c->engine = e;
	c->module = m;
	c->mode = options->mode;
	m->users++;
	arena_init(&c->arena, &e->mem);
	c->next = e->codes;
	if (c->next)
		c->next->prev = c;
	e->codes = c;
	if (like && !keep_bound(c, func, bound))
		s = api_no_memory(e);
	else
		s = compile_into(c, options, like);
	if (s) {
		trivet_code_free(c);
		return s;
	}
	*out = c;
	return TRIVET_OK;
}

trivet_status
trivet_compile(trivet_module *m, const trivet_compile_options *options, trivet_code **out)
{
	const trivet_compile_options none = { 0 };

	if (!m || !out)
		return TRIVET_ARGUMENT;
	*out = NULL;
	api_begin(m->engine);
	arena_free(&m->engine->told);
	return api_compile(m, options ? options : &none, NULL, FUNC_NONE, NULL, out);
}

void
trivet_code_free(trivet_code *c)
{
	trivet_engine *e;

	if (!c)
		return;
	e = c->engine;
	debugger_remove(&c->debug);
	os_unregister_unwind(&e->unwinder, &c->unwind);
	code_forget(c->block);
	if (c->prev)
		c->prev->next = c->next;
	else
		e->codes = c->next;
	if (c->next)
		c->next->prev = c->prev;
	arena_free(&c->arena);
	module_release(c->module);
	api_delete(e, c, sizeof *c);
}

/* ---- Entering ---- */

trivet_status
code_find(const trivet_code *c, const char *name, FuncId *out)
{
	const Program *p = &c->module->program;

	*out = name ? program_find(p, (Str){ name, (uint32_t)strlen(name) }) : FUNC_NONE;
	if (*out == FUNC_NONE || p->funcs.at[*out].is_extern ||
	    (c->bound && *out != c->bound_func)) {
		*out = FUNC_NONE;
		return TRIVET_NO_FUNCTION;
	}
	return TRIVET_OK;
}

static trivet_status
native_address(const trivet_code *c, FuncId f, void **out)
{
	return code_entry(c->block, c->object.funcs[f].entry, out);
}

trivet_function
trivet_entry(trivet_code *c, const char *name, const char *signature)
{
	trivet_type result, asked[256], *params;
	trivet_engine *e;
	const Func *f;
	uint32_t n, nparams;
	FuncId id;
	void *at;

	if (!c)
		return NULL;
	e = c->engine;
	api_begin(e);
	arena_free(&e->told);
	if (c->foreign || c->mode == TRIVET_INTERP) {
		api_fail(e, TRIVET_TARGET, "%s has no entry points on this machine",
			 c->foreign ? "code for another target" : "interpreted code");
		return NULL;
	}
	if (code_find(c, name, &id)) {
		api_fail(e, TRIVET_NO_FUNCTION, "%s", name ? name : "(no name)");
		return NULL;
	}
	f = &c->module->program.funcs.at[id];
	params = arena_alloc(&e->told, (f->nparams + 1) * sizeof *params);
	if (!params) {
		api_no_memory(e);
		return NULL;
	}
	nparams = code_params(c, id, params);
	bool same = signature &&
		    lang_parse_signature((Str){ signature, (uint32_t)strlen(signature) }, &result,
					 asked, &n, 256) &&
		    result == f->result && n == nparams;
	for (uint32_t i = 0; same && i < n; i++)
		same = asked[i] == params[i];
	if (!same) {
		api_fail(e, TRIVET_SIGNATURE, "%s is \"%s\", and \"%s\" was asked for", name,
			 code_signature(c, id), signature ? signature : "(none)");
		return NULL;
	}
	if (native_address(c, id, &at)) {
		api_fail(e, TRIVET_INTERNAL, "%s has no address", name);
		return NULL;
	}
	/* POSIX and Windows both promise that a data pointer of code is a function pointer. */
	trivet_function function;
	memcpy(&function, &at, sizeof function);
	return function;
}

static trivet_status
invoke_native(trivet_code *c, FuncId id, const uint64_t *flat, uint64_t *result)
{
	const Func *f = &c->module->program.funcs.at[id];
	trivet_type few[16], *types = few;
	OsFunction function;
	uint32_t n;
	trivet_status s;
	void *at;

	s = native_address(c, id, &at);
	if (s)
		return s;
	memcpy(&function, &at, sizeof function);
	/* From the host's allocator only for very long lists: threads may be calling. */
	if (f->nparams > 16)
		types = c->engine->mem.host.resize(c->engine->mem.host.user, NULL, 0,
						   f->nparams * sizeof *types);
	if (!types)
		return TRIVET_NO_MEMORY;
	n = code_params(c, id, types);
	s = os_invoke(function, f->result, types, n, flat, result);
	if (types != few)
		c->engine->mem.host.resize(c->engine->mem.host.user, types,
					   f->nparams * sizeof *types, 0);
	return s;
}

trivet_status
code_invoke(trivet_code *c, FuncId f, const uint64_t *flat, uint64_t *result,
	    trivet_trap_info *trap)
{
	trivet_status s;

	*result = 0;
	runtime_clear_trap();
	if (c->foreign)
		return TRIVET_TARGET;
	if (c->mode == TRIVET_INTERP) {
		const trivet_options *o = &c->engine->options;
		Mem stack; /* of this call alone: other threads may run the same code */
		InterpEnv env = {
			.mem = &stack,
			.externs = c->externs,
			.interrupt = &c->interrupt,
			.host_raised = runtime_host_raised(),
			.max_depth = o->max_depth,
			.max_stack = (size_t)256 << 20,
		};
		TrapSite where = { 0 };

		mem_init(&stack, &c->engine->mem.host);
		s = interp_call(c->bytecode, &env, f, flat, result, &where);
		if (where.trap)
			runtime_set_trap(c, where.trap, where.func, where.line);
	} else {
		s = invoke_native(c, f, flat, result);
	}
	if (trap)
		*trap = *runtime_peek_trap();
	if (!s && runtime_peek_trap()->trap)
		s = TRIVET_TRAP;
	return s;
}

/* ---- Values ---- */

void
code_flatten(const trivet_value *v, uint64_t **to)
{
	switch (v->type) {
	case TRIVET_BOOL: *(*to)++ = v->as.b; break;
	case TRIVET_I32:
	case TRIVET_U32:
	case TRIVET_F32: *(*to)++ = v->as.u32; break;
	case TRIVET_I64:
	case TRIVET_U64:
	case TRIVET_F64: *(*to)++ = v->as.u64; break;
	default:
		*(*to)++ = (uint64_t)(uintptr_t)v->as.span.data;
		*(*to)++ = (uint64_t)v->as.span.length;
	}
}

trivet_status
code_check_argument(trivet_engine *e, const Func *f, const char *name, uint32_t param,
		    const trivet_value *v)
{
	trivet_type want = f->vars.at[param].type;

	if (v->type != want)
		return api_fail(e, TRIVET_SIGNATURE, "argument %u of %s is %s, %s was given",
				param + 1, name, type_name(want), trivet_type_name(v->type));
	if (type_is_span(want) &&
	    (v->as.span.length < 0 || (v->as.span.length && !v->as.span.data)))
		return api_fail(e, TRIVET_ARGUMENT,
				"argument %u of %s: a span needs memory and a length of at least 0",
				param + 1, name);
	return TRIVET_OK;
}

/* To `at`, what code_invoke() wants: all arguments for an interpreter, else those not bound. */
static trivet_status
take_arguments(trivet_code *c, FuncId id, const char *name, const trivet_value *args, uint32_t n,
	       uint64_t *at)
{
	const Func *f = &c->module->program.funcs.at[id];
	uint32_t open = code_params(c, id, NULL);

	if (n != open || (n && !args))
		return api_fail(c->engine, TRIVET_SIGNATURE, "%s takes %u arguments, %u were given",
				name, open, n);
	for (uint32_t i = 0; i < f->nparams; i++) {
		if (code_is_open(c, i)) {
			trivet_status s = code_check_argument(c->engine, f, name, i, args);
			if (s)
				return s;
			code_flatten(args++, &at);
		} else if (c->mode == TRIVET_INTERP) {
			code_flatten(&c->bound[i], &at);
		}
	}
	return TRIVET_OK;
}

trivet_status
trivet_call(trivet_code *c, const char *name, const trivet_value *args, uint32_t n,
	    trivet_value *result)
{
	uint64_t few[32] = { 0 }, *flat = few, bits = 0;
	trivet_engine *e;
	trivet_status s;
	const Func *f;
	size_t bytes;
	FuncId id;

	if (!c)
		return TRIVET_ARGUMENT;
	e = c->engine;
	if (result)
		*result = (trivet_value){ 0 };
	if (code_find(c, name, &id))
		return api_fail(e, TRIVET_NO_FUNCTION, "%s", name ? name : "(no name)");
	f = &c->module->program.funcs.at[id];
	bytes = 2 * (size_t)f->nparams * sizeof *flat;
	if (bytes > sizeof few)
		flat = e->mem.host.resize(e->mem.host.user, NULL, 0, bytes);
	if (!flat)
		return api_fail(e, TRIVET_NO_MEMORY, "the arguments of %s", name);
	s = take_arguments(c, id, name, args, n, flat);
	if (!s) {
		s = code_invoke(c, id, flat, &bits, NULL);
		/* No message for a trap: other threads may be calling, and trivet_last_trap() is
		 * per thread. */
		if (s && s != TRIVET_TRAP)
			api_fail(e, s, "calling %s", name);
		if (result) {
			result->type = f->result;
			result->as.u64 = bits;
			if (f->result == TRIVET_BOOL)
				result->as.b = bits != 0;
		}
	}
	if (flat != few)
		e->mem.host.resize(e->mem.host.user, flat, bytes, 0);
	return s;
}

void
trivet_interrupt(trivet_code *c)
{
	if (c)
		__atomic_store_n(&c->interrupt, 1, __ATOMIC_RELAXED);
}

void
trivet_rearm(trivet_code *c)
{
	if (c)
		__atomic_store_n(&c->interrupt, 0, __ATOMIC_RELAXED);
}

/* ---- Images ---- */

trivet_status
trivet_code_image(trivet_code *c, trivet_image *out)
{
	if (!c || !out)
		return TRIVET_ARGUMENT;
	api_begin(c->engine);
	*out = (trivet_image){ 0 };
	if (c->mode == TRIVET_INTERP)
		return api_fail(c->engine, TRIVET_TARGET, "interpreted code has no machine code");
	out->bytes = c->block ? code_address(c->block) : c->object.bytes;
	out->size = c->object.size;
	out->code_size = c->code_size;
	out->functions = c->object.nframes;
	out->address_count = c->nimports;
	out->addresses = c->object.imports;
	return TRIVET_OK;
}

trivet_status
trivet_code_symbol(trivet_code *c, uint32_t index, trivet_symbol *out)
{
	if (!c || !out)
		return TRIVET_ARGUMENT;
	api_begin(c->engine);
	*out = (trivet_symbol){ 0 };
	if (index >= c->object.nframes)
		return api_fail(c->engine, TRIVET_ARGUMENT, "piece %u of %u", index,
				c->object.nframes);
	out->name = c->piece_names[index].at;
	out->start = c->object.frames[index].start;
	out->end = c->object.frames[index].end;
	return TRIVET_OK;
}

void
trivet_last_times(const trivet_engine *e, trivet_times *out)
{
	if (e && out)
		*out = e->times;
}
