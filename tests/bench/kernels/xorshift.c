#include "kernel.h"

KERNEL
{
	uint64_t x = 88172645463325252, acc = 0;
	(void)xs, (void)nxs, (void)fs, (void)nfs;
	for (int64_t i = 0; i < n; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		acc += x;
	}
	return (int64_t)acc;
}
