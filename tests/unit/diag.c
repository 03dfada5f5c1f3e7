/* diag.c - errors with position, line and caret; whatever the bytes, the output is harmless. */
#include "base/diag.h"

#include "check.h"
#include "starve.h"

static Mem mem;
static Arena arena;

static const char *
show(const char *text, size_t n, uint32_t line, uint32_t column, uint32_t width)
{
	Diags d;
	Text out;

	diag_init(&d, &arena, STR("a.tv"), (Str){ text, (uint32_t)n });
	diag_add(&d, line, column, width, "found %s, expected %d", "x", 7);
	text_init(&out, &arena);
	diag_format(&d, 0, &out);
	return out.at;
}

#define SHOW(text, line, column, width) show(text, sizeof(text) - 1, line, column, width)

static void
test_lines(void)
{
	static const char text[] = "let a = 1;\n\tlet b = a +;\r\n\nlast";

	CHECK_STR(SHOW(text, 1, 5, 1), "a.tv:1:5: error: found x, expected 7\n"
				       "  let a = 1;\n"
				       "      ^\n");
	CHECK_STR(SHOW(text, 2, 10, 3), "a.tv:2:10: error: found x, expected 7\n"
					"   let b = a +;\n"
					"           ^~~\n");
	CHECK_STR(SHOW(text, 3, 1, 1), "a.tv:3:1: error: found x, expected 7\n"
				       "  \n"
				       "  ^\n");
	CHECK_STR(SHOW(text, 4, 5, 1), "a.tv:4:5: error: found x, expected 7\n"
				       "  last\n"
				       "      ^\n");
	/* width is cut at the line's end */
	CHECK_STR(SHOW(text, 4, 3, 100), "a.tv:4:3: error: found x, expected 7\n"
					 "  last\n"
					 "    ^~\n");
}

/* Positions that are nowhere, and no text at all. */
static void
test_odd_positions(void)
{
	CHECK_STR(SHOW("abc", 0, 0, 0), "a.tv:1:1: error: found x, expected 7\n  abc\n  ^\n");
	CHECK_STR(SHOW("abc", 1, 4000000000u, 1),
		  "a.tv:1:4000000000: error: found x, expected 7\n  abc\n     ^\n");
	CHECK_STR(SHOW("abc", 4000000000u, 2, 1),
		  "a.tv:4000000000:2: error: found x, expected 7\n  \n  ^\n");
	CHECK_STR(show(NULL, 0, 1, 1, 1), "a.tv:1:1: error: found x, expected 7\n  \n  ^\n");
	CHECK_STR(SHOW("a\n", 2, 1, 1), "a.tv:2:1: error: found x, expected 7\n  \n  ^\n");
	CHECK_STR(SHOW("abc", 1, 2, UINT32_MAX),
		  "a.tv:1:2: error: found x, expected 7\n  abc\n   ^~\n");
}

static const char *
line_of(const char *shown)
{
	const char *from = strchr(shown, '\n') + 1;
	Text t;

	text_init(&t, &arena);
	text_add(&t, from, (size_t)(strchr(from, '\n') - from));
	return t.at;
}

static const char *
caret_of(const char *shown)
{
	return strchr(strchr(shown, '\n') + 1, '\n') + 1;
}

static void
test_characters(void)
{
	const char *s;

	s = SHOW("\x1b[31mred\x07\x7f\t.", 1, 12, 1);
	CHECK_STR(line_of(s), "  ?[31mred?? .");
	CHECK_STR(caret_of(s), "             ^\n");
	/* one column for a character of several bytes */
	s = SHOW("h\xc3\xa9h\xe2\x82\xac\xf0\x9f\x98\x80 x", 1, 13, 1);
	CHECK_STR(line_of(s), "  h\xc3\xa9h\xe2\x82\xac\xf0\x9f\x98\x80 x");
	CHECK_STR(caret_of(s), "        ^\n");
	/* not UTF-8: lone tail, cut short, overlong, surrogate, beyond the last */
	CHECK_STR(
		line_of(SHOW("\x80|\xe2\x82|\xc0\xaf|\xed\xa0\x80|\xf4\x90\x80\x80|\xff", 1, 1, 1)),
		"  ?|??|\?\?|\?\?\?|\?\?\?\?|?");
	CHECK_STR(line_of(SHOW("\xc3", 1, 1, 1)), "  ?");
	/* right-to-left override, zero width space, C1 control, line separator, byte order mark */
	CHECK_STR(line_of(SHOW("a\xe2\x80\xae|\xe2\x80\x8b|\xc2\x9b|\xe2\x80\xa8|\xef\xbb\xbf", 1,
			       1, 1)),
		  "  a?|?|?|?|?");
	CHECK_STR(line_of(SHOW("a\0b", 1, 1, 1)), "  a?b");
	/* a caret inside a character */
	CHECK(strchr(caret_of(SHOW("\xe2\x82\xac", 1, 2, 1)), '^') != NULL);
}

