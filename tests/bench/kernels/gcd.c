#include "kernel.h"

KERNEL
{
	int64_t total = 0;
	(void)xs, (void)nxs, (void)fs, (void)nfs;
	for (int64_t i = 1; i < n; i++)
		for (int64_t j = 1; j < n; j++) {
			int64_t a = i, b = j;
			while (b != 0) {
				int64_t t = a % b;
				a = b;
				b = t;
			}
			total += a;
		}
	return total;
}
