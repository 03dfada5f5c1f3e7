#include "kernel.h"

KERNEL
{
	double sum = 0.0;
	(void)xs, (void)nxs, (void)fs, (void)nfs;
	for (int64_t i = 0; i < n; i++) {
		double x = (double)i * 0.00001;
		sum += ((((x * 0.3 - 1.1) * x + 0.7) * x - 0.2) * x + 2.5) * x + 0.125;
	}
	return bits(sum);
}
