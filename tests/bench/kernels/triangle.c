#include "kernel.h"

KERNEL
{
	int64_t sum = 0;

	(void)xs, (void)nxs, (void)fs, (void)nfs;
	for (int64_t i = 0; i < n; i++)
		for (int64_t j = 0; j < i; j++)
			sum += i * j;
	return sum;
}
