#include "kernel.h"

KERNEL
{
	uint64_t h = 0xcbf29ce484222325;

	(void)nxs, (void)fs, (void)nfs;
	for (int64_t i = 0; i < n; i++)
		xs[i] = i * 2654435761;
	for (int round = 0; round < 10; round++)
		for (int64_t i = 0; i < n; i++) {
			uint64_t x = (uint64_t)xs[i];
			for (int byte = 0; byte < 8; byte++) {
				h = (h ^ (x & 255)) * 0x100000001b3;
				x >>= 8;
			}
		}
	return (int64_t)h;
}
