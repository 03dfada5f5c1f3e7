/* mem.c - the host's allocator with its account, arenas, vectors, text and formatting. */
#include "base/mem.h"

#include <stdlib.h>
#if defined __SANITIZE_ADDRESS__
#define ADDRESS_SANITIZER
#elif defined __has_feature
#if __has_feature(address_sanitizer)
#define ADDRESS_SANITIZER
#endif
#endif
#ifdef ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#endif

/* ---- The host's allocator ------------------------------------------------------------------- */

static void *
default_resize(void *user, void *p, size_t old_size, size_t size)
{
	(void)user;
	(void)old_size;
	if (size == 0) {
		free(p);
		return NULL;
	}
	return realloc(p, size);
}

void
mem_init(Mem *m, const trivet_allocator *host)
{
	*m = (Mem){ .host = { default_resize, NULL } };
	if (host && host->resize)
		m->host = *host;
}

/* As trivet_allocator.resize: size 0 frees.  On failure p stays as it was. */
void *
mem_resize(Mem *m, void *p, size_t old_size, size_t size)
{
	void *q;

	if (size == 0) {
		if (p)
			m->host.resize(m->host.user, p, old_size, 0);
		m->live -= p ? old_size : 0;
		return NULL;
	}
	q = size > PTRDIFF_MAX ? NULL : m->host.resize(m->host.user, p, p ? old_size : 0, size);
	if (!q) {
		m->failed = true;
		return NULL;
	}
	m->live += size - (p ? old_size : 0);
	if (m->live > m->peak)
		m->peak = m->live;
	return q;
}

/* ---- Arena ---------------------------------------------------------------------------------- */

/* Chunks double from CHUNK_FIRST to CHUNK_MOST; an allocation too big for that gets a chunk of its
 * own size.  The host's memory may be aligned to less than 16, hence the spare bytes. */
typedef struct ArenaChunk {
	struct ArenaChunk *older;
	size_t size; /* as asked of mem_resize */
} ArenaChunk;

enum { ALIGN = 16, CHUNK_FIRST = 4096, CHUNK_MOST = 1 << 20 };
enum { CHUNK_EXTRA = sizeof(ArenaChunk) + ALIGN };

/* AddressSanitizer sees chunks, not what is in them: it is told.  What nobody took, what a vector
 * left behind when it grew and what was given back must not be touched. */
static void
no_access(const void *p, size_t bytes)
{
#ifdef ADDRESS_SANITIZER
	__asan_poison_memory_region(p, bytes);
#else
	(void)p;
	(void)bytes;
#endif
}

static void
access(const void *p, size_t bytes)
{
#ifdef ADDRESS_SANITIZER
	__asan_unpoison_memory_region(p, bytes);
#else
	(void)p;
	(void)bytes;
#endif
}

static void
free_chunk(Mem *m, ArenaChunk *chunk)
{
	access(chunk, chunk->size);
	mem_resize(m, chunk, chunk->size, 0);
}

static size_t
round_up(size_t n)
{
	return (n + (ALIGN - 1)) & ~(size_t)(ALIGN - 1);
}

void
arena_init(Arena *a, Mem *m)
{
	*a = (Arena){ .mem = m };
}

/* The smallest spare chunk that is large enough; NULL: none. */
static ArenaChunk *
take_spare(Mem *m, size_t size)
{
	ArenaChunk **best = NULL, *chunk;

	for (ArenaChunk **at = &m->spare; *at; at = &(*at)->older)
		if ((*at)->size >= size && (!best || (*at)->size < (*best)->size))
			best = at;
	if (!best)
		return NULL;
	chunk = *best;
	*best = chunk->older;
	m->kept -= chunk->size;
	return chunk;
}

void
mem_drop_spare(Mem *m)
{
	while (m->spare) {
		ArenaChunk *older = m->spare->older;
		free_chunk(m, m->spare);
		m->spare = older;
	}
	m->kept = 0;
}

static char *
first_of(ArenaChunk *chunk)
{
	char *at = (char *)(chunk + 1);

	return at + (-(uintptr_t)at & (ALIGN - 1));
}

static bool
new_chunk(Arena *a, size_t bytes)
{
	size_t size = a->chunks ? a->chunks->size * 2 : CHUNK_FIRST;
	ArenaChunk *chunk;

	if (size > CHUNK_MOST)
		size = CHUNK_MOST;
	if (size < bytes + CHUNK_EXTRA)
		size = bytes + CHUNK_EXTRA;
	chunk = take_spare(a->mem, size);
	if (!chunk) {
		chunk = mem_resize(a->mem, NULL, 0, size);
		if (!chunk)
			return false;
		chunk->size = size;
	}
	chunk->older = a->chunks;
	a->chunks = chunk;
	a->at = first_of(chunk);
	a->end = (char *)chunk + chunk->size;
	no_access(a->at, (size_t)(a->end - a->at));
	return true;
}

