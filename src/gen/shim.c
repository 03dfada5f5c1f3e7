/* shim.c - shims and closures: where arguments travel, then the back end's code, then unwind data.
 */
#include "gen/shim.h"

static const struct {
	const Convention *conv;
	void (*entry)(Cbuf *c, uint32_t number, Label body);
	void (*emit)(Cbuf *c, const Convention *cv, const Shim *s, FrameInfo *frame);
} emitters[] = {
	{ &conv_sysv, x64_emit_shim_entry, x64_emit_shim },
	{ &conv_win64, x64_emit_shim_entry, x64_emit_shim },
	{ &conv_aapcs64, a64_emit_shim_entry, a64_emit_shim },
};

static void
place_params(const Convention *cv, Shim *s)
{
	static const uint8_t travels_as[CTYPE_COUNT] = {
#define X(name, text, bytes, ir) [CTYPE_##name] = IR_##ir,
		CTYPE_LIST(X)
#undef X
	};
	uint8_t types[SHIM_PARAMS];

	for (uint32_t k = 0; k < s->nparams; k++)
		types[k] = travels_as[s->params[k]];
	s->slots = conv_assign(cv, types, s->nparams, s->at);
}

/* The entries have no frame yet.  DWARF takes them for the beginning of the function; on Windows
 * what has no unwind data is such code, and a prologue is short. */
trivet_status
gen_shim(const Target *t, Shim *s, uint32_t entries, Arena *a, ObjectCode *out)
{
	Cbuf c;
	Gen g = { .c = &c, .t = t, .arena = a };
	uint32_t k = 0;
	Label body;

	*out = (ObjectCode){ .nframes = 1, .frames = arena_alloc(a, sizeof *out->frames) };
	if (!out->frames)
		return TRIVET_NO_MEMORY;
	cbuf_init(&c, a);
	body = cbuf_label(&c);
	place_params(t->conv, s);
	while (emitters[k].conv != t->conv)
		k++;
	for (uint32_t n = 0; n < entries; n++) {
		emitters[k].entry(&c, n, body);
		cbuf_align(&c, SHIM_ENTRY, (uint8_t)t->filler);
	}
	cbuf_bind(&c, body);
	out->frames->start = t->unwind == UNWIND_WINDOWS_X64 ? cbuf_here(&c) : 0;
	emitters[k].emit(&c, t->conv, s, out->frames);
	out->frames->end = cbuf_here(&c);
	cbuf_align(&c, 8, (uint8_t)t->filler);
	gen_unwind(&g, out);
	cbuf_link(&c, t->patch);
	if (a->mem->failed)
		return TRIVET_NO_MEMORY;
	out->bytes = c.code.at;
	out->size = c.code.n;
	return c.err;
}
