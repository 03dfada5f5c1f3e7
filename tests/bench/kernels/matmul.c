#include "kernel.h"

KERNEL
{
	(void)xs, (void)nxs, (void)nfs;
	for (int64_t i = 0; i < n * n; i++) {
		fs[i] = (double)i * 0.5;
		fs[n * n + i] = (double)i * 0.25 - 3.0;
	}
	for (int64_t i = 0; i < n; i++)
		for (int64_t j = 0; j < n; j++) {
			double sum = 0.0;
			for (int64_t k = 0; k < n; k++)
				sum += fs[i * n + k] * fs[n * n + k * n + j];
			fs[2 * n * n + i * n + j] = sum;
		}
	return bits(fs[2 * n * n + n + 1]);
}