static bool
is_large(size_t bytes)
{
	return bytes >= CHUNK_MOST / 2;
}

void *
arena_take(Arena *a, size_t bytes)
{
	size_t rounded = round_up(bytes ? bytes : 1);
	char *p;

	if (bytes > PTRDIFF_MAX / 2) {
		a->mem->failed = true;
		return NULL;
	}
	if (!a->chunks || (size_t)(a->end - a->at) < rounded)
		if (!new_chunk(a, rounded))
			return NULL;
	p = a->at;
	a->at += rounded;
	if (is_large(bytes) && a->end - a->at <= ALIGN)
		a->at = a->end; /* nothing else in there: see own_chunk() */
	access(p, bytes);
	return p;
}

void *
arena_alloc(Arena *a, size_t bytes)
{
	void *p = arena_take(a, bytes);

	return p ? memset(p, 0, bytes) : NULL;
}

void
arena_give(Arena *a, void *p, size_t bytes)
{
	if (p)
		no_access(p, bytes);
	if (p && (char *)p + round_up(bytes ? bytes : 1) == a->at)
		a->at = p;
}

void
arena_free(Arena *a)
{
	while (a->chunks) {
		ArenaChunk *chunk = a->chunks;
		Mem *m = a->mem;

		a->chunks = chunk->older;
		no_access(chunk + 1, chunk->size - sizeof *chunk);
		if (chunk->size <= m->keep - m->kept) {
			chunk->older = m->spare;
			m->spare = chunk;
			m->kept += chunk->size;
		} else {
			free_chunk(m, chunk);
		}
	}
	a->at = a->end = NULL;
}

/* ---- Vectors -------------------------------------------------------------------------------- */

/* The chunk that an allocation of so many bytes has to itself, as only large ones do; else NULL. */
static ArenaChunk **
own_chunk(Arena *a, const char *p, size_t bytes)
{
	ArenaChunk **at = &a->chunks;

	if (!is_large(bytes))
		return NULL;
	while (*at && p != first_of(*at))
		at = &(*at)->older;
	return *at && (*at)->size == round_up(bytes) + CHUNK_EXTRA ? at : NULL;
}

/* Such a chunk grows as the host knows to, perhaps without copying, and no outgrown one stays
 * behind. */
static char *
grow_chunk(Arena *a, ArenaChunk **at, size_t had, size_t bytes)
{
	size_t size = round_up(bytes) + CHUNK_EXTRA, offset = (size_t)(first_of(*at) - (char *)*at);
	ArenaChunk *chunk = *at;
	char *p;

	access(chunk, chunk->size);
	chunk = mem_resize(a->mem, chunk, chunk->size, size);
	if (!chunk)
		return NULL;
	chunk->size = size;
	*at = chunk;
	p = first_of(chunk);
	if (p != (char *)chunk + offset) /* the host aligns to less than 16 */
		memmove(p, (char *)chunk + offset, had);
	if (chunk == a->chunks)
		a->at = a->end = (char *)chunk + size;
	return p;
}

/* The vector's pointer is of another type than void *, so it is copied as bytes rather than
 * accessed through *at.  The arena's newest allocation grows where it lies when there is room. */
static bool
grow_to(Arena *a, void **at, uint32_t *cap, size_t element_size, uint32_t want)
{
	ArenaChunk **own;
	char *old, *fresh;
	size_t had = *cap * element_size, more;
	uint64_t n = (uint64_t)*cap * 2;

	if (n < 8)
		n = element_size < 4 ? 64 : element_size < 8 ? 4 : 8; /* text; edges; the rest */
	if (n < want)
		n = want;
	if (n > UINT32_MAX || element_size > PTRDIFF_MAX / 4 / n) {
		a->mem->failed = true;
		return false;
	}
	memcpy(&old, at, sizeof old);
	more = round_up((size_t)n * element_size) - round_up(had);
	if (old && old + round_up(had) == a->at && (size_t)(a->end - a->at) >= more) {
		a->at += more;
		access(old, (size_t)n * element_size);
		*cap = (uint32_t)n;
		return true;
	}
	own = old ? own_chunk(a, old, had) : NULL;
	if (own)
		fresh = grow_chunk(a, own, had, (size_t)n * element_size);
	else
		fresh = arena_take(a, (size_t)n * element_size);
	if (!fresh)
		return false;
	if (had && !own) {
		memcpy(fresh, old, had);
		no_access(old, had);
	}
	memcpy(at, &fresh, sizeof fresh);
	*cap = (uint32_t)n;
	return true;
}

