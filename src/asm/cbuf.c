/* cbuf.c - growing, labels, linking; the appends themselves are inline in cbuf.h. */
#include "asm/cbuf.h"

void
cbuf_init(Cbuf *c, Arena *a)
{
	memset(c, 0, sizeof *c);
	c->arena = a;
}

void
cbuf_fail(Cbuf *c, trivet_status why, const char *message)
{
	if (c->err != TRIVET_OK || why == TRIVET_OK)
		return;
	c->err = why;
	mem_format(c->message, sizeof c->message, "%s", message ? message : "");
}

bool
cbuf_grow(Cbuf *c, uint32_t n)
{
	if (c->err != TRIVET_OK)
		return false;
	if (n > CBUF_MAX || c->code.n > CBUF_MAX - n) {
		cbuf_fail(c, TRIVET_LIMIT, "the code is too long");
		return false;
	}
	if (!vec_room(c->arena, (void **)&c->code.at, &c->code.cap, 1,
		      c->code.n + n + CBUF_SLACK)) {
		cbuf_fail(c, TRIVET_NO_MEMORY, "no memory for code");
		return false;
	}
	return true;
}

void
cbuf_align(Cbuf *c, uint32_t to, uint8_t fill)
{
	uint32_t n;

	if (to == 0 || (to & (to - 1)) != 0) {
		cbuf_fail(c, TRIVET_ARGUMENT, "the alignment is no power of two");
		return;
	}
	n = (0 - c->code.n) & (to - 1);
	if (n == 0 || !cbuf_room(c, n))
		return;
	memset(c->code.at + c->code.n, fill, n);
	c->code.n += n;
}

Label
cbuf_label(Cbuf *c)
{
	uint32_t *l = c->err == TRIVET_OK ? vec_push(c->arena, &c->labels) : NULL;

	if (!l) {
		cbuf_fail(c, TRIVET_NO_MEMORY, "no memory for labels");
		return 0;
	}
	*l = LABEL_UNBOUND;
	return c->labels.n - 1;
}

void
cbuf_bind(Cbuf *c, Label l)
{
	char message[sizeof c->message];

	if (c->err != TRIVET_OK)
		return;
	if (l < c->labels.n && c->labels.at[l] == LABEL_UNBOUND) {
		c->labels.at[l] = c->code.n;
		return;
	}
	mem_format(message, sizeof message,
		   l < c->labels.n ? "label %u is bound a second time, at 0x%x"
				   : "there is no label %u to bind at 0x%x",
		   (unsigned)l, (unsigned)c->code.n);
	cbuf_fail(c, TRIVET_LABEL, message);
}

void
cbuf_fixup(Cbuf *c, uint8_t kind, uint32_t at, Label to, int32_t addend)
{
	Fixup *f = c->err == TRIVET_OK ? vec_push(c->arena, &c->fixups) : NULL;

	if (!f) {
		cbuf_fail(c, TRIVET_NO_MEMORY, "no memory for fixups");
		return;
	}
	*f = (Fixup){ .at = at, .to = to, .addend = addend, .kind = kind };
}

/* Fixups are few and each is looked at once; a label's number is the only thing trusted. */
static void
link_one(Cbuf *c, const Fixup *f, PatchFn *patch)
{
	uint32_t size = f->kind == CBUF_ABS64 ? 8 : 1, target;
	trivet_status why = TRIVET_OK;
	const char *what = NULL;
	char message[sizeof c->message];

	if (f->kind == CBUF_ALIGN)
		return;
	target = f->to < c->labels.n ? c->labels.at[f->to] : LABEL_UNBOUND;
	if (target == LABEL_UNBOUND) {
		why = TRIVET_LABEL;
		what = "label %u, used at 0x%x, is not bound";
	} else if (c->code.n < size || f->at > c->code.n - size) {
		why = TRIVET_BOUNDS;
		what = "the reference to label %u at 0x%x is outside the code";
	} else if (f->kind == CBUF_ABS64) {
		uint64_t v = c->base + target + (uint64_t)(int64_t)f->addend;
		cbuf_put32(c->code.at + f->at, (uint32_t)v);
		cbuf_put32(c->code.at + f->at + 4, (uint32_t)(v >> 32));
	} else if (!patch || !patch(c->code.at + f->at, f->kind,
				    (int64_t)target - (int64_t)f->at + f->addend)) {
		why = TRIVET_RANGE;
		what = "label %u is out of reach of the reference at 0x%x";
	}
	if (why == TRIVET_OK)
		return;
	mem_format(message, sizeof message, what, (unsigned)f->to, (unsigned)f->at);
	cbuf_fail(c, why, message);
}

trivet_status
cbuf_link(Cbuf *c, PatchFn *patch)
{
	for (uint32_t i = 0; i < c->fixups.n && c->err == TRIVET_OK; i++)
		link_one(c, &c->fixups.at[i], patch);
	if (c->err == TRIVET_OK)
		c->fixups.n = 0;
	return c->err;
}
