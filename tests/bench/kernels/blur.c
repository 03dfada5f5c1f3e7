#include "kernel.h"

KERNEL
{
	int64_t size = 64, cells = size * size, total = 0;

	(void)nxs, (void)fs, (void)nfs;
	for (int64_t i = 0; i < cells; i++) {
		xs[i] = i * 97 % 256;
		xs[cells + i] = 0;
	}
	for (int64_t round = 0; round < n; round++) {
		for (int64_t y = 1; y < size - 1; y++)
			for (int64_t x = 1; x < size - 1; x++) {
				int64_t at = y * size + x;
				int64_t sum = 4 * xs[at] +
					      2 * (xs[at - 1] + xs[at + 1] + xs[at - size] +
						   xs[at + size]) +
					      xs[at - size - 1] + xs[at - size + 1] +
					      xs[at + size - 1] + xs[at + size + 1];
				int64_t mean = sum * 17 / 256 - 4;
				mean = mean < 0 ? 0 : mean;
				xs[cells + at] = mean > 255 ? 255 : mean;
			}
		for (int64_t i = 0; i < cells; i++)
			xs[i] = xs[cells + i];
	}
	for (int64_t i = 0; i < cells; i++)
		total += xs[i];
	return total;
}
