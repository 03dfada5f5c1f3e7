/* mem.c - allocator account, arenas, vectors, text and formatting, with memory and without. */
#include "base/mem.h"

#include "check.h"
#include "starve.h"

static void
test_resize(void)
{
	Starved s;
	Mem m;
	char *p, *q;

	starved_init(&m, &s, 100);
	p = mem_resize(&m, NULL, 0, 10);
	CHECK(p && m.live == 10 && m.peak == 10);
	memcpy(p, "123456789", 10);
	p = mem_resize(&m, p, 10, 1000);
	CHECK(p && m.live == 1000 && m.peak == 1000);
	CHECK_STR(p, "123456789");
	p = mem_resize(&m, p, 1000, 20);
	CHECK_STR(p, "123456789");
	CHECK(m.live == 20 && m.peak == 1000);
	s.allowed = 0;
	q = mem_resize(&m, p, 20, 40);
	CHECK(q == NULL && m.failed && m.live == 20);
	CHECK_STR(p, "123456789"); /* a failed resize leaves the block */
	CHECK(mem_resize(&m, p, 20, 0) == NULL);
	CHECK(m.live == 0 && s.blocks == 0);
	m.failed = false;
	CHECK(mem_resize(&m, NULL, 0, 0) == NULL && !m.failed);
	CHECK(mem_resize(&m, NULL, 0, SIZE_MAX) == NULL && m.failed);
	mem_init(&m, NULL);
	CHECK(mem_resize(&m, NULL, 0, (size_t)PTRDIFF_MAX + 1) == NULL && m.failed);
}

static bool
is_zero(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return false;
	return true;
}

static void
test_arena(void)
{
	static const size_t sizes[] = { 0,    1,    15,	  16,	 17,	  100,
					4000, 4096, 5000, 70000, 1 << 20, 3 << 20 };
	Starved s;
	Mem m;
	Arena a;
	char *blocks[200];

	starved_init(&m, &s, 10000);
	arena_init(&a, &m);
	CHECK_EQ(s.blocks, 0);
	for (unsigned i = 0; i < 200; i++) {
		size_t n = sizes[i % 12];
		blocks[i] = arena_alloc(&a, n);
		if (!CHECK(blocks[i] != NULL))
			return;
		CHECK_EQ((uintptr_t)blocks[i] % 16, 0);
		CHECK(is_zero(blocks[i], n));
		memset(blocks[i], (int)i, n);
	}
	for (unsigned i = 0; i < 200; i++) {
		bool same = true;
		for (size_t k = 0; k < sizes[i % 12]; k++)
			same = same && blocks[i][k] == (char)i;
		CHECK(same);
	}
	arena_free(&a);
	CHECK(s.blocks == 0 && m.live == 0);
	CHECK(arena_alloc(&a, 5) != NULL); /* usable again */
	CHECK(arena_alloc(&a, SIZE_MAX) == NULL && m.failed);
	m.failed = false;
	CHECK(arena_alloc(&a, SIZE_MAX - 15) == NULL && m.failed);
	CHECK(arena_alloc(&a, SIZE_MAX / 2) == NULL);
	CHECK(arena_alloc(&a, 5) != NULL);
	arena_free(&a);
	arena_free(&a);
	CHECK_EQ(m.live, 0);
}

/* Chunks grow, so that much memory does not mean many requests to the host. */
static void
test_arena_requests(void)
{
	Starved s;
	Mem m;
	Arena a;

	starved_init(&m, &s, 1000000);
	arena_init(&a, &m);
	for (int i = 0; i < 1 << 20; i++)
		arena_alloc(&a, 16); /* 16 MiB */
	CHECK(s.blocks < 40);
	CHECK(m.live < 20u << 20);
	arena_free(&a);
	arena_alloc(&a, 1);
	CHECK(m.live <= 4096); /* and little is little */
	arena_free(&a);
}

/* A Mem that keeps asks the host once for what is freed and needed again, and never keeps more than
 * it may; what it gives again is zeroed. */
static void
test_spare(void)
{
	Starved s;
	Mem m;
	Arena a, b;
	char *p;

	starved_init(&m, &s, 1000000);
	m.keep = 60000;
	arena_init(&a, &m);
	arena_init(&b, &m);
	for (int i = 0; i < 100; i++)
		memset(arena_alloc(&a, 1000), 'x', 1000);
	arena_free(&a);
	CHECK(m.kept > 0 && m.kept <= m.keep && m.live == m.kept);
	s.allowed = 0;
	p = arena_alloc(&a, 3000);
	CHECK(p && is_zero(p, 3000));
	CHECK(arena_alloc(&b, 3000) && m.kept < m.live);
	arena_alloc(&b, 1 << 20);
	CHECK(m.failed); /* no spare one is as large */
	m.failed = false;
	arena_free(&a);
	arena_free(&b);
	CHECK(m.live == m.kept);
	mem_drop_spare(&m);
	CHECK(m.live == 0 && m.kept == 0 && s.blocks == 0);
	mem_drop_spare(&m);
}

