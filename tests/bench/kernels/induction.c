#include "kernel.h"

KERNEL
{
	int64_t sum = 0;
	(void)xs, (void)nxs, (void)fs, (void)nfs;
	for (int64_t i = 0; i < n; i++)
		sum += i;
	return sum;
}
