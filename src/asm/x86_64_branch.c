/* x86_64_branch.c - x86-64 branches: written long or short, patched, and shortened afterwards. */
#include "asm/x86_64.h"

static void
branch(Cbuf *c, X64Form form, unsigned cc, uint8_t kind, Label to)
{
	const X64Row *row = &x64_row[form];
	uint32_t field = row->sizes & 1 ? 1 : 4;
	uint8_t *p;

	if (!cbuf_room(c, 8))
		return;
	p = c->code.at + c->code.n;
	if (row->map)
		*p++ = 0x0f;
	*p++ = (uint8_t)(row->opcode + cc);
	cbuf_put32(p, 0);
	c->code.n = (uint32_t)(p - c->code.at) + field;
	cbuf_fixup(c, kind, c->code.n - field, to, -(int32_t)field);
}

/* Backwards, an 8-bit branch reaches 128 bytes from its end.  Padding between may become as much as
 * it can be when code in front of it gets shorter. */
static bool
reaches_back(const Cbuf *c, Label to)
{
	uint32_t target = to < c->labels.n ? c->labels.at[to] : LABEL_UNBOUND, distance;

	if (target == LABEL_UNBOUND || cbuf_here(c) + 2 - target > 128)
		return false;
	distance = cbuf_here(c) + 2 - target;
	for (uint32_t k = c->fixups.n; k-- > 0 && c->fixups.at[k].at >= target;)
		if (c->fixups.at[k].kind == CBUF_ALIGN)
			distance += c->fixups.at[k].to - 1 - (uint32_t)c->fixups.at[k].addend;
	return distance <= 128;
}

void
x64_jmp(Cbuf *c, Label to)
{
	if (reaches_back(c, to))
		branch(c, X64_JMP8, 0, X64_REL8, to);
	else
		branch(c, X64_JMP32, 0, X64_BRANCH32, to);
}

void
x64_jcc(Cbuf *c, X64Cc cc, Label to)
{
	if (reaches_back(c, to))
		branch(c, X64_JCC8, cc, X64_REL8, to);
	else
		branch(c, X64_JCC32, cc, X64_BRANCH32, to);
}

void
x64_call(Cbuf *c, Label to)
{
	branch(c, X64_CALL32, 0, X64_REL32, to);
}

void
x64_jmp_short(Cbuf *c, Label to)
{
	branch(c, X64_JMP8, 0, X64_REL8, to);
}

void
x64_jcc_short(Cbuf *c, X64Cc cc, Label to)
{
	branch(c, X64_JCC8, cc, X64_REL8, to);
}

bool
x64_patch(uint8_t *at, uint8_t kind, int64_t disp)
{
	if (kind == X64_REL8) {
		if (!x64_is_imm8(disp))
			return false;
		*at = (uint8_t)disp;
		return true;
	}
	if ((kind != X64_REL32 && kind != X64_BRANCH32) || !x64_is_imm32(disp))
		return false;
	cbuf_put32(at, (uint32_t)(uint64_t)disp);
	return true;
}

/* ---- Relaxation ---- */

X64Mark
x64_mark(const Cbuf *c)
{
	return (X64Mark){ c->code.n, c->labels.n, c->fixups.n };
}

/* Bytes gone in front of old offset `until`, since the last one of the list. */
typedef struct Cut {
	uint32_t until, bytes;
} Cut;

enum {
	REACH = 127,
	WORTH = 3 * REACH, /* six bytes become two: nothing farther comes into reach */
};

static bool
is_jmp(const Cbuf *c, const Fixup *f)
{
	return c->code.at[f->at - 1] == x64_row[X64_JMP32].opcode;
}

/* What fixup k takes away from a distance across it.  Padding may grow again, so it counts with the
 * most it can become. */
static int32_t
gain(const Cbuf *c, const Fixup *f)
{
	if (f->kind == X64_SHORTEN)
		return is_jmp(c, f) ? 3 : 4;
	return f->kind == CBUF_ALIGN ? f->addend - (int32_t)(f->to - 1) : 0;
}

/* How much nearer branch k must come to its target to be short: 0 when it can be, UINT32_MAX when
 * it never will.  Distances count what is known to go from between; they only shrink afterwards, so
 * what reaches now will. */
static uint32_t
missing(const Cbuf *c, uint32_t k, X64Mark since)
{
	const Fixup *f = &c->fixups.at[k];
	uint32_t target = f->to < c->labels.n ? c->labels.at[f->to] : LABEL_UNBOUND;
	uint32_t end = f->at + 4, start = end - (is_jmp(c, f) ? 5 : 6);
	int32_t distance;

	if (target == LABEL_UNBOUND || target < since.code)
		return UINT32_MAX;
	if (target >= end) {
		if (target - end > WORTH)
			return UINT32_MAX;
		distance = (int32_t)(target - end);
		for (uint32_t j = k + 1; j < c->fixups.n && c->fixups.at[j].at < target; j++)
			distance -= gain(c, &c->fixups.at[j]);
	} else {
		if (start - target > WORTH)
			return UINT32_MAX;
		distance = (int32_t)(start - target) + 1; /* counted from the end, reaches 128 */
		for (uint32_t j = k; j-- > since.fixup && c->fixups.at[j].at >= target;)
			distance -= gain(c, &c->fixups.at[j]);
	}
	return distance <= REACH ? 0 : (uint32_t)(distance - REACH);
}

