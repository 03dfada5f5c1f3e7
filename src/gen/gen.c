/* gen.c - the driver: a module of SSA functions becomes one linked, position-independent blob.
 *
 * Layout: code of all functions, each aligned as the target asks, padding trapping; the pool of
 * 8-byte constants; the import table; unwind data.  Everything refers to everything else
 * relative to itself, so the blob may run at any 8-byte aligned address once the import slots are
 * filled.                                                      Tests: tests/unit/gen.c */
#include "gen/gen.h"

#include "os/os.h"

static const Target *const targets[] = {
	&target_x86_64_linux,
	&target_aarch64_linux,
	&target_x86_64_windows,
};

const Target *
target_at(uint32_t index)
{
	return index < sizeof targets / sizeof *targets ? targets[index] : NULL;
}

const Target *
target_find(const char *name)
{
	for (uint32_t k = 0; name && k < sizeof targets / sizeof *targets; k++)
		if (strcmp(targets[k]->name, name) == 0)
			return targets[k];
	return NULL;
}

bool
gen_is_bit_test(const IrFunc *f, const Ins *comparison)
{
	const Ins *and = &f->ins.at[comparison->arg[0]];
	uint64_t bits;

	if ((comparison->cc != CC_EQ && comparison->cc != CC_NE) || and->op != IR_AND ||
	    !ir_is_const(f, comparison->arg[1]))
		return false;
	bits = ir_const_bits(f, comparison->arg[1]);
	return !bits || (!(bits & (bits - 1)) && ir_is_const(f, and->arg[1]) &&
			 ir_const_bits(f, and->arg[1]) == bits);
}

