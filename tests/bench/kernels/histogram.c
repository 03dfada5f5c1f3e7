#include "kernel.h"

KERNEL
{
	uint32_t x = 1;
	int64_t most = 0;

	(void)nxs, (void)fs, (void)nfs;
	for (int64_t i = 0; i < 1024; i++)
		xs[i] = 0;
	for (int64_t i = 0; i < n; i++) {
		x = x * 1664525 + 1013904223;
		xs[x >> 22]++;
	}
	for (int64_t i = 0; i < 1024; i++)
		most = xs[i] > most ? xs[i] : most;
	return most;
}