/* Marks those that can become short.  From the end on, so that of forward branches the inner go
 * first; again as long as there are more, but not often: each time is a look at all.  Returns how
 * many cuts there will be. */
static uint32_t
choose(Cbuf *c, X64Mark since)
{
	uint32_t n = 0, more = 1, near = 1;

	for (uint32_t turn = 0; turn < 4 && more && near; turn++) {
		more = near = 0;
		for (uint32_t k = c->fixups.n; k-- > since.fixup;) {
			Fixup *f = &c->fixups.at[k];
			uint32_t lacks =
				f->kind == X64_BRANCH32 ? missing(c, k, since) : UINT32_MAX;

			near += lacks && lacks != UINT32_MAX;
			if (!lacks) {
				f->kind = X64_SHORTEN;
				more++;
			}
		}
		n += more;
	}
	for (uint32_t k = since.fixup; n && k < c->fixups.n; k++)
		n += c->fixups.at[k].kind == CBUF_ALIGN;
	return n;
}

/* *near: how many cuts lie before the offset asked for last, which is often close. */
static uint32_t
moved(uint32_t offset, const Cut *cuts, uint32_t n, uint32_t *near)
{
	uint32_t low = *near, k = low + (low < n && cuts[low].until <= offset);

	if ((k == n || cuts[k].until > offset) && (!k || cuts[k - 1].until <= offset))
		low = n = k;
	else
		low = 0;
	while (low < n) { /* how many cuts end at or before it */
		uint32_t middle = low + (n - low) / 2;
		if (cuts[middle].until <= offset)
			low = middle + 1;
		else
			n = middle;
	}
	*near = low;
	return low ? offset - cuts[low - 1].bytes : offset;
}

/* Moves the code up, fixups with it.  Padding never reaches farther than it did. */
static void
shorten(Cbuf *c, X64Mark since, Cut *cuts)
{
	uint8_t *code = c->code.at;
	uint32_t to = since.code, from = since.code;

	for (uint32_t k = since.fixup; k < c->fixups.n; k++) {
		Fixup *f = &c->fixups.at[k];
		uint32_t end = f->at + 4, keep = f->at;

		if (f->kind != X64_SHORTEN && f->kind != CBUF_ALIGN) {
			f->at -= from - to;
			continue;
		}
		if (f->kind == CBUF_ALIGN)
			end = f->at + (uint32_t)f->addend;
		else
			keep = f->at - (is_jmp(c, f) ? 1 : 2);
		memmove(code + to, code + from, keep - from);
		to += keep - from;
		if (f->kind == CBUF_ALIGN) {
			f->at = to;
			f->addend = (int32_t)((0 - to) & (f->to - 1));
			x64_write_nops(code + to, (uint32_t)f->addend);
			to += (uint32_t)f->addend;
		} else {
			bool jmp = end - keep == 5;
			code[to] = jmp ? x64_row[X64_JMP8].opcode : (uint8_t)(code[end - 5] - 0x10);
			code[to + 1] = 0;
			*f = (Fixup){ .at = to + 1, .to = f->to, .addend = -1, .kind = X64_REL8 };
			to += 2;
		}
		from = end;
		*cuts++ = (Cut){ end, from - to };
	}
	memmove(code + to, code + from, c->code.n - from);
	c->code.n -= from - to;
}

void
x64_relax(Cbuf *c, X64Mark since, void *offsets, uint32_t n, uint32_t stride)
{
	uint32_t ncuts = c->err == TRIVET_OK ? choose(c, since) : 0, near = 0;
	Cut *cuts;

	if (!ncuts)
		return;
	cuts = arena_alloc(c->arena, ncuts * sizeof *cuts);
	if (!cuts) {
		cbuf_fail(c, TRIVET_NO_MEMORY, "no memory to shorten branches");
		return;
	}
	shorten(c, since, cuts);
	for (uint32_t k = since.label; k < c->labels.n; k++)
		if (c->labels.at[k] != LABEL_UNBOUND)
			c->labels.at[k] = moved(c->labels.at[k], cuts, ncuts, &near);
	for (uint32_t k = 0; k < n; k++) {
		char *at = (char *)offsets + (size_t)k * stride;
		uint32_t offset;

		memcpy(&offset, at, sizeof offset);
		offset = moved(offset, cuts, ncuts, &near);
		memcpy(at, &offset, sizeof offset);
	}
}
