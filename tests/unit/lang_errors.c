/* lang_errors.c - wrong programs and what must be said about them.
 *
 *     lang_errors [FILE...]         without files: all of tests/errors named below
 *
 * A file begins with one line `//~ LINE:COLUMN MESSAGE` for each expected error, in the order they
 * are reported; the message must begin like that.  There must be no others. */
#include <stdlib.h>

#include "lang/lang.h"
#include "check.h"

static const char *const files[] = { "bytes",	 "directives", "flow",	    "limits",
				     "literals", "names",      "ranges",    "syntax",
				     "types2",	 "types",      "unfinished" };

static char *
read_file(const char *name, size_t *size)
{
	FILE *f = fopen(name, "rb");
	char *text = malloc(1 << 20);

	if (!f || !text) {
		if (f)
			fclose(f);
		free(text);
		return NULL;
	}
	*size = fread(text, 1, (1 << 20) - 1, f);
	text[*size] = '\0';
	fclose(f);
	return text;
}

/* The next expected error; false when there are no more. */
static int
next_expected(char **at, unsigned *line, unsigned *column, char **message)
{
	char *end;

	if (strncmp(*at, "//~ ", 4) != 0)
		return 0;
	*line = (unsigned)strtoul(*at + 4, &end, 10);
	*column = (unsigned)strtoul(end + 1, &end, 10);
	*message = end + 1;
	end = strchr(end, '\n');
	if (!end)
		return 0;
	*end = '\0';
	if (end > *message && end[-1] == '\r')
		end[-1] = '\0';
	*at = end + 1;
	return 1;
}

static void
compare(const char *name, char *expected, const Diags *d)
{
	unsigned line, column, n = 0;
	char *message;

	for (; next_expected(&expected, &line, &column, &message); n++) {
		const Diag *e = n < d->list.n ? &d->list.at[n] : NULL;
		int same = e && e->line == line && e->column == column &&
			   strncmp(e->message, message, strlen(message)) == 0;
		if (check_true(same, "the expected error", name, (int)line))
			continue;
		printf("    expected %u:%u %s\n", line, column, message);
		if (e)
			printf("    got      %u:%u %s\n", (unsigned)e->line, (unsigned)e->column,
			       e->message);
	}
	for (; n < d->list.n; n++) {
		const Diag *e = &d->list.at[n];
		check_true(0, "an error too many", name, (int)e->line);
		printf("    got      %u:%u %s\n", (unsigned)e->line, (unsigned)e->column,
		       e->message);
	}
}

static void
run(const char *name)
{
	size_t size;
	char *text = read_file(name, &size), *expected = malloc(1 << 20);
	Mem m;
	Arena a;
	Diags d;
	Program p;

	if (!text || !expected) {
		check_true(0, "the file can be read", name, 0);
		free(text);
		free(expected);
		return;
	}
	memcpy(expected, text, size + 1);
	mem_init(&m, NULL);
	arena_init(&a, &m);
	diag_init(&d, &a, STR("test"), (Str){ text, (uint32_t)size });
	program_init(&p, &a, STR("test"));
	CHECK_EQ(lang_parse(&p, d.text, &d), TRIVET_SOURCE);
	compare(name, expected, &d);
	arena_free(&a);
	CHECK_EQ(m.live, 0);
	free(expected);
	free(text);
}

int
main(int argc, char **argv)
{
	char name[256];
	FILE *probe;

	for (int i = 1; i < argc; i++)
		run(argv[i]);
	if (argc > 1)
		return check_done();
	probe = fopen("tests/errors/types.tv", "rb");
	if (!probe) {
		printf("tests/errors is not here: run this from the top folder\n");
		return 77;
	}
	fclose(probe);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		snprintf(name, sizeof name, "tests/errors/%s.tv", files[i]);
		run(name);
	}
	return check_done();
}
