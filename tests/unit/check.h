/* check.h - what a unit test needs: count, compare, report.
 *
 * A test is one file with main(); exit 0 passed, 1 failed, 77 skipped (reason on the last line). */
#ifndef CHECK_H
#define CHECK_H

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static unsigned long check_count, check_failures;

#define CHECK(cond) check_true((cond), #cond, __FILE__, __LINE__)
#define CHECK_EQ(a, b) check_equal((uint64_t)(a), (uint64_t)(b), #a " == " #b, __FILE__, __LINE__)
#define CHECK_STR(a, b) check_string((a), (b), #a, __FILE__, __LINE__)

static inline int
check_true(int ok, const char *what, const char *file, int line)
{
	check_count++;
	if (!ok && ++check_failures <= 50)
		printf("%s:%d: failed: %s\n", file, line, what);
	return ok;
}

static inline int
check_equal(uint64_t a, uint64_t b, const char *what, const char *file, int line)
{
	if (!check_true(a == b, what, file, line))
		printf("    got 0x%" PRIx64 ", expected 0x%" PRIx64 "\n", a, b);
	return a == b;
}

static inline int
check_string(const char *a, const char *b, const char *what, const char *file, int line)
{
	int same = a && b && strcmp(a, b) == 0;
	if (!check_true(same, what, file, line))
		printf("    got      \"%s\"\n    expected \"%s\"\n", a ? a : "(null)", b ? b : "(null)");
	return same;
}

/* main() ends with `return check_done();`.  No checks at all is a failure. */
static inline int
check_done(void)
{
	printf("%lu checks, %lu failed\n", check_count, check_failures);
	return check_failures || !check_count;
}

#endif
