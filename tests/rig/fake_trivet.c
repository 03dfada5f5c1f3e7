/* fake_trivet.c - answers `check --stream` as the rig expects it, or badly, as the program tells it
 * to.
 *
 * For the rig's own tests.  "//! CALL == N" gives N, unless the program has one of these lines:
 *   //@ answer N        gives N and says so when that is not what was expected
 *   //@ lie N           gives N and calls it ok
 *   //@ differ ENGINE N gives N in that engine only
 *   //@ forget          leaves the last directive out
 *   //@ count           adds up wrongly
 *   //@ rubbish | crash | hang | exit | half (a line)
 * The environment variable FAKE makes all of it go wrong: no-greeting, silent, other-target, skip,
 * late, bye. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef _WIN32
#define PAGE 4096L
#else
#include <unistd.h>
#define PAGE sysconf(_SC_PAGESIZE) /* an emulator may have been told another */
#endif

#ifndef FAKE_TARGET
#define FAKE_TARGET "fake-linux"
#endif

static const char *engine = "optimized";
static char program[200];
static char text[100][200];
static int lines, programs, results;

static const char *
mark(const char *word)
{
	for (int i = 0; i < lines; i++) {
		if (strncmp(text[i], "//@ ", 4) == 0 &&
		    strncmp(text[i] + 4, word, strlen(word)) == 0)
			return text[i] + 4 + strlen(word);
	}
	return NULL;
}

static void
run_program(void)
{
	int passed = 0, failed = 0, last = 0;
	if (mark("crash"))
		abort();
	while (mark("hang"))
		;
	if (mark("exit"))
		exit(0);
	if (mark("half")) {
		printf("%s:2\t%s\tf", program, engine);
		exit(0);
	}
	if (mark("rubbish"))
		puts("Segmentation fault? No, rubbish");
	for (int i = 0; i < lines; i++)
		last = strncmp(text[i], "//! ", 4) == 0 ? i : last;
	for (int i = 0; i < lines; i++) {
		char *equals = strstr(text[i], " == ");
		if (strncmp(text[i], "//! ", 4) != 0 || !equals || (mark("forget") && i == last))
			continue;
		unsigned long long wanted = strtoull(equals + 4, NULL, 0), value = wanted;
		const char *told = mark("answer");
		if (told)
			value = strtoull(told, NULL, 0);
		if (mark("lie"))
			value = strtoull(mark("lie"), NULL, 0);
		told = mark("differ ");
		if (told && strncmp(told, engine, strlen(engine)) == 0)
			value = strtoull(told + strlen(engine), NULL, 0);
		int ok = value == wanted || mark("lie");
		printf("%s:%d\t%s\t%.*s\ti64:0x%016llx\t%s\n", program, i + 1, engine,
		       (int)(equals - text[i] - 4), text[i] + 4, value,
		       ok ? "ok" : "FAIL expected another");
		fflush(stdout);
		passed += ok;
		failed += !ok;
	}
	printf("%s\tdone\t%d\t%d\n", program, passed + (mark("count") != NULL), failed);
	fflush(stdout);
	programs++;
	results += passed + failed;
}

int
main(int argc, char **argv)
{
	const char *fake = getenv("FAKE") ? getenv("FAKE") : "";
	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], "--engine=", 9) == 0)
			engine = argv[i] + 9;
	}
	if (strcmp(fake, "skip") == 0) {
		puts("this machine has no flux capacitor");
		return 77;
	}
	if (strcmp(fake, "silent") == 0)
		return 0;
	if (strcmp(fake, "no-greeting") == 0)
		puts("Hello!");
	else
		printf("trivet-stream 1 %s pagesize=%ld features=none build=1\n",
		       strcmp(fake, "other-target") == 0 ? "z80-cpm" : FAKE_TARGET, PAGE);
	fflush(stdout);
	while (lines < 100 && fgets(text[lines], sizeof text[0], stdin)) {
		text[lines][strcspn(text[lines], "\n")] = 0;
		if (strncmp(text[lines], "//! program ", 12) != 0) {
			lines++;
			continue;
		}
		char next[200];
		strcpy(next, text[lines] + 12);
		if (program[0])
			run_program();
		strcpy(program, next);
		lines = 0;
	}
	if (program[0])
		run_program();
	printf("bye %d %d\n", programs + (strcmp(fake, "bye") == 0), results);
	return strcmp(fake, "late") == 0 ? 5 : 0;
}
