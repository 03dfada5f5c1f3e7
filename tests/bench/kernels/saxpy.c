#include "kernel.h"

KERNEL
{
	(void)xs, (void)nxs, (void)nfs;
	for (int64_t i = 0; i < n; i++) {
		fs[i] = (double)i;
		fs[n + i] = (double)i * 0.125;
	}
	for (int round = 0; round < 100; round++)
		for (int64_t i = 0; i < n; i++)
			fs[n + i] = 0.5 * fs[i] + fs[n + i];
	return bits(fs[n + n / 2]);
}
