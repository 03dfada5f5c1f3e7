/* shim.c - trivet_shim.h: signatures, and the life of shims and closures. */
#include "trivet_shim.h"
#include "api/api.h"
#include "gen/shim.h"
#include <string.h>

/* ---- Signatures ---- */

typedef struct Scan {
	const char *text, *at;
	const char *expected; /* the first thing missing at `at`, or NULL */
} Scan;

static void
skip_blanks(Scan *s)
{
	while (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r')
		s->at++;
}

static bool
accept(Scan *s, const char *what)
{
	size_t n = strlen(what);

	skip_blanks(s);
	if (strncmp(s->at, what, n) != 0)
		return false;
	s->at += n;
	return true;
}

static bool
expect(Scan *s, const char *what)
{
	bool found = !s->expected && accept(s, what);

	if (!found && !s->expected)
		s->expected = what;
	return found;
}

/* CTYPE_COUNT: there is none. */
static uint8_t
scan_type(Scan *s)
{
	static const char *const names[CTYPE_COUNT] = {
#define X(name, text, bytes, ir) [CTYPE_##name] = text,
		CTYPE_LIST(X)
#undef X
	};
	size_t n = 0;

	skip_blanks(s);
	while ((s->at[n] >= 'a' && s->at[n] <= 'z') || (s->at[n] >= '0' && s->at[n] <= '9'))
		n++;
	for (uint8_t t = 0; t < CTYPE_COUNT; t++)
		if (strlen(names[t]) == n && memcmp(names[t], s->at, n) == 0) {
			s->at += n;
			return t;
		}
	return CTYPE_COUNT;
}

static bool
survives_promotion(uint8_t t)
{
	return t >= CTYPE_I32 && t != CTYPE_F32;
}

static void
scan_param(Scan *s, Shim *out)
{
	const char *start;
	uint8_t t;

	if (out->nparams == SHIM_PARAMS) {
		s->expected = "no more than 64 parameters";
		return;
	}
	if (!out->variadic && accept(s, "...")) {
		if (out->closure)
			s->expected = "no \"...\" in a closure";
		out->variadic = true;
		if (!expect(s, ","))
			return;
	}
	skip_blanks(s);
	start = s->at;
	t = scan_type(s);
	if (t == CTYPE_COUNT || t == CTYPE_VOID) {
		s->expected = "bool, i8 … u64, f32, f64 or ptr";
	} else if (out->variadic && !survives_promotion(t)) {
		s->at = start;
		s->expected = "i32 or wider, f64 or ptr (behind \"...\")";
	} else {
		out->params[out->nparams++] = t;
		return;
	}
	s->at = start;
}

/* Fills in result, params, nparams, variadic.  False: s says where it stopped and why. */
static bool
scan_signature(Scan *s, Shim *out)
{
	out->result = scan_type(s);
	if (out->result == CTYPE_COUNT)
		s->expected = "void, bool, i8 … u64, f32, f64 or ptr";
	if (!expect(s, "("))
		return false;
	if (!accept(s, ")")) {
		do
			scan_param(s, out);
		while (!s->expected && accept(s, ","));
		expect(s, ")");
	}
	skip_blanks(s);
	if (!s->expected && *s->at)
		s->expected = "its end";
	return !s->expected;
}

/* Some of a text that may be of any length, and of any bytes. */
enum { QUOTED = 48 };

static trivet_status
bad_signature(trivet_engine *e, const Scan *s)
{
	char quoted[QUOTED + 1];
	size_t n = 0;

	for (; n < QUOTED && s->at[n]; n++) /* bytes beyond ASCII may be negative, or not */
		quoted[n] = s->at[n] >= ' ' && s->at[n] < 0x7f ? s->at[n] : '?';
	quoted[n] = 0;
	return api_fail(e, TRIVET_SIGNATURE, "at byte %zu, \"%s\": expected %s",
			(size_t)(s->at - s->text), quoted, s->expected);
}

/* ---- Blocks: the stubs of one signature, as many as a page has room for ---- */

struct StubBlock {
	StubBlock *next;
	CodeBlock *code;
	OsUnwind unwind;
	DebugEntry debug;
	Arena arena; /* what the debugger was told */
	Shim shim;
	uint32_t entries, used;
	uint32_t free; /* 1 + the first entry that is, or 0 */
	/* Of a free entry `function` is NULL, which a call of it jumps to, and `user` as `free`. */
	ShimTarget table[];
};

static size_t
block_bytes(uint32_t entries)
{
	return sizeof(StubBlock) + entries * sizeof(ShimTarget);
}

static void
delete_block(trivet_engine *e, StubBlock *b)
{
	debugger_remove(&b->debug);
	os_unregister_unwind(&e->unwinder, &b->unwind);
	code_forget(b->code);
	arena_free(&b->arena);
	api_delete(e, b, block_bytes(b->entries));
}

/* Its name for gdb and perf, when they are to know it, is "shim" or "closure". */
static bool
tell_tools(trivet_engine *e, StubBlock *b, const ObjectCode *o, const Target *t)
{
	const uint8_t *code = code_address(b->code);
	const DebugSymbol symbol = { b->shim.closure ? "closure" : "shim", 0, o->frames->end };
	const DebugModule m = {
		.file = "",
		.address = (uintptr_t)code,
		.size = o->frames->end,
		.machine = api_machine(t->unwind),
		.eh_frame = code + o->unwind,
		.eh_frame_size = o->size - o->unwind,
		.symbols = &symbol,
		.nsymbols = 1,
	};

	return !api_has_tools(e) || api_tell_tools(e, &m, t->unwind, &b->arena, &b->debug);
}

static trivet_status
seal(trivet_engine *e, StubBlock *b, const ObjectCode *o, const Target *t)
{
	uint32_t features = e->cpu & ~e->options.features_off;
	trivet_status status;

	status = e->options.refuse_exec ? TRIVET_NO_EXEC : code_alloc(&e->pool, o->size, &b->code);
	if (!status)
		status = code_write(b->code, 0, o->bytes, o->size);
	if (!status)
		status = code_seal(b->code, (features & TRIVET_FEATURE_BTI) != 0);
	if (!status)
		status = os_register_unwind(&e->unwinder, &b->unwind, code_address(b->code),
					    o->unwind, 1);
	if (!status && !tell_tools(e, b, o, t))
		status = TRIVET_NO_MEMORY;
	return status;
}

/* The first block of a signature has few, the next ones as many as a page has room for beside the
 * code and unwind data that they share; a guess, with which a page is seldom missed, and one more
 * is no error. */
enum { FIRST_ENTRIES = 16, SHARED_BYTES = 384, PARAM_BYTES = 40 };

static uint32_t
count_entries(const trivet_engine *e, const Shim *s, bool first)
{
	size_t shared = SHARED_BYTES + PARAM_BYTES * (size_t)s->nparams;
	size_t n = e->pool.page > shared ? (e->pool.page - shared) / SHIM_ENTRY : 0;

	if (first || n < FIRST_ENTRIES)
		return FIRST_ENTRIES;
	return n > SHIM_ENTRIES ? SHIM_ENTRIES : (uint32_t)n;
}

static trivet_status
fill_block(trivet_engine *e, StubBlock *b)
{
	const Target *t = target_find(os_target_name());
	ObjectCode object;
	trivet_status status;
	Arena scratch;

	arena_init(&b->arena, &e->mem);
	arena_init(&scratch, &e->mem);
	for (uint32_t k = b->entries; k-- > 0; b->free = k + 1)
		b->table[k].user = b->free;
	b->shim.table = (uint64_t)(uintptr_t)b->table;
	status = gen_shim(t, &b->shim, b->entries, &scratch, &object);
	if (!status)
		status = seal(e, b, &object, t);
	arena_free(&scratch);
	return status;
}

static trivet_status
make_block(trivet_engine *e, const Shim *s, bool first, StubBlock **out)
{
	uint32_t entries = count_entries(e, s, first);
	StubBlock *b = api_new(e, block_bytes(entries));
	trivet_status status;

	if (!b)
		return TRIVET_NO_MEMORY;
	b->shim = *s;
	b->entries = entries;
	status = fill_block(e, b);
	if (status) {
		delete_block(e, b);
		return status;
	}
	b->next = e->stub_blocks;
	*out = e->stub_blocks = b;
	return TRIVET_OK;
}

static bool
is_same(const Shim *a, const Shim *b)
{
	return a->closure == b->closure && a->variadic == b->variadic && a->result == b->result &&
	       a->nparams == b->nparams && !memcmp(a->params, b->params, a->nparams);
}

/* A block of that signature with a free entry. */
static trivet_status
find_block(trivet_engine *e, const Shim *s, StubBlock **out)
{
	bool first = true;

	for (StubBlock *b = e->stub_blocks; b; b = b->next) {
		if (!is_same(&b->shim, s))
			continue;
		first = false;
		if (b->free) {
			*out = b;
			return TRIVET_OK;
		}
	}
	return make_block(e, s, first, out);
}

static void
drop_if_empty(trivet_engine *e, StubBlock *b)
{
	StubBlock **at = &e->stub_blocks;

	if (b->used)
		return;
	while (*at != b)
		at = &(*at)->next;
	*at = b->next;
	delete_block(e, b);
}

/* ---- Stubs ---- */

/* The place of a new stub: one that was freed, or another. */
static StubSlot *
free_slot(trivet_engine *e)
{
	StubSlot *s;

	if (e->free_stub) {
		s = &e->stubs.at[e->free_stub - 1];
		e->free_stub = s->next_free;
		return s;
	}
	return vec_push(&e->stub_slots, &e->stubs);
}

/* Takes the first free entry of the block.  The id: 1 + index of the slot in the low half, above it
 * how often that was used. */
static trivet_status
enter(trivet_engine *e, StubBlock *b, const ShimTarget *target, trivet_stub *out)
{
	uint32_t entry = b->free - 1;
	StubSlot *slot;
	void *code;
	trivet_status status = code_entry(b->code, (size_t)entry * SHIM_ENTRY, &code);

	if (!status && !(slot = free_slot(e)))
		status = TRIVET_NO_MEMORY;
	if (status)
		return status;
	b->free = (uint32_t)b->table[entry].user;
	b->table[entry] = *target;
	b->used++;
	slot->block = b;
	slot->entry = entry;
	slot->uses++;
	out->id = (uint64_t)slot->uses << 32 | (uint64_t)(slot - e->stubs.at + 1);
	/* POSIX and Windows both promise that a data pointer of code is a function pointer. */
	if (b->shim.closure)
		memcpy(&out->function, &code, sizeof code);
	else
		memcpy(&out->call, &code, sizeof code);
	return TRIVET_OK;
}

static trivet_status
make(trivet_engine *e, const char *signature, Shim *s, const ShimTarget *target, trivet_stub *out)
{
	Scan scan = { .text = signature, .at = signature };
	trivet_status status;
	StubBlock *b;

	if (!scan_signature(&scan, s))
		return bad_signature(e, &scan);
	status = find_block(e, s, &b);
	if (!status) {
		status = enter(e, b, target, out);
		drop_if_empty(e, b);
	}
	if (status == TRIVET_NO_MEMORY)
		return api_no_memory(e);
	return status ? api_fail(e, status, "making a %s", s->closure ? "closure" : "shim")
		      : TRIVET_OK;
}

void
api_free_stubs(trivet_engine *e)
{
	StubBlock *next;

	for (StubBlock *b = e->stub_blocks; b; b = next) {
		next = b->next;
		delete_block(e, b);
	}
	arena_free(&e->stub_slots);
}

/* ---- The public calls ---- */

trivet_status
trivet_shim(trivet_engine *e, const char *signature, trivet_function function, trivet_stub *out)
{
	const ShimTarget target = { .function = (uint64_t)(uintptr_t)function };
	Shim s = { .closure = false };

	if (!e || !out)
		return TRIVET_ARGUMENT;
	*out = (trivet_stub){ 0 };
	api_begin(e);
	if (!signature || !function)
		return api_fail(e, TRIVET_ARGUMENT, "a shim needs a signature and a function");
	return make(e, signature, &s, &target, out);
}

trivet_status
trivet_closure(trivet_engine *e, const char *signature, trivet_handler *handler, void *user,
	       trivet_stub *out)
{
	const ShimTarget target = {
		.function = (uint64_t)(uintptr_t)handler,
		.user = (uint64_t)(uintptr_t)user,
	};
	Shim s = { .closure = true };

	if (!e || !out)
		return TRIVET_ARGUMENT;
	*out = (trivet_stub){ 0 };
	api_begin(e);
	if (!signature || !handler)
		return api_fail(e, TRIVET_ARGUMENT, "a closure needs a signature and a handler");
	return make(e, signature, &s, &target, out);
}

trivet_status
trivet_stub_free(trivet_engine *e, trivet_stub stub)
{
	uint32_t k = (uint32_t)stub.id - 1, uses = (uint32_t)(stub.id >> 32);
	StubSlot *slot;
	StubBlock *b;

	if (!e)
		return TRIVET_ARGUMENT;
	api_begin(e);
	if (k >= e->stubs.n || !uses || uses > e->stubs.at[k].uses)
		return api_fail(e, TRIVET_ARGUMENT, "no shim or closure of this engine");
	slot = &e->stubs.at[k];
	if (uses < slot->uses || !slot->block)
		return api_fail(e, TRIVET_FREED, "a shim or closure");
	b = slot->block;
	b->table[slot->entry] = (ShimTarget){ .user = b->free };
	b->free = slot->entry + 1;
	b->used--;
	drop_if_empty(e, b);
	slot->block = NULL;
	if (slot->uses < UINT32_MAX) { /* else never again: its ids are used up */
		slot->next_free = e->free_stub;
		e->free_stub = k + 1;
	}
	return TRIVET_OK;
}
