/* closure.c - a comparison for qsort() that knows more than its two arguments, without a global.
 *
 *     cc -Isrc examples/embed/closure.c build/x86_64-linux/libtrivet.a -pthread -o closure &&
 * ./closure
 */
#include "trivet_shim.h"
#include <stdio.h>
#include <stdlib.h>

typedef struct Order {
	bool descending;
	unsigned comparisons;
} Order;

/* args point to the arguments, which are pointers to the elements. */
static void
compare(void *user, void *const *args, void *result)
{
	const int *a = *(const int *const *)args[0], *b = *(const int *const *)args[1];
	int32_t sign = (*a > *b) - (*a < *b);
	Order *order = user;

	order->comparisons++;
	*(int32_t *)result = order->descending ? -sign : sign;
}

static trivet_status
sort(trivet_engine *e, int *numbers, size_t n, Order *order)
{
	trivet_stub s;
	trivet_status status = trivet_closure(e, "i32(ptr,ptr)", compare, order, &s);

	if (status)
		return status;
	qsort(numbers, n, sizeof *numbers, (int (*)(const void *, const void *))s.function);
	return trivet_stub_free(e, s);
}

static void
show(const int *numbers, size_t n)
{
	for (size_t k = 0; k < n; k++)
		printf("%d%c", numbers[k], k + 1 < n ? ' ' : '\n');
}

static double
scale(double x, int32_t by)
{
	return x * by;
}

/* The reverse: any function, called through pointers. */
static trivet_status
call_by_shim(trivet_engine *e)
{
	double x = 1.5, result = 0;
	int32_t by = 4;
	void *args[] = { &x, &by };
	trivet_stub s;
	trivet_status status = trivet_shim(e, "f64(f64,i32)", (trivet_function)scale, &s);

	if (status)
		return status;
	s.call(args, &result);
	printf("%g\n", result);
	return trivet_stub_free(e, s);
}

int
main(void)
{
	int numbers[] = { 3, -1, 4, 1, -5, 9, 2, -6 };
	enum { N = sizeof numbers / sizeof *numbers };
	Order up = { .descending = false }, down = { .descending = true };
	trivet_status s;
	trivet_engine *e;

	if (trivet_open(NULL, &e)) {
		fprintf(stderr, "no memory\n");
		return 1;
	}
	s = sort(e, numbers, N, &up);
	if (!s) {
		show(numbers, N);
		s = sort(e, numbers, N, &down);
	}
	if (!s) {
		show(numbers, N);
		printf("%s\n", up.comparisons && down.comparisons ? "compared" : "not compared");
		s = call_by_shim(e);
	}
	if (s)
		fprintf(stderr, "%s\n", trivet_message(e));
	trivet_close(e);
	return s ? 1 : 0;
}