/* Two volatile and two callee-saved general registers, four for floats. */
RegSet
gen_registers(const Target *t, uint64_t seed, RegSet *early)
{
	const Convention *c = t->conv;
	RegSet ints = c->allocatable & (REG_BIT(REG_FP) - 1) & ~REG_BIT(c->ctx), set = 0;
	RegSet from[] = { ints & ~c->callee_saved, ints & c->callee_saved,
			  c->allocatable & ~(REG_BIT(REG_FP) - 1) };
	static const uint8_t count[] = { 2, 2, 4 };

	for (unsigned k = 0; k < 3; k++)
		for (unsigned n = 0; n < count[k]; n++, from[k] &= from[k] - 1)
			set |= from[k] & -from[k];
	if (seed == 0)
		return set;
	/* Steele, Lea, Flood, "Fast splittable pseudorandom number generators": the mixing function
	 */
	seed *= UINT64_C(0x9e3779b97f4a7c15);
	seed = (seed ^ seed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	seed = (seed ^ seed >> 27) * UINT64_C(0x94d049bb133111eb);
	seed ^= seed >> 31;
	*early = seed << 32 | seed >> 32;
	return set | seed;
}

/* ---- What emitters share -------------------------------------------------------------------- */

enum { POOL_PROBE = 64 }; /* deduplication looks back at most so far: pools may be long */

uint32_t
gen_pool(Gen *g, uint64_t bits)
{
	uint64_t *slot;

	for (uint32_t k = g->pool.n, probes = POOL_PROBE; k > 0 && probes > 0; k--, probes--)
		if (g->pool.at[k - 1] == bits)
			return 8 * (k - 1);
	slot = vec_push(g->arena, &g->pool);
	if (!slot) {
		cbuf_fail(g->c, TRIVET_NO_MEMORY, "no memory for constants");
		return 0;
	}
	*slot = bits;
	return 8 * (g->pool.n - 1);
}

void
gen_line(Gen *g, uint32_t line)
{
	uint32_t at = cbuf_here(g->c);
	LineMark *last = g->lines.n ? &g->lines.at[g->lines.n - 1] : NULL;

	if (last && last->line == line)
		return;
	if (!last || last->at != at)
		last = vec_push(g->arena, &g->lines);
	if (last)
		*last = (LineMark){ .at = at, .line = line };
	else
		cbuf_fail(g->c, TRIVET_NO_MEMORY, "no memory for line marks");
}

static bool
needs_frame(const Convention *c, Loc l)
{
	switch (loc_kind(l)) {
	case LOC_REG: return (c->callee_saved >> loc_n(l) & 1) != 0 && loc_n(l) != c->ctx;
	case LOC_SLOT:
	case LOC_OUT: return true;
	default: return false;
	}
}

static bool
block_needs_frame(IrFunc *f, BlockId b, const Convention *c, const Alloc *r)
{
	for (Val v = f->blocks.at[b].first; v; v = f->ins.at[v].next) {
		uint8_t op = f->ins.at[v].op;
		uint32_t n;

		if (op == IR_PHI || op == IR_PARAM || op == IR_CONST || op == IR_NOP)
			continue;
		if (needs_frame(c, r->out[v]))
			return true;
		ir_args(f, v, &n);
		for (uint32_t k = 0; k < n; k++)
			if (needs_frame(c, r->use_loc[r->use[v] + k]))
				return true;
	}
	return false;
}

uint32_t
gen_framed(IrFunc *f, const Convention *c, const Alloc *r)
{
	for (uint32_t k = 0; k < r->framed; k++)
		if (block_needs_frame(f, f->order.at[k], c, r))
			return 0;
	for (uint32_t k = 0; k < r->nmoves; k++) {
		const Move *m = &r->moves[k];
		if (f->blocks.at[f->ins.at[m->before].block].order >= r->framed)
			break;
		if (needs_frame(c, m->to) || needs_frame(c, m->from))
			return 0;
	}
	return r->framed;
}

/* ---- One function --------------------------------------------------------------------------- */

/* A step failed: for want of memory, which sticks, or else for a reason that must not be. */
static trivet_status
complain(const IrFunc *f, const Mem *mem, const char *step, const char *text, Text *why)
{
	if (mem->failed)
		return TRIVET_NO_MEMORY;
	if (why)
		text_addf(why, "%.*s: %s: %s", (int)f->name.n, f->name.at ? f->name.at : "", step,
			  text);
	return TRIVET_INTERNAL;
}

static trivet_status
check_ir(const IrFunc *f, Arena *a, Text *why)
{
	Text words;

	text_init(&words, a);
	if (ir_verify(f, &words))
		return TRIVET_OK;
	return complain(f, a->mem, "verify", words.at ? words.at : "", why);
}

static trivet_status
check_alloc(const IrFunc *f, const GenOptions *o, const Alloc *r, Arena *a, Text *why)
{
	Text words;

	text_init(&words, a);
	if (ra_check(f, o->target, o->features, r, a, &words))
		return TRIVET_OK;
	return complain(f, a->mem, "registers", words.at ? words.at : "", why);
}

/* From SSA to a register for everything. */
static trivet_status
allocate(IrFunc *f, const GenOptions *o, Arena *scratch, Alloc *r, Text *why)
{
	const Target *t = o->target;
	uint32_t nblocks = f->blocks.n;
	trivet_status s = TRIVET_OK;

	if (t->legalize && !t->legalize(f, o->features, o->quality, scratch))
		return complain(f, scratch->mem, "legalize", "refused", why);
	ir_split_critical_edges(f);
	if (!f->clean && f->reduced)
		ir_drop_unused(f);
	else if (!f->clean)
		ir_drop_dead(f);
	if (!f->ordered || f->blocks.n != nblocks)
		ir_order(f);
	if (scratch->mem->failed)
		return TRIVET_NO_MEMORY;
	if (o->verify)
		s = check_ir(f, scratch, why);
	if (s != TRIVET_OK)
		return s;
	if (!ra_run(f, t, o->features, o->available, o->early, scratch, r))
		return complain(f, scratch->mem, "registers", "too few", why);
	return o->verify ? check_alloc(f, o, r, scratch, why) : TRIVET_OK;
}

/* ---- The module ----------------------------------------------------------------------------- */

static void
pad(Cbuf *c, uint32_t to, uint32_t filler)
{
	while (cbuf_here(c) % to != 0 && c->err == TRIVET_OK)
		cbuf_u8(c, (uint8_t)(filler >> 8 * (cbuf_here(c) % 4)));
}

static void
emit_one(Gen *g, IrFunc *f, uint32_t index, const GenOptions *o, ObjectCode *out, Text *why)
{
	uint64_t start = os_nanoseconds();
	Arena scratch; /* what the allocator works in */
	trivet_status s;
	Alloc r;

	arena_init(&scratch, g->arena->mem);
	s = allocate(f, o, &scratch, &r, why);
	out->allocating += os_nanoseconds() - start;
	if (s != TRIVET_OK)
		cbuf_fail(g->c, s, "");
	else
		g->t->emit(g, f, index, &r, &out->frames[index]);
	arena_free(&scratch);
}

/* ---- Entries that are alike ----------------------------------------------------------------- */

enum { TEMPLATES = 4 }; /* signatures in turn that are remembered */

/* An entry that was emitted: the code, labels and fixups that came with it, and where in its code
 * its line begins. */
typedef struct Template {
	const IrFunc *f;
	uint32_t index, label, nlabels, fixup, nfixups, line_at;
} Template;

static uint32_t
callee_of(const IrFunc *entry)
{
	Val ret = entry->blocks.at[0].last;

	while (entry->ins.at[ret].op != IR_CALL)
		ret = entry->ins.at[ret].prev;
	return (uint32_t)entry->ins.at[ret].aux;
}

static const Template *
find_template(const Template *t, uint32_t n, const IrFunc *f)
{
	for (uint32_t k = 0; k < n && k < TEMPLATES; k++)
		if (t[k].f->result == f->result && t[k].f->nparams == f->nparams &&
		    (!f->nparams || memcmp(t[k].f->params, f->params, f->nparams) == 0))
			return &t[k];
	return NULL;
}

/* The same code again, for f. */
static void
copy_template(Gen *g, const Template *t, const IrFunc *f, uint32_t index, FrameInfo *frames)
{
	uint32_t here = cbuf_here(g->c), first = g->c->labels.n;
	const FrameInfo *like = &frames[t->index];
	uint32_t by = here - like->start, n = like->end - like->start;
	Label callee = g->func_label[callee_of(t->f)];
	FrameInfo *frame = &frames[index];

	*frame = *like;
	frame->start += by;
	frame->end += by;
	frame->exits = arena_take(g->arena, (like->nexits + 1) * sizeof *frame->exits);
	if (!frame->exits || !cbuf_room(g->c, n))
		return;
	for (uint32_t k = 0; k < like->nexits; k++)
		frame->exits[k] = like->exits[k] + by;
	cbuf_bind(g->c, g->func_label[index]);
	cbuf_bytes(g->c, g->c->code.at + like->start, t->line_at);
	gen_line(g, f->line);
	cbuf_bytes(g->c, g->c->code.at + like->start + t->line_at, n - t->line_at);
	for (uint32_t k = 0; k < t->nlabels; k++) {
		Label made = cbuf_label(g->c);

		if (g->c->err == TRIVET_OK && g->c->labels.at[t->label + k] != LABEL_UNBOUND)
			g->c->labels.at[made] = g->c->labels.at[t->label + k] + by;
	}
	for (uint32_t k = 0; k < t->nfixups && g->c->err == TRIVET_OK; k++) {
		Fixup x = g->c->fixups.at[t->fixup + k];

		if (x.to == callee)
			x.to = g->func_label[callee_of(f)];
		else if (x.to >= t->label)
			x.to += first - t->label;
		cbuf_fixup(g->c, x.kind, x.at + by, x.to, x.addend);
	}
}

static void
emit_functions(Gen *g, IrModule *m, const GenOptions *o, ObjectCode *out, Text *why)
{
	Template templates[TEMPLATES];
	const Template *like;
	uint32_t n = 0;

	for (uint32_t k = 0; k < m->funcs.n && g->c->err == TRIVET_OK; k++) {
		IrFunc *f = &m->funcs.at[k];
		uint32_t lines = g->lines.n;

		pad(g->c, g->t->code_align ? g->t->code_align : 1, g->t->filler);
		like = f->alike ? find_template(templates, n, f) : NULL;
		Template t = {
			.f = f, .index = k, .label = g->c->labels.n, .fixup = g->c->fixups.n
		};
		if (like)
			copy_template(g, like, f, k, out->frames);
		else
			emit_one(g, f, k, o, out, why);
		if (g->arena->mem->failed)
			cbuf_fail(g->c, TRIVET_NO_MEMORY, "no memory");
		if (like || !f->alike || g->lines.n != lines + 1 || g->c->err != TRIVET_OK)
			continue;
		t.nlabels = g->c->labels.n - t.label;
		t.nfixups = g->c->fixups.n - t.fixup;
		t.line_at = g->lines.at[lines].at - out->frames[k].start;
		templates[n++ % TEMPLATES] = t;
	}
}

static void
lay_data(Gen *g, const IrModule *m, ObjectCode *out)
{
	pad(g->c, 8, g->t->filler);
	cbuf_bind(g->c, g->pool_label);
	for (uint32_t k = 0; k < g->pool.n; k++)
		cbuf_u64(g->c, g->pool.at[k]);
	out->imports = cbuf_here(g->c);
	cbuf_bind(g->c, g->imports);
	for (uint32_t k = 0; k < m->imports.n; k++)
		cbuf_u64(g->c, 0);
}

/* Fills out->funcs, which is by FuncId, from labels and frames, which are by index in the module.
 */
static bool
list_entries(const Gen *g, const IrModule *m, ObjectCode *out)
{
	uint32_t n = 0;

	for (uint32_t k = 0; k < m->funcs.n; k++)
		if (m->funcs.at[k].source >= n)
			n = m->funcs.at[k].source + 1;
	out->funcs = arena_alloc(g->arena, n * sizeof *out->funcs);
	if (!out->funcs)
		return false;
	out->nfuncs = n;
	for (uint32_t k = 0; k < m->funcs.n; k++) {
		const IrFunc *f = &m->funcs.at[k];
		uint32_t thunk = f->entry_thunk < m->funcs.n ? f->entry_thunk : k;

		if (m->func_of ? m->func_of[f->source] != k : f->is_entry)
			continue;
		out->funcs[f->source] = (CodeFunc){
			.entry = g->c->labels.at[g->func_label[thunk]],
			.start = out->frames[k].start,
			.end = out->frames[k].end,
			.needs_thunk = thunk != k,
		};
	}
	return true;
}

static bool
start_module(Gen *g, const IrModule *m, ObjectCode *out)
{
	g->func_label = arena_alloc(g->arena, m->funcs.n * sizeof *g->func_label);
	out->frames = arena_alloc(g->arena, m->funcs.n * sizeof *out->frames);
	if (!g->func_label || !out->frames)
		return false;
	out->nframes = m->funcs.n;
	for (uint32_t k = 0; k < m->funcs.n; k++)
		g->func_label[k] = cbuf_label(g->c);
	g->imports = cbuf_label(g->c);
	g->pool_label = cbuf_label(g->c);
	return true;
}

trivet_status
gen_module(IrModule *m, const GenOptions *o, Arena *a, ObjectCode *out, Text *why)
{
	Cbuf c;
	Gen g = {
		.c = &c,
		.m = m,
		.t = o->target,
		.features = o->features,
		.quality = o->quality,
		.stack_bytes = o->stack_bytes > STACK_SLACK ? o->stack_bytes - STACK_SLACK : 0,
		.max_depth = o->max_depth,
		.arena = a,
	};

	*out = (ObjectCode){ 0 };
	cbuf_init(&c, a);
	if (!start_module(&g, m, out))
		return TRIVET_NO_MEMORY;
	emit_functions(&g, m, o, out, why);
	if (c.err == TRIVET_OK) {
		lay_data(&g, m, out);
		gen_unwind(&g, out);
		cbuf_link(&c, o->target->patch);
	}
	if (c.err == TRIVET_OK && !list_entries(&g, m, out))
		cbuf_fail(&c, TRIVET_NO_MEMORY, "no memory");
	if (c.err != TRIVET_OK) {
		if (why && c.message[0])
			text_addf(why, "%s", c.message);
		return c.err;
	}
	out->bytes = c.code.at;
	out->size = c.code.n;
	out->lines = g.lines.at;
	out->nlines = g.lines.n;
	return TRIVET_OK;
}
