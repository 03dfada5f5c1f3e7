/* diag.c - collecting errors, and showing one with its line and a caret. */
#include "base/diag.h"

enum { LINE_SHOWN = 96 }; /* bytes of a source line shown at most */

void
diag_init(Diags *d, Arena *a, Str file, Str text)
{
	*d = (Diags){ .arena = a, .file = file, .text = text };
}

void
diag_add(Diags *d, uint32_t line, uint32_t column, uint32_t width, const char *format, ...)
{
	Text message;
	va_list args;
	Diag *e;

	if (d->list.n >= DIAG_MAX) {
		d->dropped += d->dropped < UINT32_MAX;
		return;
	}
	text_init(&message, d->arena);
	va_start(args, format);
	text_addv(&message, format, args);
	va_end(args);
	e = vec_push(d->arena, &d->list);
	if (!e)
		return;
	e->line = line ? line : 1;
	e->column = column ? column : 1;
	e->width = width ? width : 1;
	e->message = message.at ? message.at : "out of memory";
}

/* Length of the valid UTF-8 sequence at s (Unicode 15, table 3-7), and the character; 0: there
 * is none. */
static uint32_t
utf8_at(const char *s, size_t n, uint32_t *character)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint8_t lead = (uint8_t)s[0];
	uint32_t length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
	uint32_t c = length < 2 ? lead : lead & (0x7fu >> length);

	if (lead > 0xf4 || length == 0 || length > n)
		return 0;
	for (uint32_t i = 1; i < length; i++) {
		if (((uint8_t)s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | ((uint8_t)s[i] & 0x3f);
	}
	if (c < least[length] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*character = c;
	return length;
}

/* Could it move the cursor, hide text or reverse it?  C0, C1, zero-width and bidirectional marks
 * ("Trojan Source", Boucher and Anderson 2021), line separators, byte order mark. */
static bool
is_harmful(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
}

/* Appends s so that a terminal shows one column for each character; returns the columns.  A tab is
 * one blank, everything else that is not plain text a '?' (one for each bad byte). */
static uint32_t
add_harmless(Text *out, const char *s, size_t n)
{
	uint32_t columns = 0, c = 0, length;

	for (size_t i = 0; i < n; i += length, columns++) {
		length = utf8_at(s + i, n - i, &c);
		if (length == 0) {
			length = 1;
			text_add(out, "?", 1);
		} else if (c == '\t') {
			text_add(out, " ", 1);
		} else if (is_harmful(c)) {
			text_add(out, "?", 1);
		} else {
			text_add(out, s + i, length);
		}
	}
	return columns;
}

static void
add_repeated(Text *out, char c, uint32_t n)
{
	while (n-- > 0)
		text_add(out, &c, 1);
}

/* The given line of the text, without its end; empty when there are fewer. */
static Str
find_line(Str text, uint32_t line)
{
	const char *at = text.n ? text.at : "", *end = at + text.n, *stop;

	for (; line > 1 && at != end; line--) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		at = newline ? newline + 1 : end;
	}
	if (at == end)
		return (Str){ at, 0 };
	stop = memchr(at, '\n', (size_t)(end - at));
	if (!stop)
		stop = end;
	if (stop > at && stop[-1] == '\r')
		stop--;
	return (Str){ at, (uint32_t)(stop - at) };
}

static bool
continues_character(Str line, uint32_t at)
{
	return at > 0 && at < line.n && ((uint8_t)line.at[at] & 0xc0) == 0x80;
}

/* The start of the character that byte `at` belongs to, and the end of it. */
static uint32_t
character_start(Str line, uint32_t at)
{
	for (int i = 0; i < 3 && continues_character(line, at); i++)
		at--;
	return at;
}

static uint32_t
character_end(Str line, uint32_t at)
{
	for (int i = 0; i < 3 && continues_character(line, at); i++)
		at++;
	return at;
}

/* The part of the line to show: all of it, or LINE_SHOWN bytes around the caret. */
static void
choose_part(Str line, uint32_t caret, uint32_t *from, uint32_t *to)
{
	*from = 0;
	*to = line.n;
	if (line.n <= LINE_SHOWN)
		return;
	if (caret > LINE_SHOWN / 2)
		*from = caret - LINE_SHOWN / 2;
	if (*from > line.n - LINE_SHOWN)
		*from = line.n - LINE_SHOWN;
	*to = *from + LINE_SHOWN;
	*from = character_end(line, *from);
	*to = character_end(line, *to);
}

void
diag_format(const Diags *d, uint32_t index, Text *out)
{
	uint32_t from, to, caret, marked, before, width;
	const Diag *e;
	Str line;

	if (index >= d->list.n)
		return;
	e = &d->list.at[index];
	add_harmless(out, d->file.at, d->file.n);
	text_addf(out, ":%u:%u: error: ", (unsigned)e->line, (unsigned)e->column);
	add_harmless(out, e->message, strlen(e->message));
	text_add(out, "\n", 1);

	line = find_line(d->text, e->line);
	caret = e->column - 1 < line.n ? e->column - 1 : line.n;
	marked = e->width < line.n - caret ? e->width : line.n - caret;
	marked = character_end(line, caret + marked);
	caret = character_start(line, caret);
	choose_part(line, caret, &from, &to);
	caret = caret > from ? caret : from;
	marked = (marked < to ? marked : to) - caret;

	text_add(out, "  ", 2);
	before = 2;
	if (from > 0) {
		text_add(out, "...", 3);
		before += 3;
	}
	before += add_harmless(out, line.at + from, caret - from);
	width = add_harmless(out, line.at + caret, marked);
	add_harmless(out, line.at + caret + marked, to - caret - marked);
	text_addf(out, "%s\n", to < line.n ? "..." : "");
	add_repeated(out, ' ', before);
	text_add(out, "^", 1);
	if (width > 1)
		add_repeated(out, '~', width - 1);
	text_add(out, "\n", 1);
}
