/* jitdump.c - the records of a jitdump file. */
#include "code/jitdump.h"

enum { CODE_LOAD = 0, CODE_DEBUG_INFO = 2, CODE_CLOSE = 3 };
enum { HEADER = 40, PREFIX = 16, LOAD = PREFIX + 40, DEBUG = PREFIX + 16, LINE = 16 };

/* In the byte order of this machine, which is little-endian on all of ours. */
static void
put(Text *t, uint64_t v, unsigned bytes)
{
	char le[8];

	for (unsigned k = 0; k < 8; k++)
		le[k] = (char)(v >> 8 * k & 0xff);
	text_add(t, le, bytes);
}

static void
put_prefix(Text *t, uint32_t kind, size_t size, const JitdumpWriter *w)
{
	put(t, kind, 4);
	put(t, size, 4);
	put(t, w->nanoseconds, 8);
}

void
jitdump_header(Text *t, uint16_t machine, const JitdumpWriter *w)
{
	put(t, 0x4a695444, 4); /* "JiTD" to a big-endian reader */
	put(t, 1, 4);	       /* version */
	put(t, HEADER, 4);
	put(t, machine, 4);
	put(t, 0, 4);
	put(t, w->process, 4);
	put(t, w->nanoseconds, 8);
	put(t, 0, 8); /* flags */
}

void
jitdump_end(Text *t, const JitdumpWriter *w)
{
	put_prefix(t, CODE_CLOSE, PREFIX, w);
}

/* The first line entry at or behind an offset. */
static uint32_t
first_line(const DebugModule *m, uint32_t at)
{
	uint32_t low = 0, high = m->nlines;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (m->lines[middle].at < at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Lines come before the function they are of. */
static void
put_lines(Text *t, const DebugModule *m, const DebugSymbol *s, const JitdumpWriter *w)
{
	size_t name = strlen(m->file) + 1;
	uint32_t first = first_line(m, s->start), end = first_line(m, s->end);

	if (first == end)
		return;
	put_prefix(t, CODE_DEBUG_INFO, DEBUG + (end - first) * (LINE + name), w);
	put(t, m->address + s->start, 8);
	put(t, end - first, 8);
	for (uint32_t k = first; k < end; k++) {
		put(t, m->address + m->lines[k].at, 8);
		put(t, m->lines[k].line, 4);
		put(t, 0, 4); /* discriminator */
		text_add(t, m->file, name);
	}
}

void
jitdump_module(Text *t, const DebugModule *m, const JitdumpWriter *w)
{
	for (uint32_t k = 0; k < m->nsymbols; k++) {
		const DebugSymbol *s = &m->symbols[k];
		size_t name = strlen(s->name) + 1, size = s->end - s->start;

		put_lines(t, m, s, w);
		put_prefix(t, CODE_LOAD, LOAD + name + size, w);
		put(t, w->process, 4);
		put(t, w->thread, 4);
		put(t, m->address + s->start, 8);
		put(t, m->address + s->start, 8);
		put(t, size, 8);
		put(t, (*w->functions)++, 8);
		text_add(t, s->name, name);
		text_add(t, (const char *)m->code + s->start, size);
	}
}