/* What is given back is there again when it was the newest, and otherwise not used again. */
static void
test_give(void)
{
	Starved s;
	Mem m;
	Arena a;
	char *first, *second;

	starved_init(&m, &s, 10000);
	arena_init(&a, &m);
	first = arena_take(&a, 100);
	second = arena_take(&a, 0);
	CHECK(first && second && first != second);
	memset(first, 'x', 100);
	arena_give(&a, first, 100);
	CHECK(arena_take(&a, 10) != first && second > first);
	second = arena_take(&a, 1 << 16);
	arena_give(&a, second, 1 << 16);
	CHECK(arena_take(&a, 1 << 16) == second);
	arena_give(&a, NULL, 0);
	arena_free(&a);
	CHECK_EQ(m.live, 0);
}

typedef struct Element {
	uint32_t a, b, c;
} Element;

/* A host whose memory is aligned to 8 and to 16 by turns, and moves each time. */
static void *
restless(void *user, void *p, size_t old_size, size_t size)
{
	uint32_t *turn = user;
	char *from = p, *to = NULL;

	if (size) {
		char *whole = malloc(size + 16);
		if (!whole)
			return NULL;
		to = whole + (++*turn % 2 ? 8 : 16);
		to[-1] = (char)(to - whole);
		if (p)
			memcpy(to, p, old_size < size ? old_size : size);
	}
	if (p)
		free(from - from[-1]);
	return to;
}

/* Large vectors leave no outgrown copies behind, wherever the host puts them, and what is taken
 * after one has grown is not in its way. */
static void
test_large_vectors(uint32_t turn)
{
	VEC(Element) v = { 0 }, w = { 0 };
	uint32_t wrong = 0, nsmall = 0;
	uint64_t *small[64];
	trivet_allocator host = { restless, &turn };
	Mem m;
	Arena a;

	mem_init(&m, &host);
	arena_init(&a, &m);
	for (uint32_t i = 0; i < 600000; i++) {
		Element *e = vec_push(&a, &v), *d = vec_push(&a, &w);
		if (!CHECK(e && d))
			break;
		wrong += e->a | e->b | e->c | d->b;
		e->a = i;
		d->b = ~i;
		if (v.n == 1 + v.cap / 2 || i % 20000 == 0) {
			small[nsmall % 64] = arena_alloc(&a, 16);
			if (!CHECK(small[nsmall % 64] != NULL))
				break;
			*small[nsmall % 64] = nsmall;
			nsmall++;
		}
	}
	for (uint32_t i = 0; i < nsmall && i < 64; i++)
		wrong += *small[i] != i;
	CHECK(nsmall > 30 && nsmall <= 64);
	for (uint32_t i = 0; i < v.n; i++)
		wrong += v.at[i].a != i || w.at[i].b != ~i;
	CHECK_EQ(wrong, 0);
	CHECK((uintptr_t)v.at % 16 == 0 && (uintptr_t)w.at % 16 == 0);
	CHECK(m.live < (v.cap + w.cap) * sizeof *v.at + (8 << 20));
	arena_free(&a);
	CHECK_EQ(m.live, 0);
}

