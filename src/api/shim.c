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

/* ---- Life ---- */

struct LiveStub {
	CodeBlock *block;
	OsUnwind unwind;
	DebugEntry debug;
	Arena arena; /* what the debugger was told */
};

static void
delete_live(trivet_engine *e, LiveStub *l)
{
	debugger_remove(&l->debug);
	os_unregister_unwind(&e->unwinder, &l->unwind);
	code_forget(l->block);
	arena_free(&l->arena);
	api_delete(e, l, sizeof *l);
}

/* Its name for gdb and perf, when they are to know it, is "shim" or "closure". */
static bool
tell_tools(trivet_engine *e, LiveStub *l, const Shim *s, const ObjectCode *o, const Target *t)
{
	const uint8_t *code = code_address(l->block);
	const DebugSymbol symbol = { s->closure ? "closure" : "shim", 0, o->frames->end };
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

	return !api_has_tools(e) || api_tell_tools(e, &m, t->unwind, &l->arena, &l->debug);
}

static trivet_status
seal(trivet_engine *e, LiveStub *l, const Shim *s, const ObjectCode *o, const Target *t)
{
	uint32_t features = e->cpu & ~e->options.features_off;
	trivet_status status;

	status = e->options.refuse_exec ? TRIVET_NO_EXEC : code_alloc(&e->pool, o->size, &l->block);
	if (!status)
		status = code_write(l->block, 0, o->bytes, o->size);
	if (!status)
		status = code_seal(l->block, (features & TRIVET_FEATURE_BTI) != 0);
	if (!status)
		status = os_register_unwind(&e->unwinder, &l->unwind, code_address(l->block),
					    o->unwind, 1);
	if (!status && !tell_tools(e, l, s, o, t))
		status = TRIVET_NO_MEMORY;
	return status;
}

static trivet_status
make_live(trivet_engine *e, Shim *s, LiveStub **out)
{
	const Target *t = target_find(os_target_name());
	trivet_status status;
	ObjectCode object;
	Arena scratch;
	LiveStub *l = api_new(e, sizeof *l);

	if (!l)
		return TRIVET_NO_MEMORY;
	arena_init(&l->arena, &e->mem);
	arena_init(&scratch, &e->mem);
	status = gen_shim(t, s, &scratch, &object);
	if (!status)
		status = seal(e, l, s, &object, t);
	arena_free(&scratch);
	if (status)
		delete_live(e, l);
	else
		*out = l;
	return status;
}

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

/* Adds to the slots: 1 + index in the low half of the id, above it how often it was used. */
static trivet_status
make(trivet_engine *e, const char *signature, Shim *s, trivet_stub *out)
{
	Scan scan = { .text = signature, .at = signature };
	LiveStub *live = NULL;
	trivet_status status;
	StubSlot *slot;
	void *entry;

	if (!scan_signature(&scan, s))
		return bad_signature(e, &scan);
	status = make_live(e, s, &live);
	if (status == TRIVET_NO_MEMORY)
		return api_no_memory(e);
	if (!status)
		status = code_entry(live->block, 0, &entry);
	if (status)
		return api_fail(e, status, "making a %s", s->closure ? "closure" : "shim");
	slot = free_slot(e);
	if (!slot) {
		delete_live(e, live);
		return api_no_memory(e);
	}
	slot->live = live;
	slot->uses++;
	out->id = (uint64_t)slot->uses << 32 | (uint64_t)(slot - e->stubs.at + 1);
	/* POSIX and Windows both promise that a data pointer of code is a function pointer. */
	if (s->closure)
		memcpy(&out->function, &entry, sizeof entry);
	else
		memcpy(&out->call, &entry, sizeof entry);
	return TRIVET_OK;
}

void
api_free_stubs(trivet_engine *e)
{
	for (uint32_t k = 0; k < e->stubs.n; k++)
		if (e->stubs.at[k].live)
			delete_live(e, e->stubs.at[k].live);
	arena_free(&e->stub_slots);
}

/* ---- The public calls ---- */

trivet_status
trivet_shim(trivet_engine *e, const char *signature, trivet_function function, trivet_stub *out)
{
	Shim s = { .function = (uint64_t)(uintptr_t)function };

	if (!e || !out)
		return TRIVET_ARGUMENT;
	*out = (trivet_stub){ 0 };
	api_begin(e);
	if (!signature || !function)
		return api_fail(e, TRIVET_ARGUMENT, "a shim needs a signature and a function");
	return make(e, signature, &s, out);
}

trivet_status
trivet_closure(trivet_engine *e, const char *signature, trivet_handler *handler, void *user,
	       trivet_stub *out)
{
	Shim s = {
		.closure = true,
		.function = (uint64_t)(uintptr_t)handler,
		.user = (uint64_t)(uintptr_t)user,
	};

	if (!e || !out)
		return TRIVET_ARGUMENT;
	*out = (trivet_stub){ 0 };
	api_begin(e);
	if (!signature || !handler)
		return api_fail(e, TRIVET_ARGUMENT, "a closure needs a signature and a handler");
	return make(e, signature, &s, out);
}

trivet_status
trivet_stub_free(trivet_engine *e, trivet_stub stub)
{
	uint32_t k = (uint32_t)stub.id - 1, uses = (uint32_t)(stub.id >> 32);
	StubSlot *slot;

	if (!e)
		return TRIVET_ARGUMENT;
	api_begin(e);
	if (k >= e->stubs.n || !uses || uses > e->stubs.at[k].uses)
		return api_fail(e, TRIVET_ARGUMENT, "no shim or closure of this engine");
	slot = &e->stubs.at[k];
	if (uses < slot->uses || !slot->live)
		return api_fail(e, TRIVET_FREED, "a shim or closure");
	delete_live(e, slot->live);
	slot->live = NULL;
	if (slot->uses < UINT32_MAX) { /* else never again: its ids are used up */
		slot->next_free = e->free_stub;
		e->free_stub = k + 1;
	}
	return TRIVET_OK;
}