/* Message and file name come from users as well. */
static void
test_message(void)
{
	Diags d;
	Text out;

	diag_init(&d, &arena, STR("a\n\x1b.tv"), STR("x"));
	diag_add(&d, 1, 1, 1, "found '%s'", "\x1b[2J\n");
	text_init(&out, &arena);
	diag_format(&d, 0, &out);
	CHECK_STR(out.at, "a??.tv:1:1: error: found '?[2J?'\n  x\n  ^\n");
	diag_format(&d, 1, &out); /* there is none */
	CHECK_STR(out.at, "a??.tv:1:1: error: found '?[2J?'\n  x\n  ^\n");
}

static void
test_long_lines(void)
{
	static char text[5000];
	static const uint32_t columns[] = { 1,	2,    40,   48,	  49,	50,   51,  60,
					    97, 2500, 4950, 4951, 4990, 5000, 5001 };

	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)('a' + i % 26);
	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
		const char *s = show(text, sizeof text, 1, columns[i], 5);
		const char *line = line_of(s), *caret = caret_of(s);
		size_t at = strcspn(caret, "^");
		CHECK(strlen(line) <= 2 + 3 + 96 + 3);
		CHECK(strlen(caret) <= 2 + 3 + 96 + 3);
		if (columns[i] <= 5000)
			CHECK_EQ(line[at], text[columns[i] - 1]);
		else
			CHECK_EQ(at, strlen(line));
		CHECK_EQ(strncmp(line, "  ...", 5) == 0, columns[i] > 49);
	}
	/* cuts do not split a character */
	for (size_t i = 0; i + 3 <= sizeof text; i += 3)
		memcpy(text + i, "\xe2\x82\xac", 3);
	for (uint32_t column = 1; column < 200; column++)
		CHECK(strchr(line_of(show(text, 4998, 1, column, 1)), '?') == NULL);
}

static void
test_limit(void)
{
	Diags d;
	Text out;

	diag_init(&d, &arena, STR("f"), STR("x"));
	for (unsigned i = 0; i < 100; i++)
		diag_add(&d, i + 1, 1, 1, "number %u", i);
	CHECK_EQ(d.list.n, DIAG_MAX);
	CHECK_EQ(d.dropped, 100 - DIAG_MAX);
	CHECK_STR(d.list.at[DIAG_MAX - 1].message, "number 19");
	text_init(&out, &arena);
	for (uint32_t i = 0; i < d.list.n; i++)
		diag_format(&d, i, &out);
	CHECK(out.n > 20 * 20);
}

/* Every line and column of random bytes: no crash, no byte that could harm a terminal. */
static void
test_random_bytes(void)
{
	uint32_t state = 1;
	char text[400];

	for (int round = 0; round < 2000; round++) {
		bool harmless = true;
		const char *s;
		for (size_t i = 0; i < sizeof text; i++) {
			state = state * 1664525 + 1013904223;
			text[i] = (char)(state >> 24);
		}
		s = show(text, sizeof text, 1 + state % 5, 1 + (state >> 8) % 450,
			 1 + (state >> 4) % 30);
		for (; *s; s++)
			harmless = harmless &&
				   (*s == '\n' || ((unsigned char)*s >= 0x20 && *s != 0x7f));
		CHECK(harmless);
		arena_free(&arena);
	}
}

static void
test_starved(void)
{
	for (unsigned allowed = 0; allowed < 4; allowed++) {
		Starved s;
		Mem m;
		Arena a;
		Diags d;
		Text out;

		starved_init(&m, &s, allowed);
		arena_init(&a, &m);
		diag_init(&d, &a, STR("f"), STR("text"));
		for (unsigned i = 0; i < 30; i++)
			diag_add(&d, 1, 2, 1, "%600s", "long");
		for (uint32_t i = 0; i < d.list.n; i++)
			CHECK(d.list.at[i].message != NULL);
		text_init(&out, &a);
		for (uint32_t i = 0; i < d.list.n; i++)
			diag_format(&d, i, &out);
		CHECK(m.failed || d.list.n == DIAG_MAX);
		arena_free(&a);
		CHECK_EQ(m.live, 0);
	}
}

int
main(void)
{
	mem_init(&mem, NULL);
	arena_init(&arena, &mem);
	test_lines();
	test_odd_positions();
	test_characters();
	test_message();
	test_long_lines();
	test_limit();
	test_random_bytes();
	test_starved();
	arena_free(&arena);
	CHECK_EQ(mem.live, 0);
	return check_done();
}