static void
test_vector(void)
{
	VEC(Element) v = { 0 };
	VEC(uint8_t) w = { 0 };
	const Element *first;
	uint32_t before;
	Starved s;
	Mem m;
	Arena a;

	starved_init(&m, &s, 10000);
	arena_init(&a, &m);
	for (uint32_t i = 0; i < 20000; i++) {
		Element *e = vec_push(&a, &v);
		uint8_t *b = i % 3 == 0 ? vec_push(&a, &w) : NULL; /* two grow by turns */
		if (!e)
			break;
		CHECK(e->a == 0 && e->b == 0 && e->c == 0);
		*e = (Element){ i, ~i, i * 3 };
		if (b)
			*b = (uint8_t)i;
	}
	CHECK_EQ(v.n, 20000);
	for (uint32_t i = 0; i < v.n; i++)
		CHECK(v.at[i].a == i && v.at[i].b == ~i && v.at[i].c == i * 3);
	for (uint32_t i = 0; i < w.n; i++)
		CHECK_EQ(w.at[i], (uint8_t)(3 * i));
	v.n = 10;
	CHECK(vec_push(&a, &v) == &v.at[10] && v.at[10].a == 0 && v.at[10].c == 0);

	CHECK(vec_reserve(&a, (void **)&w.at, &w.cap, 1, 100000));
	CHECK(w.cap >= 100000 && w.at[3] == 9 && is_zero((char *)w.at + 20000, 80000));
	CHECK(vec_reserve(&a, (void **)&w.at, &w.cap, 1, 5));
	CHECK(vec_room(&a, (void **)&w.at, &w.cap, 1, 5) && w.cap >= 100000);
	CHECK(vec_room(&a, (void **)&w.at, &w.cap, 1, 200000));
	CHECK(w.cap >= 200000 && w.at[3] == 9 && is_zero((char *)w.at + 20000, 80000));
	/* the newest grows where it lies; the chunk's bytes are not zero of themselves */
	arena_free(&a);
	v.at = NULL;
	v.n = v.cap = 0;
	CHECK(vec_push(&a, &v) != NULL);
	first = v.at;
	before = v.cap;
	CHECK(vec_reserve(&a, (void **)&v.at, &v.cap, sizeof *v.at, 200) && v.at == first);
	CHECK(is_zero((char *)(v.at + before), (v.cap - before) * sizeof *v.at));
	arena_free(&a);
	CHECK_EQ(m.live, 0);
}

static void
test_vector_limits(void)
{
	Mem m;
	Arena a;
	char *at = NULL;
	uint32_t cap = 0;

	mem_init(&m, NULL);
	arena_init(&a, &m);
	CHECK(!vec_reserve(&a, (void **)&at, &cap, SIZE_MAX / 2, 100));
	CHECK(at == NULL && cap == 0 && m.failed);
	cap = UINT32_MAX;
	CHECK(!vec_grow(&a, (void **)&at, &cap, 1));
	CHECK_EQ(cap, UINT32_MAX);
	cap = 0x80000000u;
	CHECK(!vec_grow(&a, (void **)&at, &cap, 1)); /* twice as many cannot be counted */
	arena_free(&a);
}

/* However early memory ends, nothing is lost or touched. */
static void
test_starved(void)
{
	for (unsigned allowed = 0; allowed < 12; allowed++) {
		VEC(Element) v = { 0 };
		Starved s;
		Mem m;
		Arena a;
		Text t;
		uint32_t pushed = 0;

		starved_init(&m, &s, allowed);
		arena_init(&a, &m);
		for (; pushed < 2000000; pushed++)
			if (!vec_push(&a, &v))
				break;
		CHECK_EQ(v.n, pushed);
		CHECK_EQ(m.failed, pushed < 2000000);
		CHECK(pushed == 0 || v.at[pushed - 1].a == 0);
		text_init(&t, &a);
		for (int i = 0; i < 3000; i++) {
			text_addf(&t, "%d and %s;", i, "more");
			CHECK(t.n == 0 || (t.at && t.at[t.n] == '\0'));
		}
		CHECK(str_copy(&a, (Str){ "abc", 3 }).n == 3 || m.failed);
		arena_free(&a);
		CHECK(m.live == 0 && s.blocks == 0);
	}
}

static void
test_str(void)
{
	Mem m;
	Arena a;
	Str s;

	mem_init(&m, NULL);
	arena_init(&a, &m);
	CHECK(str_is(STR("abc"), "abc") && !str_is(STR("abc"), "ab") && !str_is(STR("ab"), "abc"));
	CHECK(str_is((Str){ NULL, 0 }, "") && str_equal((Str){ NULL, 0 }, STR("")));
	CHECK(str_equal(STR("a\0b"), STR("a\0b")) && !str_equal(STR("a\0b"), STR("a\0c")));
	s = str_copy(&a, (Str){ "hello", 4 });
	CHECK_STR(s.at, "hell");
	s = str_copy(&a, (Str){ NULL, 0 });
	CHECK(s.n == 0 && s.at && s.at[0] == '\0');
	arena_free(&a);
}

/* Without the compiler's look at the format. */
static size_t
format_unchecked(char *out, size_t room, const char *format, ...)
{
	Mem m;
	Arena a;
	Text t;
	va_list list;
	size_t n;

	mem_init(&m, NULL);
	arena_init(&a, &m);
	text_init(&t, &a);
	va_start(list, format);
	text_addv(&t, format, list);
	va_end(list);
	n = t.n;
	mem_format(out, room, "%s", t.at);
	arena_free(&a);
	return n;
}

