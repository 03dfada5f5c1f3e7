/* api_wx.c - while a program is compiled, sealed, called and freed, nothing is ever writable and
 * executable: the maps are read from inside the allocator, at every allocation of the compiler, and
 * from a host function that the program calls. */
#include "check.h"
#include "machine.h"
#include "trivet.h"
#include <stdlib.h>

static unsigned wx_before;
static unsigned looks, looks_in_call;

static void
look(void)
{
	looks++;
	CHECK_EQ(count_wx(), wx_before);
}

static void *
looking_resize(void *user, void *p, size_t old_size, size_t size)
{
	(void)user;
	(void)old_size;
	look();
	if (!size) {
		free(p);
		return NULL;
	}
	return realloc(p, size);
}

static int64_t
host_looks(int64_t a)
{
	looks_in_call++;
	look();
	return a + 1;
}

static const char text[] = "extern fn host(i64) -> i64;\n"
			   "fn f(n: i64) -> i64 {\n"
			   "  let s: i64 = 0;\n"
			   "  for i in 0..n { s += host(i) / (n - 3); }\n"
			   "  return s;\n"
			   "}\n";

static void
test_mode(trivet_mode mode, bool interruptible)
{
	const trivet_options o = { .allocator = { looking_resize, NULL } };
	const trivet_compile_options co = { .mode = mode, .interruptible = interruptible };
	trivet_value n = { .type = TRIVET_I64 }, r;
	trivet_engine *e;
	trivet_module *m;
	trivet_code *c[3];

	CHECK_EQ(trivet_open(&o, &e), TRIVET_OK);
	CHECK_EQ(trivet_bind(e, "host", "i64(i64)", (trivet_function)host_looks), TRIVET_OK);
	CHECK_EQ(trivet_parse(e, "wx", text, sizeof text - 1, &m), TRIVET_OK);
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(trivet_compile(m, &co, &c[i]), TRIVET_OK);
		look();
		n.as.i64 = 5;
		CHECK_EQ(trivet_call(c[i], "f", &n, 1, &r), TRIVET_OK);
		CHECK_EQ(r.as.i64, 0 + 1 + 1 + 2 + 2);
		n.as.i64 = 3;
		CHECK_EQ(trivet_call(c[i], "f", &n, 1, &r), TRIVET_TRAP);
		CHECK_EQ(trivet_last_trap(NULL), TRIVET_TRAP_DIVIDE_BY_ZERO);
		look();
	}
	trivet_code_free(c[1]);
	look();
	trivet_close(e);
	look();
}

int
main(void)
{
	wx_before = count_wx();
	test_mode(TRIVET_BASELINE, false);
	test_mode(TRIVET_OPTIMIZED, false);
	test_mode(TRIVET_OPTIMIZED, true);
	CHECK(looks > 50 && looks_in_call == 3 * 3 * 6);
	printf("%u looks at the maps, %u of them inside a call\n", looks, looks_in_call);
	return check_done();
}
