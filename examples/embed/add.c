/* add.c - the smallest host program: text in, a C function out.
 *
 *     cc -Isrc examples/embed/add.c build/x86_64-linux/libtrivet.a -o add && ./add        prints 15
 */
#include "trivet.h"
#include <stdio.h>
#include <string.h>

int
main(void)
{
	const char *text = "fn add(a: i64, b: i64) -> i64 { return a + b; }";
	trivet_engine *e;
	trivet_module *m;
	trivet_code *c;
	int64_t (*add)(int64_t, int64_t);

	if (trivet_open(NULL, &e)) {
		fprintf(stderr, "no memory\n");
		return 1;
	}
	if (trivet_parse(e, "add.tv", text, strlen(text), &m) || trivet_compile(m, NULL, &c)) {
		fprintf(stderr, "%s\n", trivet_message(e));
		trivet_close(e);
		return 1;
	}
	add = (int64_t(*)(int64_t, int64_t))trivet_entry(c, "add", "i64(i64,i64)");
	if (!add)
		fprintf(stderr, "%s\n", trivet_message(e));
	else
		printf("%d\n", (int)add(10, 5));
	trivet_close(e);
	return add ? 0 : 1;
}
