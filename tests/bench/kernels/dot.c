#include "kernel.h"

KERNEL
{
	double total = 0;

	(void)xs, (void)nxs, (void)nfs;
	for (int64_t i = 0; i < n; i++) {
		fs[i] = (double)i;
		fs[n + i] = (double)i * 0.125 - 1.0;
	}
	for (int round = 0; round < 100; round++) {
		double sum = 0;
		for (int64_t i = 0; i < n; i++)
			sum += fs[i] * fs[n + i];
		total = total * 0.5 + sum;
	}
	return bits(total);
}