bool
vec_reserve(Arena *a, void **at, uint32_t *cap, size_t element_size, uint32_t want)
{
	uint32_t had = *cap;
	char *p;

	if (want <= had)
		return true;
	if (!grow_to(a, at, cap, element_size, want))
		return false;
	memcpy(&p, at, sizeof p);
	memset(p + had * element_size, 0, (*cap - had) * element_size);
	return true;
}

bool
vec_room(Arena *a, void **at, uint32_t *cap, size_t element_size, uint32_t want)
{
	return want <= *cap || grow_to(a, at, cap, element_size, want);
}

/* vec_push() clears what it takes. */
bool
vec_grow(Arena *a, void **at, uint32_t *cap, size_t element_size)
{
	if (*cap == UINT32_MAX) {
		a->mem->failed = true;
		return false;
	}
	return grow_to(a, at, cap, element_size, *cap + 1);
}

/* ---- Str ------------------------------------------------------------------------------------ */

bool
str_is(Str s, const char *text)
{
	size_t n = strlen(text);
	return s.n == n && (n == 0 || memcmp(s.at, text, n) == 0);
}

bool
str_equal(Str a, Str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.at, b.at, a.n) == 0);
}

Str
str_copy(Arena *a, Str s)
{
	char *p = arena_alloc(a, (size_t)s.n + 1);

	if (!p)
		return (Str){ NULL, 0 };
	if (s.n)
		memcpy(p, s.at, s.n);
	return (Str){ p, s.n };
}

/* ---- Formatting ----------------------------------------------------------------------------- */

/* Ours, because the C libraries differ (msvcrt knows no %zu) and obey the locale. */
typedef struct Sink {
	char *out;
	size_t room, n; /* n counts on where room ends */
} Sink;

typedef struct Spec { /* one % item */
	bool left, zero, plus, space, alt;
	int width, precision; /* precision -1: none */
	int size;	      /* bytes of an integer argument */
} Spec;

static void
put(Sink *s, char c)
{
	if (s->n < s->room)
		s->out[s->n] = c;
	s->n++;
}

static void
put_padded(Sink *s, const Spec *f, const char *at, size_t n)
{
	size_t pad = f->width > 0 && (size_t)f->width > n ? (size_t)f->width - n : 0;

	for (size_t i = 0; !f->left && i < pad; i++)
		put(s, ' ');
	for (size_t i = 0; i < n; i++)
		put(s, at[i]);
	for (size_t i = 0; f->left && i < pad; i++)
		put(s, ' ');
}

/* sign: "-", "+", "0x" ... or "".  Zeros are cut at the size of the buffer. */
static void
put_number(Sink *s, const Spec *f, uint64_t v, unsigned base, bool upper, const char *sign)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	size_t zeros, nsign = strlen(sign), at = 96, n = 0;
	char text[96];

	for (; v; v /= base, n++)
		text[--at] = digits[v % base];
	if (f->precision >= 0)
		zeros = (size_t)f->precision;
	else if (f->zero && !f->left && f->width > 0 && (size_t)f->width > nsign)
		zeros = (size_t)f->width - nsign;
	else
		zeros = 1;
	for (; n < zeros && n < 64; n++)
		text[--at] = '0';
	at -= nsign;
	memcpy(text + at, sign, nsign);
	put_padded(s, f, text + at, n + nsign);
}

/* Length modifiers, Microsoft's I64 and I32 among them: its <inttypes.h> uses them. */
static const char *
parse_length(const char *p, int *size)
{
	*size = sizeof(int);
	if (p[0] == 'I' && p[1] == '6' && p[2] == '4') {
		*size = 8;
		return p + 3;
	}
	if (p[0] == 'I' && p[1] == '3' && p[2] == '2')
		return p + 3;
	switch (*p) {
	case 'h': *size = p[1] == 'h' ? 1 : 2; return p + (p[1] == 'h' ? 2 : 1);
	case 'l':
		*size = p[1] == 'l' ? (int)sizeof(long long) : (int)sizeof(long);
		return p + (p[1] == 'l' ? 2 : 1);
	case 'j': *size = sizeof(intmax_t); return p + 1;
	case 'z': *size = sizeof(size_t); return p + 1;
	case 't': *size = sizeof(ptrdiff_t); return p + 1;
	default: return p;
	}
}

typedef struct Args { /* so that a va_list can be passed on by address */
	va_list list;
} Args;

static int
take_int(const char **p, Args *a)
{
	int n = 0;

	if (**p == '*') {
		(*p)++;
		return va_arg(a->list, int);
	}
	for (; **p >= '0' && **p <= '9'; (*p)++)
		if (n < 1000000)
			n = n * 10 + (**p - '0');
	return n;
}