/* ---- Formatting: ours against the C library's
 * ---------------------------------------------------- */

#define SAME(...)                                                      \
	do {                                                           \
		char ours[200], theirs[200];                           \
		size_t n = mem_format(ours, sizeof ours, __VA_ARGS__); \
		snprintf(theirs, sizeof theirs, __VA_ARGS__);          \
		CHECK_STR(ours, theirs);                               \
		CHECK_EQ(n, strlen(theirs));                           \
	} while (0)

static void
test_format(void)
{
	static const int values[] = { 0, 1, -1, 7, -42, 123456, INT32_MAX, INT32_MIN };

	for (int i = 0; i < 8; i++) {
		int v = values[i];
		unsigned u = (unsigned)v;
		SAME("%d|%i|%5d|%-5d|%05d|%+d|% d|%.3d|%8.3d|%-8.3d|", v, v, v, v, v, v, v, v, v,
		     v);
		SAME("%u|%x|%X|%o|%#x|%#X|%08x|%10u|%-10u|%.0u", u, u, u, u, u, u, u, u, u, u);
		SAME("%*d|%-*d|%.*d|%*d", 7, v, 7, v, 4, v, -6, v);
		SAME("%ld|%lld|%lx", (long)v, (long long)v * 1000000007, (unsigned long)u);
		SAME("%" PRId64 " %" PRIu64 " %" PRIx64, (int64_t)v * v, (uint64_t)v, (uint64_t)v);
		SAME("%hd %hu %hhd %hhx", (short)v, (unsigned short)u, (signed char)v,
		     (unsigned char)u);
		SAME("%zu %zx %td %jd", (size_t)u, (size_t)u, (ptrdiff_t)v, (intmax_t)v);
	}
	SAME("%s|%10s|%-10s|%.3s|%10.2s|%s", "text", "text", "text", "text", "text", "");
	SAME("%c%c|%3c|%-3c|%%", 'a', 'b', 'c', 'd');
	SAME("%" PRIu64 "%" PRId64, UINT64_MAX, INT64_MIN);
	SAME("plain");
}

static void
test_format_edges(void)
{
	char out[8] = "unused";
	const char *null = NULL;

	CHECK_EQ(mem_format(out, sizeof out, "%s", "0123456789"), 10);
	CHECK_STR(out, "0123456");
	CHECK_EQ(mem_format(out, 1, "%s", "0123456789"), 10);
	CHECK_STR(out, "");
	CHECK_EQ(mem_format(NULL, 0, "%d", 12345), 5);
	mem_format(out, sizeof out, "%s", null);
	CHECK_STR(out, "(null)");
	/* what is not ours shows, and takes nothing from the arguments */
	format_unchecked(out, sizeof out, "%f %p %");
	CHECK_STR(out, "%? %? %");
	CHECK(format_unchecked(out, sizeof out, "%3000000000d|", 1) > 1000000);
}

static void
test_text(void)
{
	Mem m;
	Arena a;
	Text t;
	char expected[40];

	mem_init(&m, NULL);
	arena_init(&a, &m);
	text_init(&t, &a);
	CHECK(t.at == NULL && t.n == 0);
	text_add(&t, "", 0);
	CHECK_STR(t.at, "");
	for (unsigned i = 0; i < 1000; i++)
		text_addf(&t, "%03u %s\n", i, i % 2 ? "odd" : "even");
	text_add(&t, "a\0b", 3);
	CHECK_EQ(t.n, 1000 * 8 + 500 + 3);
	CHECK_EQ(t.at[t.n], 0);
	CHECK(memcmp(t.at + t.n - 3, "a\0b", 3) == 0);
	mem_format(expected, sizeof expected, "000 even\n001 odd\n");
	CHECK(memcmp(t.at, expected, strlen(expected)) == 0);
	text_addf(&t, "%5000d", 1);
	CHECK_EQ(t.n, 1000 * 8 + 500 + 3 + 5000);
	CHECK_EQ(t.at[t.n - 1], '1');
	CHECK(!m.failed);
	arena_free(&a);
}

int
main(void)
{
	test_resize();
	test_arena();
	test_arena_requests();
	test_spare();
	test_give();
	test_vector();
	test_large_vectors(0);
	test_large_vectors(1);
	test_vector_limits();
	test_starved();
	test_str();
	test_format();
	test_format_edges();
	test_text();
	return check_done();
}
