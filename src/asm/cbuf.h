/* cbuf.h - machine code while it is being written: bytes, labels, fixups.
 *
 * Knows no instruction set and no IR.  An assembler appends words or bytes, binds labels and asks
 * for fixups; cbuf_link() resolves them with the patch function it is given.  Offsets are bytes
 * from the start, never pointers: the buffer moves when it grows, and may run elsewhere.
 *
 * Errors stick: after the first, every append does nothing and cbuf_link() returns it.  Where
 * and why is in `message`.                                     Tests: tests/unit/cbuf.c */
#ifndef TRIVET_CBUF_H
#define TRIVET_CBUF_H

#include "base/mem.h"

typedef uint32_t Label;                 /* from cbuf_label(); dense, from 0 */
enum { LABEL_UNBOUND = 0xffffffffu };

enum {
	CBUF_ABS64 = 0xff,              /* 8 bytes: Cbuf.base + target + addend */
	CBUF_ALIGN = 0xfe,              /* `addend` bytes of padding at `at`, to a multiple of `to`: nothing to
	                                   link, but who moves code keeps what follows aligned */
	CBUF_MAX = 1 << 30,             /* bytes; beyond: TRIVET_LIMIT */
	CBUF_SLACK = 8,                 /* bytes of room always kept behind the code, so that a patch at
	                                   the very end stays inside the buffer */
};

typedef struct Fixup {
	uint32_t at;                    /* offset of the field or instruction to patch */
	Label to;
	int32_t addend;
	uint8_t kind;                   /* the assembler's own; CBUF_… are everyone's */
} Fixup;

typedef struct Cbuf {
	Arena *arena;
	uint64_t base;                  /* address byte 0 will run at, for CBUF_ABS64 alone */
	VEC(uint8_t) code;
	VEC(uint32_t) labels;           /* offset each is bound to, or LABEL_UNBOUND */
	VEC(Fixup) fixups;
	trivet_status err;              /* first failure, or TRIVET_OK */
	char message[160];
} Cbuf;

void cbuf_init(Cbuf *c, Arena *a);
void cbuf_fail(Cbuf *c, trivet_status why, const char *message);  /* the first one stays */
bool cbuf_grow(Cbuf *c, uint32_t n);    /* the slow half of cbuf_room */
void cbuf_align(Cbuf *c, uint32_t to, uint8_t fill);    /* to a power of two */

/* Room for n more bytes and the slack behind them. */
static inline bool
cbuf_room(Cbuf *c, uint32_t n)
{
	return c->err == TRIVET_OK
	       && ((uint64_t)c->code.n + n + CBUF_SLACK <= c->code.cap || cbuf_grow(c, n));
}

static inline uint32_t
cbuf_here(const Cbuf *c)
{
	return c->code.n;
}

static inline void
cbuf_u8(Cbuf *c, uint8_t v)
{
	if (cbuf_room(c, 1))
		c->code.at[c->code.n++] = v;
}

static inline void
cbuf_put32(uint8_t *at, uint32_t v)     /* little-endian, whatever the host */
{
	at[0] = (uint8_t)v;
	at[1] = (uint8_t)(v >> 8);
	at[2] = (uint8_t)(v >> 16);
	at[3] = (uint8_t)(v >> 24);
}

static inline void
cbuf_u32(Cbuf *c, uint32_t v)
{
	if (!cbuf_room(c, 4))
		return;
	cbuf_put32(c->code.at + c->code.n, v);
	c->code.n += 4;
}

static inline void
cbuf_u64(Cbuf *c, uint64_t v)
{
	if (!cbuf_room(c, 8))
		return;
	cbuf_put32(c->code.at + c->code.n, (uint32_t)v);
	cbuf_put32(c->code.at + c->code.n + 4, (uint32_t)(v >> 32));
	c->code.n += 8;
}

static inline void
cbuf_bytes(Cbuf *c, const void *bytes, uint32_t n)
{
	if (n == 0 || !cbuf_room(c, n))
		return;
	memcpy(c->code.at + c->code.n, bytes, n);
	c->code.n += n;
}

Label cbuf_label(Cbuf *c);              /* new, unbound */
void cbuf_bind(Cbuf *c, Label l);       /* here; a second time is TRIVET_LABEL */
void cbuf_fixup(Cbuf *c, uint8_t kind, uint32_t at, Label to, int32_t addend);

/* Writes `disp` (target - place + addend) into the instruction or field at `at`.
 * False: out of range. */
typedef bool PatchFn(uint8_t *at, uint8_t kind, int64_t disp);
trivet_status cbuf_link(Cbuf *c, PatchFn *patch);       /* every label bound, every fixup in reach */

#endif
