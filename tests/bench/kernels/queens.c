#include "kernel.h"

static int64_t
place(int64_t *xs, int64_t n, int64_t row)
{
	int64_t found = 0;

	if (row == n)
		return 1;
	for (int64_t column = 0; column < n; column++) {
		int is_free = 1;
		for (int64_t above = 0; above < row; above++) {
			int64_t taken = xs[above];
			if (taken == column || taken + row - above == column ||
			    taken - row + above == column) {
				is_free = 0;
				break;
			}
		}
		if (is_free) {
			xs[row] = column;
			found += place(xs, n, row + 1);
		}
	}
	return found;
}

KERNEL
{
	(void)nxs, (void)fs, (void)nfs;
	return place(xs, n, 0);
}
