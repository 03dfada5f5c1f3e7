#include "kernel.h"

KERNEL
{
	uint64_t a = 0, b = 1;

	(void)xs, (void)nxs, (void)fs, (void)nfs;
	for (int64_t i = 0; i < n; i++) {
		uint64_t next = a + b;
		a = b;
		b = next;
	}
	return (int64_t)a;
}
