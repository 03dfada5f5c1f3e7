/* backtrace.c - a plain C program, which links no unwinder: backtrace() loads it when first called,
 * and still finds its way from a host function through generated code to main(). */
#include "check.h"
#include "trivet.h"

#ifdef __GLIBC__
#include <execinfo.h>

static void *frames[100];
static int nframes;

static int64_t
probe(int64_t n)
{
	nframes = backtrace(frames, 100);
	return n;
}

int
main(void)
{
	static const char text[] = "extern fn probe(i64) -> i64;\n"
				   "fn r(n: i64) -> i64 {\n"
				   "  return if n == 0 { probe(n) } else { r(n - 1) + 1 };\n}\n";
	void *mine[100];
	int n = 0, inside = 0, last = 0, depth;
	trivet_engine *e = NULL;
	trivet_module *m = NULL;
	trivet_code *c = NULL;
	const trivet_compile_options o = { .mode = TRIVET_BASELINE };
	trivet_image image = { 0 };
	int64_t (*f)(int64_t) = NULL;

	CHECK_EQ(trivet_open(NULL, &e), TRIVET_OK);
	trivet_bind(e, "probe", "i64(i64)", (trivet_function)probe);
	CHECK_EQ(trivet_parse(e, "t.tv", text, strlen(text), &m), TRIVET_OK);
	CHECK_EQ(trivet_compile(m, &o, &c), TRIVET_OK);
	CHECK_EQ(trivet_code_image(c, &image), TRIVET_OK);
	f = (int64_t(*)(int64_t))trivet_entry(c, "r", "i64(i64)");
	if (!CHECK(f != NULL))
		return check_done();
	CHECK_EQ(f(10), 10);
	depth = backtrace(mine, 100);
	for (n = 0; n < nframes; n++) {
		uintptr_t at = (uintptr_t)frames[n] - (uintptr_t)image.bytes;
		if (at <= image.code_size) {
			inside++;
			last = n;
		}
	}
	CHECK_EQ(inside, 12); /* r eleven times, and its entry stub */
	/* main() and what called it, counted from the far end: a sanitizer's own backtrace() adds
	 * frames at the near one.  main() itself is at another place in the two. */
	CHECK(nframes - last - 1 >= 2 && nframes - last - 1 <= depth);
	for (n = 1; n < nframes - last - 1 && n < depth; n++)
		CHECK(frames[nframes - n] == mine[depth - n]);
	trivet_close(e);
	return check_done();
}

#else

int
main(void)
{
	puts("not for this target: backtrace() is glibc's");
	return 77;
}

#endif
