#include "kernel.h"

static int64_t
find(const int64_t *sorted, int64_t n, int64_t what)
{
	int64_t low = 0, high = n;

	while (low < high) {
		int64_t middle = low + (high - low) / 2;
		if (sorted[middle] < what)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

KERNEL
{
	int64_t total = 0;

	(void)nxs, (void)fs, (void)nfs;
	for (int64_t i = 0; i < n; i++)
		xs[i] = i * 3;
	for (int64_t i = 0; i < n * 3; i++)
		total += find(xs, n, i * 7919 % (n * 3));
	return total;
}
