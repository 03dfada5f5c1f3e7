#include "kernel.h"

KERNEL
{
	int64_t seed = 42;
	(void)nxs, (void)fs, (void)nfs;
	for (int64_t i = 0; i < n; i++) {
		seed = (seed * 1103515245 + 12345) & 0x7fffffff;
		xs[i] = seed;
	}
	for (int64_t i = 1; i < n; i++) {
		int64_t x = xs[i], j = i - 1;
		while (j >= 0 && xs[j] > x) {
			xs[j + 1] = xs[j];
			j--;
		}
		xs[j + 1] = x;
	}
	return xs[0] + xs[n / 2] * 3 + xs[n - 1] * 5;
}
