#include "kernel.h"

KERNEL
{
	int64_t count = 0;
	(void)nxs, (void)fs, (void)nfs;
	for (int round = 0; round < 20; round++) {
		for (int64_t i = 0; i < n; i++)
			xs[i] = 1;
		count = 0;
		for (int64_t i = 2; i < n; i++)
			if (xs[i] == 1) {
				count++;
				for (int64_t j = i * i; j < n; j += i)
					xs[j] = 0;
			}
	}
	return count;
}
