#include "kernel.h"

KERNEL
{
	(void)xs, (void)nxs, (void)nfs;
	for (int64_t i = 0; i < n; i++)
		fs[i] = (double)((i * 37) % 101);
	for (int round = 0; round < 100; round++) {
		for (int64_t i = 1; i < n - 1; i++)
			fs[2000 + i] = (fs[i - 1] + fs[i] + fs[i + 1]) * 0.3333333333333333;
		for (int64_t i = 1; i < n - 1; i++)
			fs[i] = fs[2000 + i];
	}
	return bits(fs[n / 2]);
}
