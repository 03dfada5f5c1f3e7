/* shim.c - shims and closures: where arguments travel, then the back end's code, then unwind data.
 */
#include "gen/shim.h"

static const struct {
	const Convention *conv;
	void (*emit)(Cbuf *c, const Convention *cv, const Shim *s, FrameInfo *frame);
} emitters[] = {
	{ &conv_sysv, x64_emit_shim },
	{ &conv_win64, x64_emit_shim },
	{ &conv_aapcs64, a64_emit_shim },
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

trivet_status
gen_shim(const Target *t, Shim *s, Arena *a, ObjectCode *out)
{
	Cbuf c;
	Gen g = { .c = &c, .t = t, .arena = a };
	uint32_t k = 0;

	*out = (ObjectCode){ .nframes = 1, .frames = arena_alloc(a, sizeof *out->frames) };
	if (!out->frames)
		return TRIVET_NO_MEMORY;
	cbuf_init(&c, a);
	place_params(t->conv, s);
	while (emitters[k].conv != t->conv)
		k++;
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
