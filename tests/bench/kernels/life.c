#include "kernel.h"

KERNEL
{
	int64_t size = 40, cells = size * size, from = 0, alive = 0;

	(void)nxs, (void)fs, (void)nfs;
	for (int64_t i = 0; i < 2 * cells; i++)
		xs[i] = 0;
	for (int64_t i = 1; i < size - 1; i++)
		for (int64_t j = 1; j < size - 1; j++)
			xs[i * size + j] = (i * j + i) % 3 == 0;
	for (int64_t step = 0; step < n; step++) {
		int64_t to = cells - from;
		for (int64_t i = 1; i < size - 1; i++)
			for (int64_t j = 1; j < size - 1; j++) {
				int64_t at = from + i * size + j;
				int64_t around = xs[at - size - 1] + xs[at - size] + xs[at - size + 1] +
						 xs[at - 1] + xs[at + 1] + xs[at + size - 1] +
						 xs[at + size] + xs[at + size + 1];
				xs[to + i * size + j] =
					around == 3 || (around == 2 && xs[at] == 1) ? 1 : 0;
			}
		from = to;
	}
	for (int64_t i = 0; i < cells; i++)
		alive += xs[from + i];
	return alive;
}
