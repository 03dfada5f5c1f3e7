#include "kernel.h"

KERNEL
{
	int64_t total = 0;
	(void)xs, (void)nxs, (void)fs, (void)nfs;
	for (int64_t i = 0; i < n; i++) {
		int64_t x = i * 2654435761;
		while (x != 0) {
			x &= x - 1;
			total++;
		}
	}
	return total;
}
