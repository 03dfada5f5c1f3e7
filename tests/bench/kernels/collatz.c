#include "kernel.h"

KERNEL
{
	int64_t best = 0;
	(void)xs, (void)nxs, (void)fs, (void)nfs;
	for (int64_t i = 1; i < n; i++) {
		int64_t x = i, steps = 0;
		while (x != 1) {
			x = x & 1 ? 3 * x + 1 : x >> 1;
			steps++;
		}
		if (steps > best)
			best = steps;
	}
	return best;
}
