#include "kernel.h"

KERNEL
{
	(void)nxs, (void)fs, (void)nfs;
	for (int64_t j = 0; j < n + 1; j++)
		xs[j] = j;
	for (int64_t i = 1; i < n + 1; i++) {
		int64_t diagonal = xs[0];
		xs[0] = i;
		for (int64_t j = 1; j < n + 1; j++) {
			int64_t up = xs[j], best = up + 1;
			int64_t cost = (i * 7) % 13 == (j * 5) % 13 ? 0 : 1;
			if (xs[j - 1] + 1 < best)
				best = xs[j - 1] + 1;
			if (diagonal + cost < best)
				best = diagonal + cost;
			xs[j] = best;
			diagonal = up;
		}
	}
	return xs[n];
}
