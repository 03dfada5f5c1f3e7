#include "kernel.h"

KERNEL
{
	int64_t sum = 0;
	(void)nxs, (void)fs, (void)nfs;
	for (int64_t i = 0; i < n; i++)
		xs[i] = i * 7;
	for (int round = 0; round < 200; round++)
		for (int64_t i = 0; i < n; i++)
			sum += xs[i];
	return sum;
}