static const char *
parse_spec(const char *p, Spec *f, Args *a)
{
	*f = (Spec){ .precision = -1 };
	for (;; p++) {
		if (*p == '-')
			f->left = true;
		else if (*p == '0')
			f->zero = true;
		else if (*p == '+')
			f->plus = true;
		else if (*p == ' ')
			f->space = true;
		else if (*p == '#')
			f->alt = true;
		else
			break;
	}
	f->width = take_int(&p, a);
	if (f->width < 0) {
		f->left = true;
		f->width = f->width == INT32_MIN ? 0 : -f->width;
	}
	if (*p == '.') {
		p++;
		f->precision = take_int(&p, a);
	}
	return parse_length(p, &f->size);
}

/* char and short come as int; the cast to the narrower type is what printf does. */
static int64_t
take_signed(const Spec *f, Args *a)
{
	int v;

	if (f->size == 8)
		return va_arg(a->list, int64_t);
	v = va_arg(a->list, int);
	return f->size == 1 ? (int8_t)v : f->size == 2 ? (int16_t)v : v;
}

static uint64_t
take_unsigned(const Spec *f, Args *a)
{
	unsigned v;

	if (f->size == 8)
		return va_arg(a->list, uint64_t);
	v = va_arg(a->list, unsigned);
	return f->size == 1 ? (uint8_t)v : f->size == 2 ? (uint16_t)v : v;
}

static void
put_string(Sink *s, const Spec *f, const char *text)
{
	size_t n = 0;

	if (!text)
		text = "(null)";
	while ((f->precision < 0 || n < (size_t)f->precision) && text[n])
		n++;
	put_padded(s, f, text, n);
}

static const char *
put_item(Sink *s, const char *p, Args *a)
{
	Spec f;
	int64_t i;
	uint64_t u;
	char c;

	p = parse_spec(p, &f, a);
	switch (*p) {
	case 'd':
	case 'i':
		i = take_signed(&f, a);
		u = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
		put_number(s, &f, u, 10, false, i < 0 ? "-" : f.plus ? "+" : f.space ? " " : "");
		return p + 1;
	case 'u': put_number(s, &f, take_unsigned(&f, a), 10, false, ""); return p + 1;
	case 'o': put_number(s, &f, take_unsigned(&f, a), 8, false, f.alt ? "0" : ""); return p + 1;
	case 'x':
	case 'X':
		u = take_unsigned(&f, a);
		put_number(s, &f, u, 16, *p == 'X', !f.alt || !u ? "" : *p == 'x' ? "0x" : "0X");
		return p + 1;
	case 'c':
		c = (char)va_arg(a->list, int);
		put_padded(s, &f, &c, 1);
		return p + 1;
	case 's': put_string(s, &f, va_arg(a->list, const char *)); return p + 1;
	case '%': put(s, '%'); return p + 1;
	default:
		put(s, '%');
		put(s, '?');
		return *p ? p + 1 : p;
	}
}

static size_t
format_list(char *out, size_t room, const char *format, va_list list)
{
	Sink s = { out, room ? room - 1 : 0, 0 };
	Args a;

	va_copy(a.list, list);
	while (*format) {
		if (*format != '%')
			put(&s, *format++);
		else
			format = put_item(&s, format + 1, &a);
	}
	va_end(a.list);
	if (room)
		out[s.n < s.room ? s.n : s.room] = '\0';
	return s.n;
}

size_t
mem_format(char *out, size_t room, const char *format, ...)
{
	va_list list;
	size_t n;

	va_start(list, format);
	n = format_list(out, room, format, list);
	va_end(list);
	return n;
}

/* ---- Text ----------------------------------------------------------------------------------- */

void
text_init(Text *t, Arena *a)
{
	*t = (Text){ .arena = a };
}

/* Room for n more bytes and the NUL. */
static bool
text_room(Text *t, size_t n)
{
	if (n >= UINT32_MAX - t->n) {
		t->arena->mem->failed = true;
		return false;
	}
	return vec_room(t->arena, (void **)&t->at, &t->cap, 1, t->n + (uint32_t)n + 1);
}

void
text_add(Text *t, const char *s, size_t n)
{
	if (!text_room(t, n))
		return;
	if (n)
		memcpy(t->at + t->n, s, n);
	t->n += (uint32_t)n;
	t->at[t->n] = '\0';
}

/* First into the room there is; again only when that was too little. */
void
text_addv(Text *t, const char *format, va_list args)
{
	size_t room = t->at ? t->cap - t->n : 0;
	size_t n = format_list(t->at ? t->at + t->n : NULL, room, format, args);

	if (n >= room) {
		if (!text_room(t, n)) {
			if (room)
				t->at[t->n] = '\0';
			return;
		}
		format_list(t->at + t->n, t->cap - t->n, format, args);
	}
	t->n += (uint32_t)n;
}

void
text_addf(Text *t, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	text_addv(t, format, list);
	va_end(list);
}
