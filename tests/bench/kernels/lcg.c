#include "kernel.h"

KERNEL
{
	uint64_t x = 12345, low = 0;

	(void)xs, (void)nxs, (void)fs, (void)nfs;
	for (int64_t i = 0; i < n; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		low ^= x >> 33;
	}
	return (int64_t)low;
}
